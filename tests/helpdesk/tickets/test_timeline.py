"""The conversation page by page: nothing twice, nothing missing."""

from __future__ import annotations

from helpdesk.db import db
from helpdesk.tickets import conversing, lifecycle, timeline, triage
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.timeline import Happening
from tests.plugins.world import World


def long_ticket(world: World, travel, messages: int) -> Ticket:
    """A message every minute; half a minute after each fifth one something happens."""
    ticket = world.ticket()
    for minute in range(1, messages):
        with travel(minutes=minute):
            conversing.receive(ticket, world.olive, world.words(text=f"Line {minute}"))
        if minute % 5 == 0:
            with travel(minutes=minute, seconds=30):
                lifecycle.resolve(ticket, by=world.ben)
                lifecycle.reopen(ticket, by=world.ben)
    db.session.commit()
    return ticket


def pages(ticket: Ticket) -> list[list[Message | Happening]]:
    found = timeline.page(ticket)
    everything = [found.entries]
    while found.older:
        found = timeline.page(ticket, before=found.older)
        everything.insert(0, found.entries)
    return everything


class TestPage:
    def test_shows_every_message_and_event_once(self, world: World, travel):
        ticket = long_ticket(world, travel, 131)
        shown = pages(ticket)
        entries = [entry for page in shown for entry in page]
        messages = [entry.id for entry in entries if isinstance(entry, Message)]
        happened = [entry.event.id for entry in entries if isinstance(entry, Happening)]
        assert len(messages) == len(set(messages)) == 131
        assert len(happened) == len(set(happened)) == 52
        assert [sum(isinstance(entry, Message) for entry in page) for page in shown] == [1, 50, 50, 30]

    def test_is_in_the_order_it_happened(self, world: World, travel):
        entries = [entry for page in pages(long_ticket(world, travel, 41)) for entry in page]
        times = [entry.at if isinstance(entry, Happening) else entry.created_at for entry in entries]
        assert times == sorted(times)

    def test_of_a_short_ticket_has_nothing_before(self, world: World):
        found = timeline.page(world.ticket())
        assert (len(found.entries), found.older) == (1, None)

    def test_names_who_got_it(self, world: World):
        ticket = triage.assign(world.ticket(), to=world.mei, by=world.ben)
        (_, happening) = timeline.page(ticket).entries
        assert isinstance(happening, Happening)
        assert (happening.agent, happening.to) == (world.ben, world.mei)


class TestSince:
    def test_gives_what_came_after(self, world: World):
        ticket = world.ticket()
        first = timeline.page(ticket).newest
        note = conversing.note(ticket, Answer(body="A note"), by=world.ben)
        assert list(timeline.since(ticket, first)) == [note]
        assert not timeline.since(ticket, note.id)


class TestMarkRead:
    def test_never_goes_back(self, world: World):
        ticket = world.ticket()
        newest = timeline.page(ticket).newest
        assert timeline.mark_read(ticket, world.ben, newest)
        assert not timeline.mark_read(ticket, world.ben, newest - 1)
        assert not timeline.mark_read(ticket, world.ben, 0)

    def test_a_page_knows_how_far_its_reader_has_read(self, world: World):
        ticket = world.ticket()
        assert timeline.page(ticket, reader=world.ben).seen == 0
        newest = timeline.page(ticket).newest
        timeline.mark_read(ticket, world.ben, newest)
        assert timeline.page(ticket, reader=world.ben).seen == newest
        assert timeline.page(ticket, reader=world.mei).seen == 0
