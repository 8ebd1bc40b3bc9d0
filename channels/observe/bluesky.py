"""Bluesky: the posts a search finds, without signing in (docs.bsky.app, lexicons app.bsky.feed.*).

GET app.bsky.feed.searchPosts gives a hundred at most, newest first with sort=latest, and back in time by `until`; its
cursor is for those who signed in. Signing in would take a POST, which nothing here can make. GET app.bsky.feed.getPosts
leaves out the posts that are gone. Who asks not to be shown to people who are not signed in is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode

from channels.adapter import Quarantine
from channels.doors import Field, Form, Json
from channels.observe.asking import Answer, get
from channels.observe.connection import BASE_URL, Connection
from channels.observe.looking import Found, Told, named
from channels.observe.source import CLOCK, EVERY, NAME_HINT, Said, SourceAdapter, instant, objects, web_address
from channels.payloads import Payload

PUBLIC = "https://api.bsky.app"
_AT_ONCE = 100
_PAGES = 4
_HIDDEN = "!no-unauthenticated"
_LINK = "app.bsky.richtext.facet#link"


class BlueskyAdapter(SourceAdapter):
    """A search. Its address is the words."""

    kind = "bluesky"
    said = "on Bluesky"
    form = Form(
        title="Bluesky search",
        intro="Public posts are listed under Heard elsewhere. They are only read: nothing can be said there.",
        icon="cloud",
        address_label="Words to search for",
        address_hint="As in Bluesky's own search, such as “meridian cold room” or “#coldroom”.",
        fields=(
            Field(BASE_URL, "Bluesky's address", "Leave it as it is.", preset=PUBLIC, is_url=True),
            EVERY,
            CLOCK,
        ),
        is_answered=False,
        name_hint=NAME_HINT,
        elsewhere=frozenset({BASE_URL}),
    )

    def latest(self, connection: Connection, marks: Json) -> Found:
        """Back from now to the newest that is known, a few pages at most; the first look takes one page."""
        newest = str(marks.get("newest", ""))
        posts: list[Json] = []
        until = ""
        for _ in range(_PAGES):
            page = objects(self._search(connection, until), "posts")
            posts += page
            until = _at(page[-1]) if page else ""
            if not newest or not until or until <= newest or len(page) < _AT_ONCE:
                break
        told = {one.name: one for one in _told(posts)}
        return Found(list(reversed(told.values())), {"newest": max([newest, *map(_at, posts)])})

    def again(self, connection: Connection, names: Sequence[str]) -> Iterator[Told]:
        asked = urlencode([("uris", name) for name in names if name.startswith("at://")])
        if not asked:
            return
        answer = get(f"{connection.base_url}/xrpc/app.bsky.feed.getPosts?{asked}", _HEADERS)
        there = {one.name: one for one in _told(objects(answer, "posts"))}
        for name in names:
            yield there.get(name) or Told(name, None)

    def tell(self, post: Payload, at: str) -> Said:  # noqa: ARG002 - a URI names its place
        author, record, uri = post.part("author"), post.part("record"), post.text("uri")
        did, handle = author.text("did"), author.text("handle")
        if not did or not uri.startswith("at://"):
            raise Quarantine("It is not a post of Bluesky.")
        name = author.text("displayName")
        return Said(
            url=f"https://bsky.app/profile/{quote(did, safe=':')}/post/{quote(uri.rpartition('/')[2], safe='')}",
            text="\n".join([record.text("text"), *_links(record)]),
            author_id=did,
            author_name=f"{name} (@{handle})" if name else f"@{handle}",
            posted_at=instant(record.text("createdAt")),
        )

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        return {} if web_address(values.get(BASE_URL, "")) else {BASE_URL: f"Enter an address such as {PUBLIC}."}

    def _search(self, connection: Connection, until: str) -> Answer:
        asked = {"q": connection.address, "sort": "latest", "limit": str(_AT_ONCE)}
        asked |= {"until": until} if until else {}
        return get(f"{connection.base_url}/xrpc/app.bsky.feed.searchPosts?{urlencode(asked)}", _HEADERS)


_HEADERS: Mapping[str, str] = {"Accept": "application/json"}


def _told(posts: Sequence[Json]) -> list[Told]:
    return [
        Told(named(one["uri"]), _kept(one)) for one in posts if isinstance(one.get("uri"), str) and not _is_hidden(one)
    ]


def _kept(post: Json) -> Json:
    """What is kept of a post: its words and who wrote them, not who liked them."""
    author, record = _part(post, "author"), _part(post, "record")
    who = {name: author[name] for name in ("did", "handle", "displayName") if name in author}
    said = {name: record[name] for name in ("text", "createdAt", "facets") if name in record}
    return {"uri": post["uri"], "author": who, "record": said}


def _is_hidden(post: Json) -> bool:
    labels = _part(post, "author").get("labels")
    return isinstance(labels, list) and any(isinstance(one, dict) and one.get("val") == _HIDDEN for one in labels)


def _links(record: Payload) -> list[str]:
    """Links whose text in the post is cut short: they stand in its facets."""
    features = [one for facet in record.parts("facets") for one in facet.parts("features")]
    uris = [one.text("uri") for one in features if one.text("$type") == _LINK]
    return [uri for uri in dict.fromkeys(uris) if uri not in record.text("text")]


def _at(post: Json) -> str:
    """When it was taken into the search, as `until` wants it; both are of one clock and one form."""
    at = post.get("indexedAt")
    return at if isinstance(at, str) else ""


def _part(post: Json, name: str) -> Json:
    part = post.get(name)
    return part if isinstance(part, dict) else {}
