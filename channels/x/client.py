"""tweepy's client, its requests made by our one way out: checked addresses, limits, a time-out, no redirect.

tweepy 4 names its host itself and sets no time-out; `requests` asks whatever is mounted in a session to send a whole,
signed request. That is the seam: `_Wire`.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy

from channels.x.connection import Connection, X
from helpdesk import http

SECONDS = 20.0
_MOST_BYTES = 2 * 1024 * 1024
_MEDIA = frozenset({"pbs.twimg.com", "video.twimg.com", "ton.twitter.com", "ton.x.com"})
_HOSTS = _MEDIA | {"api.twitter.com"}

for _name in ("tweepy", "requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.INFO)  # below it they write bodies and keys into the log


class _Wire:
    """What `requests` calls a transport adapter."""

    def __init__(self, base_url: str, most: int, seconds: float) -> None:
        self._base_url, self._most, self._seconds = base_url, most, seconds

    def send(self, request: Any, **_: object) -> requests.Response:
        """Send one request, once.

        Raises:
            NotReached, Unreachable, Refused: as `helpdesk.http` names them.
        """
        body = request.body.encode() if isinstance(request.body, str) else request.body
        answer = http.request(
            request.method,
            self._place(request.url),
            headers={
                name: str(value, "latin-1") if isinstance(value, bytes) else value
                for name, value in request.headers.items()
            },
            body=body,
            limit=self._most,
            timeout=self._seconds,
        )
        if 300 <= answer.status < 400:
            raise http.Refused("X sends us to another address, and we do not follow.")
        return _answered(request, answer)

    def close(self) -> None:
        """Nothing is held open."""

    def _place(self, url: str) -> str:
        target = urlsplit(url)
        if target.scheme != "https" or target.netloc not in _HOSTS:
            raise http.Refused("This is no address of X.")
        if self._base_url == X:
            return url
        return f"{self._base_url}{target.path}" + (f"?{target.query}" if target.query else "")


def client(connection: Connection, *, most: int = _MOST_BYTES, seconds: float = SECONDS) -> Any:
    """A `tweepy.Client` that speaks for the account and gives answers as dicts; `most` bytes of one, at most."""
    made = tweepy.Client(
        consumer_key=connection.api_key,
        consumer_secret=connection.api_secret,
        access_token=connection.access_token,
        access_token_secret=connection.access_secret,
        return_type=dict,
        wait_on_rate_limit=False,
    )
    made.session.trust_env = False
    made.session.headers["Accept-Encoding"] = "identity"
    wire = _Wire(connection.base_url, most, seconds)
    made.session.adapters.clear()
    made.session.mount("https://", wire)
    made.session.mount("http://", wire)
    return made


def signing(connection: Connection) -> Any:
    """What signs a request of `requests` for the account, for those that tweepy has no method for."""
    handler = tweepy.OAuth1UserHandler(
        connection.api_key, connection.api_secret, connection.access_token, connection.access_secret
    )
    return handler.apply_auth()


def is_media(url: str) -> bool:
    """Whether X keeps files there."""
    target = urlsplit(url)
    return target.scheme == "https" and target.netloc in _MEDIA


def _answered(request: Any, answer: http.Response) -> requests.Response:
    made = requests.Response()
    made.status_code, made.url, made.request = answer.status, request.url, request
    made.headers.update(answer.headers)
    made.encoding, made.reason = "utf-8", ""
    made._content = answer.body  # noqa: SLF001 - the only way to make one
    return made
