"""The form of a mailbox: what was typed becomes a `Wanted`, or errors that name their fields."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from werkzeug.datastructures import MultiDict

from channels.email.configs import After, MailboxConfig, Security, SmtpConfig
from channels.email.oauth import OAuthConfig
from channels.secrecy import Endpoints
from channels.wanted import Typed, Wanted
from channels.web.reader import Reader
from helpdesk.text import telephone

FIELDS = frozenset({
    "csrf_token", "name", "address", "aliases", "team_id", "incoming", "sign_in", "imap_host", "imap_port",
    "imap_security", "imap_username", "imap_password", "imap_folder", "after", "move_to", "take_in", "outgoing",
    "smtp_sign_in", "smtp_host", "smtp_port", "smtp_security", "smtp_username", "smtp_password", "oauth_client_id",
    "oauth_client_secret", "oauth_tenant", "acknowledges", "urgent_telephone", "plus_addressing",
})  # fmt: skip
"""Everything the form may hold; any other field refuses the whole."""
SECRET_FIELDS = frozenset({"imap_password", "smtp_password", "oauth_client_secret"})
_NOWHERE = Endpoints(None, None)
_SECURITY = ("tls", "starttls", "none")
_PORT = "A port is a number from 1 to 65535."
_TENANT = "abcdefghijklmnopqrstuvwxyz0123456789.-"


def read(form: MultiDict[str, str], before: Endpoints | None = None) -> Wanted:
    """What the form asks for; `before` is how the mailbox is connected now.

    Raises:
        Invalid: with `fields`, or without any when the form itself is not ours.
    """
    reader = Reader(form, FIELDS)
    address = reader.address("address", reader.text("address", "Enter the address customers write to.", 320))
    aliases = [reader.address("aliases", one) for one in reader.lines("aliases")]
    endpoints = _endpoints(reader, before or _NOWHERE, address)
    wanted = Wanted(
        name=reader.text("name", "Enter the name customers see."),
        address=address,
        endpoints=endpoints,
        aliases=tuple(dict.fromkeys(one for one in aliases if one != address)),
        team_id=_team(reader),
        plus_addressing=reader.is_on("plus_addressing"),
        acknowledges=reader.is_on("acknowledges"),
        urgent_telephone=_telephone(reader),
        from_now_on=reader.one_of("take_in", ("new", "all")) == "new" if endpoints.imap else True,
        typed=_typed(reader, endpoints),
    )
    reader.done()
    return wanted


def _endpoints(reader: Reader, before: Endpoints, address: str) -> Endpoints:
    incoming = reader.one_of("incoming", ("imap", "listener"))
    imap, oauth = (_imap(reader, before, address), _oauth(reader, before)) if incoming == "imap" else (None, None)
    if reader.one_of("outgoing", ("smtp", "folder")) == "folder":
        return Endpoints(imap, None, oauth)
    how = reader.one_of("smtp_sign_in", ("same", "own", "none"))
    if how == "same" and imap is None:
        reader.errors["smtp_sign_in"] = "Mail is handed to us, so there is no incoming sign-in to use. Enter its own."
    smtp = _smtp(reader, before, imap, how)
    return Endpoints(imap, smtp, oauth, shares_password=how == "same" and oauth is None)


def _imap(reader: Reader, before: Endpoints, address: str) -> MailboxConfig:
    providers = ("password", "google", "microsoft", "custom")
    after = cast(After, reader.one_of("after", ("leave", "seen", "move")))
    folder = reader.text("imap_folder") or "INBOX"
    move_to = reader.text("move_to", "Enter the folder mail is moved to.") if after == "move" else ""
    if move_to == folder:
        reader.errors["move_to"] = "Mail cannot be moved to the folder it is read from. Choose another one."
    return MailboxConfig(
        host=reader.host("imap_host"),
        port=reader.number("imap_port", 1, 65535, _PORT),
        security=cast(Security, reader.one_of("imap_security", _SECURITY)),
        username=reader.text("imap_username") or address,
        auth="password" if reader.one_of("sign_in", providers) == "password" else "xoauth2",
        folder=folder,
        after=after,
        move_to=move_to,
        ca_file=before.imap.ca_file if before.imap else None,
    )


def _smtp(reader: Reader, before: Endpoints, imap: MailboxConfig | None, how: str) -> SmtpConfig:
    plain = SmtpConfig(
        host=reader.host("smtp_host"),
        port=reader.number("smtp_port", 1, 65535, _PORT),
        security=cast(Security, reader.one_of("smtp_security", _SECURITY)),
        auth="none",
        ca_file=before.smtp.ca_file if before.smtp else None,
        helo=before.smtp.helo if before.smtp else "",
    )
    if how == "same" and imap is not None:
        return replace(plain, username=imap.username, auth=imap.auth)
    if how == "own":
        username = reader.text("smtp_username", "Enter the user name of the outgoing server.")
        return replace(plain, username=username, auth="password")
    return plain


def _oauth(reader: Reader, before: Endpoints) -> OAuthConfig | None:
    provider = reader.one_of("sign_in", ("password", "google", "microsoft", "custom"))
    if provider == "password":
        return None
    client_id = reader.text("oauth_client_id", "Enter the id of the application.", 500)
    if provider == "custom":
        if before.oauth is None or before.oauth.provider != "custom":
            reader.errors["sign_in"] = "Choose one of these."
            return None
        return replace(before.oauth, client_id=client_id)
    tenant = reader.text("oauth_tenant", most=100) if provider == "microsoft" else ""
    if tenant.strip(_TENANT + _TENANT.upper()):
        reader.errors["oauth_tenant"] = "This is not the name or id of a Microsoft tenant."
    known = "google" if provider == "google" else "microsoft"
    return OAuthConfig(known, client_id, "", tenant=tenant or "common")  # type: ignore[arg-type]


def _typed(reader: Reader, endpoints: Endpoints) -> Typed:
    """Only what is going to be used; a password in a part of the form that was not chosen is dropped."""
    imap, smtp, oauth = endpoints.imap, endpoints.smtp, endpoints.oauth
    reads = imap is not None and imap.auth == "password"
    sends = smtp is not None and smtp.auth == "password" and not endpoints.shares_password
    return Typed(
        imap=reader.secret("imap_password") if reads else "",
        smtp=reader.secret("smtp_password") if sends else "",
        oauth_client=reader.secret("oauth_client_secret").strip() if oauth is not None else "",
    )


def _telephone(reader: Reader) -> str:
    typed = reader.text("urgent_telephone", most=40)
    number = telephone.e164(typed)
    if typed and not number and "urgent_telephone" not in reader.errors:
        reader.errors["urgent_telephone"] = "Enter it with the country's code, such as +1 312 555 0100."
    return number


def _team(reader: Reader) -> int | None:
    if not reader.text("team_id"):
        return None
    return reader.number("team_id", 1, 2**62, "Choose one of these.")
