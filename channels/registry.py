"""Kinds of channels and their adapters, imported on first use."""

from __future__ import annotations

import threading
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from channels.adapter import Connecting, Parser

ADAPTERS = {
    "email": "channels.email.adapter:EmailAdapter",
    "phone": "channels.phone.adapter:PhoneAdapter",
    "slack": "channels.slack.adapter:SlackAdapter",
    "telegram": "channels.telegram.adapter:TelegramAdapter",
    "x": "channels.x.adapter:XAdapter",
    "messenger": "channels.meta.messenger:MessengerAdapter",
    "instagram": "channels.meta.instagram:InstagramAdapter",
    "whatsapp": "channels.meta.whatsapp.adapter:WhatsAppAdapter",
    "device": "channels.device.adapter:DeviceAdapter",
    "push": "channels.push.adapter:PushAdapter",
    "chat": "channels.chat.adapter:ChatAdapter",
    "form": "channels.form.adapter:FormAdapter",
    "feed": "channels.observe.feeds:FeedAdapter",
    "discourse": "channels.observe.discourse:DiscourseAdapter",
    "mastodon": "channels.observe.mastodon:MastodonAdapter",
    "bluesky": "channels.observe.bluesky:BlueskyAdapter",
}

OBSERVING = tuple(kind for kind, where in ADAPTERS.items() if where.startswith("channels.observe."))
"""The kinds we only listen to, by where they are: every page asks, and need not load every provider's library."""

T = TypeVar("T")

arrived = threading.Event()
"""Set when something was accepted in this process, so that it is filed at once."""


@cache
def adapter(kind: str) -> Connecting:
    """The adapter of a kind, one per process.

    Raises:
        KeyError: there is no such kind.
    """
    module, _, name = ADAPTERS[kind].partition(":")
    return cast("Connecting", getattr(import_module(module), name)())


def offered(kind: str, protocol: type[T]) -> T | None:
    """The adapter of a kind as what it offers beside sending (`channels.doors`); None when it does not."""
    if kind not in ADAPTERS:
        return None
    one: Any = adapter(kind)
    return cast("T", one) if _has(one, cast("Any", protocol)) else None


def kinds_with(protocol: type[T]) -> list[tuple[str, T]]:
    """Every kind that offers it, in their order."""
    found = ((kind, offered(kind, protocol)) for kind in ADAPTERS)
    return [(kind, one) for kind, one in found if one is not None]


def parser(kind: str) -> Parser:
    """What reads the messages of a kind.

    Raises:
        KeyError: messages of this kind do not become tickets.
    """
    found = offered(kind, Parser)  # type: ignore[type-abstract]
    if found is None:
        raise KeyError(kind)
    return found


@cache
def _has(one: Any, protocol: Any) -> bool:
    """Whether it has the methods of a protocol, looked at once: every call asks it several times."""
    return isinstance(one, protocol)
