"""The fields all three forms have, and what can be wrong in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from channels.doors import Field
from channels.meta.graph import calls
from channels.meta.graph.connection import APP_SECRET, GRAPH, TOKEN, VERIFY_TOKEN

_SECRET = re.compile(r"[0-9a-f]{32}\Z")
_WORD = re.compile(r"[A-Za-z0-9_-]{12,120}\Z")
_TOKEN = re.compile(r"[A-Za-z0-9|_.-]{20,1000}\Z")

ELSEWHERE = frozenset({"base_url"})


def fields(token_hint: str, *more: Field) -> tuple[Field, ...]:
    """Token, secret and word, with a kind's own fields before them and the address of Meta behind."""
    return (
        *more,
        Field(TOKEN, "Access token", token_hint, secret=True),
        Field(
            APP_SECRET, "App secret", "In the app's settings at Meta, Basic. With it Meta signs what it sends us.",
            secret=True,
        ),
        Field(
            VERIFY_TOKEN, "Verify token",
            "A word of your own: 12 letters and digits or more. Type the same one at Meta beside our address.",
            secret=True,
        ),
        Field("base_url", "Meta's address", "Leave it as it is.", preset=GRAPH, is_url=True),
    )  # fmt: skip


def check(secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong in the shared fields."""
    errors = {}
    if secrets.get(TOKEN) and not _TOKEN.match(secrets[TOKEN]):
        errors[TOKEN] = "This is not an access token, which is one long word."
    if secrets.get(APP_SECRET) and not _SECRET.match(secrets[APP_SECRET]):
        errors[APP_SECRET] = "This is not an app secret, which has 32 digits and letters from a to f."
    if secrets.get(VERIFY_TOKEN) and not _WORD.match(secrets[VERIFY_TOKEN]):
        errors[VERIFY_TOKEN] = "Use 12 letters and digits or more, without spaces."
    if wrong := calls.obstacle():
        errors[VERIFY_TOKEN] = wrong  # beside it stands our address at Meta
    return errors
