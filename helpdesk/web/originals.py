"""A customer's HTML as it was: its remote images through us after a click, its formatting in a document of its own."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from helpdesk import http
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.text.html import original_document, sanitise
from helpdesk.tickets.inputs import File
from helpdesk.tickets.models import Message
from helpdesk.web.rasters import raster_type
from helpdesk.web.rendering import fragment
from helpdesk.web.ticket import load_message

bp = Blueprint("originals", __name__)

_LARGEST = 5_000_000
_PATIENCE = 5.0


@bp.get("/messages/<int:message_id>/with-images")
@agents_only
def with_images(message_id: int) -> str:
    """The message again, its remote images now coming through us."""
    message = load_message(current_agent(), message_id)
    html = sanitise(message.source_html, cids=_cids(message), remote=_proxied(message)).html
    return fragment("tickets/_message.html", message=message, ticket=message.ticket, html_with_images=html)


@bp.get("/messages/<int:message_id>/images/<int:place>")
@agents_only
def image(message_id: int, place: int) -> Response:
    """One remote image, fetched by the guarded client: raster only, 5 MB, 5 seconds, nothing private."""
    message = load_message(current_agent(), message_id)
    if place >= len(message.remote_images):
        raise NotFound("There is no such image.")
    address = message.remote_images[place]
    db.session.rollback()  # no connection is held while somebody's server takes its time
    found = http.client().request("GET", address, limit=_LARGEST, timeout=_PATIENCE)
    kind = raster_type(found.body) if found.status == 200 else ""
    if not kind:
        raise NotFound("What is there is not an image.")
    return Response(found.body, mimetype=kind, headers={"Cache-Control": "private, max-age=86400"})


@bp.get("/messages/<int:message_id>/formatting")
@agents_only
def formatting(message_id: int) -> Response:
    """The original formatting: no script, nothing from elsewhere, in a sandbox of its own."""
    message = load_message(current_agent(), message_id)
    response = Response(original_document(message.source_html, cids=_cids(message)), mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'none'; sandbox; frame-ancestors 'self'"
    )
    return response


def _cids(message: Message) -> dict[str, str]:
    return {
        file.cid: File(file.sha256, file.filename, file.content_type, file.size, key=file.key).url
        for file in message.attachments
        if file.cid
    }


def _proxied(message: Message):  # type: ignore[no-untyped-def]  # noqa: ANN202
    places = {address: place for place, address in enumerate(message.remote_images)}

    def proxied(address: str) -> str:
        return f"/messages/{message.id}/images/{places[address]}" if address in places else ""

    return proxied
