"""Do once before the fork what every process does first, so that what the interpreter writes as it learns is shared.

CPython 3.11 writes into code objects and types as they are used; without this each process copies those pages.
"""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import time
from collections.abc import Callable
from contextlib import redirect_stdout

from flask import Flask, request
from procrastinate import PsycopgConnector
from sqlalchemy import func, select

from helpdesk import jobs, logs
from helpdesk.access import sessions
from helpdesk.db import db
from helpdesk.people.models import Agent
from helpdesk.plugins import Registry
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)

_ROUNDS = 10
"""The interpreter specialises a function at its eighth call."""
_SECONDS = 2.5
"""At most so long for the pages, and as long again for what is due: twice that later is everything there."""
_OPEN = ("/healthz", "/readyz", "/sign-in")
_PAGES = ("/inbox/next-up", "/inbox/mine", "/inbox/counts", "/tickets/new")
_NO_QUEUE = "warming"
"""Jobs are never in it: looking there takes none from the worker."""


def warm(app: Flask) -> None:
    """Show pages, call what is due and look for jobs; leaves no row, connection or thread.

    What fails here is left to the process that needs it, which says so.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with redirect_stdout(io.StringIO()):
        logs.configure(process="supervisor")
        for step in (_show_pages, _call_ticks, _look_for_jobs, _hang_up):
            _try(app, step, time.monotonic() + _SECONDS)
    root.handlers[:] = handlers
    root.setLevel(level)
    gc.collect()
    gc.freeze()  # the collector would write to, and so copy, every shared page


def _try(app: Flask, step: Callable[[Flask, float], None], end: float) -> None:
    try:
        step(app, end)
    except Exception:
        log.exception("warming_failed", extra={"where": step.__name__})


def _call_ticks(app: Flask, end: float) -> None:
    """They commit their own work and may run anywhere at any time, that is their contract."""
    registry: Registry = app.extensions["plugins"]
    for _ in range(_ROUNDS):
        for _, tick in registry.ticks():
            if time.monotonic() < end:
                with app.app_context():
                    tick()


def _show_pages(app: Flask, end: float) -> None:
    """To nobody, and to an administrator who is signed in within a transaction that is never committed."""
    nobody, client = app.test_client(), app.test_client()
    with app.app_context():
        agent = db.session.scalars(select(Agent).where(Agent.role == "admin").limit(1)).first()
        if agent is not None:
            with app.test_request_context():
                client.set_cookie(sessions.cookie_name(), sessions.begin(agent, request))
        newest = db.session.scalar(select(func.max(Ticket.number)))
        pages = [(nobody, page) for page in _OPEN] + [(client, page) for page in _PAGES]
        if newest is not None:  # a page that is not there would end the transaction, and the session with it
            pages.append((client, f"/tickets/{newest}"))
        for visitor, page in pages * _ROUNDS:
            if time.monotonic() < end:
                visitor.get(page, headers={"Accept-Encoding": "gzip"})
        db.session.rollback()


def _look_for_jobs(app: Flask, _end: float) -> None:
    asyncio.run(_look(app.config["JOBS_URL"]))


async def _look(url: str) -> None:
    queue = jobs.queue.with_connector(PsycopgConnector(conninfo=url, min_size=1, max_size=2))
    async with queue.open_async():
        for _ in range(_ROUNDS):
            await queue.run_worker_async(queues=[_NO_QUEUE], wait=False, install_signal_handlers=False)


def _hang_up(app: Flask, _end: float) -> None:
    with app.app_context():
        db.engine.dispose()
