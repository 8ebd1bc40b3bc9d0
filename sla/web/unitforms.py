"""The forms of a unit, a warranty and a site: what was typed becomes an operation's input, and the other way round."""

from __future__ import annotations

from sla.assets.inputs import STARTS, Part, Place, Rule, Unit
from sla.assets.models import Asset, Site, Warranty
from sla.web.typed import Typed

_DAYS = ("purchased_on", "shipped_on", "installed_on", "manufactured_on", "serviced_on")
_TERMS = ("parts_months", "labour_months", "travel_months")


def unit(typed: Typed) -> Unit:
    """A unit; recommended parts are lines of `name; number; note`.

    Raises:
        Invalid: by field, what does not fit.
    """
    found = Unit(
        serial=typed.text("serial"),
        model=typed.text("model"),
        maker=typed.text("maker"),
        kind=typed.text("kind"),
        place=typed.text("place"),
        site_id=typed.id("site_id"),
        service_months=typed.number("service_months"),
        parts=tuple(_part(line) for line in typed.text("parts").splitlines() if line.strip()),
        **{name: typed.day(name) for name in _DAYS},
    )
    typed.done()
    return found


def written(asset: Asset) -> dict[str, str]:
    values = {name: getattr(asset, name) for name in ("serial", "model", "maker", "kind", "place")}
    days = {name: value.isoformat() if (value := getattr(asset, name)) else "" for name in _DAYS}
    parts = [Part(**part) for part in asset.parts.get("recommended", ())]
    return {
        **values,
        **days,
        "site_id": str(asset.site_id or ""),
        "service_months": str(asset.service_months or ""),
        "parts": "\n".join(f"{p.name}; {p.number}; {p.note}".rstrip("; ") for p in parts),
    }


def rule(typed: Typed) -> Rule:
    """A warranty; an empty term is not covered.

    Raises:
        Invalid: by field, what does not fit.
    """
    starts = typed.one_of("starts", STARTS, "install")
    found = Rule(
        name=typed.text("name"),
        starts=starts,
        starts_on=typed.day("starts_on") if starts == "date" else None,
        exclusions=typed.text("exclusions"),
        transferable=typed.is_on("transferable"),
        restarts_when_replaced=typed.is_on("restarts_when_replaced"),
        least_days_when_replaced=typed.number_or("least_days_when_replaced", 0),
        **{name: typed.number(name) for name in _TERMS},
    )
    typed.done()
    return found


def written_rule(warranty: Warranty) -> dict[str, str]:
    values = {name: "" if (value := getattr(warranty, name)) is None else str(value) for name in _TERMS}
    values |= {"name": warranty.name, "starts": warranty.starts, "exclusions": warranty.exclusions}
    values["starts_on"] = warranty.starts_on.isoformat() if warranty.starts_on else ""
    values["least_days_when_replaced"] = str(warranty.least_days_when_replaced or "")
    return values | {name: "on" for name in ("transferable", "restarts_when_replaced") if getattr(warranty, name)}


def place(typed: Typed) -> Place:
    return Place(typed.text("name"), typed.text("address"), typed.text("zone"))


def written_place(site: Site) -> dict[str, str]:
    return {"name": site.name, "address": site.address, "zone": site.zone}


def _part(line: str) -> Part:
    name, number, note, *_ = [*(piece.strip() for piece in line.split(";", 2)), "", "", ""]
    return Part(name, number, note)
