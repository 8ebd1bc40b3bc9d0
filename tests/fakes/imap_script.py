"""A small IMAP server that misbehaves on request: end of file in IDLE, cuts in a FETCH, refusals, slow bytes.

It speaks enough of RFC 3501 for our client and keeps every line it was sent.
"""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Behaviour:
    """What the next connections meet. Counts are bytes, times are seconds."""

    capabilities: str = "IMAP4rev1 IDLE UIDPLUS MOVE"
    idle: str = "silent"  # silent | eof | bye | news-with-plus
    cut_fetch_after: int | None = None
    refuse_body_of: set[int] = field(default_factory=set)
    claim_size: dict[int, int] = field(default_factory=dict)
    token: str = ""
    password: str = "secret"
    hold_answers: float = 0
    arriving: dict[int, bytes] = field(default_factory=dict)
    """Mail that comes while a search is answered: told once, beside that answer."""


class ScriptedImap:
    """`with ScriptedImap() as server:`; fill `mails` with UID -> raw."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.mails: dict[int, bytes] = {}
        self.uidvalidity = 7
        self.lines: list[str] = []
        self.logins: list[float] = []
        self._server = _Server((self.host, 0), _Session)
        self._server.script = self

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    script: ScriptedImap


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.say(f"* OK [CAPABILITY {self.now.capabilities}] ready")
        while line := self.line():
            tag, _, rest = line.partition(" ")
            words = rest.split(" ")
            if words[0].upper() == "UID":
                words = [f"UID_{words[1]}", *words[2:]]
            time.sleep(self.now.hold_answers)
            verb = getattr(self, f"do_{words[0].lower()}", None)
            if verb is None:
                self.say(f"{tag} BAD unknown")
            elif verb(tag, words[1:]) is False:
                return

    @property
    def now(self) -> Behaviour:
        return self.server.script.behaviour

    def line(self) -> str:
        try:
            line = self.rfile.readline().decode().rstrip("\r\n")
        except OSError:
            return ""
        self.server.script.lines.append(line)
        return line

    def say(self, text: str | bytes) -> None:
        with suppress(OSError):
            self.wfile.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def do_capability(self, tag, _words):
        self.say(f"* CAPABILITY {self.now.capabilities}")
        self.say(f"{tag} OK done")

    def do_login(self, tag, words):
        self.server.script.logins.append(time.monotonic())
        good = words[-1].strip('"') == self.now.password
        self.say(f"{tag} OK in" if good else f"{tag} NO [AUTHENTICATIONFAILED] no")

    def do_authenticate(self, tag, words):
        self.server.script.logins.append(time.monotonic())
        self.say("+ ")
        given = base64.b64decode(self.line()).decode()
        user, bearer = re.fullmatch("user=(.*)\x01auth=Bearer (.*)\x01\x01", given).groups()
        if words[0] == "XOAUTH2" and user and bearer == self.now.token:
            self.say(f"{tag} OK in")
            return
        self.say("+ " + base64.b64encode(b'{"status":"400"}').decode())
        self.line()
        self.say(f"{tag} NO [AUTHENTICATIONFAILED] no")

    def do_select(self, tag, _words):
        script = self.server.script
        self.say(f"* {len(script.mails)} EXISTS")
        self.say("* 0 RECENT")
        self.say("* FLAGS (\\Seen \\Deleted)")
        self.say(f"* OK [UIDVALIDITY {script.uidvalidity}] ok")
        self.say(f"* OK [UIDNEXT {max(script.mails, default=0) + 1}] ok")
        self.say(f"{tag} OK [READ-WRITE] selected")

    do_examine = do_select

    def do_noop(self, tag, _words):
        self.say(f"{tag} OK done")

    def do_logout(self, tag, _words):
        self.say("* BYE")
        self.say(f"{tag} OK done")
        return False

    def do_uid_search(self, tag, words):
        low, _, high = words[-1].strip("()").partition(":")
        mails = self.server.script.mails
        top = max(mails, default=0)
        found = [uid for uid in mails if int(low) <= uid <= (top if high == "*" else int(high))]
        if high == "*" and not found and top:
            found = [top]
        self.say("* SEARCH " + " ".join(map(str, found)))
        if self.now.arriving:
            mails |= self.now.arriving
            self.now.arriving = {}
            self.say(f"* {len(mails)} EXISTS")
        self.say(f"{tag} OK done")

    def do_uid_fetch(self, tag, words):
        uids = [int(word) for word in words[0].split(",")]
        item = words[1].strip("()")
        for number, uid in enumerate(self.server.script.mails, start=1):
            if uid in uids:
                if item.startswith("BODY.PEEK[]") and uid in self.now.refuse_body_of:
                    self.say(f"{tag} NO this mail is damaged")
                    return True
                if self.answer_fetch(number, uid, item) is False:
                    return False
        self.say(f"{tag} OK done")
        return True

    def answer_fetch(self, number, uid, item):
        raw = self.server.script.mails[uid]
        if item == "RFC822.SIZE":
            self.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {self.now.claim_size.get(uid, len(raw))})")
            return True
        head = "HEADER" in item
        body = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if head else raw
        name = "BODY[HEADER]<0>" if head else "BODY[]"
        cut = self.now.cut_fetch_after
        if cut is not None and not head:
            self.wfile.write(f"* {number} FETCH (UID {uid} {name} {{{len(body)}}}\r\n".encode() + body[:cut])
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self.say(f"* {number} FETCH (UID {uid} {name} {{{len(body)}}}\r\n".encode() + body + b")")
        return True

    def do_uid_store(self, tag, _words):
        self.say(f"{tag} OK done")

    def do_idle(self, tag, _words):
        if self.now.idle == "eof":
            self.say("+ idling")
            time.sleep(0.05)
            return False
        if self.now.idle == "bye":
            self.say("+ idling")
            self.say("* BYE going down")
            return False
        if self.now.idle == "news-with-plus":
            self.say(f"+ idling\r\n* {len(self.server.script.mails)} EXISTS")
        else:
            self.say("+ idling")
        if self.line() != "DONE":
            return False
        self.say(f"{tag} OK done")
        return True
