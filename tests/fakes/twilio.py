"""A telephone provider on loopback, as Twilio documents its HTTP: messages, calls, numbers, files, errors, signatures.

Sources: twilio.com/docs/messaging/api/message-resource, /docs/voice/api/call-resource, /docs/voice/api/recording,
/docs/messaging/api/media-resource, /docs/phone-numbers/api/incomingphonenumber-resource, /docs/usage/security,
/docs/api/errors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.fakes.loopback import Loopback

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "a-token-of-the-account"
NUMBER = "+13125550100"


@dataclass
class Sent:
    """One message or call the provider took."""

    what: str
    sid: str
    form: dict[str, str]


@dataclass
class Twilio(Loopback):
    """`refusal` answers all requests: (status, error code), `refusals` the next: with seconds to wait, 0 for unsaid.

    `cut` hangs up behind the request. Files are served to who signs in, those under /store/ to who does not, and to
    others not at all; `moved` leads from one to another.
    """

    account: str = ACCOUNT
    token: str = TOKEN
    numbers: tuple[str, ...] = (NUMBER,)
    sent: list[Sent] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refusal: tuple[int, int] | None = None
    refusals: list[tuple[int, int, int]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)
    """Where the numbers bring what comes in, as the provider names it: sms_url, voice_url, status_callback."""
    cut: bool = False
    before_answer: Callable[[Sent], None] | None = None
    """Called with what was taken before the answer leaves: webhooks may overtake it."""

    def __post_init__(self) -> None:
        self.listen(_Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sign(self, url: str, form: dict[str, str]) -> str:
        """As the documentation says: the address, then each field's name and value in order of the names."""
        text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        digest = hmac.new(self.token.encode(), text.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()

    def sign_json(self, url: str, body: bytes) -> tuple[str, str]:
        """The address with the digest of the body, and its signature."""
        whole = f"{url}?bodySHA256={hashlib.sha256(body).hexdigest()}"
        return whole, self.sign(whole, {})

    def take(self, what: str, form: dict[str, str]) -> Sent:
        letters = "SM" if what == "Messages" else "CA"
        made = Sent(what, f"{letters}{len(self.sent) + 1:032x}", form)
        self.sent.append(made)
        return made


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        twilio, what = self._twilio(), self._path().removesuffix(".json").rpartition("/")[2]
        twilio.asked.append(f"POST {what}")
        if self._refused():
            return
        if "/IncomingPhoneNumbers/" in self.path:
            names = {"SmsUrl": "sms_url", "VoiceUrl": "voice_url", "StatusCallback": "status_callback"}
            twilio.hooks |= {names[name]: value for name, value in form.items() if name in names}
            self._say(200, {"sid": what, **twilio.hooks})
            return
        made = twilio.take(what, form)
        if twilio.before_answer is not None:
            twilio.before_answer(made)
        if twilio.cut:
            self.close_connection = True
            self.connection.close()
            return
        self._say(201, {"sid": made.sid, "status": "queued", "to": form["To"], "from": form["From"]})

    def do_GET(self) -> None:
        twilio, path = self._twilio(), self._path()
        twilio.asked.append(f"GET {path}")
        if path in twilio.moved or path in twilio.files:
            self._give(path)
            return
        if self._refused():
            return
        if path.endswith("/IncomingPhoneNumbers.json"):
            wanted = parse_qs(urlsplit(self.path).query)["PhoneNumber"][0]
            found = [{"phone_number": one, "sid": "PN1", **twilio.hooks} for one in twilio.numbers if one == wanted]
            self._say(200, {"incoming_phone_numbers": found})
        elif path == f"/2010-04-01/Accounts/{twilio.account}.json":
            self._say(200, {"sid": twilio.account, "status": "active"})
        else:
            self._refuse(404, 20404)

    def _refused(self) -> bool:
        twilio = self._twilio()
        proof = base64.b64encode(f"{twilio.account}:{twilio.token}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {proof}":
            self._say(401, {"code": 20003, "message": "Authenticate", "status": 401})
        elif f"/2010-04-01/Accounts/{twilio.account}" not in self.path:
            self._say(404, {"code": 20404, "message": "Not found", "status": 404})
        elif twilio.refusals:
            self._refuse(*twilio.refusals.pop(0))
        elif twilio.refusal is not None:
            self._refuse(*twilio.refusal)
        else:
            return False
        return True

    def _refuse(self, status: int, code: int, wait: int = 0) -> None:
        said = {"code": code, "message": "The 'To' number is not a secret.", "status": status}
        self._say(status, said, {"Retry-After": str(wait)} if wait else {})

    def _give(self, path: str) -> None:
        """A store takes no sign-in but its own, as S3 does."""
        twilio, signed_in = self._twilio(), "Authorization" in self.headers
        if signed_in == path.startswith("/store/"):
            self._refuse(400 if signed_in else 401, 20003)
            return
        if path in twilio.moved:
            self.send_response(307)
            self.send_header("Location", twilio.moved[path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(twilio.files[path])))
        self.end_headers()
        self.wfile.write(twilio.files[path])

    def _path(self) -> str:
        return urlsplit(self.path).path

    def _twilio(self) -> Twilio:
        return self.server.peer

    def _say(self, status: int, said: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""
