"""What ties a reply to its ticket: message ids of our own, reference chains and signed reply addresses."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence

REFERENCES_CHARACTERS = 1_500
"""Relays refuse a References field of more than 4,096 characters; other programs add to ours."""

_NUMBER_BYTES = 5
_PROOF_BYTES = 10
_TOKEN = re.compile(r"[a-z2-7]{24}\Z")
_OWN = re.compile(r"<kept\.[0-9a-f]{32}@[^<>@\s]+>\Z")
_PURPOSE = b"kept reply token 1\x00"


def new_message_id(domain: str) -> str:
    """A Message-ID nobody can guess, in angle brackets."""
    return f"<kept.{secrets.token_hex(16)}@{domain}>"


def is_own(message_id: str) -> bool:
    """True for an id with the pattern of ours. Anybody can write one: it proves nothing."""
    return _OWN.match(message_id) is not None


def references_for(references: Iterable[str], parent_id: str) -> tuple[str, ...]:
    """The chain of a reply to `parent_id`, whose own chain was `references` (RFC 5322 3.6.4).

    First and last are kept, the middle gives way when it grows beyond REFERENCES_CHARACTERS.
    """
    chain = [one for one in dict.fromkeys(references) if one and one != parent_id]
    if parent_id:
        chain.append(parent_id)
    if len(chain) < 3:
        return tuple(chain)
    room = REFERENCES_CHARACTERS - len(chain[0])
    newest: list[str] = []
    for one in reversed(chain[1:]):
        room -= len(one) + 1
        if room < 0 and newest:
            break
        newest.append(one)
    return (chain[0], *reversed(newest))


def reply_token(ticket_number: int, key: bytes) -> str:
    """Ticket number and 80 bits of proof that we wrote it: 24 letters and digits, upper or lower case alike.

    Raises:
        ValueError: the number is negative or does not fit 40 bits.
    """
    if not 0 <= ticket_number < 2 ** (8 * _NUMBER_BYTES):
        raise ValueError(f"A ticket number must fit {8 * _NUMBER_BYTES} bits.")
    number = ticket_number.to_bytes(_NUMBER_BYTES, "big")
    return base64.b32encode(number + _proof(number, key)).decode("ascii").lower()


def read_token(address: str, keys: Sequence[bytes]) -> int | None:
    """The ticket number in `support+TOKEN@domain`, `support+TOKEN` or `TOKEN`; None unless one of `keys` signed it."""
    local = address.strip().lower().rpartition("@")[0] or address.strip().lower()
    token = local.rpartition("+")[2]
    if not _TOKEN.match(token):
        return None
    try:
        octets = base64.b32decode(token.upper())
    except binascii.Error:
        return None
    number, proof = octets[:_NUMBER_BYTES], octets[_NUMBER_BYTES:]
    # Every key is tried, so the time does not tell which one fits.
    genuine = sum(hmac.compare_digest(proof, _proof(number, key)) for key in keys)
    return int.from_bytes(number, "big") if genuine else None


def _proof(number: bytes, key: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + number, hashlib.sha256).digest()[:_PROOF_BYTES]
