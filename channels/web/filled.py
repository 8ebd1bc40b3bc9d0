"""What the form of a mailbox shows before anybody types: a new one's defaults, or what is stored, never a secret."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from channels import secrecy
from channels.models import Channel
from channels.secrecy import Endpoints
from channels.web.forms import FIELDS, SECRET_FIELDS
from channels.web.providers import Provider

Values = dict[str, str]
"""Field name -> text of its control."""

_DEFAULTS: Values = {
    "incoming": "imap", "sign_in": "password", "imap_port": "993", "imap_security": "tls", "imap_folder": "INBOX",
    "after": "leave", "take_in": "new", "outgoing": "smtp", "smtp_sign_in": "same", "smtp_port": "465",
    "smtp_security": "tls", "oauth_tenant": "common", "plus_addressing": "on",
}  # fmt: skip


def blank(name: str, address: str, provider: Provider | None) -> Values:
    """A new mailbox, as far as its provider is known."""
    values = _DEFAULTS | {"name": name, "address": address}
    if provider is not None:
        values |= {
            "sign_in": provider.sign_in,
            "imap_host": provider.imap.host,
            "imap_port": str(provider.imap.port),
            "imap_security": provider.imap.security,
            "smtp_host": provider.smtp.host,
            "smtp_port": str(provider.smtp.port),
            "smtp_security": provider.smtp.security,
        }
    return values


def stored(channel: Channel) -> Values:
    """A mailbox as it is."""
    endpoints = secrecy.stored(channel)
    values = _DEFAULTS | {
        "name": channel.name,
        "address": channel.address,
        "aliases": "\n".join(channel.aliases.get("addresses", ())),
        "team_id": str(channel.team_id or ""),
        "incoming": "imap" if endpoints.imap else "listener",
        "outgoing": "smtp" if endpoints.smtp else "folder",
        "take_in": "new" if channel.config.get("from_now_on", True) else "all",
        "plus_addressing": "on" if channel.config.get("plus_addressing", True) else "",
        "urgent_telephone": str(channel.config.get("urgent_telephone", "")),
        "acknowledges": "on" if channel.acknowledges else "",
    }
    return values | _imap(endpoints) | _smtp(endpoints) | _oauth(endpoints)


def typed(form: MultiDict[str, str]) -> Values:
    """What was sent and has to be put right; secrets have to be typed once more."""
    return {name: form.get(name, "") for name in FIELDS - SECRET_FIELDS if name in form}


def _imap(endpoints: Endpoints) -> Values:
    imap = endpoints.imap
    if imap is None:
        return {}
    return {
        "imap_host": imap.host,
        "imap_port": str(imap.port),
        "imap_security": imap.security,
        "imap_username": imap.username,
        "imap_folder": imap.folder,
        "after": imap.after,
        "move_to": imap.move_to,
    }


def _smtp(endpoints: Endpoints) -> Values:
    smtp = endpoints.smtp
    if smtp is None:
        return {"smtp_sign_in": "same" if endpoints.imap else "own"}
    own = smtp.auth == "password" and not endpoints.shares_password
    return {
        "smtp_host": smtp.host,
        "smtp_port": str(smtp.port),
        "smtp_security": smtp.security,
        "smtp_sign_in": "none" if smtp.auth == "none" else "own" if own else "same",
        "smtp_username": smtp.username if own else "",
    }


def _oauth(endpoints: Endpoints) -> Values:
    oauth = endpoints.oauth
    if oauth is None:
        return {}
    return {"sign_in": oauth.provider, "oauth_client_id": oauth.client_id, "oauth_tenant": oauth.tenant}
