"""How an account is connected: the form, what can be wrong in it, and a test that writes to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from channels.adapter import AuthExpired, SendError
from channels.doors import Field, Form, Step
from channels.x import prices
from channels.x.client import client
from channels.x.connection import Connection, X
from channels.x.failures import ask
from helpdesk.settings import settings

_HANDLE = re.compile(r"@?[A-Za-z0-9_]{1,15}\Z")
_KEY = re.compile(r"[\x21-\x7e]{10,200}\Z")
_TOKEN = re.compile(r"[0-9]{1,20}-[\x21-\x7e]{10,200}\Z")

FORM = Form(
    title="X account",
    intro=(
        "Customers name the account in a post or write to it directly, and answers go back there. Make an app for it "
        f"at console.x.com with the right to read, write and direct messages. {prices.TABLE}"
    ),
    icon="x-social",
    address_label="Account",
    address_hint="Its name with the @, such as @MeridianService.",
    fields=(
        Field("api_key", "API key", "Of the app, under Keys and tokens.", secret=True),
        Field("api_secret", "API key secret", "Of the app. X's calls are signed with it.", secret=True),
        Field("access_token", "Access token", "Made for this account, with direct messages. It begins with a number.",
              secret=True),
        Field("access_secret", "Access token secret", "What came with the access token.", secret=True),
        Field(
            "reads", "What comes in", "Each direct message that is read costs as much as ten posts.",
            choices=(("both", "Posts that name us, and direct messages"), ("posts", "Posts that name us")),
            preset="both",
        ),
        Field(
            "incoming", "How it comes in",
            "Asking works from everywhere. Calls are quicker, and need this server to be reachable from outside.",
            choices=(("poll", "We ask X every minute"), ("both", "X calls us, and we ask for what was missed")),
            preset="poll",
        ),
        Field(
            "budget", "Budget of a month",
            "In dollars, such as 25. Once it is used up nothing is read or sent until the month ends. Empty: no end.",
            optional=True,
        ),
        Field("base_url", "X's address", "Leave it as it is.", preset=X, is_url=True),
    ),
    elsewhere=frozenset({"base_url"}),
)  # fmt: skip


def check_form(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = {}
    if not _HANDLE.match(values.get("address", "")):
        errors["address"] = "Enter the name of the account, such as @MeridianService."
    for name in ("api_key", "api_secret", "access_secret"):
        if secrets.get(name) and not _KEY.match(secrets[name]):
            errors[name] = "This is not what X shows: it has letters and digits alone, and many of them."
    if secrets.get("access_token") and not _TOKEN.match(secrets["access_token"]):
        errors["access_token"] = "This is not an access token. It has a number, a dash and many letters."  # noqa: S105
    if values.get("budget") and not _is_money(values["budget"]):
        errors["budget"] = "Enter dollars, such as 25 or 12.50."
    if values.get("incoming") == "both" and (wrong := _unreachable()):
        errors["incoming"] = wrong
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Are the tokens right, are they this account's, and may direct messages be read."""
    words = "X answers"
    try:
        me = ask(client(connection).get_me, is_read=True).part("data")
        yield Step(words, ok=True, sentence="X answered and knows the tokens.")
        words = "The right account"
        yield Step(words, ok=True, sentence=_owner(connection, me.text("username")))
        words = "Direct messages"
        yield Step(words, ok=True, sentence=_directs(connection))
    except SendError as error:
        yield Step(words, ok=False, sentence=error.reason)


def _owner(connection: Connection, name: str) -> str:
    if name.lower() != connection.username:
        raise AuthExpired(f"The tokens belong to @{name[:40]}, not to @{connection.username}.")
    return f"The tokens belong to @{name}."


def _directs(connection: Connection) -> str:
    if not connection.with_directs:
        return "They are not read, as this channel wants it."
    ask(lambda: client(connection).get_direct_message_events(max_results=1), is_read=True)
    return "They may be read."


def _is_money(typed: str) -> bool:
    try:
        amount = Decimal(typed)
    except InvalidOperation:
        return False
    return amount.is_finite() and 0 <= amount <= 1_000_000


def _unreachable() -> str:
    own = urlsplit(settings().base_url)
    if own.scheme != "https" or own.port is not None:
        return "X only calls https addresses without a port, and ours is not one. Choose that we ask."
    return ""
