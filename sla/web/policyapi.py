"""Policies as JSON; every agent reads and tries them, managers write, as on the pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from werkzeug.datastructures import MultiDict

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.now import now
from helpdesk.web.json import Body, body
from sla.commitments import moving
from sla.entitlements import taking
from sla.policies import drafting, editing, matching, standing
from sla.policies.drafting import Draft
from sla.policies.loading import in_force
from sla.policies.matching import FIELDS, Condition
from sla.policies.models import PolicyVersion, SLAPolicy
from sla.web import policytester, told
from sla.web.dotting import dotted
from sla.web.managers import managers_only
from sla.web.promisejson import promise

bp = Blueprint("policies_api", __name__, url_prefix="/api/v1/policies")


@bp.get("")
@agents_only
def listed() -> Response:
    """In the order they are tried."""
    return jsonify(policies=[_told(version.policy) for version in standing.everything()])


@bp.post("")
@managers_only
def create() -> tuple[Response, int]:
    sent = body()
    name, draft = sent.text("name", "Name the policy."), _draft(sent)
    sent.done()
    with dotted():
        policy = editing.create(name, draft, by=current_agent())
    db.session.commit()
    return jsonify(_told(policy)), 201


@bp.get("/<int:policy_id>/draft")
@agents_only
def draft(policy_id: int) -> Response:
    return jsonify(_version(_begun(policy_id)))


@bp.put("/<int:policy_id>/draft")
@managers_only
def write_draft(policy_id: int) -> Response:
    """The whole draft; `seen` is the fingerprint its editor had read, where they want to be told of others' edits."""
    sent = body()
    said, seen = _draft(sent), sent.text("seen")
    sent.done()
    policy = standing.held(policy_id)
    with dotted():
        version = editing.revise(policy, said, by=current_agent(), seen=seen)
    db.session.commit()
    return jsonify(_version(_loaded(policy, version.id)))


@bp.post("/<int:policy_id>/versions")
@managers_only
def put_in_force(policy_id: int) -> tuple[Response, int]:
    """The draft counts from `valid_from`, or from now; with `open` "take", from now also for open tickets."""
    sent = body()
    valid_from, seen = sent.instant("valid_from"), sent.text("seen")
    takes = sent.one_of("open", ("keep", "take"), "keep") == "take"
    if takes and valid_from is not None:
        sent.wrong("open", taking.LATER_KEEPS, None)
    sent.done()
    policy = standing.held(policy_id)
    with dotted():
        version = editing.put_in_force(policy, valid_from=valid_from, seen=seen)
    if takes:
        taking.take(version, by=current_agent())
    db.session.commit()
    return jsonify(_version(_loaded(policy, version.id))), 201


@bp.get("/<int:policy_id>/draft/moves")
@managers_only
def moves(policy_id: int) -> Response:
    """Which open tickets would be promised something else, were the draft put in force for them too."""
    return jsonify(told.moves(moving.preview_taking(_begun(policy_id))))


@bp.post("/test")
@agents_only
def test() -> Response:
    """Which policy a ticket or a request would get, and why the others do not match."""
    sent = body()
    given = MultiDict({name: _text(sent, name) for name in policytester.FIELDS if name in sent})
    sent.done()
    tested = policytester.test(given, in_force(now()))
    return jsonify(
        winner=tested.winner.version.policy.name if tested.winner is not None else None,
        decided=tested.decided,
        verdicts=[
            {"policy": verdict.version.policy.name, "matches": verdict.matches, "why": verdict.why}
            for verdict in tested.verdicts
        ],
    )


def _text(sent: Body, name: str) -> str:
    """Numbers of tickets and teams may come as numbers."""
    return str(sent.identity(name)) if name in {"ticket", "team"} else sent.text(name)


def _draft(sent: Body) -> Draft:
    return Draft(tuple(sent.each("conditions", _condition)), tuple(sent.each("promises", promise)))


def _condition(sent: Body) -> Condition:
    negated = "not" in sent and "is" not in sent
    return Condition(sent.one_of("field", FIELDS), sent.texts("not" if negated else "is"), negated)


def _told(policy: SLAPolicy) -> dict[str, Any]:
    known = standing.versions(policy)
    current, waiting, begun = standing.in_force_in(known), standing.pending_in(known), standing.draft_in(known)
    return {
        "id": policy.id,
        "name": policy.name,
        "level": matching.level(current or standing.shown_in(known)),
        "in_force": _version(current),
        "planned": _version(waiting),
        "draft": _version(begun),
    }


def _version(version: PolicyVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    said = drafting.read(version)
    return {
        "number": version.number,
        "valid_from": version.valid_from.isoformat() if version.valid_from is not None else None,
        "fingerprint": drafting.fingerprint(said),
        **drafting.as_json(said),
    }


def _begun(policy_id: int) -> PolicyVersion:
    found = standing.draft_in(standing.versions(standing.find(policy_id)))
    if found is None:
        raise NotFound("This policy has no draft.")
    return found


def _loaded(policy: SLAPolicy, version_id: int) -> PolicyVersion:
    return next(version for version in standing.versions(policy) if version.id == version_id)
