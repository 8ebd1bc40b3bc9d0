"""The link and the code of a proof: made anew whenever they are sent, so that no table holds either."""

from __future__ import annotations

import hashlib
import hmac

from channels import signing
from channels.models import Proof
from helpdesk.db import Json
from helpdesk.settings import settings
from helpdesk.vault import vault

HERE = "\N{INTERLINEAR ANNOTATION ANCHOR}"
"""Where the link or the code stands in words that wait in the outbox."""
DIGITS = 6

_PURPOSE = "contact-proof"
_CODES = "contact-proof-code"


def sends_link(proof: Proof) -> Json:
    """What a delivery keeps, to have the link in it when it leaves."""
    return {"proof": {"id": proof.id, "nonce": proof.nonce, "shows": "link"}}


def sends_code(proof: Proof) -> Json:
    return {"proof": {"id": proof.id, "nonce": proof.nonce, "shows": "code"}}


def shown(content: Json) -> str:
    """The words of a delivery as they leave."""
    text, of = str(content["text"]), content.get("proof")
    if not of:
        return text
    made = _link if of["shows"] == "link" else _code
    return text.replace(HERE, made(int(of["id"]), str(of["nonce"])))


def named(token: str) -> tuple[int, str] | None:
    """The id and nonce a link names; None when it is not ours."""
    parts = signing.read(_PURPOSE, token, 2)
    return (int(parts[0]), parts[1]) if parts is not None else None


def fits(proof: Proof, typed: str) -> bool:
    """Whether it is the code, however it was spaced."""
    digits = "".join(typed.split()).replace("-", "")
    codes = (_digits(key, proof.id, proof.nonce) for key in vault().derive(_CODES))
    return any(hmac.compare_digest(one.encode(), digits.encode()) for one in codes)


def _link(proof_id: int, nonce: str) -> str:
    return settings().address(f"/proof/{signing.sign(_PURPOSE, str(proof_id), nonce)}")


def _code(proof_id: int, nonce: str) -> str:
    return _digits(vault().derive(_CODES)[0], proof_id, nonce)


def _digits(key: bytes, proof_id: int, nonce: str) -> str:
    digest = hmac.new(key, f"{proof_id}.{nonce}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}d}"
