"""A Bot API server on loopback, as core.telegram.org/bots/api documents it: updates, files, messages, limits, errors."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.loopback import Loopback

TOKEN = "123456789:AAFakeTokenOfTheBotOfMeridian0000000"
USERNAME = "meridian_service_bot"
BOT_ID = 123456789


@dataclass
class Asked:
    """One call of a method: its arguments, and its files as (name, bytes, type)."""

    method: str
    arguments: dict[str, Any]
    files: dict[str, tuple[str, bytes, str]]
    at: float


@dataclass
class Telegram(Loopback):
    """`refusals` answer the next calls that send: (error_code, description, retry_after); `cut` hangs up behind one."""

    token: str = TOKEN
    username: str = USERNAME
    asked: list[Asked] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    refusals: list[tuple[int, str, int]] = field(default_factory=list)
    cut: bool = False
    webhook: dict[str, Any] = field(default_factory=dict)
    last_error: tuple[int, str] | None = None

    def __post_init__(self) -> None:
        self.listen(_Handler)
        self._next = 1000

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def called(self, method: str) -> list[Asked]:
        return [one for one in self.asked if one.method == method]

    def method(self, name: str) -> Callable[[Asked], Any]:
        return {
            "getMe": lambda _: {"id": BOT_ID, "is_bot": True, "first_name": "Meridian", "username": self.username},
            "getWebhookInfo": lambda _: self._info(),
            "setWebhook": self._set,
            "deleteWebhook": self._unset,
            "getUpdates": self._updates,
            "getFile": self._file,
        }.get(name, self._send)

    def _info(self) -> dict[str, Any]:
        info = {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": 0}
        if self.last_error:
            info |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        return info

    def _set(self, asked: Asked) -> bool:
        self.webhook = asked.arguments
        return True

    def _unset(self, _: Asked) -> bool:
        self.webhook = {}
        return True

    def _updates(self, asked: Asked) -> list[dict[str, Any]]:
        if self.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = asked.arguments.get("offset", 0)
        self.updates = [one for one in self.updates if one["update_id"] >= offset]
        return self.updates[: asked.arguments.get("limit", 100)]

    def _file(self, asked: Asked) -> dict[str, Any]:
        name = asked.arguments["file_id"]
        if name not in self.files:
            raise Refusal(400, "Bad Request: invalid file_id")
        return {"file_id": name, "file_unique_id": name, "file_path": f"documents/{name}"}

    def _send(self, asked: Asked) -> dict[str, Any]:
        if self.refusals:
            raise Refusal(*self.refusals.pop(0))
        self._next += 1
        chat = int(asked.arguments["chat_id"])
        made = {"message_id": self._next, "date": int(time.time()), "chat": {"id": chat, "type": "private"}}
        self.sent.append({**asked.arguments, "method": asked.method, "files": asked.files, **made})
        return made


class Refusal(Exception):
    def __init__(self, code: int, description: str, retry_after: int = 0) -> None:
        super().__init__(description)
        self.code, self.description, self.retry_after = code, description, retry_after


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        telegram = self.server.peer
        found = re.fullmatch(rf"/file/bot{re.escape(telegram.token)}/documents/(.+)", self.path)
        content = telegram.files.get(found[1]) if found else None
        self._answer(404 if content is None else 200, content or b"", "application/octet-stream")

    def do_POST(self) -> None:
        telegram = self.server.peer
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
        if not found or found[1] != telegram.token:
            return self._refuse(Refusal(401, "Unauthorized"))
        arguments, files = self._arguments(body)
        asked = Asked(found[2], arguments, files, time.monotonic())
        telegram.asked.append(asked)
        try:
            result = telegram.method(asked.method)(asked)
        except Refusal as refusal:
            return self._refuse(refusal)
        if telegram.cut and asked.method.startswith("send"):
            self.close_connection = True
            self.connection.close()
            return None
        return self._say(200, {"ok": True, "result": result})

    def _arguments(self, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes, str]]]:
        kind = self.headers["Content-Type"]
        if not kind.startswith("multipart/form-data"):
            return json.loads(body), {}
        message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
        arguments, files = {}, {}
        for part in message.iter_parts():
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if part.get_filename():
                files[name] = (part.get_filename(), content, part.get_content_type())
            else:
                arguments[name] = content.decode()
        return arguments, files

    def _refuse(self, refusal: Refusal) -> None:
        said: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
        if refusal.retry_after:
            said["parameters"] = {"retry_after": refusal.retry_after}
        self._say(refusal.code, said)

    def _say(self, status: int, said: object) -> None:
        self._answer(status, json.dumps(said).encode(), "application/json")

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""
