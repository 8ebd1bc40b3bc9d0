"""How agents are reached, who rings for what, and a night that is only tried."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from sla.escalations import acknowledging, methods, paging, policies, promptness
from sla.escalations.fitting import Facts, fits
from sla.escalations.models import ContactMethod, Escalation
from sla.escalations.plans import Step, Target
from sla.escalations.policies import Said
from tests.plugins.product import queries
from tests.sla import rotas
from tests.sla.contracts import agreed
from tests.sla.escalations.test_running import NIGHT, WARNED, arrive, rung, tick
from tests.sla.rotas import minutes, step

REACHED = "/settings/on-call"
DANGER = "/on-call/escalations"


def code():
    letter = db.session.scalars(
        select(Delivery).where(Delivery.purpose == "letter").order_by(Delivery.id.desc())
    ).first()
    return re.search(r"\d{6}", letter.content["text"])[0]


def ways(agent):
    return [(one.kind, one.address, one.verified_at is not None) for one in methods.of(agent)]


class TestHowYouAreReached:
    def test_a_way_rings_only_once_its_code_was_typed_in(self, world, ben_at_work):
        assert ben_at_work.post(REACHED, {"kind": "sms", "address": "+1 (312) 555-0123"}).status_code == 303
        assert ways(world.ben) == [("sms", "+13125550123", False)]
        [way] = methods.of(world.ben)
        number, right = way.id, code()
        assert right not in way.code_hash
        wrong = f"{(int(right) + 1) % 10**6:06}"
        assert ben_at_work.post(f"{REACHED}/{number}/proof", {"code": wrong}).status_code == 422
        assert db.session.get(ContactMethod, number).code_tries == 1
        assert ben_at_work.post(f"{REACHED}/{number}/proof", {"code": right}).status_code == 303
        assert ways(world.ben) == [("sms", "+13125550123", True)]

    def test_a_code_ends_after_five_tries_and_after_ten_minutes(self, world, ben_at_work):
        ben_at_work.post(REACHED, {"kind": "email", "address": "ben@home.example"})
        [way] = methods.of(world.ben)
        number, right = way.id, code()
        with travel(minutes=11):
            assert ben_at_work.post(f"{REACHED}/{number}/proof", {"code": right}).status_code == 410
        for _ in range(5):
            ben_at_work.post(f"{REACHED}/{number}/proof", {"code": "no"})
        assert ben_at_work.post(f"{REACHED}/{number}/proof", {"code": right}).status_code == 410
        assert ways(world.ben)[0][2] is False

    @pytest.mark.parametrize(
        ("kind", "address"), [("sms", "5550123"), ("email", "ben"), ("slack", "@ben"), ("push", "x")]
    )
    def test_an_address_that_cannot_be_is_named(self, world, ben_at_work, kind, address):
        assert ben_at_work.post(REACHED, {"kind": kind, "address": address}).status_code == 422
        assert ways(world.ben) == []

    def test_nobody_proves_or_takes_away_what_is_somebody_elses(self, world, ben_at_work):
        theirs = rotas.method(world.ada).id
        db.session.commit()
        assert ben_at_work.post(f"{REACHED}/{theirs}/removal").status_code == 404

    def test_a_test_page_leaves_and_counts_for_nothing(self, night, ben_at_work):
        assert ben_at_work.post(f"{REACHED}/test").status_code == 303
        paging.tick()
        assert [
            one.content["subject"] for one in db.session.scalars(select(Delivery).where(Delivery.purpose == "page"))
        ] == ["Test page"]
        assert ben_at_work.post(f"{REACHED}/test").status_code == 429
        assert db.session.scalar(select(func.count(Escalation.id))) == 0
        assert "Last test page" in ben_at_work.get(REACHED).text

    def test_quiet_hours_are_kept(self, world, ben_at_work):
        assert ben_at_work.post(f"{REACHED}/quiet", {"begins": "22:00", "ends": "07:00"}).status_code == 303
        assert ben_at_work.post(f"{REACHED}/quiet", {"begins": "25:00", "ends": "07:00"}).status_code == 422
        assert methods.quiet_hours(world.ben).begins == "22:00"


class TestPolicies:
    def test_a_manager_makes_one_by_the_form(self, night):
        mei = night.browser(night.mei)
        form = {"name": "At night", "causes": ["warning", "break"], "runs": "out_of_hours", "steps": "1"}
        form |= {"step-0-after": "0 min", "step-0-whom": f"rota:{night.rota.id}:1", "repeats": "0", "urgent": "on"}
        more = mei.post(DANGER, {**form, "do": "add"})
        assert more.status_code == 200
        assert 'name="step-1-after"' in more.text
        assert mei.post(DANGER, {**form, "do": "save"}).status_code == 303
        [made] = policies.standing()
        assert policies.said_of(made).steps == (Step(0, (Target("rota", night.rota.id, 1),)),)
        assert "Ring whoever is first" in mei.get(DANGER).text
        assert mei.get(f"{DANGER}/{made.id}").status_code == 200

    def test_one_is_for_single_agreements_by_their_numbers(self, night):
        gold = agreed.contract(night.olive.organization_id, number="HM-2026-014")
        db.session.commit()
        mei = night.browser(night.mei)
        form = {"name": "Gold at night", "causes": ["arrival"], "runs": "always", "steps": "1", "repeats": "0"}
        form |= {"step-0-after": "0 min", "step-0-whom": f"rota:{night.rota.id}:1", "contracts": ["HM-2026-014", ""]}
        more = mei.post(DANGER, {**form, "do": "agreement"})
        assert more.text.count('name="contracts"') == 3
        assert '<option value="HM-2026-014">' in more.text
        wrong = mei.post(DANGER, {**form, "contracts": ["HM-2026-099"], "do": "save"})
        assert wrong.status_code == 422
        assert "There is no agreement HM-2026-099." in wrong.text
        assert mei.post(DANGER, {**form, "do": "save"}).status_code == 303
        [made] = policies.standing()
        assert policies.said_of(made).contracts == (gold.contract_id,)
        assert "covered by" in mei.get(DANGER).text
        assert 'value="HM-2026-014" maxlength' in mei.get(f"{DANGER}/{made.id}").text
        seen = {**form, "contracts": [""], "do": "save", "seen": policies.fingerprint(made)}
        assert mei.post(f"{DANGER}/{made.id}", seen).status_code == 303
        night.fresh()
        assert made.starts["contracts"] == []

    def test_one_for_other_agreements_or_policies_of_promises_does_not_start(self):
        facts = Facts("arrival", 2, source="contract", policy_id=3, contract_id=4)
        starts = {"causes": ["arrival"]}
        assert fits({**starts, "contracts": [4], "policies": [3]}, facts)
        assert not fits({**starts, "contracts": [5]}, facts)
        assert not fits({**starts, "policies": [4]}, facts)

    def test_agents_read_but_do_not_change(self, night, steps, ben_at_work):
        assert ben_at_work.get(DANGER).status_code == 200
        assert ben_at_work.get(f"{DANGER}/{steps.id}").status_code == 403
        assert ben_at_work.post(f"{DANGER}/{steps.id}/archive").status_code == 403

    def test_what_does_not_fit_is_named_by_field(self, night):
        wrong = Said("", (), "sometimes", (Step(60, ()), Step(0, (Target("agent", 999),))), repeats=9, remind=60)
        with pytest.raises(Exception) as raised:
            policies.make(wrong)
        expected = {"name", "causes", "runs", "step-0-whom", "step-1-after", "step-1-whom", "repeats", "round", "lapse"}
        assert set(raised.value.fields) == expected


class TestTryingANight:
    def test_says_what_the_real_run_does_and_writes_nothing(self, night, steps, ben_at_work):
        with queries() as asked:
            shown = ben_at_work.get(f"{DANGER}?customer=Orchard Dairy&arrives={NIGHT:%Y-%m-%dT%H:%M}").text
        assert asked
        assert [one for one in asked if not one.lstrip().startswith(("SELECT", "WITH"))] == []
        played = re.findall(r'<time class="num" datetime="([^"]+)".*?<span>(.*?)</span>', shown)
        rings = [(at, words) for at, words in played if "rings" in words]
        assert [words.split()[0] for _, words in rings][:2] == ["Ben", "Ada"]
        assert rings[0][0] == (NIGHT + timedelta(minutes=45)).isoformat()
        assert any("falls due" in words for _, words in played)
        arrive(night)
        tick(WARNED)
        tick(WARNED + timedelta(minutes=10))
        assert rung() == [words.split()[0] for _, words in rings][:2]

    def test_takes_the_next_step_at_once_where_nobody_can_be_rung(self, night, ben_at_work):
        empty = rotas.schedule([], name="Nobody")
        rotas.policy(step(0, rotas.rota(empty)), step(minutes(10), rotas.rota(night.rota, 2)))
        db.session.commit()
        shown = ben_at_work.get(f"{DANGER}?customer=Orchard Dairy&arrives={NIGHT:%Y-%m-%dT%H:%M}").text
        played = re.findall(r'<time class="num" datetime="([^"]+)".*?<span>(.*?)</span>', shown)
        assert (
            next(at for at, words in played if words.startswith("Ada")) == (NIGHT + timedelta(minutes=45)).isoformat()
        )

    def test_ends_when_the_hours_begin_as_the_run_does(self, night, ben_at_work):
        rotas.policy(step(0, rotas.rota(night.rota)), step(minutes(10), rotas.person(night.ada)), runs="out_of_hours")
        db.session.commit()
        early = rotas.at("2026-11-23T13:10:00+00:00")  # Monday 08:10 in New York, doors open at nine
        shown = ben_at_work.get(f"{DANGER}?customer=Orchard Dairy&arrives={early:%Y-%m-%dT%H:%M}").text
        played = re.findall(r'<time class="num" datetime="([^"]+)".*?<span>(.*?)</span>', shown)
        assert ("2026-11-23T14:00:00+00:00", "The hours begin. The day’s team has it, nobody else is rung") in played
        assert [words.split()[0] for _, words in played if "rings" in words] == ["Ben"]

    def test_says_how_soon_whoever_rings_was_on_it_before(self, night, steps, ben_at_work):
        later = f"{DANGER}?customer=Orchard Dairy&arrives={NIGHT + timedelta(weeks=4):%Y-%m-%dT%H:%M}"
        assert "try__before" not in ben_at_work.get(later).text
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=4)):
            acknowledging.acknowledge(acknowledging.open_of_ticket(ticket.id), by=night.ben, how="inbox")
            db.session.commit()
        before = promptness.of(night.ben.id, WARNED)
        known = promptness.of(night.ben.id, NIGHT + timedelta(weeks=4))
        assert (before, known.took, known.is_same_night, known.median) == (None, timedelta(minutes=4), True, None)
        assert promptness.of(night.ada.id, NIGHT + timedelta(weeks=4)) is None
        with travel(to=NIGHT + timedelta(weeks=4)):
            shown = night.browser(night.ben).get(later).text
        assert "On the same night four weeks before Ben said “on it” in 4 min." in shown

    def test_a_page_somebody_else_answered_is_not_theirs(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=4)):
            acknowledging.acknowledge(acknowledging.open_of_ticket(ticket.id), by=night.ada, how="inbox")
            db.session.commit()
        assert promptness.of(night.ben.id, WARNED + timedelta(days=1)) is None


class TestTheTicketsPage:
    def test_shows_who_was_rung_and_takes_on_it(self, night, steps, ben_at_work):
        ticket = arrive(night)
        tick(WARNED)
        number = ticket.number
        with travel(to=WARNED + timedelta(minutes=1)):
            shown = ben_at_work.get(f"/tickets/{number}").text
            assert "Ringing." in shown
            assert "Ben Osei rings" in shown
            assert ben_at_work.post(f"/tickets/{number}/ringing", {"says": "on"}).status_code == 303
            assert "Ben is on it." in ben_at_work.get(f"/tickets/{number}").text
            assert ben_at_work.post(f"/tickets/{number}/ringing", {"says": "again"}).status_code == 303
