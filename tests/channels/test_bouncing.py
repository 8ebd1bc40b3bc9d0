"""A message given back shows on the message it belongs to, and its address is known as dead."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from channels import dispatch
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address
from helpdesk.tickets.models import Message, Status, Ticket
from tests.plugins.world import OLIVE, World


def report(original: str, recipient: str = OLIVE, *, status: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery status notification (RFC 3464)."""
    return (
        "Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@mx.example>\nTo: support@meridian.example\n"
        "Subject: Undelivered Mail Returned to Sender\nMessage-ID: <dsn-1@mx.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 no\n\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {original}\nSubject: Re: Cold room\n\nhello\n--b--\n"
    ).encode()


@pytest.fixture
def sent(world: World, travel) -> Delivery:
    ticket = world.ticket()
    delivery = world.delivery(world.reply(ticket, resolves=True))
    with travel(minutes=1):
        dispatch.deliver(delivery.id)
    world.fresh()
    assert delivery.state == "sent"
    return delivery


class TestMark:
    def test_shows_on_the_message_and_kills_the_address(self, world: World, sent: Delivery):
        (inbound,) = world.arrive(report(sent.external_id or ""))
        world.fresh()
        assert inbound.ticket_id == sent.ticket_id
        assert [(one.state, one.reason) for one in sent.recipients] == [
            ("bounced", f"{OLIVE} did not accept this message (5.1.1).")
        ]
        assert sent.reason == sent.recipients[0].reason
        address = db.session.scalars(select(Address).where(Address.value == OLIVE)).one()
        assert address.undeliverable_at is not None
        kinds = db.session.scalars(select(Event.kind).where(Event.ticket_id == sent.ticket_id)).all()
        assert kinds.count("delivery.bounced") == 1

    def test_leaves_the_other_answers_of_its_ticket_alone(self, world: World, travel):
        ticket = world.ticket()
        first, second = (world.delivery(world.reply(ticket)) for _ in range(2))
        with travel(minutes=1):
            for delivery in (first, second):
                dispatch.deliver(delivery.id)
        world.fresh()
        world.arrive(report(first.external_id or ""))
        world.fresh()
        assert [one.recipients[0].state for one in (first, second)] == ["bounced", "accepted"]

    def test_is_a_machines_word_that_reopens_nothing(self, world: World, sent: Delivery):
        (inbound,) = world.arrive(report(sent.external_id or ""))
        message = db.session.get_one(Message, inbound.message_id)
        assert message.kind == "bounce"
        assert db.session.get_one(Ticket, sent.ticket_id).status == Status.RESOLVED

    def test_a_second_report_says_no_more(self, world: World, sent: Delivery):
        raw = report(sent.external_id or "")
        world.arrive(raw)
        world.arrive(raw.replace(b"dsn-1", b"dsn-2"))
        kinds = db.session.scalars(select(Event.kind).where(Event.ticket_id == sent.ticket_id)).all()
        assert kinds.count("delivery.bounced") == 1

    def test_a_full_mailbox_is_no_dead_address(self, world: World, sent: Delivery):
        world.arrive(report(sent.external_id or "", status="5.2.2"))
        world.fresh()
        assert sent.recipients[0].state == "bounced"
        assert db.session.scalars(select(Address).where(Address.value == OLIVE)).one().undeliverable_at is None

    def test_a_delay_changes_nothing(self, world: World, sent: Delivery):
        world.arrive(report(sent.external_id or "", action="delayed", status="4.4.1"))
        world.fresh()
        assert sent.recipients[0].state == "accepted"

    def test_about_somebody_else_marks_nobody(self, world: World, sent: Delivery):
        world.arrive(report(sent.external_id or "", "other@x.example"))
        world.fresh()
        assert sent.recipients[0].state == "accepted"

    def test_about_a_message_we_never_sent_is_held(self, world: World):
        (inbound,) = world.arrive(report("<spam-1@elsewhere.example>"))
        assert inbound.state == "quarantined"
        assert "did not send" in inbound.reason
