"""Who looks at the customer of `scene`, in the autumn its record ends in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plugins.world import Browser, World
from tests.sla.web import scene
from tests.sla.web.scene import Dairy


@pytest.fixture
def in_autumn(travel) -> Iterator[None]:
    with travel(to=scene.AUTUMN):
        yield


@pytest.fixture
def dairy(in_autumn: None, world: World) -> Dairy:
    return scene.orchard(world)


@pytest.fixture
def manager(dairy: Dairy, world: World) -> Browser:
    return world.browser(world.mei)


@pytest.fixture
def agent(dairy: Dairy, world: World) -> Browser:
    return world.browser(world.ben)
