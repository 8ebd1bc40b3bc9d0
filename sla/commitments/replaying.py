"""`flask sla replay`: one ticket's history in, every cycle of every clause with its ledger out.

The input is described with examples in docs/guides/promises.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sla.calendars import reading
from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.reading import Unreadable
from sla.calendars.timeline import Segment, Timeline
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle, Fact, Kind, Terms
from sla.commitments.ledger import ledger
from sla.commitments.metrics import METRICS

Json = dict[str, Any]

_PRIORITIES = ("low", "normal", "high", "urgent")
_WAITING = ("customer", "part", "someone", "")
KINDS: dict[str, Kind | None] = {
    "opened": "opened",
    "customer_message": "heard",
    "agent_reply": "answered",
    "note": None,
    "auto_reply": None,
    "waiting": "waits",
    "resolved": "resolved",
    "reopened": "reopened",
    "restored": "restored",
    "planned": "planned",
    "priority": "prioritised",
    "assigned": "assigned",
    "team": "handed_over",
    "spam": "spam",
    "merged_away": "merged",
    "merged_in": "absorbed",
    "split_off": "released",
    "dispatched": "dispatched",
    "on_site": "arrived",
    "refused": "refused",
    "suspended": "suspended",
    "policy": "promised",
    "calendar": "hours",
    "reply_failed": None,
}
"""Word in the input -> kind of fact; None changes no clock by itself."""
_MOST_EVENTS = 10_000


def replay(asked: Any) -> Json:
    """The cycles, or {"error": a sentence}; never raises, whatever was asked."""
    try:
        return _replay(asked)
    except (Unreadable, NoOpenTime) as error:
        return {"error": str(error)}
    except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as error:
        return {"error": f"The history cannot be read: {error}."}


def _replay(asked: Any) -> Json:
    if not isinstance(asked, Mapping):
        raise Unreadable("Give one object with policy, calendar and events.")
    around = _first_instant(asked)
    calendars = _calendars(asked, around)
    terms = _clauses(asked.get("policy"), calendars)
    facts = list(_facts(asked, terms, calendars, around))
    at = _instant(asked["at"], "at") if "at" in asked else max(fact.at for fact in facts)
    cycles = fold(facts, {name: Timeline([Segment(0, hours)]) for name, hours in calendars.items()}, at=at)
    return {"at": _text(at, UTC), "cycles": [_cycle(cycle, facts, at, asked) for cycle in cycles]}


def _calendars(asked: Mapping[str, Any], around: float) -> dict[str, Hours]:
    given = asked.get("calendars", {})
    if not isinstance(given, Mapping):
        raise Unreadable("calendars: give an object of names with their calendars.")
    named = {"": asked["calendar"], **given} if "calendar" in asked else dict(given)
    return {"always": _hours(_ALWAYS, around), **{str(name): _hours(one, around) for name, one in named.items()}}


_ALWAYS: Json = {"zone": "UTC", "hours": {day: [["00:00", "24:00"]] for day in reading.DAYS}}


def _hours(given: Any, around: float) -> Hours:
    return Hours(reading.rules(given), around=datetime.fromtimestamp(around, UTC).date())


def _clauses(given: Any, calendars: Mapping[str, Hours]) -> tuple[Terms, ...]:
    clauses = given.get("clauses") if isinstance(given, Mapping) else None
    if not isinstance(clauses, list) or not clauses:
        raise Unreadable("policy: give an object with clauses, at least one.")
    return tuple(_clause(one, i, calendars) for i, one in enumerate(clauses, 1))


def _clause(given: Any, number: int, calendars: Mapping[str, Hours]) -> Terms:
    field = f"policy.clauses[{number}]"
    if not isinstance(given, Mapping) or given.get("metric") not in METRICS:
        raise Unreadable(f"{field}.metric: give one of {', '.join(METRICS)}.")
    calendar = str(given.get("calendar", "" if "" in calendars else "always"))
    if calendar not in calendars:
        raise Unreadable(f"{field}.calendar: there is no calendar {calendar}.")
    pauses = given.get("pauses", [])
    if not isinstance(pauses, list) or not set(pauses) <= {"customer", "part", "someone"}:
        raise Unreadable(f"{field}.pauses: give a list of customer, part and someone.")
    targets = given.get("targets", {})
    if not isinstance(targets, Mapping) or not set(targets) <= set(_PRIORITIES):
        raise Unreadable(f"{field}.targets: give seconds by {', '.join(_PRIORITIES)}.")
    return Terms(
        clause=_number(given.get("id", number), f"{field}.id"),
        metric=str(given["metric"]),
        target=_number(given.get("target_seconds"), f"{field}.target_seconds"),
        calendar=calendar,
        targets={name: _number(value, f"{field}.targets.{name}") for name, value in targets.items()},
        pauses=frozenset(pauses),
        warn_percent=_number(given.get("warn_percent", 75), f"{field}.warn_percent"),
    )


def _facts(
    asked: Mapping[str, Any], terms: tuple[Terms, ...], calendars: Mapping[str, Hours], around: float
) -> list[Fact]:
    events = _events(asked)
    failed = {event.get("message") for event in events if event.get("kind") == "reply_failed"}
    facts: list[Fact] = []
    for i, event in enumerate(events, 1):
        field = f"events[{i}]"
        if event.get("kind") not in KINDS:
            raise Unreadable(f"{field}.kind: {event.get('kind')!r} is none of {', '.join(KINDS)}.")
        if KINDS[event["kind"]] is None or (event["kind"] == "agent_reply" and event.get("message", i) in failed):
            continue
        if not facts:
            facts.append(Fact(_instant(event.get("at"), f"{field}.at"), "promised", terms=terms))
        facts.append(_fact(event, field, calendars, around))
    if not facts:
        raise Unreadable("events: give at least one that a clock knows.")
    return facts


def _events(asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    events = asked.get("events")
    if not isinstance(events, list) or not all(isinstance(event, Mapping) for event in events):
        raise Unreadable("events: give a list of objects with at and kind.")
    if len(events) > _MOST_EVENTS:
        raise Unreadable(f"events: give at most {_MOST_EVENTS}.")
    return events


def _fact(event: Mapping[str, Any], field: str, calendars: Mapping[str, Hours], around: float) -> Fact:
    kind = KINDS[event["kind"]]
    assert kind is not None
    at = _instant(event.get("at"), f"{field}.at")
    since = _instant(event["since"], f"{field}.since") if "since" in event else at
    if kind in {"opened", "prioritised"} and event.get("priority", "normal") not in _PRIORITIES:
        raise Unreadable(f"{field}.priority: give one of {', '.join(_PRIORITIES)}.")
    if kind == "waits" and event.get("for", "") not in _WAITING:
        raise Unreadable(f"{field}.for: give customer, part, someone or nothing.")
    return Fact(
        at,
        kind,
        since=since,
        by_agent=event.get("by") == "agent",
        by_machine=event.get("by") == "machine",
        by_customer=event.get("by") == "customer",
        whom=str(event.get("for", "")),
        priority=str(event.get("priority", "normal")),
        team=_number(event.get("team", 0), f"{field}.team"),
        owned=bool(event.get("owned", kind == "assigned")),
        on=bool(event.get("on", True)),
        visit=str(event.get("visit", "")),
        heard=tuple(_instant(one, f"{field}.messages") for one in event.get("messages", [])),
        terms=_clauses(event.get("policy"), calendars) if kind == "promised" else (),
        piecewise=bool(event.get("piecewise", False)),
        retroactive=bool(event.get("retroactive", True)),
        calendar=str(event.get("name", "")),
        hours=_hours(event.get("calendar"), around) if kind == "hours" else None,
    )


def _cycle(cycle: Cycle, facts: list[Fact], at: float, asked: Mapping[str, Any]) -> Json:
    zone = cycle.timeline.at(at).rules.zone
    entries = ledger(cycle, facts, at=at, holidays=asked.get("holiday_names", {}))
    return {
        "clause": cycle.clause,
        "metric": cycle.metric,
        "cycle": cycle.number,
        "outcome": cycle.outcome,
        "target_seconds": cycle.target,
        "started": _text(cycle.started, zone),
        "due": _maybe(cycle.due, zone),
        "breaks": _maybe(cycle.breaks, zone),
        "warns": _maybe(cycle.warns, zone),
        "ended": _maybe(cycle.ended, zone),
        "broken": _maybe(cycle.broken, zone),
        "broken_on_change": cycle.on_change,
        "elapsed_seconds": _whole(cycle.elapsed),
        "paused_seconds": _whole(cycle.paused),
        "ledger": [
            {
                "from": _text(entry.start, zone),
                "to": _text(entry.end, zone),
                "kind": entry.kind,
                "seconds": _whole(entry.seconds),
                "left": _whole(entry.left),
                "why": entry.why,
            }
            for entry in entries
        ],
    }


def _first_instant(asked: Mapping[str, Any]) -> float:
    events = _events(asked)
    if not events:
        raise Unreadable("events: give at least one that a clock knows.")
    return _instant(events[0].get("at"), "events[1].at")


def _instant(text: Any, field: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{field}: {text!r} is not an instant like 2026-10-15T16:42:00-05:00.") from error
    if found.tzinfo is None or not 1900 <= found.year <= 2200:
        raise Unreadable(f"{field}: {text!r} needs an offset from UTC and a year from 1900 to 2200.")
    return found.timestamp()


def _number(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise Unreadable(f"{field}: give a whole number, not negative.")
    return value


def _maybe(instant: float | None, zone: Any) -> str | None:
    return None if instant is None else _text(instant, zone)


def _text(instant: float, zone: Any) -> str:
    there: ZoneInfo = zone
    return datetime.fromtimestamp(instant, UTC).astimezone(there).isoformat()


def _whole(seconds: float) -> int | float:
    return round(seconds) if abs(seconds - round(seconds)) < 1e-5 else round(seconds, 6)
