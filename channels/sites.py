"""Sites: the places on the web where something of ours may stand, as the browser is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?\Z", re.IGNORECASE)
ADVICE = "Enter addresses such as https://www.example.com, without a path, with spaces between them."


def are_sites(typed: str) -> bool:
    """Whether each is an origin (RFC 6454), or all names below one with `*.` in front."""
    return all(_ORIGIN.match(one) for one in typed.split())


def policy(sites: Iterable[str]) -> str:
    """The content security policy of a page that may stand on these sites alone."""
    allowed = " ".join(one for one in sites if _ORIGIN.match(one)) or "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
        f"frame-ancestors {allowed}"
    )
