"""Equipment on record: a serial stands for one unit, an exchange keeps the rest of the warranties, nothing is deleted."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.people.models import Organization
from sla.assets import covered, equipment, granting, maintenance, sites
from sla.assets.inputs import Part, Place, Rule, Unit
from sla.assets.models import Asset

FREEZER = Unit("KX40-2291-0875", "KX-40", maker="Kessel", kind="condensing unit", installed_on=date(2024, 2, 1))
MAKERS = Rule("Maker's warranty", "install", parts_months=36, labour_months=24)


@pytest.fixture
def dairy(world) -> Organization:
    return db.session.get_one(Organization, world.olive.organization_id)


@pytest.fixture
def hospital(world) -> Organization:
    return db.session.get_one(Organization, world.nora.organization_id)


def fields(call, *arguments, **keywords) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        call(*arguments, **keywords)
    return caught.value.fields


def with_warranties(asset: Asset) -> Asset:
    db.session.commit()
    rows = select(Asset).where(Asset.id == asset.id).options(selectinload(Asset.warranties))
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


class TestCreate:
    def test_keeps_the_serial_as_written_and_as_looked_up(self, dairy):
        asset = equipment.create(dairy, FREEZER)
        assert (asset.serial, asset.serial_key) == ("KX40-2291-0875", "KX4022910875")
        assert asset.name == "Kessel KX-40 condensing unit"

    @pytest.mark.parametrize("written", ["KX40-2291-0875", "kx40 2291 0875", "KX40.2291.0875"])
    def test_takes_a_serial_once_and_says_nothing_of_its_owner(self, dairy, hospital, written):
        equipment.create(hospital, FREEZER)
        said = fields(equipment.create, dairy, Unit(written, "Other"))
        assert said == {"serial": "This serial is on record already. One serial stands for one unit."}
        assert db.session.scalar(select(Asset).where(Asset.organization_id == dairy.id)) is None

    @pytest.mark.parametrize(
        ("unit", "field"),
        [
            (Unit("", "KX-40"), "serial"),
            (Unit("---", "KX-40"), "serial"),
            (Unit("9" * 41, "KX-40"), "serial"),
            (Unit("KX\x0040", "KX-40"), "serial"),
            (Unit("KX40", " "), "model"),
            (Unit("KX40", "x" * 201), "model"),
            (Unit("KX40", "KX\x0040"), "model"),
            (Unit("KX40", "KX-40", service_months=0), "service_months"),
            (Unit("KX40", "KX-40", service_months=-3), "service_months"),
            (Unit("KX40", "KX-40", site_id=4711), "site_id"),
            (Unit("KX40", "KX-40", parts=(Part(""),)), "parts"),
            (Unit("KX40", "KX-40", manufactured_on=date(2024, 1, 2), installed_on=date(2024, 1, 1)), "installed_on"),
        ],
    )
    def test_names_the_field_that_does_not_fit(self, dairy, unit, field):
        assert set(fields(equipment.create, dairy, unit)) == {field}

    def test_offers_no_site_of_somebody_else(self, dairy, hospital):
        site = sites.create(hospital, Place("Ward 3"))
        assert fields(equipment.create, dairy, Unit("KX40", "KX-40", site_id=site.id)) == {
            "site_id": "This customer has no such site."
        }


class TestEdit:
    def test_leaves_the_unit_as_it_was_when_it_does_not_fit(self, dairy):
        equipment.create(dairy, FREEZER)
        other = equipment.create(dairy, Unit("EV12", "EV-12"))
        db.session.commit()
        assert fields(equipment.edit, other, Unit("KX40-2291-0875", "EV-13"))
        db.session.commit()
        db.session.refresh(other)
        assert (other.serial, other.model) == ("EV12", "EV-12")

    def test_keeps_its_own_serial(self, dairy):
        asset = equipment.create(dairy, FREEZER)
        assert equipment.edit(asset, Unit("kx40-2291-0875", "KX-41")).model == "KX-41"


class TestService:
    def test_is_due_by_interval_from_when_it_was_put_up_then_from_the_last(self, dairy, travel):
        asset = equipment.create(dairy, Unit("KX40", "KX-40", installed_on=date(2026, 1, 31), service_months=1))
        assert asset.service_due_on == date(2026, 2, 28)
        with travel(to=datetime(2026, 3, 15, tzinfo=UTC)):
            equipment.record_service(asset, date(2026, 3, 10))
            assert asset.service_due_on == date(2026, 4, 10)
            assert fields(equipment.record_service, asset, date(2026, 3, 16)) == {
                "serviced_on": "That day is still to come."
            }

    def test_visits_stay_anchored_to_the_day(self):
        asset = Asset(service_months=1, installed_on=date(2026, 1, 31), created_at=datetime(2026, 1, 1, tzinfo=UTC))
        assert maintenance.visits(asset, date(2026, 2, 1), date(2026, 4, 30)) == [
            date(2026, 2, 28),
            date(2026, 3, 31),
            date(2026, 4, 30),
        ]

    def test_of_what_needs_none_or_is_retired_is_never_due(self, dairy):
        asset = equipment.create(dairy, Unit("KX40", "KX-40", service_months=6))
        assert asset.service_due_on is not None
        assert equipment.retire(asset).service_due_on is None
        assert equipment.bring_back(asset).service_due_on is not None
        assert maintenance.due(Asset(service_months=None)) is None


class TestReplace:
    def test_hands_the_rest_of_the_warranty_on(self, dairy):
        old = equipment.create(dairy, FREEZER)
        granting.grant(old, MAKERS)
        new = equipment.replace(with_warranties(old), Unit("KX40-NEW-1", "KX-40", installed_on=date(2026, 11, 20)))
        new = with_warranties(new)
        ((warranty, cover),) = covered.covers([new])[new.id]
        assert (warranty.name, cover.parts_until, cover.labour_until) == (
            "Maker's warranty",
            date(2027, 2, 1),
            date(2026, 2, 1),
        )
        assert old.retired_at is not None

    def test_happens_once(self, dairy):
        old = with_warranties(equipment.create(dairy, FREEZER))
        equipment.replace(old, Unit("KX40-NEW-1", "KX-40"))
        with pytest.raises(Conflict):
            equipment.replace(old, Unit("KX40-NEW-2", "KX-40"))


class TestTransfer:
    def test_takes_along_what_may_go(self, dairy, hospital):
        asset = equipment.create(dairy, FREEZER)
        granting.grant(asset, MAKERS)
        granting.grant(asset, Rule("Ours", "install", parts_months=60, transferable=False))
        equipment.transfer(asset, hospital)
        moved = with_warranties(asset)
        assert moved.organization_id == hospital.id
        assert [warranty.name for warranty, _ in covered.covers([moved])[moved.id]] == ["Maker's warranty"]


class TestWarranty:
    @pytest.mark.parametrize(
        ("rule", "field"),
        [
            (Rule("", "install", parts_months=12), "name"),
            (Rule("W", "birthday", parts_months=12), "starts"),
            (Rule("W", "date", parts_months=12), "starts_on"),
            (Rule("W", "install", starts_on=date(2026, 1, 1), parts_months=12), "starts_on"),
            (Rule("W", "install"), "parts_months"),
            (Rule("W", "install", labour_months=0), "labour_months"),
            (Rule("W", "install", travel_months=-2), "travel_months"),
            (Rule("W", "install", parts_months=12, least_days_when_replaced=-1), "least_days_when_replaced"),
            (Rule("W", "install", parts_months=12, exclusions="x" * 2001), "exclusions"),
        ],
    )
    def test_names_the_field_that_does_not_fit(self, dairy, rule, field):
        asset = equipment.create(dairy, FREEZER)
        assert set(fields(granting.grant, asset, rule)) == {field}

    def test_voided_gives_nothing_and_stays_on_record(self, dairy):
        asset = equipment.create(dairy, FREEZER)
        granting.void(granting.grant(asset, MAKERS))
        found = with_warranties(asset)
        assert len(found.warranties) == 1
        assert covered.covers([found]) == {found.id: []}


class TestSites:
    def test_have_a_name_of_their_own_at_a_customer(self, dairy, hospital):
        sites.create(dairy, Place("Joliet", zone="America/Chicago"))
        sites.create(hospital, Place("Joliet"))
        assert fields(sites.create, dairy, Place("Joliet ")) == {"name": "This customer has a site of that name."}

    @pytest.mark.parametrize(
        ("place", "field"),
        [(Place(" "), "name"), (Place("A", zone="Mars/Olympus"), "zone"), (Place("A", address="\0"), "address")],
    )
    def test_name_the_field_that_does_not_fit(self, dairy, place, field):
        assert set(fields(sites.create, dairy, place)) == {field}

    def test_set_aside_are_offered_no_more(self, dairy):
        site = sites.create(dairy, Place("Joliet"))
        sites.set_aside(site)
        assert db.session.scalars(sites.sites_of(dairy.id)).all() == []
