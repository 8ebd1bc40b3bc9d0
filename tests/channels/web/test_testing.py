"""Testing a mailbox: steps arrive one by one, nothing is saved, no secret goes where it was not typed for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.serving import make_server

from channels import patience, trying
from channels.models import Channel
from channels.web import forms
from helpdesk.access import sessions
from helpdesk.db import db
from tests.channels.web.conftest import FORM, HERE
from tests.fakes.smtp_sink import SmtpSink


@pytest.fixture
def mailbox(product, admin) -> int:
    return int(admin.send(HERE, FORM).location.rpartition("/")[2].partition("?")[0])


@contextmanager
def mute_server() -> Iterator[tuple[int, list[bytes]]]:
    """Takes connections and says nothing; the list holds what it was told."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        opened: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    opened.append(listening.accept()[0])
                except OSError:
                    return

        taking = threading.Thread(target=serve, daemon=True)
        taking.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)
        taking.join(5)
        for one in opened:
            one.setblocking(False)
            with suppress(OSError):
                heard.append(one.recv(1000))
            one.close()


@contextmanager
def served(product) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, product, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class TestTest:
    def test_shows_every_step_on_real_servers(self, product, admin, imap_server):
        imap_server.deliver(b"Subject: one\r\n\r\none\r\n")
        with SmtpSink(users={imap_server.user: "secret"}) as sink:
            form = FORM | {
                "imap_port": str(imap_server.server.imap_port), "imap_username": imap_server.user, "outgoing": "smtp",
                "smtp_sign_in": "same", "smtp_host": "127.0.0.1", "smtp_port": str(sink.port), "smtp_security": "none",
            }  # fmt: skip
            answer = admin.send(f"{HERE}/test", form)
            assert answer.status_code == 200
            words = ["Both servers answer.", "Not encrypted", "accepted", "holds 1 mail", "is ready to take mail"]
            assert sorted(words, key=answer.text.index) == words
            assert "Everything works." in answer.text
            assert sink.mails == []
        with product.app_context():
            assert db.session.scalars(select(Channel)).all() == []

    def test_ends_at_a_refused_sign_in_without_the_password(self, admin, imap_server):
        form = FORM | {
            "imap_port": str(imap_server.server.imap_port), "imap_username": imap_server.user,
            "imap_password": "canary-4711",
        }  # fmt: skip
        answer = admin.send(f"{HERE}/test", form)
        assert "Sign in failed." in answer.text
        assert "Opening the folder" not in answer.text
        assert "canary-4711" not in answer.text

    def test_a_saved_mailbox_is_tested_as_it_is(self, admin, mailbox):
        answer = admin.send(f"{HERE}/{mailbox}/test")
        assert answer.status_code == 200
        assert "Reach failed." in answer.text
        assert "Nobody answers at 127.0.0.1:1" in answer.text

    def test_another_server_hears_nothing_until_the_password_is_typed_again(self, admin, mailbox):
        with mute_server() as (port, heard):
            answer = admin.send(f"{HERE}/{mailbox}/test", FORM | {"imap_password": "", "imap_port": str(port)})
            assert answer.status_code == 422
            assert "Type it again" in answer.text
        assert heard == []

    def test_what_does_not_fit_is_said_in_the_frame(self, admin):
        answer = admin.send(f"{HERE}/test", FORM | {"imap_port": "none"})
        assert answer.status_code == 422
        assert "A port is a number from 1 to 65535." in answer.text

    def test_only_our_own_pages_may_frame_it(self, admin):
        policy = admin.get(f"{HERE}/test").headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in policy
        assert "frame-ancestors 'none'" in admin.get(HERE).headers["Content-Security-Policy"]

    def test_a_step_arrives_while_the_next_one_waits_and_no_database_connection_is_held(self, product, admin):
        with mute_server() as (port, _), served(product) as own_port:
            token = admin.cookie(sessions.cookie_name())
            page = admin.get("/settings/quarantine").text
            csrf = page.partition('name="csrf_token" value="')[2].partition('"')[0]
            form = FORM | {"imap_port": str(port), "csrf_token": csrf}
            body = "&".join(f"{name}={value}" for name, value in form.items()).replace("@", "%40").replace(" ", "+")
            client = HTTPConnection("127.0.0.1", own_port, timeout=10)
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"kept={token}"}
            client.request("POST", f"{HERE}/test", body, headers)
            answer, began, seen = client.getresponse(), time.monotonic(), b""
            while b"Encrypting" not in seen:
                seen += answer.read1()
                assert time.monotonic() - began < 8, seen
            assert b"Reach" in seen
            assert b"</html>" not in seen
            with product.app_context():
                assert db.engine.pool.checkedout() == 0
            client.close()

    def test_ends_after_its_time_whatever_the_servers_do(self, product, monkeypatch):
        monkeypatch.setattr(trying, "TEST_SECONDS", 2)
        with mute_server() as (port, _), product.test_request_context():
            connection = trying.prepare(forms.read(MultiDict(FORM | {"imap_port": str(port)})))
            began = time.monotonic()
            *_, last = trying.test(connection, product)
            assert (last.name, last.ok) == ("encrypt", False)
            assert time.monotonic() - began < 15

    def test_five_at_once_are_one_too_many(self, product):
        with product.test_request_context(), mute_server() as (port, _):
            connection = trying.prepare(forms.read(MultiDict(FORM | {"imap_port": str(port)})))
            running = [trying.test(connection, product) for _ in range(4)]
            assert all(next(one).ok for one in running)
            (refused,) = trying.test(connection, product)
            assert "Several mailboxes are being tested" in refused.sentence
            for one in running:
                one.close()
            assert next(trying.test(connection, product)).ok


class TestWithin:
    def test_hands_on_what_is_made_and_what_goes_wrong(self, product):
        def work():
            yield 1
            raise KeyError("two")

        found = patience.within(5, work(), product)
        assert next(found) == 1
        with pytest.raises(KeyError):
            next(found)
