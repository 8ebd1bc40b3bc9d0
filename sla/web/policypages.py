"""What the pages of policies show: the list in its order, one policy with its draft, and what that would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import request
from sqlalchemy import distinct, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from werkzeug.datastructures import MultiDict

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.people.models import Team
from helpdesk.web.rendering import page
from sla.commitments import moving
from sla.contracts.models import ContractVersion
from sla.entitlements.models import Entitlement
from sla.policies import drafting, matching, standing
from sla.policies.drafting import Draft
from sla.policies.inputs import PRIORITIES, ZONE_SOURCES, Promise
from sla.policies.loading import in_force
from sla.policies.matching import FIELDS
from sla.policies.models import METRICS, WAITING, PolicyVersion, SLAPolicy
from sla.web import policyforms, policypast, policytester, policywords
from sla.web.amounts import length
from sla.web.managers import manages
from sla.web.policyforms import Values

SAID = {
    "made": "The policy is written down. It promises nothing until it is put in force.",
    "drafted": "It is in the draft. Nothing changes until you put it in force.",
    "in-force": "In force for requests that arrive from now on. Open tickets keep what they were promised.",
    "taken": "In force, for open tickets too. Each of them says so in its record.",
    "planned": "Planned. Until then requests are promised what is in force now.",
    "withdrawn": "Taken back. It is a draft again.",
    "discarded": "The draft is gone. What is in force stays.",
    "moved": "Moved.",
    "archived": "Set aside. No new request is promised by it; what it promised stays promised.",
    "unarchived": "It is tried again.",
    "renamed": "Renamed.",
    "stopped": "Stopped.",
}
"""What a page says after the form that led to it; the address only names the sentence."""


@dataclass(frozen=True)
class Typing:
    """A form that did not fit: which one, what was typed, and what is wrong where."""

    form: str = ""
    values: Values = field(default_factory=MultiDict)
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Row:
    """A promise on the page: in words, as a form, and what it was before the draft."""

    promise: Promise
    summary: list[str]
    values: Values
    errors: Mapping[str, str]
    was: str
    is_open: bool


@dataclass(frozen=True)
class Listed:
    """A policy in the list."""

    policy: SLAPolicy
    when: str
    promises: list[str]
    state: str
    level: str
    is_first: bool
    is_last: bool


def front() -> str:
    """The list, with the tester beside it."""
    order = standing.everything()
    drafts = set(db.session.scalars(select(PolicyVersion.policy_id).where(PolicyVersion.valid_from.is_(None))))
    known = policywords.names([one for version in order for one in matching.conditions(version)])
    levels = [matching.level(version) for version in order]
    rows = [
        Listed(
            policy=version.policy,
            when=policywords.when(matching.conditions(version), known),
            promises=[clause.words for clause in version.clauses],
            state=_state(version, drafts),
            level=levels[place],
            is_first=place == 0 or levels[place - 1] != levels[place],
            is_last=place == len(order) - 1 or levels[place + 1] != levels[place],
        )
        for place, version in enumerate(order)
    ]
    aside = db.session.scalars(
        select(SLAPolicy).where(SLAPolicy.archived_at.is_not(None)).order_by(SLAPolicy.name)
    ).all()
    return page(
        "sla/policies/list.html",
        section="policies",
        rows=rows,
        levels=policywords.LEVELS,
        aside=aside,
        manages=manages(current_agent()),
        said=SAID.get(request.args.get("said", ""), ""),
        **_tester(in_force(now()), order),
    )


def show(policy: SLAPolicy, *, typing: Typing | None = None) -> str:
    """The policy as its draft says it, or what is in force where there is none."""
    known = standing.versions(policy)
    shown, before = standing.shown_in(known), standing.in_force_in(known)
    said = drafting.read(shown)
    counting = drafting.read(before) if before is not None else None
    order = standing.everything()
    names = policywords.names([one for version in (*order, shown) for one in matching.conditions(version)])
    typed = typing or Typing()
    draft = standing.draft_in(known)
    offered = _offered()
    return page(
        "sla/policies/show.html",
        section="policies",
        policy=policy,
        chips=policywords.chips(said.conditions, names),
        rows=_rows(said, counting, typed, offered["calendars"]),
        gone=_gone(said, counting),
        draft=draft,
        changes=drafting.changes(counting or Draft(), said) if draft is not None else 0,
        waiting=standing.pending_in(known),
        before=before,
        seen=drafting.fingerprint(said),
        standing=_standing(policy, before, order),
        asked=policyforms.asked(request.args.get("and", "") or typed.values.get("field", "")),
        fields=FIELDS,
        typed=typed,
        adding=typed.form == "promise" or request.args.get("open") == "new",
        blank=typed.values if typed.form == "promise" else policyforms.blank(),
        manages=manages(current_agent()),
        said=SAID.get(request.args.get("said", ""), ""),
        **offered,
        **policypast.replay(policy, said),
        **_tester(_with_draft(draft), order),
    )


def force(policy: SLAPolicy) -> str:
    """What putting the draft in force would change on open tickets.

    Raises:
        NotFound: there is no draft.
    """
    draft = standing.draft_in(standing.versions(policy))
    if draft is None:
        raise NotFound("There is no draft to put in force. Change something first.")
    return page(
        "sla/policies/force.html",
        section="policies",
        policy=policy,
        moves=moving.preview_taking(draft),
        seen=drafting.fingerprint(drafting.read(draft)),
        counted=policywords.counted,
    )


def _offered() -> dict[str, Any]:
    """What the fields of a promise offer, and the words about it."""
    return {
        "metrics": METRICS,
        "calendars": policywords.calendars(),
        "zone_sources": ZONE_SOURCES,
        "waiting_for": {one: policywords.PAUSES[one] for one in WAITING},
        "priorities": PRIORITIES,
        "starts_of": policywords.starts,
        "kept_of": policywords.KEPT,
    }


def _rows(said: Draft, counting: Draft | None, typed: Typing, calendars: dict[int, str]) -> list[Row]:
    before = {one.metric: one for one in counting.promises} if counting is not None else {}
    found = []
    for promise in said.promises:
        is_typed = typed.form == promise.metric
        found.append(
            Row(
                promise=promise,
                summary=policywords.summary(promise, calendars),
                values=typed.values if is_typed else policyforms.written(promise),
                errors=typed.errors if is_typed else {},
                was=_was(promise, before.get(promise.metric), counting),
                is_open=is_typed or request.args.get("open") == promise.metric,
            )
        )
    return found


def _was(promise: Promise, before: Promise | None, counting: Draft | None) -> str:
    if counting is None:
        return ""
    if before is None:
        return "new"
    if before.target_seconds != promise.target_seconds:
        return f"was {length(before.target_seconds)}"
    return "changed" if before != promise else ""


def _gone(said: Draft, counting: Draft | None) -> list[Promise]:
    """Promises in force that the draft no longer makes."""
    kept = {one.metric for one in said.promises}
    return [one for one in counting.promises if one.metric not in kept] if counting is not None else []


def _standing(policy: SLAPolicy, before: PolicyVersion | None, order: Sequence[PolicyVersion]) -> str:
    """Applies to 38 agreements. Third of five policies; the first that matches wins."""
    if policy.archived_at is not None:
        return "Set aside: no new request is promised by it."
    places = [version.policy_id for version in order]
    place = f"{policywords.place(places.index(policy.id), len(places))}; the first that matches wins."
    if before is None:
        return f"Not in force yet. {place}"
    return f"{_reach(before)} {place}"


def _reach(version: PolicyVersion) -> str:
    named = [one for one in matching.conditions(version) if one.field == "agreement" and not one.negated]
    if named:
        wanted = {value.lower() for one in named for value in one.values}
        rows = (
            select(ContractVersion.contract_id, ContractVersion.name, ContractVersion.state)
            .where(ContractVersion.valid_from <= now())
            .order_by(ContractVersion.contract_id, ContractVersion.valid_from.desc(), ContractVersion.number.desc())
            .ext(distinct_on(ContractVersion.contract_id))
        ).subquery()
        in_use = rows.c.state == "active", func.lower(rows.c.name).in_(wanted)
        count = db.session.scalar(select(func.count()).select_from(rows).where(*in_use)) or 0
        return f"Applies to {policywords.counted(count, 'agreement')}."
    versions = select(PolicyVersion.id).where(PolicyVersion.policy_id == version.policy_id)
    mine = Entitlement.policy_version_id.in_(versions), Entitlement.judged_at >= now() - timedelta(days=90)
    count = db.session.scalar(select(func.count(distinct(Entitlement.ticket_id))).where(*mine)) or 0
    return f"Promised on {policywords.counted(count, 'ticket')} in 90 days."


def _state(version: PolicyVersion, drafts: set[int]) -> str:
    if version.valid_from is None:
        return "not in force yet"
    if version.valid_from > now():
        return "begins later"
    return "draft" if version.policy_id in drafts else ""


def _with_draft(draft: PolicyVersion | None) -> list[PolicyVersion]:
    """What is in force, the draft in the place of its policy."""
    rest = in_force(now())
    return [one for one in rest if draft is None or one.policy_id != draft.policy_id] + ([draft] if draft else [])


def _tester(versions: Sequence[PolicyVersion], order: Sequence[PolicyVersion]) -> dict[str, Any]:
    tested, errors = None, {}
    if policytester.asks(request.args):
        try:
            tested = policytester.test(request.args, versions)
        except Invalid as error:
            errors = error.fields
    teams = db.session.execute(select(Team.id, Team.name).order_by(Team.name)).all() if order else []
    return {"tested": tested, "test_errors": errors, "given": request.args, "teams": teams, "covers": drafting.COVERS}
