"""Suspended agreements as open tickets are told of them, and told again when they go on or are cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bench.year.house import Paused
from bench.year.life import Life, Told

_SHUT = {"ticket.resolved": True, "ticket.reopened": False, "ticket.merged": True, "ticket.unmerged": False}


def tell(lives: Mapping[int, Life], covers: Mapping[int, int]) -> None:
    """`covers`: the agreement, by ticket, of those that have one."""
    for key, contract in covers.items():
        for one in lives[key].customer.paused:
            if one.contract == contract and one.is_told and _is_open(lives[key], one.since):
                _insert(lives[key], one, "agreement.suspended", one.since)
                _insert(lives[key], one, "agreement.resumed", one.until)


def _is_open(life: Life, at: datetime) -> bool:
    """There is such a ticket, and it is neither done nor unwanted."""
    shut = unwanted = False
    for told in life.told:
        if told.at <= at:
            shut = _SHUT.get(told.kind, shut)
            unwanted = told.data["spam"] if told.kind == "ticket.spammed" else unwanted
    return life.began_at <= at and not shut and not unwanted


def _insert(life: Life, one: Paused, kind: str, at: datetime) -> None:
    place = next((place for place, told in enumerate(life.told) if told.at > at), len(life.told))
    life.told.insert(place, Told(life.id, kind, at, None, None, None, {"contract": one.contract, "name": "Suspended"}))
