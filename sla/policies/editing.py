"""Policies made, drafted, put in force, ordered and set aside; a version that counted is never changed or deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.calendars import names
from sla.policies import drafting, matching
from sla.policies.checking import NOTHING_SAVED, check
from sla.policies.drafting import Draft
from sla.policies.inputs import clause_of
from sla.policies.models import Clause, PolicyVersion, SLAPolicy
from sla.policies.standing import draft_in, everything, in_force_in, pending_in, shown_in, versions

_FURTHEST = timedelta(days=5 * 366)


def create(name: str, draft: Draft, *, by: Agent | None) -> SLAPolicy:
    """A policy that promises nothing until its draft is put in force; it is tried after all others.

    Raises:
        Invalid: by field, what does not fit; nothing is saved.
    """
    named = names.checked(name, SLAPolicy, "policy")
    check(draft)
    last = db.session.scalar(select(func.max(SLAPolicy.rank))) or 0
    policy = SLAPolicy(name=named, rank=last + 1, created_at=now())
    names.store(policy, "policy")
    _write(policy, draft, by=by)
    return policy


def rename(policy: SLAPolicy, name: str) -> None:
    """Give it another name.

    Raises:
        Invalid: there is one of that name.
    """
    names.rename(policy, name, SLAPolicy, "policy")


def revise(policy: SLAPolicy, draft: Draft, *, by: Agent | None, seen: str = "") -> PolicyVersion:
    """Have the policy's draft say this; where there is none, one is begun. `seen` is what its editor had read.

    Raises:
        Invalid: by field, what does not fit. Conflict: it said something else meanwhile. Nothing is saved.
    """
    _same_as_seen(policy, seen)
    check(draft)
    return _write(policy, draft, by=by)


def put_in_force(policy: SLAPolicy, *, valid_from: datetime | None = None, seen: str = "") -> PolicyVersion:
    """The draft counts from now, or from `valid_from`, for requests that arrive then.

    Raises:
        Invalid: at "valid_from" or "promises". Conflict: no draft, one that changes nothing, or one already waits.
    """
    _same_as_seen(policy, seen)
    known = versions(policy)
    draft, waiting, before = draft_in(known), pending_in(known), in_force_in(known)
    if draft is None:
        raise Conflict("There is no draft to put in force. Change something first.")
    if waiting is not None:
        raise Conflict("A version waits for its day already. Take it back first.")
    said = drafting.read(draft)
    if before is not None and drafting.read(before) == said:
        raise Conflict("The draft says what is in force already.")
    if not said.promises:
        raise Invalid(NOTHING_SAVED, {"promises": "Promise at least one thing."})
    check(said)
    draft.valid_from = _start(valid_from)
    db.session.flush()
    return draft


def withdraw(policy: SLAPolicy) -> None:
    """What was to begin later is a draft again.

    Raises:
        Conflict: nothing waits, or another draft was begun.
    """
    known = versions(policy)
    waiting = pending_in(known)
    if waiting is None:
        raise Conflict("Nothing waits to begin.")
    if draft_in(known) is not None:
        raise Conflict("There is a draft. Discard it first.")
    waiting.valid_from = None
    db.session.flush()


def discard(policy: SLAPolicy) -> None:
    """Give the draft up. The only draft of a policy that never counted stays, but empty.

    Raises:
        Conflict: there is none.
    """
    known = versions(policy)
    draft = draft_in(known)
    if draft is None:
        raise Conflict("There is no draft.")
    db.session.execute(delete(Clause).where(Clause.policy_version_id == draft.id))
    draft.conditions = {}
    if len(known) > 1:
        db.session.flush()
        db.session.execute(delete(PolicyVersion).where(PolicyVersion.id == draft.id))
    db.session.flush()
    db.session.expire_all()


def move(policy: SLAPolicy, *, up: bool) -> None:
    """One place earlier or later among those of its level; at the end of them nothing moves."""
    order = everything()
    places = [one.policy_id for one in order]
    if policy.id not in places:
        raise Conflict("It is set aside. Take it back first.")
    place = places.index(policy.id)
    other = place + (-1 if up else 1)
    if 0 <= other < len(order) and matching.level(order[other]) == matching.level(order[place]):
        order[place], order[other] = order[other], order[place]
    for rank, version in enumerate(order, 1):
        version.policy.rank = rank
    db.session.flush()


def archive(policy: SLAPolicy) -> None:
    """Set it aside: no new request is promised by it. What it promised stays promised."""
    policy.archived_at = policy.archived_at or now()


def unarchive(policy: SLAPolicy) -> None:
    policy.archived_at = None


def _write(policy: SLAPolicy, draft: Draft, *, by: Agent | None) -> PolicyVersion:
    known = versions(policy)
    version = draft_in(known)
    if version is None:
        version = PolicyVersion(
            policy_id=policy.id,
            number=1 + max((one.number for one in known), default=0),
            created_by_id=by.id if by is not None else None,
            created_at=now(),
        )
        db.session.add(version)
    version.conditions = {"all": [condition.stored() for condition in draft.conditions]}
    db.session.flush()
    db.session.execute(delete(Clause).where(Clause.policy_version_id == version.id))
    rows = [clause_of(promise, place) for place, promise in enumerate(draft.promises, 1)]
    for row in rows:
        row.policy_version_id = version.id
    db.session.add_all(rows)
    db.session.flush()
    db.session.expire(version)
    return version


def _same_as_seen(policy: SLAPolicy, seen: str) -> None:
    if seen and seen != drafting.fingerprint(drafting.read(shown_in(versions(policy)))):
        raise Conflict("Somebody else changed this policy meanwhile. Load the page again and repeat your change.")


def _start(valid_from: datetime | None) -> datetime:
    if valid_from is None:
        return now()
    if valid_from <= now():
        raise Invalid(NOTHING_SAVED, {"valid_from": "This lies in the past. Choose a later moment, or from now on."})
    if valid_from > now() + _FURTHEST:
        raise Invalid(NOTHING_SAVED, {"valid_from": "This is more than five years ahead."})
    return valid_from
