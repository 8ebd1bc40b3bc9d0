"""The unit each ticket is about, in the same question that writes down the units that words name.

A unit is judged and forgotten, so it is read as an object of no session.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.db import Base, db
from sla.assets.models import Asset, Warranty


class About(NamedTuple):
    """The unit a ticket is about, with its warranties. `is_guess`: it was only read in the ticket's words."""

    asset: Asset
    is_guess: bool
    zone: str
    """Of its site; empty when unknown."""


class Name(NamedTuple):
    """What a customer's message names: perhaps the serial, as it is looked up, of one of their units."""

    message_id: int
    ticket_id: int
    organization_id: int | None
    key: str


def of(ticket_ids: Collection[int]) -> dict[int, About]:
    """The unit of each ticket: a confirmed one before a guess, the first named before later ones."""
    return _firsts(db.session.execute(_READ, {"tickets": list(ticket_ids)}))


def named(names: Sequence[Name], ticket_ids: Collection[int], at: datetime) -> tuple[dict[int, About], set[int]]:
    """Write down which message names which of its customer's units, of several the first.

    The unit of each of these tickets then, and all tickets on which one was not known yet.
    """
    asked = {"tickets": list(ticket_ids), "names": [one._asdict() for one in names], "at": at}
    rows = db.session.execute(_NAME, asked).all()
    return _firsts(rows), {row.ticket_id for row in rows if row.is_new}


def _firsts(rows: Iterable[Any]) -> dict[int, About]:
    """The first unit of each ticket; a row for each of its warranties."""
    found: dict[int, About] = {}
    for (ticket_id, _), each in groupby(rows, key=itemgetter(0, 1)):
        if ticket_id not in found:
            found[ticket_id] = _about(list(each))
    return found


def _about(rows: Sequence[Any]) -> About:
    first, ends = rows[0], _HEAD + len(_OF_ASSET)
    asset = Asset(**dict(zip(_OF_ASSET, first[_HEAD:ends], strict=True)))
    given = [Warranty(**dict(zip(_OF_WARRANTY, row[ends:], strict=True))) for row in rows if row[ends] is not None]
    set_committed_value(asset, "warranties", given)
    return About(asset, first.state == "guess", first.zone or "")


def _columns(model: type[Base]) -> list[str]:
    return [column.name for column in model.__table__.columns]


_HEAD = 5
_OF_ASSET, _OF_WARRANTY = _columns(Asset), _columns(Warranty)

_KNOWN = """
    SELECT ticket_id, asset_id, state, created_at, false AS is_new FROM ticket_asset
    WHERE ticket_id IN (SELECT CAST(jsonb_array_elements(:tickets) AS bigint)) AND state <> 'dismissed'
"""
_NEW = """
    INSERT INTO ticket_asset (ticket_id, asset_id, state, message_id, created_at)
    SELECT said.ticket_id, asset.id, 'guess', said.message_id, :at
    FROM jsonb_to_recordset(:names) AS said (message_id bigint, ticket_id bigint, organization_id bigint, key text)
    JOIN asset ON asset.serial_key = said.key AND asset.organization_id = said.organization_id
    ORDER BY said.message_id
    ON CONFLICT DO NOTHING RETURNING ticket_id, asset_id, state, created_at, true AS is_new
"""


def _question(before: str, found: str) -> TextClause:
    """Lists are JSON: for an array, however short, the server plans anew, which takes longer than the reading."""
    wanted = ", ".join([f"asset.{one}" for one in _OF_ASSET] + [f"warranty.{one}" for one in _OF_WARRANTY])
    return text(
        f"{before} SELECT ticket_id, found.asset_id, state, is_new, site.zone, {wanted} FROM ({found}) AS found"  # noqa: S608 - columns of ours
        " JOIN asset ON asset.id = found.asset_id LEFT JOIN site ON site.id = asset.site_id"
        " LEFT JOIN warranty ON warranty.asset_id = asset.id"
        " ORDER BY ticket_id, state, found.created_at, found.asset_id, warranty.id"
    ).bindparams(bindparam("tickets", type_=JSONB))


_READ = _question("", _KNOWN)
_NAME = _question(f"WITH new AS ({_NEW})", f"TABLE new UNION ALL {_KNOWN}").bindparams(bindparam("names", type_=JSONB))
