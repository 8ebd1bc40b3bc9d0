"""The form of an escalation policy: read from what was typed, written from what is stored, and what is offered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from helpdesk.db import db
from helpdesk.people.models import Agent, Team
from sla.escalations.plans import MOST_STEPS, Step, Target
from sla.escalations.policies import Said
from sla.oncall.models import OnCallSchedule, ScheduleVersion
from sla.web import escalationcover
from sla.web.amounts import length
from sla.web.typed import Typed

Values = MultiDict[str, str]
_TARGET = re.compile(r"(rota|agent|team|fallback):(\d{1,15})(?::(\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """One who may be rung."""

    value: str
    words: str


def read(form: Values) -> Said:
    """What was typed.

    Raises:
        Invalid: by field, what cannot be read.
    """
    typed = Typed(form)
    steps = tuple(_step(typed, place) for place in range(count(form)))
    said = Said(
        name=typed.text("name"),
        causes=tuple(form.getlist("causes")),
        runs=typed.text("runs"),
        steps=steps,
        metrics=tuple(form.getlist("metrics")),
        sources=tuple(form.getlist("sources")),
        priorities=typed.ids("priorities"),
        teams=typed.ids("teams"),
        policies=typed.ids("policies"),
        contracts=_contracts(typed),
        repeats=typed.number_or("repeats", 0),
        round=typed.seconds("round") or 0,
        remind=typed.seconds("remind") or 0,
        lapse=typed.seconds("lapse") or 0,
        urgent=typed.is_on("urgent"),
    )
    typed.done()
    return said


def write(said: Said) -> Values:
    """The fields that say it."""
    values: Values = MultiDict(
        {
            "name": said.name,
            "runs": said.runs,
            "repeats": str(said.repeats),
            "round": length(said.round) if said.round else "",
            "remind": length(said.remind) if said.remind else "",
            "lapse": length(said.lapse) if said.lapse else "",
            "steps": str(len(said.steps)),
        }
    )
    if said.urgent:
        values["urgent"] = "on"
    for name in ("causes", "metrics", "sources", "priorities", "teams", "policies"):
        values.setlist(name, [str(one) for one in getattr(said, name)])
    values.setlist("contracts", escalationcover.numbers(said.contracts))
    for place, step in enumerate(said.steps):
        values[f"step-{place}-after"] = length(step.after)
        values.setlist(f"step-{place}-whom", [_value(one) for one in step.targets])
        if step.tells_customer:
            values[f"step-{place}-tells"] = "on"
    return values


def blank(rota: str = "") -> Values:
    """One step at once; `rota` is the id of whose first it rings, where there is one."""
    first = Said("", ("warning", "break"), repeats=0)
    values = write(first)
    values["steps"], values["step-0-after"] = "1", "0 min"
    if _TARGET.fullmatch(f"rota:{rota}"):
        values["step-0-whom"] = f"rota:{rota}:1"
    return values


def count(form: Values) -> int:
    said = form.get("steps", "")
    return min(int(said), MOST_STEPS) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


def added(form: Values) -> Values:
    """With one more step to fill in."""
    values = MultiDict(form)
    place = count(form)
    if place < MOST_STEPS:
        values["steps"] = str(place + 1)
        values[f"step-{place}-after"] = ""
    return values


def more_agreements(form: Values) -> Values:
    """With one more line for an agreement."""
    values = MultiDict(form)
    values.setlist("contracts", [*filter(None, form.getlist("contracts")), "", ""])
    return values


def dropped(form: Values, gone: int) -> Values:
    """Without one of the steps."""
    values = MultiDict(form)
    last = count(form) - 1
    for place in range(gone, last + 1):
        for part in ("after", "whom", "tells"):
            values.setlist(f"step-{place}-{part}", form.getlist(f"step-{place + 1}-{part}") if place < last else [])
    values["steps"] = str(max(last, 0))
    return values


def whom() -> list[Choice]:
    """Everybody a step may ring."""
    found = []
    rotas = select(OnCallSchedule).where(OnCallSchedule.archived_at.is_(None)).order_by(OnCallSchedule.name)
    for rota in db.session.scalars(rotas):
        for lane in _lanes(rota.id):
            words = {1: "whoever is first", 2: "the backup"}.get(lane, f"lane {lane}")
            found.append(Choice(f"rota:{rota.id}:{lane}", f"{rota.name}: {words}"))
        if rota.fallback_kind:
            found.append(Choice(f"fallback:{rota.id}", f"{rota.name}: {rota.fallback_name or 'the duty phone'}"))
    people = select(Agent).where(Agent.deactivated_at.is_(None)).order_by(Agent.name)
    found += [Choice(f"agent:{one.id}", one.name) for one in db.session.scalars(people)]
    teams = db.session.scalars(select(Team).order_by(Team.name))
    return [*found, *(Choice(f"team:{one.id}", f"Everybody in {one.name}") for one in teams)]


def _lanes(schedule_id: int) -> list[int]:
    newest = select(ScheduleVersion.spec).where(ScheduleVersion.schedule_id == schedule_id)
    spec = db.session.scalar(newest.order_by(ScheduleVersion.number.desc()).limit(1)) or {}
    return sorted({int(layer.get("lane", 1)) for layer in spec.get("layers", ())}) or [1]


def _contracts(typed: Typed) -> tuple[int, ...]:
    """Agreements by number; a line that was left empty says nothing."""
    given = list(dict.fromkeys(one.strip() for one in typed.form.getlist("contracts") if one.strip()))
    known = escalationcover.ids(given)
    missing = [one for one in given if one not in known]
    if missing:
        typed.mistakes["contracts"] = f"There is no agreement {missing[0][:60]}."
    return tuple(known[one] for one in given if one in known)


def _step(typed: Typed, place: int) -> Step:
    name = f"step-{place}-whom"
    found = []
    for said in filter(None, dict.fromkeys(typed.form.getlist(name))):
        match = _TARGET.fullmatch(said)
        if match is None:
            typed.mistakes[name] = "Choose from the list."
            continue
        found.append(Target(match[1], int(match[2]), int(match[3] or 1)))  # type: ignore[arg-type]
    return Step(typed.seconds(f"step-{place}-after") or 0, tuple(found), typed.is_on(f"step-{place}-tells"))


def _value(target: Target) -> str:
    lane = f":{target.lane}" if target.kind == "rota" else ""
    return f"{target.kind}:{target.id}{lane}"
