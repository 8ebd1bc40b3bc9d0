"""What a package contributes, and that the product asks all of them in their order."""

from __future__ import annotations

import pytest

from channels.plugin import plugin as channels
from helpdesk.core import plugin as core
from helpdesk.events import KINDS
from helpdesk.plugins import Panel, Plugin, Registry, Sender, installed
from sla.plugin import plugin as sla
from tests.plugins.world import World

SUPPORT = Sender(1, "Meridian Cooling", "support@meridian.example", "email")
SERVICE = Sender(2, "Meridian Service", "service@meridian.example", "email")


def nothing(*_: object) -> None:
    """It is only asked for, never called."""


def other(*_: object) -> None:
    """As above."""


class TestRegistry:
    def test_of_nothing_has_nothing(self) -> None:
        registry = Registry([Plugin("empty")])
        assert registry.handlers("ticket.opened") == []
        assert (registry.jobs(), registry.ticks(), registry.loops()) == ({}, [], [])
        assert (registry.senders(), registry.panels("sidebar")) == ([], [])

    def test_gives_the_handlers_of_a_kind_in_the_order_of_installation(self) -> None:
        first = Plugin("first", on={"ticket.opened": [nothing], "ticket.resolved": [other]})
        second = Plugin("second", on={"ticket.opened": [other, nothing]})
        assert Registry([first, second]).handlers("ticket.opened") == [nothing, other, nothing]
        assert Registry([second, first]).handlers("ticket.opened") == [other, nothing, nothing]

    def test_finds_every_job_by_its_name(self) -> None:
        registry = Registry([Plugin("mail", jobs={"deliver": nothing}), Plugin("sla", jobs={"break": other})])
        assert registry.jobs() == {"deliver": nothing, "break": other}

    def test_says_how_often_each_tick_is_due(self) -> None:
        registry = Registry([Plugin("one", every={5: [nothing], 60: [other]}), Plugin("two", every={5: [other]})])
        assert sorted(registry.ticks(), key=str) == sorted([(5, nothing), (60, other), (5, other)], key=str)

    def test_asks_for_senders_each_time_as_mailboxes_come_and_go(self) -> None:
        connected: list[Sender] = []
        registry = Registry([Plugin("mail", senders=[lambda: connected]), Plugin("more", senders=[lambda: [SERVICE]])])
        assert registry.senders() == [SERVICE]
        connected.append(SUPPORT)
        assert registry.senders() == [SUPPORT, SERVICE]

    def test_gives_a_place_on_a_page_only_what_was_made_for_it(self) -> None:
        nav, aside = Panel("sidebar", lambda: "nav"), Panel("context", lambda: "aside")
        registry = Registry([Plugin("one", panels=[aside, nav]), Plugin("two", panels=[nav])])
        assert registry.panels("sidebar") == [nav, nav]
        assert registry.panels("nowhere") == []

    def test_adds_the_keys_each_plugin_needs_for_a_ticket(self) -> None:
        registry = Registry(
            [Plugin("one", keys={"event": 1, "promise": 2}), Plugin("two", keys={"event": 1}), Plugin("x")]
        )
        assert registry.keys(5, ticket=5, event=7) == {"ticket": 5, "event": 17, "promise": 10}
        assert Registry([]).keys(5, ticket=5) == {"ticket": 5}

    def test_keeps_what_a_plugin_lists_apart_from_every_other(self) -> None:
        one, two = Plugin("one"), Plugin("two")
        one.jobs["deliver"] = nothing
        assert two.jobs == {}


class TestTheProduct:
    def test_knows_its_plugins_in_their_order(self, world: World) -> None:
        assert [plugin.name for plugin in installed().plugins] == [core.name, channels.name, sla.name]

    @pytest.mark.parametrize("plugin", [core, channels, sla], ids=lambda plugin: plugin.name)
    def test_reacts_only_to_what_can_happen(self, plugin: Plugin) -> None:
        assert set(plugin.on) <= set(KINDS)

    def test_has_one_job_of_each_name_and_one_tick_of_each(self) -> None:
        plugins = [core, channels, sla]
        assert len(Registry(plugins).jobs()) == sum(len(plugin.jobs) for plugin in plugins)
        names = [f"{tick.__module__}.{tick.__name__}" for _, tick in Registry(plugins).ticks()]
        assert len(names) == len(set(names)), "the scheduler tells ticks apart by these names"

    def test_offers_the_mailboxes_somebody_can_write_from(self, world: World) -> None:
        assert {sender.address for sender in installed().senders()} == {SUPPORT.address, SERVICE.address}
