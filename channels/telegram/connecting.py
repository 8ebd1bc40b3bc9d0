"""How a bot is connected: the form, what can be wrong in it, and a test that writes to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from channels.adapter import AuthExpired, SendError
from channels.doors import Field, Form, Step
from channels.payloads import Payload
from channels.telegram.asking import ask
from channels.telegram.connection import TELEGRAM, TOKEN, Connection
from helpdesk.settings import settings

_USERNAME = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{3,31}\Z")
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}\Z")
_PORTS = {None, 443, 80, 88, 8443}
"""Where Telegram calls (core.telegram.org/bots/api#setwebhook)."""

FORM = Form(
    title="Telegram bot",
    intro="Customers write to a bot, and answers go back to it. Make one by writing to @BotFather in Telegram.",
    icon="send",
    address_label="Bot",
    address_hint="Its name with the @, such as @meridian_service_bot.",
    fields=(
        Field(TOKEN, "Token", "From @BotFather. It looks like 123456789:AAF… and opens the whole bot.", secret=True),
        Field(
            "incoming",
            "How messages come in",
            "Asking works from everywhere. Calls are quicker, and need this server to be reachable from outside.",
            choices=(("poll", "We ask Telegram"), ("webhook", "Telegram calls us")),
            preset="poll",
        ),
        Field(
            "base_url", "Telegram's address", "Leave it as it is, unless you run a Bot API server of your own.",
            preset=TELEGRAM, is_url=True,
        ),
    ),
    elsewhere=frozenset({"base_url"}),
)  # fmt: skip


def check_form(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = {}
    if not _USERNAME.match(values.get("address", "")):
        errors["address"] = "Enter the name of the bot, such as @meridian_service_bot."
    if secrets.get(TOKEN) and not _TOKEN.match(secrets[TOKEN]):
        errors[TOKEN] = "This is not a token. It has a number, a colon and many letters."
    if values.get("incoming") == "webhook" and (wrong := _unreachable()):
        errors["incoming"] = wrong
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Is the token right, is it this bot's, and how does Telegram tell us what comes in."""
    words = "Telegram answers"
    try:
        me = ask(connection, "getMe", is_read=True).part("result")
        yield Step(words, ok=True, sentence="Telegram answered and knows the token.")
        words = "The right bot"
        yield Step(words, ok=True, sentence=_owner(connection, me))
        words = "The way in"
        info = ask(connection, "getWebhookInfo", is_read=True).part("result")
        yield Step(words, ok=True, sentence=_way_in(connection, info.text("url")))
    except SendError as error:
        yield Step(words, ok=False, sentence=error.reason)


def check_owner(connection: Connection) -> None:
    """Ask whose token it is.

    Raises:
        SendError: another bot's, or nobody's.
    """
    _owner(connection, ask(connection, "getMe", is_read=True).part("result"))


def _owner(connection: Connection, me: Payload) -> str:
    name = me.text("username")
    if name.lower() != connection.username:
        raise AuthExpired(f"The token belongs to @{name[:40]}, not to @{connection.username}.")
    return f"The token belongs to @{name}."


def _way_in(connection: Connection, url: str) -> str:
    if connection.by_webhook:
        return "Telegram calls us." if url == connection.hook else "Telegram is told to call us once this is saved."
    return "Telegram calls somebody else now; that ends once this is saved." if url else "We ask Telegram."


def _unreachable() -> str:
    own = urlsplit(settings().base_url)
    if own.scheme != "https":
        return "Telegram only calls https addresses, and ours is not one. Choose that we ask."
    return "" if own.port in _PORTS else "Telegram calls ports 443, 80, 88 and 8443 alone. Choose that we ask."
