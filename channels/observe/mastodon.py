"""Mastodon: the posts of a hashtag, or those a search finds (docs.joinmastodon.org/methods/timelines and /search).

GET /api/v1/timelines/tag/{tag} needs no token on most servers and goes forward by `min_id`; GET /api/v2/search with
type=statuses finds words, newest first, and gives statuses to a user's token alone. GET /api/v1/statuses/{id} tells
whether one is still there. What only some may read is never kept, whatever the token could see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit

from channels.adapter import Quarantine
from channels.doors import Field, Form, Json
from channels.observe.asking import get, seek
from channels.observe.connection import BASE_URL, TOKEN, Connection
from channels.observe.looking import Found, Told
from channels.observe.source import CLOCK, EVERY, NAME_HINT, Said, SourceAdapter, instant, objects, single, web_address
from channels.payloads import Payload

_AT_ONCE = 40
"""The most a page holds."""
_PAGES = 5
_OPEN = frozenset({"public", "unlisted"})
_TAG = re.compile(r"#\w{1,100}\Z")
_KEPT = ("id", "url", "uri", "created_at", "edited_at", "content", "spoiler_text")


class MastodonAdapter(SourceAdapter):
    """A search on one server, which knows what its people follow. Its address is the words, or the tag."""

    kind = "mastodon"
    said = "on Mastodon"
    form = Form(
        title="Mastodon search",
        intro="Public posts are listed under Heard elsewhere. They are only read: nothing can be said there.",
        icon="hash",
        address_label="Hashtag or words",
        address_hint="Such as #coldroom. Words without # need a token, and a server with full-text search.",
        fields=(
            Field(BASE_URL, "Server", "It is asked for what it knows.", preset="https://mastodon.social", is_url=True),
            Field(
                TOKEN, "Access token", secret=True, optional=True,
                hint="Of an application with the scopes read:search and read:statuses alone: it can write nothing.",
            ),
            EVERY,
            CLOCK,
        ),
        is_answered=False,
        name_hint=NAME_HINT,
        elsewhere=frozenset({BASE_URL}),
    )  # fmt: skip

    def latest(self, connection: Connection, marks: Json) -> Found:
        if connection.address.startswith("#"):
            return self._tagged(connection, str(marks.get("newest", "")))
        asked = urlencode({"q": connection.address, "type": "statuses", "limit": _AT_ONCE})
        answer = get(f"{connection.base_url}/api/v2/search?{asked}", _headers(connection))
        return Found(_told(objects(answer, "statuses")), marks)

    def again(self, connection: Connection, names: Sequence[str]) -> Iterator[Told]:
        for name in names:
            number = quote(name.partition(":")[2], safe="")
            answer = seek(f"{connection.base_url}/api/v1/statuses/{number}", _headers(connection))
            told = _told([single(answer)]) if answer is not None else []
            yield told[0] if told else Told(name, None)

    def tell(self, post: Payload, at: str) -> Said:
        account = post.part("account")
        acct = account.text("acct")
        if not acct:
            raise Quarantine("It is not a post of Mastodon.")
        return Said(
            url=post.text("url") or post.text("uri"),
            title=post.text("spoiler_text"),
            html=post.text("content"),
            author_id=(acct if "@" in acct else f"{acct}@{urlsplit(at).hostname}").lower(),
            author_name=account.text("display_name") or acct,
            posted_at=instant(post.text("created_at")),
        )

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        errors = {}
        typed = values.get("address", "")
        if typed.startswith("#") and not _TAG.match(typed):
            errors["address"] = "A hashtag is one word, such as #coldroom."
        if not web_address(values.get(BASE_URL, "")):
            errors[BASE_URL] = "Enter the address of the server, such as https://mastodon.social."
        return errors

    def _tagged(self, connection: Connection, newest: str) -> Found:
        """Forward from the newest that is known, so that nothing between two looks is missed."""
        told: list[Told] = []
        for _ in range(_PAGES):
            asked = {"limit": str(_AT_ONCE), **({"min_id": newest} if newest else {})}
            tag = quote(connection.address.lstrip("#"), safe="")
            listed = objects(
                get(f"{connection.base_url}/api/v1/timelines/tag/{tag}?{urlencode(asked)}", _headers(connection))
            )
            told += _told(listed)
            was, newest = newest, str(listed[0].get("id", newest)) if listed else newest
            if not was or len(listed) < _AT_ONCE:
                break
        return Found(told, {"newest": newest})


def _told(statuses: Sequence[Json]) -> list[Told]:
    """Those that everybody may read, the oldest first; a page lists the newest first."""
    return [
        Told(f"status:{one['id']}", _kept(one))
        for one in reversed(statuses)
        if isinstance(one.get("id"), str) and len(one["id"]) <= 64 and one.get("visibility") in _OPEN
    ]


def _kept(status: Json) -> Json:
    """What is kept of a post: its words and where they stand, not who liked or followed."""
    account = status.get("account")
    kept = {name: status[name] for name in _KEPT if name in status}
    who = {name: account.get(name) for name in ("acct", "display_name")} if isinstance(account, dict) else {}
    return {**kept, "account": who}


def _headers(connection: Connection) -> Mapping[str, str]:
    headers = {"Accept": "application/json"}
    return {**headers, "Authorization": f"Bearer {connection.token}"} if connection.token else headers
