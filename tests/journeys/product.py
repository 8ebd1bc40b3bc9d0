"""The real product as processes on a database of its own: web, worker and scheduler, as the supervisor starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

import psycopg

from helpdesk import database
from tests.fakes.ports import free_port, wait_for_port

ROOT = Path(__file__).parents[2]
_FLASK = ("-m", "flask", "--app", "wsgi")


class Product:
    """Start with `with Product(url, var) as product:`; everything it writes is in the database and below `var`."""

    def __init__(self, url: str, var: Path, **settings: str) -> None:
        self.port, self.mail_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.var = var
        self._conninfo = database.conninfo(url)
        self._running: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HELPDESK_", "FLASK_"))},
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": url,
            "HELPDESK_VAR": str(var),
            "HELPDESK_PORT": str(self.port),
            "HELPDESK_BASE_URL": self.url,
            "HELPDESK_MAIL_PORT": str(self.mail_port),
            "HELPDESK_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "HELPDESK_WEB_WORKERS": "1",
            **{f"HELPDESK_{name.upper()}": value for name, value in settings.items()},
        }

    def __enter__(self) -> Self:
        for name, words in (
            ("web", ("-m", "gunicorn", "-c", "python:helpdesk.server")),
            ("worker", (*_FLASK, "worker")),
            ("scheduler", (*_FLASK, "scheduler")),
        ):
            with (self.var / f"{name}.log").open("ab") as log:
                self._running.append(
                    subprocess.Popen(
                        [sys.executable, *words],
                        cwd=ROOT,
                        env=self._environment,
                        stdout=log,
                        stderr=log,
                        stdin=subprocess.DEVNULL,
                    )
                )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def flask(self, *words: str) -> str:
        """Run a command of the product; what it printed."""
        done = subprocess.run(
            [sys.executable, *_FLASK, *words],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, statement: str, *values: object) -> tuple[object, ...]:
        """The first row of a query on the product's database."""
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            row = connection.execute(statement.encode(), values).fetchone()
        return row or ()

    def log(self, name: str) -> str:
        return (self.var / f"{name}.log").read_text()

    def _wait_until_ready(self) -> None:
        wait_for_port(self.port, 120)
        wait_for_port(self.mail_port, 120)
        until = time.monotonic() + 60
        while not self._is_ready():
            assert time.monotonic() < until, self.log("web")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False
