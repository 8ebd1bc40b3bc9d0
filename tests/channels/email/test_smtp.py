"""Handing mail to a submission server that refuses, delays or hangs up at every step."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from channels.adapter import AuthExpired, Outcome, Permanent, Result, Retryable, Uncertain
from channels.email.configs import Password, SmtpConfig
from channels.email.deadline import deadline
from channels.email.smtp import submit
from tests.fakes.certificates import throwaway
from tests.fakes.fault_proxy import FaultProxy, Plan
from tests.fakes.smtp_sink import CUT, SmtpSink

RAW = b"Message-ID: <1@kept.example>\r\nSubject: Pump\r\n\r\nHello\r\n"
NOBODY = Password("unused")
SENDER = "support@kept.example"
ANNA, BEN = "anna@customer.example", "ben@customer.example"


def config_of(sink, **changes) -> SmtpConfig:
    return SmtpConfig("127.0.0.1", sink.port, "none", auth="none", timeout=5, reply_timeout=5, **changes)


def send(config, raw=RAW, *, secret=NOBODY, sender=SENDER, to=(ANNA,)):
    return submit(config, secret, raw, sender=sender, recipients=list(to))


class TestSubmit:
    def test_hands_over_the_mail_to_everyone(self, smtp_sink):
        results = send(config_of(smtp_sink), to=(ANNA, BEN))
        assert [(one.address, one.outcome) for one in results] == [(ANNA, Outcome.ACCEPTED), (BEN, Outcome.ACCEPTED)]
        [mail] = smtp_sink.mails
        assert mail.raw == RAW
        assert mail.entry.mail_from == SENDER
        assert mail.entry.rcpt_tos == (ANNA, BEN)
        assert mail.entry.message_id == "<1@kept.example>"

    def test_dots_and_line_ends_arrive_as_they_should(self, smtp_sink):
        send(config_of(smtp_sink), b".first\n..second\r\n.\r\nthird\rfourth\n.\n\nlast")
        assert smtp_sink.mails[0].raw == b".first\r\n..second\r\n.\r\nthird\r\nfourth\r\n.\r\n\r\nlast\r\n"

    def test_smuggled_end_of_data_stays_inside_the_mail(self, smtp_sink):
        send(config_of(smtp_sink), b"Subject: x\n\nend\n.\r\nMAIL FROM:<evil@x.example>\n.\n.\r.\nRCPT")
        assert len(smtp_sink.mails) == 1
        assert b"MAIL FROM" in smtp_sink.mails[0].raw

    def test_an_empty_sender_is_the_null_return_path(self, smtp_sink):
        send(config_of(smtp_sink), sender="")
        assert smtp_sink.mails[0].entry.mail_from == "<>"

    def test_declares_size_and_eight_bit(self, smtp_sink):
        send(config_of(smtp_sink), RAW + "ü\r\n".encode())
        assert set(smtp_sink.mails[0].options) == {f"SIZE={len(RAW) + 4}", "BODY=8BITMIME"}

    def test_too_large_a_mail_is_not_even_begun(self):
        with SmtpSink(size=1000) as sink:
            with pytest.raises(Permanent, match="too large"):
                send(config_of(sink), RAW + b"x" * 1000)
            assert sink.mails == []

    @pytest.mark.parametrize("address", ["a@b\r\nRCPT TO:<c@d>", "a b@c", "<a@b>", "nobody", "", "a@"])
    def test_what_is_no_address_is_refused_here(self, smtp_sink, address):
        bad, good = send(config_of(smtp_sink), to=(address, ANNA))
        assert (bad.outcome, good.outcome) == (Outcome.REFUSED, Outcome.ACCEPTED)
        assert smtp_sink.mails[0].entry.rcpt_tos == (ANNA,)

    def test_a_sender_with_a_line_break_is_refused(self, smtp_sink):
        with pytest.raises(Permanent):
            send(config_of(smtp_sink), sender="a@b\r\nRCPT TO:<c@d.example>")
        assert smtp_sink.mails == []

    def test_international_addresses(self, smtp_sink):
        results = send(config_of(smtp_sink), to=("jörg@münchen.example", "anna@münchen.example"))
        assert {one.outcome for one in results} == {Outcome.ACCEPTED}
        assert smtp_sink.mails[0].entry.rcpt_tos == ("jörg@xn--mnchen-3ya.example", "anna@xn--mnchen-3ya.example")


class TestEachRecipient:
    def test_has_an_outcome_of_its_own(self, smtp_sink):
        smtp_sink.refuse({ANNA: "550 5.1.1 No such person", BEN: "451 4.7.1 Greylisted"})
        results = send(config_of(smtp_sink), to=(ANNA, "cara@customer.example", BEN))
        assert results[0] == Result(ANNA, Outcome.REFUSED, "5.1.1", "No such person")
        assert results[1].outcome is Outcome.ACCEPTED
        assert results[2] == Result(BEN, Outcome.RETRY, "4.7.1", "Greylisted")
        assert smtp_sink.mails[0].entry.rcpt_tos == ("cara@customer.example",)

    def test_nothing_is_sent_when_nobody_is_accepted(self, smtp_sink):
        smtp_sink.refuse({ANNA: "550 No", BEN: "450 Later"})
        assert [one.outcome for one in send(config_of(smtp_sink), to=(ANNA, BEN))] == [Outcome.REFUSED, Outcome.RETRY]
        assert smtp_sink.mails == []


class TestACut:
    @pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
    def test_before_the_content_is_retryable(self, smtp_sink, stage):
        smtp_sink.fail_once(stage, CUT)
        with pytest.raises(Retryable):
            send(config_of(smtp_sink))
        assert smtp_sink.cuts == [stage]
        assert smtp_sink.mails == []
        assert send(config_of(smtp_sink))[0].outcome is Outcome.ACCEPTED

    def test_in_the_content_is_retryable(self, smtp_sink):
        smtp_sink.fail_once("BODY", CUT)
        with pytest.raises(Retryable):
            send(config_of(smtp_sink), RAW + b"line\r\n" * 2_000_000)
        assert smtp_sink.mails == []

    @pytest.mark.parametrize(("stage", "stored"), [("DOT", 0), ("REPLY", 1)])
    def test_behind_the_final_dot_is_uncertain_whatever_the_server_did(self, smtp_sink, stage, stored):
        smtp_sink.fail_once(stage, CUT)
        with pytest.raises(Uncertain):
            send(config_of(smtp_sink))
        assert len(smtp_sink.mails) == stored

    def test_an_answer_that_never_comes_behind_the_dot_is_uncertain(self, smtp_sink):
        smtp_sink.verdict = lambda stage, _detail: time.sleep(1) if stage == "REPLY" else None
        with pytest.raises(Uncertain):
            send(replace(config_of(smtp_sink), reply_timeout=0.3))

    def test_at_any_byte_of_the_server_s_answers_is_never_taken_for_success(self, smtp_sink):
        with FaultProxy(smtp_sink.port) as proxy:
            proxy.plan = Plan()
            send(config_of(proxy))
            errors = [self._cut_at(proxy, smtp_sink, cut) for cut in range(0, 330, 15)]
        assert {Retryable, None} <= set(errors)

    def _cut_at(self, proxy, sink, cut):
        """The error of a sending whose answers end after `cut` bytes; what the server stored must agree with it."""
        proxy.plan = Plan(cut_after=cut)
        before = len(sink.mails)
        error = None
        try:
            send(config_of(proxy))
        except (Retryable, Uncertain) as caught:
            error = type(caught)
        stored = len(sink.mails) - before
        assert stored == {None: 1, Retryable: 0}.get(error, stored)
        return error

    def test_a_server_that_drips_is_given_up(self, smtp_sink, monkeypatch):
        smtp_sink.verdict = lambda stage, _detail: time.sleep(0.2) if stage == "RCPT" else None
        monkeypatch.setattr("channels.email.smtp.deadline", _soon)
        began = time.monotonic()
        with pytest.raises(Retryable):
            send(config_of(smtp_sink), to=[f"p{n}@customer.example" for n in range(50)])
        assert time.monotonic() - began < 8


class TestAnAnswer:
    @pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "DATA", "DOT", "REPLY"])
    @pytest.mark.parametrize(("answer", "meaning"), [("451 4.3.0 Later", Retryable), ("554 5.7.1 Never", Permanent)])
    def test_four_is_later_and_five_is_never(self, smtp_sink, stage, answer, meaning):
        smtp_sink.fail_once(stage, answer)
        with pytest.raises(meaning) as told:
            send(config_of(smtp_sink))
        assert told.value.code == answer.split()[1]
        assert answer.split()[2] in told.value.reason

    def test_421_to_a_recipient_ends_the_sending(self, smtp_sink):
        smtp_sink.refuse({ANNA: "421 4.3.2 Shutting down"})
        with pytest.raises(Retryable):
            send(config_of(smtp_sink))


class TestSignIn:
    @pytest.mark.parametrize("password", ["secret", "pässwörd", 'a"b\\c d'])
    @pytest.mark.parametrize("only", ["PLAIN", "LOGIN"])
    def test_by_password(self, password, only):
        with SmtpSink(users={"agent": password}, mechanisms=(only,)) as sink:
            config = replace(config_of(sink), auth="password", username="agent")
            assert send(config, secret=Password(password))[0].outcome is Outcome.ACCEPTED

    def test_a_refused_password_is_told_without_the_password(self):
        with SmtpSink(users={"agent": "secret"}) as sink:
            config = replace(config_of(sink), auth="password", username="agent")
            with pytest.raises(AuthExpired) as told:
                send(config, secret=Password("canary-wrong"))
            assert "canary" not in f"{told.value.reason} {told.value!r} {config!r} {Password('canary')!r}"
            assert sink.mails == []

    def test_by_access_token(self):
        with SmtpSink(tokens={"support@kept.example": "ya29.good"}) as sink:
            config = replace(config_of(sink), auth="xoauth2", username="support@kept.example")
            assert send(config, secret=Password("ya29.good"))[0].outcome is Outcome.ACCEPTED
            with pytest.raises(AuthExpired):
                send(config, secret=Password("ya29.old"))

    def test_a_cut_or_a_busy_server_is_no_reason_to_ask_for_a_password(self):
        with SmtpSink(users={"agent": "secret"}) as sink:
            config = replace(config_of(sink), auth="password", username="agent")
            for answer in (CUT, "454 4.7.0 Busy"):
                sink.fail_once("AUTH", answer)
                with pytest.raises(Retryable):
                    send(config, secret=Password("secret"))

    def test_no_common_way_to_sign_in_is_permanent(self, smtp_sink):
        config = replace(config_of(smtp_sink), auth="xoauth2", username="a")
        with pytest.raises(Permanent, match="XOAUTH2"):
            send(config)


class TestEncryption:
    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_works_with_the_right_certificate_only(self, certificate, security):
        with SmtpSink(
            users={"agent": "secret"}, tls=certificate.server_context(), implicit_tls=security == "tls"
        ) as sink:
            config = SmtpConfig("127.0.0.1", sink.port, security, "agent", ca_file=str(certificate.ca), timeout=5)
            assert send(config, secret=Password("secret"))[0].outcome is Outcome.ACCEPTED
            with pytest.raises(Permanent, match="certificate"):
                send(replace(config, ca_file=None), secret=Password("secret"))
            assert sink.passwords_seen == ["secret"]

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_a_certificate_of_another_host_is_refused(self, tmp_path, security):
        other = throwaway(tmp_path, "other.example", loopback=False)
        with SmtpSink(users={"agent": "secret"}, tls=other.server_context(), implicit_tls=security == "tls") as sink:
            config = SmtpConfig("127.0.0.1", sink.port, security, "agent", ca_file=str(other.ca), timeout=5)
            with pytest.raises(Permanent, match="certificate"):
                send(config, secret=Password("secret"))
            assert sink.passwords_seen == []

    def test_a_server_without_starttls_never_sees_the_password(self):
        with SmtpSink(users={"agent": "secret"}) as sink:
            config = SmtpConfig("127.0.0.1", sink.port, "starttls", "agent", timeout=5)
            with pytest.raises(Permanent, match="STARTTLS"):
                send(config, secret=Password("secret"))
            assert sink.passwords_seen == []


class TestReach:
    def test_nobody_there_is_retryable(self):
        with FaultProxy(1) as gone:
            config = config_of(gone)
        with pytest.raises(Retryable, match="Nobody answers"):
            send(config)

    def test_a_silent_server_times_out(self, smtp_sink):
        with FaultProxy(smtp_sink.port) as proxy:
            proxy.plan = Plan(blackhole=True)
            with pytest.raises(Retryable):
                send(replace(config_of(proxy), timeout=0.3))


class TestTheSink:
    def test_writes_its_ledger_before_it_answers_and_relays_to_dovecot(self, dovecot, tmp_path):
        ledger = tmp_path / "ledger"
        with SmtpSink(ledger=ledger, relay_to=("127.0.0.1", dovecot.server.lmtp_port)) as sink:
            send(config_of(sink), to=(f"{dovecot.user}@customer.example",))
        assert ledger.read_text().count("<1@kept.example>") == 1
        with dovecot.client() as other:
            other.select_folder("INBOX")
            assert len(other.search()) == 1


def _soon(sock, _seconds):
    return deadline(sock, 1)
