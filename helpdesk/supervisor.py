"""Everything under one process: starts the database, migrates, and keeps web and worker running."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module

import psycopg
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy.orm import configure_mappers

from helpdesk import database, serving, warming
from helpdesk.database import CannotStart
from helpdesk.keeping import Keeper, run_once
from helpdesk.processes import Program
from helpdesk.settings import Settings, Unusable, settings

GRACE_SECONDS = 15.0
_WAITING = 1024
"""Connections that may wait to be accepted. Beyond it the system drops them and a browser tries again after seconds;
gunicorn leaves a socket that listens already as it is."""
_ARENAS = -8  # mallopt(3): M_ARENA_MAX; without it each of many threads keeps a heap of its own
DEMO_EMAIL = "maya@halden.example"
DEMO_PASSWORD = "kept-demo"  # noqa: S105 - public: it opens the demo only
DEMO_ADDRESS = "support@halden.example"


def main() -> int:
    """Run until Ctrl-C or SIGTERM; the exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        run(_read_settings())
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(chosen: Settings) -> None:
    """Start everything `chosen` asks for and keep it running until a signal.

    Raises:
        CannotStart: one sentence that says why and what to do.
    """
    with listening(chosen.host, chosen.port, "HELPDESK_PORT") as web:
        if chosen.mail_port:
            listening(chosen.mail_host, chosen.mail_port, "HELPDESK_MAIL_PORT").close()  # the worker binds it itself
        with nullcontext() if chosen.database_url else database.start(chosen.var, pg_bin=chosen.pg_bin) as server:
            url = database.connection_url(chosen)
            database.check(url)
            app = preload()
            prepare(chosen, app, url)
            warming.warm(app)
            watch = Watch(server, announce=lambda: _announce(chosen), port=web.getsockname()[1], host=chosen.host)
            Keeper(programs(app, web.fileno()), say=say, watch=watch, spared=watch.spared, grace=GRACE_SECONDS).keep()


def programs(app: Flask, web: int) -> Sequence[Program]:
    """What runs for as long as the product does; `web` is the listening socket's descriptor."""
    return (*serving.programs(app, web), _lasting(app, "worker", "--schedule"))


def flask_command(app: Flask, *words: str) -> Program:
    """`flask ...` on the application that is already there."""
    group = FlaskGroup(create_app=lambda: app)
    return Program(words[0], ("flask", *words), entry=lambda: group.main(words, prog_name="flask"))


def _lasting(app: Flask, name: str, *options: str) -> Program:
    """The same without Flask's own command line, which looks through every installed package for commands."""

    def entry() -> None:
        with app.app_context():
            app.cli.commands[name].main(list(options), prog_name=f"flask {name}")

    return Program(name, ("flask", name, *options), entry=entry)


def preload() -> Flask:
    """The application, built once; every process forked from here shares its memory.

    SQLAlchemy's mappings are completed too, which each process would otherwise do for itself.
    """
    app: Flask = import_module("wsgi").create_app()
    configure_mappers()
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(_ARENAS, 2)
    gc.collect()
    gc.freeze()  # the collector would write to, and so copy, every shared page
    return app


def prepare(chosen: Settings, app: Flask, url: str) -> None:
    """Migrate, and fill an empty database with the demo where that is wanted."""
    steps = [flask_command(app, "migrate")]
    if chosen.demo and is_new(url):
        steps.append(flask_command(app, "seed", "demo"))
    for step in steps:
        if run_once(step, say) != 0:
            raise CannotStart(f"`{' '.join(step.argv)}` failed; its own words are above.")


def is_new(url: str) -> bool:
    """Nobody works here yet: there are no tables, or no agents in them."""
    with psycopg.connect(database.conninfo(url), connect_timeout=5) as connection:
        known = connection.execute("SELECT to_regclass('agent') IS NOT NULL").fetchone()
        if known is None or not known[0]:
            return True
        return connection.execute("SELECT 1 FROM agent LIMIT 1").fetchone() is None


def listening(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound to the address, so that nobody else can take it from here on.

    Raises:
        CannotStart: it is taken, or not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(_WAITING)  # at once: two sockets may be bound to one port while neither listens
    except OSError as error:
        made.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CannotStart(f"{host}:{port} cannot be used ({reason}); choose another port with {setting}.") from error
    return made


class Watch:
    """Called every second: brings the database back, and says once that the product is there."""

    def __init__(self, server: database.Server | None, *, announce: Callable[[], None], host: str, port: int) -> None:
        self._server = server
        self._announce = announce
        self._address = f"http://{f'[{host}]' if ':' in host else host}:{port}/healthz"
        self._announced = False

    def __call__(self) -> None:
        if self._server is not None and not self._server.is_running():
            self._bring_back(self._server)
        if not self._announced and self._is_served():
            self._announced = True
            self._announce()

    def spared(self) -> set[int]:
        """The database's process: it is stopped after everything that uses it."""
        pid = self._server.pid if self._server is not None else None
        return set() if pid is None else {pid}

    def _bring_back(self, server: database.Server) -> None:
        say("supervisor", "the database is gone; starting it again")
        try:
            server.restart()
        except CannotStart as error:
            say("supervisor", str(error))

    def _is_served(self) -> bool:
        try:
            with urllib.request.urlopen(self._address, timeout=0.5) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def say(name: str, line: str) -> None:
    """One line for the terminal: log lines (JSON) as they are, anything else with the program's name before it."""
    try:
        sys.stdout.write(f"{line}\n" if line.startswith("{") else f"{name}: {line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _announce(chosen: Settings) -> None:
    lines = ["", f"Kept is running: {chosen.base_url}"]
    if chosen.demo:
        lines += [f"Sign in as {DEMO_EMAIL} with the password {DEMO_PASSWORD}"]
    if chosen.mail_port:
        address = DEMO_ADDRESS if chosen.demo else "any of your addresses"
        lines += [f"Mail to {address} by SMTP at {chosen.mail_host} port {chosen.mail_port}"]
    if chosen.mail_port and chosen.demo:
        lines += ["For example:", "  " + example_mail(chosen)]
    sys.stdout.write("\n".join([*lines, "Ctrl-C stops everything.", "", ""]))
    sys.stdout.flush()


def example_mail(chosen: Settings) -> str:
    """A command line that sends the demo its first mail."""
    text = rf"From: you@example.org\nTo: {DEMO_ADDRESS}\nSubject: The cold room is warm\n\nSince this morning."
    call = f"SMTP('{chosen.mail_host}', {chosen.mail_port}).sendmail('you@example.org', '{DEMO_ADDRESS}', '{text}')"
    return f'python3 -c "import smtplib; smtplib.{call}"'


def _read_settings() -> Settings:
    try:
        return settings()
    except Unusable as error:
        raise CannotStart(str(error)) from error


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
