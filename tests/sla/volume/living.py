"""Tickets lived through by the product's own verbs, as `tests/cases/volume.toml` tells them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from channels import settling
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.people.models import Agent, Brand, Team
from helpdesk.tickets import conversing, lifecycle, merging, splitting, triage, unsending
from helpdesk.tickets.inputs import Answer, NewTicket
from helpdesk.tickets.models import Message, Ticket
from sla.calendars.models import Calendar, CalendarVersion
from sla.policies.models import PolicyVersion
from tests.plugins.world import World
from tests.sla import promising

Step = tuple[str, ...]
WEEK: tuple[Step, ...] = (
    ("2026-11-20T16:50:00-05:00", "write", "friday"),
    ("2026-11-20T16:55:00-05:00", "hand", "friday", "Day"),
    ("2026-11-21T11:00:00-05:00", "write", "saturday"),
    ("2026-11-22T12:00:00-05:00", "reply", "saturday", "mei"),
    ("2026-11-23T09:10:00-05:00", "reply", "friday", "ben"),
    ("2026-11-23T09:15:00-05:00", "tag", "friday", "cooling leak"),
    ("2026-11-23T10:00:00-05:00", "done", "friday", "ben"),
    ("2026-11-23T10:30:00-05:00", "hand", "friday", "Night"),
    ("2026-11-24T09:00:00-05:00", "write", "friday"),
    ("2026-11-24T11:00:00-05:00", "automatic", "robot"),
    ("2026-11-25T10:00:00-05:00", "write", "new"),
)
"""In New York, up to a Wednesday morning; two replies, one of them on a Sunday."""


def lived(world: World, *more: Step) -> Days:
    """The week, with what else happened in it; whatever was there before is spam."""
    db.session.execute(update(Brand).values(zone="America/New_York"))
    for ticket in db.session.scalars(select(Ticket)):
        lifecycle.mark_spam(ticket, by=world.ben)
    made = Days(world)
    for step in sorted((*WEEK, *more)):
        made.live(*step)
    return made


class Days:
    """Who is there, the hours they keep, and the tickets by the names a case gives them."""

    def __init__(self, world: World, hours: dict[str, list[list[str]]] | None = None) -> None:
        self.world = world
        self.tickets: dict[str, Ticket] = {}
        rules = {**promising.OFFICE, **({"hours": hours} if hours else {})}
        self.calendar: Calendar = promising.calendar(rules=rules)
        self.policy: PolicyVersion = promising.policy(
            "Default", promising.clause("first_response", 7200, calendar_id=self.calendar.id)
        )
        db.session.commit()

    def live(self, at: str, verb: str, name: str, more: str = "") -> None:
        with travel(to=datetime.fromisoformat(at)):
            db.session.expire_all()
            getattr(self, f"_{verb}")(name, more)
            db.session.commit()

    def name_of(self, ticket_id: int) -> str:
        return next(name for name, ticket in self.tickets.items() if ticket.id == ticket_id)

    def agent(self, name: str) -> Agent:
        found: Agent = getattr(self.world, name)
        return found

    def _write(self, name: str, _: str, **more: str) -> None:
        words = self.world.words(f"About {name}", **more)
        if name not in self.tickets:
            self.tickets[name] = conversing.open_ticket(self.world.olive, words)
        conversing.receive(self.tickets[name], self.world.olive, words)

    def _automatic(self, name: str, _: str) -> None:
        self._write(name, "", kind="auto_reply")

    def _begin(self, name: str, by: str) -> None:
        new = NewTicket(
            address="olive@orchard-dairy.example", name="", subject=name, body="Hello.", client_id=name * 32,
            channel_id=self.world.support.id,
        )  # fmt: skip
        self.tickets[name] = conversing.write_first(new, by=self.agent(by))

    def _reply(self, name: str, by: str) -> None:
        conversing.reply(self.tickets[name], Answer(body="We are on our way."), by=self.agent(by))

    def _note(self, name: str, by: str) -> None:
        conversing.note(self.tickets[name], Answer(body="Look at the valve."), by=self.agent(by))

    def _done(self, name: str, by: str) -> None:
        lifecycle.resolve(self.tickets[name], by=self.agent(by))

    def _reopen(self, name: str, by: str) -> None:
        lifecycle.reopen(self.tickets[name], by=self.agent(by))

    def _spam(self, name: str, by: str) -> None:
        lifecycle.mark_spam(self.tickets[name], by=self.agent(by))

    def _unspam(self, name: str, by: str) -> None:
        lifecycle.unmark_spam(self.tickets[name], by=self.agent(by))

    def _merge(self, name: str, into: str) -> None:
        merging.merge(self.tickets[name], into=self.tickets[into], by=self.world.mei)

    def _unmerge(self, name: str, _: str) -> None:
        source = self.tickets[name]
        merging.part(source, target=db.session.get_one(Ticket, source.merged_into_id), by=self.world.mei)

    def _split(self, name: str, child: str) -> None:
        later = select(Message).where(Message.ticket_id == self.tickets[name].id, Message.direction == "in")
        first = db.session.scalars(later.order_by(Message.id.desc()).limit(1)).one()
        moved = splitting.from_here(first)
        self.tickets[child] = splitting.split(self.tickets[name], moved, subject=child, by=self.world.mei)

    def _assign(self, name: str, to: str) -> None:
        triage.assign(self.tickets[name], to=self.agent(to), by=self.world.mei)

    def _hand(self, name: str, to: str) -> None:
        triage.hand_over(self.tickets[name], to=self.team(to), by=self.world.mei)

    def team(self, name: str) -> Team:
        found = db.session.scalars(select(Team).where(Team.name == name)).one_or_none()
        if found is None:
            found = Team(name=name, brand_id=1)
            db.session.add(found)
            db.session.flush()
        return found

    def _tag(self, name: str, words: str) -> None:
        triage.tag(self.tickets[name], words.split(), by=self.world.mei)

    def _unsend(self, name: str, by: str) -> None:
        delivery = self._delivery(name)
        unsending.unsend(db.session.get_one(Message, delivery.message_id), delivery, by=self.agent(by))

    def _fail(self, name: str, _: str) -> None:
        self._settle(name, State.FAILED, "delivery.failed")

    def _deliver(self, name: str, _: str) -> None:
        self._settle(name, State.SENT, "delivery.sent")

    def _settle(self, name: str, state: State, kind: str) -> None:
        delivery = self._delivery(name)
        delivery.state = state
        for recipient in delivery.recipients:
            recipient.state = "accepted" if state == State.SENT else "refused"
        settling.announce(delivery, kind)

    def _delivery(self, name: str) -> Delivery:
        rows = select(Delivery).where(Delivery.ticket_id == self.tickets[name].id).order_by(Delivery.id.desc())
        return db.session.scalars(rows.limit(1)).one()

    def _hours(self, said: str, _: str) -> None:
        day, begins, ends = said.split()
        last = db.session.scalars(
            select(CalendarVersion).where(CalendarVersion.calendar_id == self.calendar.id).order_by(CalendarVersion.id)
        ).all()[-1]
        rules = {**last.rules, "hours": {**last.rules["hours"], day: [[begins, ends]]}}
        db.session.add(
            CalendarVersion(calendar_id=self.calendar.id, valid_from=now(), rules=rules, names={}, created_at=now())
        )

    def _around_the_clock(self, _name: str, _: str) -> None:
        made = PolicyVersion(
            policy_id=self.policy.policy_id, number=2, valid_from=now(), conditions={"all": []}, created_at=now()
        )
        made.clauses = [promising.clause("first_response", 3600)]
        db.session.add(made)
