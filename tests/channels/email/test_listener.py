"""Mail handed over to us by SMTP and LMTP: confirmed when stored, for our addresses only."""

from __future__ import annotations

import smtplib
import socket
import threading
import time

import pytest

from channels.email import listener
from channels.email.listener import Received

RAW = b"Subject: Pump\r\n\r\nHello\r\n"
OURS, ALSO_OURS, THEIRS = "support@kept.example", "sales@kept.example", "anna@elsewhere.example"


class Store:
    def __init__(self) -> None:
        self.kept: list[Received] = []
        self.fail = False
        self.wait = threading.Event()
        self.wait.set()
        self.asked = threading.Event()
        self.threads: set[str] = set()

    def accept(self, mail: Received) -> None:
        self.threads.add(threading.current_thread().name)
        self.asked.set()
        self.wait.wait(20)
        if self.fail:
            raise RuntimeError("database away: canary")
        self.kept.append(mail)


@pytest.fixture
def store():
    return Store()


@pytest.fixture(params=["smtp", "lmtp"])
def protocol(request):
    return request.param


@pytest.fixture
def running(store, protocol):
    is_ours = {OURS, ALSO_OURS, "jörg@kept.example"}.__contains__
    server = listener.start("127.0.0.1", 0, store.accept, is_ours, protocol=protocol)
    yield server
    server.stop()


@pytest.fixture
def client(running, protocol):
    kind = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
    with kind("127.0.0.1", running.port, local_hostname="client.example", timeout=20) as one:
        one.ehlo()
        yield one


class TestTakingIn:
    def test_keeps_the_mail_and_who_it_was_for(self, store, client, protocol):
        client.sendmail("anna@customer.example", [OURS, ALSO_OURS], RAW)
        if protocol == "lmtp":
            assert client.getreply()[0] == 250
        assert store.kept == [Received("anna@customer.example", (OURS, ALSO_OURS), RAW, "127.0.0.1")]

    def test_a_bounce_has_no_sender(self, store, client):
        client.sendmail("", [OURS], RAW)
        assert store.kept[0].mail_from == ""

    def test_says_250_only_after_the_mail_is_stored(self, store, client):
        store.wait.clear()
        done = []
        thread = threading.Thread(target=lambda: done.append(client.sendmail("a@b.example", [OURS], RAW)))
        thread.start()
        assert store.asked.wait(20)
        time.sleep(0.3)
        assert done == []
        assert store.kept == []
        store.wait.set()
        thread.join(20)
        assert done == [{}]
        assert len(store.kept) == 1

    def test_a_slow_store_does_not_hold_up_other_connections(self, store, client, running):
        store.wait.clear()
        thread = threading.Thread(target=client.sendmail, args=("a@b.example", [OURS], RAW))
        thread.start()
        assert store.asked.wait(20)
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as other:
            assert other.recv(100).startswith(b"220")
        store.wait.set()
        thread.join(20)
        assert all(name.startswith("mail-in") for name in store.threads)

    def test_a_failing_store_leaves_the_mail_with_the_sender(self, store, client):
        store.fail = True
        with pytest.raises(smtplib.SMTPResponseException) as told:
            client.sendmail("a@b.example", [OURS], RAW)
        assert told.value.smtp_code == 451
        assert b"canary" not in told.value.smtp_error
        store.fail = False
        client.sendmail("a@b.example", [OURS], RAW)
        assert len(store.kept) == 1

    def test_long_lines_and_eight_bit_bytes_arrive(self, store, client):
        raw = b"Subject: x\r\n\r\n" + b"\xff\x00y" * 20_000 + b"\r\n.leading\r\n"
        client.sendmail("a@b.example", [OURS], raw)
        assert store.kept[0].raw == raw

    def test_a_connection_lost_in_the_content_keeps_nothing(self, store, client):
        client.mail("a@b.example")
        client.rcpt(OURS)
        client.putcmd("DATA")
        assert client.getreply()[0] == 354
        client.send(b"Subject: half\r\n")
        client.close()
        time.sleep(0.2)
        assert store.kept == []
        client.sock = None

    def test_several_mails_over_one_connection(self, store, client):
        for _ in range(3):
            client.sendmail("a@b.example", [OURS], RAW)
        assert len(store.kept) == 3


class TestRefusing:
    @pytest.mark.parametrize("address", [THEIRS, "nobody@kept.example"])
    def test_an_address_that_is_not_ours_is_refused_without_saying_more(self, client, address):
        client.mail("a@b.example")
        code, words = client.rcpt(address)
        assert (code, words) == (550, b"5.1.1 No such address here")
        assert client.rcpt(OURS)[0] == 250

    def test_a_mail_that_is_too_large_is_refused_at_once(self, client):
        assert client.esmtp_features["size"] == str(50 * 1024 * 1024)
        assert client.mail("a@b.example", ["SIZE=52428801"])[0] == 552

    def test_a_mail_that_grows_too_large_is_refused_and_not_kept(self, store, client, running):
        for server in list(running._controller._gate.open):
            server.data_size_limit = 1000
        client.mail("a@b.example")
        client.rcpt(OURS)
        assert client.data(b"x" * 900 + b"\r\n" + b"y" * 900)[0] == 552
        assert store.kept == []

    def test_more_recipients_than_allowed_are_put_off(self, client):
        client.mail("a@b.example")
        codes = [client.rcpt(OURS)[0] for _ in range(101)]
        assert codes == [250] * 100 + [452]

    def test_endless_commands_are_cut_off(self, client):
        with pytest.raises(smtplib.SMTPServerDisconnected):
            [client.noop() for _ in range(200)]
        client.sock = None

    def test_nobody_can_sign_in(self, client):
        assert "auth" not in client.esmtp_features
        assert client.docmd("AUTH", "PLAIN AGFnZW50AHNlY3JldA==")[0] >= 500

    def test_a_crowd_is_told_to_come_back(self, store, monkeypatch):
        monkeypatch.setattr(listener, "_CONNECTIONS", 2)
        server = listener.start("127.0.0.1", 0, store.accept, lambda _address: True)
        while server._controller._gate.open:  # the library knocks once at the start
            time.sleep(0.01)
        crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(3)]
        greetings = sorted(one.recv(100)[:3] for one in crowd)
        for one in crowd:
            one.close()
        server.stop()
        assert greetings == [b"220", b"220", b"421"]

    def test_someone_silent_is_dropped(self, store, monkeypatch):
        monkeypatch.setattr(listener, "_IDLE", 0.2)
        server = listener.start("127.0.0.1", 0, store.accept, lambda _address: True)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as one:
            assert one.recv(100).startswith(b"220")
            assert one.recv(100) == b""
        server.stop()

    def test_a_port_in_use_is_an_error_at_the_start(self, running, store):
        with pytest.raises(OSError, match="in use"):
            listener.start("127.0.0.1", running.port, store.accept, lambda _address: True)


class TestStopping:
    def test_finishes_what_is_being_stored(self, store):
        server = listener.start("127.0.0.1", 0, store.accept, lambda _address: True)
        store.wait.clear()
        outcome = []
        with smtplib.SMTP("127.0.0.1", server.port, local_hostname="c.example", timeout=20) as client:
            thread = threading.Thread(target=lambda: outcome.append(client.sendmail("a@b.example", [OURS], RAW)))
            thread.start()
            assert store.asked.wait(20)
            threading.Timer(0.2, store.wait.set).start()
            server.stop()
            thread.join(20)
        assert outcome == [{}]
        assert len(store.kept) == 1
