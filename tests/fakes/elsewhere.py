"""Places that are only read, on loopback: a feed (RFC 9110 validators), Discourse, Mastodon and Bluesky as they document.

It answers GET alone; whatever else is asked is noted and refused, for nothing may ever write here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.loopback import Loopback

TOKEN = "token-of-an-application-that-reads"
KEY = "key-of-the-forum-that-reads"


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


@dataclass
class Elsewhere(Loopback):
    """`refusals` answer the next requests: (status, headers). The newest posts stand last in every list."""

    feed: bytes = b""
    content_type: str = "application/rss+xml; charset=utf-8"
    etag: str = '"one"'
    modified: str = "Sat, 21 Nov 2026 08:00:00 GMT"
    forum: list[dict[str, Any]] = field(default_factory=list)
    private: bool = False
    """The forum wants its key, and Mastodon's search a token."""
    statuses: list[dict[str, Any]] = field(default_factory=list)
    skeets: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listen(_Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def methods(self) -> set[str]:
        return {one.method for one in self.asked}

    def paths(self, beginning: str) -> list[str]:
        return [one.path for one in self.asked if one.path.startswith(beginning)]

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return status, headers, b""
        if asked.path == "/feed.xml":
            return self._feed(asked)
        if asked.path == "/moved.xml":
            return 301, {"Location": "/feed.xml"}, b""
        if asked.path == "/away.xml":
            return 302, {"Location": "https://elsewhere.example/feed.xml"}, b""
        if asked.path == "/round.xml":
            return 302, {"Location": "/round.xml"}, b""
        if asked.path.startswith("/xrpc/"):
            return self._bluesky(asked)
        if asked.path.startswith("/api/"):
            return self._mastodon(asked)
        return self._discourse(asked)

    def _feed(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        marks = {"ETag": self.etag, "Last-Modified": self.modified}
        marks = {name: value for name, value in marks.items() if value}
        known = asked.headers.get("if-none-match"), asked.headers.get("if-modified-since")
        if (self.etag and known[0] == self.etag) or (not self.etag and self.modified and known[1] == self.modified):
            return 304, marks, b""
        return 200, {"Content-Type": self.content_type, **marks}, self.feed

    def _discourse(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if self.private and asked.headers.get("api-key") != KEY:
            return 403, {}, b'{"errors": ["You are not permitted to view the requested resource."]}'
        if asked.path == "/posts.json":
            return _json({"latest_posts": list(reversed(self.forum))[:50]})
        if asked.path == "/search.json":
            return _json(self._found(asked.query["q"][0]))
        found = re.fullmatch(r"/posts/(\d+)\.json", asked.path)
        post = next((one for one in self.forum if found and one["id"] == int(found[1])), None)
        # a single post does not name the title of its topic
        return _json({k: v for k, v in post.items() if k != "topic_title"}) if post else _none()

    def _found(self, query: str) -> dict[str, Any]:
        words, _, order = query.rpartition(" order:")
        assert order == "latest"
        hits = [one for one in reversed(self.forum) if words.lower() in one["cooked"].lower()]
        posts = [
            {"id": one["id"], "username": one["username"], "blurb": one["cooked"][:20], "topic_id": one["topic_id"]}
            for one in hits
        ]
        return {"posts": posts, "topics": [{"id": one["topic_id"], "title": one["topic_title"]} for one in hits]}

    def _mastodon(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if (tag := re.fullmatch(r"/api/v1/timelines/tag/(.+)", asked.path)) is not None:
            return _json(self._timeline(f"#{unquote(tag[1])}", asked.query))
        if asked.path == "/api/v2/search":
            if asked.headers.get("authorization") not in {None, f"Bearer {TOKEN}"}:
                return 401, {}, b'{"error": "The access token is invalid"}'
            signed = asked.headers.get("authorization") is not None
            hits = [one for one in reversed(self.statuses) if asked.query["q"][0].lower() in one["content"].lower()]
            return _json({"accounts": [], "statuses": hits[:40] if signed else [], "hashtags": []})
        found = re.fullmatch(r"/api/v1/statuses/(\d+)", asked.path)
        status = next((one for one in self.statuses if found and one["id"] == found[1]), None)
        return _json(status) if status else _none()

    def _timeline(self, tag: str, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """`min_id` gives those right behind it; without it the newest. Either way the newest come first."""
        limit, hits = int(query["limit"][0]), [one for one in self.statuses if tag in one["content"]]
        if "min_id" in query:
            return list(reversed([one for one in hits if int(one["id"]) > int(query["min_id"][0])][:limit]))
        return list(reversed(hits))[:limit]

    def _bluesky(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if asked.path == "/xrpc/app.bsky.feed.getPosts":
            assert len(asked.query["uris"]) <= 25
            return _json({"posts": [one for one in self.skeets if one["uri"] in asked.query["uris"]]})
        assert asked.path == "/xrpc/app.bsky.feed.searchPosts", asked.path
        assert asked.query["sort"] == ["latest"]
        until = asked.query.get("until", ["9999"])[0]
        words = asked.query["q"][0].lower()
        hits = [
            one for one in reversed(self.skeets) if words in one["record"]["text"].lower() and one["indexedAt"] < until
        ]
        return _json({"posts": hits[: int(asked.query["limit"][0])]})


def _json(said: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()


def _none() -> tuple[int, dict[str, str], bytes]:
    return 404, {}, b'{"error": "Record not found"}'


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = self.server.peer.answer(self._asked("GET"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self) -> None:
        self._asked(self.command)
        self.send_response(405)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_PATCH = do_DELETE = _refuse

    def _asked(self, method: str) -> Asked:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(method, parts.path, parse_qs(parts.query), headers)
        self.server.peer.asked.append(asked)
        return asked

    def log_message(self, *_: object) -> None:
        """Quiet."""
