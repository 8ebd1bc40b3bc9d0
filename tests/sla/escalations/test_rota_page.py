"""The page of a rota: which policies ring it, a night tried there, and who is waited for right now."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.db import db
from helpdesk.now import travel
from sla.escalations import acknowledging, methods, policies
from sla.escalations.plans import Step, Target
from sla.escalations.policies import Said
from sla.web import rotapages, rotatimes
from tests.sla import rotas
from tests.sla.escalations.test_running import NIGHT, WARNED, arrive, tick


@pytest.fixture
def here(night) -> str:
    return f"/on-call/{night.rota.id}"


class TestPolicies:
    def test_with_a_step_for_the_rota_are_shown_with_their_steps(self, night, steps, here, ben_at_work):
        page = ben_at_work.get(here).text
        assert steps.name in page
        assert "Ring whoever is first" in page
        assert f"/on-call/escalations/{steps.id}" not in page
        assert f"/on-call/escalations/{steps.id}" in night.browser(night.mei).get(here).text

    def test_that_ring_the_fallback_alone_are_shown_and_those_of_others_not(self, night, ben_at_work):
        rota, other = (rotas.schedule([night.ben], name=name, fallback="+1 312 555 0100") for name in ("One", "Other"))
        made = [
            policies.make(Said(name, ("break",), steps=(Step(0, (target,)),)))
            for name, target in (
                ("Phone alone", Target("fallback", rota.id)),
                ("Set aside", Target("rota", rota.id)),
                ("Elsewhere", Target("rota", other.id)),
                ("One person", Target("agent", night.ben.id)),
            )
        ]
        policies.archive(made[1])
        db.session.commit()
        page = ben_at_work.get(f"/on-call/{rota.id}").text
        assert "Phone alone" in page
        assert not [name for name in ("Set aside", "Elsewhere", "One person") if name in page]

    def test_none_leads_a_manager_to_make_one(self, night, here, ben_at_work):
        assert "No promise in danger rings this rota" in ben_at_work.get(here).text
        address = f"/on-call/escalations/new?rota={night.rota.id}"
        assert address not in ben_at_work.get(here).text
        mei = night.browser(night.mei)
        assert f'href="{address}"' in mei.get(here).text
        first = f'value="rota:{night.rota.id}:1" '
        assert re.search(first + "(checked|selected)", mei.get(address).text)
        assert not re.search(first + "(checked|selected)", mei.get("/on-call/escalations/new?rota=x").text)


class TestTryingANight:
    def test_is_played_on_the_page_and_keeps_its_week(self, night, steps, here, ben_at_work):
        page = ben_at_work.get(f"{here}?week=2026-W43&customer=Orchard Dairy&arrives={NIGHT:%Y-%m-%dT%H:%M}").text
        assert f'action="{here}#try"' in page
        assert '<input type="hidden" name="week" value="2026-W43">' in page
        assert len(re.findall(r'<time class="num" datetime="[^"]+".*?rings', page)) >= 2

    def test_a_mistake_stands_at_its_field(self, night, here, ben_at_work):
        assert "There is no such moment." in ben_at_work.get(f"{here}?arrives=soon").text


class TestWaiting:
    def test_a_ticket_nobody_is_on_takes_on_it_here(self, night, steps, here, ben_at_work):
        ticket = arrive(night)
        number = ticket.number
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            page = ben_at_work.get(here).text
            assert "Nobody is on it yet" in page
            assert "Rung: Ben" in page
            answer = ben_at_work.post(f"/tickets/{number}/ringing", {"says": "on", "rota": str(night.rota.id)})
            assert answer.location == here
            assert "Nobody is on it yet" not in ben_at_work.get(here).text
            assert acknowledging.open_of_ticket(ticket.id)[0].acknowledged_by_id == night.ben.id

    def test_another_rota_says_nothing_of_it(self, night, steps, ben_at_work):
        other = rotas.schedule([night.ada], name="Other").id
        arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            assert "Nobody is on it yet" not in ben_at_work.get(f"/on-call/{other}").text

    def test_nobody_is_led_away_by_what_a_form_says(self, night, steps, ben_at_work):
        number = arrive(night).number
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            answer = ben_at_work.post(f"/tickets/{number}/ringing", {"says": "on", "rota": "/evil.example"})
            assert answer.location == f"/tickets/{number}"


def test_a_page_at_night_counts_for_whom_it_rang_and_a_test_page_does_not(night, steps):
    arrive(night)
    tick(WARNED)
    with travel(to=WARNED):
        methods.test(night.ben)
        db.session.commit()
    zone = ZoneInfo("America/New_York")
    axis = rotatimes.week_of(WARNED.astimezone(zone).date(), zone)
    rota = rotapages.load_rota(night.rota.id, axis.start)
    carries = rotapages.carried(rota, {night.ben.id: "Ben", night.ada.id: "Ada"}, axis, WARNED + timedelta(hours=1))
    assert {one.name: one.rung for one in carries} == {"Ben": 1, "Ada": 0}
