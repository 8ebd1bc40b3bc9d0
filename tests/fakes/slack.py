"""Slack on loopback: the Web API methods we use, signed calls of every kind, files, and Socket Mode over a WebSocket.

Sources: docs.slack.dev/reference/methods (chat.postMessage, chat.update, auth.test, apps.connections.open, users.info,
conversations.open, files.info, files.getUploadURLExternal, files.completeUploadExternal),
/authentication/verifying-requests-from-slack, /apis/events-api, /reference/interaction-payloads,
/interactivity/implementing-slash-commands, /apis/web-api/rate-limits, /apis/events-api/using-socket-mode; the frames
are RFC 6455.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.fakes.loopback import Loopback

BOT_TOKEN = "xoxb-a-bot"
APP_TOKEN = "xapp-an-app"
SIGNING_SECRET = "a-signing-secret"
TEAM, BOT_USER, APP = "T0HOME", "U0KEPT", "A0KEPT"
SCOPES = (
    "app_mentions:read,channels:history,chat:write,chat:write.customize,commands,files:read,files:write,"
    "groups:history,im:history,im:write,mpim:history,reactions:read,users:read"
)
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_OURS = {"apps.connections.open": "app_token"}


@dataclass
class Slack(Loopback):
    """`refusal` answers every method, `refusals` the next ones that write: (status, error name, Retry-After)."""

    bot_token: str = BOT_TOKEN
    app_token: str = APP_TOKEN
    domain: str = "meridian"
    scopes: str = SCOPES
    posts: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    """What files.completeUploadExternal showed, each file with its bytes."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """What members are called, by their ids."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """File objects by id; `content` is kept back."""
    refusal: tuple[int, str] | None = None
    refusals: list[tuple[int, str, int]] = field(default_factory=list)
    cut: bool = False
    takes_no_files: bool = False
    heard: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)
    """What came back over the socket."""
    envelopes: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)
    """What is said over the socket that was opened last, which has a queue of its own; None hangs up."""
    opened: threading.Event = field(default_factory=threading.Event)
    lines: int = 0
    """How many sockets were opened."""
    uploads: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.listen(_Handler)

    @property
    def url(self) -> str:
        return f"{self.root}/api"

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *error: object) -> None:
        self.envelopes.put(None)
        super().__exit__(*error)

    def called(self, method: str) -> list[dict[str, Any]]:
        return [said for name, said in self.asked if name == method]

    def lend(self, file_id: str, content: bytes, **more: Any) -> None:
        """Have a file of this id; its address is ours."""
        url = f"{self.root}/files-pri/{TEAM}-{file_id}/download"
        self.files[file_id] = {"id": file_id, "url_private_download": url, "content": content, **more}

    def press(self, post: dict[str, Any], words: str, *, user: str = "", at: str = "1") -> dict[str, Any]:
        """The payload of a button of a message of ours, found by its label."""
        blocks = [block for block in post["blocks"] if block["type"] == "actions"]
        button = next(one for one in blocks[0]["elements"] if one["text"]["text"] == words)
        return {
            "type": "block_actions",
            "team": {"id": TEAM, "domain": "meridian"},
            "user": {"id": user or post["channel"], "team_id": TEAM},
            "api_app_id": APP,
            "container": {"type": "message", "message_ts": post["ts"], "channel_id": "D1"},
            "channel": {"id": "D1", "name": "directmessage"},
            "trigger_id": f"t.{at}",
            "actions": [{**button, "block_id": "kept_page", "action_ts": at}],
        }

    def sign(self, body: str, stamp: int, secret: str = SIGNING_SECRET) -> dict[str, str]:
        return signed(body.encode(), stamp, secret)

    def method(self, name: str, said: dict[str, Any]) -> dict[str, Any]:
        """What a method answers."""
        if self.takes_no_files and name.startswith("files."):
            return {"ok": False, "error": "service_unavailable"}
        found = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "auth.test": self._auth,
            "apps.connections.open": lambda _: {"url": f"ws://127.0.0.1:{self.port}/link"},
            "users.info": self._user,
            "conversations.open": lambda said: {"channel": {"id": f"D{said['users'][1:]}"}},
            "files.info": self._file,
            "files.getUploadURLExternal": self._room,
            "files.completeUploadExternal": self._complete,
        }.get(name)
        return {"ok": True, **found(said)} if found else {"ok": False, "error": "unknown_method"}

    def _post(self, said: dict[str, Any]) -> dict[str, Any]:
        stamp = f"1700000000.{len(self.posts):06d}"
        self.posts.append({**said, "ts": stamp})
        place = "D1" if said["channel"].startswith(("U", "W")) else said["channel"]
        return {"channel": place, "ts": stamp, "message": {}}

    def _update(self, said: dict[str, Any]) -> dict[str, Any]:
        self.updates.append(said)
        return {"channel": said["channel"], "ts": said["ts"], "text": said["text"]}

    def _auth(self, _: dict[str, Any]) -> dict[str, Any]:
        url = f"https://{self.domain}.slack.com/"
        return {"url": url, "team": "Meridian", "user": "kept", "team_id": TEAM, "bot_id": "B1", "user_id": BOT_USER}

    def _user(self, said: dict[str, Any]) -> dict[str, Any]:
        if said["user"] not in self.people:
            return {"ok": False, "error": "user_not_found"}
        return {"user": {"id": said["user"], "name": "x", "profile": {"real_name": self.people[said["user"]]}}}

    def _file(self, said: dict[str, Any]) -> dict[str, Any]:
        if said["file"] not in self.files:
            return {"ok": False, "error": "file_not_found"}
        return {"file": {name: value for name, value in self.files[said["file"]].items() if name != "content"}}

    def _room(self, said: dict[str, Any]) -> dict[str, Any]:
        named = f"F0UP{len(self.uploads)}"
        self.uploads[named] = (said["filename"], int(said["length"]), b"")
        return {"upload_url": f"{self.root}/upload/v1/{named}", "file_id": named}

    def _complete(self, said: dict[str, Any]) -> dict[str, Any]:
        wanted = json.loads(said["files"]) if isinstance(said["files"], str) else said["files"]
        for one in wanted:
            _, size, content = self.uploads[one["id"]]
            if len(content) != size:
                return {"ok": False, "error": "posting_to_general_channel_denied"}
        self.shown.append({**said, "files": [(one["title"], self.uploads[one["id"]][2]) for one in wanted]})
        return {"files": [{"id": one["id"], "title": one["title"]} for one in wanted]}


def signed(body: bytes, stamp: int, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers of a genuine call at this second."""
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={digest}"}


def form(payload: dict[str, Any]) -> str:
    """A payload as Slack sends it: one field of a form that holds JSON."""
    return urlencode({"payload": json.dumps(payload)})


def outer(event: dict[str, Any], event_id: str, **more: Any) -> dict[str, Any]:
    """What stands around an event of the Events API."""
    return {
        "token": "deprecated",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1_790_000_000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        **more,
    }


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        slack, method = self._slack(), self.path.rpartition("/")[2]
        if self.path.startswith("/upload/"):
            name, size, _ = slack.uploads[method]
            slack.uploads[method] = name, size, content
            self._send(200, b"OK", "text/plain")
            return
        raw = content.decode()
        is_json = self.headers.get("Content-Type", "").startswith("application/json")
        said = json.loads(raw) if is_json and raw else dict(parse_qsl(raw))
        slack.asked.append((method, said))
        wanted = slack.app_token if method in _OURS else slack.bot_token
        if self.headers.get("Authorization") != f"Bearer {wanted}":
            self._say(200, {"ok": False, "error": "invalid_auth"})
        elif slack.refusal is not None:
            status, name = slack.refusal
            self._say(status, {"ok": False, "error": name})
        elif slack.refusals and method.startswith(("chat.", "files.complete")):
            status, name, wait = slack.refusals.pop(0)
            self._say(status, {"ok": False, "error": name}, wait)
        else:
            self._do(method, said)

    def do_GET(self) -> None:
        """A file, for who has the token; or the WebSocket's handshake, then frames until somebody closes."""
        if self.path.startswith("/files-pri/"):
            self._give()
            return
        key = self.headers["Sec-WebSocket-Key"]
        accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        slack = self._slack()
        slack.lines += 1
        envelopes = slack.envelopes = queue.Queue()
        self._frame({"type": "hello", "num_connections": 1})
        slack.opened.set()
        threading.Thread(target=self._listen, args=(envelopes,), daemon=True).start()
        while (envelope := envelopes.get()) is not None:
            self._frame(envelope)
        self.close_connection = True

    def _give(self) -> None:
        file_id = self.path.split("/")[2].rpartition("-")[2]
        if self.headers.get("Authorization") != f"Bearer {self._slack().bot_token}":
            self.send_response(302)
            self.send_header("Location", "https://meridian.slack.com/?redir=%2Ffiles-pri")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(200, self._slack().files[file_id]["content"], "application/octet-stream")

    def _do(self, method: str, said: dict[str, Any]) -> None:
        slack = self._slack()
        answer = slack.method(method, said)
        if slack.cut and method.startswith(("chat.", "files.complete")):
            self.close_connection = True
            self.connection.close()
            return
        self._say(200, answer)

    def _frame(self, said: dict[str, Any]) -> None:
        content = json.dumps(said).encode()
        head = b"\x81" + (bytes([len(content)]) if len(content) < 126 else b"\x7e" + struct.pack(">H", len(content)))
        self.wfile.write(head + content)
        self.wfile.flush()

    def _listen(self, envelopes: queue.Queue[dict[str, Any] | None]) -> None:
        """Masked frames of the client until it hangs up, which ends this line alone: text is kept, a ping is answered."""
        with suppress(OSError, ValueError):
            self._read_frames()
        envelopes.put(None)

    def _read_frames(self) -> None:
        while head := self.rfile.read(2):
            size = head[1] & 0x7F
            if size == 126:
                size = struct.unpack(">H", self.rfile.read(2))[0]
            mask = self.rfile.read(4)
            content = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self.rfile.read(size)))
            kind = head[0] & 0x0F
            if kind == 1:
                self._slack().heard.put(json.loads(content))
            elif kind == 9:
                self.wfile.write(bytes([0x8A, len(content)]) + content)
                self.wfile.flush()
            elif kind == 8:
                return

    def _slack(self) -> Slack:
        return self.server.peer

    def _say(self, status: int, said: object, wait: int = 30) -> None:
        self._send(status, json.dumps(said).encode(), "application/json; charset=utf-8", wait)

    def _send(self, status: int, content: bytes, kind: str, wait: int = 30) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-OAuth-Scopes", self._slack().scopes)
        if status == 429:
            self.send_header("Retry-After", str(wait))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""
