"""Files: put on a draft, taken off, downloaded; only re-checked raster images are ever shown in place."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, request, send_file, url_for
from sqlalchemy import or_, select
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from helpdesk import blobs
from helpdesk.access import throttle
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.access.throttle import Bucket
from helpdesk.db import db, one
from helpdesk.errors import Invalid, NotFound
from helpdesk.people.models import Agent
from helpdesk.text.plain import neutral_filename
from helpdesk.tickets import drafts
from helpdesk.tickets.inputs import File
from helpdesk.tickets.models import Attachment, Draft, Message, Ticket
from helpdesk.web.rasters import raster_type
from helpdesk.web.rendering import back_to, fragment, wants_fragment

bp = Blueprint("files", __name__)

_UPLOADS = Bucket("upload", 200, timedelta(minutes=1))


@bp.post("/tickets/<int:number>/drafts/<kind>/files")
@agents_only
def upload(number: int, kind: str) -> Response | str:
    """Put files on the agent's draft; each comes back as a line that can be taken off."""
    agent = current_agent()
    ticket = one(visible_tickets(agent).where(Ticket.number == number))
    if kind not in {"reply", "note"}:
        raise NotFound("There is no such draft.")
    made = take_files(agent, drafts.take(agent, ticket, kind))
    db.session.commit()
    if wants_fragment():
        return fragment("tickets/_files.html", attachments=made)
    return back_to(url_for("ticket.show", number=number))


@bp.post("/attachments/<key>/removal")
@agents_only
def remove(key: str) -> Response | tuple[str, int]:
    """Take a file off a draft; without script the words of its form come along, and are kept."""
    draft = drafts.detach(current_agent(), key)
    if "body" in request.form:
        drafts.save(draft, request.form["body"])
    number = db.session.scalar(select(Ticket.number).where(Ticket.id == draft.ticket_id))
    db.session.commit()
    if wants_fragment():
        return "", 200
    return back_to(url_for("ticket.show", number=number, compose=draft.kind))


@bp.get("/attachments/<key>/<path:filename>")
@agents_only
def download(key: str, filename: str) -> Response:  # noqa: ARG001 - the name is for people; the key decides
    """The bytes of a file of a ticket the agent may see, or of a draft of their own."""
    agent = current_agent()
    mine = visible_tickets(agent).with_only_columns(Ticket.id)
    found = db.session.scalars(
        select(Attachment)
        .outerjoin(Message, Message.id == Attachment.message_id)
        .outerjoin(Draft, Draft.id == Attachment.draft_id)
        .where(Attachment.key == key, or_(Message.ticket_id.in_(mine), Draft.agent_id == agent.id))
        .where(Message.deleted_at.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such file here.")
    return serve(found)


def sent_files() -> list[FileStorage]:
    """The files that were chosen; a browser sends an empty one where none was."""
    return [file for file in request.files.getlist("file") if file.filename]


def take_files(agent: Agent, draft: Draft) -> list[Attachment]:
    """Store every file of the request on the draft.

    Raises:
        Invalid: there is none, or too much.
    """
    sent = sent_files()
    if not sent:
        raise Invalid("Choose a file first.", {"file": "No file was chosen."})
    made = []
    for file in sent:
        throttle.take(_UPLOADS, str(agent.id))
        content = file.read()
        name = neutral_filename(file.filename or "")
        kind = raster_type(content) or "application/octet-stream"
        made.append(drafts.attach(draft, File(blobs.put(content), name, kind, len(content))))
    return made


def serve(attachment: Attachment) -> Response:
    """A raster image may be shown; everything else is only ever a download, whatever it says it is."""
    try:
        file = blobs.path(attachment.sha256).open("rb")
    except FileNotFoundError as error:
        raise NotFound("The bytes of this file are gone.") from error
    with file:
        shown = raster_type(file.read(64))
    response = send_file(
        blobs.path(attachment.sha256), mimetype=shown or "application/octet-stream", etag=attachment.sha256, max_age=0
    )
    kind = "inline" if shown else "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in attachment.filename)
    encoded = quote(attachment.filename, safe="")
    response.headers["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
