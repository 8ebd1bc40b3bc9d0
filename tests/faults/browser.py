"""A browser without script against the running product: signs in, loads pages, sends forms, holds a live stream."""

from __future__ import annotations

import http.client
import re
import threading
from contextlib import suppress
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.faults.scene import AGENT, PASSWORD


class Browser:
    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """The answer, its body read into `text`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept": "text/html",
        }
        headers |= {"Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined]
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        connection.close()
        return answer

    def token(self, path: str) -> str:
        page = self.ask("GET", path).content.decode()  # type: ignore[attr-defined]
        found = re.search(r'name="csrf(?:_token" value|-token" content|" value)="([^"]+)"', page)
        assert found, f"no form on {path}"
        return found[1]

    def sign_in(self) -> None:
        form = {"csrf_token": self.token("/sign-in"), "email": AGENT, "password": PASSWORD}
        assert self.ask("POST", "/sign-in", form).status == 303


class Stream:
    """The events of /live, read in a thread."""

    def __init__(self, browser: Browser) -> None:
        self.events: list[str] = []
        self.ended = False
        self._connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        self._connection.request("GET", "/live", headers={"Cookie": cookies})
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        self._connection.close()

    def _read(self) -> None:
        with suppress(Exception):
            while line := self._answer.readline():
                if line.startswith(b"event: "):
                    self.events.append(line[7:].decode().strip())
        self.ended = True
