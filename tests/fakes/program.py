"""A foreign server in a temporary directory of its own, gone with it."""

from __future__ import annotations

import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Self


class Program(ABC):
    """Runs while it is entered."""

    host = "127.0.0.1"

    def __init__(self, name: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @abstractmethod
    def start(self) -> None:
        """Return once it listens."""

    @abstractmethod
    def stop(self) -> None:
        """Return once it is gone."""

    def give_to(self, user: str, group: str) -> None:
        """Hand the directory and all in it over to who the server becomes when root starts it."""
        for path in (self.directory, *self.directory.rglob("*")):
            shutil.chown(path, user, group)

    def until_interrupted(self) -> None:
        """For somebody who tries it by hand."""
        with suppress(KeyboardInterrupt):
            signal.pause()
