"""What is known of large mail providers, so that an address alone fills in most of the form."""

from __future__ import annotations

from dataclasses import dataclass

from channels.email.configs import Security


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Provider:
    """`sign_in` is "password", "google" or "microsoft"; `note` says what to have at hand."""

    key: str
    name: str
    domains: frozenset[str]
    imap: Server
    smtp: Server
    sign_in: str = "password"
    note: str = ""


_APP_PASSWORD = "{} takes an app password here, not the one you sign in with on the web."  # noqa: S105 - a sentence

PROVIDERS = (
    Provider(
        "google", "Gmail or Google Workspace", frozenset({"gmail.com", "googlemail.com"}),
        Server("imap.gmail.com", 993, "tls"), Server("smtp.gmail.com", 465, "tls"), "google",
        "Sign in with Google needs an application of your own in the Google Cloud console. "
        "Without one choose “a password” and use an app password.",
    ),
    Provider(
        "microsoft", "Microsoft 365 or Outlook", frozenset({"outlook.com", "hotmail.com", "live.com", "msn.com"}),
        Server("outlook.office365.com", 993, "tls"), Server("smtp.office365.com", 587, "starttls"), "microsoft",
        "Microsoft takes no passwords here. Register an application in Microsoft Entra and enter its id and secret.",
    ),
    Provider(
        "fastmail", "Fastmail", frozenset({"fastmail.com", "fastmail.fm"}),
        Server("imap.fastmail.com", 993, "tls"), Server("smtp.fastmail.com", 465, "tls"),
        note=_APP_PASSWORD.format("Fastmail"),
    ),
    Provider(
        "icloud", "iCloud Mail", frozenset({"icloud.com", "me.com", "mac.com"}),
        Server("imap.mail.me.com", 993, "tls"), Server("smtp.mail.me.com", 587, "starttls"),
        note=_APP_PASSWORD.format("iCloud"),
    ),
    Provider(
        "yahoo", "Yahoo Mail", frozenset({"yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "ymail.com"}),
        Server("imap.mail.yahoo.com", 993, "tls"), Server("smtp.mail.yahoo.com", 465, "tls"),
        note=_APP_PASSWORD.format("Yahoo"),
    ),
    Provider(
        "zoho", "Zoho Mail", frozenset({"zoho.com", "zohomail.com"}),
        Server("imap.zoho.com", 993, "tls"), Server("smtp.zoho.com", 465, "tls"),
        note="Turn on IMAP in Zoho's mail settings first.",
    ),
    Provider(
        "gmx", "GMX", frozenset({"gmx.net", "gmx.de", "gmx.at", "gmx.ch"}),
        Server("imap.gmx.net", 993, "tls"), Server("mail.gmx.net", 587, "starttls"),
        note="Turn on POP3 and IMAP in GMX's settings first.",
    ),
    Provider(
        "mailbox", "mailbox.org", frozenset({"mailbox.org"}),
        Server("imap.mailbox.org", 993, "tls"), Server("smtp.mailbox.org", 465, "tls"),
    ),
)  # fmt: skip
"""Hosts, ports and encryption as each provider's own help pages name them."""


def of(key: str, address: str) -> Provider | None:
    """The provider chosen by `key`, or the one whose domain `address` has."""
    domain = address.rpartition("@")[2].lower()
    return next((one for one in PROVIDERS if one.key == key or (not key and domain in one.domains)), None)
