"""The chat as it stands on a site: the script that puts it there, its own frame, and its colours."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, make_response, render_template
from werkzeug.wrappers import Response

from channels import called
from channels.chat import connection as connections
from channels.chat.connection import Connection
from channels.sites import policy
from helpdesk.access.guards import public
from helpdesk.errors import NotFound

bp = Blueprint("chatpages", __name__, url_prefix="/chat")

_KEPT = "public, max-age=300"
_LIGHT = 0.179
"""Above this relative luminance black reads better than white (WCAG 2.2, contrast ratio)."""


@bp.get("/<key>/widget.js")
@public
def widget(key: str) -> Response:
    """The script a site loads; it makes the frame and nothing else."""
    _find(key)
    response = make_response(Path(str(current_app.static_folder), *_built("loader.js")).read_text(encoding="utf-8"))
    response.mimetype = "text/javascript"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = _KEPT
    return response


@bp.get("/<key>/frame")
@public
def frame(key: str) -> Response:
    """The chat itself; browsers show it inside the channel's own sites alone, and by itself."""
    connection = _find(key)
    response = make_response(render_template("chat/frame.html", chat=connection))
    response.headers["Content-Security-Policy"] = policy(connection.sites)
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/<key>/theme.css")
@public
def theme(key: str) -> Response:
    """The channel's colour with what reads on it: the frame allows no inline style."""
    connection = _find(key)
    on = "#000" if _luminance(connection.accent) > _LIGHT else "#fff"
    response = make_response(f":root{{--accent:{connection.accent};--on-accent:{on}}}")
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = _KEPT
    return response


def _find(key: str) -> Connection:
    channel = called.by_key("chat", key)
    if channel is None:
        raise NotFound("There is no chat here.")
    return connections.shown(channel)


def _built(name: str) -> tuple[str, str]:
    url = str(current_app.jinja_env.globals["asset"](name))  # type: ignore[operator]
    return "dist", url.rpartition("/")[2]


def _luminance(colour: str) -> float:
    """Of #rrggbb, as WCAG 2.2 reckons it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
