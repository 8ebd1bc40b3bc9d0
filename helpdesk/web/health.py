"""Whether the product lives and whether it can work; says no more than that."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from helpdesk import heartbeats, schema
from helpdesk.access.guards import public
from helpdesk.db import db
from helpdesk.settings import settings

bp = Blueprint("health", __name__)

SILENCE = timedelta(seconds=60)
"""For so long the scheduler may say nothing: after a start, or a restart of it alone."""
_began = time.monotonic()


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """The database answers with this version's schema, files can be stored, and the scheduler runs."""
    version = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    reason = ""
    if version != schema.newest():
        reason = "schema"
    elif not os.access(settings().var, os.W_OK):
        reason = "files"
    elif _is_silent():
        reason = "scheduler"
    if reason:
        return jsonify(status="unavailable", reason=reason), 503
    return jsonify(status="ok"), 200


def _is_silent() -> bool:
    """Nobody escalates while it is; what just started has time to begin."""
    alive = timedelta(seconds=time.monotonic() - _began)
    silent = heartbeats.silent_for("scheduler")
    return alive > SILENCE and (silent is None or silent > SILENCE)
