"""A post, in whichever of its two forms X tells it, and whether it is said to us.

v2: docs.x.com/x-api/fundamentals/data-dictionary#tweet, by asking and in post events of the X Activity API. The older
form: `tweet_create_events` of the Account Activity API (docs.x.com/x-api/account-activity/introduction), which names no
conversation; there the post that is answered leads to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from channels.adapter import Direction, Envelope, Kind, Part, Party
from channels.payloads import Payload
from channels.x import media, names, wording

SUMMONED = "summoned"
POST = "post"
_REPOST = "They passed a post on, and said nothing to us."
_QUOTED = "They quoted a post and did not name us."
_NOT_TO_US = "It does not name us."
_CARRIED = "They answered somebody else; X carried our name along."


@dataclass(frozen=True, slots=True)
class Post:
    """Numbers are X's. `first` is the number of its first version, `thread` empty where it is not told."""

    number: str
    first: str
    author: Party
    text: str
    thread: str = ""
    answered: str = ""
    answered_author: str = ""
    named: tuple[tuple[str, str], ...] = ()
    """Whom it names, as (number, name in small letters), in the order of the text."""
    carried: int = 0
    """So many of the names it begins with X put there."""
    passes_on: bool = False
    quotes: bool = False
    files: tuple[Part, ...] = ()
    at: datetime | None = None


def read(told: Payload, included: Payload, ours: str) -> Envelope:
    """A post of the v2 form."""
    return envelope(_of_v2(told, included), ours)


def read_older(told: Payload, ours: str) -> Envelope:
    """A post of the Account Activity API."""
    return envelope(_of_activity(told), ours)


def deleted(number: str, author: str) -> Envelope:
    """Its author took a post back."""
    name = names.post(number)
    return Envelope(name, Party(author, kind="x"), kind=Kind.DELETE, conversation_key=name)


def envelope(post: Post, ours: str) -> Envelope:
    """What it is to the account with the number `ours`."""
    is_ours = post.author.address == ours
    why = "" if is_ours else _not_to_us(post, ours)
    customer = post.answered_author if is_ours else post.author.address
    key = names.public(post.thread or post.answered or post.first, customer) if customer else ""
    if why or (is_ours and not key):
        return Envelope("", post.author, kind=Kind.NOTHING, suspicion=why or "Somebody of ours posted.")
    called = any(number == ours for number, _ in post.named)
    said = Envelope(
        message_id=names.post(post.first),
        author=post.author,
        text=wording.without_names(post.text, post.carried, _own_names(post, ours)),
        kind=Kind.MESSAGE if post.number == post.first else Kind.EDIT,
        date=post.at,
        in_reply_to=names.post(post.answered) if post.answered and not post.thread else "",
        attachments=post.files,
        conversation_key=key,
        facts=((POST, post.number), (SUMMONED, "yes" if called else "no")),
    )
    return replace(said, direction=Direction.AGENT_ECHO, facts=()) if is_ours else said


def _not_to_us(post: Post, ours: str) -> str:
    """Why it is not said to us; empty when it is."""
    if post.passes_on:
        return _REPOST
    if post.answered_author == ours:
        return ""
    places = [place for place, (number, _) in enumerate(post.named) if number == ours]
    if not places:
        return _QUOTED if post.quotes else _NOT_TO_US
    only_carried = all(place < post.carried for place in places)
    if only_carried and post.answered_author not in {"", post.author.address}:
        return _CARRIED
    return ""


def _own_names(post: Post, ours: str) -> frozenset[str]:
    return frozenset(name for number, name in post.named if number == ours)


def _of_v2(told: Payload, included: Payload) -> Post:
    long = told.part("note_tweet")
    body = long if "text" in long else told
    people = {one.text("id"): one for one in included.parts("users")}
    related = {one.text("type"): one.text("id") for one in told.parts("referenced_tweets")}
    number, author = told.text("id"), told.text("author_id")
    raw = body.text("text")
    return Post(
        number=number,
        first=(media.strings(told, "edit_history_tweet_ids") or [number])[0],
        author=party(author, people.get(author), "username"),
        text=wording.plain(raw, body.part("entities").parts("urls")),
        thread=told.text("conversation_id"),
        answered=related.get("replied_to", ""),
        answered_author=told.text("in_reply_to_user_id"),
        named=_named(told, "mentions", "id", "username"),
        carried=_carried(told, raw, is_answer="replied_to" in related),
        passes_on="retweeted" in related,
        quotes="quoted" in related,
        files=tuple(media.of_keys(told, included)),
        at=instant(told.text("created_at"), "%Y-%m-%dT%H:%M:%S.%f%z"),
    )


def _of_activity(told: Payload) -> Post:
    long = told.part("extended_tweet")
    body = long if "full_text" in long else told
    number, author = told.text("id_str"), told.part("user")
    raw = body.text("full_text") or body.text("text")
    pictures = body.part("extended_entities").parts("media") or told.part("extended_entities").parts("media")
    answered = told.text("in_reply_to_status_id_str")
    return Post(
        number=number,
        first=told.part("edit_history").text("initial_tweet_id") or number,
        author=party(author.text("id_str"), author, "screen_name"),
        text=wording.plain(
            raw, [*body.part("entities").parts("urls"), *body.part("entities").parts("media"), *pictures]
        ),
        answered=answered,
        answered_author=told.text("in_reply_to_user_id_str"),
        named=_named(body, "user_mentions", "id_str", "screen_name"),
        carried=_carried(body, raw, is_answer=bool(answered)),
        passes_on="retweeted_status" in told,
        quotes="quoted_status_id_str" in told,
        files=tuple(media.of_list(pictures)),
        at=instant(told.text("created_at"), "%a %b %d %H:%M:%S %z %Y"),
    )


def party(number: str, told: Payload | None, handle: str) -> Party:
    """Somebody at X: the number stays when the names change."""
    name, called = (told.text("name"), told.text(handle)) if told is not None else ("", "")
    shown = " ".join(name.split())[:150]
    return Party(number, f"{shown} (@{called[:40]})".strip() if called else shown, kind="x")


def instant(stamp: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, form) if stamp else None  # noqa: DTZ007 - each form has its zone
    except ValueError:
        return None


def _named(owner: Payload, field: str, number: str, handle: str) -> tuple[tuple[str, str], ...]:
    return tuple((one.text(number), one.text(handle).lower()) for one in owner.part("entities").parts(field))


def _carried(told: Payload, raw: str, *, is_answer: bool) -> int:
    """How many names stand before what its author wrote; where X does not tell, all that an answer begins with."""
    if not is_answer:
        return 0
    shown = told.fields.get("display_text_range")
    if isinstance(shown, list) and shown and isinstance(shown[0], int) and not isinstance(shown[0], bool):
        return wording.names_at_start(raw[: max(0, shown[0])])
    return wording.names_at_start(raw)
