"""One source connected to a peer on loopback, and posts as its providers write them."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from channels import feeding, sealing
from channels.models import Channel, Inbound
from channels.observe.models import ObservedPost
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.people.models import Brand
from tests.fakes.elsewhere import Elsewhere
from tests.plugins.world import World

CLOCK = ExitStack()
"""How far this test has moved the clock; the fixture of the same name puts it back."""
TITLES = {"feed": "Cold talk", "discourse": "The forum", "mastodon": "Tag", "bluesky": "Words"}


@dataclass
class Ear:
    """A connected source: `look` does what its thread does, then files what came."""

    world: World
    there: Elsewhere
    channel_id: int

    @property
    def channel(self) -> Channel:
        db.session.expire_all()
        return db.session.get_one(Channel, self.channel_id)

    def look(self, *, hours: float = 1) -> float:
        """Look once, an hour later than the last time; seconds until the next look."""
        CLOCK.enter_context(travel(hours=hours))
        kind, _, connection = feeding._connection(self.world.app, self.channel_id)
        polled = feeding.registry.offered(kind, feeding.Polled)
        assert polled is not None
        pause = feeding._poll(
            self.world.app, self.channel_id, threading.Event(), lambda cursor: polled.poll(connection, cursor)
        )
        self.world.file()
        db.session.rollback()
        db.session.expire_all()
        return pause

    def posts(self) -> list[ObservedPost]:
        db.session.expire_all()
        rows = select(ObservedPost).where(ObservedPost.channel_id == self.channel_id)
        return list(db.session.scalars(rows.order_by(ObservedPost.id)))

    def post(self) -> ObservedPost:
        (one,) = self.posts()
        return one

    def ends(self) -> list[str]:
        rows = select(Inbound.state).where(Inbound.channel_id == self.channel_id).order_by(Inbound.id)
        return list(db.session.scalars(rows))


def connected(world: World, there: Elsewhere, kind: str, address: str = "", **config: str) -> Ear:
    addresses = {
        "feed": f"{there.url}/feed.xml",
        "discourse": there.url,
        "mastodon": "#coldroom",
        "bluesky": "meridian",
    }
    token = config.pop("token", "")
    channel = Channel(
        kind=kind,
        brand_id=db.session.scalars(select(Brand.id).order_by(Brand.id).limit(1)).one(),
        name=TITLES[kind],
        address=address or addresses[kind],
        config={"every": "15", **({"base_url": there.url} if kind in {"mastodon", "bluesky"} else {}), **config},
        secrets={},
        created_at=now(),
        state="working",
    )
    db.session.add(channel)
    db.session.flush()
    sealing.seal(channel, {"token": token})
    db.session.commit()
    return Ear(world, there, channel.id)


def rss(*items: tuple[str, str, str]) -> bytes:
    """A feed of (guid, title, text), the newest first as feeds have it."""
    told = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title><link>https://talk.example/{guid}</link>"
        f"<description>{text}</description></item>"
        for guid, title, text in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{told}</channel></rss>'.encode()


def forum(number: int, words: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "name": "Nora Lind", "username": "nora", "created_at": "2026-11-21T08:12:44.113Z",
        "cooked": f"<p>{words}</p>", "post_number": 1, "post_type": 1, "updated_at": "2026-11-21T08:12:44.113Z",
        "topic_id": 700 + number, "topic_slug": "a-topic", "topic_title": f"Topic {number}", "reads": 4, **more,
    }  # fmt: skip


def status(number: int, words: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(115_000 + number), "created_at": "2026-11-21T08:12:44.113Z", "edited_at": None, "spoiler_text": "",
        "visibility": "public", "uri": f"https://social.example/users/nora/statuses/{number}",
        "url": f"https://social.example/@nora/{number}", "content": f"<p>{words} #coldroom</p>", "favourites_count": 3,
        "account": {"id": "7", "acct": "nora", "display_name": "Nora", "followers_count": 12}, **more,
    }  # fmt: skip


def skeet(number: int, words: str, **more: Any) -> dict[str, Any]:
    at = f"2026-11-21T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return {
        "uri": f"at://did:plc:nora/app.bsky.feed.post/{number}", "cid": f"bafy{number}",
        "author": {"did": "did:plc:nora", "handle": "nora.example", "displayName": "Nora", "labels": []},
        "record": {"$type": "app.bsky.feed.post", "text": f"{words} meridian", "createdAt": at},
        "indexedAt": at, "likeCount": 2, **more,
    }  # fmt: skip
