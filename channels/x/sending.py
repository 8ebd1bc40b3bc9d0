"""An answer as what sends it: one post in public, or direct messages, of which each takes one file.

Source: docs.x.com/x-api/posts/create-post, /x-api/direct-messages/manage. X writes the name of whom a post answers in
front of it by itself, and does not count it. Since 2026 an app may answer in public only who named its account.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Any

from channels import pieces as in_pieces
from channels import provider
from channels.adapter import Outbound, Outcome, Permanent, Result, SendError, WindowClosed
from channels.capabilities import Capabilities, Files, Talk, Unit
from channels.payloads import Payload
from channels.x import names, prices, uploading
from channels.x.client import client
from channels.x.connection import Connection
from channels.x.failures import ask
from channels.x.posts import POST, SUMMONED
from helpdesk.text.weighing import weighed

POST_LENGTH, DIRECT_LENGTH = 280, 10_000
_ENCRYPTED = (
    "Their messages here are encrypted, and only X itself can read or answer them. Sign in at X, or reach them another "
    "way."
)
_NOT_SUMMONED = (
    "They answered without naming us, and X lets us answer in public only who names us. Wait until they do, or reach "
    "them another way."
)
_NOWHERE = "This is no conversation X knows."
_TOO_LONG = (
    "It is too long for X, which takes 280 characters in public: a link counts 23, an emoji 2. Send two answers."
)
_FILES = Files(count=4, size=uploading.MOST_BYTES, types=uploading.TYPES)


def capabilities(talk: Talk) -> Capabilities:
    """What goes in a conversation; what one is shows in its key."""
    if names.is_encrypted(talk.key):
        return Capabilities(closed=_ENCRYPTED)
    if names.direct_of(talk.key):
        return Capabilities(max_length=DIRECT_LENGTH, files=_FILES, threads=False, cost_hint=prices.DIRECT_HINT)
    return Capabilities(
        max_length=POST_LENGTH,
        unit=Unit.WEIGHED,
        files=_FILES,
        threads=True,
        public=True,
        requires_summons=True,
        cost_hint=prices.PUBLIC_HINT,
        closed=_NOT_SUMMONED if talk.facts.get(SUMMONED) == "no" else "",
    )


def send(outbound: Outbound, connection: Connection, begin: Callable[[], None]) -> tuple[Result, ...]:
    """Send to the one conversation what did not arrive in an earlier try.

    Raises:
        SendError: `done` are the messages that were sent.
    """
    recipient = outbound.recipient
    if recipient is None:
        return ()
    able = capabilities(Talk(outbound.conversation, dict(outbound.facts)))
    if able.closed:
        raise WindowClosed(able.closed)
    if names.is_public(outbound.conversation):
        done, cost = _post(outbound, connection, begin)
    elif names.direct_of(outbound.conversation):
        done, cost = _directs(outbound, connection, begin)
    else:
        raise Permanent(_NOWHERE)
    return (Result(recipient.address, Outcome.ACCEPTED, external_id=done[-1], pieces=done, cost=cost),)


def _post(outbound: Outbound, connection: Connection, begin: Callable[[], None]) -> tuple[tuple[str, ...], Decimal]:
    text, answered = _fitted(outbound), _answered(outbound)
    uploading.check(outbound.attachments, together=True)
    files = [uploading.upload(file, connection, "tweet") for file in outbound.attachments]
    asked = client(connection)
    begin()
    made = ask(lambda: asked.create_tweet(text=text or None, in_reply_to_tweet_id=answered, media_ids=files or None))
    return (names.post(_number(made, "id")),), prices.of_reply(text)


def _directs(outbound: Outbound, connection: Connection, begin: Callable[[], None]) -> tuple[tuple[str, ...], Decimal]:
    text = outbound.text.strip()
    if len(text) > DIRECT_LENGTH:
        raise Permanent("It is too long for X, which takes 10,000 characters in a direct message.")
    uploading.check(outbound.attachments, together=False)
    sent = len(outbound.done)
    files = [None] * sent + [uploading.upload(file, connection, "dm") for file in outbound.attachments[sent:]]
    asked, talk = client(connection), names.direct_of(outbound.conversation)
    pieces = zip_longest([text or None], files)
    try:
        done = in_pieces.send(outbound, [partial(_direct, asked, talk, words, file) for words, file in pieces], begin)
    except SendError as error:
        error.cost = prices.DIRECT_SENT * (len(error.done) - sent)
        raise
    return done, prices.DIRECT_SENT * (len(done) - sent)


def _direct(asked: Any, talk: str, words: str | None, file: str | None) -> str:
    made = ask(lambda: asked.create_direct_message(dm_conversation_id=talk, text=words, media_id=file))
    return names.direct(_number(made, "dm_event_id"))


def _answered(outbound: Outbound) -> str:
    """The number of the post it goes under: the newest of theirs, where that is told.

    Raises:
        Permanent: none is.
    """
    told = dict(outbound.facts).get(POST, "")
    number = told if told.isdecimal() else names.post_of(outbound.in_reply_to)
    if not number:
        raise Permanent(_NOWHERE)
    return number


def _fitted(outbound: Outbound) -> str:
    """The words. Our own automatic ones lose paragraphs at their end until they fit; a person's are never cut.

    Raises:
        Permanent: they do not fit.
    """
    text = outbound.text.strip()
    while weighed(text) > POST_LENGTH and outbound.automatic and "\n\n" in text:
        text = text.rpartition("\n\n")[0].rstrip()
    if weighed(text) > POST_LENGTH:
        raise Permanent(_TOO_LONG)
    return text


def _number(made: Payload, name: str) -> str:
    """What X calls what it took.

    Raises:
        Uncertain: it took it, but does not say.
    """
    number = made.part("data").text(name)
    if not number.isdecimal():
        raise provider.unread("X")
    return number
