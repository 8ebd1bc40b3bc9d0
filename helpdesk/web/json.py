"""The JSON face of the product, at its rim: bodies read strictly, errors as problems (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from flask import Response, request

from helpdesk.errors import Invalid

T = TypeVar("T")

PREFIX = "/api/"
_MOST_BYTES = 1_000_000
_MOST_DEPTH = 20
_MOST_NUMBER = 2**53 - 1
"""Larger ones are not the same number to every reader (RFC 8259, section 6)."""
_NO_DAY = "Write the day as 2026-10-09; it has to exist."
_NOT_READ = "This is not a JSON object we can read, so nothing was changed."


def asked_for_json() -> bool:
    """Whether this request is for the JSON face, whose errors are problems and whose doors never lead to sign-in."""
    return request.path.startswith(PREFIX)


def problem(status: int, sentence: str = "", fields: Mapping[str, str] | None = None) -> Response:
    """An error for a program. `fields` names what is wrong where: "name", "clauses.0.words"."""
    told: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if sentence:
        told["detail"] = sentence
    if fields:
        told["fields"] = dict(fields)
    return Response(json.dumps(told), status, mimetype="application/problem+json")


def body() -> Body:
    """The object that was sent.

    Raises:
        Invalid: it is no JSON, no object, too large, too deep, or holds what no row can.
    """
    if request.mimetype != "application/json":
        raise Invalid("Send JSON, with the content type application/json.")
    if (request.content_length or 0) > _MOST_BYTES:
        raise Invalid(f"This is larger than {_MOST_BYTES} bytes, so nothing was changed.")
    return Body(_parsed(request.get_data(cache=False)))


class Body:
    """Values taken from an object, strictly: what is missing, malformed or unknown is named, and `done()` raises it."""

    def __init__(self, sent: Mapping[str, Any], at: str = "", errors: dict[str, str] | None = None) -> None:
        self._sent, self._at, self._taken = sent, at, set[str]()
        self._parts: list[Body] = []
        self.errors: dict[str, str] = {} if errors is None else errors

    def __contains__(self, name: str) -> bool:
        return name in self._sent

    def text(self, name: str, missing: str = "", most: int = 200) -> str:
        """One line without the spaces around it; `missing` is what to say when it is empty."""
        value = self._take(name, "")
        if not isinstance(value, str):
            return self.wrong(name, "This is a text.", "")
        if missing and not value.strip():
            return self.wrong(name, missing, "")
        if len(value) > most:
            return self.wrong(name, f"This is longer than {most} characters.", "")
        return value.strip()

    def one_of(self, name: str, allowed: Collection[str], default: str = "") -> str:
        value = self._take(name, default)
        if isinstance(value, str) and value in allowed:
            return value
        return self.wrong(name, f"Choose one of {', '.join(sorted(allowed))}.", default)

    def number(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number; without a `default` it has to be there."""
        value = self._take(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        return self.wrong(name, f"This is a whole number from {least} to {most}.", least)

    def identity(self, name: str) -> int | None:
        """The id of something, or nothing."""
        return self.number(name, 1, _MOST_NUMBER) if self._sent.get(name) is not None else self._take(name, None)

    def number_or_none(self, name: str, least: int, most: int) -> int | None:
        """A whole number, or nothing."""
        return self.number(name, least, most) if self._sent.get(name) is not None else self._take(name, None)

    def amount(self, name: str, least: float, most: float) -> float:
        """A number, whole or not; it has to be there."""
        value = self._take(name, None)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return value
        return self.wrong(name, f"This is a number from {least:g} to {most:g}.", least)

    def identities(self, name: str, most: int = 1000) -> tuple[int, ...]:
        """The ids of some things."""
        value = self._take(name, [])
        if isinstance(value, list) and len(value) <= most and all(_is_identity(one) for one in value):
            return tuple(dict.fromkeys(value))
        return self.wrong(name, f"This is a list of at most {most} ids.", ())

    def day(self, name: str) -> date | None:
        """A day (RFC 3339, full-date), or nothing."""
        value = self._take(name, None)
        if value is None:
            return None
        try:
            return date.fromisoformat(value) if len(value) == 10 else self.wrong(name, _NO_DAY, None)
        except (TypeError, ValueError):
            return self.wrong(name, _NO_DAY, None)

    def is_on(self, name: str, *, default: bool) -> bool:
        value = self._take(name, default)
        return value if isinstance(value, bool) else self.wrong(name, "This is either true or false.", default)

    def instant(self, name: str) -> datetime | None:
        """A moment with its offset (RFC 3339), or nothing."""
        value = self._take(name, None)
        if value is None:
            return None
        try:
            at = datetime.fromisoformat(value)
            at.timestamp()
        except (TypeError, ValueError, OverflowError):
            return self.wrong(name, "Write the moment as 2026-10-09T15:10:00-05:00.", None)
        return at if at.tzinfo else self.wrong(name, "Write the moment with its offset, such as Z or -05:00.", None)

    def texts(self, name: str, most: int = 100) -> tuple[str, ...]:
        value = self._take(name, [])
        if isinstance(value, list) and len(value) <= most and all(_is_short(one) for one in value):
            return tuple(value)
        return self.wrong(name, f"This is a list of at most {most} short texts.", ())

    def part(self, name: str) -> Body:
        """An object inside; nothing is an empty one."""
        return self._inside(name, self.raw(name))

    def raw(self, name: str) -> dict[str, Any]:
        """An object inside as it was sent, for a reader that takes all of it; nothing is an empty one."""
        value = self._take(name, None)
        value = {} if value is None else value
        return value if isinstance(value, dict) else self.wrong(name, "This is an object.", {})

    def each(self, name: str, read: Callable[[Body], T], most: int = 100) -> list[T]:
        """What `read` makes of every object of a list."""
        value = self._take(name, [])
        if not (isinstance(value, list) and len(value) <= most and all(isinstance(one, dict) for one in value)):
            return self.wrong(name, f"This is a list of at most {most} objects.", [])
        return [read(self._inside(f"{name}.{place}", one)) for place, one in enumerate(value)]

    def as_sent(self, name: str) -> Any:
        """Whatever it holds, for a reader with rules of its own."""
        return self._take(name, None)

    def names(self) -> list[str]:
        """What an object holds whose names are values themselves, such as priorities."""
        return list(self._sent)

    def wrong(self, name: str, sentence: str, instead: T) -> T:
        """Remember a mistake; `instead` stands in for the value until `done()`."""
        self.errors.setdefault(f"{self._at}{name}", sentence)
        return instead

    def done(self) -> None:
        """Raise what was found, here and in every object inside.

        Raises:
            Invalid: something was.
        """
        self.name_strangers()
        if self.errors:
            raise Invalid("Nothing was changed. `fields` says what is wrong.", self.errors)

    def name_strangers(self) -> None:
        """Remember as mistakes the fields nobody asked for."""
        for name in self._sent.keys() - self._taken:
            self.wrong(name, "We do not know this field.", None)
        for inside in self._parts:
            inside.name_strangers()

    def _take(self, name: str, default: Any) -> Any:
        self._taken.add(name)
        return self._sent.get(name, default)

    def _inside(self, name: str, value: Mapping[str, Any]) -> Body:
        inside = Body(value, f"{self._at}{name}.", self.errors)
        self._parts.append(inside)
        return inside


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200


def _is_identity(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_NUMBER


def _parsed(raw: bytes) -> Mapping[str, Any]:
    if len(raw) > _MOST_BYTES:
        raise Invalid(f"This is larger than {_MOST_BYTES} bytes, so nothing was changed.")
    try:
        sent = json.loads(raw.decode(), object_pairs_hook=_once_each, parse_constant=_refuse)
        _storable(sent, _MOST_DEPTH)
    except (ValueError, RecursionError) as error:
        raise Invalid(_NOT_READ) from error
    if not isinstance(sent, dict):
        raise Invalid(_NOT_READ)
    return sent


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name said twice means one thing to one reader and another to the next (RFC 8259, section 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(_name: str) -> NoReturn:
    raise ValueError("no number")


def _storable(value: Any, depth: int) -> None:
    """Nothing that PostgreSQL cannot hold: half a character, a NUL, an endless number."""
    if depth < 0:
        raise ValueError("too deep")
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("a NUL")
    elif isinstance(value, float) and abs(value) > _MOST_NUMBER:
        raise ValueError("too large a number")
    elif isinstance(value, dict):
        _storable(list(value), depth)
        _storable(list(value.values()), depth)
    elif isinstance(value, list):
        for one in value:
            _storable(one, depth - 1)
