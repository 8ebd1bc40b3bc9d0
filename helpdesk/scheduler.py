"""The scheduler: one leader among any number of candidates calls every tick; each tick is idempotent."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from helpdesk.db import db
from helpdesk.plugins import Registry

log = logging.getLogger(__name__)

_LEADER = 0x6B65_7074_01  # the advisory lock's key; the migrations take another
_CONNECT: dict[str, Any] = {"autocommit": True, "connect_timeout": 5, "keepalives_idle": 5, "tcp_user_timeout": 8000}


def run(app: Flask) -> None:
    """Be a scheduler and nothing else, until SIGTERM or SIGINT."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    stand(app, stop)


def stand(app: Flask, stop: threading.Event) -> None:
    """Stand for leader until the stop; lead while the lock's session lives."""
    while not stop.is_set():
        try:
            with psycopg.connect(app.config["JOBS_URL"], **_CONNECT) as connection:
                _wait_for_the_lock(app, connection, stop)
        except psycopg.Error:
            log.warning("scheduler_lost_database")
        stop.wait(1)


def _wait_for_the_lock(app: Flask, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
    while not stop.is_set():
        held = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LEADER,)).fetchone()
        if held and held[0]:
            _lead(app, connection, stop)
            return
        stop.wait(1)


def _lead(app: Flask, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
    registry: Registry = app.extensions["plugins"]
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for seconds, tick in registry.ticks():
        every = IntervalTrigger(seconds=seconds, timezone="UTC")
        scheduler.add_job(_inside(app, tick), every, id=f"{tick.__module__}.{tick.__name__}")
    scheduler.start()
    log.info("scheduler_leads")
    try:
        while not stop.wait(1):
            connection.execute("SELECT 1")
    finally:
        scheduler.shutdown(wait=False)


def _inside(app: Flask, tick: Callable[[], Any]) -> Callable[[], None]:
    def run_inside() -> None:
        with app.app_context():
            try:
                tick()
            except Exception:
                db.session.rollback()
                log.exception("tick_failed", extra={"where": tick.__name__})

    return run_inside
