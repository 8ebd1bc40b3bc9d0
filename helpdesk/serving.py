"""Gunicorn's web workers as programs of their own, kept running without gunicorn's master process between."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from flask import Flask
from gunicorn.app.base import Application  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.sock import create_sockets  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from helpdesk import logs
from helpdesk.processes import Program


def programs(app: Flask, listening: int) -> Sequence[Program]:
    """As many web workers as the settings ask for, all accepting from the socket with the descriptor `listening`."""
    loaded = _Loaded(app, listening)
    one = Program("web", ("kept-web",), entry=lambda: _serve(loaded), keep=(listening,))
    return [one] * int(loaded.cfg.workers)


class Watched(ThreadWorker):  # type: ignore[misc]
    """Ended by the system when its loop has stood still for the configured timeout, as a master would end it."""

    def notify(self) -> None:
        signal.alarm(self.cfg.timeout)


class _Loaded(Application):  # type: ignore[misc]
    """The application that is already there, with the configuration that production uses too."""

    def __init__(self, app: Flask, listening: int) -> None:
        self._app = app
        self._listening = listening
        super().__init__()

    def load_config(self) -> None:
        self.load_config_from_file("python:helpdesk.server")
        self.cfg.set("bind", f"fd://{self._listening}")

    def load(self) -> Flask:
        return self._app


def _serve(loaded: _Loaded) -> None:
    cfg = loaded.cfg
    log = Logger(cfg)
    logs.configure(process="web")
    worker = Watched(1, os.getppid(), create_sockets(cfg, log), loaded, cfg.timeout, cfg, log)
    worker.pid = os.getpid()
    worker.init_process()
