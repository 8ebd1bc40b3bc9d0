"""What a receiving server we trust found out about the sender (RFC 8601)."""

from __future__ import annotations

import re

from channels.adapter import Authentication

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})", re.IGNORECASE)
_HEADER_FROM = re.compile(r"header\.from\s*=\s*\"?(?:[^\s;@\"]*@)?([^\s;\"]+)", re.IGNORECASE)


def of(values: list[str], *, trusted: frozenset[str], domain: str) -> Authentication:
    """The topmost statement of a trusted server about a mail from `domain`; anybody can add one further down."""
    for value in values:
        statement = _COMMENT.sub(" ", " ".join(value.split()))
        server, *results = statement.split(";")
        words = server.split()
        if words and words[0].lower() in trusted:
            return _read(results, domain)
    return Authentication()


def _read(results: list[str], domain: str) -> Authentication:
    found: dict[str, str] = {}
    for result in results:
        match = _RESULT.match(result)
        if not match or _is_about_another(result, match[1], domain):
            continue
        method, verdict = match[1].lower(), match[2].lower()
        # Several signatures are normal: one that holds is enough.
        if found.get(method) != "pass":
            found[method] = verdict
    return Authentication(**found)


def _is_about_another(result: str, method: str, domain: str) -> bool:
    about = _HEADER_FROM.search(result)
    return method.lower() == "dmarc" and about is not None and about[1].lower().rstrip(".") != domain
