"""Saved reports: named, listed, renamed, shared, removed and brought back. They flush, never commit."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from helpdesk.access.permissions import may
from helpdesk.db import db, locked
from helpdesk.errors import Invalid, NotAllowed, NotFound
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.plugins import installed
from helpdesk.sheets.values import Export
from sla.saved.models import ReportSchedule, SavedReport

_LONGEST, _MOST = 100, 500
_MISFIT = "That does not fit yet."
_PAGING = frozenset({"after", "all", "said", "undo"})
"""What an address says of one visit, not of what is asked."""


def save(agent: Agent, *, name: str, table: str, query: str, is_shared: bool) -> SavedReport:
    """Name an address.

    Raises:
        Invalid: at "name", or where the address asks for nothing; NotFound: there is no such table for this agent.
    """
    export, asked = export_of(table, agent), tidied(query)
    export.ask(agent, dict(parse_qsl(asked)))
    mine = select(func.count()).where(SavedReport.owner_id == agent.id, SavedReport.removed_at.is_(None))
    if (db.session.scalar(mine) or 0) >= _MOST:
        raise Invalid(_MISFIT, {"name": f"You have {_MOST} saved reports. Remove one first."})
    row = SavedReport(
        owner_id=agent.id, name=_named(name), table_key=table, query=asked, is_shared=is_shared, created_at=now()
    )
    db.session.add(row)
    db.session.flush()
    return row


def change(report: SavedReport, *, by: Agent, name: str, is_shared: bool) -> None:
    """Rename it, share it or keep it to oneself.

    Raises:
        NotAllowed: it is somebody else's. Invalid: at "name".
    """
    _owns(report, by)
    report.name, report.is_shared = _named(name), is_shared


def remove(report: SavedReport, *, by: Agent) -> None:
    """It is in no list any more, and its mails rest; twice is harmless."""
    _owns(report, by)
    report.removed_at = report.removed_at or now()


def restore(report: SavedReport, *, by: Agent) -> None:
    _owns(report, by)
    report.removed_at = None


def of(agent: Agent, report_id: int) -> SavedReport:
    """One the agent may see, removed or not, locked.

    Raises:
        NotFound: there is none.
    """
    return locked(_seen(agent).where(SavedReport.id == report_id), what="report")


def listed(agent: Agent) -> Sequence[SavedReport]:
    """One's own and the shared ones, by name; of tables the agent may take along."""
    rows = _seen(agent).where(SavedReport.removed_at.is_(None)).options(joinedload(SavedReport.owner))
    known = {one.key for one in installed().exports(agent)}
    found = db.session.scalars(rows.order_by(func.lower(SavedReport.name), SavedReport.id))
    return [row for row in found if row.table_key in known]


def schedules(reports: Sequence[SavedReport]) -> Sequence[ReportSchedule]:
    """Their mails, without removed ones, the oldest first."""
    mine = ReportSchedule.report_id.in_([row.id for row in reports]), ReportSchedule.removed_at.is_(None)
    rows = select(ReportSchedule).where(*mine).options(joinedload(ReportSchedule.owner))
    return db.session.scalars(rows.order_by(ReportSchedule.id)).all()


def owns(report: SavedReport, agent: Agent) -> bool:
    """Whose it is; managers also tend what is shared."""
    return report.owner_id == agent.id or (report.is_shared and may(agent, "manage"))


def export_of(key: str, agent: Agent) -> Export:
    """The table of that name, which stands on a page.

    Raises:
        NotFound: there is none, or none for this agent.
    """
    found = installed().export(key, agent)
    if found is None or not found.page:
        raise NotFound("There is no such table here.")
    return found


def tidied(query: str) -> str:
    """An address's parameters without what is of one visit.

    Raises:
        Invalid: it is longer than any page writes.
    """
    if len(query) > 2_000:
        raise Invalid(_MISFIT, {"name": "This address is too long to be kept."})
    return urlencode([(name, value) for name, value in parse_qsl(query) if name not in _PAGING])


def _seen(agent: Agent) -> Select[SavedReport]:
    return select(SavedReport).where(or_(SavedReport.owner_id == agent.id, SavedReport.is_shared.is_(True)))


def _named(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > _LONGEST or not tidy.isprintable():
        raise Invalid(_MISFIT, {"name": f"Give it a name of up to {_LONGEST} characters."})
    return tidy


def _owns(report: SavedReport, agent: Agent) -> None:
    if not owns(report, agent):
        raise NotAllowed("This report is somebody else’s. Save one of your own from its page.")
