"""What a browser needs to take our notifications: the key they are signed with, and the worker that shows them."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, jsonify, send_from_directory
from werkzeug.wrappers import Response

from channels.push import connection as connections
from channels.push import vapid
from helpdesk.access.guards import agents_only, public
from helpdesk.db import db

bp = Blueprint("browsers", __name__, url_prefix="/push")


@bp.post("/key")
@agents_only
def key() -> Response:
    """{"key"}: for `applicationServerKey`; made when the first browser asks."""
    connection = connections.read(connections.of_the_house())
    db.session.commit()
    return jsonify(key=vapid.public(connection.key))


@bp.get("/worker.js")
@public
def worker() -> Response:
    """At an address that stays: it is the worker's name, and its folder is all it may control, where no page is.

    The browser asks again by itself whether it changed, also when nobody is signed in.
    """
    built = Path(current_app.jinja_env.globals["asset"]("push.js"))  # type: ignore[operator]
    response = send_from_directory(
        Path(str(current_app.static_folder)) / "dist", built.name, mimetype="text/javascript"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response
