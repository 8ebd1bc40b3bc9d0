"""What a mailbox and a mail server are called, and the secret that opens them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal, Protocol

from channels.adapter import Permanent

Security = Literal["tls", "starttls", "none"]
ImapAuth = Literal["password", "xoauth2"]
SmtpAuth = Literal["password", "xoauth2", "none"]
After = Literal["leave", "seen", "move"]


class Secret(Protocol):
    """Gives a password or an OAuth access token when it is needed; `fresh` passes over any cached one."""

    def __call__(self, *, fresh: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class Password:
    """A secret that does not change; it never shows in a repr."""

    value: str = field(repr=False)

    def __call__(self, *, fresh: bool = False) -> str:
        del fresh
        return self.value


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """One IMAP folder. `timeout` is in seconds and holds for each read; `after` is what a taken-in mail gets."""

    host: str
    port: int
    security: Security
    username: str
    auth: ImapAuth = "password"
    folder: str = "INBOX"
    after: After = "leave"
    move_to: str = ""
    ca_file: str | None = None
    timeout: float = 30


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """One submission server. `reply_timeout` (seconds) is for the answer behind the content (RFC 5321 4.5.3.2.6)."""

    host: str
    port: int
    security: Security
    username: str = ""
    auth: SmtpAuth = "password"
    ca_file: str | None = None
    timeout: float = 30
    reply_timeout: float = 300
    helo: str = ""


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Certificates and host names are always checked, against `ca_file` when given, else the system's list.

    Raises:
        Permanent: the file cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Permanent(f"The certificate file {ca_file} could not be read. Choose another one.") from error


def needs_secret_again(old: MailboxConfig | SmtpConfig, new: MailboxConfig | SmtpConfig) -> bool:
    """True when a stored secret must be typed again, because it would go to another place or less protected."""
    return (old.host.lower(), old.port, old.security, old.ca_file) != (
        new.host.lower(),
        new.port,
        new.security,
        new.ca_file,
    )
