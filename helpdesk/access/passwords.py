"""Passwords: Argon2id at rest, few hashes at a time, and only ones that others do not guess."""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk.errors import Invalid, TooMany
from helpdesk.people.models import Agent

SHORTEST = 12
LONGEST = 1000

_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_places = BoundedSemaphore(2)
"""Each hash takes 64 MiB, so a crowd at the door waits instead of filling the memory."""
_PATIENCE_SECONDS = 10

_COMMON = re.compile(
    r"password|passwort|kennwort|contrasena|motdepasse|qwerty(uiop)?|qwertz(uiop)?|azerty|asdfgh(jkl)?|zxcvbnm?"
    r"|1q2w3e4r(5t)?|qazwsx(edc)?|letmein|welcome|willkommen|iloveyou|monkey|dragon|sunshine|princess|football|baseball"
    r"|superman|batman|master|shadow|trustno1|administrator|admin|changeme|default|secret|login|abc123|helpdesk|support"
    r"|kept|correct\s*horse\s*battery\s*staple|(19|20)\d\d|0?123456789(0?12?)?|\d{1,6}|(.)\1{2,}"
)
"""What the published lists of leaked passwords are made of."""


def set_password(agent: Agent, password: str) -> None:
    """Give `agent` a new password.

    Raises:
        Invalid: it is too short or easy to guess; the field is "password".
    """
    mistake = _weakness(agent, password)
    if mistake:
        raise Invalid("This password does not fit yet.", {"password": mistake})
    agent.password_hash = hashed(password)


def hashed(password: str) -> str:
    """The Argon2id hash of any password; what people choose goes through `set_password`."""
    with _place():
        return _hasher.hash(_normalised(password))


def verify(agent: Agent | None, password: str) -> bool:
    """Whether it is the agent's password. It takes as long when there is no such agent, or none with a password."""
    known = agent.password_hash if agent is not None and agent.is_active else ""
    with _place():
        if not _matches(known or _decoy(), password) or agent is None or not known:
            return False
    if _hasher.check_needs_rehash(known):
        agent.password_hash = hashed(password)
    return True


def _matches(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False


def _decoy() -> str:
    """A hash of today's cost that no password has: its bytes are random."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}${salt}${digest}"


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=_PATIENCE_SECONDS):
        raise TooMany("Many people are signing in at once. Nothing was changed; try again in a moment.", 5)
    try:
        yield
    finally:
        _places.release()


def _normalised(password: str) -> str:
    """The same letters typed on another keyboard are the same password (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password[:LONGEST])


def _weakness(agent: Agent, password: str) -> str:
    if len(password) < SHORTEST:
        return f"Make it {SHORTEST} characters or longer. A few words in a row work well."
    if len(password) > LONGEST:
        return f"Keep it under {LONGEST} characters."
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(_without_own_names(agent, folded)) < SHORTEST // 2:
        return "Choose one without your own name or address in it."
    if len(set(_COMMON.sub("", folded))) < 5:
        return "Others try this one first. Choose something only you would think of."
    return ""


def _without_own_names(agent: Agent, folded: str) -> str:
    local, _, domain = agent.email.casefold().partition("@")
    parts = {
        agent.email.casefold(),
        local,
        domain,
        agent.name.casefold(),
        *re.split(r"[\W_]+", f"{agent.name} {local} {domain}".casefold()),
    }
    for part in sorted((p for p in parts if len(p) > 2), key=len, reverse=True):
        folded = folded.replace(part, "")
    return folded
