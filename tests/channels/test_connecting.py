"""Operations on mailboxes: what they write, and which stored secret survives which change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from channels import connecting, secrecy
from channels.email import connection as connections
from channels.email.checking import check
from channels.email.configs import MailboxConfig, Password, SmtpConfig
from channels.email.mailbox import Cursor
from channels.email.oauth import OAuthConfig
from channels.models import Channel, ChannelLog
from channels.secrecy import Endpoints
from channels.wanted import Typed, Wanted
from helpdesk.db import db, engine_options
from helpdesk.errors import Invalid, NotFound
from helpdesk.people.models import Brand
from helpdesk.settings import settings
from tests.fakes.ports import free_port
from tests.fakes.smtp_sink import SmtpSink

IMAP = MailboxConfig("imap.example", 993, "tls", "agent")
SMTP = SmtpConfig("smtp.example", 465, "tls", "agent")
OAUTH = OAuthConfig("google", "kept", "")
BEARER = Endpoints(replace(IMAP, auth="xoauth2"), replace(SMTP, auth="xoauth2"), OAUTH)
SHARED = Endpoints(IMAP, SMTP, shares_password=True)
OWN = Endpoints(IMAP, SMTP)
WANTED = Wanted("Support", "support@halden.example", OWN, typed=Typed(imap="one", smtp="two"))


@pytest.fixture
def app(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A database with a brand; what a test writes is rolled back."""
    monkeypatch.setenv("HELPDESK_VAR", str(tmp_path))
    settings.cache_clear()
    app = Flask("connecting")
    options = engine_options(database_url)
    app.config.update(SQLALCHEMY_DATABASE_URI=options.pop("url"), SQLALCHEMY_ENGINE_OPTIONS=options)
    db.init_app(app)
    with app.app_context():
        db.session.execute(text("TRUNCATE channel, brand CASCADE"))  # rolled back like the rest
        db.session.add(Brand(name="Halden Mechanical"))
        db.session.flush()
        yield app
        db.session.rollback()
        db.engine.dispose()
    settings.cache_clear()


def log_of(channel: Channel) -> list[str]:
    lines = select(ChannelLog.sentence).where(ChannelLog.channel_id == channel.id).order_by(ChannelLog.id)
    return list(db.session.scalars(lines))


class TestKept:
    @pytest.mark.parametrize(
        ("before", "after", "kept"),
        [
            (OWN, OWN, {"imap", "smtp"}),
            (OWN, Endpoints(replace(IMAP, folder="Other", username="other"), SMTP), {"imap", "smtp"}),
            (OWN, Endpoints(replace(IMAP, host="evil"), SMTP), {"smtp"}),
            (OWN, Endpoints(replace(IMAP, security="none"), SMTP), {"smtp"}),
            (OWN, Endpoints(IMAP, replace(SMTP, port=25)), {"imap"}),
            (OWN, Endpoints(IMAP, replace(SMTP, host="evil"), shares_password=True), set()),
            (OWN, SHARED, set()),
            (SHARED, Endpoints(IMAP, None), {"imap"}),
            (SHARED, Endpoints(IMAP, replace(SMTP, ca_file="evil.pem"), shares_password=True), set()),
            (SHARED, OWN, {"imap"}),
            (OWN, Endpoints(None, SMTP), {"smtp"}),
            (OWN, Endpoints(None, None), set()),
            (BEARER, BEARER, {"oauth_client", "oauth_refresh"}),
            (BEARER, replace(BEARER, imap=replace(IMAP, host="evil", auth="xoauth2")), {"oauth_client"}),
            (BEARER, replace(BEARER, smtp=replace(SMTP, host="evil", auth="xoauth2")), {"oauth_client"}),
            (BEARER, replace(BEARER, oauth=replace(OAUTH, client_id="other")), set()),
            (BEARER, replace(BEARER, oauth=replace(OAUTH, provider="custom", token_url="https://evil")), set()),
        ],
    )
    def test_only_what_goes_nowhere_new(self, before, after, kept):
        assert secrecy.kept(before, after) == kept


class TestConnect:
    def test_writes_what_the_worker_reads(self, app):
        channel = connecting.connect_mailbox(WANTED, Cursor("INBOX", 7, 9))
        read = connections.read(channel)
        assert (read.imap, read.smtp, read.imap_secret(), read.smtp_secret()) == (IMAP, SMTP, "one", "two")
        assert channel.cursor == {"folder": "INBOX", "uidvalidity": 7, "last_uid": 9}
        assert secrecy.stored(channel) == OWN
        assert (channel.state, log_of(channel)) == ("new", ["Connected."])

    def test_a_shared_password_is_stored_once(self, app):
        channel = connecting.connect_mailbox(replace(WANTED, endpoints=SHARED))
        assert secrecy.stored(channel) == SHARED
        assert connections.read(channel).smtp_secret() == "one"

    def test_needs_every_secret(self, app):
        with pytest.raises(Invalid) as raised:
            connecting.connect_mailbox(replace(WANTED, typed=Typed()))
        assert set(raised.value.fields) == {"imap_password", "smtp_password"}
        assert db.session.scalars(select(Channel)).all() == []

    @pytest.mark.parametrize(
        ("address", "aliases"),
        [("support@halden.example", ()), ("help@halden.example", ()), ("new@halden.example", ("help@halden.example",))],
    )
    def test_no_address_belongs_to_two(self, app, address, aliases):
        connecting.connect_mailbox(replace(WANTED, aliases=("help@halden.example",)))
        with pytest.raises(Invalid, match="Nothing was saved"):
            connecting.connect_mailbox(replace(WANTED, address=address, aliases=aliases))


class TestChange:
    def test_without_a_new_connection_nothing_begins_again(self, app):
        channel = connecting.connect_mailbox(WANTED)
        channel.state = "working"
        connecting.change(channel.id, replace(WANTED, name="Help", typed=Typed()))
        assert (channel.name, channel.state) == ("Help", "working")

    def test_forgets_what_has_no_use_any_more(self, app):
        channel = connecting.connect_mailbox(WANTED)
        connecting.change(channel.id, replace(WANTED, endpoints=Endpoints(None, None), typed=Typed()))
        assert channel.secrets == {}

    def test_a_paused_mailbox_stays_paused(self, app):
        channel = connecting.connect_mailbox(WANTED)
        connecting.pause(channel.id, "Ada")
        connecting.change(channel.id, replace(WANTED, typed=Typed(imap="three")))
        assert channel.is_paused
        assert channel.state == "off"

    def test_of_what_is_not_there(self, app):
        for verb in (connecting.pause, connecting.resume):
            with pytest.raises(NotFound):
                verb(4711, "Ada")


class TestCheckWithoutServers:
    """The test of a mailbox that is handed its mail, or puts its answers into a folder."""

    @pytest.fixture
    def listener(self, monkeypatch) -> Iterator[SmtpSink]:
        with SmtpSink() as sink:
            monkeypatch.setenv("HELPDESK_MAIL_PORT", str(sink.port))
            settings.cache_clear()
            yield sink
        settings.cache_clear()

    def test_handed_and_into_a_folder(self, listener):
        steps = list(check(None, None, Password(""), Password("")))
        assert [(step.name, step.ok) for step in steps] == [("reach", True), ("read", True), ("send", True)]
        assert "Nobody receives them" in steps[-1].sentence

    def test_handed_and_sent_by_a_server(self, listener):
        with SmtpSink(users={"agent": "secret"}) as sink:
            outgoing = SmtpConfig("127.0.0.1", sink.port, "none", "agent", timeout=5)
            steps = list(check(None, outgoing, Password(""), Password("secret")))
            assert [step.name for step in steps] == ["reach", "encrypt", "sign in", "read", "send"]
            *_, last = check(None, outgoing, Password(""), Password("wrong"))
            assert (last.name, last.ok) == ("sign in", False)

    def test_nobody_listens(self, monkeypatch):
        for port, words in ((str(free_port()), "Nobody answers"), ("0", "HELPDESK_MAIL_PORT")):
            monkeypatch.setenv("HELPDESK_MAIL_PORT", port)
            settings.cache_clear()
            (only,) = check(None, None, Password(""), Password(""))
            assert (only.name, only.ok) == ("reach", False)
            assert words in only.sentence
        settings.cache_clear()
