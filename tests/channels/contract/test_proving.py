"""Every channel in which somebody alone can be written to brings them the code of a proof; the others say why not."""

from __future__ import annotations

import re
from contextlib import suppress

from sqlalchemy import select

from channels import dispatch, proving
from channels.models import Proof
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.outbox import Delivery, State
from tests.channels.contract.scene import Scene

REFUSED = {"x": "Others read", "device": "machine"}
"""By the kind of those that cannot; direct messages of X can."""


class TestACode:
    def test_reaches_them_where_they_write_or_is_refused_with_the_reason(self, scene: Scene):
        ticket = scene.say()
        own = db.session.scalars(select(Proof)).all()
        try:
            proving.ask(ticket, "olive@orchard-dairy.example", by=scene.world.ben)
        except Invalid as error:
            assert scene.bench.kind in REFUSED
            assert REFUSED[scene.bench.kind] in error.fields["email"]
            assert own == []
            return
        waiting = select(Delivery).where(Delivery.purpose == "proof", Delivery.ticket_id == ticket.id)
        delivery = db.session.scalars(waiting).one()
        db.session.commit()
        dispatch.deliver(delivery.id)
        scene.world.fresh()
        assert delivery.state == State.SENT, delivery.reason
        assert scene.bench.kind != "device"
        taken = " ".join(scene.peer.taken())
        assert re.search(r"\b\d{6}\b", taken) or scene.bench.kind == "chat"

    def test_is_no_answer_so_the_customer_still_waits(self, scene: Scene):
        ticket = scene.say()
        before = ticket.waiting_since
        with suppress(Invalid):
            proving.ask(ticket, "olive@orchard-dairy.example", by=scene.world.ben)
        db.session.commit()
        scene.world.fresh()
        assert (ticket.waiting_since, ticket.status) == (before, 1)
