"""The feeds: which channels have a thread that asks, listens or arranges."""

from __future__ import annotations

import threading

import pytest

from channels import feeding, registry
from helpdesk.db import db
from tests.plugins.world import World


class TestLoadsWhatIsConnected:
    def test_an_adapter_nobody_has_is_not_even_looked_for(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(registry.ADAPTERS, "nobodys", "channels.nobodys.adapter:Nobodys")
        db.session.commit()
        stop = threading.Event()
        timer = threading.Timer(0.3, stop.set)
        timer.start()
        feeding.feeds(world.app, stop)
        timer.join()
