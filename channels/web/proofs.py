"""/proof/<token>: a page for whoever got the mail. Opening it changes nothing, so a program that does joins nobody."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, request

from channels import proving
from channels.models import Proof
from channels.proofwords import WORDS, Words
from helpdesk.access import clients, throttle
from helpdesk.access.guards import public
from helpdesk.access.throttle import Bucket
from helpdesk.db import db
from helpdesk.errors import Gone, TooMany
from helpdesk.text import languages
from helpdesk.web.rendering import page

bp = Blueprint("proofs", __name__, url_prefix="/proof")

_TRIES = Bucket("proof-try", 30, timedelta(hours=1))
"""From one place; a large office is one."""
_PLACES = {
    "telegram": "Telegram",
    "messenger": "Messenger",
    "instagram": "Instagram",
    "whatsapp": "WhatsApp",
    "slack": "Slack",
    "x": "X",
    "phone": "SMS",
}
"""Those that are called the same in every language."""

Answer = tuple[str, int]


@bp.get("/<token>")
@public
def show(token: str) -> Answer:
    proof = proving.find(token)
    if proof is None or not proving.is_open(proof):
        return _spent(proof)
    return _page(proof, "form"), 200


@bp.post("/<token>")
@public
def confirm(token: str) -> Answer:
    proof = proving.find(token)
    if proof is None or not proving.is_open(proof):
        return _spent(proof)
    words = WORDS[proof.language]
    try:
        throttle.take(_TRIES, clients.network(clients.address(request)))
        proving.confirm(proof, request.form.get("code", "")[:40])
    except proving.WrongCode as error:
        db.session.commit()  # the try counts
        return (_page(proof, "form", words.wrong), error.status) if proving.is_open(proof) else _spent(proof)
    except TooMany as error:
        return _page(proof, "form", words.much), error.status
    except Gone:
        db.session.rollback()
        return _spent(proving.find(token))
    db.session.commit()
    return _page(proof, "done"), 200


def _spent(proof: Proof | None) -> Answer:
    """The same words whether it was used, replaced or is too old; in the reader's language where none is known."""
    if proof is not None:
        return _page(proof, "gone"), 410
    language = request.accept_languages.best_match(languages.LANGUAGES) or languages.DEFAULT
    return _drawn(WORDS[language], language, "unknown"), 404


def _page(proof: Proof, state: str, error: str = "") -> str:
    named = _PLACES.get(proof.kind, "")
    return _drawn(WORDS[proof.language], proof.language, state, error, f" ({named})" if named else "")


def _drawn(words: Words, language: str, state: str, error: str = "", place: str = "") -> str:
    intro = words.intro.format(place=place)
    return page("people/proof.html", words=words, language=language, state=state, error=error, intro=intro)
