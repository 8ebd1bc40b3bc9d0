"""The reports campaign: mails of reports fall due while web, workers, schedulers and the database are killed."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.fakes.smtp_sink import CUT, SmtpSink
from tests.faults import findings
from tests.faults.outbound import Hostile
from tests.faults.reported import LEAD, SPAN
from tests.faults.rig import Killer, Product, until
from tests.faults.scene import Scene
from tests.faults.taken import Taken, by_name, explained

_TARGETS = ("worker", "second", "scheduler", "ticker", "web", "database")
_CUTS = tuple((stage, CUT) for stage in ("DATA", "BODY", "DOT", "REPLY", "REPLY"))
_WORK = "SELECT count(*) FROM report_sending WHERE state <> 'waiting'"
_A_DAY = timedelta(days=1)
_ROWS = re.compile(r"^Rows: (\d+)\.", re.MULTILINE)

Key = tuple[int, datetime, int]
"""A schedule, the instant it was due, and a person: the one mail there is to be."""


@dataclass
class Findings(findings.Findings):
    """Of so many mails."""

    states: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    copies: int = 0
    tries: int = 0
    """Of all, beyond the first of each."""

    def told(self) -> str:
        return (
            f"{self.size} mails of reports, {dict(self.states)}, {self.tries} begun again, "
            f"{self.cuts.total()} cuts {dict(self.cuts)}, {self.copies} copies taken"
        )


def run(size: int, seed: int, *, every: float = 1.5, share: float = 0.15, patience: float = 180) -> Findings:
    """Have about `size` mails fall due, a `share` of their conversations cut, one of us killed every `every` seconds."""
    found = Findings(seed, size)
    hostile = Hostile(seed, share, _CUTS)
    with SmtpSink() as sink:
        sink.verdict = hostile
        scene = Scene(reported=size, smtp=sink.port, signs_in=False)
        with Product(scene, patience=90 + size * 0.1) as product:
            began = time.monotonic()
            with Killer(product, seed=seed, every=every, targets=_TARGETS, work=_WORK):
                until(lambda: _open(product) <= size * 0.05, LEAD + SPAN + patience, "most mails to leave")
            hostile.quiet = True
            until(lambda: _open(product) == 0, patience, "the last mails to leave")
            found.ended(product, time.monotonic() - began)
            found.cuts = hostile.faults
            _judge(product, sink, found)
    return found


def _open(product: Product) -> int:
    """How many are due and not gone, and how many schedules have not come to their last instant yet."""
    time.sleep(0.3)
    ahead = "SELECT 3 * count(*) FROM report_schedule WHERE next_at < now() + interval '12 hours'"
    waiting = "SELECT count(*) FROM report_sending WHERE state = 'waiting'"
    leaving = "SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending')"
    return int(product.value(f"SELECT ({ahead}) + ({waiting}) + ({leaving})"))


def _judge(product: Product, sink: SmtpSink, found: Findings) -> None:
    """Each that was due is one row and one mail: in its time, of its day, to its person."""
    say = found.violations.append
    copies, came, due = by_name(sink), _came(product), set(_due(product))
    found.size, found.copies = len(due), len(sink.mails)
    rows = product.rows(
        "SELECT s.schedule_id, s.due_at, s.agent_id, s.state, s.tries, g.email, d.state, d.external_id, "
        "coalesce(d.content->>'resent', ''), d.reason FROM report_sending s JOIN agent g ON g.id = s.agent_id "
        "LEFT JOIN delivery d ON d.id = s.delivery_id"
    )
    keys = Counter((row[0], row[1], row[2]) for row in rows)
    for key in due - keys.keys():
        say(f"{_named(key)} was due and never written down")
    for key in keys.keys() - due:
        say(f"{_named(key)} was never due")
    for schedule, at, agent, state, tries, address, became, name, resent, reason in rows:
        key, taken = (schedule, at, agent), copies.pop(name, [])
        found.states[became or state] += 1
        found.tries += max(0, tries - 1)
        if keys[key] > 1 or state != "sent" or became not in {"sent", "uncertain", "failed"}:
            say(f"{_named(key)} has {keys[key]} rows, is {state} and its mail {became}")
        if (became == "sent") > bool(taken) or (became == "failed" and not reason):
            say(f"{_named(key)} is {became} ({reason}), and nobody has it")
        if len(taken) > explained(taken, was_resent=bool(resent and found.kills)):
            say(f"{_named(key)} left {len(taken)} times")
        for mistake in _mistakes(taken, address, at, came):
            say(f"{_named(key)} {mistake}")
    letters = product.value("SELECT count(*) FROM delivery WHERE purpose = 'letter'")
    if letters != len(rows) or copies:
        say(f"{len(rows)} mails were due, {letters} were written, {len(copies)} left that are none of them")


def _mistakes(taken: Sequence[Taken], address: str, at: datetime, came: dict[date, int]) -> Iterator[str]:
    day = at.astimezone(UTC).date() - _A_DAY
    if len({one.raw for one in taken}) > 1:
        yield "left as different mails"
    for one in taken:
        if one.to != (address,):
            yield "left for somebody else"
        if one.at < at:
            yield f"left {(at - one.at).total_seconds():.1f} s before it was due"
        if str(day) not in str(one.mail["Subject"]) or _rows(one) != came[day]:
            yield f"is of another day: {one.mail['Subject']}, {_rows(one)} rows"


def _rows(one: Taken) -> int:
    text = next(part for part in one.mail.walk() if part.get_content_type() == "text/plain")
    payload: Any = text.get_payload(decode=True)
    said = _ROWS.search(payload.decode().replace("\r", ""))
    return int(said[1]) if said else 0


def _due(product: Product) -> Iterator[Key]:
    """Every instant from the making of a schedule until now, by the wall alone."""
    until_ = datetime.now(UTC)
    for schedule, made, plan in product.rows("SELECT id, created_at, plan FROM report_schedule"):
        due = datetime.combine(made.astimezone(UTC).date(), datetime.min.time(), UTC) + timedelta(seconds=plan["at"])
        while due <= until_:
            if due > made:
                yield from ((schedule, due, agent) for agent in plan["agent_ids"])
            due += _A_DAY


def _came(product: Product) -> dict[date, int]:
    """How many requests on each day."""
    return dict(product.rows("SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM ticket GROUP BY 1"))


def _named(key: Key) -> str:
    return f"the mail of schedule {key[0]} at {key[1]:%m-%d %H:%M:%S} to {key[2]}"
