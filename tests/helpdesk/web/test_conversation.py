"""Writing by forms: replies, notes, drafts, files, collisions and taking a sending back."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from sqlalchemy import func, select
from werkzeug.http import parse_options_header

from helpdesk.db import db
from helpdesk.outbox import Delivery, State
from helpdesk.people import contacts
from helpdesk.tickets import drafts, following
from helpdesk.tickets.models import Attachment, Draft, Follower, Message, Status, Ticket
from tests.plugins.product import queries
from tests.plugins.world import JONAS, NORA, OLIVE, Browser, World

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30


def said(ticket: Ticket) -> list[tuple[str, str]]:
    asked = select(Message.direction, Message.body_text).where(Message.ticket_id == ticket.id).order_by(Message.id)
    return [(direction, body) for direction, body in db.session.execute(asked)][1:]


def letter_with(declared: str, filename: str) -> bytes:
    """A mail with one file that says of itself what it is and how it is called."""
    return (
        f"From: {OLIVE}\nTo: support@meridian.example\nSubject: A file\nMessage-ID: <file@x.example>\n"
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nHere it is.\n'
        f"--b\nContent-Type: {declared}\nContent-Disposition: attachment; filename*=utf-8''{quote(filename, safe='')}\n"
        "\n<script>alert(1)</script>\n--b--\n"
    ).encode()


class TestReply:
    @pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
    @pytest.mark.parametrize(("path", "direction"), [("replies", "out"), ("notes", "note")])
    def test_and_note_are_said_once(self, world: World, ben_at_work: Browser, script: bool, path: str, direction: str):
        ticket = world.ticket()
        send = ben_at_work.hx if script else ben_at_work.post
        for _ in range(2):
            answer = send(f"/tickets/{ticket.number}/{path}", {"body": "On our way.\r\nBen", "client_id": "c1"})
            assert answer.status_code == (200 if script else 303)
        assert said(ticket) == [(direction, "On our way.\nBen")]
        if script:
            assert "On our way." in answer.text
            assert "<html" not in answer.text

    def test_takes_few_statements_and_no_more_where_people_are_in_copy(self, world: World, ben_at_work: Browser):
        costs = []
        for copied in ((), (), (JONAS, NORA)):  # what is asked once in half a minute is asked by the first
            ticket = world.ticket()
            for address in copied:
                following.ask(ticket, contacts.find_or_create(address))
            for follower in following.followers(ticket):
                following.decide(ticket, follower, approve=True, by=world.ben)
            db.session.commit()
            number = ticket.number
            with queries() as sent:
                ben_at_work.hx(f"/tickets/{number}/replies", {"body": "On our way.", "client_id": f"c{number}"})
            costs.append(len(sent))
        assert costs[1] == costs[2] <= 18

    @pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
    @pytest.mark.parametrize("path", ["replies", "notes"])
    def test_of_nothing_says_so_beside_the_field(self, world: World, ben_at_work: Browser, script: bool, path: str):
        ticket = world.ticket()
        send = ben_at_work.hx if script else ben_at_work.post
        answer = send(f"/tickets/{ticket.number}/{path}", {"body": "  "})
        assert answer.status_code == 422
        assert "nothing to send yet" in answer.text
        assert said(ticket) == []

    @pytest.mark.parametrize(
        ("then", "status"), [("done", Status.RESOLVED), ("wait", Status.PENDING), ("", Status.OPEN)]
    )
    def test_may_say_what_comes_next(self, world: World, ben_at_work: Browser, then: str, status: Status):
        ticket = world.ticket()
        ben_at_work.post(f"/tickets/{ticket.number}/replies", {"body": "x", "then": then})
        assert ticket.status == status

    def test_stops_when_somebody_answered_meanwhile(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        ben_at_work.hx(f"/tickets/{ticket.number}/drafts/reply", {"body": "Half a thought"})
        world.reply(ticket, "Mine was faster.", by=world.ada)
        answer = ben_at_work.hx(f"/tickets/{ticket.number}/replies", {"body": "A whole thought"})
        assert answer.status_code == 409
        assert "Ada Berg answered" in answer.text
        assert "A whole thought" in answer.text
        assert said(ticket) == [("out", "Mine was faster.")]
        ben_at_work.hx(f"/tickets/{ticket.number}/replies", {"body": "A whole thought", "anyway": "yes"})
        assert said(ticket)[-1] == ("out", "A whole thought")


class TestDrafts:
    @pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
    def test_are_kept_and_shown_again(self, world: World, ben_at_work: Browser, script: bool):
        ticket = world.ticket()
        send = ben_at_work.hx if script else ben_at_work.post
        answer = send(f"/tickets/{ticket.number}/drafts/note", {"body": "Half a note"})
        assert answer.status_code == (204 if script else 303)
        assert "Half a note" in ben_at_work.get(f"/tickets/{ticket.number}").text
        assert "Half a note" not in world.browser(world.ada).get(f"/tickets/{ticket.number}").text

    def test_of_another_kind_are_not_there(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        assert ben_at_work.post(f"/tickets/{ticket.number}/drafts/new", {"body": "x"}).status_code == 404


class TestFiles:
    def upload(self, browser: Browser, ticket: Ticket, content: bytes, name: str, kind: str = "reply"):
        return browser.hx(f"/tickets/{ticket.number}/drafts/{kind}/files", {"file": (io.BytesIO(content), name)})

    def test_go_on_the_draft_and_with_the_reply(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        answer = self.upload(ben_at_work, ticket, b"%PDF-1.7", "plan.pdf")
        assert answer.status_code == 200
        assert "plan.pdf" in answer.text
        ben_at_work.hx(f"/tickets/{ticket.number}/replies", {"body": "See."})
        file = db.session.scalars(select(Attachment)).one()
        assert (file.filename, file.draft_id) == ("plan.pdf", None)
        assert "plan.pdf" in ben_at_work.get(f"/tickets/{ticket.number}").text

    def test_are_taken_off_by_who_put_them_there(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        self.upload(ben_at_work, ticket, b"x", "a.txt")
        key = db.session.scalars(select(Attachment.key)).one()
        assert world.browser(world.ada).hx(f"/attachments/{key}/removal").status_code == 404
        assert ben_at_work.hx(f"/attachments/{key}/removal").status_code == 200
        assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0

    def test_of_an_unsent_draft_are_nobody_elses_to_read(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        self.upload(ben_at_work, ticket, b"secret", "a.txt")
        key = db.session.scalars(select(Attachment.key)).one()
        assert ben_at_work.get(f"/attachments/{key}/a.txt").data == b"secret"
        assert world.browser(world.ada).get(f"/attachments/{key}/a.txt").status_code == 404

    @pytest.mark.parametrize(
        ("name", "content", "shown"),
        [
            ("a.png", PNG, "image/png"),
            ("a.html", b"<script>alert(1)</script>", ""),
            ("a.png", b"<svg onload=alert(1)>", ""),
            ("a.svg", b"<svg xmlns='x'/>", ""),
            (".htaccess", b"x", ""),
            ("a.php\u200b", b"<?php", ""),
            ("\u202egnp.exe", b"MZ", ""),
            ("../../etc/passwd", b"x", ""),
        ],
        ids=str,
    )
    def test_are_downloads_unless_they_are_pictures(
        self, world: World, ben_at_work: Browser, name: str, content: bytes, shown: str
    ):
        ticket = world.ticket()
        assert self.upload(ben_at_work, ticket, content, name).status_code == 200
        file = db.session.scalars(select(Attachment)).one()
        assert not set(file.filename) & set('/\\<>"\r\n\u202e\u200b')
        answer = ben_at_work.get(f"/attachments/{file.key}/x")
        assert answer.data == content
        assert answer.mimetype == (shown or "application/octet-stream")
        assert answer.headers["Content-Disposition"].startswith("inline" if shown else "attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "X-Evil" not in answer.headers

    @pytest.mark.parametrize("declared", ["text/html", "image/svg+xml; x", "image/png", "application/xhtml+xml"])
    def test_of_a_mail_are_served_by_their_bytes_whatever_it_declares(
        self, world: World, ben_at_work: Browser, declared: str
    ):
        world.arrive(letter_with(declared, "a.html"))
        file = db.session.scalars(select(Attachment)).one()
        answer = ben_at_work.get(f"/attachments/{file.key}/x")
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")

    @pytest.mark.parametrize(
        "name",
        ['"><img src=x onerror=alert(1)>.png', 'a"; x="b', "a\r\nX-Evil: 1.txt", "a\\", "Füße;.txt", "50%41.txt"],
    )
    def test_of_a_mail_keep_a_name_that_adds_nothing_to_the_header(self, world: World, ben_at_work: Browser, name: str):
        world.arrive(letter_with("text/plain", name))
        file = db.session.scalars(select(Attachment)).one()
        answer = ben_at_work.get(f"/attachments/{file.key}/x")
        kind, named = parse_options_header(answer.headers["Content-Disposition"])
        assert (kind, named) == ("attachment", {"filename": file.filename})
        plain = answer.headers["Content-Disposition"].partition('filename="')[2].partition('"; filename*=')[0]
        assert plain
        assert not set(plain) & set('"\\%;')
        assert "X-Evil" not in answer.headers

    def test_without_bytes_say_so(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        draft = drafts.take(world.ben, ticket, "reply")
        db.session.add(
            Attachment(key="gone", draft_id=draft.id, sha256="f" * 64, filename="a", content_type="", size=1)
        )
        assert ben_at_work.get("/attachments/gone/a").status_code == 404

    def test_a_form_without_one_says_so(self, world: World, ben_at_work: Browser):
        assert ben_at_work.hx(f"/tickets/{world.ticket().number}/drafts/reply/files", {}).status_code == 422


class TestUnsend:
    def test_brings_the_words_back_to_the_composer(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        ben_at_work.post(f"/tickets/{ticket.number}/replies", {"body": "Too early."})
        message = db.session.scalars(select(Message).where(Message.direction == "out")).one()
        assert ben_at_work.post(f"/messages/{message.id}/unsending").status_code == 303
        assert said(ticket) == []
        assert db.session.scalars(select(Draft.body)).one() == "Too early."
        assert "Too early." in ben_at_work.get(f"/tickets/{ticket.number}").text

    def test_of_a_new_ticket_leads_back_to_its_form(self, world: World, ben_at_work: Browser):
        form = {"to": OLIVE, "subject": "Yearly check", "body": "May we come?", "channel": str(world.support.id)}
        number = ben_at_work.post("/tickets", form).headers["Location"].partition("?")[0]
        message = db.session.scalars(select(Message).where(Message.direction == "out")).one()
        answer = ben_at_work.hx(f"/messages/{message.id}/unsending")
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/tickets/new")
        page = ben_at_work.get("/tickets/new").text
        assert all(one in page for one in ("May we come?", "Yearly check", OLIVE))
        assert ben_at_work.get(number).status_code == 404

    def test_of_somebody_elses_words_is_not_there(self, world: World, ben_at_work: Browser):
        message = world.reply(world.ticket(), by=world.ada)
        assert ben_at_work.post(f"/messages/{message.id}/unsending").status_code == 404

    def test_of_what_has_left_is_a_conflict(self, world: World, ben_at_work: Browser):
        message = world.reply(world.ticket())
        world.delivery(message).state = State.SENT
        assert ben_at_work.post(f"/messages/{message.id}/unsending").status_code == 409


class TestRetry:
    @pytest.mark.parametrize(("state", "status"), [("failed", 200), ("uncertain", 200), ("queued", 409), ("sent", 409)])
    def test_is_for_what_did_not_go_out(self, world: World, ben_at_work: Browser, state: str, status: int):
        message = world.reply(world.ticket())
        world.delivery(message).state = state
        assert ben_at_work.hx(f"/messages/{message.id}/retry").status_code == status
        assert world.delivery(message).state == ("queued" if status == 200 else state)

    def test_of_a_customers_words_is_a_conflict(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        message = db.session.scalars(select(Message.id).where(Message.ticket_id == ticket.id)).one()
        assert ben_at_work.hx(f"/messages/{message}/retry").status_code == 409


class TestFollowers:
    @pytest.mark.parametrize(("approve", "state"), [("yes", "approved"), ("no", "declined")])
    def test_are_decided_by_an_agent(self, world: World, ben_at_work: Browser, approve: str, state: str):
        ticket = world.ticket()
        address = contacts.find_or_create(JONAS)
        following.ask(ticket, address)
        for send in (ben_at_work.hx, ben_at_work.post):
            answer = send(f"/tickets/{ticket.number}/followers/{address.id}", {"approve": approve})
            assert answer.status_code in {200, 303}
        assert db.session.scalars(select(Follower.state)).one() == state

    def test_nobody_in_copy_is_not_there(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        assert ben_at_work.hx(f"/tickets/{ticket.number}/followers/1", {"approve": "yes"}).status_code == 404


class TestNewTicket:
    def form(self, world: World, **more: str) -> dict[str, str]:
        values = {"to": "Nora@StBrigid.example", "subject": "Yearly check", "body": "May we come?", "client_id": "once"}
        return {**values, "channel": str(world.service.id), **more}

    def test_goes_to_a_known_person_however_they_are_written(self, world: World, ben_at_work: Browser):
        for _ in range(2):
            answer = ben_at_work.post("/tickets", self.form(world))
            assert answer.status_code == 303
        ticket = db.session.scalars(select(Ticket).where(Ticket.subject == "Yearly check")).one()
        assert ticket.contact_id == world.nora.id
        assert answer.location == f"/tickets/{ticket.number}"
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 1

    @pytest.mark.parametrize(
        "wrong",
        [{"to": "nora"}, {"to": ""}, {"subject": " "}, {"body": ""}, {"channel": "999"}, {"to": "a@b\0.example"}],
        ids=str,
    )
    def test_that_does_not_fit_keeps_what_was_typed(self, world: World, ben_at_work: Browser, wrong: dict[str, str]):
        before = db.session.scalar(select(func.count()).select_from(Ticket))
        answer = ben_at_work.post("/tickets", self.form(world, **wrong))
        assert answer.status_code == 422
        kept = "May we come?" if "body" not in wrong else "Yearly check"
        assert kept in answer.text
        assert db.session.scalar(select(func.count()).select_from(Ticket)) == before

    def test_draft_is_kept(self, ben_at_work: Browser):
        ben_at_work.hx("/tickets/new/draft", {"to": "a@x.example", "subject": "Half", "body": "Half a mail"})
        page = ben_at_work.get("/tickets/new").text
        assert "Half a mail" in page
        assert "a@x.example" in page
