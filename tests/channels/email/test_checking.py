"""The connection test: each step in order, the first that fails in a sentence, nothing behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.email.checking import check
from channels.email.configs import MailboxConfig, Password, SmtpConfig, needs_secret_again
from tests.channels.email.test_mailbox import config_of, mail
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.smtp_sink import SmtpSink

GOOD = Password("secret")


@pytest.fixture
def sink():
    with SmtpSink(users={"agent": "secret"}) as one:
        yield one


def outgoing(sink) -> SmtpConfig:
    return SmtpConfig("127.0.0.1", sink.port, "none", "agent", timeout=5)


def names(steps) -> list[tuple[str, bool]]:
    return [(step.name, step.ok) for step in steps]


class TestCheck:
    def test_every_step_when_all_is_well(self, imap_server, sink):
        imap_server.deliver(mail(1))
        steps = list(check(config_of(imap_server), outgoing(sink), GOOD, GOOD))
        assert names(steps) == [(name, True) for name in ("reach", "encrypt", "sign in", "read", "send")]
        assert "holds 1 mail" in steps[3].sentence
        assert "Not encrypted" in steps[1].sentence
        with imap_server.client() as other:
            other.select_folder("INBOX", readonly=True)
            assert other.search("UNSEEN") == [1]
        assert sink.mails == []

    @pytest.mark.parametrize(
        ("changes", "failing"),
        [
            ({"security": "tls"}, "encrypt"),
            ({"username": "nobody", "auth": "xoauth2"}, "sign in"),
            ({"folder": "No such"}, "read"),
        ],
    )
    def test_ends_at_the_first_that_fails(self, imap_server, sink, changes, failing):
        config = replace(config_of(imap_server), timeout=3, **changes)
        *before, last = check(config, outgoing(sink), GOOD, GOOD)
        assert all(step.ok for step in before)
        assert (last.name, last.ok) == (failing, False)
        assert last.sentence.endswith(".")

    def test_nobody_there(self, imap_server, sink):
        with FaultProxy(1) as gone:
            config = replace(config_of(imap_server), port=gone.port)
        assert names(check(config, outgoing(sink), GOOD, GOOD)) == [("reach", False)]

    def test_a_wrong_password_for_sending(self, imap_server, sink):
        *_, last = check(config_of(imap_server), outgoing(sink), GOOD, Password("canary"))
        assert (last.name, last.ok) == ("send", False)
        assert "canary" not in last.sentence


class TestNeedsSecretAgain:
    OLD = MailboxConfig("mail.example", 993, "tls", "agent")

    @pytest.mark.parametrize(
        "changes", [{"host": "evil.example"}, {"port": 143}, {"security": "none"}, {"ca_file": "evil.pem"}]
    )
    def test_when_the_secret_would_go_elsewhere(self, changes):
        assert needs_secret_again(self.OLD, replace(self.OLD, **changes))

    @pytest.mark.parametrize("changes", [{}, {"host": "MAIL.example"}, {"folder": "Other"}, {"after": "seen"}])
    def test_not_otherwise(self, changes):
        assert not needs_secret_again(self.OLD, replace(self.OLD, **changes))
