"""People ask each other: swap a shift, fill a gap, answer what they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db, one
from helpdesk.errors import Conflict, DomainError, Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.agents import active_agents
from helpdesk.web.rendering import page, zone_of
from sla.oncall import asking, gaps, overriding
from sla.oncall.asking import Wanted
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.feeding import lane_in_words
from sla.oncall.instants import utc
from sla.oncall.models import OnCallRequest, OnCallSchedule
from sla.oncall.overriding import Change
from sla.oncall.wording import Walls
from sla.web import rotaasks, rotapages, rotas, rotatyped
from sla.web.managers import manages

bp = Blueprint("rota_swaps", __name__, url_prefix="/on-call")

_MOST = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """A shift to come: "lane-person-start-end", in words, and whose it is."""

    key: str
    words: str
    person: int


@dataclass(frozen=True, slots=True)
class Chosen:
    lane: int
    person: int
    starts_at: datetime
    ends_at: datetime


@bp.get("/<int:schedule_id>/swap")
@agents_only
def swap(schedule_id: int) -> str:
    return _form(rotas.find(schedule_id), request.args.get("shift", ""))


@bp.post("/<int:schedule_id>/swap")
@agents_only
def ask_swap(schedule_id: int) -> Response | tuple[str, int]:
    """Ask people; a manager may have it done at once."""
    schedule, agent = rotas.find(schedule_id), current_agent()
    people = _people()
    try:
        given, back = _chosen(request.form.get("shift", ""), "shift"), request.form.get("back", "")
        if given.person != agent.id and not manages(agent):
            raise NotAllowed("Only managers give away other people’s shifts. Swap one of yours.")
        returned = _chosen(back, "back") if back else None
        if people and returned is not None and returned.person not in people:
            raise Invalid(NOTHING_SAVED, {"back": "This shift is not theirs. Choose one of whoever takes yours."})
        if request.form.get("do") == "now":
            _at_once(schedule, given, returned, people)
        else:
            _ask(schedule, given, returned, people)
    except DomainError as error:
        return _again(schedule_id, error)
    db.session.commit()
    return rotas.said(schedule_id, "agreed" if request.form.get("do") == "now" else "asked")


@bp.post("/<int:schedule_id>/asks")
@agents_only
def ask_gap(schedule_id: int) -> Response | tuple[str, int]:
    """Ask people to fill a gap."""
    schedule = rotas.find(schedule_id)
    gap = [rotatyped.number(part) for part in request.form.get("gap", "").split("-")]
    if len(gap) != 3 or any(part is None or part > 2**33 for part in gap):
        raise Invalid("Choose the gap on the page of the rota.")
    lane, start, end = (int(part or 0) for part in gap)
    try:
        asking.ask(schedule, Wanted(lane, utc(start), utc(end)), _people(), by=current_agent())
    except (Conflict, Invalid) as error:
        return rotas.refused(schedule_id, error)
    db.session.commit()
    return rotas.said(schedule_id, "asked")


@bp.get("/asks/<int:request_id>")
@agents_only
def asked(request_id: int) -> str:
    return _asked(_find(request_id))


@bp.post("/asks/<int:request_id>")
@agents_only
def answer(request_id: int) -> Response | tuple[str, int]:
    found, agent = _find(request_id), current_agent()
    how = request.form.get("answer", "")
    try:
        if how == "yes":
            asking.take(found, by=agent)
        elif how == "withdraw":
            if agent.id != found.asked_by_id and not manages(agent):
                raise NotAllowed("Only who asked, or a manager, takes the question back.")
            asking.withdraw(found)
        else:
            asking.decline(found, by=agent)
    except DomainError as error:
        db.session.rollback()
        return _asked(_find(request_id), message=error.message), error.status
    db.session.commit()
    said = {"yes": "taken", "withdraw": "withdrawn"}.get(how, "declined")
    return redirect(f"/on-call/{found.schedule_id}?said={said}", 303)


def _ask(schedule: OnCallSchedule, given: Chosen, back: Chosen | None, people: Sequence[int]) -> None:
    if back is not None and back.lane != given.lane:
        raise Invalid(NOTHING_SAVED, {"back": "Ask for a shift of the same lane in return."})
    span = (back.starts_at, back.ends_at) if back is not None else None
    wanted = Wanted(given.lane, given.starts_at, given.ends_at, given.person, span)
    asking.ask(schedule, wanted, people, by=current_agent())


def _at_once(schedule: OnCallSchedule, given: Chosen, back: Chosen | None, people: Sequence[int]) -> None:
    if not manages(current_agent()):
        raise NotAllowed("Only managers swap without asking.")
    if len(people) != 1:
        raise Invalid(NOTHING_SAVED, {"ask": "Choose the one who takes it."})
    at = now()
    swapped = [Change("swap", max(given.starts_at, at), given.ends_at, given.lane, people[0], given.person)]
    if back is not None:
        swapped.append(Change("swap", back.starts_at, back.ends_at, back.lane, given.person, back.person))
    overriding.agree(schedule, *swapped, by=current_agent())


def _chosen(text: str, field: str) -> Chosen:
    parts = [rotatyped.number(part) for part in text.split("-")]
    if len(parts) != 4 or any(part is None or part > 2**33 for part in parts):
        raise Invalid(NOTHING_SAVED, {field: "Choose a shift."})
    lane, person, start, end = (int(part or 0) for part in parts)
    if end <= start:
        raise Invalid(NOTHING_SAVED, {field: "Choose a shift."})
    return Chosen(lane, person, utc(start), utc(end))


def _people() -> list[int]:
    found = [rotatyped.number(each) for each in request.form.getlist("ask")[:100]]
    return [each for each in found if each is not None]


def _find(request_id: int) -> OnCallRequest:
    return one(select(OnCallRequest).where(OnCallRequest.id == request_id), what="request")


def _again(schedule_id: int, error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    shift, back = (request.form.get(name, "") for name in ("shift", "back"))
    again = _form(rotas.find(schedule_id), shift, back=back, errors=error.fields, message=error.message)
    return again, error.status


def _asked(found: OnCallRequest, message: str = "") -> str:
    schedule = rotas.find(found.schedule_id)
    rota = rotapages.load_rota(schedule.id, int(now().timestamp()))
    own = zone_of(current_agent())
    walls = Walls(own, rota.said(int(now().timestamp())).zone if rota is not None else own)
    names = rotapages.everybody()
    return page(
        "sla/oncall/ask.html",
        section="oncall",
        schedule=schedule,
        request_=found,
        ask=rotaasks.said(found, names, walls),
        names=names,
        message=message,
    )


def _form(
    schedule: OnCallSchedule,
    shift: str,
    *,
    back: str = "",
    errors: dict[str, str] | None = None,
    message: str = "",
) -> str:
    agent = current_agent()
    choices = _choices(schedule)
    known = [each for each in choices if each.person == agent.id or manages(agent)]
    known.sort(key=lambda each: each.person != agent.id)
    return page(
        "sla/oncall/swap.html",
        section="oncall",
        schedule=schedule,
        choices=known,
        returns=[each for each in choices if each.key != shift],
        shift=shift,
        back=back,
        people=db.session.scalars(active_agents()).all(),
        chosen=_people() if request.method == "POST" else [],
        manages=manages(agent),
        errors=errors or {},
        message=message,
    )


def _choices(schedule: OnCallSchedule) -> list[Choice]:
    """The shifts of four weeks; one that runs is what is left of it."""
    at = int(now().timestamp())
    rota = rotapages.load_rota(schedule.id, at)
    if rota is None:
        return []
    names, walls = rotapages.everybody(), Walls(zone_of(current_agent()), rota.said(at).zone)
    found = [each for each in rota.shifts(at, at + 3 * gaps.AHEAD) if each.start < at + 2 * gaps.AHEAD]
    return [
        Choice(
            f"{each.lane}-{each.person}-{each.start}-{each.end}",
            f"{names.get(int(each.person), '?')}, {lane_in_words(each.lane)}, {walls.span(each.start, each.end)}",
            int(each.person),
        )
        for each in found[:_MOST]
    ]
