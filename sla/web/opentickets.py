"""What a change of an agreement does to open tickets: they keep theirs, or take it over once that was shown."""

from __future__ import annotations

import hashlib
import json

from flask import request

from helpdesk.access.guards import current_agent
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from sla.commitments import moving
from sla.commitments.moving import Moves
from sla.contracts import loading
from sla.contracts.models import Contract
from sla.entitlements import taking
from sla.policies.checking import NOTHING_SAVED

_OURS = {"csrf_token", "looked"}


def follow(contract: Contract) -> Moves | None:
    """After its newest version was written: let open tickets keep theirs, or take it over.

    What would move, where that was not shown for this very form yet; the caller then takes the version back.

    Raises:
        Invalid: at "open", when they cannot take it over.
    """
    if request.form.get("open") != "take":
        return None
    version = loading.newest(contract.id)
    if version.valid_from > now():
        raise Invalid(NOTHING_SAVED, {"open": taking.LATER_KEEPS})
    if request.form.get("looked") != mark():
        return moving.preview_taking(version)
    try:
        taking.take(version, by=current_agent())
    except Conflict as error:
        raise Invalid(NOTHING_SAVED, {"open": error.message}) from error
    return None


def mark() -> str:
    """The same for forms that say the same."""
    said = sorted((name, value) for name, value in request.form.items(multi=True) if name not in _OURS)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
