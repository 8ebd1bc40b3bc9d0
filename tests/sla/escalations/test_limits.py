"""How often one telephone may be rung: the spans of texts and calls, on a real night too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk.db import db
from sla.escalations import limits
from sla.escalations.models import ContactMethod, PageAttempt
from tests.sla import rotas
from tests.sla.escalations.test_running import NIGHT, WARNED, arrive, tick
from tests.sla.rotas import step


class TestAllowed:
    @pytest.mark.parametrize(
        ("kind", "minutes", "allowed"),
        [
            ("sms", [], True),
            ("sms", [0.5], False),
            ("sms", [1], True),
            ("sms", [2, 4, 6, 8], True),
            ("sms", [2, 4, 6, 8, 10], False),
            ("sms", [2, 4, 6, 8, 15], True),
            ("call", [0.5], False),
            ("call", [2, 4], True),
            ("call", [2, 4, 6], False),
            ("call", [2, 4, 15], True),
            ("call", [16, 20, 24, 28, 32, 36, 40], False),
            ("email", [0.5], False),
            ("email", [1, 2, 3, 4, 5, 6, 7], True),
        ],
    )
    def test_is_within_every_span(self, kind, minutes, allowed):
        before = [NIGHT - timedelta(minutes=one) for one in minutes]
        assert limits.allowed(kind, before, NIGHT) is allowed


def test_a_fourth_call_in_a_quarter_of_an_hour_is_not_made_and_the_next_person_rings(night):
    db.session.execute(
        update(ContactMethod).where(ContactMethod.agent_id == night.ben.id).values(kind="call", address="+13125550123")
    )
    rotas.policy(step(0, rotas.person(night.ben)), step(1800, rotas.person(night.ada)), causes=["warning"])
    db.session.commit()
    for number in range(4):
        arrive(night, NIGHT + timedelta(minutes=2 * number), subject=f"Down {number}")
    for number in range(4):
        tick(WARNED + timedelta(minutes=2 * number))
    tick(WARNED + timedelta(minutes=6, seconds=1))
    attempts = db.session.execute(
        select(PageAttempt.kind, PageAttempt.state, PageAttempt.reason).order_by(PageAttempt.id)
    )
    assert [tuple(one) for one in attempts] == [
        *[("call", "leaving", "")] * 3,
        ("call", "skipped", "It was rung too often just now."),
        ("email", "leaving", ""),
    ]
