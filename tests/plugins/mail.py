"""Fixtures: mail servers and other network peers on loopback."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.fakes import dovecot as dovecot_peer
from tests.fakes.certificates import Certificate, throwaway
from tests.fakes.dovecot import Dovecot
from tests.fakes.imap_script import ScriptedImap
from tests.fakes.pymap import Pymap
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.token_server import TokenServer

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Account:
    """A mailbox of one test alone, on whichever server there is."""

    server: Dovecot | Pymap
    user: str

    def deliver(self, *raws: bytes) -> None:
        for raw in raws:
            self.server.deliver(raw, self.user)

    def client(self) -> IMAPClient:
        return self.server.client(self.user)


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Dovecot]:
    if dovecot_peer.PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail(f"Dovecot is missing: {dovecot_peer.INSTALL}")
        pytest.skip(f"Dovecot is not installed: {dovecot_peer.INSTALL}")
    with Dovecot() as server:
        yield server


@pytest.fixture
def dovecot(dovecot_server: Dovecot) -> Account:
    """A fresh mailbox on a real Dovecot; skips by name where it is not installed."""
    return Account(dovecot_server, f"agent{next(_numbers)}")


@pytest.fixture
def own_dovecot() -> Iterator[Dovecot]:
    """A Dovecot of this test alone, to be stopped, killed and changed."""
    if dovecot_peer.PROGRAM is None:
        pytest.skip(f"Dovecot is not installed: {dovecot_peer.INSTALL}")
    with Dovecot() as server:
        yield server


@pytest.fixture
def pymap() -> Iterator[Account]:
    with Pymap() as server:
        yield Account(server, "agent")


@pytest.fixture
def imap_server(request: pytest.FixtureRequest) -> Account:
    """A fresh mailbox: Dovecot where installed, else the pure-Python server."""
    return request.getfixturevalue("dovecot" if dovecot_peer.PROGRAM else "pymap")


@pytest.fixture
def scripted_imap() -> Iterator[ScriptedImap]:
    with ScriptedImap() as server:
        yield server


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    directory: Path = tmp_path_factory.mktemp("certificates")
    return throwaway(directory)
