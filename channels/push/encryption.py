"""The encryption of a push message: readable by that browser alone, for the push service it is noise. Pure.

RFC 8291 (keys), over the `aes128gcm` coding of RFC 8188 with one record.
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey as PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LONGEST = 3993
"""Bytes of plain text that fit in the 4,096 every push service takes (RFC 8291, section 4)."""
_RECORD = 4096
_LAST = b"\x02"


def encrypt(
    plain: bytes, key: bytes, secret: bytes, *, ours: EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """The body of a push message for the browser with this public `key` (65 bytes) and `secret` (16 bytes).

    `ours` and `salt` are fresh for each message; only a test vector gives them.

    Raises:
        ValueError: the text is too long, or `key` is no point of the curve.
    """
    if len(plain) > LONGEST:
        raise ValueError("A push message holds no more than 3993 bytes.")
    ours = ours or generate_private_key(SECP256R1())
    salt = salt or secrets.token_bytes(16)
    our_key = point(ours.public_key())
    shared = ours.exchange(ECDH(), PublicKey.from_encoded_point(SECP256R1(), key))
    material = _derived(shared, secret, b"WebPush: info\x00" + key + our_key, 32)
    content_key = _derived(material, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\x00", 12)
    head = salt + _RECORD.to_bytes(4, "big") + len(our_key).to_bytes(1, "big") + our_key
    return head + AESGCM(content_key).encrypt(nonce, plain + _LAST, None)


def point(key: PublicKey) -> bytes:
    """A public key as 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(material)
