"""Every bomb goes through the whole product: as a ticket or into quarantine with its original, and mail goes on."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.channels.email.mails import bombs
from tests.fakes.dovecot import Dovecot
from tests.faults.browser import Browser
from tests.faults.rig import Product, until
from tests.faults.scene import SUPPORT, Scene

pytestmark = [pytest.mark.fault, pytest.mark.dovecot]
_AFTER = b"From: next@customer.example\r\nTo: support@halden.example\r\nSubject: next\r\n\r\nnext %d\r\n"
_LARGEST = 50 * 2**20


class TestBombs:
    @pytest.mark.parametrize("way", ["smtp", "imap"])
    def test_each_ends_in_time_and_costs_the_next_mail_nothing(self, way: str) -> None:
        with Dovecot() as server, Product(Scene(imap=server.imap_port if way == "imap" else None)) as product:
            send = _by_imap(server) if way == "imap" else _by_smtp(product)
            slowest: dict[str, tuple[float, float]] = {}
            peak = 0
            for number, (name, make) in enumerate(bombs().items()):
                raw = make().replace(b"<1@x.example>", b"<%d@x.example>" % number)
                raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                if len(raw) > _LARGEST - 4096 or (way == "imap" and not raw):
                    continue  # the way itself takes none so large, a mailbox none so empty
                try:
                    row, took, memory = _through(product, send, raw)
                except smtplib.SMTPDataError as error:
                    assert error.smtp_code == 500, name  # a line of more than 1 MB: refused at the door
                    row, took, memory = (0, "done", "", 0), 0.0, 0
                peak = max(peak, memory)
                _, next_took, _ = _through(product, send, _AFTER % number)
                slowest[name] = (took, next_took)
                assert row[1] in {"done", "quarantined"}, name
                assert row[1] == "done" or row[2].endswith("."), name
                assert took <= 15 + row[3] / 5e6, f"{name} took {took:.1f} s"
                assert next_took <= 5, f"the mail after {name} took {next_took:.1f} s"
            assert peak <= 512 * 2**20
            _originals_can_be_had(product)


def _through(product: Product, send: Callable[[bytes], None], raw: bytes) -> tuple[Any, float, int]:
    """The row of a mail, the seconds from being stored to being settled, and the parser's largest memory in bytes."""
    before = product.value("SELECT coalesce(max(id), 0) FROM inbound")
    send(raw)
    newest = "SELECT id, state, reason, size FROM inbound WHERE id > %s ORDER BY id LIMIT 1"
    with product.connect() as connection:
        ends, stored, peak = time.monotonic() + 60, 0.0, 0
        while time.monotonic() < ends:
            row = connection.execute(newest, (before,)).fetchone()
            stored = stored or (time.monotonic() if row else 0.0)
            if row is not None and row[1] != "waiting":
                return row, time.monotonic() - stored, peak
            peak = max(peak, _parser_memory(product))
            time.sleep(0.02)
    raise AssertionError("a mail was not settled within a minute")


def _parser_memory(product: Product) -> int:
    for child in _children(product.pid("worker")):
        try:
            if b"parser_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{child}/status").read_text())
                return int(found[1]) * 1024 if found else 0
        except OSError:
            continue
    return 0


def _children(pid: int | None) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            continue
    return found


def _by_imap(server: Dovecot) -> Callable[[bytes], None]:
    def send(raw: bytes) -> None:
        with server.client() as client:
            client.append("INBOX", raw)

    return send


def _by_smtp(product: Product) -> Callable[[bytes], None]:
    until(lambda: "listening_for_mail" in product.log, 20, "the listener")

    def send(raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", product.mail_port, timeout=60) as client:
            client.sendmail("sender@customer.example", [SUPPORT], raw)

    return send


def _originals_can_be_had(product: Product) -> None:
    browser = Browser(product.port)
    browser.sign_in()
    held = product.rows("SELECT id, size, sha256 FROM inbound WHERE state = 'quarantined'")
    assert held
    for number, size, _ in held:
        answer = browser.ask("GET", f"/settings/quarantine/{number}.eml")
        assert answer.status == 200
        assert len(answer.content) == size  # type: ignore[attr-defined]
