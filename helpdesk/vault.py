"""Secrets at rest: sealed with the newest key, opened with any, and the place all other keys are derived from."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from helpdesk.settings import settings

_VERSION = "v1"
_NONCE = 12
_LEAST_DIFFERENT = 16
_HOW = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class Unreadable(Exception):
    """A sealed secret that no key opens: the key was lost, or the row was changed or moved."""


class WeakKey(ValueError):
    """A key that must not be used; the sentence says which and how to make a good one."""


@dataclass(frozen=True, slots=True)
class Vault:
    """`keys` are 32 random bytes each, newest first."""

    keys: tuple[bytes, ...] = field(repr=False)

    def seal(self, secret: str, context: str) -> str:
        """Encrypt. `context` says where the secret lives (such as `channel:7:imap`); elsewhere it will not open."""
        key = self.keys[0]
        nonce = secrets.token_bytes(_NONCE)
        closed = AESGCM(_subkey(key, "vault")).encrypt(nonce, secret.encode(), context.encode())
        return f"{_VERSION}.{_key_id(key)}.{base64.urlsafe_b64encode(nonce + closed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """Decrypt.

        Raises:
            Unreadable: no key of ours made this for this `context`.
        """
        version, _, rest = sealed.partition(".")
        key_id, _, closed = rest.partition(".")
        key = next((key for key in self.keys if _key_id(key) == key_id), None)
        if version != _VERSION or key is None:
            raise Unreadable("The key for this secret is not among the configured ones.")
        try:
            data = base64.urlsafe_b64decode(closed)
            plain = AESGCM(_subkey(key, "vault")).decrypt(data[:_NONCE], data[_NONCE:], context.encode())
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise Unreadable("This secret was changed or belongs elsewhere.") from error
        return plain.decode()

    def is_stale(self, sealed: str) -> bool:
        """True when an older key made `sealed`: seal it again before that key is taken away."""
        return sealed.split(".")[1:2] != [_key_id(self.keys[0])]

    def derive(self, purpose: str) -> list[bytes]:
        """One 32-byte key for `purpose` from each of our keys, newest first: sign with the first, check with all."""
        return [_subkey(key, f"purpose:{purpose}") for key in self.keys]


@lru_cache
def vault() -> Vault:
    """The vault of this process.

    Raises:
        WeakKey: a configured key is weak, or the key file is open to others.
    """
    configured = settings()
    if configured.secret_keys:
        return Vault(read_keys(configured.secret_keys))
    return Vault(read_keys(key_file(configured.var / "secret.key")))


def read_keys(text: str) -> tuple[bytes, ...]:
    """Comma-separated keys, each 32 random bytes in base64.

    Raises:
        WeakKey: one is short, repetitive or readable.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise WeakKey(f"No secret key is set. {_HOW}")
    return tuple(_checked(word, place) for place, word in enumerate(words, start=1))


def key_file(path: Path) -> str:
    """The text of the key file, made at the first start; when several processes start at once, one key wins.

    Raises:
        WeakKey: other users may read the file.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise WeakKey(f"{path} can be read by other users. Run: chmod 600 {path}")
    return path.read_text()


def _create(path: Path) -> None:
    """Write beside, then link: the name appears with all its content or not at all, and never replaces another."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _checked(word: str, place: int) -> bytes:
    try:
        key = base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WeakKey(f"Secret key {place} is not base64. {_HOW}") from error
    readable = all(32 <= byte < 127 for byte in key)
    repetitive = min(len(set(key)), len(set(word))) < _LEAST_DIFFERENT
    if len(key) < 32 or repetitive or readable or _counts(key):
        raise WeakKey(f"Secret key {place} is too weak: it must be 32 random bytes. {_HOW}")
    return key


def _counts(key: bytes) -> bool:
    """True for 00 01 02 ...: the kind of key that stands in examples."""
    return len({(after - before) % 256 for before, after in pairwise(key)}) == 1


@lru_cache(maxsize=64)
def _subkey(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"kept", info=purpose.encode()).derive(key)


def _key_id(key: bytes) -> str:
    return _subkey(key, "id")[:6].hex()
