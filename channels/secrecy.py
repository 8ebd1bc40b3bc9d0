"""Which stored secret may still be used after a change: none ever goes to a place it was not typed for."""

from __future__ import annotations

from dataclasses import dataclass

from channels.email.configs import MailboxConfig, SmtpConfig, needs_secret_again
from channels.email.oauth import OAuthConfig
from channels.models import Channel

Place = MailboxConfig | SmtpConfig | OAuthConfig


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a mailbox signs in. `shares_password`: the outgoing server gets the incoming one's password."""

    imap: MailboxConfig | None
    smtp: SmtpConfig | None
    oauth: OAuthConfig | None = None
    shares_password: bool = False


def stored(channel: Channel) -> Endpoints:
    """What the row of a channel says, without any secret."""
    config = channel.config
    imap = MailboxConfig(**config["imap"]) if config.get("incoming") == "imap" else None
    smtp = SmtpConfig(**config["smtp"]) if config.get("outgoing") == "smtp" else None
    oauth = OAuthConfig(**config["oauth"], client_secret="") if config.get("oauth") else None
    by_password = imap is not None and imap.auth == "password" and smtp is not None and smtp.auth == "password"
    return Endpoints(imap, smtp, oauth, shares_password=by_password and "smtp" not in channel.secrets)


def needed(endpoints: Endpoints) -> frozenset[str]:
    """The names of the secrets somebody must type for these to work."""
    places = _places(endpoints)
    return frozenset(
        name for name in ("imap", "smtp", "oauth_client") if places[name] and not _is_optional(name, endpoints)
    )


def kept(before: Endpoints, after: Endpoints) -> frozenset[str]:
    """The names of the secrets that go nowhere new, and are still of use."""
    old, new = _places(before), _places(after)
    return frozenset(
        name for name, places in new.items() if places and all(_is_known(one, old[name]) for one in places)
    )


def _places(endpoints: Endpoints) -> dict[str, list[Place]]:
    """Where each secret is sent; a refresh token stands for the access tokens made of it."""
    imap, smtp, oauth = endpoints.imap, endpoints.smtp, endpoints.oauth
    readers: list[Place] = [imap] if imap is not None and imap.auth == "password" else []
    senders: list[Place] = [smtp] if smtp is not None and smtp.auth == "password" else []
    bearers: list[Place] = [one for one in (imap, smtp) if one is not None and one.auth == "xoauth2"]
    providers: list[Place] = [oauth] if oauth is not None else []
    return {
        "imap": readers + (senders if endpoints.shares_password else []),
        "smtp": [] if endpoints.shares_password else senders,
        "oauth_client": providers,
        "oauth_refresh": providers + bearers,
    }


def _is_optional(name: str, endpoints: Endpoints) -> bool:
    """A provider of one's own may take applications without a secret (RFC 6749 2.1, public clients)."""
    return name == "oauth_client" and endpoints.oauth is not None and endpoints.oauth.provider == "custom"


def _is_known(place: Place, known: list[Place]) -> bool:
    if isinstance(place, OAuthConfig):
        return place in known
    return any(not isinstance(one, OAuthConfig) and not needs_secret_again(one, place) for one in known)
