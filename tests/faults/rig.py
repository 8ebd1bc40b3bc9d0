"""A running product to do harm to: start it, kill a part of it, ask its database, look at its pages."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psycopg

from helpdesk.database.address import conninfo
from helpdesk.database.process import is_alive
from tests.fakes.ports import free_port
from tests.faults.scene import Scene

ROOT = Path(__file__).parents[2]
TARGETS = ("worker", "web", "database")


class Product:
    """`with Product(Scene(...)) as product:` is the whole product in a folder of its own; leaving ends all of it."""

    def __init__(self, scene: Scene, *, blobs: Path | None = None, patience: float = 90) -> None:
        """`blobs` is where files go instead of a folder in `var`; `patience` seconds it may take to start."""
        self._patience = patience
        self.folder = Path(tempfile.mkdtemp(prefix="kept-faults-"))
        self.folder.chmod(0o711)
        self.var = self.folder / "var"
        if blobs is not None:
            self.var.mkdir()
            (self.var / "blobs").symlink_to(blobs)
        self.port, self.mail_port = free_port(), free_port()
        self.kills: list[tuple[float, str]] = []
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": "",
            "HELPDESK_VAR": str(self.var),
            "HELPDESK_PORT": str(self.port),
            "HELPDESK_BASE_URL": f"http://127.0.0.1:{self.port}",
            "HELPDESK_MAIL_PORT": str(self.mail_port),
            "HELPDESK_WEB_WORKERS": "1",
            "HELPDESK_STREAMS": "20",
            "HELPDESK_DEMO": "0",
            **scene.environment(),
        }
        self._log = (self.folder / "log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.running"],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            until(self._has_started, self._patience, "the product to answer")
        except BaseException:
            sys.stderr.write(self.log[-4000:])
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _has_started(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the product ended at once"
        return "ready\n" in self.log

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pid(self, name: str) -> int | None:
        """The living process of one part, None while it is down."""
        note = next(self.var.rglob("postmaster.pid"), None) if name == "database" else self.var / "pids" / name
        try:
            pid = int(note.read_text().split()[0]) if note else 0
        except (OSError, ValueError, IndexError):
            return None
        return pid if pid and is_alive(pid) else None

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> bool:
        """Kill one part without warning; False when it is down already."""
        pid = self.pid(name)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        self.kills.append((time.time(), name))
        return True

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of our own, waited for while the database is away."""
        url = conninfo((self.var / "database.url").read_text().strip())
        end = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(url, autocommit=True, connect_timeout=5)
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The answer to a query, asked again until the database lives through it."""
        end = time.monotonic() + 60
        while True:
            try:
                with self.connect() as connection:
                    return connection.execute(query.encode(), values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise

    def value(self, query: str, *values: object) -> Any:
        return self.rows(query, *values)[0][0]

    def tracebacks(self) -> list[str]:
        """What the log holds of errors that nobody expected."""
        return re.findall(r"^\S*(?:Error|Exception)\b.*$", self.log, re.MULTILINE)


class Beside(ABC):
    """Something that goes on beside a product, in a thread, until left or stopped."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Go on until `_stop` is set."""


class Onlooker(Beside):
    """Looks at the database from outside; where it is away looks again."""

    @abstractmethod
    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Look again and again until `_stop` is set."""

    def away(self) -> None:
        """The database did not answer."""

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._product.connect() as connection:
                    self.look(connection)
            except psycopg.OperationalError:
                self.away()


class Killer(Beside):
    """Kills a random part every few seconds.

    With `work`, a query whose answer changes with whatever the product gets done, three of four kills wait until
    something was done since the last one: on a slow machine a part that is always killed while it starts does nothing.
    """

    _STARTS = 30
    """Seconds a part is given to start and do something."""

    def __init__(
        self, product: Product, *, seed: int, every: float, targets: tuple[str, ...] = TARGETS, work: str = ""
    ) -> None:
        super().__init__(product)
        self._every, self._targets, self._work = every, targets, work
        self._random = random.Random(seed)

    def _run(self) -> None:
        while not self._stop.wait(self._every * self._random.uniform(0.2, 1.8)):
            self._product.kill(self._random.choice(self._targets))
            if self._work and self._random.random() < 0.75:
                self._let_it_work()

    def _let_it_work(self) -> None:
        done, end = self._product.value(self._work), time.monotonic() + self._STARTS
        while not self._stop.wait(0.2) and time.monotonic() < end:
            if self._product.value(self._work) != done:
                return


def until(is_so: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for it; how many seconds it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)
    return time.monotonic() - began
