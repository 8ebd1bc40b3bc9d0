"""A file at a provider, by its address: its bytes, or why they did not come as errors of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from channels.adapter import Permanent, Retryable
from helpdesk import http

_SECONDS = 90.0
_HOPS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})


def may_have_secrets(url: str, base_url: str, hosts: tuple[str, ...] = ()) -> bool:
    """Whether what signs us in at `base_url` may go to an address: there, or over TLS to one of the provider's hosts.

    Each of `hosts` begins with a dot and stands for the name and all below it.
    """
    try:
        place, own = urlsplit(url), urlsplit(base_url)
        if (place.scheme, place.hostname, place.port) == (own.scheme, own.hostname, own.port):
            return True
        return place.scheme == "https" and place.port in {None, 443} and f".{place.hostname or ''}".endswith(hosts)
    except ValueError:
        return False


def ask(url: str, whom: str, *, most: int, headers: Mapping[str, str] | None = None) -> http.Response:
    """What the address answers, of at most `most` bytes; a redirect as it is. `whom` begins a sentence.

    Raises:
        Permanent: we do not go there. Retryable: it did not come.
    """
    try:
        return http.request("GET", url, headers=headers, limit=most, timeout=_SECONDS)
    except http.Refused as error:
        raise Permanent("Its address is not one we go to.") from error
    except http.Unreachable as error:
        raise Retryable(f"{whom} did not give it in time, or it is too large.") from error


def follow(
    url: str, whom: str, *, most: int, headers: Callable[[str], Mapping[str, str]] = lambda _url: {}
) -> http.Response:
    """The same behind a few redirects; each address is checked like the first, and has headers of its own.

    Raises:
        Permanent: we do not go there, or they do not end. Retryable: it did not come.
    """
    for _ in range(_HOPS + 1):
        answer = ask(url, whom, most=most, headers=headers(url))
        if answer.status not in _MOVED:
            return answer
        url = urljoin(url, answer.headers.get("location", ""))
    raise Permanent("Its address leads from one place to the next.")


def content(answer: http.Response, whom: str, *, gone: frozenset[int]) -> bytes:
    """The bytes; with a status of `gone` they will never come.

    Raises:
        Permanent, Retryable: they did not come, for good or for now.
    """
    if answer.status == 200:
        return answer.body
    if answer.status in gone:
        raise Permanent(f"{whom} does not have it any more.")
    raise Retryable(f"{whom} did not give it.")
