"""Meta's Graph API on loopback: the Send API of pages, the Cloud API of WhatsApp, files, templates, errors, signed calls.

Sources: developers.facebook.com/docs/graph-api/guides/error-handling, /docs/messenger-platform/reference/send-api,
/documentation/business-messaging/whatsapp/messages/send-messages and /templates/overview.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

from tests.fakes.loopback import Loopback

TOKEN = "EAAGfakeTokenOfMeridian0123456789"
APP_SECRET = "0123456789abcdef0123456789abcdef"
VERIFY_TOKEN = "meridian-verifies-this"
PAGE = "104738291920001"
INSTAGRAM = "178414000000001"
NUMBER_ID = "106540352242922"
BUSINESS = "102290129340398"
NUMBER = "+15550783881"
SHOWN_NUMBER = "+1 555-078-3881"


@dataclass
class Asked:
    """One request: its path behind the version, its query, what it said, and its files as (name, bytes, type)."""

    method: str
    path: str
    query: dict[str, str]
    said: dict[str, Any]
    files: dict[str, tuple[str, bytes, str]]


@dataclass
class Refusal(Exception):
    """An answer with an error object; without a code it is no JSON at all."""

    status: int = 400
    code: int = 0
    subcode: int = 0
    message: str = "(#0) Refused"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Graph(Loopback):
    """`refusals` answer the next messages; `cut` hangs up behind one; `before_answer` is called before it is told."""

    token: str = TOKEN
    app_secret: str = APP_SECRET
    asked: list[Asked] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    left: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    """Files that were uploaded, by the id they got."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What is behind addresses and media ids."""
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is told of somebody, by their id."""
    templates: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    cut: bool = False
    before_answer: Callable[[dict[str, Any]], None] | None = None
    subscribed: list[dict[str, Any]] = field(default_factory=list)
    page: str = PAGE
    instagram: str = INSTAGRAM

    def __post_init__(self) -> None:
        self.listen(_Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def file_url(self, name: str) -> str:
        """Where the file of this name is had without a token, as Messenger tells it."""
        return f"{self.url}/cdn/{name}"

    def sign(self, raw: bytes) -> dict[str, str]:
        """The header of a genuine call."""
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(self.app_secret.encode(), raw, hashlib.sha256).hexdigest()}

    def tell(self, url: str, raw: bytes) -> int:
        """Call the product with these events; the status of its answer."""
        request = Request(url, raw, {"Content-Type": "application/json", **self.sign(raw)}, method="POST")
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)

    def proof(self) -> str:
        return hmac.new(self.app_secret.encode(), self.token.encode(), hashlib.sha256).hexdigest()

    def called(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def check(self, authorization: str) -> None:
        if authorization != f"Bearer {self.token}":
            raise Refusal(401, 190, 463, "Error validating access token")

    def answer(self, asked: Asked) -> dict[str, Any]:
        path = asked.path
        if asked.query.get("appsecret_proof") != self.proof():
            raise Refusal(400, 100, 0, "Invalid appsecret_proof provided in the API argument")
        if path.endswith(("/messages", "/media", "/message_attachments")):
            return self._take(asked)
        if path.endswith("/subscribed_apps"):
            return self._subscribe(asked)
        if path == "me":
            account = {"id": self.instagram, "username": "meridian.cooling"}
            return {"id": self.page, "name": "Meridian Cooling", "instagram_business_account": account}
        if path == NUMBER_ID:
            return {"id": NUMBER_ID, "display_phone_number": SHOWN_NUMBER, "verified_name": "Meridian Cooling"}
        if path == f"{BUSINESS}/message_templates":
            return self._templates(asked)
        return self.people[path] if path in self.people else self._media(path)

    def _take(self, asked: Asked) -> dict[str, Any]:
        if asked.files:
            name = f"1{len(self.left):014d}"
            self.left[name] = next(iter(asked.files.values()))
            return {"attachment_id": name} if asked.path.endswith("attachments") else {"id": name}
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(asked.said)
        if asked.path == "me/messages":
            said = {"recipient_id": asked.said["recipient"]["id"], "message_id": f"m_out{len(self.sent)}"}
        else:
            whom = asked.said.get("to") or asked.said["recipient"]
            contact = {"input": whom, "wa_id": whom}
            messages = [{"id": f"wamid.OUT{len(self.sent)}", "message_status": "accepted"}]
            said = {"messaging_product": "whatsapp", "contacts": [contact], "messages": messages}
        if self.before_answer is not None:
            self.before_answer(said)
        return said

    def _subscribe(self, asked: Asked) -> dict[str, Any]:
        if asked.method == "GET":
            return {"data": [{"id": "1"}] if self.subscribed else []}
        self.subscribed.append(asked.said)
        return {"success": True}

    def _templates(self, asked: Asked) -> dict[str, Any]:
        """Two on a page, so that somebody must turn it."""
        begin = int(asked.query.get("after", "0"))
        paging: dict[str, Any] = {"cursors": {"before": str(begin), "after": str(begin + 2)}}
        if begin + 2 < len(self.templates):
            paging["next"] = f"{self.url}/next"
        return {"data": self.templates[begin : begin + 2], "paging": paging}

    def _media(self, name: str) -> dict[str, Any]:
        if name not in self.files:
            raise Refusal(400, 100, 33, "Unsupported get request. Object with ID does not exist")
        content = self.files[name]
        digest = hashlib.sha256(content).hexdigest()
        return {"url": f"{self.url}/lookaside/{name}", "mime_type": "image/jpeg", "sha256": digest, "id": name}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        graph, path = self.server.peer, urlsplit(self.path).path
        if found := re.fullmatch(r"/cdn/(.+)", path):
            return self._bytes(found[1], needs_token=False)
        if found := re.fullmatch(r"/moved/(.+)", path):
            return self._answer(302, b"", "text/plain", {"Location": graph.file_url(found[1])})
        if found := re.fullmatch(r"/lookaside/(.+)", path):
            return self._bytes(found[1], needs_token=True)
        return self._ask("GET", {}, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._ask("POST", *self._read(body))

    def _ask(self, method: str, said: dict[str, Any], files: dict[str, tuple[str, bytes, str]]) -> None:
        graph, target = self.server.peer, urlsplit(self.path)
        path = re.sub(r"^/v[0-9.]+/", "", target.path)
        asked = Asked(method, path, dict(parse_qsl(target.query)), said, files)
        graph.asked.append(asked)
        try:
            graph.check(self.headers.get("Authorization", ""))
            answer = graph.answer(asked)
        except Refusal as refusal:
            return self._refuse(refusal)
        if graph.cut and path.endswith("/messages"):
            self.close_connection = True
            self.connection.close()
            return None
        return self._answer(200, json.dumps(answer).encode(), "application/json")

    def _read(self, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes, str]]]:
        kind = self.headers["Content-Type"]
        if not kind.startswith("multipart/form-data"):
            return json.loads(body), {}
        message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
        said, files = {}, {}
        for part in message.iter_parts():
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if part.get_filename():
                files[name] = (part.get_filename(), content, part.get_content_type())
            else:
                said[name] = content.decode()
        return said, files

    def _bytes(self, name: str, *, needs_token: bool) -> None:
        graph = self.server.peer
        known = not needs_token or self.headers.get("Authorization") == f"Bearer {graph.token}"
        content = graph.files.get(name) if known else None
        self._answer(404 if content is None else 200, content or b"", "application/octet-stream")

    def _refuse(self, refusal: Refusal) -> None:
        if not refusal.code:
            return self._answer(refusal.status, b"<html>Sorry</html>", "text/html", refusal.headers)
        error = {"message": refusal.message, "type": "OAuthException", "code": refusal.code, "fbtrace_id": "Abc"}
        if refusal.subcode:
            error["error_subcode"] = refusal.subcode
        return self._answer(refusal.status, json.dumps({"error": error}).encode(), "application/json", refusal.headers)

    def _answer(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""
