"""Serial numbers: as they are looked up, and where a text could name one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

SHORTEST, LONGEST = 5, 40
"""Characters of a key a text is searched for."""

_MOST_CANDIDATES = 50
_MOST_TEXT = 20_000
_TOKEN = re.compile(r"[^\W_]+(?:[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d._/:#][^\W_]+)*")
_SOFT = re.compile(r"[._/:#]")
_DIGIT = re.compile(r"\d")
_WORD_WITH_DIGIT = re.compile(r"(?<!\S)[^\s\d]*\d\S*")
_MOST_GROUPS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What could be a serial, and where it stands in the text: characters from `start` up to `end`."""

    key: str
    start: int
    end: int


def key(serial: str) -> str:
    """A serial as it is looked up: compatibility forms folded, upper case, letters and digits only."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", serial).upper())
    return "".join(filter(str.isalnum, folded))


def candidates(text: str) -> tuple[str, ...]:
    """The distinct keys of everything in the first 20,000 characters that could be a serial; at most 50."""
    distinct = dict.fromkeys(found.key for found in _found(text))
    return tuple(islice(distinct, _MOST_CANDIDATES))


def spans(text: str) -> tuple[Found, ...]:
    """Every place of the candidates, in reading order; one within another may overlap it."""
    wanted = frozenset(candidates(text))
    return tuple(found for found in _found(text) if found.key in wanted)


def _found(text: str) -> Iterator[Found]:
    text = text[:_MOST_TEXT]
    tokens = [token for token in _tokens(text) if _DIGIT.search(token[0])]
    for token in tokens:
        yield from _of_token(token)
    yield from _spaced(text, tokens)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Those of words with digits: every mail is searched, and most of its words have none."""
    for word in _WORD_WITH_DIGIT.finditer(text):
        yield from _TOKEN.finditer(text, word.start(), word.end())


def _of_token(token: re.Match[str]) -> Iterator[Found]:
    """The token as a whole, and its parts where a label or a sentence could have been glued to it: `S/N:KX40-1`."""
    yield from _candidate(token[0], token.start())
    if _SOFT.search(token[0]) is None:
        return
    start = token.start()
    for part in _SOFT.split(token[0]):
        yield from _candidate(part, start)
        start += len(part) + 1


def _spaced(text: str, tokens: list[re.Match[str]]) -> Iterator[Found]:
    """Groups, one space between them, as people copy them from a plate: `KX40 2291 0875`. All have digits."""
    run: list[re.Match[str]] = []
    for token in tokens:
        if run and text[run[-1].end() : token.start()] != " ":
            yield from _joined(text, run)
            run = []
        run.append(token)
    yield from _joined(text, run)


def _joined(text: str, run: list[re.Match[str]]) -> Iterator[Found]:
    if 2 <= len(run) <= _MOST_GROUPS:
        yield from _candidate(text[run[0].start() : run[-1].end()], run[0].start())


def _candidate(part: str, start: int) -> Iterator[Found]:
    if len(part) > 2 * LONGEST or _DIGIT.search(part) is None:
        return
    looked_up = key(part)
    if SHORTEST <= len(looked_up) <= LONGEST:
        yield Found(looked_up, start, start + len(part))
