"""The matrix of roles and verbs."""

from __future__ import annotations

import pytest

from helpdesk.access.permissions import VERBS, may, visible_tickets
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket

WORK = {"read", "reply", "note", "triage"}


def test_every_cell_of_the_matrix():
    above = {"admin": {"manage", "administer"}, "manager": {"manage"}, "agent": set(), "visitor": set()}
    for role, verbs in above.items():
        for verb in VERBS:
            agent = Agent(role=role)
            assert may(agent, verb, Ticket()) == (verb in WORK and role != "visitor")
            assert may(agent, verb) == (verb in verbs)


def test_who_has_left_may_nothing():
    gone = Agent(role="admin", deactivated_at=now())
    assert not any(may(gone, verb, thing) for verb in VERBS for thing in (Ticket(), None))
    assert "false" in str(visible_tickets(gone)).lower()


def test_an_unknown_verb_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="unknown verb"):
        may(Agent(role="admin"), "fly", Ticket())
