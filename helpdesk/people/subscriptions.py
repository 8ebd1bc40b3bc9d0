"""A browser that takes notifications: its address at a push service and its keys, as it told them; sealed at rest."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from helpdesk.errors import Invalid
from helpdesk.vault import vault

_LONGEST = 2000
_NOT_ONE = "The browser did not tell where it is reached. Load the page again, and try once more."


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whoever knows it and our key may notify the browser, so nothing of it is shown or logged."""

    endpoint: str = field(repr=False)
    """Where the push service takes messages for it (RFC 8030, section 4)."""
    key: bytes = field(repr=False)
    """Its public key: an uncompressed point of P-256, 65 bytes (RFC 8291, section 3.1)."""
    secret: bytes = field(repr=False)
    """What only it and we know: 16 bytes (RFC 8291, section 3.2)."""

    @property
    def mark(self) -> str:
        """Six hexadecimal digits that tell it from others, and tell nothing else."""
        return hashlib.sha256(self.endpoint.encode()).hexdigest()[:6]


def read(said: str) -> Subscription:
    """From the JSON a browser makes of it (w3.org/TR/push-api, `PushSubscriptionJSON`).

    Raises:
        Invalid: at "subscription", it is none.
    """
    try:
        given = json.loads(said[: 4 * _LONGEST])
        endpoint, keys = given["endpoint"], given["keys"]
        found = Subscription(endpoint, _bytes(keys["p256dh"]), _bytes(keys["auth"]))
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), found.key)
        fits = len(found.key) == 65 and len(found.secret) == 16 and len(endpoint) <= _LONGEST
        is_one = fits and endpoint.startswith(("https://", "http://"))  # where it leads is for the outgoing client
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        is_one = False
    if not is_one:
        raise Invalid("Nothing was saved.", {"subscription": _NOT_ONE})
    return found


def seal(subscription: Subscription, address: str) -> str:
    """Closed for the contact method of this address alone."""
    keys = {"p256dh": _text(subscription.key), "auth": _text(subscription.secret)}
    return vault().seal(json.dumps({"endpoint": subscription.endpoint, "keys": keys}), _context(address))


def opened(sealed: str, address: str) -> Subscription:
    """What `seal` closed.

    Raises:
        Unreadable: no key of ours closed this for this address.
    """
    return read(vault().open(sealed, _context(address)))


def _context(address: str) -> str:
    return f"subscription:{address}"


def _bytes(said: str) -> bytes:
    return base64.b64decode(said.rstrip("=") + "=" * (-len(said.rstrip("=")) % 4), altchars=b"-_", validate=True)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
