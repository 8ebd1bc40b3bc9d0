"""A house with a telephone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels import lines
from tests.channels.phone.house import House
from tests.fakes.twilio import Twilio
from tests.plugins.world import World


@pytest.fixture
def house(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    world.ben.undo_seconds = 0
    with lines.loopback(monkeypatch), Twilio() as twilio:
        yield House(world, twilio, lines.number(twilio))
