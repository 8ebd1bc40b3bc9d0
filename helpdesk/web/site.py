"""The web face put together: assets, entrance, headers, errors and what templates may ask for."""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path

from flask import Flask, Response, g, request

from helpdesk import logs
from helpdesk.access import entrance
from helpdesk.text.plain import to_html
from helpdesk.web import assets, errors, headers, live, packing, words
from helpdesk.web.articles import drawn
from helpdesk.web.rendering import Templates, panels

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    app.jinja_environment = Templates
    assets.install(app, Path(str(app.static_folder)) / "dist")
    app.before_request(_begin)
    packing.install(app)  # after_request functions run last first: everything is written before it is packed
    entrance.install(app)
    headers.install(app)
    app.after_request(_log)
    errors.install(app)
    live.install(app)
    words.install(app)
    app.jinja_env.globals.update(drawn=drawn, panels=panels, to_html=to_html)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _begin() -> None:
    g.began = time.perf_counter()
    logs.bind(request_id=secrets.token_hex(8))


def _log(response: Response) -> Response:
    if request.endpoint not in {"static", "health.healthz"}:
        took = round(1000 * (time.perf_counter() - g.get("began", time.perf_counter())), 1)
        said = {"method": request.method, "path": request.endpoint, "status": response.status_code, "ms": took}
        log.info("request", extra=said)
    return response
