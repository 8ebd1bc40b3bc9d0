"""The search document: every word said in a ticket, with notes under a weight of their own."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from helpdesk.db import db
from helpdesk.tickets import conversing, search
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Ticket
from tests.plugins.world import World


def finds(ticket: Ticket, words: str) -> bool:
    asked = "SELECT words @@ plainto_tsquery('simple', :words) FROM ticket_search WHERE ticket_id = :id"
    return bool(db.session.scalar(text(asked), {"words": words, "id": ticket.id}))


class TestIndex:
    def test_holds_subject_messages_and_notes(self, world: World):
        ticket = world.ticket("Compressor ORD-7000003")
        world.reply(ticket, "Bringing a gasket.")
        conversing.note(ticket, Answer(body="Invoice overdue"), by=world.ben)
        for words in ("compressor", "7000003", "degrees", "gasket", "overdue"):
            assert finds(ticket, words), words
        assert not finds(ticket, "proofer")

    def test_weighs_notes_least(self, world: World):
        ticket = world.ticket("Compressor")
        conversing.note(ticket, Answer(body="overdue"), by=world.ben)
        asked = "SELECT words @@ 'overdue:D'::tsquery AND NOT words @@ 'overdue:AB'::tsquery FROM ticket_search WHERE ticket_id = :id"
        assert db.session.scalar(text(asked), {"id": ticket.id})

    @pytest.mark.parametrize("body", ["a" * 3000, " ".join(f"w{n}" for n in range(30_000)), "\0x\0", "'!&|():*\\", ""])
    def test_takes_any_words(self, world: World, body: str):
        ticket = world.ticket()
        for _ in range(3):
            search.index(ticket.id, subject=body, body=body)
        db.session.commit()
