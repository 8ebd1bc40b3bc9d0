"""Errors as people see them: a fixed page, or a sentence for a script; nothing of the request is repeated."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, Response, make_response, render_template, request
from psycopg import OperationalError as DriverError
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from helpdesk import blobs
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid, TooMany
from helpdesk.web import json

log = logging.getLogger(__name__)

_PAGES = frozenset({400, 403, 404, 409, 410, 413, 422, 429, 500, 503})


def install(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, _unstorable)
    for away in (OperationalError, InterfaceError, PendingRollbackError, PoolTimeout, DriverError):
        app.register_error_handler(away, _database_away)
    app.register_error_handler(blobs.NoRoom, _no_room)
    app.register_error_handler(Exception, _unexpected)


def _domain(error: DomainError) -> Response:
    db.session.rollback()
    response = _answer(error.status, error.message, error.fields if isinstance(error, Invalid) else {})
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _http(error: HTTPException) -> Response:
    db.session.rollback()
    if error.response is not None or error.code in {301, 302, 303, 307, 308}:
        return make_response(error.get_response())
    return _answer(error.code or 500, "")


def _unstorable(_error: DataError) -> Response:
    """A number no row can have, or letters no text can hold: a browser sends neither."""
    _forget_connection()
    return _answer(404 if request.method in {"GET", "HEAD"} else 400, "")


def _database_away(error: Exception) -> Response:
    _forget_connection()
    if isinstance(error, DBAPIError) and not error.connection_invalidated and "server" not in str(error.orig):
        log.warning("database_busy", extra={"exception_type": type(error).__name__})
    response = _answer(503, "The database does not answer. Nothing is lost: try again in a moment.")
    response.headers["Retry-After"] = "2"
    return response


def _no_room(_error: blobs.NoRoom) -> Response:
    db.session.rollback()
    return _answer(503, "The server has no room for files just now. What you wrote is safe: try again later.")


def _unexpected(error: Exception) -> Response:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _database_away(error)
    log.error("request_failed", exc_info=error, extra={"path": request.endpoint or "", "method": request.method})
    _forget_connection()
    return _answer(500, "")


def _forget_connection() -> None:
    try:
        db.session.rollback()
    except Exception:  # noqa: BLE001 - the connection is gone already; there is nothing to roll back
        db.session.remove()


def _answer(status: int, sentence: str, fields: Mapping[str, str] | None = None) -> Response:
    """A page for a browser; for a script the words, which it shows where it stands; for a program a problem."""
    if json.asked_for_json():
        return json.problem(status, sentence, fields)
    if request.headers.get("HX-Request") == "true" or request.accept_mimetypes.best == "application/json":
        response = make_response(render_template("errors/_words.html", status=status, sentence=sentence), status)
        response.headers["HX-Reswap"] = "none"
        return response
    known = status if status in _PAGES else (500 if status >= 500 else 400)
    return make_response(render_template(f"errors/{known}.html", sentence=sentence, theme="", brand_name=""), status)
