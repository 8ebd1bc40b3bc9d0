"""The promises campaign: hundreds fall due within seconds while those who look for them, and the database, are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import psycopg

from tests.faults import findings, promised
from tests.faults.rig import ROOT, Killer, Onlooker, Product, until
from tests.faults.scene import Scene

_TARGETS = ("worker", "scheduler", "sweeper", "database")
_LATE = 2.0
"""Seconds after its instant by which a break is on record while nothing is dead."""
_LATEST = 60.0
"""The same, whatever is dead."""
_RECOVERS = 12.0
"""Seconds for which a death may be felt: the database starts again, a program does, another leads."""
_STARTS = 3.0
"""Seconds in which a product that answers also finds somebody to lead."""
_QUIET = 2.0
"""Seconds before the first falls due at which the killing begins."""
_LOOK = 0.2

Told = tuple[int, str, int, float]
"""Row id, "warned" or "broken", commitment, and the instant it should have been told, in seconds since the epoch."""


@dataclass
class Findings(findings.Findings):
    """Of so many promises."""

    events: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    """Warnings whose whole time passed while something was dead."""
    calm: list[float] = field(default_factory=list)
    """Seconds from the instant to the record, with nobody dead then or shortly before."""
    struck: list[float] = field(default_factory=list)
    """The same for the others."""
    pulse: float = 0
    """The longest that the machine itself let the watching wait."""

    def told(self) -> str:
        return (
            f"{self.size} promises, {dict(self.events)}, {self.dropped} warnings dropped; late by (median, 95 %, most) "
            f"{_spread(self.calm)} of {len(self.calm)} in calm, {_spread(self.struck)} of {len(self.struck)} around a "
            f"death; the watch itself waited up to {self.pulse:.2f} s"
        )


def run(size: int, seed: int, *, every: float = 2.5, patience: float = 120) -> Findings:
    """Let `size` promises fall due, killing something every `every` seconds from before the first to before the last.

    Most warnings come before, so that there is a time in which nobody is dead.
    """
    found = Findings(seed, size)
    began = time.monotonic()
    with Product(Scene(falling=size)) as product, _Watch(product) as watch:
        last = float(product.value("SELECT extract(epoch FROM max(breaks_at)) FROM commitment"))
        first, near = last - promised.SPAN, promised.LEAD + promised.SPAN + patience
        until(lambda: time.time() > first - _QUIET, near, "the first to be near")
        with Killer(product, seed=seed, every=every, targets=_TARGETS):
            until(lambda: time.time() > last - 3, near, "the last to be near")
        until(lambda: _unjudged(product) == 0, patience, "the last to be told")
        time.sleep(3 * _LOOK)
        found.ended(product, time.monotonic() - began)
        _judge(product, watch, found)
        _replay(product, found)
    return found


class _Watch(Onlooker):
    """Looks from outside, several times a second, which warnings and breaks are committed; notes when each was seen."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self.began = time.time()
        self.seen: dict[int, float] = {}
        self.pulse = 0.0

    def look(self, connection: psycopg.Connection[Any]) -> None:
        before = time.time()
        while not self._stop.wait(_LOOK):
            rows = connection.execute("SELECT id FROM event WHERE kind IN ('commitment.warned', 'commitment.broken')")
            ids, at = [row[0] for row in rows.fetchall()], time.time()
            self.pulse = max(self.pulse, at - before)
            before = at
            for one in ids:
                self.seen.setdefault(one, at)


def _unjudged(product: Product) -> int:
    time.sleep(0.3)
    return int(product.value("SELECT count(*) FROM commitment WHERE ended_at IS NULL AND broken_at IS NULL"))


def _judge(product: Product, watch: _Watch, found: Findings) -> None:
    watch.stop()
    say = found.violations.append
    found.pulse = watch.pulse
    told = _told(product)
    found.events = Counter(kind for _, kind, _, _ in told)
    times = Counter((kind, commitment) for _, kind, commitment, _ in told)
    for (kind, commitment), count in times.items():
        if count > 1:
            say(f"commitment {commitment} was {kind} {count} times")
    for commitment, should, kept, stamped in _commitments(product):
        if kept and (times["warned", commitment] or times["broken", commitment]):
            say(f"commitment {commitment} was kept, and something was told of it")
        if not kept and times["broken", commitment] != 1:
            say(f"commitment {commitment} was broken {times['broken', commitment]} times")
        if not kept and not stamped:
            say(f"commitment {commitment} is broken, but not at its own instant")
        if not kept and not times["warned", commitment]:
            found.dropped += 1
            if not _struck(product, watch, should - promised.WARNS_BEFORE, should):
                say(f"commitment {commitment} was never warned of, and nobody had died")
    _measure(product, watch, told, found)


def _measure(product: Product, watch: _Watch, told: list[Told], found: Findings) -> None:
    for id_, kind, commitment, should in told:
        seen = watch.seen.get(id_)
        if seen is None:
            found.violations.append(f"the watch never saw commitment {commitment} {kind}")
            continue
        late = max(0.0, seen - max(should, watch.began))
        (found.struck if _struck(product, watch, should, seen) else found.calm).append(late)
    allowed = _LATE + _LOOK + found.pulse
    if len(found.calm) >= 20 and quantiles(found.calm, n=20)[-1] > allowed:
        found.violations.append(f"with nobody dead it took {_spread(found.calm)} s, {allowed:.1f} s were allowed")
    if max([*found.calm, *found.struck], default=0) > _LATEST:
        found.violations.append(f"one was told {max([*found.calm, *found.struck]):.0f} s late")


def _struck(product: Product, watch: _Watch, since: float, until_: float) -> bool:
    """Whether somebody was dead in that time, or the product had only just started."""
    if since - _STARTS < watch.began:
        return True
    return any(since - _RECOVERS <= at <= until_ for at, _ in product.kills)


def _told(product: Product) -> list[Told]:
    return [
        (int(id_), kind.partition(".")[2], int(commitment), float(should))
        for id_, kind, commitment, should in product.rows(
            "SELECT e.id, e.kind, c.id, extract(epoch FROM CASE e.kind WHEN 'commitment.broken' THEN c.breaks_at "
            "ELSE c.warns_at END) FROM event e JOIN commitment c ON c.id = (e.data->>'commitment')::bigint "
            "WHERE e.kind IN ('commitment.warned', 'commitment.broken')"
        )
    ]


def _commitments(product: Product) -> list[tuple[Any, ...]]:
    """Id, the instant it breaks, whether it was kept, and whether its stamps say that instant."""
    return product.rows(
        "SELECT c.id, extract(epoch FROM c.breaks_at)::float, c.outcome = 'kept', "
        "c.broken_at = c.breaks_at AND NOT c.broken_on_change AND (SELECT bool_and((e.data->>'broken')::timestamptz "
        "= c.breaks_at) FROM event e WHERE e.kind = 'commitment.broken' AND e.ticket_id = c.ticket_id) "
        "FROM commitment c"
    )


def _replay(product: Product, found: Findings) -> None:
    """Stored rows are what the events say, by the product's own command."""
    url = (product.var / "database.url").read_text().strip()
    environment = {**os.environ, "DATABASE_URL": url, "HELPDESK_VAR": str(product.var), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "sla", "verify"]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if said.returncode != 0:
        found.violations.append(f"the replay differs: {(said.stdout + said.stderr)[-400:]}")


def _spread(late: list[float]) -> str:
    if len(late) < 2:
        return "none"
    cuts = quantiles(late, n=20)
    return f"{cuts[9]:.2f}, {cuts[18]:.2f}, {max(late):.2f} s"
