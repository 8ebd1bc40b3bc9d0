"""Feeds and posts as their sources write them, and as nobody should: tests/cases/observe."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from channels import registry
from channels.adapter import Kind, Quarantine, Retryable
from channels.doors import Observing
from channels.observe import parsing
from channels.observe.feeds import FeedAdapter
from channels.observe.source import SourceAdapter

CASES = Path(__file__).parents[2] / "cases/observe"
FEEDS = tomllib.loads((CASES / "feeds.toml").read_text(encoding="utf-8"))["case"]
POSTS = json.loads((CASES / "posts.json").read_text(encoding="utf-8"))


def adapter(kind: str) -> SourceAdapter:
    found = registry.adapter(kind)
    assert isinstance(found, SourceAdapter)
    return found


def raw(name: str, post: dict[str, Any], at: str = "") -> bytes:
    return json.dumps({"name": name, "at": at, "gone": False, "post": post}).encode()


def feed_of(case: dict[str, Any]) -> bytes:
    whole = case["feed"] + case.get("repeat", "") * case.get("times", 0)
    return whole.encode(case.get("encode", "utf-8"))


@pytest.mark.parametrize("case", FEEDS, ids=lambda case: case["name"])
def test_a_feed(case: dict[str, Any]):
    content_type = case.get("content_type", "application/xml")
    if "refused" in case:
        with pytest.raises(Retryable, match=case["refused"]):
            parsing.entries(feed_of(case), content_type, "https://talk.example/feed.xml")
        return
    told = parsing.entries(feed_of(case), content_type, "https://talk.example/feed.xml")
    assert len(told) == len(case["entries"])
    for one, expected in zip(told, case["entries"], strict=True):
        assert one.post is not None
        envelope = FeedAdapter().parse(raw(one.name, one.post))
        assert envelope.post is not None
        found = {
            "name": envelope.message_id,
            "title": envelope.subject,
            "text": envelope.text,
            "url": envelope.post.url,
            "author": envelope.author.name,
            "posted": envelope.date.isoformat() if envelope.date else "",
        }
        assert {name: found[name] for name in expected} == expected
        assert envelope.author.address == ""  # a name in a feed proves nothing


@pytest.mark.parametrize("case", POSTS, ids=lambda case: case["name"])
def test_a_post(case: dict[str, Any]):
    source = adapter(case["kind"])
    if case.get("quarantined"):
        with pytest.raises(Quarantine):
            source.parse(raw("one", case["post"], case["at"]))
        return
    envelope = source.parse(raw("one", case["post"], case["at"]))
    assert envelope.post is not None
    found = {
        "title": envelope.subject,
        "text": envelope.text,
        "author": envelope.author.address,
        "author_name": envelope.author.name,
        "url": envelope.post.url,
        "posted": envelope.date.isoformat() if envelope.date else "",
        "blocked": list(envelope.remote_images),
    }
    assert {name: found[name] for name in case if name in found} == {name: case[name] for name in case if name in found}
    assert envelope.kind is Kind.POST
    for sign in case.get("html_holds_not", ()):
        assert sign not in envelope.shown_html


def test_an_entry_without_a_name_is_known_by_what_it_says():
    feed = b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><item><title>%s</title></item></channel></rss>'
    names = [parsing.entries(feed % words, "text/xml", "https://x.example")[0].name for words in (b"a", b"a", b"b")]
    assert names[0] == names[1] != names[2]


def test_of_a_long_feed_the_newest_hundred_are_read():
    items = b"".join(
        b"<item><guid isPermaLink='false'>%d</guid><title>t</title></item>" % number for number in range(150)
    )
    feed = b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>' + items + b"</channel></rss>"
    told = parsing.entries(feed, "text/xml", "https://x.example")
    assert [told[0].name, told[-1].name, len(told)] == ["99", "0", 100]


@pytest.mark.parametrize("nested", ["<a>", "<item>", "&lt;div&gt;"])
def test_a_feed_made_to_take_long_takes_seconds_at_most(nested: str):
    most = min(parsing.MOST_TAGS - 10, (parsing.MOST_REFERENCES // 2) - 10)
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><item><title>x</title><description>'
    began = time.process_time()
    parsing.entries((head + nested * most).encode(), "text/xml", "https://x.example")
    assert time.process_time() - began < 15


def test_a_post_that_is_gone_says_nothing_else():
    envelope = adapter("mastodon").parse(b'{"name": "status:1", "at": "", "gone": true, "post": {}}')
    assert (envelope.post is not None and envelope.post.is_gone, envelope.text) == (True, "")


def test_every_source_says_where_and_has_no_way_to_send():
    kinds = dict(registry.kinds_with(Observing))
    assert set(kinds) == set(registry.OBSERVING) == {"feed", "discourse", "mastodon", "bluesky"}
    assert not [kind for kind, one in kinds.items() if hasattr(one, "send")]
