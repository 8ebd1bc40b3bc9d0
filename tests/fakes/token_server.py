"""An OAuth 2 token endpoint on loopback: refresh tokens, codes with PKCE, rotation and every refusal."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl

from tests.fakes.loopback import Loopback


@dataclass
class Behaviour:
    """What the next requests meet. `status` other than 200 is answered with `error`."""

    status: int = 200
    error: str = ""
    rotate: bool = False
    expires_in: int = 3600
    raw: bytes | None = None
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-0"})
    codes: dict[str, str] = field(default_factory=dict)


class TokenServer(Loopback):
    """`codes` maps an authorisation code to the S256 challenge it was given out for."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.requests: list[dict[str, str]] = []
        self.listen(_Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    def answer(self, form: dict[str, str]) -> tuple[int, object]:
        self.requests.append(form)
        now = self.behaviour
        if now.status != 200:
            return now.status, {"error": now.error, "error_description": form.get("refresh_token", "")}
        if form["grant_type"] == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if now.codes.pop(form["code"], None) != challenge:
                return 400, {"error": "invalid_grant"}
            now.refresh_tokens.add("refresh-code")
            return 200, self._token("refresh-code")
        if form["refresh_token"] not in now.refresh_tokens:
            return 400, {"error": "invalid_grant"}
        if not now.rotate:
            return 200, self._token(None)
        now.refresh_tokens.discard(form["refresh_token"])
        renewed = f"refresh-{len(self.requests)}"
        now.refresh_tokens.add(renewed)
        return 200, self._token(renewed)

    def _token(self, refresh: str | None) -> dict[str, object]:
        answer = {"access_token": f"access-{len(self.requests)}", "expires_in": self.behaviour.expires_in}
        return {**answer, "token_type": "Bearer", **({"refresh_token": refresh} if refresh else {})}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.server.peer.answer(dict(parse_qsl(body.decode())))
        content = self.server.peer.behaviour.raw or json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""
