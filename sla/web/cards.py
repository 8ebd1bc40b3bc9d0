"""An agreement as a card: where its term stands, what is left of what was bought, what was promised and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.people.models import Agent
from sla.assets import months
from sla.assets.models import Asset
from sla.contracts import consumption, loading, terms
from sla.contracts.consumption import Left
from sla.contracts.models import ContractVersion
from sla.contracts.terms import Term
from sla.reports import periods
from sla.reports.periods import Period
from sla.web import records
from sla.web.amounts import day
from sla.web.records import Record

_ORDER = ("active", "suspended", "draft", "cancelled", "renewed")


@dataclass(frozen=True, slots=True)
class Step:
    """From offer to answering: what is done, and when, or what is missing."""

    name: str
    words: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Card:
    """All a page says of one agreement."""

    version: ContractVersion
    term: Term
    elapsed: float
    """Percent of the term, to the end of today."""
    talk: float | None
    """Where on the term the time of notice begins, in percent."""
    state: str
    tone: str
    renewal: str
    balances: tuple[Left, ...]
    records: tuple[Record, ...]
    kept: int
    total: int
    pipe: tuple[Step, ...]
    days: Period
    """What the record is of."""

    @property
    def label(self) -> str:
        return f"Term from {day(self.term.starts_on)} to {day(self.term.ends_on)}, {self.elapsed:.0f} percent elapsed"

    def query_of(self, record: Record) -> str:
        """The part of an address that asks for the promises of one record, whatever version they are of."""
        contract_id, clause = self.version.contract_id, record.clause
        until = self.days.until - timedelta(days=1)
        promise = f"c{contract_id}:{clause.number or clause.metric}"
        return urlencode({"promise": promise, "from": self.days.since, "to": until})


def held(organization_id: int, at: datetime) -> list[ContractVersion]:
    """What holds of each agreement now or, before its first version does, what will; those in force first."""
    found = loading.in_force(organization_id, at)
    coming = [v for v in loading.coming(organization_id, at) if v.contract_id not in {one.contract_id for one in found}]
    return sorted([*found, *coming], key=lambda version: (_place(version, at), version.contract_id))


def card(version: ContractVersion, at: datetime, agent: Agent, period: Period | None = None) -> Card:
    """Its record is of the period; of its running term where none is given."""
    today = terms.day(version, at)
    term = terms.of(version, today)
    days = period or Period("term", term.starts_on, term.ends_on + timedelta(days=1), periods.house())
    kept = records.of(version, days, agent)
    talk = months.after(term.ends_on, -version.notice_months) if version.notice_months else None
    state, tone = standing(version, today)
    return Card(
        version=version,
        term=term,
        elapsed=_share(term, today, days_more=1),
        talk=None if talk is None or talk < term.starts_on else _share(term, talk),
        state=state,
        tone=tone,
        renewal=_renewal(version, term, talk),
        balances=tuple(ledger(version, at)),
        records=tuple(kept),
        kept=records.summed(kept)[0],
        total=records.summed(kept)[1],
        pipe=_pipe(version, today),
        days=days,
    )


def ledger(version: ContractVersion, at: datetime) -> list[Left]:
    return consumption.left(version.contract_id, terms.day(version, at))


def standing(version: ContractVersion, today: date) -> tuple[str, str]:
    """The state in words and the tone of its tag."""
    if version.state != "active":
        return {"draft": "Draft", "suspended": "Suspended", "cancelled": "Cancelled", "renewed": "Over, renewed"}[
            version.state
        ], {"draft": "line", "suspended": "warm"}.get(version.state, "")
    term = terms.of(version, today)
    if today < term.starts_on:
        return f"From {day(term.starts_on)}", "line"
    return ("Ended", "ember") if today > term.ends_on else ("In force", "accent")


def _place(version: ContractVersion, at: datetime) -> tuple[int, int]:
    ended = terms.day(version, at) > terms.of(version, terms.day(version, at)).ends_on
    return int(ended), _ORDER.index(version.state)


def _share(term: Term, on: date, *, days_more: int = 0) -> float:
    whole = (term.ends_on - term.starts_on).days + 1
    return round(min(100.0, max(0.0, ((on - term.starts_on).days + days_more) / whole * 100)), 2)


def _renewal(version: ContractVersion, term: Term, talk: date | None) -> str:
    if version.renewal == "tacit":
        return f"Renews itself unless ended by {day(talk)}" if talk else "Renews itself"
    if version.renewal == "express":
        return f"Renewal talk opens {talk.day} {talk:%b}" if talk else "Renewed when both agree"
    return f"Ends {day(term.ends_on)}"


def _pipe(version: ContractVersion, today: date) -> tuple[Step, ...]:
    units = select(func.count(Asset.id)).where(
        Asset.organization_id == version.contract.organization_id, Asset.retired_at.is_(None)
    )
    count = int(db.session.scalar(units) or 0)
    promises = len(version.clauses)
    written = version.contract.created_at.date()
    return (
        Step("Written down", f"{written.day} {written:%b}", is_done=True),
        Step("Promises", f"{promises} written" if promises else "none yet", is_done=promises > 0),
        Step("Equipment listed", f"{count} on record" if count else "none yet", is_done=count > 0),
        Step("Put in force", "done" if version.state != "draft" else "not yet", is_done=version.state != "draft"),
        Step(
            "Answering",
            f"since {version.starts_on.day} {version.starts_on:%b}"
            if not (trouble := terms.trouble(version, today))
            else trouble.removeprefix(version.name).strip(),
            is_done=not trouble,
        ),
    )
