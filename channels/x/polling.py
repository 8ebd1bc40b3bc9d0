"""Asking X for what is new: posts that name us, and direct messages; one page of each at a time, the newest first.

A cursor holds a place for each of the two: `since` is the newest that is known; while a look needs several pages,
`token` is where it goes on and `top` the newest it saw, which becomes `since` behind its last page. So a look that was
cut goes on where it was, and what it brings again has the same name and no second effect.

Limits in a quarter of an hour are 300 for posts and 15 for direct messages (docs.x.com/x-api/fundamentals/rate-limits).
What is read is paid for, so a look at direct messages, which cannot begin behind a message, asks for few at first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from channels.adapter import Arrival, Permanent, Retryable
from channels.doors import Batch, Json
from channels.payloads import Payload
from channels.x import prices, reading
from channels.x.client import client
from channels.x.connection import Connection
from channels.x.failures import ask
from channels.x.posts import instant
from helpdesk.now import now

_WORKING = "X is asked for what is new."
_PAUSE, _CALLED_PAUSE, _NEXT_PAGE = 60.0, 900.0, 3.0
_BEFORE = timedelta(days=1)
"""So much of what was said before the account was connected is taken in."""
_POST_FIELDS = [
    "attachments", "author_id", "conversation_id", "created_at", "display_text_range", "edit_history_tweet_ids",
    "entities", "in_reply_to_user_id", "note_tweet", "referenced_tweets",
]  # fmt: skip
_DIRECT_FIELDS = [
    "attachments", "created_at", "dm_conversation_id", "entities", "event_type", "sender_id", "text",
]  # fmt: skip
_MEDIA_FIELDS = ["media_key", "type", "url", "variants"]
_USER_FIELDS = ["name", "username"]


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: objects with what X included, where the next one begins, and whether it goes back far enough."""

    told: list[Payload]
    included: Payload
    token: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """`name` in the cursor; `wrapped` the field one is kept in, `called` what it arrives under."""

    name: str
    wrapped: str
    author: str
    called: Callable[[str], str]
    page: Callable[[Any, str, Json], _Page]
    price: Decimal


def poll(connection: Connection, cursor: Json) -> Batch:
    """A page of each; the other goes on when one may not be asked now.

    Raises:
        SendError: nothing could be asked.
    """
    asked = client(connection)
    ours = str(cursor.get("me") or connection.user_id or _whose(asked))
    arrivals: list[Arrival] = []
    places: Json = {"me": ours}
    cost, trouble = prices.MENTION_READ * 0, None
    for source in (_POSTS, _DIRECTS) if connection.with_directs else (_POSTS,):
        place = dict(cursor.get(source.name) or {"from": (now() - _BEFORE).isoformat(timespec="seconds")})
        try:
            found, place = _look(source, asked, ours, place)
        except Retryable as error:
            found, trouble = [], error
        places[source.name] = place
        arrivals += found
        cost += source.price * len(found)
    if trouble is not None and not arrivals:
        raise trouble
    return Batch(arrivals, places, _pause(connection, places), cost, told=_WORKING)


def _pause(connection: Connection, places: Json) -> float:
    if places[_POSTS.name].get("token"):
        return _NEXT_PAGE
    return _CALLED_PAUSE if connection.is_called and not _is_amid(places) else _PAUSE


def _is_amid(places: Json) -> bool:
    return bool(places.get(_DIRECTS.name, {}).get("token"))


def _whose(asked: Any) -> str:
    """The number of the account, for tokens that do not begin with it."""
    number = ask(asked.get_me, is_read=True).part("data").text("id")
    if not number.isdecimal():
        raise Retryable("X does not say whose the tokens are.")
    return number


def _look(source: _Source, asked: Any, ours: str, place: Json) -> tuple[list[Arrival], Json]:
    """What one page brings, and the place behind it. A page that X does not know any more begins the look anew."""
    try:
        page = source.page(asked, ours, place)
    except Permanent:
        if not place.get("token"):
            raise
        return [], {**place, "token": "", "top": ""}
    new = [one for one in page.told if _is_behind(one, place)]
    arrivals = [Arrival(source.called(one.text("id")), _packed(source, one, page.included, ours)) for one in new]
    newest = max([int(place.get("top") or place.get("since") or 0), *(int(one.text("id")) for one in new)])
    if page.token and not page.is_last:
        return arrivals, {**place, "token": page.token, "top": str(newest)}
    return arrivals, {**place, "since": str(newest) if newest else "", "token": "", "top": ""}


def _is_behind(one: Payload, place: Json) -> bool:
    """Whether it is newer than what is known; before anything is, than the hour it begins with."""
    number = one.text("id")
    if not (number.isascii() and number.isdigit()):
        return False
    if place.get("since"):
        return int(number) > int(place["since"])
    at = instant(one.text("created_at"), "%Y-%m-%dT%H:%M:%S.%f%z")
    return at is None or at >= datetime.fromisoformat(place["from"])


def _posts(asked: Any, ours: str, place: Json) -> _Page:
    since = (
        {"since_id": place["since"]} if place.get("since") else {"start_time": datetime.fromisoformat(place["from"])}
    )
    said = ask(
        lambda: asked.get_users_mentions(
            ours, user_auth=True, max_results=100, pagination_token=place.get("token") or None,
            tweet_fields=_POST_FIELDS, user_fields=_USER_FIELDS, media_fields=_MEDIA_FIELDS,
            expansions=["author_id", "attachments.media_keys"], **since,
        ),
        is_read=True,
    )  # fmt: skip
    return _Page(said.parts("data"), said.part("includes"), said.part("meta").text("next_token"), is_last=False)


def _directs(asked: Any, _: str, place: Json) -> _Page:
    token = place.get("token") or None
    said = ask(
        lambda: asked.get_direct_message_events(
            max_results=50 if token else 5, pagination_token=token, event_types="MessageCreate",
            dm_event_fields=_DIRECT_FIELDS,
            user_fields=_USER_FIELDS, media_fields=_MEDIA_FIELDS, expansions=["sender_id", "attachments.media_keys"],
        ),
        is_read=True,
    )  # fmt: skip
    told = said.parts("data")
    known = any(not _is_behind(one, place) for one in told)
    return _Page(told, said.part("includes"), said.part("meta").text("next_token"), is_last=known)


def _packed(source: _Source, one: Payload, included: Payload, ours: str) -> bytes:
    """One object as it is kept, with what of the page belongs to it."""
    keys = set(one.part("attachments").fields.get("media_keys") or ())
    included_here = {
        "users": [user.fields for user in included.parts("users") if user.text("id") == one.text(source.author)],
        "media": [file.fields for file in included.parts("media") if file.text("media_key") in keys],
    }
    return reading.packed({"for_user_id": ours, source.wrapped: one.fields, "includes": included_here})


_POSTS = _Source("posts", "post", "author_id", reading.post_name, _posts, prices.MENTION_READ)
_DIRECTS = _Source("directs", "dm_event", "sender_id", reading.direct_name, _directs, prices.DIRECT_READ)
