"""Gauges for a monitoring system: who may read them, what they say, that they name nobody, and the board that asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, DeliveryRecipient, enqueue
from helpdesk.people.models import Agent
from helpdesk.settings import Unusable, settings
from helpdesk.tickets import triage
from tests.plugins.world import OLIVE, Browser, World
from tests.sla import promising

TOKEN = "a-long-enough-token-of-tests"
BOARD = Path(__file__).parents[3] / "docs" / "grafana" / "kept.json"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("HELPDESK_METRICS_TOKEN", TOKEN)
    settings.cache_clear()
    yield TOKEN
    monkeypatch.undo()
    settings.cache_clear()


def told(world: World) -> dict[tuple[str, frozenset[str]], float]:
    """By name and the values of the labels."""
    text = Browser(world.app).get("/metrics", Authorization=f"Bearer {TOKEN}").text
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(world: World, name: str, *labels: str) -> float:
    return told(world)[name, frozenset(labels)]


class TestReading:
    @pytest.mark.parametrize("said", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"bearer {TOKEN}x", TOKEN])
    def test_without_the_token_is_refused(self, world: World, token: str, said: str):
        answer = Browser(world.app).get("/metrics", **({"Authorization": said} if said else {}))
        assert answer.status_code == 401
        assert "kept_" not in answer.text

    def test_is_refused_to_everybody_where_no_token_is_set(self, world: World):
        for said in ("Bearer ", "Bearer x"):
            assert Browser(world.app).get("/metrics", Authorization=said).status_code == 401
        assert world.browser(world.ada).get("/metrics").status_code == 401

    def test_is_not_for_a_session_but_for_the_token(self, world: World, token: str):
        assert world.browser(world.ada).get("/metrics").status_code == 401
        assert Browser(world.app).get("/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200

    def test_comes_in_the_format_that_is_asked_for(self, world: World, token: str):
        plain = Browser(world.app).get("/metrics", Authorization=f"Bearer {TOKEN}")
        asked = "application/openmetrics-text; version=1.0.0"
        openly = Browser(world.app).get("/metrics", Authorization=f"Bearer {TOKEN}", Accept=asked)
        assert plain.content_type.startswith("text/plain; version=")
        assert openly.content_type.startswith("application/openmetrics-text")
        assert openly.text.endswith("# EOF\n")

    @pytest.mark.parametrize("given", ["short", "with a space in it, which no header has"])
    def test_a_token_that_can_be_guessed_or_sent_by_nobody_stops_the_start(
        self, monkeypatch: pytest.MonkeyPatch, given: str
    ):
        monkeypatch.setenv("HELPDESK_METRICS_TOKEN", given)
        settings.cache_clear()
        with pytest.raises(Unusable, match="HELPDESK_METRICS_TOKEN") as refused:
            settings()
        assert given not in str(refused.value)
        monkeypatch.undo()
        settings.cache_clear()


class TestGauges:
    def test_of_tickets_follow_what_happens(self, world: World, token: str):
        before = told(world)
        with travel(hours=-48):
            ticket = world.ticket()
        after = told(world)
        opened = "kept_tickets", frozenset({"open"})
        nobodys = "kept_tickets_unassigned", frozenset()
        assert after[opened] == before[opened] + 1
        assert after[nobodys] == before[nobodys] + 1
        assert value(world, "kept_oldest_unanswered_seconds") == pytest.approx(48 * 3600, abs=60)
        triage.assign(ticket, to=world.ben, by=world.ben)
        world.reply(ticket)
        assert value(world, "kept_tickets_unassigned") == before[nobodys]
        assert value(world, "kept_oldest_unanswered_seconds") < 24 * 3600

    def test_of_promises_are_open_due_broken_and_paused(self, world: World, token: str):
        promising.policy("Gold", promising.clause("first_response", 7200, "Two hours."))
        db.session.commit()
        at = now()
        with travel(to=at):
            world.ticket()
            other = world.ticket("Another")
            assert value(world, "kept_promises_open", "first_response") == 2
            assert value(world, "kept_promises_due_within_hour", "first_response") == 0
        with travel(to=at + timedelta(minutes=90)):
            assert value(world, "kept_promises_due_within_hour", "first_response") == 2
            assert value(world, "kept_longest_past_due_seconds") == 0
            world.reply(other)
            assert value(world, "kept_promises_open", "first_response") == 1
            assert value(world, "kept_promises_decided_today", "kept") == 1
        with travel(to=at + timedelta(hours=3)):
            assert value(world, "kept_clock_lag_seconds") == 5400  # since the warning
            assert value(world, "kept_longest_past_due_seconds") == 3600

    def test_of_the_outbox_count_what_should_have_left(self, world: World, token: str):
        with travel(minutes=-10):
            enqueue(Delivery(purpose="letter", recipients=[DeliveryRecipient(address="x@y.example")]))
            enqueue(
                Delivery(purpose="letter", recipients=[DeliveryRecipient(address="x@y.example")]),
                after=timedelta(hours=1),
            )
        db.session.commit()
        assert value(world, "kept_outbox_waiting", "email") == 1
        assert value(world, "kept_outbox_oldest_seconds", "email") == pytest.approx(600, abs=30)
        assert value(world, "kept_jobs_waiting") >= 1

    def test_of_channels_name_them_by_number(self, world: World, token: str):
        world.support.state = "working"
        world.support.last_inbound_at = now() - timedelta(hours=1)
        db.session.commit()
        number = str(world.support.id)
        assert value(world, "kept_channel_works", number, "email") == 1
        assert value(world, "kept_channel_heard_seconds", number, "email") == pytest.approx(3600, abs=30)

    def test_name_no_customer_nobody_and_no_address(self, world: World, token: str):
        world.ticket()
        text = Browser(world.app).get("/metrics", Authorization=f"Bearer {TOKEN}").text.lower()
        people = [agent.name for agent in db.session.query(Agent)]
        for name in ("@", "olive", "orchard", "meridian", OLIVE, *people):
            assert name.lower() not in text

    def test_have_few_labels_and_names_that_say_their_unit(self, world: World, token: str):
        samples = told(world)
        assert len(samples) < 80
        assert all(re.fullmatch(r"kept_[a-z_]+", name) for name, _ in samples)
        assert {name for name, _ in samples if any(word in name for word in ("oldest", "lag", "silent_"))} <= {
            name for name, _ in samples if name.endswith("_seconds")
        }


class TestBoard:
    def test_asks_for_gauges_and_labels_that_exist(self, world: World, token: str):
        text = Browser(world.app).get("/metrics", Authorization=f"Bearer {TOKEN}").text
        labels = {
            family.name: {label for sample in family.samples for label in sample.labels}
            for family in text_string_to_metric_families(text)
        }
        never_yet = {"kept_scheduler_silent_seconds": set(), "kept_channel_heard_seconds": {"channel", "kind"}}
        known = {
            **never_yet,
            "kept_channel_reached_seconds": {"channel", "kind"},
            **{k: v for k, v in labels.items() if v},
        }
        known |= {name: found for name, found in labels.items() if name not in known}
        asked = [query for panel in json.loads(BOARD.read_text())["panels"] for query in queries(panel)]
        assert len(asked) >= 10
        for query in asked:
            names = re.findall(r"\bkept_\w+", query)
            assert names, query
            assert set(names) <= set(known), query
            used = {
                label.strip()
                for inside in re.findall(r"\{([^}]*)\}|by \(([^)]*)\)", query)
                for part in inside
                for label in re.split(r",", re.sub(r'\s*(=~|!=|=)\s*"[^"]*"', "", part))
                if label.strip()
            }
            assert used <= set().union(*(known[name] for name in names)), query

    def test_shows_each_gauge_somewhere(self, world: World, token: str):
        samples = {name for name, _ in told(world)} - {"kept_info"}
        board = BOARD.read_text()
        assert not {name for name in samples if name not in board}

    def test_alerts_stand_beside_it_and_ask_for_the_same(self):
        rules = (BOARD.parent / "alerts.yml").read_text()
        board = BOARD.read_text()
        named = set(re.findall(r"\bkept_\w+", rules))
        assert named
        assert all(name in board for name in named)


def queries(panel: dict) -> list[str]:
    return [target["expr"] for target in panel.get("targets", [])]
