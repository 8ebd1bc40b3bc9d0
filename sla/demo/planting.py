"""Write the story's promises, in force long before its tickets, which are judged by them as they are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from helpdesk.db import Json, db
from helpdesk.demo.times import Shift
from helpdesk.people.models import Organization
from helpdesk.plugins import Meanwhile
from helpdesk.tickets.models import Ticket
from sla.assets import months, serials
from sla.assets.models import Asset, Site, Warranty
from sla.calendars.models import Calendar, CalendarVersion
from sla.calendars.reading import seconds
from sla.calendars.rules import break_key
from sla.contracts import terms
from sla.contracts.models import Contract, ContractVersion, CoverageLine, PrepaidBalance, PrepaidEntry
from sla.demo import alarms, books, meanwhile, past, watches
from sla.demo.told import Agreed, Office, Plan, Said, Unit, promises
from sla.policies.models import Clause, PolicyVersion, SLAPolicy
from sla.reports import outlook


@contextmanager
def plant(moved: Shift, at: datetime) -> Iterator[Meanwhile]:
    """Everything, as somebody would have set it up; `at` is the story's now.

    Who is woken and what was before come after the tickets: the story pages nobody.
    """
    told = promises()
    planting = _Planting(moved, at, since=told.since)
    for office in told.calendars:
        planting.calendar(office)
    for rank, plan in enumerate(told.policies, 1):
        planting.policy(plan, rank * 10)
    for agreed in told.contracts:
        planting.contract(agreed)
    for unit in told.units:
        planting.unit(unit)
    db.session.flush()
    yield meanwhile.passing(told.milestones, moved)
    for watch in told.rotas:
        watches.plant(watch, calendar_id=planting.calendar_id, zone=planting.zone, at=at)
    alarms.plant(told.alarms, at)
    last = db.session.scalar(select(func.max(Ticket.id))) or 0
    past.plant(told.earlier, zone=planting.zone, at=at)
    books.plant(last, zone=planting.zone, at=at)
    outlook.make(at)


class _Planting:
    """The first office is the one rotas rest in, and its zone everybody's."""

    def __init__(self, moved: Shift, at: datetime, *, since: date) -> None:
        self._moved, self._at = moved, at
        self._since = moved.moment(datetime.combine(since, time()))
        self._calendars: dict[str, int] = {}
        self._customers = {one.name: one for one in db.session.scalars(select(Organization))}
        self._sites: dict[tuple[str, str], Site] = {}

    @property
    def calendar_id(self) -> int:
        return next(iter(self._calendars.values()))

    @property
    def zone(self) -> str:
        return self._moved.zone.key

    def calendar(self, office: Office) -> None:
        """A break moves with the story's tickets, so that they fall into it as they did."""
        calendar = Calendar(name=office.name, created_at=self._since)
        db.session.add(calendar)
        db.session.flush()
        self._calendars[office.name] = calendar.id
        names = {self._holiday(day): name for day, name in office.holidays.items()}
        hours = {day: [[office.opens, office.closes]] for day in office.days}
        rules: Json = {"zone": office.zone, "hours": hours, "holidays": sorted(names), "breaks": {}}
        for start, end, name in office.breaks:
            begins, ends = (self._moved.moment(each).astimezone(ZoneInfo(office.zone)) for each in (start, end))
            rules["breaks"][begins.date().isoformat()] = [[f"{begins:%H:%M:%S}", f"{ends:%H:%M:%S}"]]
            names[break_key(begins.date(), seconds(f"{begins:%H:%M:%S}", "breaks"))] = name
        written = {"valid_from": self._since, "created_at": self._since}
        db.session.add(CalendarVersion(calendar_id=calendar.id, rules=rules, names=names, **written))

    def policy(self, plan: Plan, rank: int) -> None:
        policy = SLAPolicy(name=plan.name, rank=rank, created_at=self._since)
        db.session.add(policy)
        db.session.flush()
        version = PolicyVersion(
            policy_id=policy.id,
            number=1,
            valid_from=self._since,
            conditions={"all": list(plan.when)},
            created_at=self._since,
        )
        version.clauses = self._clauses(plan.clauses)
        db.session.add(version)

    def contract(self, agreed: Agreed) -> None:
        starts_on = self._day(agreed.starts)
        since = terms.midnight(starts_on, self.zone)
        contract = Contract(organization_id=self._customers[agreed.customer].id, number=agreed.number, created_at=since)
        db.session.add(contract)
        db.session.flush()
        version = ContractVersion(
            contract_id=contract.id,
            number=1,
            valid_from=since,
            name=agreed.name,
            kind=agreed.kind,
            starts_on=starts_on,
            ends_on=self._day(agreed.ends),
            zone=self.zone,
            renewal=agreed.renewal,
            notice_months=agreed.notice_months,
            value_cents=agreed.value * 100,
            outcome=agreed.outcome or {},
            created_at=since,
        )
        version.lines = [CoverageLine(position=1, name="Everything at every site")]
        version.clauses = self._clauses(agreed.clauses)
        db.session.add(version)
        if agreed.incidents is not None:
            self._prepaid(contract, version, **agreed.incidents)

    def unit(self, unit: Unit) -> None:
        customer, installed = self._customers[unit.customer], self._day(unit.installed)
        asset = Asset(
            organization_id=customer.id,
            site_id=self._site(unit).id,
            serial=unit.serial,
            serial_key=serials.key(unit.serial),
            maker=unit.maker,
            model=unit.model,
            kind=unit.kind,
            place=unit.place,
            installed_on=installed,
            service_months=unit.service_months,
            service_due_on=months.after(self._at.date(), 1) if unit.service_months else None,
            created_at=self._since,
        )
        db.session.add(asset)
        db.session.flush()
        db.session.add(
            Warranty(
                asset_id=asset.id,
                name="Maker’s",
                starts="install",
                parts_months=unit.parts_months,
                labour_months=unit.labour_months,
                holder_id=customer.id,
                created_at=self._since,
            )
        )

    def _clauses(self, said: Iterable[Said]) -> list[Clause]:
        return [
            Clause(
                position=position,
                number=one.number,
                words=one.words,
                metric=one.metric,
                target_seconds=round(one.hours * 3600),
                calendar_id=self._calendars[one.calendar] if one.calendar else None,
                pauses=list(one.pauses),
                warn_percent=one.warn,
                credit={"kind": "amount", "value": one.credit * 100} if one.credit else {},
            )
            for position, one in enumerate(said, 1)
        ]

    def _prepaid(self, contract: Contract, version: ContractVersion, *, bought: int, used: int) -> None:
        balance = PrepaidBalance(
            contract_id=contract.id,
            unit="incidents",
            bought=bought,
            bought_on=version.starts_on,
            expires_on=version.ends_on,
            price_cents=0,
            created_at=version.created_at,
        )
        db.session.add(balance)
        db.session.flush()
        first = {"key": "before", "reason": "Before the story", "at": version.created_at}
        db.session.add(PrepaidEntry(balance_id=balance.id, amount=used, **first))

    def _site(self, unit: Unit) -> Site:
        known = self._sites.get((unit.customer, unit.site))
        if known is None:
            known = Site(organization_id=self._customers[unit.customer].id, name=unit.site, zone=self.zone)
            db.session.add(known)
            db.session.flush()
            self._sites[unit.customer, unit.site] = known
        return known

    def _day(self, day: date) -> date:
        return day + timedelta(days=self._moved.days)

    def _holiday(self, day: str) -> str:
        """Dated holidays move with the story by whole weeks, so that Columbus Day stays a Monday."""
        if len(day) == len("01-01"):
            return day
        moved = datetime.combine(date.fromisoformat(day), time()) + timedelta(weeks=round(self._moved.days / 7))
        return moved.date().isoformat()
