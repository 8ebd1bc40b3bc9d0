"""What a visitor's own page asks and tells: who they are, what was said, their words, typing, what they read, files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from channels import intake, proving, recognising, registry, signing, transcript, uploads, visiting
from channels.adapter import SendError
from channels.chat import connection as connections
from channels.chat import identity, tokens
from channels.chat.connection import Connection
from channels.chat.identity import Identity
from channels.models import Channel, Visit
from channels.transcript import KIND, Told
from channels.web import streaming, visitor
from helpdesk import live
from helpdesk.access.guards import signed
from helpdesk.access.throttle import Bucket
from helpdesk.db import db
from helpdesk.errors import Conflict, DomainError, Invalid, NotFound, TooMany
from helpdesk.people import contacts
from helpdesk.people.addresses import normalised
from helpdesk.plugins import Asking, installed
from helpdesk.text.plain import snippet
from helpdesk.web.files import serve

bp = Blueprint("chatting", __name__, url_prefix="/chat")
bp.register_error_handler(DomainError, visitor.refused)

_VISITS = Bucket("chat-visit", 60, timedelta(hours=1))
"""New conversations from one place."""
_WORDS = Bucket("chat-words", 40, timedelta(minutes=1))
"""Messages of one conversation."""
_PLACE = Bucket("chat-place", 300, timedelta(minutes=1))
"""Everything told from one place; a large office is one."""
_CHANNEL = Bucket("chat-channel", 3000, timedelta(minutes=1))
_FORGED = Bucket("chat-forged", 60, timedelta(minutes=1))
_PROOFS = Bucket("chat-proof", 5, timedelta(days=1))
"""Mails that ask whether an address is theirs, of one conversation and of one place."""
_NAME = 120
_TEXT = 10_000
_ELSEWHERE = "Ask for this where you began the conversation. The code comes there."
_STRANGER = "We could not confirm who you are. You can write all the same; add your address to be answered by mail."


@bp.post("/<key>/hello")
@signed(visitor.is_ours)
def hello(key: str) -> Response:
    """When a person answers this visitor now, and where the conversation stands; nothing is begun by it."""
    channel, visit_key = visitor.asked()
    sent = visitor.body()
    zone = visitor.text(sent, "zone", 60)
    known, word = _identified(channel, sent)
    is_anothers = recognising.is_anothers(channel, visit_key, known)
    visit = visiting.find(channel.id, visit_key) if visit_key and not is_anothers else None
    if visit is not None and known is not None:
        visit = _arrive(channel, visit_key, known, zone)
        db.session.commit()
    person = known.email if known is not None else visit.email if visit is not None and visit.is_known else ""
    said = {"words": _promise(channel, person, zone), "name": known.name if known else "", "word": word}
    return visitor.answer({**said, "verified": known is not None, **_standing(key, visit)})


@bp.post("/<key>/messages")
@signed(visitor.is_ours)
def say(key: str) -> Response:
    """Take in a visitor's words and files; with the first the conversation begins."""
    channel, visit_key = visitor.asked()
    sent = visitor.body()
    visitor.slow_down(_CHANNEL, key)
    place = visitor.place()
    visitor.slow_down(_PLACE, place)
    text, name = visitor.text(sent, "text", _TEXT).strip(), visitor.text(sent, "id", 60)
    if not (text or request.files) or not name.isascii() or not name.isalnum():
        raise Invalid("Write something first.", {"text": "There is nothing to send yet."})
    visitor.slow_down(_WORDS if visit_key else _VISITS, visit_key or place)
    files = uploads.take(request.files.getlist("file"))
    known, _ = _identified(channel, sent)
    goes_on = bool(visit_key) and not recognising.is_anothers(channel, visit_key, known)
    visit = _arrive(channel, visit_key if goes_on else signing.new_key(), known, visitor.text(sent, "zone", 60))
    if name_ := visitor.text(sent, "name", _NAME):
        visiting.introduce(visit, name=snippet(name_, _NAME), email="")
    arrival = visiting.said(visit, name, text, files, site=visitor.text(sent, "site", 200))
    intake.accept(channel, [arrival])
    registry.arrived.set()
    token = tokens.mint(key, visit.key, mailbox=visitor.mailbox() if goes_on else "")
    return visitor.answer({"token": token, "id": name}, 202)


@bp.get("/<key>/messages")
@signed(visitor.is_ours)
def listing(key: str) -> Response:
    """Everything the visitor may see."""
    return visitor.answer(_standing(key, visitor.visit()))


@bp.post("/<key>/details")
@signed(visitor.is_ours)
def details(key: str) -> Response:  # noqa: ARG001 - the guard found the chat by it
    """Where answers go when they have left."""
    visit = visitor.visit()
    sent = visitor.body()
    visitor.slow_down(_WORDS, visit.key)
    typed = visitor.text(sent, "email", 320)
    email = normalised(typed)
    if typed and not email:
        raise Invalid("Look at the address.", {"email": "Enter an address such as olive@example.com."})
    visiting.introduce(visit, name=snippet(visitor.text(sent, "name", _NAME), _NAME), email=email)
    db.session.commit()
    return visitor.answer({"email": email})


@bp.post("/<key>/proof")
@signed(visitor.is_ours)
def prove(key: str) -> Response:  # noqa: ARG001
    """Ask by mail whether the address they typed is theirs. The answer is the same whoever has it."""
    visit = visitor.visit()
    if visitor.mailbox():
        raise Conflict(_ELSEWHERE)
    visitor.slow_down(_PROOFS, visit.key)
    visitor.slow_down(_PROOFS, visitor.place())
    ticket = visiting.ticket_of(visit)
    own = contacts.find(visit.key, kind=KIND)
    if visit.email and not visit.is_known and ticket is not None and own is not None:
        try:
            if own.contact_id == ticket.contact_id:
                proving.ask(ticket, visit.email, by=None)
            db.session.commit()
        except (Invalid, TooMany):
            db.session.rollback()  # whose address it is, or how often somebody was asked, is told to nobody
    return visitor.answer({}, 202)


@bp.post("/<key>/seen")
@signed(visitor.is_ours)
def seen(key: str) -> Response:  # noqa: ARG001
    """Answers were shown, or read: news of them takes the way every channel's takes."""
    channel, _ = visitor.asked()
    visit = visitor.visit()
    sent = visitor.body()
    visitor.slow_down(_PLACE, visitor.place())
    names = (
        [one for one in sent.get("ids", []) if isinstance(one, str)][:100] if isinstance(sent.get("ids"), list) else []
    )
    state = "read" if sent.get("state") == "read" else "delivered"
    visit = visiting.arrive(channel, visit.key)
    if state == "read":
        visiting.read_all(visit)
    arrivals = visiting.shown(visit, names, state)
    intake.accept(channel, arrivals)
    if arrivals:
        registry.arrived.set()
    return visitor.answer({})


@bp.post("/<key>/typing")
@signed(visitor.is_ours)
def typing(key: str) -> Response:  # noqa: ARG001
    """Agents who look at the ticket see it for some seconds."""
    visit = visitor.visit()
    visitor.slow_down(_PLACE, visitor.place())
    ticket = visiting.ticket_of(visit)
    if ticket is not None:
        live.announce(kind="chat.typing", id=ticket.number)
        db.session.commit()
    return visitor.answer({})


@bp.post("/<key>/resumption")
@signed(visitor.is_ours)
def resume(key: str) -> Response:
    """Who has the link of a mail goes on with the conversation; where it was begun, the address is theirs."""
    channel, visit_key = visitor.asked()
    link = tokens.follow(key, visitor.text(visitor.body(), "link", 2000))
    visit = visiting.find(channel.id, link.key) if link is not None else None
    if link is None or visit is None:
        visitor.slow_down(_FORGED, visitor.place())
        raise NotFound("This link is too old. Your conversation is not lost: answer our mail.")
    if visit.key != visit_key or visitor.mailbox():
        return visitor.answer({"token": tokens.mint(key, visit.key, mailbox=link.email)})
    recognising.by_link(visit, link.email)
    db.session.commit()
    return visitor.answer({"token": tokens.mint(key, visit.key)})


@bp.get("/<key>/stream")
@signed(visitor.is_ours)
def stream(key: str) -> Response:  # noqa: ARG001
    """A stream that says when to look; the connection to the database is given back before it begins."""
    visit = visitor.visit()
    topic = visiting.topic(visit.channel_id, visit.key)
    db.session.remove()
    return streaming.hand_over(current_app.extensions["crowd"], topic)


@bp.get("/<key>/files/<file>")
@signed(visitor.is_ours)
def download(key: str, file: str) -> Response:  # noqa: ARG001
    """A file of the conversation; pictures may be shown, everything else is a download."""
    found = transcript.file_of(visitor.visit(), file, mailbox=visitor.mailbox())
    if found is None:
        raise NotFound("There is no such file here.")
    return serve(found)


def _arrive(channel: Channel, visit_key: str, known: Identity | None, zone: str) -> Visit:
    """They are here; what the site says counts at the page that began the conversation."""
    resumed = bool(visitor.mailbox()) and visit_key == visitor.asked()[1]
    if known is None or resumed:
        return visiting.arrive(channel, visit_key, zone=zone)
    return recognising.arrive(channel, visit_key, known, zone=zone)


def _identified(channel: Channel, sent: dict[str, Any]) -> tuple[Identity | None, str]:
    """Who the site says it is, and a word when it cannot be believed."""
    token = visitor.text(sent, "identity", 4096)
    if not token:
        return None, ""
    try:
        connection: Connection = connections.read(channel)
    except SendError:
        return None, _STRANGER
    known = identity.read(token, connection.secret)
    return known, "" if known is not None else _STRANGER


def _promise(channel: Channel, email: str, zone: str) -> str:
    address = contacts.find(email) if email else None
    organization = address.contact.organization_id if address is not None else None
    return installed().foretell(Asking(KIND, channel.team_id, organization, zone))


def _standing(key: str, visit: Visit | None) -> dict[str, Any]:
    if visit is None:
        return {"token": "", "messages": [], "email": "", "proven": False}
    mailbox = visitor.mailbox()
    return {
        "token": tokens.mint(key, visit.key, mailbox=mailbox),
        "email": visit.email,
        "proven": visit.is_known or (bool(mailbox) and mailbox == visit.email),
        "messages": [_as_json(one) for one in transcript.told(visit, mailbox=mailbox)],
    }


def _as_json(one: Told) -> dict[str, Any]:
    return {
        "id": one.id,
        "mine": one.mine,
        "who": one.who,
        "text": one.text,
        "at": int(one.at.timestamp() * 1000),
        "seen": one.seen,
        "mail": one.by_mail,
        "automatic": one.automatic,
        "files": [
            {"key": file.key, "name": file.filename, "size": file.size, "image": file.content_type.startswith("image/")}
            for file in one.files
        ],
    }
