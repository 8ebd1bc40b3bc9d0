"""From a provider's call to a committed ticket, channel by channel, in turns with the same way of a mail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import func, select

from bench import corpus, intake
from bench.ground import Ground, app_on, direct
from bench.meter import Spent, measured, median, quiet
from bench.seeding import base
from bench.table import Line
from channels.intake import process_waiting
from channels.models import Inbound
from helpdesk.db import db
from tests.channels.contract.bench import Said
from tests.faults.calls import SOURCES, Call, said
from tests.faults.hooked import KEYS, plant

ROUND = 100
_JOINING = 0.32
"""So many events, as of the mails, continue what was begun."""
_WORDS = 40
_NOWHERE = "http://127.0.0.1:9"
"""Nobody is asked anything while events are filed."""


@dataclass
class _Rounds:
    """What each round took, of the mails (by the name mail) and of each source."""

    app: Flask
    postmaster: int | None
    spent: dict[str, list[Spent]] = field(default_factory=dict)
    taking: dict[str, list[Spent]] = field(default_factory=dict)
    """The part of it in which calls were answered."""
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    told: dict[str, list[Said]] = field(default_factory=dict)

    def mail(self, number: int) -> None:
        raws = corpus.mails(ROUND, seed=number, domain=f"r{number}.example")
        with self.app.app_context(), measured(self.postmaster) as spent:
            intake.file(raws, f"hooks.{number}")
        self.spent.setdefault("mail", []).append(spent)

    def call(self, source: str) -> None:
        calls = [Call(0, source, SOURCES[source].message(self._next(source))) for _ in range(ROUND)]
        signed = [(call, call.headers()) for call in calls]
        with measured(self.postmaster) as spent:
            client = self.app.test_client()
            with measured(self.postmaster) as taking:
                taken = [client.post(call.path, data=call.raw, headers=headers).status_code for call, headers in signed]
            with self.app.app_context():
                while process_waiting():
                    db.session.remove()
        if set(taken) != {200}:
            raise RuntimeError(f"calls of {source} were answered {sorted(set(taken))}")
        self.spent.setdefault(source, []).append(spent)
        self.taking.setdefault(source, []).append(taking)

    def forget(self) -> None:
        self.spent.clear()
        self.taking.clear()

    def _next(self, source: str) -> Said:
        earlier = self.told.setdefault(source, [])
        joins = bool(earlier) and self.chance.random() < _JOINING
        chat = self.chance.choice(earlier[-300:]).chat if joins else 10_000 + len(earlier)
        words = " ".join(self.chance.choices(corpus.WORDS, k=_WORDS))
        earlier.append(said(source, len(earlier) + 1, words, chat))
        return earlier[-1]


def lines(place: Ground, *, rounds: int) -> Iterator[Line]:
    """A line for each source beside a mail's; it fails when an event was refused or not filed."""
    url = place.fresh("hooks")
    with direct(url) as connection:
        base(connection)
    measuring = _Rounds(app_on(url), place.server.pid)
    with measuring.app.app_context():
        plant(dict.fromkeys(KEYS, _NOWHERE))
    for number in range(rounds + 1):
        measuring.mail(number)
        for source in SOURCES:
            measuring.call(source)
        if number == 0:
            measuring.forget()  # statements are prepared and modules imported in it
    with measuring.app.app_context():
        _all_filed()
    place.drop("hooks")
    mails = measuring.spent.pop("mail")
    for source, spent in measuring.spent.items():
        yield _line(source, spent, measuring.taking[source], mails)


def _line(source: str, spent: list[Spent], taking: list[Spent], mails: list[Spent]) -> Line:
    calm = quiet(spent) or list(range(len(spent)))
    ratio = median([_cpu(spent[at]) / _cpu(mails[at]) for at in calm])
    speed, of_mail = (ROUND / median([rounds[at].wall for at in calm]) for rounds in (spent, mails))
    halves = [max(taking[at].wall, spent[at].wall - taking[at].wall) for at in calm]
    taken, whole, mail = (1000 * median([_cpu(one[at]) for at in calm]) / ROUND for one in (taking, spent, mails))
    return Line(
        f"webhook: {source}",
        f"{speed:.0f} events/s, {ROUND / median(halves):.0f} by the slower half (mail {of_mail:.0f})",
        "<= 1.50 of a mail",
        ratio <= 1.5,
        cpu=f"{whole:.1f} ms with db, {taken:.1f} of it the call (mail {mail:.1f})",
        limit=f"{ratio:.2f} of a mail's CPU",
        others=median([spent[at].others for at in calm]),
        peer="",
    )


def _cpu(spent: Spent) -> float:
    return spent.app + spent.database


def _all_filed() -> None:
    states = dict(db.session.execute(select(Inbound.state, func.count()).group_by(Inbound.state)).tuples().all())
    if states.keys() != {"done"}:
        raise RuntimeError(f"not everything was filed: {states}")
