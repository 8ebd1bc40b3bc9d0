"""The form of a rota: what is typed becomes details and a spec, and back; rows come and go by buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from helpdesk.db import Json
from sla.oncall.editing import Details
from sla.web import rotatyped

MOST_TURNS, MOST_PEOPLE = 10, 40
UNITS = (("hourly", "hours"), ("daily", "days"), ("weekly", "weeks"), ("monthly", "months"))
LANES = ((1, "First"), (2, "Backup"), (3, "Second backup"))
FALLBACKS = (("", "Nobody"), ("call", "by call"), ("sms", "by text"), ("email", "by mail"))


@dataclass(frozen=True, slots=True)
class Turns:
    """One rotation, as text. A place among the people holds an id, or several of a group joined by "+"."""

    name: str = ""
    lane: str = "1"
    unit: str = "weekly"
    length: str = "1"
    anchor: str = ""
    hand_over: str = "08:00"
    people: tuple[str, ...] = ("",)
    only: str = ""
    outside_office: bool = False


@dataclass(frozen=True, slots=True)
class Values:
    """Everything in the form, as text."""

    name: str = ""
    team_id: str = ""
    calendar_id: str = ""
    zone: str = ""
    fallback_name: str = ""
    fallback_kind: str = ""
    fallback_address: str = ""
    nights_running: str = ""
    hours_between: str = ""
    turns: tuple[Turns, ...] = (Turns(name="First"),)
    starts: str = "now"
    from_time: str = ""
    after: str = ""

    def details(self) -> Details:
        return Details(
            name=self.name,
            team_id=rotatyped.number(self.team_id),
            calendar_id=rotatyped.number(self.calendar_id),
            fallback_name=self.fallback_name if self.fallback_kind else "",
            fallback_kind=self.fallback_kind,
            fallback_address=self.fallback_address if self.fallback_kind else "",
        )

    def spec(self) -> Json:
        """As `sla.oncall.reading` reads it.

        Raises:
            Invalid: by field, what can be no spec.
        """
        numbers = {name: getattr(self, name) for name in ("nights_running", "hours_between")}
        rest = {name: _number(text) for name, text in numbers.items() if text}
        layers = [_layer(one, place) for place, one in enumerate(self.turns, 1)]
        return {"zone": self.zone, "layers": layers, **({"rest": rest} if rest else {})}


def typed(form: MultiDict[str, str]) -> Values:
    """The form as it was sent, whatever is in it."""

    def text(name: str, most: int = 200) -> str:
        return form.get(name, "").replace("\r\n", "\n").strip()[:most]

    count = min(rotatyped.number(text("turns")) or 0, MOST_TURNS)
    plain = {name: text(name) for name in Values.__slots__ if name != "turns"}
    return Values(**plain, turns=tuple(_turns(form, place) for place in range(1, count + 1)))


def pressed(values: Values, do: str) -> Values | None:
    """The form after a button that adds, moves or removes a row; None of any other button."""
    what, *rest = do.split(":")
    places = [rotatyped.number(one) or 0 for one in rest]
    turns = list(values.turns)
    if what == "turns" and len(turns) < MOST_TURNS:
        turns.append(Turns(name="", lane="2" if turns else "1", anchor=turns[0].anchor if turns else ""))
    elif what in {"drop", "person", "up", "leave"} and places and 1 <= places[0] <= len(turns):
        place = places[0] - 1
        if what == "drop":
            del turns[place]
        else:
            people = _rearranged(list(turns[place].people), what, places[1] if len(places) > 1 else 0)
            turns[place] = replace(turns[place], people=tuple(people))
    elif what not in {"turns", "again"}:
        return None
    return replace(values, turns=tuple(turns))


def stored(details: Details, spec: Mapping[str, Any], *, after: int) -> Values:
    """The form of what is saved."""
    rest = spec.get("rest", {})
    return Values(
        name=details.name,
        team_id=str(details.team_id or ""),
        calendar_id=str(details.calendar_id or ""),
        zone=spec["zone"],
        fallback_name=details.fallback_name,
        fallback_kind=details.fallback_kind,
        fallback_address=details.fallback_address,
        nights_running=str(rest.get("nights_running", "")),
        hours_between=str(rest.get("hours_between", "")),
        turns=tuple(_stored(one) for one in spec["layers"]),
        after=str(after),
    )


def carry(spec: Json, before: Mapping[str, Any]) -> Json:
    """The spec with what the form does not show taken over from the newest version, by the rotation's name."""
    known = {one["name"]: one for one in before.get("layers", [])}
    for layer in spec["layers"]:
        layer |= {key: known[layer["name"]][key] for key in ("start", "until") if key in known.get(layer["name"], {})}
    night = before.get("rest", {}).get("night")
    if night is not None and "rest" in spec:
        spec["rest"]["night"] = night
    return spec


def _rearranged(people: list[str], what: str, place: int) -> list[str]:
    if what == "person" and len(people) < MOST_PEOPLE:
        people.append("")
    elif what == "leave" and 1 <= place <= len(people):
        del people[place - 1]
    elif what == "up" and 2 <= place <= len(people):
        people[place - 2], people[place - 1] = people[place - 1], people[place - 2]
    return people


def _turns(form: MultiDict[str, str], place: int) -> Turns:
    def text(name: str, most: int = 200) -> str:
        return form.get(f"{name}_{place}", "").replace("\r\n", "\n").strip()[:most]

    return Turns(
        name=text("name"),
        lane=text("lane"),
        unit=text("unit"),
        length=text("length"),
        anchor=text("anchor"),
        hand_over=text("hand_over"),
        people=tuple(one[:200] for one in form.getlist(f"people_{place}")[:MOST_PEOPLE]),
        only=text("only", 5_000),
        outside_office=f"outside_{place}" in form,
    )


def _layer(turns: Turns, place: int) -> Json:
    at = f"layers.{place}"
    found: Json = {
        "name": turns.name,
        "participants": [_entry(one) for one in turns.people if one],
        "unit": turns.unit,
        "length": _number(turns.length),
        "anchor": rotatyped.day(turns.anchor, f"{at}.anchor"),
        "hand_over": turns.hand_over,
        "lane": _number(turns.lane),
    }
    only = rotatyped.only(turns.only, f"{at}.only")
    return found | ({"only": only} if only else {}) | ({"outside_office": True} if turns.outside_office else {})


def _entry(text: str) -> Any:
    ids = [_number(one) for one in text.split("+")]
    return ids[0] if len(ids) == 1 else ids


def _number(text: str) -> Any:
    """A number, or the text for the reader to refuse."""
    found = rotatyped.number(text)
    return text if found is None else found


def _stored(layer: Mapping[str, Any]) -> Turns:
    entries = [one if isinstance(one, list) else [one] for one in layer["participants"]]
    return Turns(
        name=layer["name"],
        lane=str(layer.get("lane", 1)),
        unit=layer["unit"],
        length=str(layer.get("length", 1)),
        anchor=layer["anchor"],
        hand_over=layer.get("hand_over", "00:00"),
        people=tuple("+".join(str(person) for person in entry) for entry in entries),
        only=rotatyped.only_text(layer.get("only", [])),
        outside_office=layer.get("outside_office", False),
    )
