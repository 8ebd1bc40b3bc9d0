"""A push service on loopback and a browser behind it: RFC 8030, the keys of RFC 8291, the tokens of RFC 8292.

It takes a message only with a token signed by the key the browser subscribed with, keeps the last of each topic, and the
browser reads with its private key; HKDF is written out from RFC 5869, so that no step is shared with the product's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from helpdesk.now import now
from tests.fakes.loopback import Loopback


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def unb64(said: str) -> bytes:
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


def hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with one block."""
    return hmac.digest(hmac.digest(salt, material, hashlib.sha256), info + b"\x01", hashlib.sha256)[:length]


@dataclass
class Subscriber:
    """A browser's end: what it tells the website, and what it alone can read."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def told(self) -> str:
        """`JSON.stringify` of its PushSubscription."""
        keys = {"p256dh": b64(self.public), "auth": b64(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> bytes:
        """RFC 8291, section 3.4, with one record of RFC 8188."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self.private.exchange(ec.ECDH(), sender)
        material = hkdf(self.auth, shared, b"WebPush: info\0" + self.public + theirs, 32)
        key = hkdf(salt, material, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, material, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert plain[-1:] == b"\x02", "the last record ends in 2"
        return plain[:-1]


@dataclass
class Pushed:
    """One message the service took."""

    headers: dict[str, str]
    said: dict[str, Any]
    size: int


@dataclass
class PushService(Loopback):
    """`refusal` answers the next messages: (status, further headers); `cut` hangs up behind the message."""

    application_key: str = ""
    """The `applicationServerKey` the browsers subscribed with; another's messages are refused."""
    browsers: dict[str, Subscriber] = field(default_factory=dict)
    taken: list[Pushed] = field(default_factory=list)
    waiting: dict[str, Pushed] = field(default_factory=dict)
    """By topic, what a browser that wakes up now would get."""
    asked: int = 0
    refusal: tuple[int, dict[str, str]] | None = None
    cut: bool = False

    def __post_init__(self) -> None:
        self.listen(_Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def subscribe(self, key: str) -> Subscriber:
        self.application_key = key
        path = f"/wpush/v2/{secrets.token_urlsafe(24)}"
        self.browsers[path] = Subscriber(self.url + path)
        return self.browsers[path]

    def is_ours(self, header: str) -> bool:
        """RFC 8292: the scheme `vapid`, the key, the origin, the time, the signature."""
        scheme, _, rest = header.partition(" ")
        parts = dict(one.strip().split("=", 1) for one in rest.split(","))
        if scheme != "vapid" or parts["k"] != self.application_key:
            return False
        head, claims, signature = parts["t"].split(".")
        said, raw = json.loads(unb64(claims)), unb64(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
        key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        lasts = said["exp"] - now().timestamp()
        named = said["sub"].startswith(("mailto:", "https:"))
        return json.loads(unb64(head))["alg"] == "ES256" and said["aud"] == self.url and 0 < lasts <= 86400 and named


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        service: PushService = self.server.peer
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service.asked += 1
        if service.refusal is not None:
            self._say(*service.refusal)
        elif (browser := service.browsers.get(self.path)) is None:
            self._say(410, {})
        elif not service.is_ours(self.headers["Authorization"]):
            self._say(403, {})
        elif len(body) > 4096:
            self._say(413, {})
        else:
            self._take(service, browser, body)

    def _take(self, service: PushService, browser: Subscriber, body: bytes) -> None:
        pushed = Pushed(dict(self.headers.items()), json.loads(browser.read(body)), len(body))
        service.taken.append(pushed)
        service.waiting[self.headers["Topic"]] = pushed
        if service.cut:
            self.close_connection = True
            self.connection.close()
            return
        self._say(201, {"Location": f"{service.url}/m/{len(service.taken)}"})

    def _say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""
