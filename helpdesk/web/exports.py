"""Every table of a page as a file: CSV, Excel or JSON of all its rows, by the same address and for the same eyes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, request

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.errors import NotFound
from helpdesk.plugins import installed
from helpdesk.settings import settings
from helpdesk.sheets import csvfile, jsonfile, workbook
from helpdesk.sheets.values import Export, Sheet
from helpdesk.web.streaming import Streamed

bp = Blueprint("exports", __name__)
log = logging.getLogger(__name__)

_PIECE = 256 * 1024


@bp.get("/exports/<key>.csv")
@agents_only
def as_csv(key: str) -> Response:
    return _file(key, "csv", csvfile.MIME, csvfile.pieces)


@bp.get("/exports/<key>.xlsx")
@agents_only
def as_workbook(key: str) -> Response:
    return _file(key, "xlsx", workbook.MIME, _workbook)


@bp.get("/api/v1/tables")
@agents_only
def listed() -> Response:
    """Every table there is for who asks."""
    mine = installed().exports(current_agent())
    return jsonify(tables=[{"key": one.key, "label": one.label, "page": one.page} for one in mine])


@bp.get("/api/v1/tables/<key>")
@agents_only
def as_json(key: str) -> Response:
    """All its rows, in the order of the page."""
    return _leaving(key, _asked(key), jsonfile.MIME, jsonfile.pieces)


@bp.app_template_global("tables_of")
def tables_of(path: str) -> list[Export]:
    """What of a page can be taken along."""
    return [one for one in installed().exports(current_agent()) if one.page == path]


def _asked(key: str) -> Sheet:
    agent = current_agent()
    export = installed().export(key, agent)
    if export is None:
        raise NotFound("There is no such table here.")
    return export.ask(agent, request.args)


def _file(key: str, ending: str, mime: str, pieces: Callable[[Sheet], Iterator[bytes]]) -> Response:
    sheet = _asked(key)
    response = _leaving(key, sheet, mime, pieces)
    response.headers.set("Content-Disposition", "attachment", filename=f"{sheet.name}.{ending}")
    return response


def _leaving(key: str, sheet: Sheet, mime: str, pieces: Callable[[Sheet], Iterator[bytes]]) -> Response:
    log.info("table_taken", extra={"table": key, "agent": current_agent().id})
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - it outlives this request
    return Response(Streamed(app, lambda: pieces(sheet)), content_type=mime)


def _workbook(sheet: Sheet) -> Iterator[bytes]:
    """Whole before its first byte leaves: what names the rows of a workbook stands at its end."""
    settings().var.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings().var, prefix="workbook-") as folder:
        path = Path(folder) / "table.xlsx"
        workbook.write(sheet, path)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
