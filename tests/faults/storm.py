"""The storm (N2): providers' calls doubled, shuffled and forged, to the web processes of the whole product."""

from __future__ import annotations

import http.client
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from tests.faults import findings
from tests.faults.calls import FALSE, SOURCES, Call, Storm, storm
from tests.faults.hooked import ADDRESSES, SECRETS, providers
from tests.faults.rig import Killer, Product, until
from tests.faults.scene import Scene

ACK = 0.5
"""Seconds within which 99 of 100 genuine calls are to be answered; the strictest provider waits for three."""
_AT_ONCE = 64
_AGAIN = 1.0
"""Seconds until a provider calls again where it was not told 200."""
_TRIES = 90


@dataclass
class Findings(findings.Findings):
    """Of so many calls."""

    events: int = 0
    drained: float = 0
    """Seconds from the last answer until everything was filed."""
    p50: float = 0
    p99: float = 0
    longest: float = 0
    again: int = 0
    """Calls that had to come again."""
    refused: Counter[int] = field(default_factory=Counter)
    messages: int = 0
    tickets: int = 0

    def told(self) -> str:
        return (
            f"{self.size} calls of {self.events} events, ack p50 {1000 * self.p50:.0f} p99 {1000 * self.p99:.0f} "
            f"longest {1000 * self.longest:.0f} ms, {self.again} again, forged refused {dict(self.refused)}, "
            f"drained in {self.drained:.1f} s, {self.messages} messages in {self.tickets} tickets"
        )


@dataclass(frozen=True)
class Answer:
    """The last one to a call, and how long after it was due the first came."""

    call: Call
    status: int
    body: bytes
    seconds: float
    tries: int


def run(
    size: int, seed: int, *, seconds: float, every: float = 0, within: float = math.inf, patience: float = 240
) -> Findings:
    """Make `size` calls in so many seconds and judge the end; `every` seconds something is killed, 0: nothing is.

    Of 100 genuine ones 99 are to be answered `within` seconds.
    """
    told = storm(size, seed, seconds)
    found = Findings(seed, size, events=told.events)
    with providers() as urls, Product(Scene(called=urls)) as product:
        began = time.monotonic()
        killing: AbstractContextManager[object] = Killer(product, seed=seed, every=every) if every else nullcontext()
        with killing:
            answers = _make(product, told.calls)
        found.ended(product, time.monotonic() - began)
        found.drained = until(lambda: _waiting(product) == 0, patience, "the last events to be filed")
        _judge_answers(answers, found)
        if found.p99 > within:
            found.violations.append(f"99 of 100 calls were answered within {found.p99:.2f} s, not {within:.2f} s")
        _judge_rows(product, told, found)
        _judge_log(product, found)
    return found


def _make(product: Product, calls: Iterable[Call]) -> list[Answer]:
    """Each call leaves when it is due, whether or not those before it were answered."""
    began = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = []
        for call in calls:
            time.sleep(max(0.0, began + call.at - time.monotonic()))
            answers.append(pool.submit(_call, product, call, began + call.at))
        return [answer.result() for answer in answers]


def _call(product: Product, call: Call, due: float) -> Answer:
    """Call until it is answered, a genuine one until it is taken; as a provider does."""
    status, body = _ask(product.port, call)
    first, tries = time.monotonic() - due, 1
    while tries < _TRIES and (status in {0, 503} if call.forgery else status != 200):
        time.sleep(_AGAIN)
        status, body = _ask(product.port, call)
        tries += 1
    return Answer(call, status, body, first, tries)


def _ask(port: int, call: Call) -> tuple[int, bytes]:
    """Status and body; status 0 where there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", call.path, call.raw, call.headers())
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _waiting(product: Product) -> int:
    time.sleep(0.2)
    return int(product.value("SELECT count(*) FROM inbound WHERE state IN ('waiting', 'early')"))


def _judge_answers(answers: list[Answer], found: Findings) -> None:
    """Every genuine call was taken, every forged one refused in words that tell nothing of us."""
    say = found.violations.append
    took = sorted(one.seconds for one in answers if not one.call.forgery)
    found.p50, found.p99, found.longest = (took[math.ceil(len(took) * share) - 1] for share in (0.5, 0.99, 1))
    found.again = sum(one.tries > 1 for one in answers)
    if found.again and not found.kills:
        say(f"{found.again} calls had to come again, and nothing was killed")
    private = [word.encode() for word in (*SECRETS, *ADDRESSES.values(), FALSE)]
    for one in answers:
        name = f"the call of {one.call.source} at {one.call.at:.3f} s"
        if not one.call.forgery and one.status != 200:
            say(f"{name} was never taken: {one.status}")
        if one.call.forgery:
            found.refused[one.status] += 1
            if one.status not in {401, 403}:
                say(f"{name} was forged ({one.call.forgery}) and answered {one.status}")
        if any(word in one.body for word in private):
            say(f"the answer to {name} tells something of us")


def _judge_rows(product: Product, told: Storm, found: Findings) -> None:
    """Each event has one row that came to its end, each message stands once, in the one ticket of its conversation."""
    say = found.violations.append
    states = dict(product.rows("SELECT state, count(*) FROM inbound GROUP BY state"))
    if states != {"done": told.events}:
        say(f"{told.events} events came, and they ended as {states}")
    rows = product.rows("SELECT ticket_id, body_text FROM message WHERE direction = 'in'")
    said: dict[int, list[str]] = defaultdict(list)
    for ticket, words in rows:
        said[ticket].append(words)
    found.messages, found.tickets = len(rows), len(said)
    there, wanted = (Counter(tuple(sorted(one)) for one in all_.values()) for all_ in (said, told.words))
    for words in (wanted - there).elements():
        say(f"no ticket holds just the {len(words)} messages of the conversation with “{words[0]}”")
    for words in (there - wanted).elements():
        say(f"a ticket holds {len(words)} messages beginning with “{words[0]}”, which nobody said together")
    for what, query in _NONE.items():
        count = product.value(f"SELECT count(*) {query}", *([FALSE] if "%s" in query else []))
        if count:
            say(f"{count} {what}")


_NONE = {
    "rows of forged calls": "FROM inbound WHERE position(convert_to(%s, 'UTF8') in raw) > 0",
    "messages of forged calls": "FROM message WHERE position(%s in body_text) > 0",
    "earlier words of forged calls": "FROM message_version WHERE position(%s in body_text) > 0",
    "tickets that count wrong": "FROM ticket t WHERE message_count <> "
    "(SELECT count(*) FROM message m WHERE m.ticket_id = t.id)",
    "addresses that two people have": "FROM (SELECT kind, value FROM address GROUP BY kind, value "
    "HAVING count(*) > 1) twice",
    "messages that two rows claim": "FROM (SELECT external_id, channel_id FROM inbound GROUP BY 1, 2 "
    "HAVING count(*) > 1) twice",
}


def _judge_log(product: Product, found: Findings) -> None:
    log = product.log
    for what, words in {
        "secrets": SECRETS,
        "what customers said": [f"by {source}." for source in SOURCES],
        "what forgers said": [FALSE],
    }.items():
        if any(word in log for word in words):
            found.violations.append(f"{what} stand in the log")
    if not found.kills:
        found.violations += [f"the log tells of {line}" for line in product.tracebacks()]
