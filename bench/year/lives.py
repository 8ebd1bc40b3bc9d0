"""What happens to tickets, made up at random but as the product would have told it; no database here.

Each life is its ticket's last state, its messages, its events in order, and how it stood before each change of hands.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

from bench.year import splits, visits
from bench.year.house import AGENTS, BEGIN, END, TEAMS, TOPICS, Customer, House
from bench.year.life import CLOSED, ON_HOLD, OPEN, PENDING, RESOLVED, Life, Said

_CHANNELS = ("email",) * 10 + ("form", "form", "chat", "chat", "phone", "phone", "slack", "device")
_FOR_LONG = timedelta(days=20)


class Lives:
    """Makes lives; the same seed makes the same ones."""

    def __init__(self, house: House, tickets: int, seed: int) -> None:
        self._house, self._many = house, tickets
        self._chance = random.Random(seed)
        self._ids, self._words, self._merges = count(1), count(1), count(1)
        self._parted: list[Life] = []
        """Made of messages of those that are being told."""

    def all(self) -> Iterator[list[Life]]:
        """Ticket by ticket in the order of arrival; several where one was merged into another, or made of it."""
        made = 0
        while made < self._many:
            at = self._arrival(made / self._many)
            found = self._pair(at) if self._chance.random() < 0.03 and at < END - timedelta(days=5) else [self._one(at)]
            found, self._parted = [*found, *self._parted], []
            made += len(found)
            yield found

    def _arrival(self, place: float) -> datetime:
        """Mostly in the daytime of working days, but at all hours too."""
        at = BEGIN + place * (END - BEGIN)
        if self._chance.random() < 0.7:
            at = at.replace(hour=self._chance.choice((13, 14, 15, 15, 16, 18, 19, 20, 21)))
            at -= timedelta(days=max(0, at.weekday() - 4))
        at = at.replace(minute=self._chance.randrange(60), second=self._chance.randrange(60), microsecond=0)
        at += timedelta(microseconds=self._chance.choice((0, 0, self._chance.randrange(1_000_000))))
        return min(max(at, BEGIN), END - timedelta(minutes=1))

    def _new(self, at: datetime, customer: Customer) -> Life:
        chance = self._chance
        life = Life(next(self._ids), customer, chance.choice(customer.contacts), at, chance.choice(_CHANNELS))
        life.team = chance.choice((None, *range(1, TEAMS + 1)))
        life.tags = tuple(sorted(chance.sample(range(1, TOPICS + 1), chance.choice((0, 0, 1, 1, 1, 2, 3)))))
        if customer.assets and chance.random() < 0.4:
            chosen = chance.sample(customer.assets, min(len(customer.assets), chance.choice((1, 1, 2))))
            life.assets = tuple((one, chance.choice(("confirmed", "confirmed", "guess"))) for one in sorted(chosen))
        return life

    def _somebody(self) -> Customer:
        """Few customers write most."""
        return self._house.customers[int(len(self._house.customers) * self._chance.random() ** 2)]

    def _one(self, at: datetime) -> Life:
        life = self._new(at, self._somebody())
        begins: Callable[[Life, datetime], None] = self._chance.choices(
            [self._asks, self._machine_writes, self._we_begin], [92, 4, 4]
        )[0]
        begins(life, at)
        self._lives_on(life, at)
        return life

    def _pair(self, at: datetime) -> list[Life]:
        """Two tickets of one customer; the second becomes part of the first, for good or for a while."""
        chance = self._chance
        first = self._new(at, self._somebody())
        self._asks(first, at)
        second = self._new(at + self._gap(10), first.customer)
        second.contact = first.contact
        if chance.random() < 0.5:
            self._answers(first, at + chance.random() * (second.created_at - at))
        self._asks(second, second.created_at)
        then = _after(second.created_at + self._gap(4), second)
        if chance.random() < 0.3:
            self._answers(second, then)
        then = _after(_after(then + self._gap(2), first), second)
        if then >= END - timedelta(minutes=5):
            return [first, second]
        self._merge(second, first, then)
        if chance.random() < 0.15:
            self._part(second, first, then + timedelta(minutes=2))
            self._lives_on(second, then + timedelta(minutes=2))
        self._lives_on(first, then + timedelta(minutes=2))
        return [first, second]

    def _gap(self, hours: float) -> timedelta:
        return timedelta(seconds=5 + self._chance.expovariate(1 / (3600 * hours)))

    # How tickets begin.

    def _asks(self, life: Life, at: datetime) -> None:
        received = {}
        if life.channel == "email" and self._chance.random() < 0.1:
            received = {"received": (at - timedelta(seconds=self._chance.randrange(1, 1500))).isoformat()}
        message = self._write(life, at, contact=life.contact)
        life.tell("ticket.opened", at, contact=life.contact, message=message.id, team=life.team, **received)
        life.tell("message.received", at, contact=life.contact, message=message.id, automatic=False, **received)
        life.unheard = [message]

    def _machine_writes(self, life: Life, at: datetime) -> None:
        message = self._write(life, at, contact=life.contact, kind="auto_reply")
        told = {"contact": life.contact, "message": message.id}
        life.tell("ticket.opened", at, **told, team=life.team, automatic=True)  # type: ignore[arg-type]
        life.tell("message.received", at, **told, automatic=True)  # type: ignore[arg-type]

    def _we_begin(self, life: Life, at: datetime) -> None:
        life.agent = self._agent()
        life.tell("ticket.opened", at, agent=life.agent)
        life.team = None
        self._sends(life, at, life.agent)

    # What happens then.

    def _lives_on(self, life: Life, at: datetime) -> None:
        steps = self._chance.choice((1, 2, 3, 3, 4, 5, 6, 8))
        for _ in range(steps):
            at += self._gap(self._chance.choice((0.1, 0.5, 2, 8, 30)))
            at = _after(at, life)
            if at >= END or life.spam_at is not None:
                return
            self._step(life, at)
        at = _after(at + self._gap(20), life)
        if at < END - _FOR_LONG and life.status < RESOLVED and life.spam_at is None and self._chance.random() < 0.95:
            self._done(life, at)

    def _step(self, life: Life, at: datetime) -> None:
        verbs = _WHEN_DONE if life.status >= RESOLVED else _WHEN_WAITING if life.status > OPEN else _WHEN_OPEN
        name = self._chance.choices(list(verbs), list(verbs.values()))[0]
        getattr(self, f"_{name}")(life, at)

    def _nothing(self, life: Life, at: datetime) -> None:
        """Days go by."""

    def _write(self, life: Life, at: datetime, *, contact: int | None = None, agent: int | None = None,
               kind: str = "message", direction: str = "in") -> Said:  # fmt: skip
        made = Said(next(self._words), life.id, direction, kind, life.channel, contact, agent, at)
        life.said.append(made)
        return made

    def _writes(self, life: Life, at: datetime) -> None:
        """The customer, now and then by another channel; what is done or waits for them is opened again."""
        if self._chance.random() < 0.1:
            life.write_by(at, self._chance.choice(_CHANNELS))
        message = self._write(life, at, contact=life.contact)
        if life.status != OPEN:
            self._opens(life, at, contact=life.contact)
        life.tell("message.received", at, contact=life.contact, message=message.id, automatic=False)
        life.unheard.append(message)

    def _machine_answers(self, life: Life, at: datetime) -> None:
        message = self._write(life, at, contact=life.contact, kind="auto_reply")
        life.tell("message.received", at, contact=life.contact, message=message.id, automatic=True)

    def _sends(self, life: Life, at: datetime, agent: int) -> Said:
        message = self._write(life, at, agent=agent, direction="out")
        if life.agent is None:
            life.hand(at, team=life.team, agent=agent)
        life.tell("message.sent", at, agent=agent, message=message.id, before=life.standing())
        return message

    def _answers(self, life: Life, at: datetime) -> None:
        """It may come back from everybody, or be taken back at once; then nobody has answered."""
        agent = life.agent if life.agent is not None and self._chance.random() < 0.8 else self._agent()
        was_held = life.agent is not None
        message = self._sends(life, at, agent)
        fate = self._chance.random()
        if fate < 0.02 and at + timedelta(minutes=9) < END:
            life.tell("delivery.failed", at + timedelta(minutes=self._chance.randrange(1, 9)), message=message.id,
                      reached=False)  # fmt: skip
        elif fate < 0.04 and was_held:
            life.tell("message.unsent", at + timedelta(seconds=4), agent=agent, message=message.id)
        else:
            life.tell("delivery.sent", at + timedelta(seconds=12), message=message.id, reached=True)
            life.unheard = []

    def _answers_and_ends(self, life: Life, at: datetime) -> None:
        self._answers(life, at)
        self._ends(life, life.told[-1].at, life.agent)

    def _answers_and_waits(self, life: Life, at: datetime) -> None:
        self._answers(life, at)
        self._waits(life, life.told[-1].at)

    def _speaks(self, life: Life, at: datetime) -> None:
        """By telephone, which somebody notes and so takes the ticket of nobody; or in the channel itself."""
        agent = self._agent() if self._chance.random() < 0.5 else None
        message = self._write(life, at, agent=agent, direction="out")
        if life.agent is None and agent is not None:
            life.hand(at, team=life.team, agent=agent)
        life.tell("message.overheard", at, agent=agent, message=message.id)
        life.unheard = []

    def _notes(self, life: Life, at: datetime) -> None:
        agent = self._agent()
        message = self._write(life, at, agent=agent, direction="note")
        life.tell("note.added", at, agent=agent, message=message.id)

    def _waits(self, life: Life, at: datetime) -> None:
        whom = self._chance.choice(("customer", "customer", "customer", "part", "someone"))
        life.tell("ticket.waiting", at, agent=life.agent or self._agent(), before=life.waiting_for, after=whom)
        life.status, life.waiting_for = PENDING if whom == "customer" else ON_HOLD, whom

    def _goes_on(self, life: Life, at: datetime) -> None:
        self._opens(life, at, agent=self._agent())

    def _hurries(self, life: Life, at: datetime) -> None:
        after = self._chance.choice([one for one in (1, 2, 3, 4, 4) if one != life.priority])
        life.tell("ticket.prioritised", at, agent=self._agent(), before=life.priority, after=after)
        life.priority = after

    def _hands(self, life: Life, at: datetime) -> None:
        team = self._chance.choice([one for one in (None, *range(1, TEAMS + 1)) if one != life.team])
        before, owner = life.team, life.agent
        life.hand(at, team=team, agent=None)
        life.tell("ticket.handed", at, agent=self._agent(), before=before, after=team, assignee=owner,
                  team=f"Team {team}" if team else "")  # fmt: skip

    def _assigns(self, life: Life, at: datetime) -> None:
        agent = self._chance.choice([one for one in (None, *range(1, AGENTS + 1)) if one != life.agent])
        before = life.agent
        life.hand(at, team=life.team, agent=agent)
        life.tell("ticket.assigned", at, agent=self._agent(), before=before, after=agent)

    def _done(self, life: Life, at: datetime) -> None:
        self._ends(life, at, life.agent or self._agent())

    def _ends(self, life: Life, at: datetime, agent: int | None) -> None:
        life.tell("ticket.resolved", at, agent=agent, before=life.standing())
        life.status, life.waiting_for, life.resolved_at, life.unheard = RESOLVED, "", at, []

    def _done_by_mistake(self, life: Life, at: datetime) -> None:
        """Undone by who did it, within the half minute or a little later."""
        agent, heard = self._agent(), list(life.unheard)
        self._ends(life, at, agent)
        undone = at + timedelta(seconds=self._chance.choice((5, 20, 30, 40)))
        if undone < END:
            self._opens(life, undone, agent=agent)
            life.unheard = heard

    def _opens(self, life: Life, at: datetime, *, agent: int | None = None, contact: int | None = None) -> None:
        life.tell("ticket.reopened", at, agent=agent, contact=contact, before=life.standing())
        life.status, life.waiting_for, life.resolved_at = OPEN, "", None

    def _is_unwanted(self, life: Life, at: datetime) -> None:
        life.tell("ticket.spammed", at, agent=self._agent(), spam=True)
        back = at + self._gap(12)
        if self._chance.random() < 0.3 and back < END:
            life.tell("ticket.spammed", back, agent=self._agent(), spam=False)
        else:
            life.spam_at = at

    # Two become one.

    def _merge(self, source: Life, target: Life, at: datetime) -> None:
        agent = self._agent()
        sides = {"merge": f"{next(self._merges):08x}", "source": 1000 + source.id, "target": 1000 + target.id}
        before, waiting = target.standing(), target.unheard[0].at.isoformat() if target.unheard else None
        words = {"heard": [[one.id, one.at.isoformat()] for one in source.unheard], "answered": []}
        if source.unheard and target.status != OPEN:
            self._opens(target, at, agent=agent)
        target.tell("ticket.absorbed", at, agent=agent, **sides, before=before, waiting=waiting, **words,
                    messages=[one.id for one in source.said], followers=[])  # fmt: skip
        source.tell("ticket.merged", at, agent=agent, **sides, before=source.standing() | {"resolved": None})
        source.merged_into, source.status, source.resolved_at, source.waiting_for = target.id, CLOSED, at, ""
        for one in source.said:
            one.ticket = target.id
        target.absorbed.append(source)

    def _part(self, source: Life, target: Life, at: datetime) -> None:
        merged = source.told[-1].data
        sides = {name: merged[name] for name in ("merge", "source", "target")}
        agent = self._agent()
        for life in (target, source):
            life.tell("ticket.unmerged", at, agent=agent, **sides)
        before = merged["before"]
        source.merged_into, source.resolved_at = None, None
        source.status, source.waiting_for = before["status"], before["for"]
        for one in source.said:
            one.ticket = source.id
        target.absorbed.remove(source)

    # One becomes two.

    def _splits(self, life: Life, at: datetime) -> None:
        """A message, or it and all after it."""
        may = splits.may_begin(life)
        if not may:
            return
        first = self._chance.choice(may)
        moved = [first] if self._chance.random() < 0.5 else splits.from_here(life, first)
        child = Life(next(self._ids), life.customer, first.contact or life.contact, first.at, life.channel, life.team,
                     life.agent, priority=life.priority, parted_at=at)  # fmt: skip
        splits.split(life, moved, child, at, by=self._agent())
        self._parted.append(child)
        self._lives_on(child, at)

    def _visits(self, life: Life, at: datetime) -> None:
        """What an engineer does comes soon after one another, mostly."""
        for _ in range(self._chance.choice((1, 2, 3, 4))):
            visits.go_on(life, at, self._chance, by=self._agent())
            at = _after(at + self._gap(3), life)
            if at >= END:
                return

    def _says(self, life: Life, at: datetime) -> None:
        """It runs again, or a plan is agreed; or not so."""
        kind = self._chance.choice(("ticket.restored", "ticket.restored", "ticket.planned"))
        life.says[kind] = not life.says.get(kind, False)
        life.tell(kind, at, agent=self._agent(), on=life.says[kind])

    def _agent(self) -> int:
        return self._chance.randrange(2, AGENTS + 1)


def _after(at: datetime, life: Life) -> datetime:
    """Not before what was told of it last."""
    return max(at, life.told[-1].at + timedelta(seconds=1))


_WHEN_OPEN = {
    "answers": 40, "answers_and_ends": 8, "answers_and_waits": 10, "writes": 10, "hands": 8, "assigns": 7, "done": 9,
    "hurries": 6, "notes": 3, "waits": 3, "speaks": 4, "is_unwanted": 2, "done_by_mistake": 2, "machine_answers": 2,
    "splits": 8, "visits": 8, "says": 9,
}  # fmt: skip
_WHEN_WAITING = {"writes": 55, "done": 15, "answers": 8, "goes_on": 6, "hands": 5, "machine_answers": 4, "notes": 3,
                 "splits": 5, "visits": 8, "says": 4}  # fmt: skip
_WHEN_DONE = {
    "nothing": 70,
    "writes": 18,
    "goes_on": 5,
    "machine_answers": 4,
    "notes": 3,
    "splits": 2,
    "visits": 1,
    "says": 1,
}
