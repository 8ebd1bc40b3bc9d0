"""How one e-mail channel is connected: what its row stores, as values the transports take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from channels import sealing
from channels.email.configs import MailboxConfig, Password, Secret, SmtpConfig
from channels.email.oauth import OAuthConfig, Tokens
from channels.models import Channel
from helpdesk.db import Json, db
from helpdesk.vault import vault

SECRET_NAMES = ("imap", "smtp", "oauth_client", "oauth_refresh")


@dataclass(frozen=True)
class Connection:
    """`imap` is None when mail comes by our own listener, `smtp` when answers are put into a folder."""

    channel_id: int
    imap: MailboxConfig | None
    smtp: SmtpConfig | None
    imap_secret: Secret
    smtp_secret: Secret


def read(channel: Channel) -> Connection:
    """The connection of a channel.

    Raises:
        AuthExpired: a secret cannot be opened with the keys we have.
    """
    config = channel.config
    imap = MailboxConfig(**config["imap"]) if config.get("incoming") == "imap" else None
    smtp = SmtpConfig(**config["smtp"]) if config.get("outgoing") == "smtp" else None
    secrets = sealing.opened(channel)
    tokens = _tokens(channel.id, config, secrets) if config.get("oauth") else None
    return Connection(
        channel_id=channel.id,
        imap=imap,
        smtp=smtp,
        imap_secret=tokens or Password(secrets.get("imap", "")),
        smtp_secret=tokens or Password(secrets.get("smtp", "") or secrets.get("imap", "")),
    )


def client_secret(channel: Channel) -> str:
    """The secret of the registered application, for a sign-in with a browser.

    Raises:
        AuthExpired: as in `read`.
    """
    return sealing.opened(channel).get("oauth_client", "")


_shared: dict[int, tuple[OAuthConfig, Tokens]] = {}
_sharing = threading.Lock()


def _tokens(channel_id: int, config: Json, secrets: dict[str, str]) -> Tokens:
    """One token cache a channel and process, as long as its settings stay the same."""
    oauth = OAuthConfig(
        **config["oauth"],
        client_secret=secrets.get("oauth_client", ""),
        refresh_token=secrets.get("oauth_refresh", ""),
    )
    with _sharing:
        known = _shared.get(channel_id)
        if known is None or known[0] != oauth:
            _shared[channel_id] = (oauth, Tokens(oauth, _keeper(channel_id)))
        return _shared[channel_id][1]


def _keeper(channel_id: int) -> Callable[[str], None]:
    """Keeps each new refresh token in a transaction of its own, before it is used."""

    def keep(refresh_token: str) -> None:
        with db.engine.begin() as connection:
            sealed = vault().seal(refresh_token, sealing.context(channel_id, "oauth_refresh"))
            table = Channel.__table__
            connection.execute(
                table.update()  # type: ignore[attr-defined]
                .where(table.c.id == channel_id)
                .values(secrets=table.c.secrets.op("||")({"oauth_refresh": sealed}))
            )

    return keep
