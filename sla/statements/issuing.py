"""Statements that are issued: written once, signed, kept by their digest; a correction is a new one that names the old.

A month is issued by a manager, or by the scheduler five days after its end. What it said then it says for ever,
whatever becomes of calendars, agreements and promises since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, exists, select

from helpdesk import blobs
from helpdesk.access.permissions import may
from helpdesk.db import Json, db
from helpdesk.errors import Conflict, Gone, Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.models import Agent, Organization
from helpdesk.settings import settings
from sla.contracts.models import Contract
from sla.reports import periods
from sla.reports.models import PromiseOutcome
from sla.statements import gathering, keys, scope, writing
from sla.statements.models import Statement
from sla.statements.scope import Month, Scope

BY_ITSELF = timedelta(days=5)
"""So long after its end a month that nobody has issued is issued; until then promises may be excused."""
_AT_ONCE = 20
_MOST_WORDS = 500


def draft(about: Scope) -> Json:
    """The statement as it would be issued now, which nobody has signed."""
    return _unsigned(writing.write(gathering.gather(about, now())))


def glance(about: Scope) -> Json:
    """The same for a page: without how clocks ran."""
    return _unsigned(writing.write(gathering.glance(about, now())))


def issue(about: Scope, *, by: Agent | None) -> Statement:
    """Write and sign it; one that was issued is given back as it is. `by` None: the scheduler.

    Raises:
        NotAllowed: by somebody who is no manager. Conflict: the month is not over. NoRoom: the disk is full.
    """
    _manages(by)
    if not about.month.is_over(now()):
        raise Conflict("This month is not over. Its statement can be issued when it is.")
    _alone(about)
    found = newest(about)
    return found if found is not None else _write(about, writing.write(gathering.gather(about, now())), by, None, "")


def correct(about: Scope, *, by: Agent, reason: str) -> Statement:
    """A new revision from what is known now; it names the one it corrects, which stays as it is.

    Raises:
        NotAllowed: by somebody who is no manager. Invalid: no reason was given.
        Conflict: none was issued, or nothing in it would differ. NoRoom: the disk is full.
    """
    _manages(by)
    why = reason.strip()
    if not why or len(why) > _MOST_WORDS:
        raise Invalid("That does not fit yet.", {"reason": "Say why. The new statement names it."})
    _alone(about)
    before = newest(about)
    if before is None:
        raise Conflict("There is nothing to correct: this month was not issued yet.")
    told = writing.write(gathering.gather(about, now()))
    if _gist(told) == _gist(json.loads(document(before))["statement"]):
        raise Conflict("Nothing differs from what was issued, so there is nothing to correct.")
    return _write(about, told, by, before, why)


def newest(about: Scope) -> Statement | None:
    return db.session.scalars(revisions(about).limit(1)).one_or_none()


def revisions(about: Scope) -> Select[Statement]:
    """The newest first."""
    mine = Statement.organization_id == about.organization_id, Statement.month == about.month.first
    rows = select(Statement).where(*mine, Statement.contract_id.is_not_distinct_from(about.contract_id))
    return rows.order_by(Statement.revision.desc())


def listed(organization_id: int, contract_id: int | None) -> Sequence[Statement]:
    """The newest revision of each month, the latest month first."""
    rows = select(Statement).where(
        Statement.organization_id == organization_id, Statement.contract_id.is_not_distinct_from(contract_id)
    )
    found: dict[object, Statement] = {}
    for one in db.session.scalars(rows.order_by(Statement.month.desc(), Statement.revision.desc())):
        found.setdefault(one.month, one)
    return list(found.values())


def document(statement: Statement) -> bytes:
    """The file as it was issued.

    Raises:
        Gone: it is not on the disk any more, or is not what was written.
    """
    try:
        content = blobs.get(statement.sha256)
    except OSError as error:
        raise Gone("The file of this statement is missing. Put it back from the backup of the files.") from error
    if hashlib.sha256(content).hexdigest() != statement.sha256:
        raise Gone("The file of this statement was changed on the disk. Put it back from the backup of the files.")
    return content


def tick() -> int:
    """Issue what nobody has issued of the month before, a few at a time; how many. Commits."""
    at = now()
    last = scope.holding(at, periods.zone()).before()
    if at < last.ends + BY_ITSELF:
        return 0
    waiting = db.session.execute(_unissued(last)).all()
    for contract_id, organization_id in waiting:
        issue(Scope(organization_id, contract_id, last), by=None)
        db.session.commit()
    db.session.rollback()
    return len(waiting)


def _unissued(month: Month) -> Select[int, int]:
    """Agreements of which promises were decided in the month."""
    decided = exists().where(
        PromiseOutcome.contract_id == Contract.id,
        PromiseOutcome.day >= month.first,
        PromiseOutcome.day < month.after,
        PromiseOutcome.outcome != "void",
    )
    issued = exists().where(Statement.contract_id == Contract.id, Statement.month == month.first)
    return select(Contract.id, Contract.organization_id).where(decided, ~issued).order_by(Contract.id).limit(_AT_ONCE)


def _unsigned(told: Json) -> Json:
    return {"statement": told | {"issued": None, "revision": None, "corrects": None}, "signature": None}


def _write(about: Scope, told: Json, by: Agent | None, before: Statement | None, reason: str) -> Statement:
    at = now()
    named = None if before is None else {"revision": before.revision, "sha256": before.sha256, "reason": reason}
    revision = 1 if before is None else before.revision + 1
    told = told | {"issued": at.isoformat(), "revision": revision, "corrects": named}
    signature = keys.sign(writing.canonical(told))
    signed = {
        "algorithm": "Ed25519",
        "key": signature.key,
        "public_key": signature.public,
        "published": settings().address(keys.PUBLISHED),
        "value": signature.value,
    }
    row = Statement(
        organization_id=about.organization_id,
        contract_id=about.contract_id,
        month=about.month.first,
        revision=revision,
        corrects_id=None if before is None else before.id,
        reason=reason,
        sha256=blobs.put(writing.canonical({"statement": told, "signature": signed})),
        figures=told["figures"],
        issued_at=at,
        issued_by_id=by.id if by is not None else None,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _gist(told: Json) -> Json:
    """What a correction may be about: not the instant it was read for, nor how clocks that still run went on."""
    promises = [
        [one[name] for name in ("id", "outcome", "excused", "settled", "promise", "ended")] for one in told["promises"]
    ]
    return {name: told[name] for name in ("figures", "by_promise", "credits", "prepaid")} | {"promises": promises}


def _alone(about: Scope) -> None:
    """One at a time for a customer; tickets may name it meanwhile."""
    mine = select(Organization.id).where(Organization.id == about.organization_id)
    db.session.execute(mine.with_for_update(key_share=True))


def _manages(by: Agent | None) -> None:
    if by is not None and not may(by, "manage"):
        raise NotAllowed("Only managers and administrators issue statements. Ask one of them.")
