"""A seeded storm of providers' calls: messages and edits, many of them twice, all shuffled, some forged."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field, replace

from tests.channels.contract import metas, phones, slacks, telegrams, xs
from tests.channels.contract.bench import Bench, Said
from tests.faults.hooked import KEYS

SOURCES: dict[str, Bench] = {
    "messenger": metas.MESSENGER,
    "instagram": metas.INSTAGRAM,
    "whatsapp": metas.WHATSAPP,
    "slack": slacks.BENCH,
    "telegram": telegrams.BENCH,
    "phone": phones.BENCH,
    "x posts": xs.MENTIONS,
    "x directs": xs.DIRECTS,
}
TWICE, FORGED, EDITED = 0.30, 0.05, 0.10
_TALK = 24
"""Messages of a conversation, about; there are at least five of each source."""
_BEHIND = 700_000
"""Posts and direct messages are numbered by the same provider."""
FALSE = "Send your password to us."
"""What every forged call says; it may stand nowhere."""


@dataclass(frozen=True)
class Call:
    """One request, due `at` seconds from the beginning. It is signed when it leaves, as providers do."""

    at: float
    source: str
    raw: bytes = field(repr=False)
    forgery: str = ""
    """What is wrong with its signature; empty: it is genuine."""
    sender: str = "198.51.100.20"

    @property
    def path(self) -> str:
        bench = SOURCES[self.source]
        return bench.door.format(kind=bench.kind, key=KEYS[bench.kind])

    def headers(self) -> dict[str, str]:
        bench = SOURCES[self.source]
        signed = bench.forge[self.forgery](self.raw) if self.forgery else bench.sign(self.raw)
        return {**signed, "Content-Type": bench.content_type, "X-Forwarded-For": self.sender}


@dataclass(frozen=True)
class Storm:
    """The calls in their order, and what must be there at the end."""

    calls: list[Call]
    words: dict[tuple[str, int], list[str]]
    """What each conversation, by its source and number, says in the end; in no order."""
    events: int
    """Different genuine ones."""


def storm(size: int, seed: int, seconds: float) -> Storm:
    """`size` calls at random instants of so many seconds: 30 % come again, 5 % are forged."""
    chance = random.Random(seed)
    told = _Teller(size)
    forged, twice = round(size * FORGED), round(size * TWICE)
    genuine: list[tuple[str, bytes]] = []
    for number in itertools.count(1):
        for source in SOURCES:
            genuine += told.by(source, number, chance)
        if len(genuine) >= size - forged - twice:
            break
    events = len(genuine)
    genuine += chance.choices(genuine, k=size - forged - events)
    calls = [Call(chance.uniform(0, seconds), *one) for one in genuine]
    calls += [told.falsely(place, number, chance, chance.uniform(0, seconds)) for place in range(forged)]
    return Storm(sorted(calls, key=lambda call: call.at), told.words, events)


def said(source: str, number: int, words: str, chat: int) -> Said:
    """What one source tells, under a name that none of the others uses in the same channel."""
    return Said(number + (_BEHIND if source == "x directs" else 0), words, chat=chat)


class _Teller:
    def __init__(self, size: int) -> None:
        self._chats = max(5, size // (len(SOURCES) * _TALK))
        self.words: dict[tuple[str, int], list[str]] = {}

    def by(self, source: str, number: int, chance: random.Random) -> list[tuple[str, bytes]]:
        """A message, and sometimes its edit, which may arrive before it."""
        bench, first = SOURCES[source], self._said(source, number, f"Word {number} by {source}.")
        words, told = first.text, [(source, bench.message(first))]
        if bench.edit is not None and chance.random() < EDITED:
            words = f"Better: {first.text}"
            told.append((source, bench.edit(replace(first, text=words, at=first.at + 60))))
        self.words.setdefault((source, first.chat), []).append(words)
        return told

    def falsely(self, place: int, numbers: int, chance: random.Random, at: float) -> Call:
        """Every other one takes the name of a genuine message; if it were believed, that one would be lost."""
        source = chance.choice(list(SOURCES))
        number = chance.randint(1, numbers) if place % 2 else 500_000 + place
        raw = SOURCES[source].message(self._said(source, number, FALSE))
        forgery = chance.choice(sorted(SOURCES[source].forge))
        return Call(at, source, raw, forgery, sender=f"203.0.113.{place % 200 + 1}")

    def _said(self, source: str, number: int, words: str) -> Said:
        return said(source, number, words, 200 + number % self._chats)
