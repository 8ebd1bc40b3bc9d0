"""Mistakes named as a JSON body names its fields: `clauses-0-target` is `clauses.0.target_seconds` there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.errors import Invalid

_ROW = re.compile(r"(lines|clauses|conditions|promises)-(\d+)-?")
_NAMES = {"target": "target_seconds", "cap": "credit.cap"}


@contextmanager
def dotted() -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        raise Invalid(error.message, {_sent_name(name): words for name, words in error.fields.items()}) from error


def _sent_name(name: str) -> str:
    found = _ROW.match(name)
    if found is None:
        return name
    rest = name[found.end() :]
    return ".".join(filter(None, (found[1], found[2], _NAMES.get(rest, rest))))
