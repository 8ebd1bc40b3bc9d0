"""A place elsewhere on loopback, which may be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.lines import loopback
from tests.channels.observe.scene import CLOCK
from tests.fakes.elsewhere import Elsewhere


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with CLOCK:
        yield


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    with loopback(monkeypatch), Elsewhere() as peer:
        yield peer
