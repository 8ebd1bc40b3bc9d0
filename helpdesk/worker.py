"""The worker: job threads beside the loops that listen to channels, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from flask import Flask
from procrastinate import PsycopgConnector

from helpdesk import jobs
from helpdesk.db import db
from helpdesk.plugins import Loop, Registry

log = logging.getLogger(__name__)

_CONCURRENT_JOBS = 5
_GRACE_SECONDS = 10
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0


def run(app: Flask, *, beside: Sequence[Loop] = ()) -> None:
    """Work until SIGTERM or SIGINT, or until the database connection of the job queue ends.

    `beside` are loops that run here too and are no plugin's.
    """
    registry: Registry = app.extensions["plugins"]
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    threads = [_start(app, loop, stop) for loop in (*registry.loops(), *beside)]
    jobs.bind(registry.jobs(), around=inside(app))
    try:
        asyncio.run(_work(app.config["JOBS_URL"], stop))
    finally:
        stop.set()
        for thread in threads:
            thread.join(_GRACE_SECONDS)


def inside(app: Flask) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wrap a function so that it runs in an app context with a session of its own."""

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run_inside(**arguments: Any) -> None:
            with app.app_context():
                try:
                    function(**arguments)
                except Exception:
                    db.session.rollback()
                    log.exception("job_failed", extra={"job": function.__name__})
                    raise

        return run_inside

    return around


async def _work(url: str, stop: threading.Event) -> None:
    """Run jobs; a stop lets running ones finish."""
    connector = PsycopgConnector(conninfo=url, min_size=1, max_size=_CONCURRENT_JOBS + 2)
    queue = jobs.queue.with_connector(connector)
    async with queue.open_async():
        working = asyncio.create_task(
            queue.run_worker_async(
                concurrency=_CONCURRENT_JOBS,
                fetch_job_polling_interval=1.0,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=3.0,
                stalled_worker_timeout=12.0,
                shutdown_graceful_timeout=_GRACE_SECONDS,
            )
        )
        while not stop.is_set() and not working.done():
            await asyncio.sleep(0.2)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def _start(app: Flask, loop: Loop, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=_keep, args=(app, loop, stop), name=loop.__name__, daemon=True)
    thread.start()
    return thread


def _keep(app: Flask, loop: Loop, stop: threading.Event) -> None:
    """Run a loop; one that falls over is started again after a pause, which grows while it does so at once."""
    pause = _FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        try:
            loop(app, stop)
        except Exception:
            log.exception("loop_failed", extra={"where": loop.__name__})
        if time.monotonic() - began > _LONGEST_PAUSE:
            pause = _FIRST_PAUSE
        stop.wait(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
