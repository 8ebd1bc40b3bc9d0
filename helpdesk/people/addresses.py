"""E-mail addresses as people type them: one address, normalised, or nothing."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def normalised(typed: str) -> str:
    """The address in lower case, its domain in A-labels (RFC 5890); empty when it is not exactly one address."""
    local, at, domain = typed.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or any(ord(c) < 32 or ord(c) == 127 for c in local):
        return ""
    try:
        ascii_domain = domain.lower().encode("idna").decode()
    except UnicodeError:
        return ""
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    return f"{local.lower()}@{ascii_domain}"
