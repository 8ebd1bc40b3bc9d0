"""The escalation campaign (K4): promises break by the hundred while schedulers and the database are killed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from tests.fakes.smtp_sink import SmtpSink
from tests.faults import findings
from tests.faults.led import Led
from tests.faults.rig import Killer, Product, until
from tests.faults.scene import Scene
from tests.faults.taken import by_name, explained
from tests.faults.woken import STEPS

_LATEST = 60
"""Seconds in which a scheduler led, after its promise broke, by which a run has begun."""


@dataclass
class Findings(findings.Findings):
    """Of so many promises."""

    pages: int = 0
    mails: int = 0
    p99: float = 0
    latest: float = 0
    led: float = 0
    """The longest that somebody led before a run had begun that was due, in seconds."""

    def told(self) -> str:
        return (
            f"{self.size} promises broke, {self.pages} pages in {self.mails} mails, begun late by p99 {self.p99:.1f} s, "
            f"at most {self.latest:.1f} s, of which somebody led at most {self.led:.1f} s"
        )


def run(size: int, seed: int, *, every: float = 3, patience: float = 240) -> Findings:
    """Have `size` promises break, killing a scheduler, a worker or the database every `every` seconds."""
    found = Findings(seed, size)
    scene, written = Scene(promises=size, signs_in=False), 90 + size * 0.5
    with SmtpSink() as sink, Product(replace(scene, smtp=sink.port), patience=written) as product, Led(product) as led:
        began = time.time()
        with Killer(product, seed=seed, every=every, targets=("worker", "second", "database")):
            until(lambda: _unrung(product) <= size * 0.05, patience, "most promises to break and ring")
        until(lambda: _unrung(product) == 0, patience, "the last promises to break and ring")
        until(lambda: _unsent(product) == 0, patience, "the last pages to leave")
        found.ended(product, time.time() - began)
        led.stop()
        _judge_runs(product, led, began, found)
        _judge_pages(product, sink, found)
    return found


def _unrung(product: Product) -> int:
    """Promises that have not broken yet, and runs that have steps left."""
    time.sleep(0.5)
    running = "SELECT count(*) FROM escalation WHERE next_at IS NOT NULL"
    return int(product.value(f"SELECT (SELECT count(*) FROM commitment WHERE broken_at IS NULL) + ({running})"))


def _unsent(product: Product) -> int:
    time.sleep(0.3)
    waiting = "SELECT count(*) FROM page_attempt WHERE state IN ('waiting', 'leaving')"
    return int(product.value(f"SELECT (SELECT count(*) FROM page WHERE begun_at IS NULL) + ({waiting})"))


def _judge_runs(product: Product, led: Led, began: float, found: Findings) -> None:
    """Each promise has one run, begun in time, and each of its steps rang one person once."""
    say = found.violations.append
    rows = product.rows(
        "SELECT c.id, extract(epoch FROM c.breaks_at), array_agg(extract(epoch FROM e.started_at)), "
        "json_agg((SELECT json_agg(r.step ORDER BY r.step) FROM page_reason r WHERE r.escalation_id = e.id)) "
        "FROM commitment c LEFT JOIN escalation e ON e.commitment_id = c.id GROUP BY c.id"
    )
    if len(rows) != found.size:
        say(f"{found.size} promises were made, {len(rows)} are there")
    late = []
    for number, breaks_at, started, rung in rows:
        if len(started) != 1 or started[0] is None:
            say(f"promise {number} has {0 if started == [None] else len(started)} runs")
            continue
        if rung != [list(range(STEPS))]:
            say(f"promise {number} rang for steps {rung}")
        late.append(float(started[0]) - float(breaks_at))
        if late[-1] < 0:
            say(f"promise {number} rang {-late[-1]:.1f} s before it broke")
        seconds = led.seconds(max(float(breaks_at), began), float(started[0]))
        found.led = max(found.led, seconds)
        if seconds > _LATEST:
            say(f"promise {number} rang {late[-1]:.0f} s late, somebody having led for {seconds:.0f} s of them")
    late.sort()
    found.p99, found.latest = late[math.ceil(len(late) * 0.99) - 1], late[-1]


def _judge_pages(product: Product, sink: SmtpSink, found: Findings) -> None:
    """Each page left by one mail, to the person it was for; more only where its server was cut off at the end."""
    say = found.violations.append
    copies = by_name(sink)
    rows = product.rows(
        "SELECT p.id, g.email, d.external_id, d.state, coalesce(d.content->>'resent', ''), "
        "(SELECT count(*) FROM page_attempt o WHERE o.page_id = p.id) "
        "FROM page p JOIN agent g ON g.id = p.agent_id LEFT JOIN page_attempt a ON a.page_id = p.id "
        "LEFT JOIN delivery d ON d.id = a.delivery_id"
    )
    found.pages, found.mails = len(rows), len(sink.mails)
    for number, address, name, state, resent, attempts in rows:
        taken = copies.pop(name, [])
        if attempts != 1 or state not in {"sent", "uncertain"} or not taken:
            say(f"page {number} was tried {attempts} times, is {state}, and left as {len(taken)} mails")
        if len(taken) > explained(taken, was_resent=bool(resent and found.kills)):
            say(f"page {number} left {len(taken)} times")
        if any(one.to != (address,) for one in taken):
            say(f"page {number} left for somebody else")
    if copies:
        say(f"{len(copies)} mails left for no page")
