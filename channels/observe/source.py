"""What the four kinds of source share: read by schedule, posts as envelopes, a form, a test; and no way to speak."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlsplit

from channels.adapter import Envelope, Kind, Overheard, Party, Quarantine, Retryable, SendError
from channels.capabilities import Capabilities, Talk
from channels.doors import Batch, Field, Form, Json, Step
from channels.models import Channel
from channels.observe import connection as connections
from channels.observe import looking
from channels.observe.asking import Answer
from channels.observe.connection import Connection
from channels.observe.looking import Found, Told
from channels.payloads import Payload, PayloadParser, clean
from helpdesk.text.html import sanitise
from helpdesk.text.markup import stripped
from helpdesk.text.plain import snippet

CLOSED = "This was overheard, not said to us: nothing can be said there. Open it by its link, or add a note."
NAME_HINT = "What agents see beside its posts, such as “Robot forum”."
_TITLE = 300
_LONGEST_URL = 2000

EVERY = Field(
    connections.EVERY, "How often it is read", "Only what changed is asked for, where the source can tell.",
    choices=(("5", "Every 5 minutes"), ("15", "Every 15 minutes"), ("60", "Every hour"), ("360", "Every 6 hours")),
    preset="15",
)  # fmt: skip
CLOCK = Field(
    "clock", "What is promised on a ticket made here", "A post itself has no clock.",
    choices=(("made", "Counts from when somebody makes it"), ("posted", "Counts from when the post was written")),
    preset="made",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What a post says. `html` is as it came; then `text` may stay empty, and is read out of it."""

    url: str = ""
    title: str = ""
    text: str = ""
    html: str = ""
    author_id: str = ""
    """What names its author among all of this kind; empty when nothing does."""
    author_name: str = ""
    posted_at: datetime | None = None


class SourceAdapter(PayloadParser):
    """A kind of source: each adds what it lists, what it tells of one post, and its form."""

    kind: str
    said: str
    form: Form

    @abstractmethod
    def latest(self, connection: Connection, marks: Json) -> Found:
        """As `channels.observe.looking.Source` wants it."""

    @abstractmethod
    def again(self, connection: Connection, names: Sequence[str]) -> Iterable[Told]:
        """As `channels.observe.looking.Source` wants it."""

    @abstractmethod
    def tell(self, post: Payload, at: str) -> Said:
        """What a post of the place `at` says.

        Raises:
            Quarantine: it is not what this source tells.
        """

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def poll(self, connection: Connection, cursor: Json) -> Batch:
        return looking.look(self, connection, cursor)

    def read(self, payload: Payload) -> Envelope:
        """The post in what `looking` handed over."""
        name = payload.text("name")
        if not name:
            raise Quarantine("It is not what this source tells.")
        if payload.flag("gone"):
            return Envelope(name, Party("", kind=self.kind), kind=Kind.POST, post=Overheard(is_gone=True))
        said = self.tell(payload.part("post"), payload.text("at"))
        safe = sanitise(said.html, cids={}) if said.html else None
        return Envelope(
            message_id=name,
            author=Party(said.author_id, snippet(said.author_name, 200), self.kind),
            subject=snippet(stripped(said.title), _TITLE),
            text=clean(said.text or stripped(said.html)),
            html=said.html,
            shown_html=str(safe.html) if safe is not None else "",
            remote_images=safe.blocked if safe is not None else (),
            kind=Kind.POST,
            date=said.posted_at,
            post=Overheard(web_address(said.url)),
        )

    def digest(self, raw: bytes) -> str:
        try:
            one = self.parse(raw)
        except Quarantine:
            return hashlib.sha256(raw).hexdigest()[:16]
        return hashlib.sha256(json.dumps(self.words_of(one)).encode()).hexdigest()[:16]

    def words_of(self, envelope: Envelope) -> list[str]:
        """What is another post's words when it differs; what is not told in every answer is left out."""
        url = envelope.post.url if envelope.post is not None else ""
        return [envelope.subject, envelope.text, envelope.html, url]

    def capabilities(self, talk: Talk) -> Capabilities:  # noqa: ARG002 - the same everywhere
        return Capabilities(public=True, closed=CLOSED)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        """Nothing beside what each field says of itself; some kinds know more."""
        return {}

    def test(self, connection: Connection) -> Iterator[Step]:
        """Does it answer, and is there something to read."""
        words = "The source answers"
        try:
            found = self.latest(connection, {})
        except SendError as error:
            yield Step(words, ok=False, sentence=error.reason)
            return
        yield Step(words, ok=True, sentence="It answered, and was only read.")
        count = len(found.told)
        yield Step("Posts", ok=True, sentence=f"It lists {count} {'post' if count == 1 else 'posts'} now.")


def web_address(url: str) -> str:
    """The address of a post where everybody may click on it; empty when it is none of the web's."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= _LONGEST_URL
    return clean(url.strip()) if is_one else ""


def instant(word: str) -> datetime | None:
    """A point in time of ISO 8601; in UTC when it does not say where; None when it is none."""
    try:
        at = datetime.fromisoformat(word)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def single(answer: Answer) -> Json:
    """The object an answer of JSON is.

    Raises:
        Retryable: it is none.
    """
    said = _loaded(answer)
    return said if isinstance(said, dict) else _refuse(answer)


def objects(answer: Answer, name: str = "", *, is_optional: bool = False) -> list[Json]:
    """The objects an answer of JSON lists, in its field `name` or at its top; one `is_optional` may be missing.

    Raises:
        Retryable: it is not such an answer.
    """
    said = _loaded(answer) if not name else single(answer).get(name, [] if is_optional else None)
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else _refuse(answer)


def _loaded(answer: Answer) -> object:
    try:
        return json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return _refuse(answer)


def _refuse(answer: Answer) -> NoReturn:
    raise Retryable(f"What {urlsplit(answer.url).hostname} answered could not be read.")
