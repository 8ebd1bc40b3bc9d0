"""Providers on loopback, and who connects their channels in Settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.lines import loopback
from tests.fakes.graph import Graph
from tests.fakes.slack import Slack
from tests.fakes.telegram import Telegram
from tests.fakes.x import X
from tests.plugins.world import Browser, World


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    with loopback(monkeypatch), Graph() as there:
        yield there


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with loopback(monkeypatch), Slack() as there:
        yield there


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    with loopback(monkeypatch), Telegram() as there:
        yield there


@pytest.fixture
def x(monkeypatch: pytest.MonkeyPatch) -> Iterator[X]:
    with loopback(monkeypatch), X() as there:
        yield there


@pytest.fixture
def ada(world: World) -> Browser:
    return world.browser(world.ada)
