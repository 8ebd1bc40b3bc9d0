"""What several parts tell their stories in: the office of the outlook, and a night somebody is rung in."""

from __future__ import annotations

import pytest

from helpdesk.db import db
from tests.plugins.world import World
from tests.sla import office as offices
from tests.sla import promising, rotas
from tests.sla.rotas import minutes, step


@pytest.fixture
def office(world: World) -> World:
    return offices.settled(world)


@pytest.fixture
def night(world):
    """An hour for a first answer, around the clock; Ben is first, Ada the backup."""
    promising.policy("Gold", promising.clause("first_response", minutes(60), "A person answers within the hour."))
    world.office = promising.calendar()
    world.rota = rotas.schedule([world.ben], [world.ada], calendar_id=world.office.id)
    rotas.method(world.ben)
    rotas.method(world.ada)
    db.session.commit()
    return world


@pytest.fixture
def steps(night):
    """First at once, the backup after ten minutes."""
    made = rotas.policy(step(0, rotas.rota(night.rota)), step(minutes(10), rotas.rota(night.rota, 2)))
    db.session.commit()
    return made
