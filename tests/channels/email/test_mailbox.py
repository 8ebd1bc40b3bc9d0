"""Reading a folder by UID, on a real server and on one that misbehaves."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace

import pytest

from channels.adapter import AuthExpired, Permanent, Retryable
from channels.email import mailbox as mailbox_module
from channels.email.configs import MailboxConfig, Password
from channels.email.mailbox import Cursor, Mailbox
from tests.fakes.fault_proxy import FaultProxy, Plan
from tests.plugins.mail import Account

SECRET = Password("secret")


def mail(number: int, body: bytes = b"hello") -> bytes:
    return b"Subject: %d\r\nMessage-ID: <%d@customer.example>\r\n\r\n%b\r\n" % (number, number, body)


def config_of(account: Account, **changes) -> MailboxConfig:
    return MailboxConfig("127.0.0.1", account.server.imap_port, "none", account.user, **changes)


def subjects(mails) -> list[bytes]:
    return [re.search(rb"^Subject: (.*)\r$", one.raw, re.MULTILINE)[1] for one in mails]


class TestFetch:
    def test_yields_what_is_newer_than_the_cursor_oldest_first(self, imap_server):
        imap_server.deliver(*[mail(n) for n in range(5)])
        with Mailbox(config_of(imap_server), SECRET) as box:
            mails = list(box.fetch(Cursor("INBOX")))
            assert subjects(mails) == [b"0", b"1", b"2", b"3", b"4"]
            cursor = Cursor("INBOX").past(mails[:3])
            assert subjects(box.fetch(cursor)) == [b"3", b"4"]

    def test_an_open_range_never_gives_the_newest_again(self, imap_server):
        imap_server.deliver(mail(1))
        with Mailbox(config_of(imap_server), SECRET) as box:
            cursor = Cursor("INBOX").past(list(box.fetch(Cursor("INBOX"))))
            assert list(box.fetch(cursor)) == []

    def test_leaves_mail_unread(self, imap_server):
        imap_server.deliver(mail(1))
        with Mailbox(config_of(imap_server), SECRET) as box:
            assert len(list(box.fetch(Cursor("INBOX")))) == 1
        with imap_server.client() as other:
            other.select_folder("INBOX")
            assert other.search("UNSEEN")

    def test_gives_at_most_limit(self, imap_server):
        imap_server.deliver(*[mail(n) for n in range(7)])
        with Mailbox(config_of(imap_server), SECRET) as box:
            assert subjects(box.fetch(Cursor("INBOX"), limit=3)) == [b"0", b"1", b"2"]

    def test_gives_the_bytes_as_they_are(self, dovecot):
        raw = b"Subject: 8bit \xe4\r\n\r\n.dot\r\n\x00\xff{5}\r\n" + b"x" * 3000 + b"\r\n"
        with dovecot.client() as other:
            other.append("INBOX", raw)
        with Mailbox(config_of(dovecot), SECRET) as box:
            [one] = box.fetch(Cursor("INBOX"))
        assert one.raw.replace(b"\x80", b"\x00") == raw  # Dovecot stores NUL as 0x80
        assert one.size == len(raw)

    def test_skips_what_another_program_removed(self, imap_server):
        imap_server.deliver(*[mail(n) for n in range(4)])
        with Mailbox(config_of(imap_server), SECRET) as box:
            mails = box.fetch(Cursor("INBOX"))
            with imap_server.client() as other:
                other.select_folder("INBOX")
                other.delete_messages([2])
                other.expunge()
            assert subjects(mails) == [b"0", b"2", b"3"]

    def test_starts_again_when_uidvalidity_changed(self, own_dovecot):
        account = Account(own_dovecot, "agent")
        account.deliver(mail(1), mail(2))
        with Mailbox(config_of(account), SECRET) as box:
            before = list(box.fetch(Cursor("INBOX")))
        own_dovecot.bump_uidvalidity()
        account.deliver(mail(3))
        with Mailbox(config_of(account), SECRET) as box:
            after = list(box.fetch(Cursor("INBOX").past(before)))
        assert sorted(subjects(after)) == [b"1", b"2", b"3"]
        assert {one.key("INBOX") for one in before}.isdisjoint(one.key("INBOX") for one in after)

    def test_begins_from_now_when_asked(self, imap_server):
        imap_server.deliver(mail(1), mail(2))
        with Mailbox(config_of(imap_server), SECRET) as box:
            end = box.end()
        imap_server.deliver(mail(3))
        with Mailbox(config_of(imap_server), SECRET) as box:
            assert subjects(box.fetch(end)) == [b"3"]

    def test_a_mail_too_large_comes_as_its_header_and_a_reason(self, dovecot, monkeypatch):
        monkeypatch.setattr(mailbox_module, "LARGEST", 5000)
        dovecot.deliver(mail(1), mail(2, b"x" * 9000), mail(3))
        with Mailbox(config_of(dovecot), SECRET) as box:
            small, large, last = box.fetch(Cursor("INBOX"))
        assert (small.reason, last.reason) == ("", "")
        assert large.raw is None
        assert large.size > 9000
        assert b"Subject: 2" in large.header
        assert b"xxx" not in large.header
        assert "larger than" in large.reason

    def test_a_wildly_sparse_folder_is_searched_in_windows(self, scripted_imap, monkeypatch):
        monkeypatch.setattr(mailbox_module, "_WINDOW", 10)
        scripted_imap.mails = {3: mail(3), 25: mail(25), 41: mail(41)}
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            assert [one.uid for one in box.fetch(Cursor("INBOX"))] == [3, 25, 41]
        searches = [line.split("UID ")[2] for line in scripted_imap.lines if "SEARCH" in line]
        assert searches == ["1:10", "11:20", "21:30", "31:40", "41:*"]

    def test_one_damaged_mail_does_not_hold_up_the_others(self, scripted_imap):
        scripted_imap.mails = {n: mail(n) for n in (1, 2, 3)}
        scripted_imap.behaviour.refuse_body_of = {2}
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            mails = list(box.fetch(Cursor("INBOX")))
        assert [(one.uid, one.raw is None) for one in mails] == [(1, False), (2, True), (3, False)]
        assert b"Subject: 2" in mails[1].header
        assert mails[1].reason

    def test_a_cut_in_a_fetch_is_retryable_and_what_came_before_is_whole(self, scripted_imap, monkeypatch):
        monkeypatch.setattr(mailbox_module, "_BATCH_MAILS", 1)
        scripted_imap.mails = {n: mail(n, b"x" * 5000) for n in (1, 2)}
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            mails = box.fetch(Cursor("INBOX"))
            first = next(mails)
            scripted_imap.behaviour.cut_fetch_after = 1000
            with pytest.raises(Retryable):
                next(mails)
        assert first.raw == scripted_imap.mails[1]

    def test_every_cut_of_a_large_mail_is_retryable_and_the_next_try_gets_it(self, dovecot):
        dovecot.deliver(mail(1, b"line\r\n" * 20_000))
        with FaultProxy(dovecot.server.imap_port) as proxy:
            config = replace(config_of(dovecot), port=proxy.port)
            for cut in (2_000, 60_000, 119_000):
                proxy.plan = Plan(cut_after=cut, reset=cut == 60_000)
                with pytest.raises(Retryable), Mailbox(config, SECRET) as box:
                    list(box.fetch(Cursor("INBOX")))
            proxy.plan = Plan()
            with Mailbox(config, SECRET) as box:
                [one] = box.fetch(Cursor("INBOX"))
        assert one.raw.count(b"line\r\n") == 20_000

    @pytest.mark.parametrize("throttle", [500, 20_000], ids=["every answer", "a body alone"])
    def test_a_server_that_drips_is_given_up(self, dovecot, monkeypatch, throttle):
        real = mailbox_module.deadline
        monkeypatch.setattr(mailbox_module, "deadline", lambda sock, seconds: real(sock, min(seconds, 0.5)))
        dovecot.deliver(mail(1, b"x" * 70_000))
        with FaultProxy(dovecot.server.imap_port) as proxy:
            config = replace(config_of(dovecot), port=proxy.port)
            with Mailbox(config, SECRET) as box:
                proxy.throttle = throttle
                began = time.monotonic()
                with pytest.raises(Retryable):
                    list(box.fetch(Cursor("INBOX")))
            assert time.monotonic() - began < 5


class TestSettle:
    def test_leaves_everything_alone_by_default(self, imap_server):
        imap_server.deliver(mail(1))
        with Mailbox(config_of(imap_server), SECRET) as box:
            box.settle([one.uid for one in box.fetch(Cursor("INBOX"))])
        with imap_server.client() as other:
            other.select_folder("INBOX")
            assert other.search("UNSEEN") == [1]

    def test_marks_as_read(self, imap_server):
        imap_server.deliver(mail(1), mail(2))
        with Mailbox(config_of(imap_server, after="seen"), SECRET) as box:
            box.settle([1])
        with imap_server.client() as other:
            other.select_folder("INBOX")
            assert other.search("UNSEEN") == [2]

    def test_moves_into_a_folder_it_makes(self, imap_server):
        imap_server.deliver(mail(1), mail(2))
        with Mailbox(config_of(imap_server, after="move", move_to="Kept"), SECRET) as box:
            uids = [one.uid for one in box.fetch(Cursor("INBOX"))]
            box.settle(uids[:1])
        with imap_server.client() as other:
            other.select_folder("INBOX")
            assert len(other.search()) == 1
            other.select_folder("Kept")
            assert len(other.search()) == 1

    def test_without_move_it_copies_and_expunges_only_its_own(self, dovecot):
        dovecot.deliver(mail(1), mail(2))
        with dovecot.client() as other:
            other.select_folder("INBOX")
            other.delete_messages([2])  # somebody else's deleted mail must survive
        with Mailbox(config_of(dovecot, after="move", move_to="Kept"), SECRET) as box:
            box._client._cached_capabilities = (b"IMAP4REV1", b"UIDPLUS")
            box.settle([1])
        with dovecot.client() as other:
            other.select_folder("INBOX")
            assert other.search() == [2]

    def test_a_folder_name_that_ends_the_line_is_refused(self, scripted_imap):
        config = replace(scripted(scripted_imap), folder="INBOX\r\nA1 DELETE INBOX")
        with pytest.raises(Permanent), Mailbox(config, SECRET):
            pass
        assert not any("DELETE" in line for line in scripted_imap.lines)

    def test_nor_is_mail_moved_into_one(self, scripted_imap):
        scripted_imap.mails = {1: mail(1)}
        config = replace(scripted(scripted_imap), after="move", move_to="Kept\r\nA1 DELETE INBOX")
        with Mailbox(config, SECRET) as box, pytest.raises(Permanent, match="folder name"):
            box.settle([1])
        assert not any("DELETE" in line for line in scripted_imap.lines)

    @pytest.mark.parametrize("name", ["{5+}", 'a"b', "a\\b", "Füße", "*", "a b"])
    def test_any_other_folder_name_stays_one_command(self, scripted_imap, name):
        with Mailbox(replace(scripted(scripted_imap), folder=name), SECRET):
            pass
        assert sum("EXAMINE" in line for line in scripted_imap.lines) == 1


class TestConnect:
    def test_a_wrong_password_needs_a_new_sign_in(self, imap_server):
        with pytest.raises(AuthExpired) as refused, Mailbox(config_of(imap_server), Password("canary-wrong")):
            pass
        assert "canary-wrong" not in refused.value.reason

    @pytest.mark.dovecot
    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_encrypts_and_checks_the_certificate(self, dovecot, security):
        server = dovecot.server
        port = server.imaps_port if security == "tls" else server.imap_port
        good = MailboxConfig("127.0.0.1", port, security, dovecot.user, ca_file=str(server.certificate.ca), timeout=5)
        with Mailbox(good, SECRET) as box:
            assert box.uidvalidity
        with pytest.raises(Permanent, match="certificate"), Mailbox(replace(good, ca_file=None), SECRET):
            pass

    def test_tls_on_a_plain_port_is_explained(self, imap_server):
        with (
            pytest.raises(Permanent, match="does not speak TLS"),
            Mailbox(replace(config_of(imap_server), security="tls", timeout=3), SECRET),
        ):
            pass

    def test_a_server_that_offers_no_starttls_is_refused(self, scripted_imap):
        config = replace(scripted(scripted_imap), security="starttls")
        with pytest.raises(Permanent), Mailbox(config, SECRET):
            pass
        assert scripted_imap.logins == []

    def test_nobody_there_is_retryable(self, imap_server):
        with FaultProxy(1) as proxy:
            config = replace(config_of(imap_server), port=proxy.port)
        with pytest.raises(Retryable, match="Nobody answers"), Mailbox(config, SECRET):
            pass

    def test_a_silent_server_times_out(self, imap_server):
        with FaultProxy(imap_server.server.imap_port) as proxy:
            proxy.plan = Plan(blackhole=True)
            with (
                pytest.raises(Retryable),
                Mailbox(replace(config_of(imap_server), port=proxy.port, timeout=0.3), SECRET),
            ):
                pass

    def test_signs_in_with_an_access_token(self, scripted_imap):
        scripted_imap.behaviour.token = "ya29.token"
        scripted_imap.behaviour.capabilities += " AUTH=XOAUTH2"
        config = replace(scripted(scripted_imap), auth="xoauth2", username="support@kept.example")
        with Mailbox(config, Password("ya29.token")) as box:
            assert box.uidvalidity == 7
        with pytest.raises(AuthExpired), Mailbox(config, Password("old")):
            pass


class TestWait:
    def test_new_mail_is_noticed_at_once(self, imap_server):
        stop = threading.Event()
        with Mailbox(config_of(imap_server), SECRET) as box:
            timer = threading.Timer(0.3, imap_server.deliver, (mail(1),))
            timer.start()
            began = time.monotonic()
            assert box.wait(60, stop)
            assert time.monotonic() - began < 5
            timer.join()
            assert len(list(box.fetch(Cursor("INBOX")))) == 1

    def test_mail_that_came_while_a_search_was_answered_is_not_overlooked(self, scripted_imap):
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            scripted_imap.behaviour.arriving = {1: mail(1)}
            assert list(box.fetch(Cursor("INBOX"))) == []
            began = time.monotonic()
            assert box.wait(60, threading.Event())
            assert time.monotonic() - began < 10

    def test_news_in_one_piece_with_the_answer_to_idle_is_not_overlooked(self, scripted_imap):
        scripted_imap.mails = {1: mail(1)}
        scripted_imap.behaviour.idle = "news-with-plus"
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            began = time.monotonic()
            assert box.wait(60, threading.Event())
            assert time.monotonic() - began < 10

    @pytest.mark.parametrize("idle", ["eof", "bye"])
    def test_the_end_of_the_connection_is_an_error_not_a_silence(self, scripted_imap, idle):
        scripted_imap.behaviour.idle = idle
        began = time.monotonic()
        with pytest.raises(Retryable), Mailbox(scripted(scripted_imap), SECRET) as box:
            box.wait(60, threading.Event())
        assert time.monotonic() - began < 10

    def test_ends_by_itself_so_that_the_folder_is_polled_too(self, scripted_imap):
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            assert not box.wait(0.2, threading.Event())
            assert list(box.fetch(Cursor("INBOX"))) == []

    def test_without_idle_it_waits_by_the_clock(self, scripted_imap):
        scripted_imap.behaviour.capabilities = "IMAP4rev1"
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            assert not box.wait(10, threading.Event(), without_idle=0.1)
        assert not any("IDLE" in line for line in scripted_imap.lines)

    def test_stop_ends_it(self, scripted_imap):
        stop = threading.Event()
        with Mailbox(scripted(scripted_imap), SECRET) as box:
            threading.Timer(0.1, stop.set).start()
            began = time.monotonic()
            assert not box.wait(60, stop)
            assert time.monotonic() - began < 10


def scripted(server) -> MailboxConfig:
    return MailboxConfig("127.0.0.1", server.port, "none", "agent", timeout=20)


class TestThePurePythonServer:
    def test_serves_where_dovecot_is_missing(self, pymap):
        pymap.deliver(mail(900))
        with Mailbox(config_of(pymap, after="move", move_to="Kept"), SECRET) as box:
            mails = list(box.fetch(Cursor("INBOX")))
            assert subjects(mails)[-1] == b"900"
            box.settle([mails[-1].uid])
        with Mailbox(config_of(pymap, folder="Kept"), SECRET) as box:
            assert subjects(box.fetch(Cursor("Kept"))) == [b"900"]
