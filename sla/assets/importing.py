"""Many units at once: each row of a table checked as if it stood alone, and those that fit put on record together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, func, select
from sqlalchemy.exc import IntegrityError

from helpdesk.db import among, db
from helpdesk.errors import Conflict, Invalid
from helpdesk.people.models import Organization
from sla.assets import equipment, serials, sites
from sla.assets.inputs import Unit
from sla.assets.models import Asset
from sla.assets.tables import COLUMNS, Row, Table

_TEXTS = ("serial", "model", "maker", "kind", "place")
_DAYS = ("manufactured_on", "purchased_on", "shipped_on", "installed_on", "serviced_on")
_NO_DAY = "Write the day as 2024-03-14; it has to exist."
_YEARS = range(1900, 2201)


@dataclass(frozen=True, slots=True)
class Checked:
    """A row with the unit it describes, or with what is wrong, by field."""

    row: Row
    unit: Unit
    mistakes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Looked:
    """Every row in its order; `new_models` are on no unit so far."""

    checked: tuple[Checked, ...]
    new_models: tuple[str, ...]

    @property
    def good(self) -> list[Unit]:
        return [one.unit for one in self.checked if not one.mistakes]

    @property
    def bad(self) -> list[Checked]:
        return [one for one in self.checked if one.mistakes]


def look(organization: Organization, table: Table, columns: Sequence[str]) -> Looked:
    """Check every row; `columns` says for each column of the table which field it holds, "" for none.

    Raises:
        Invalid: at "columns": a field twice, or serial or model nowhere.
    """
    chosen = [field for field in columns if field]
    if len(columns) != len(table.headers) or not set(chosen) <= COLUMNS.keys() or len(chosen) != len(set(chosen)):
        raise Invalid("Nothing was saved.", {"columns": "Choose each field at most once."})
    if not {"serial", "model"} <= set(chosen):
        raise Invalid("Nothing was saved.", {"columns": "Choose which columns hold the serial and the model."})
    known = {site.name.casefold(): site.id for site in db.session.scalars(sites.sites_of(organization.id))}
    read = [(row, *_read(dict(zip(columns, row.cells, strict=True)), known)) for row in table.rows]
    keys = {serials.key(unit.serial) for _, unit, _ in read}
    taken = set(db.session.scalars(select(Asset.serial_key).where(among(Asset.serial_key, keys))))
    first: dict[str, int] = {}
    checked = tuple(
        Checked(row, unit, _repeated(unit, row.line, first, taken) | unit.mistakes() | mistakes)
        for row, unit, mistakes in read
    )
    return Looked(checked, _new_models(checked))


def take(organization: Organization, units: Sequence[Unit]) -> list[Asset]:
    """Put all of them on record, or none.

    Raises:
        Conflict: a serial came on record meanwhile.
    """
    try:
        with db.session.begin_nested():
            made = [equipment.described(Asset(organization_id=organization.id), unit) for unit in units]
            db.session.add_all(made)
            db.session.flush()
    except IntegrityError as error:
        raise Conflict("One of these serials came on record meanwhile. Look at the file again.") from error
    return made


def _read(cells: Mapping[str, str], known: Mapping[str, int]) -> tuple[Unit, dict[str, str]]:
    wrong: dict[str, str] = {}
    months = cells.get("service_months", "")
    if months and not (months.isascii() and months.isdecimal() and len(months) < 6):
        wrong["service_months"] = "Enter a whole number of months."
    site = cells.get("site", "")
    if site and site.casefold() not in known:
        wrong["site"] = f"This customer has no site called {site[:60]}. Make it first."
    serial, model, maker, kind, place = (cells.get(name, "") for name in _TEXTS)
    unit = Unit(
        serial=serial,
        model=model,
        maker=maker,
        kind=kind,
        place=place,
        site_id=known.get(site.casefold()),
        service_months=int(months) if months and "service_months" not in wrong else None,
        parts=(),
        **{name: _day(cells.get(name, ""), name, wrong) for name in _DAYS},
    )
    return unit, wrong


def _day(cell: str, name: str, wrong: dict[str, str]) -> date | None:
    """2024-03-14, or 14.03.2024; with strokes nobody knows which is the month."""
    if not cell:
        return None
    parts = cell.split(".")
    written = "-".join(reversed(parts)) if len(parts) == 3 else cell
    try:
        year, month, day = (int(part) for part in written.split("-"))
        found = date(year, month, day)
    except ValueError:
        wrong[name] = _NO_DAY
        return None
    if found.year not in _YEARS:
        wrong[name] = "Choose a day between 1900 and 2200."
    return found


def _repeated(unit: Unit, line: int, first: dict[str, int], taken: set[str]) -> dict[str, str]:
    key = serials.key(unit.serial)
    if not key:
        return {}
    if key in taken:
        return {"serial": "This serial is on record already. One serial stands for one unit."}
    before = first.setdefault(key, line)
    return {"serial": f"Line {before} has this serial too."} if before != line else {}


def _new_models(checked: Sequence[Checked]) -> tuple[str, ...]:
    named = {one.unit.model.casefold(): one.unit.model for one in checked if not one.mistakes}
    model = func.lower(Asset.model, type_=String)
    rows = select(model).where(among(model, [*named])).distinct()
    known = {one.casefold() for one in db.session.scalars(rows)}
    return tuple(sorted(named[key] for key in named.keys() - known))
