"""The installation's signing keys: made when first needed, kept in the vault, their public halves told to everybody."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.vault import Unreadable, vault
from sla.statements.models import SigningKey

PUBLISHED = "/.well-known/kept-statement-keys.json"
"""Where everybody finds the public halves (RFC 8615)."""
_ALONE = text("SELECT pg_advisory_xact_lock(7210022)")


@dataclass(frozen=True, slots=True)
class Signature:
    """Of some bytes; `public` and `value` are base64url without padding."""

    key: str
    public: str
    value: str


def sign(content: bytes) -> Signature:
    """With the newest key; the first is made now. It flushes only."""
    row, private = _newest()
    return Signature(row.name, row.public, _text(private.sign(content)))


def published() -> list[SigningKey]:
    """All that ever signed, newest first."""
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.id.desc())))


def _newest() -> tuple[SigningKey, Ed25519PrivateKey]:
    db.session.execute(_ALONE)
    row = db.session.scalars(select(SigningKey).order_by(SigningKey.id.desc()).limit(1)).one_or_none()
    if row is None:
        return _make()
    try:
        private = vault().open(row.sealed, _place(row.name))
    except Unreadable:  # the vault's key was lost: what it signed stays valid, the next is signed by another
        return _make()
    if vault().is_stale(row.sealed):
        row.sealed = vault().seal(private, _place(row.name))
    return row, Ed25519PrivateKey.from_private_bytes(_bytes(private))


def _make() -> tuple[SigningKey, Ed25519PrivateKey]:
    private = Ed25519PrivateKey.generate()
    public = _text(private.public_key().public_bytes_raw())
    name = thumbprint(public)
    sealed = vault().seal(_text(private.private_bytes_raw()), _place(name))
    row = SigningKey(name=name, public=public, sealed=sealed, created_at=now())
    db.session.add(row)
    db.session.flush()
    return row, private


def thumbprint(public: str) -> str:
    """The name of a public key (RFC 7638, RFC 8037 section 2)."""
    told = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": public}, separators=(",", ":"), sort_keys=True)
    return _text(hashlib.sha256(told.encode()).digest())


def _place(name: str) -> str:
    return f"signing-key:{name}"


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text_: str) -> bytes:
    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))
