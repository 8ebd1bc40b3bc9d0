"""What was heard elsewhere: posts to list, to search, to tag, to ignore. Verbs flush; whoever calls commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, false, func, literal_column, select
from sqlalchemy.orm import joinedload

from channels import registry
from channels.doors import Observing
from channels.models import Channel
from channels.observe.models import ObservedPost
from helpdesk.db import among, db, locked
from helpdesk.errors import Conflict
from helpdesk.pagination import Slice, cut, decode
from helpdesk.people.models import Agent
from helpdesk.tickets import triage
from helpdesk.tickets.models import Ticket

PAGE = 30
SHOWN = "new", "tickets", "ignored", "all"
MOST = 100
_TAGS = 30
_NEW: ColumnElement[bool] = literal_column("state = 'new' AND gone_at IS NULL")
"""Spelled out: with a parameter the database would look for the partial index anew on every page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which posts: one of `SHOWN`, words, a tag, one source; empty ones ask for all."""

    show: str = "new"
    words: str = ""
    tag: str = ""
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One post with the number of the ticket somebody made of it."""

    post: ObservedPost
    number: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """One channel that is listened to; `said` is where: "on Mastodon"."""

    channel: Channel
    said: str


def visible_posts(agent: Agent) -> Select[ObservedPost]:
    """The posts this agent may see. Every list and every single load starts here; as with tickets, every active agent
    sees all of them, and a restriction to teams is one more `where` in this place.
    """
    posts = select(ObservedPost)
    return posts if agent.is_active else posts.where(false())


def listed(agent: Agent, asked: Asked, after: str = "") -> Slice[Row]:
    """A page of them, the newest first; `after` is the cursor of the page before.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    rows = visible_posts(agent).add_columns(Ticket.number).outerjoin(Ticket, Ticket.id == ObservedPost.ticket_id)
    rows = rows.options(joinedload(ObservedPost.channel)).where(*_conditions(asked))
    if after:
        rows = rows.where(ObservedPost.id < decode(after, int)[0])
    found = db.session.execute(rows.order_by(ObservedPost.id.desc()).limit(PAGE + 1))
    return cut([Row(post, number) for post, number in found], PAGE, lambda row: (row.post.id,))


def hold(agent: Agent, post_id: int) -> ObservedPost:
    """One of them with its source, locked.

    Raises:
        NotFound: there is none, or none this agent may see.
    """
    one = visible_posts(agent).where(ObservedPost.id == post_id).options(joinedload(ObservedPost.channel))
    return locked(one, what="post")


def sources() -> list[Source]:
    """Every place that is listened to, by name."""
    kinds = {kind: one.said for kind, one in registry.kinds_with(Observing)}  # type: ignore[type-abstract]
    rows = db.session.scalars(select(Channel).where(Channel.kind.in_(kinds)).order_by(Channel.name, Channel.id))
    return [Source(channel, kinds[channel.kind]) for channel in rows]


def tags_in_use() -> Sequence[str]:
    """The tags of posts, in order; the first thirty."""
    tag = func.unnest(ObservedPost.tags).label("tag")
    return db.session.scalars(select(tag).distinct().order_by(tag).limit(_TAGS)).all()


def waiting() -> tuple[ColumnElement[bool], ScalarSelect[int]]:
    """Whether anything is listened to, and how many posts nobody has decided about, a hundred at most."""
    few = select(ObservedPost.id).where(_NEW).limit(MOST).subquery()
    listens = exists().where(among(Channel.kind, registry.OBSERVING))
    count = select(func.count()).select_from(few).scalar_subquery()
    return listens, count


def ignore(post: ObservedPost, *, by: Agent) -> ObservedPost:
    """Nothing is to be done about it. Twice is harmless.

    Raises:
        Conflict: it is a ticket by now.
    """
    if post.state == "ticket":
        raise Conflict("Somebody made a ticket of this post meanwhile.")
    post.state, post.decided_by = "ignored", by.id
    db.session.flush()
    return post


def put_back(post: ObservedPost, *, by: Agent) -> ObservedPost:
    """It waits for a decision again. Twice is harmless; a post that is a ticket stays one."""
    if post.state == "ignored":
        post.state, post.decided_by = "new", by.id
        db.session.flush()
    return post


def tag(post: ObservedPost, names: Sequence[str]) -> ObservedPost:
    """Set its tags to exactly these names.

    Raises:
        Invalid: a name is too long, or there are too many.
    """
    post.tags = triage.neat(names)
    db.session.flush()
    return post


def as_message(post: ObservedPost) -> str:
    """What it says on a ticket: its words, and where they stand."""
    return "\n\n".join(filter(None, [post.text.strip(), post.url]))


def document(post: ObservedPost) -> ColumnElement[str]:
    """Its words as the search keeps them."""
    said = f"{post.title} {post.author_name} {post.author_address} {post.text}"[:40_000]
    return func.to_tsvector("simple", said.translate(_SEPARATORS))


_SEPARATORS = str.maketrans({"-": " ", "#": " ", "/": " ", "@": " ", ".": " ", "\0": None})
"""What PostgreSQL's parser would swallow into one word: an address, a tag, a number of a part."""


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.show == "new":
        found.append(and_(ObservedPost.state == "new", ObservedPost.gone_at.is_(None)))
    elif asked.show in {"tickets", "ignored"}:
        found.append(ObservedPost.state == asked.show.removesuffix("s"))
    if asked.words:
        found.append(_said(asked.words))
    if asked.tag:
        found.append(ObservedPost.tags.contains([asked.tag]))
    if asked.source is not None:
        found.append(ObservedPost.channel_id == asked.source)
    return found


def _said(words: str) -> ColumnElement[bool]:
    """Those with words that begin like all of these; none for no word."""
    terms = re.findall(r"\w+", words.translate(_SEPARATORS))[:12]
    query = func.to_tsquery("simple", " & ".join(f"'{term}':*" for term in terms))
    return ObservedPost.words.bool_op("@@")(query) if terms else false()
