"""The outbound campaign (K3): replies leave by a server that cuts and refuses at every step, from a worker that is killed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.fakes.smtp_sink import CUT, SmtpSink
from tests.faults import findings
from tests.faults.rig import Killer, Product, until
from tests.faults.scene import Scene
from tests.faults.taken import by_name, explained

_USERS = {"agent": "secret"}
_COPIES = 2
_UNRECORDED = 10
"""Seconds a refusal heard may stay unwritten, its conversation going on: a worker or database that dies then has not heard it."""
_FAULTS = (
    *((stage, CUT) for stage in ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT", "REPLY", "REPLY")),
    ("CONNECT", "421 4.3.2 Busy"),
    ("MAIL", "451 4.7.1 Later"),
    ("RCPT", "450 4.2.1 Later"),
    ("RCPT", "450 4.2.1 Later"),
    ("DATA", "452 4.3.1 Full"),
    ("DOT", "451 4.3.0 Later"),
    ("RCPT", "550 5.1.1 Nobody"),
    ("RCPT", "550 5.1.1 Nobody"),
    ("DOT", "554 5.6.0 Not that"),
)


@dataclass
class Findings(findings.Findings):
    """Of so many replies."""

    faults: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    copies: int = 0
    doubled: int = 0
    longest_sending: float = 0

    def told(self) -> str:
        return (
            f"{self.size} replies, {self.faults.total()} faults {dict(self.faults)}, {dict(self.states)}, "
            f"{self.copies} copies taken, {self.doubled} recipients got one twice, "
            f"longest in sending {self.longest_sending:.0f} s"
        )


class Hostile:
    """Verdicts of the sink: a fault at about every third conversation, and a ledger of what each did."""

    def __init__(self, seed: int, share: float, faults: Sequence[tuple[str, str]] = _FAULTS) -> None:
        self._random = random.Random(seed)
        self._share, self._known = share, faults
        self._planned: tuple[str, str] | None = None
        self.quiet = False
        self.faults: Counter[str] = Counter()
        self.refused: dict[str, list[float]] = {}
        """Address -> when it was refused with a 5xx, then each time it was offered again; seconds since the epoch."""

    def __call__(self, stage: str, detail: str) -> str | None:
        if stage == "CONNECT":
            hit = not self.quiet and self._random.random() < self._share
            self._planned = self._random.choice(self._known) if hit else None
        if stage == "RCPT" and detail in self.refused:
            self.refused[detail].append(time.time())
        planned = self._planned
        if planned is None or planned[0] != stage:
            return None
        self._planned = None
        self.faults[f"{stage} {planned[1][:3]}"] += 1
        if stage == "RCPT" and planned[1].startswith("5"):
            self.refused.setdefault(detail, [time.time()])
        return planned[1]


def run(size: int, seed: int, *, every: float = 5, share: float = 0.35, patience: float = 240) -> Findings:
    """Send `size` replies, with a fault in `share` of the conversations, killing something every `every` seconds."""
    found = Findings(seed, size)
    hostile = Hostile(seed, share)
    with SmtpSink(users=_USERS) as sink:
        sink.verdict = hostile
        with Product(Scene(smtp=sink.port, replies=size, copies=_COPIES)) as product:
            began = time.monotonic()
            tried = "SELECT sum(attempts) FROM delivery"
            with Killer(product, seed=seed, every=every, targets=("worker", "worker", "database"), work=tried):
                until(lambda: _open(product, found) <= size * 0.15, patience, "most replies to leave")
            hostile.quiet = True
            until(lambda: _open(product, found) == 0, patience, "the last replies to leave")
            found.ended(product, time.monotonic() - began)
            found.faults = hostile.faults
            _judge(product, sink, hostile, found)
    return found


def _open(product: Product, found: Findings) -> int:
    """How many are still on their way; notes how long one has been in `sending`."""
    time.sleep(0.3)
    oldest = product.value(
        "SELECT coalesce(max(extract(epoch FROM now() - claimed_at)), 0) FROM delivery WHERE state = 'sending'"
    )
    found.longest_sending = max(found.longest_sending, float(oldest))
    return int(product.value("SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending')"))


def _judge(product: Product, sink: SmtpSink, hostile: Hostile, found: Findings) -> None:
    say = found.violations.append
    copies = by_name(sink)
    rows = product.rows(
        "SELECT d.id, d.state, d.external_id, d.attempts, d.reason, coalesce(d.content->>'resent', ''), "
        "(SELECT json_object_agg(r.address, r.state) FROM delivery_recipient r WHERE r.delivery_id = d.id) "
        "FROM delivery d WHERE purpose = 'reply'"
    )
    found.states = Counter(row[1] for row in rows)
    found.copies = len(sink.mails)
    if len(rows) != found.size:
        say(f"{found.size} replies were written, {len(rows)} deliveries exist")
    if set(copies) - {row[2] for row in rows}:
        say("the sink holds mail nobody sent")
    for number, state, external_id, _attempts, reason, resent, recipients in rows:
        taken = copies.get(external_id, [])
        if state not in {"sent", "failed", "uncertain"}:
            say(f"delivery {number} ends as {state}")
        if state in {"failed", "uncertain"} and not reason:
            say(f"delivery {number} is {state} without a word why")
        if len({one.raw for one in taken}) > 1:
            say(f"delivery {number} left as different mails")
        times = Counter(address for one in taken for address in one.to)
        most = explained(taken, was_resent=bool(resent and found.kills))
        for address, settled in recipients.items():
            if settled == "accepted" and not times[address]:
                say(f"delivery {number}: {address} counts as reached, but has nothing")
            if times[address] > most:
                say(f"delivery {number}: {address} has {times[address]} copies, ambiguous endings explain {most}")
            found.doubled += times[address] > 1
        if state == "sent" and set(recipients.values()) != {"accepted"}:
            say(f"delivery {number} is sent, its recipients are {recipients}")
    deaths = [at for at, _ in product.kills]
    for address, offers in hostile.refused.items():
        for before, after in pairwise(offers):
            if not any(before <= death <= min(after, before + _UNRECORDED) for death in deaths):
                say(
                    f"{address} was refused for good and offered again {after - before:.1f} s later, nobody having died"
                )
