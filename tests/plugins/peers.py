"""Foreign programs some tests need; where one is missing its tests are skipped by name with the install command."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Peer:
    name: str
    marker: str
    install: str
    is_there: Callable[[], bool]

    @property
    def advice(self) -> str:
        return f"{self.name} is not installed: {self.install}"


def chromium() -> str | None:
    """The system's Chromium; browser tests never download one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def dovecot() -> str | None:
    return shutil.which("dovecot") or next((str(path) for path in [Path("/usr/sbin/dovecot")] if path.exists()), None)


def mosquitto() -> str | None:
    return shutil.which("mosquitto") or next(
        (str(path) for path in [Path("/usr/sbin/mosquitto")] if path.exists()), None
    )


def alertmanager() -> str | None:
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


PEERS = (
    Peer("Chromium", "journey", "apt install chromium", lambda: chromium() is not None),
    Peer("Dovecot", "dovecot", "apt install dovecot-imapd dovecot-lmtpd", lambda: dovecot() is not None),
    Peer("mosquitto", "mosquitto", "apt install mosquitto", lambda: mosquitto() is not None),
    Peer("Alertmanager", "alertmanager", "apt install prometheus-alertmanager", lambda: alertmanager() is not None),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for peer in missing():
        for item in items:
            if item.get_closest_marker(peer.marker):
                item.add_marker(pytest.mark.skip(reason=peer.advice))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for peer in missing():
        terminalreporter.line(f"{peer.advice} (its tests were skipped)", yellow=True)


def missing() -> list[Peer]:
    return [peer for peer in PEERS if not peer.is_there()]
