"""A Discourse forum: its latest posts, or those a search finds (docs.discourse.org).

GET /posts.json gives {"latest_posts": [...]}, whole; GET /search.json?q=words order:latest gives {"posts": [...]} with
beginnings only, so each new one is read by GET /posts/{id}.json. With a key: headers Api-Key and Api-Username.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from channels.adapter import Envelope, Quarantine
from channels.doors import Field, Form, Json
from channels.observe.asking import get, seek
from channels.observe.connection import TOKEN, Connection
from channels.observe.looking import Found, Told
from channels.observe.source import CLOCK, EVERY, NAME_HINT, Said, SourceAdapter, instant, objects, single, web_address
from channels.payloads import Payload

_AT_ONCE = 20
"""Posts of a search that are read whole in one look; the others follow in the next."""
_READ = 200
_REGULAR = {None, 1}
"""Types of posts people write; others are a forum's own notes, such as of a topic that was moved."""


class DiscourseAdapter(SourceAdapter):
    """A forum. Its address is the forum's."""

    kind = "discourse"
    said = "in a forum"
    form = Form(
        title="Discourse forum",
        intro="Posts of a forum are listed under Heard elsewhere. They are only read: nothing can be said there.",
        icon="messages-square",
        address_label="Forum",
        address_hint="Its whole address, such as https://forum.example.com.",
        fields=(
            Field(
                "query", "Words to search for", optional=True,
                hint="As in the forum's own search, such as “compressor” or “#cold-rooms”. Empty: every new post.",
            ),
            Field(
                TOKEN, "Key", secret=True, optional=True,
                hint="Only for a forum that is not public: an API key that may read, and nothing else.",
            ),
            Field("username", "User of the key", optional=True),
            EVERY,
            CLOCK,
        ),
        is_answered=False,
        name_hint=NAME_HINT,
        known_by_name=True,
    )  # fmt: skip

    def latest(self, connection: Connection, marks: Json) -> Found:
        if not connection.query:
            listed = objects(get(f"{connection.base_url}/posts.json", _headers(connection)), "latest_posts")
            told = [Told(_name(one), _kept(one)) for one in reversed(listed) if one.get("post_type") in _REGULAR]
            return Found([one for one in told if one.name], marks)
        return self._found(connection, marks)

    def again(self, connection: Connection, names: Sequence[str]) -> Iterator[Told]:
        for name in names:
            yield self._one(connection, name)

    def tell(self, post: Payload, at: str) -> Said:
        username = post.text("username")
        if not username or not at:
            raise Quarantine("It is not a post of a forum.")
        place = f"{at}/t/{post.text('topic_slug') or '-'}/{post.needed('topic_id')}/{post.needed('post_number')}"
        return Said(
            url=place,
            title=post.text("topic_title"),
            html=post.text("cooked"),
            author_id=f"{username.lower()}@{urlsplit(at).hostname}",
            author_name=post.text("name") or username,
            posted_at=instant(post.text("created_at")),
        )

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        errors = {}
        if not web_address(values.get("address", "")):
            errors["address"] = "Enter the whole address of the forum, such as https://forum.example.com."
        if secrets.get(TOKEN) and not values.get("username"):
            errors["username"] = "Enter whose key it is; “system” for a key of all users."
        return errors

    def words_of(self, envelope: Envelope) -> list[str]:
        """Without the title of its topic, which is told in lists alone."""
        return [envelope.text, envelope.html]

    def _found(self, connection: Connection, marks: Json) -> Found:
        """What the search finds and is not read yet; what was read is looked at again in its turn."""
        asked = urlencode({"q": f"{connection.query} order:latest", "page": 1})
        answer = get(f"{connection.base_url}/search.json?{asked}", _headers(connection))
        titles = {one.get("id"): one.get("title") for one in objects(answer, "topics", is_optional=True)}
        read = [str(name) for name in marks.get("read", ())]
        told: list[Told] = []
        for found in reversed(objects(answer, "posts", is_optional=True)):
            name = _name(found)
            if name and name not in read and len(told) < _AT_ONCE:
                one = self._one(connection, name)
                title = titles.get(found.get("topic_id")) or ""
                told.append(Told(name, {**one.post, "topic_title": title} if one.post is not None else None))
        here = [one.name for one in told]
        return Found([one for one in told if one.post is not None], {"read": [*read, *here][-_READ:]})

    def _one(self, connection: Connection, name: str) -> Told:
        answer = seek(f"{connection.base_url}/posts/{name.rpartition(':')[2]}.json", _headers(connection))
        post = single(answer) if answer is not None else None
        is_gone = post is None or post.get("user_deleted") is True or bool(post.get("deleted_at"))
        return Told(name, None if is_gone or post is None else _kept(post))


def _name(post: Json) -> str:
    number = post.get("id")
    return f"post:{number}" if isinstance(number, int) and not isinstance(number, bool) and number > 0 else ""


def _kept(post: Json) -> Json:
    """What is kept of a post: its words and where they stand, not who else liked them."""
    kept = ("id", "name", "username", "created_at", "cooked", "post_number", "topic_id", "topic_slug", "topic_title")
    return {name: post[name] for name in kept if name in post}


def _headers(connection: Connection) -> Mapping[str, str]:
    headers = {"Accept": "application/json"}
    if connection.token:
        headers |= {"Api-Key": connection.token, "Api-Username": connection.username or "system"}
    return headers
