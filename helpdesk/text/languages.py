"""Which of our languages words are written in, by their small words; a few words of none are of none.

The words are data, in `languages.toml` beside this file.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from operator import itemgetter

DEFAULT = "en"
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")
"""Those we can write, by their ISO 639-1 codes."""

_CHARACTERS = 4_000
_ENOUGH = 1.0
"""As much as one word that only this language has."""
_AHEAD = 1.35
"""By how much the first must lead the second."""
_MOST = 2
"""A word said more often counts no more."""
_RARE = 0.04
"""Less than this of a long text are no sentences of the language: names and codes."""
_WORD = re.compile(r"[^\W\d_]+'?")
_NO_PROSE = ("@", "://", "www.")
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8})*\s*\Z")


def of(text: str) -> str:
    """The code of the language of `text`, of its first characters; empty when they do not say."""
    said = {word: min(times, _MOST) for word, times in Counter(_words(text[:_CHARACTERS])).items()}
    first, second = sorted(_scores(said).items(), key=itemgetter(1), reverse=True)[:2]
    clear = first[1] >= max(_ENOUGH, _RARE * sum(said.values())) and first[1] >= _AHEAD * second[1]
    return first[0] if clear and first[0] in LANGUAGES else ""


def named(field: str) -> str:
    """The code of the one language of ours that a Content-Language field names (RFC 3282); empty for several."""
    codes = {match[1].lower() if (match := _TAG.match(one[:80])) else "" for one in field[:1_000].split(",")}
    code = codes.pop() if len(codes) == 1 else ""
    return code if code in LANGUAGES else ""


def _scores(said: Mapping[str, int]) -> dict[str, float]:
    """What speaks for each language: a word of several a share for each."""
    words, letters = _table()
    scores = dict.fromkeys(LANGUAGES, 0.0)
    for word, times in said.items():
        for language in words.get(word, ()):
            scores[language] = scores.get(language, 0.0) + times / len(words[word])
        for language in {letters[letter] for letter in word if letter in letters}:
            scores[language] = scores.get(language, 0.0) + times
    return scores


def _words(text: str) -> Iterator[str]:
    """In lower case; an elided one with its apostrophe and without."""
    pieces = text.lower().replace("’", "'").split()
    prose = " ".join(one for one in pieces if not any(sign in one for sign in _NO_PROSE))
    yield from re.findall("[¿¡]", prose)
    for word in _WORD.findall(prose):
        yield word
        if word.endswith("'"):
            yield word[:-1]


@cache
def _table() -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """The languages of each word, and the language of each letter that only one has."""
    told = tomllib.loads((files("helpdesk.text") / "languages.toml").read_text(encoding="utf-8"))
    languages = {**told.pop("near"), **told}
    words: defaultdict[str, set[str]] = defaultdict(set)
    for language, known in languages.items():
        for word in known["words"].split():
            words[word].add(language)
    letters = {letter: language for language, known in languages.items() for letter in known.get("letters", "")}
    return {word: frozenset(found) for word, found in words.items()}, letters
