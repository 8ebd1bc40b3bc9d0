"""The web form: without script, without loss, answered by mail, and of little use to machines."""

from __future__ import annotations

import contextvars
import io
import re
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from channels import signing
from channels.models import AutomaticMail, Channel, Inbound
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery
from helpdesk.people.models import Brand
from helpdesk.tickets.models import Message, Ticket
from tests.plugins.world import OLIVE, SERVICE, World, mail
from tests.sla import promising

KEY = "hookkeyoftheform"
WORDS = {"name": "Olive Tran", "email": OLIVE, "subject": "Cold room 2", "text": "It shows 9 degrees.", "serial": ""}


@pytest.fixture
def form(world: World) -> Channel:
    brand_id = db.session.scalars(select(Brand.id).limit(1)).one()
    channel = Channel(
        kind="form", brand_id=brand_id, name="Meridian Cooling", address="Ask our service", acknowledges=True,
        config={"mailbox": world.service.address, "serial": "ask", "sites": "https://www.meridian.example"},
        secrets={}, created_at=now(), hook_key=KEY, state="working",
    )  # fmt: skip
    db.session.add(channel)
    db.session.commit()
    return channel


def visit(
    world: World, method: str = "GET", *, address: str = "192.0.2.9", path: str = f"/f/{KEY}", **sent: Any
) -> TestResponse:
    db.session.commit()
    client = world.app.test_client()
    more = {"data": sent, "content_type": "multipart/form-data"} if method == "POST" else {}
    answer = contextvars.Context().run(
        client.open, path, method=method, environ_overrides={"REMOTE_ADDR": address}, **more
    )
    db.session.expire_all()
    return answer


def token(world: World) -> str:
    return re.findall(r'name="token" value="([^"]+)"', visit(world).get_data(as_text=True))[0]


def send(world: World, *, seconds: int = 60, address: str = "192.0.2.9", **more: Any) -> TestResponse:
    made = more.pop("token", None) or token(world)
    with travel(seconds=seconds):
        answer = visit(world, "POST", address=address, token=made, **{**WORDS, **more})
        world.file()
    world.fresh()
    return answer


def newest() -> Ticket:
    return db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


class TestAForm:
    def test_becomes_a_ticket_that_is_answered_by_mail(self, world: World, form: Channel):
        answer = send(world, serial="KX22-0931")
        assert (answer.status_code, answer.location) == (303, f"/f/{KEY}?sent=1")
        ticket = newest()
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        assert (ticket.channel_kind, ticket.channel_id, message.channel_kind) == ("email", world.service.id, "form")
        assert (ticket.subject, ticket.contact_id) == ("Cold room 2", world.olive.id)
        assert message.body_text == "It shows 9 degrees.\n\nSerial number: KX22-0931"
        delivery = world.delivery(world.reply(ticket))
        assert (delivery.kind, delivery.recipients[0].address) == ("email", OLIVE)

    def test_is_the_firms_and_bears_its_name(self, world: World, form: Channel):
        shown = visit(world).get_data(as_text=True)
        assert "<title>Ask our service · Meridian Cooling</title>" in shown
        assert "Kept" not in shown

    def test_is_acknowledged_by_mail_once_and_without_its_words(self, world: World, form: Channel):
        send(world)
        send(world)
        (one,) = db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")).all()
        assert (one.kind, one.channel_id, one.recipients[0].address) == ("email", world.service.id, OLIVE)
        assert "9 degrees" not in str(one.content)
        assert "Cold room" not in str(one.content)
        assert db.session.scalar(select(func.count()).select_from(AutomaticMail)) == 1

    def test_brings_its_files(self, world: World, form: Channel):
        send(world, file=(io.BytesIO(b"a" * 300_000), "log.bin"))
        shown = world.browser(world.ben).get(f"/tickets/{newest().number}").get_data(as_text=True)
        assert "log.bin" in shown

    def test_pressed_twice_is_one(self, world: World, form: Channel):
        made = token(world)
        assert [send(world, token=made).status_code for _ in range(3)] == [303, 303, 303]
        assert db.session.scalar(select(func.count()).select_from(Inbound)) == 1

    def test_says_the_same_of_a_serial_we_know_and_one_we_do_not(self, world: World, form: Channel):
        promising.unit("Orchard Dairy", "KX22-0931-4410")
        answers = [send(world, serial=serial) for serial in ("KX22-0931-4410", "ZZ-0")]
        told = [(one.status_code, one.location, one.get_data()) for one in answers]
        assert told[0] == told[1]
        page = visit(world, path=f"/f/{KEY}?sent=1").get_data(as_text=True)
        assert "It has arrived." in page
        assert "Orchard" not in page

    def test_that_lacks_something_says_what_at_the_field_and_keeps_the_rest(self, world: World, form: Channel):
        answer = send(world, email="nobody", text="Still <here>")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert 'id="email-hint">Enter the address we can answer to' in page
        assert "Still &lt;here&gt;</textarea>" in page
        assert db.session.scalar(select(func.count()).select_from(Inbound)) == 0

    def test_of_a_page_that_stood_open_too_long_or_is_not_ours_loses_nothing(self, world: World, form: Channel):
        for how in ({"seconds": 90_000}, {"token": "x.y.z"}, {"token": "\xe9"}, {"seconds": 0}):
            answer = send(world, **how)
            assert answer.status_code == 422
            assert "It shows 9 degrees.</textarea>" in answer.get_data(as_text=True)
        assert db.session.scalar(select(func.count()).select_from(Inbound)) == 0

    def test_with_a_token_of_another_form_is_not_taken(self, world: World, form: Channel):
        made = token(world)
        form.hook_key = "another"
        db.session.commit()
        with travel(seconds=60):
            assert visit(world, "POST", path="/f/another", token=made, **WORDS).status_code == 422


class TestAnAddress:
    """Whoever fills in a form may type anybody's, so agents see that nobody has confirmed it."""

    def page(self, world: World, ticket: Ticket) -> tuple[list[str], str]:
        """The signs at the messages of a ticket, in their order, and its customer's panel."""
        shown = world.browser(world.ben).get(f"/tickets/{ticket.number}").get_data(as_text=True)
        messages = re.findall(r"<li data-message.*?</article>", shown, re.DOTALL)
        signs = ["Unconfirmed address" if "Unconfirmed address" in one else "" for one in messages]
        return signs, shown[shown.index('aria-label="Customer details"') :]

    def hear(self, world: World, ticket: Ticket, **headers: str) -> None:
        """Olive answers by mail, or somebody in her name."""
        named = db.session.scalars(select(Message.external_id).where(Message.ticket_id == ticket.id)).one()
        with travel(minutes=5):
            raw = mail("It is cold again.", to=SERVICE, **{"In-Reply-To": named}, **headers)
            (answer,) = world.arrive(raw, channel=world.service)
        assert answer.ticket_id == ticket.id

    def test_that_was_typed_is_marked_at_the_words_and_at_the_customer(self, world: World, form: Channel):
        send(world)
        signs, customer = self.page(world, newest())
        assert signs == ["Unconfirmed address"]
        assert re.search(rf"{OLIVE}</span> <span class=\"tag tag--warm\">Unconfirmed</span>", customer)

    def test_is_written_to_all_the_same(self, world: World, form: Channel):
        send(world)
        message = db.session.scalars(select(Message).where(Message.ticket_id == newest().id)).one()
        assert (message.is_unconfirmed, message.warning) == (True, "")
        greeted = db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")).one()
        assert greeted.recipients[0].address == OLIVE
        assert world.delivery(world.reply(newest())).recipients[0].address == OLIVE

    def test_is_confirmed_for_the_ticket_by_an_answer_from_there_and_the_typed_words_stay_marked(
        self, world: World, form: Channel
    ):
        send(world)
        ticket = newest()
        self.hear(world, ticket)
        signs, customer = self.page(world, ticket)
        assert signs == ["Unconfirmed address", ""]
        assert "Unconfirmed" not in customer

    @pytest.mark.parametrize(
        "headers",
        [{"Authentication-Results": "meridian.example; dmarc=fail"}, {"Auto-Submitted": "auto-replied"}],
        ids=["forged", "by a machine"],
    )
    def test_is_not_confirmed_by_what_may_be_forged_nor_by_a_machine(
        self, world: World, form: Channel, headers: dict[str, str]
    ):
        send(world)
        ticket = newest()
        self.hear(world, ticket, **headers)
        signs, customer = self.page(world, ticket)
        assert signs == ["Unconfirmed address", ""]
        assert ">Unconfirmed</span>" in customer

    def test_is_not_confirmed_by_a_mail_that_names_what_the_page_of_the_form_says(self, world: World, form: Channel):
        made = token(world)
        send(world, token=made)
        ticket = newest()
        (_, _, name) = signing.read("web-form", made, 3) or ("", "", "")
        with travel(minutes=5):
            forged = mail("It is me.", to=SERVICE, **{"In-Reply-To": f"<{name}@form.invalid>"})
            (answer,) = world.arrive(forged, channel=world.service)
        assert (len(name), answer.ticket_id != ticket.id) == (32, True)
        assert ">Unconfirmed</span>" in self.page(world, ticket)[1]

    def test_of_a_mail_is_not_marked_though_somebody_typed_it_elsewhere(self, world: World, form: Channel):
        send(world)
        (written,) = world.arrive(mail("The door is broken."))
        signs, customer = self.page(world, db.session.get_one(Ticket, written.ticket_id))
        assert (signs, "Unconfirmed" in customer) == ([""], False)


class TestAMachine:
    def test_that_fills_every_field_waits_in_quarantine(self, world: World, form: Channel):
        assert send(world, website="https://spam.example").status_code == 303
        (kept,) = db.session.scalars(select(Inbound)).all()
        assert (kept.state, "machine" in kept.reason) == ("quarantined", True)

    def test_that_names_one_address_again_and_again_is_slowed(self, world: World, form: Channel):
        statuses = [send(world, address=f"192.0.2.{number}").status_code for number in range(1, 8)]
        assert statuses == [303] * 5 + [429] * 2

    def test_at_one_place_is_slowed_and_loses_no_words(self, world: World, form: Channel):
        answers = [send(world, email=f"a{number}@quill.example") for number in range(22)]
        assert [one.status_code for one in answers] == [303] * 20 + [429] * 2
        assert "It shows 9 degrees.</textarea>" in answers[-1].get_data(as_text=True)
        assert int(answers[-1].headers["Retry-After"]) > 0

    def test_cannot_write_headers_of_our_mail(self, world: World, form: Channel):
        send(world, subject="Hello\r\nBcc: mallory@elsewhere.example", name="Olive\nTran")
        assert newest().subject == "Hello Bcc: mallory@elsewhere.example"

    def test_cannot_write_script(self, world: World, form: Channel):
        send(world, text="<script>alert(1)</script>")
        assert "<script>alert" not in world.browser(world.ben).get(f"/tickets/{newest().number}").get_data(as_text=True)


class TestTheFrame:
    def test_stands_on_the_sites_of_the_form_alone(self, world: World, form: Channel):
        assert "frame-ancestors https://www.meridian.example" in visit(world).headers["Content-Security-Policy"]
        form.config = {**form.config, "sites": ""}
        assert "frame-ancestors 'none'" in visit(world).headers["Content-Security-Policy"]

    def test_of_a_paused_form_is_not_there(self, world: World, form: Channel):
        form.paused_at = now()
        assert visit(world).status_code == 404
        assert visit(world, "POST", **WORDS).status_code == 401
