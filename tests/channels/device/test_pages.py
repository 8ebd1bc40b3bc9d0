"""What people see of machines: keys made once and shown once, an example, a test report, faults beside a ticket."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels import accounting
from channels.device import keys
from channels.device.models import DeviceFault, DeviceKey
from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.now import now, travel
from sla.assets import visits
from sla.assets.models import PlannedVisit
from tests.channels.contract import devices
from tests.channels.device.test_alarms import SERIAL, Machines, machines_of, unit
from tests.plugins.world import Browser, World

__all__ = ["unit"]
REPORT = b'{"device": "a1", "fault": "E17"}'


@pytest.fixture
def machines(world: World) -> Machines:
    return machines_of(world)


@pytest.fixture
def ada(world: World, machines: Machines) -> Browser:
    return world.browser(world.ada)


def page(machines: Machines) -> str:
    return f"/settings/channels/{machines.channel_id}"


def call(world: World, key: str) -> int:
    db.session.commit()
    with world.app.test_client() as client:
        answer = client.post(
            f"/hooks/device/{devices.HOOK}", data=REPORT, headers={"Authorization": f"Bearer {key}"},
            content_type="application/json",
        )  # fmt: skip
    db.session.expire_all()
    return answer.status_code


FORM = {"name": "Meridian", "address": "Freezers", "incoming": "webhook", "security": "tls", "lasts": "30"}


class TestConnecting:
    def test_makes_a_channel_by_the_form(self, ada: Browser):
        answer = ada.post("/settings/channels/new/device", FORM)
        assert answer.status_code == 303
        made = db.session.scalars(select(Channel).where(Channel.address == "Freezers")).one()
        assert (made.config["lasts"], made.config["settles"]) == ("30", "60")

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("lasts", "-1", "Enter a whole number between 0 and 3,600."),
            ("returns", "soon", "Enter a whole number between 0 and 43,200."),
            ("address", "<b>", "Enter a short name"),
        ],
    )
    def test_says_what_is_wrong_at_its_field(self, ada: Browser, field: str, value: str, sentence: str):
        answer = ada.post("/settings/channels/new/device", {**FORM, field: value})
        assert answer.status_code == 422
        assert sentence in answer.text

    def test_wants_to_know_where_the_broker_is(self, ada: Browser):
        answer = ada.post("/settings/channels/new/device", {**FORM, "incoming": "stream", "topics": "a/#/b"})
        assert "Enter the name of the server alone" in answer.text
        assert "This is no topic." in answer.text

    def test_offers_no_automatic_answer(self, ada: Browser):
        assert "acknowledges" not in ada.get("/settings/channels/new/device").text


class TestAKey:
    def test_is_shown_once_and_kept_as_a_hash(self, world: World, machines: Machines, ada: Browser):
        shown = ada.post(f"{page(machines)}/keys", {"name": "Gateway east"})
        (plain,) = set(re.findall(r"kept_[\w-]{40,}", shown.text))
        assert f"Bearer {plain}" in shown.text
        assert plain not in ada.get(page(machines)).text
        made = db.session.scalars(select(DeviceKey).where(DeviceKey.name == "Gateway east")).one()
        assert (made.hash, made.tail, made.made_by) == (keys.digest(plain), plain[-4:], "Ada Berg")
        assert plain not in repr(db.session.execute(select(DeviceKey.__table__)).all())
        assert call(world, plain) == 200

    def test_without_a_name_is_not_made(self, machines: Machines, ada: Browser):
        answer = ada.post(f"{page(machines)}/keys", {"name": "  "})
        assert answer.status_code == 422
        assert "Say whose key it is" in answer.text

    def test_that_is_replaced_goes_on_for_a_day(self, world: World, machines: Machines, ada: Browser):
        old = db.session.scalars(select(DeviceKey)).one()
        shown = ada.post(f"{page(machines)}/keys/{old.id}/rotate")
        new = re.findall(r"kept_[\w-]{40,}", shown.text)[0]
        assert (call(world, devices.PLAIN), call(world, new)) == (200, 200)
        with travel(hours=25):
            assert (call(world, devices.PLAIN), call(world, new)) == (401, 200)

    def test_that_is_revoked_opens_nothing(self, world: World, machines: Machines, ada: Browser):
        old = db.session.scalars(select(DeviceKey)).one()
        for _ in range(2):
            assert ada.post(f"{page(machines)}/keys/{old.id}/revoke").status_code == 303
        assert call(world, devices.PLAIN) == 401

    def test_of_another_channel_is_none_of_this_one(self, world: World, machines: Machines, ada: Browser):
        assert ada.post(f"/settings/channels/{world.support.id}/keys", {"name": "x"}).status_code == 404
        assert ada.post(f"{page(machines)}/keys/999/revoke").status_code == 404

    def test_is_no_business_of_agents(self, world: World, machines: Machines):
        assert world.browser(world.ben).post(f"{page(machines)}/keys", {"name": "x"}).status_code == 404

    def test_may_come_as_a_password(self, world: World, machines: Machines):
        with world.app.test_client() as client:
            answer = client.post(
                f"/hooks/device/{devices.HOOK}",
                data=REPORT,
                auth=("anybody", devices.PLAIN),
                content_type="application/json",
            )
        assert answer.status_code == 200


class TestTheIdempotencyKey:
    def test_makes_a_call_that_is_sent_again_harmless(self, world: World, machines: Machines):
        for body in (REPORT, REPORT, b'{"device": "a1", "fault": "E18"}'):
            with world.app.test_client() as client:
                client.post(
                    f"/hooks/device/{devices.HOOK}", data=body, content_type="application/json",
                    headers={"Authorization": f"Bearer {devices.PLAIN}", "Idempotency-Key": "7c1f"},
                )  # fmt: skip
        world.file()
        world.fresh()
        assert [one.count for one in db.session.scalars(select(DeviceFault))] == [1]


class TestATestReport:
    def test_goes_all_the_way_and_tells_nobody(self, world: World, machines: Machines, ada: Browser):
        assert ada.post(f"{page(machines)}/test-report").status_code == 303
        world.file()
        world.fresh()
        assert machines.tickets() == []
        assert "It was a test: it reached us, and nobody was told." in ada.get(page(machines)).text
        assert not accounting.strays(accounting.today())


class TestATicket:
    def test_says_what_is_reported_how_often_and_how_it_is(self, world: World, machines: Machines):
        for _ in range(3):
            machines.tell(title="Discharge pressure high")
        (ticket,) = machines.tickets()
        shown = world.browser(world.ben).get(f"/tickets/{ticket.number}").text
        for words in ("Discharge pressure high", SERIAL, "E17", "3 times", ">There<", "Unknown unit"):
            assert words in shown, words
        assert "A machine reads no answers." in shown
        machines.over(title="Discharge pressure high")
        shown = world.browser(world.ben).get(f"/tickets/{ticket.number}").text
        assert ">Over<" in shown
        assert "reports that it is over" in shown

    def test_says_in_the_list_how_often(self, world: World, machines: Machines):
        for _ in range(3):
            machines.tell()
        assert "reported 3 times" in world.browser(world.ben).get("/inbox/next-up").text

    def test_that_people_wrote_says_nothing_of_it(self, world: World, ada: Browser):
        assert "Reported by" not in ada.get(f"/tickets/{world.ticket().number}").text


class TestAVisit:
    @pytest.fixture
    def here(self, unit) -> str:
        return f"/customers/{unit.organization_id}/equipment/{unit.id}"

    def test_is_planned_and_called_off_on_the_page_of_its_unit(self, world: World, machines: Machines, here: str):
        ben = world.browser(world.ben)
        until = (now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
        assert ben.post(f"{here}/visits", {"reason": "Filters", "starts_at": "", "ends_at": until}).status_code == 303
        machines.tell()
        shown = ben.get(here).text
        assert "Filters" in shown
        assert "Nobody was told." in shown
        visit = db.session.scalars(select(PlannedVisit)).one()
        assert ben.post(f"{here}/visits/{visit.id}/over").status_code == 303
        assert machines.tick() == 1
        assert "Called off" in ben.get(here).text

    @pytest.mark.parametrize(
        ("form", "sentence"),
        [
            ({"reason": "x", "ends_at": ""}, "Say until when."),
            ({"reason": "x", "ends_at": "soon"}, "There is no such time."),
            ({"reason": "x", "ends_at": "2020-01-01T10:00"}, "later than now"),
            ({"reason": "x", "ends_at": "2199-01-01T10:00"}, "at most"),
            ({"reason": " ", "ends_at": "2026-11-25T10:00"}, "Say what is done there"),
        ],
    )
    def test_that_cannot_be_says_why(self, world: World, here: str, form: dict[str, str], sentence: str):
        with travel(to=now().replace(year=2026, month=11, day=24)):
            answer = world.browser(world.ben).post(f"{here}/visits", {"starts_at": "", **form})
            assert answer.status_code == 422
            assert sentence in answer.text
        assert visits.units([SERIAL])[SERIAL].visit_until is None


class TestWhatCameIn:
    def test_is_listed_with_where_it_ended(self, world: World, machines: Machines, ada: Browser):
        machines.tell()
        machines.over(fault="none")
        shown = ada.get(page(machines)).text
        assert "It says that a fault is over which was not there." in shown
        assert f"#{machines.tickets()[0].number}" in shown
        assert len(db.session.scalars(select(Inbound)).all()) == 2
