"""Every adapter on the bench: one line here, and the whole suite runs for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.contract import chats, devices, metas, phones, slacks, telegrams, xs
from tests.channels.contract.bench import Bench, Peer
from tests.channels.contract.scene import Scene, staged
from tests.channels.lines import loopback
from tests.plugins.world import World

BENCHES = (
    phones.BENCH,
    telegrams.BENCH,
    slacks.BENCH,
    metas.MESSENGER,
    metas.INSTAGRAM,
    metas.WHATSAPP,
    xs.MENTIONS,
    xs.DIRECTS,
    devices.BENCH,
    chats.BENCH,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories that need what a provider does not have are not told of it: a class says so by `NEEDS`, one story by `@needs`."""
    items[:] = [item for item in items if _can_be_told(item)]


def _can_be_told(item: pytest.Item) -> bool:
    needs = {getattr(getattr(item, "function", None), "needs", ""), getattr(getattr(item, "cls", None), "NEEDS", "")}
    callspec = getattr(item, "callspec", None)
    bench = callspec.params.get("bench") if callspec is not None else None
    return bench is None or all(getattr(bench, what) is not None for what in needs - {""})


@pytest.fixture(params=BENCHES, ids=lambda bench: bench.kind)
def bench(request: pytest.FixtureRequest) -> Bench:
    return request.param


@pytest.fixture
def peer(world: World, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with loopback(monkeypatch), bench.peer() as there:
        yield there


@pytest.fixture
def scene(world: World, bench: Bench, peer: Peer) -> Scene:
    return staged(world, bench, peer)
