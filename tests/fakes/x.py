"""X's API v2 on loopback, as docs.x.com documents it: mentions, direct messages, posts, the upload in pieces, limits, errors.

Every request must be signed by OAuth 1.0a for the host X has (RFC 5849), as oauthlib checks it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from base64 import b64encode
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature

from tests.fakes.loopback import Loopback

ME, USERNAME = "1111", "meridianservice"
API_KEY, API_SECRET = "AppKeyOfMeridian0000000", "AppSecretOfMeridian00000000000000000000"
ACCESS_TOKEN, ACCESS_SECRET = "1111-AccessTokenOfMeridian0000000", "AccessSecretOfMeridian000000000000000"
HOSTS = ("https://api.twitter.com", "https://ton.twitter.com")
NOT_MENTIONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author "
    "of the post you are replying to."
)


@dataclass
class Asked:
    """One call: its query or JSON by name."""

    method: str
    path: str
    said: dict[str, Any]


@dataclass
class Upload:
    wanted: dict[str, Any]
    pieces: dict[int, bytes] = field(default_factory=dict)
    is_final: bool = False
    looks: int = 0


class Refusal(Exception):
    def __init__(self, status: int, detail: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


@dataclass
class X(Loopback):
    """`refusals` answer the next calls that send; `read_refusals` those that read; `cut` hangs up behind one that sends."""

    access_secret: str = ACCESS_SECRET
    username: str = USERNAME
    asked: list[Asked] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    mentions: list[dict[str, Any]] = field(default_factory=list)
    directs: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    media: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    read_refusals: dict[str, list[Refusal]] = field(default_factory=dict)
    cut: bool = False
    slow_looks: int = 0
    upload_fails: bool = False
    redirects_to: str = ""

    def __post_init__(self) -> None:
        self.listen(_Handler)
        self._next = 7_000_000

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def called(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def answer(self, asked: Asked) -> dict[str, Any]:
        for method, pattern, name in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if method == asked.method and found:
                return getattr(self, name)(asked, *found.groups())
        raise Refusal(404, "Not Found")

    def me(self, _: Asked) -> dict[str, Any]:
        return {"data": {"id": ME, "name": "Meridian Cooling", "username": self.username}}

    def mentioned(self, asked: Asked, whose: str) -> dict[str, Any]:
        self._refuse_reading("mentions")
        assert whose == ME
        since = int(asked.said.get("since_id", 0))
        found = [one for one in self.mentions if int(one["id"]) > since]
        if "start_time" in asked.said:
            found = [one for one in found if one["created_at"] >= asked.said["start_time"]]
        return self._page(found, asked.said, "author_id")

    def dm_events(self, asked: Asked) -> dict[str, Any]:
        self._refuse_reading("dm_events")
        return self._page(self.directs, asked.said, "sender_id")

    def post(self, asked: Asked) -> dict[str, Any]:
        return {"data": {"id": self._take(asked), "text": asked.said.get("text", "")}}

    def direct(self, asked: Asked, talk: str) -> dict[str, Any]:
        asked.said["talk"] = talk
        return {"data": {"dm_conversation_id": talk, "dm_event_id": self._take(asked)}}

    def initialize(self, asked: Asked) -> dict[str, Any]:
        assert {"media_type", "total_bytes", "media_category"} <= set(asked.said)
        self._next += 1
        self.uploads[str(self._next)] = Upload(asked.said)
        return {"data": {"id": str(self._next), "media_key": f"3_{self._next}", "expires_after_secs": 86400}}

    def append(self, asked: Asked, number: str) -> dict[str, Any]:
        self.uploads[number].pieces[int(asked.said["segment_index"])] = asked.said["media"]
        return {"data": {"expires_at": 1}}

    def finalize(self, asked: Asked, number: str) -> dict[str, Any]:
        upload = self.uploads[number]
        if sum(len(piece) for piece in upload.pieces.values()) != upload.wanted["total_bytes"]:
            raise Refusal(400, "Segments do not add up to provided total file size.")
        upload.is_final = True
        return self._state(number)

    def status(self, asked: Asked) -> dict[str, Any]:
        assert asked.said["command"] == "STATUS"
        self.uploads[asked.said["media_id"]].looks += 1
        return self._state(asked.said["media_id"])

    def _state(self, number: str) -> dict[str, Any]:
        upload, data = self.uploads[number], {"id": number}
        if upload.wanted["media_type"].startswith("video/"):
            done = "failed" if self.upload_fails else "succeeded"
            state = "in_progress" if upload.looks < self.slow_looks else done
            data["processing_info"] = {"state": state, "check_after_secs": 0}
        return {"data": data}

    def _take(self, asked: Asked) -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        named = [*asked.said.get("media", {}).get("media_ids", [])]
        named += [one["media_id"] for one in asked.said.get("attachments", [])]
        if not all(self.uploads[number].is_final for number in named):
            raise Refusal(400, "Your media IDs are invalid.")
        self._next += 1
        self.sent.append({**asked.said, "id": str(self._next), "files": named})
        return str(self._next)

    def _refuse_reading(self, what: str) -> None:
        if self.read_refusals.get(what):
            raise self.read_refusals[what].pop(0)

    def _page(self, found: list[dict[str, Any]], said: dict[str, Any], author: str) -> dict[str, Any]:
        """The newest first; a token names the place of the page in that order, as it was when the look began."""
        newest = sorted(found, key=lambda one: -int(one["id"]))
        if "pagination_token" in said:
            if said["pagination_token"] == "7140gone":
                raise Refusal(400, "The `pagination_token` query parameter value is not valid.")
            below = int(said["pagination_token"].removeprefix("below-"))
            newest = [one for one in newest if int(one["id"]) < below]
        most = int(said["max_results"])
        page, meta = newest[:most], {"result_count": len(newest[:most])}
        if len(newest) > most:
            meta["next_token"] = f"below-{page[-1]['id']}"
        if not page:
            return {"meta": meta}
        people = {one[author] for one in page}
        return {
            "data": page,
            "includes": {"users": [u for u in self.users if u["id"] in people], "media": self.media},
            "meta": meta,
        }


_ROUTES = [
    ("GET", "/2/users/me", "me"),
    ("GET", r"/2/users/(\d+)/mentions", "mentioned"),
    ("GET", "/2/dm_events", "dm_events"),
    ("POST", "/2/tweets", "post"),
    ("POST", r"/2/dm_conversations/([\d-]+)/messages", "direct"),
    ("POST", "/2/media/upload/initialize", "initialize"),
    ("POST", r"/2/media/upload/(\d+)/append", "append"),
    ("POST", r"/2/media/upload/(\d+)/finalize", "finalize"),
    ("GET", "/2/media/upload", "status"),
]
_SENDS = re.compile(r"/2/(tweets|dm_conversations/.*)")


def signed(raw: bytes, secret: str = API_SECRET) -> str:
    """As X signs its calls (docs.x.com/x-api/webhooks)."""
    return "sha256=" + b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._take(b"")

    def do_POST(self) -> None:
        self._take(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def _take(self, body: bytes) -> None:
        x: X = self.server.peer
        target = urlsplit(self.path)
        if x.redirects_to:
            return self._say(302, {}, {"Location": x.redirects_to})
        if target.path in x.files and not target.path.startswith("/1.1/ton/"):
            return self._give(x.files[target.path])
        if target.path.startswith("/media/"):
            return self._say(404, {})
        if not self._is_signed(x):
            return self._say(
                401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
            )
        if target.path in x.files:
            return self._give(x.files[target.path])
        said = {name: values[0] for name, values in parse_qs(target.query).items()} | self._arguments(body)
        asked = Asked(self.command, target.path, said)
        x.asked.append(asked)
        try:
            result = x.answer(asked)
        except Refusal as refusal:
            said = {"title": "Refused", "type": "about:blank", "status": refusal.status, "detail": refusal.detail}
            return self._say(refusal.status, said, refusal.headers)
        if x.cut and _SENDS.fullmatch(target.path) and self.command == "POST":
            self.close_connection = True
            return self.connection.close()
        return self._say(201 if self.command == "POST" else 200, result)

    def _is_signed(self, x: X) -> bool:
        given = {"Authorization": self.headers.get("Authorization", "")}
        if not given["Authorization"].startswith("OAuth "):
            return False
        params = dict(signature.collect_parameters(headers=given, exclude_oauth_signature=False))
        known = params.get("oauth_consumer_key") == API_KEY and params.get("oauth_token") == ACCESS_TOKEN
        return known and any(self._is_for(host, x, given) for host in HOSTS)

    def _is_for(self, host: str, x: X, given: dict[str, str]) -> bool:
        request = Request(f"{host}{self.path}", self.command, "", given)
        everything = signature.collect_parameters(
            uri_query=request.uri_query, headers=given, exclude_oauth_signature=False
        )
        request.params = [pair for pair in everything if pair[0] != "oauth_signature"]
        request.signature = dict(everything)["oauth_signature"]
        return signature.verify_hmac_sha1(request, API_SECRET, x.access_secret)

    def _arguments(self, body: bytes) -> dict[str, Any]:
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return json.loads(body)
        if not kind.startswith("multipart/form-data"):
            return {}
        message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
        parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
        return {
            name: part.get_payload(decode=True) if part.get_filename() else part.get_payload(decode=True).decode()
            for name, part in parts.items()
        }

    def _give(self, content: bytes) -> None:
        self._answer(200, content, "application/octet-stream", {})

    def _say(self, status: int, said: object, headers: dict[str, str] | None = None) -> None:
        self._answer(status, json.dumps(said).encode(), "application/json; charset=utf-8", headers or {})

    def _answer(self, status: int, content: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        limits = {
            "x-rate-limit-limit": "300",
            "x-rate-limit-remaining": "299",
            "x-rate-limit-reset": str(int(time.time()) + 900),
        }
        for name, value in (limits | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""
