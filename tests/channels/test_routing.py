"""Whose words these are and where they belong, whoever claims what."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import func, select

from channels import dispatch
from channels.email.threading import new_message_id, reply_token
from channels.models import Inbound
from helpdesk.db import db
from helpdesk.outbox import Delivery
from helpdesk.tickets import conversing, following, lifecycle
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Message, Status, Ticket
from helpdesk.vault import vault
from tests.plugins.world import JONAS, NORA, OLIVE, STRANGER, SUPPORT, World, mail

FAILED = {"Authentication-Results": "meridian.example; dmarc=fail header.from=orchard-dairy.example"}


def ticket_of(inbound: Inbound) -> Ticket:
    return db.session.get_one(Ticket, inbound.ticket_id)


def message_of(inbound: Inbound) -> Message:
    return db.session.get_one(Message, inbound.message_id)


def pending(ticket: Ticket) -> dict[str, str]:
    return {one.address.value: one.state for one in following.followers(ticket)}


def signed(ticket: Ticket, key: bytes | None = None) -> str:
    token = reply_token(ticket.number, key or vault().derive("reply-token")[0])
    return f"support+{token}@meridian.example"


class TestThreading:
    def conversation(self) -> list[bytes]:
        ids = [f"<{n}@orchard-dairy.example>" for n in range(4)]
        return [
            mail(
                f"Part {n}",
                subject="Cold room" if not n else "Re: Cold room",
                message_id=ids[n],
                **({"In-Reply-To": ids[n - 1], "References": " ".join(ids[:n])} if n else {}),
            )
            for n in range(4)
        ]

    @pytest.mark.parametrize("order", [*itertools.permutations(range(4))][::4], ids=str)
    def test_any_order_is_one_ticket(self, world: World, order: tuple[int, ...]):
        mails = self.conversation()
        filed = [world.arrive(mails[place])[0] for place in order]
        assert {one.state for one in filed} == {"done"}
        assert len({one.ticket_id for one in filed}) == 1

    def test_duplicates_in_any_order_change_nothing(self, world: World):
        mails = self.conversation()
        world.arrive(*[mails[place] for place in (3, 0, 3, 1, 0, 2, 1, 3)])
        assert db.session.scalar(select(func.count(func.distinct(Inbound.ticket_id)))) == 1
        assert db.session.scalar(select(func.count()).where(Inbound.state == "done")) == 4

    def test_the_same_subject_alone_is_another_ticket(self, world: World):
        first, second = world.arrive(mail("One."), mail("Two."))
        assert first.ticket_id != second.ticket_id

    def test_an_answer_to_our_mail_joins(self, world: World, travel):
        ticket = world.ticket()
        sent = world.delivery(world.reply(ticket))
        with travel(minutes=1):
            dispatch.deliver(sent.id)
        world.fresh()
        (answer,) = world.arrive(mail("Thank you.", **{"In-Reply-To": sent.external_id}))
        assert answer.ticket_id == ticket.id


class TestToken:
    def test_of_ours_joins_whatever_else_is_missing(self, world: World):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Again.", to=signed(ticket)))
        assert inbound.ticket_id == ticket.id

    def test_is_read_from_the_envelope_too(self, world: World):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Again."), recipient=signed(ticket))
        assert inbound.ticket_id == ticket.id

    def test_in_capitals_is_the_same(self, world: World):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Again.", to=signed(ticket).upper()))
        assert inbound.ticket_id == ticket.id

    def test_forged_joins_nothing(self, world: World):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Again.", to=signed(ticket, b"k" * 32)))
        assert inbound.ticket_id != ticket.id

    def test_moved_to_another_number_joins_nothing(self, world: World):
        mine, other = world.ticket("Mine"), world.ticket("Other")
        local = signed(mine).partition("@")[0].partition("+")[2]
        theirs = signed(other).partition("@")[0].partition("+")[2]
        (inbound,) = world.arrive(mail("Again.", to=f"support+{theirs[:8]}{local[8:]}@meridian.example"))
        assert inbound.ticket_id not in {mine.id, other.id}

    def test_wins_over_references(self, world: World):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        ticket = world.ticket("Another")
        (inbound,) = world.arrive(mail("Again.", to=signed(ticket), **{"In-Reply-To": "<first@x.example>"}))
        assert inbound.ticket_id == ticket.id != first.ticket_id


class TestStranger:
    def test_with_a_thread_reference_waits_to_be_let_in(self, world: World):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        (second,) = world.arrive(mail("Me too.", sender=STRANGER, **{"In-Reply-To": "<first@x.example>"}))
        ticket = ticket_of(first)
        assert second.ticket_id == ticket.id
        assert "Somebody new" in message_of(second).warning
        assert pending(ticket) == {STRANGER: "pending"}
        assert ticket.contact_id == world.olive.id
        recipients = world.delivery(world.reply(ticket)).recipients
        assert [one.address for one in recipients] == [OLIVE]

    def test_gets_answers_once_let_in(self, world: World):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        world.arrive(mail("Me too.", sender=STRANGER, **{"In-Reply-To": "<first@x.example>"}))
        ticket = ticket_of(first)
        (follower,) = following.followers(ticket)
        following.decide(ticket, follower, approve=True, by=world.ben)
        assert {one.address for one in world.delivery(world.reply(ticket)).recipients} == {OLIVE, STRANGER}
        (third,) = world.arrive(mail("Thanks.", sender=STRANGER, **{"In-Reply-To": "<first@x.example>"}))
        assert message_of(third).warning == ""

    def test_with_a_token_is_a_stranger_still(self, world: World):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Hand it over.", sender=STRANGER, to=signed(ticket)))
        assert inbound.ticket_id == ticket.id
        assert pending(ticket) == {STRANGER: "pending"}

    def test_quoting_a_subject_number_begins_a_ticket_with_a_hint(self, world: World):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Hello.", sender=STRANGER, subject=f"Re: [#{ticket.number}] Cold room"))
        assert inbound.ticket_id != ticket.id
        assert ticket_of(inbound).suggested_number == ticket.number

    def test_quoting_a_number_that_is_not_there_gives_no_hint(self, world: World):
        (inbound,) = world.arrive(mail("Hello.", subject="Order #999999999999"))
        assert ticket_of(inbound).suggested_number is None

    def test_does_not_move_the_channel_of_the_answer(self, world: World):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        stranger = mail("Me too.", sender=STRANGER, **{"In-Reply-To": "<first@x.example>"})
        world.arrive(stranger, channel=world.service)
        assert ticket_of(first).channel_id == world.support.id


class TestForgery:
    @pytest.mark.parametrize("agent", ["ben@meridian.example", "BEN@meridian.example"])
    def test_of_an_agent_on_a_ticket_is_held(self, world: World, agent: str):
        ticket = world.ticket()
        (inbound,) = world.arrive(mail("Send the money here.", sender=f"Ben Osei <{agent}>", to=signed(ticket)))
        assert inbound.state == "quarantined"
        assert "agent" in inbound.reason
        assert ticket.message_count == 1

    @pytest.mark.parametrize("own", [SUPPORT, "Support@Meridian.example", "help@meridian.example"])
    def test_of_our_own_address_is_held(self, world: World, own: str):
        world.support.aliases = {"addresses": ["help@meridian.example"]}
        db.session.commit()
        (inbound,) = world.arrive(mail("Loop.", sender=own))
        assert inbound.state == "quarantined"
        assert "our own addresses" in inbound.reason

    def test_dmarc_fail_is_kept_with_a_warning_and_brings_nobody_in(self, world: World):
        world.support.acknowledges = True
        db.session.commit()
        (inbound,) = world.arrive(mail("Pay me.", Cc=STRANGER, **FAILED))
        if "forged" not in message_of(inbound).warning:
            pytest.fail("the verdict of the receiving server was not believed")
        assert pending(ticket_of(inbound)) == {}
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0

    def test_reply_to_is_no_identity(self, world: World):
        (inbound,) = world.arrive(mail("Hi.", sender=STRANGER, **{"Reply-To": "ben@meridian.example"}))
        assert message_of(inbound).author_address == STRANGER

    def test_headers_of_ours_from_outside_mean_nothing(self, world: World):
        ticket = world.ticket()
        headers = {"X-Kept-Ticket": str(ticket.number), "In-Reply-To": new_message_id("meridian.example")}
        (inbound,) = world.arrive(mail("Hi.", sender=STRANGER, **headers, **{"X-Kept-Loop": STRANGER}))
        assert inbound.state == "done"
        assert inbound.ticket_id != ticket.id


class TestCopies:
    def test_people_in_copy_ask_to_follow(self, world: World):
        (inbound,) = world.arrive(mail(to=f"{SUPPORT}, {JONAS}", Cc=f"Nora <{NORA}>, {SUPPORT}, {OLIVE}"))
        assert pending(ticket_of(inbound)) == {JONAS: "pending", NORA: "pending"}
        assert [one.address for one in world.delivery(world.reply(ticket_of(inbound))).recipients] == [OLIVE]

    def test_our_reply_address_is_nobody(self, world: World):
        ticket = world.ticket()
        world.arrive(mail(to=signed(ticket), Cc=signed(ticket)))
        assert pending(ticket) == {}


class TestClosed:
    @pytest.mark.parametrize(("days", "same"), [(6.9, True), (7.1, False)])
    def test_a_reply_reopens_for_seven_days(self, world: World, travel, days: float, same: bool):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        ticket = lifecycle.resolve(ticket_of(first), by=world.ben)
        db.session.commit()
        with travel(days=days):
            (late,) = world.arrive(mail("Again.", **{"In-Reply-To": "<first@x.example>"}))
        assert (late.ticket_id == ticket.id) is same
        if not same:
            assert ticket_of(late).follows_id == ticket.id
            assert ticket.status == Status.RESOLVED

    def test_a_machine_never_follows_with_a_ticket_of_its_own(self, world: World, travel):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        ticket = lifecycle.resolve(ticket_of(first), by=world.ben)
        db.session.commit()
        vacation = mail("I am away.", **{"In-Reply-To": "<first@x.example>", "Auto-Submitted": "auto-replied"})
        with travel(days=8):
            (late,) = world.arrive(vacation)
        assert late.ticket_id == ticket.id
        assert ticket.status == Status.RESOLVED


class TestAutoReplies:
    def test_are_kept_and_never_reopen(self, world: World):
        (first,) = world.arrive(mail(message_id="<first@x.example>"))
        ticket = ticket_of(first)
        world.reply(ticket, resolves=True)
        away = {"In-Reply-To": "<first@x.example>", "Auto-Submitted": "auto-replied"}
        (inbound,) = world.arrive(mail("I am away.", **away))
        assert (inbound.ticket_id, message_of(inbound).kind) == (ticket.id, "auto_reply")
        assert ticket.status == Status.RESOLVED
        assert ticket.waiting_since is None


class TestNotes:
    def test_never_leave(self, world: World):
        ticket = world.ticket()
        conversing.note(ticket, Answer(body="They owe us."), by=world.ben)
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0
