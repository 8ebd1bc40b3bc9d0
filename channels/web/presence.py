"""Who is there: what the crowd of visitors notes goes into the database, off the thread that feeds the streams."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from channels import visiting
from helpdesk.crowd import Crowd
from helpdesk.db import db

bp = Blueprint("presence", __name__)


@bp.record_once
def _install(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    crowd: Crowd = app.extensions["crowd"]

    def note(here: set[str], left: set[str]) -> None:
        with app.app_context():
            visiting.note_presence(here, left)
            db.session.commit()

    crowd.noted = note
