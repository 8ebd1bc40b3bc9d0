"""Equipment from and into a spreadsheet: a file is looked at, its columns are chosen, what fits is put on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as Answer

from helpdesk.access.guards import agents_only
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.people.models import Organization
from sla.assets import importing, tables
from sla.assets.importing import Looked
from sla.assets.models import Asset
from sla.assets.tables import COLUMNS, MOST_BYTES, MOST_ROWS, PROBLEM, Table
from sla.web import firms, uploads
from sla.web.framing import said, shown
from sla.web.managers import managers_only

bp = Blueprint("unittables", __name__, url_prefix="/customers/<int:organization_id>/equipment")

_LABELS = {field: names[0] for field, names in COLUMNS.items()}
_MOST_SHOWN = 50


@bp.get("/table.csv")
@agents_only
def export(organization_id: int) -> Response:
    """Every unit in service, in the columns an import reads."""
    firms.find(organization_id)
    return _csv(tables.written(_rows(organization_id)), f"equipment-{organization_id}.csv")


@bp.get("/import")
@managers_only
def new(organization_id: int) -> str:
    return _page(firms.find(organization_id))


@bp.post("/import")
@managers_only
def work(organization_id: int) -> Answer | tuple[str, int]:
    """A new file is looked at; one that was is taken, all of it or what fits, or looked at with other columns."""
    organization = firms.find(organization_id)
    if "key" not in request.form:
        return _received(organization)
    key, do = request.form["key"], request.form.get("do", "look")
    table = tables.read(uploads.read(key, organization.id))
    file = _File(table, [request.form.get(f"column-{place}", "") for place in range(len(table.headers))], key)
    try:
        looked = importing.look(organization, table, file.columns)
        if do == "look" or (do == "all" and looked.bad) or not looked.good:
            return _page(organization, file, looked), 200 if do == "look" else 422
        made = importing.take(organization, looked.good)
    except (Invalid, Conflict) as error:
        db.session.rollback()
        fields = error.fields if isinstance(error, Invalid) else {"columns": error.message}
        return _page(firms.find(organization_id), file, errors=fields), error.status
    rest = uploads.keep(_rest(table, looked).encode(), organization.id) if looked.bad else ""
    db.session.commit()
    uploads.forget(key, organization_id)
    if not rest:
        return said(f"/customers/{organization_id}/equipment", "units")
    address = f"/customers/{organization_id}/equipment/import?rest={rest}&taken={len(made)}&left={len(looked.bad)}"
    return Answer(status=303, headers={"Location": address})


@bp.get("/import/rest/<key>")
@managers_only
def rest(organization_id: int, key: str) -> Response:
    """The lines that were not taken, each with what is wrong."""
    content = uploads.read(key, firms.find(organization_id).id).decode()
    return _csv([content], "not-taken.csv")


def _received(organization: Organization) -> tuple[str, int]:
    file = request.files.get("file")
    content = file.stream.read(MOST_BYTES + 1) if file is not None else b""
    if not content:
        return _page(organization, errors={"file": "Choose a file that is not empty."}), 422
    try:
        table = tables.read(content)
    except Invalid as error:
        return _page(organization, errors=error.fields), error.status
    kept = _File(table, tables.guess(table.headers), uploads.keep(content, organization.id))
    try:
        looked = importing.look(organization, table, kept.columns)
    except Invalid as error:
        return _page(organization, kept, errors=error.fields), 200
    return _page(organization, kept, looked), 200


@dataclass(frozen=True, slots=True)
class _File:
    """What was sent, which column holds which field, and the key it is kept under."""

    table: Table
    columns: Sequence[str]
    key: str


def _page(
    organization: Organization,
    file: _File | None = None,
    looked: Looked | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    return shown(
        "sla/equipment/import.html",
        organization,
        tab="equipment",
        file=file,
        table=file.table if file is not None else None,
        looked=looked,
        errors=errors or {},
        rest=request.args.get("rest", ""),
        taken=request.args.get("taken", 0, type=int),
        left=request.args.get("left", 0, type=int),
        labels=_LABELS,
        most_rows=MOST_ROWS,
        most_megabytes=MOST_BYTES // 1_000_000,
        most_shown=_MOST_SHOWN,
    )


def _rest(table: Table, looked: Looked) -> str:
    """In the columns of the file, with one more that says why."""
    keep = [place for place, header in enumerate(table.headers) if header != PROBLEM]
    rows = [[*(table.headers[place] for place in keep), PROBLEM]]
    for one in looked.bad:
        why = " ".join(f"{_LABELS[field]}: {words}" for field, words in one.mistakes.items())
        rows.append([*(one.row.cells[place] for place in keep), f"Line {one.row.line}. {why}"])
    return "".join(tables.written(rows))


def _rows(organization_id: int) -> Iterator[Sequence[str]]:
    yield [*_LABELS.values()]
    rows = (
        select(Asset)
        .where(Asset.organization_id == organization_id, Asset.retired_at.is_(None))
        .options(joinedload(Asset.site))
        .order_by(Asset.id)
        .execution_options(yield_per=500)
    )
    for asset in db.session.scalars(rows):
        yield [_cell(asset, field) for field in COLUMNS]


def _cell(asset: Asset, field: str) -> str:
    if field == "site":
        return asset.site.name if asset.site is not None else ""
    value = getattr(asset, field)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _csv(lines: Iterator[str] | Sequence[str], name: str) -> Response:
    """With a byte order mark, by which spreadsheets know UTF-8."""

    def content() -> Iterator[str]:
        yield "\ufeff"
        yield from lines

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content(), mimetype="text/csv", headers=headers)
