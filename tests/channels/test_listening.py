"""The worker's ears: mail by SMTP and from mailboxes, stored before anybody is told that it was."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select

from channels import health, intake, listening
from channels.email.watching import State
from channels.models import Channel, ChannelLog, Inbound
from channels.sealing import seal
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.settings import settings
from tests.fakes.ports import free_port
from tests.plugins.mail import Account
from tests.plugins.world import SERVICE, SUPPORT, World, mail


@contextmanager
def running(world: World, loop: Callable[[Flask, threading.Event], None]) -> Iterator[None]:
    db.session.commit()
    stop = threading.Event()
    thread = threading.Thread(target=loop, args=(world.app, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def until(holds: Callable[[], object], seconds: float = 20) -> object:
    """Look again until it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        db.session.commit()
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")


def is_watched(channel_id: int) -> bool:
    """Whether a thread of the worker is at this mailbox."""
    return any(one.name == f"mailbox-{channel_id}" for one in threading.enumerate())


def stored() -> list[Inbound]:
    return list(db.session.scalars(select(Inbound).order_by(Inbound.id)))


@pytest.fixture
def smtp(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[smtplib.SMTP]:
    port = free_port()
    monkeypatch.setattr(settings(), "mail_port", port)
    with running(world, listening.smtp):
        client = until(lambda: _connect(port))
        assert isinstance(client, smtplib.SMTP)
        yield client
        client.close()


class TestSmtp:
    def test_has_stored_what_it_answered_250_for(self, world: World, smtp: smtplib.SMTP):
        raw = mail()
        smtp.sendmail("olive@orchard-dairy.example", [SUPPORT], raw)
        db.session.commit()
        (inbound,) = stored()
        assert (inbound.channel_id, inbound.recipient) == (world.support.id, SUPPORT)
        assert b"It shows 9 degrees." in inbound.raw

    def test_takes_reply_addresses_and_aliases(self, world: World, smtp: smtplib.SMTP):
        world.support.aliases = {"addresses": ["help@meridian.example"]}
        db.session.commit()
        for address in ("support+token@meridian.example", "HELP@meridian.example"):
            smtp.sendmail("a@x.example", [address], mail(address))
        db.session.commit()
        assert [one.channel_id for one in stored()] == [world.support.id] * 2
        assert stored()[0].recipient == "support+token@meridian.example"

    def test_takes_nothing_for_others_or_for_paused_mailboxes(self, world: World, smtp: smtplib.SMTP):
        world.service.paused_at = now()
        db.session.commit()
        for address in ("other@meridian.example", "support@elsewhere.example", SERVICE):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                smtp.sendmail("a@x.example", [address], mail())
        assert stored() == []

    def test_for_two_mailboxes_stores_one_for_each(self, world: World, smtp: smtplib.SMTP):
        smtp.sendmail("a@x.example", [SUPPORT, SERVICE], mail())
        db.session.commit()
        assert {one.channel_id for one in stored()} == {world.support.id, world.service.id}

    def test_the_same_bytes_again_store_nothing(self, world: World, smtp: smtplib.SMTP):
        raw = mail()
        for _ in range(2):
            smtp.sendmail("a@x.example", [SUPPORT], raw)
        db.session.commit()
        assert len(stored()) == 1


class TestMailboxes:
    def connect(self, world: World, account: Account) -> None:
        world.support.config = {
            "incoming": "imap",
            "outgoing": "folder",
            "imap": {
                "host": "127.0.0.1",
                "port": account.server.imap_port,
                "security": "none",
                "username": account.user,
                "timeout": 5,
            },
        }
        seal(world.support, {"imap": "secret"})
        db.session.commit()

    def test_bring_what_is_there_and_what_comes(self, world: World, imap_server: Account):
        imap_server.deliver(mail("Before."))
        self.connect(world, imap_server)
        with running(world, listening.mailboxes):
            until(lambda: len(stored()) == 1)
            imap_server.deliver(mail("While listening."))
            until(lambda: len(stored()) == 2)
            until(lambda: world.support.state == "working")
        world.fresh()
        assert world.support.cursor["last_uid"] >= 2
        while intake.process_waiting():
            pass
        assert {one.state for one in stored()} == {"done"}

    def test_stop_when_paused_and_go_on_where_they_were(self, world: World, imap_server: Account):
        imap_server.deliver(mail("First."))
        self.connect(world, imap_server)
        with running(world, listening.mailboxes):
            until(lambda: len(stored()) == 1)
            world.support.paused_at = now()
            db.session.commit()
            until(lambda: not is_watched(world.support.id))
            imap_server.deliver(mail("Meanwhile."))
            time.sleep(1)
            assert len(stored()) == 1
            world.support.paused_at = None
            db.session.commit()
            until(lambda: len(stored()) == 2)

    def test_with_a_wrong_password_say_so(self, world: World, imap_server: Account):
        self.connect(world, imap_server)
        seal(world.support, {"imap": "wrong"})
        with running(world, listening.mailboxes):
            until(lambda: world.support.state == "needs_sign_in")
        assert world.support.state_text


class TestReport:
    def test_logs_changes_only(self, world: World):
        for _ in range(3):
            health.report(world.support.id, State.WORKING, "")
        health.report(world.support.id, State.NEEDS_SIGN_IN, "Enter the password again.")
        rows = db.session.scalars(select(ChannelLog.state).order_by(ChannelLog.id)).all()
        assert rows == ["working", "needs_sign_in"]
        assert db.session.get_one(Channel, world.support.id).last_success_at is not None

    def test_of_a_mailbox_that_is_gone_is_nothing(self, world: World):
        health.report(10**9, State.WORKING, "")


def _connect(port: int) -> smtplib.SMTP | None:
    try:
        return smtplib.SMTP("127.0.0.1", port, timeout=10)
    except OSError:
        return None
