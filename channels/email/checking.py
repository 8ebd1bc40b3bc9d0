"""Test a mailbox and its way out step by step: reach, encrypt, sign in, read, send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from channels.adapter import Permanent, SendError
from channels.email import smtp
from channels.email.configs import MailboxConfig, Secret, SmtpConfig
from channels.email.connecting import close, reach, select, sign_in
from channels.email.deadline import deadline
from channels.email.failures import explain
from helpdesk.settings import settings

Name = Literal["reach", "encrypt", "sign in", "read", "send"]
ORDER: tuple[Name, ...] = ("reach", "encrypt", "sign in", "read", "send")
_PATIENCE = 30
"""Seconds for all steps on one connection."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, and in a sentence what happened or what to do."""

    name: Name
    ok: bool
    sentence: str


def check(
    imap: MailboxConfig | None, outgoing: SmtpConfig | None, imap_secret: Secret, smtp_secret: Secret
) -> Iterator[Step]:
    """Each step as it is done; nothing behind the first that fails. No mail is fetched, flagged or sent.

    Without `imap` mail is handed to our own listener; without `outgoing` answers are put into a folder.
    """
    name: Name = "reach"
    try:
        for name, sentence in _steps(imap, outgoing, imap_secret, smtp_secret):
            if sentence:
                yield Step(name, ok=True, sentence=sentence)
    except SendError as error:
        yield Step(name, ok=False, sentence=error.reason)


def after(step: Step | None) -> Name:
    """The name of the step that follows, the last one staying the last."""
    if step is None:
        return ORDER[0]
    return ORDER[min(ORDER.index(step.name) + 1, len(ORDER) - 1)]


Doing = Iterator[tuple[Name, str]]
"""Each name first without a sentence, as it begins, then with what happened."""


def _steps(imap: MailboxConfig | None, outgoing: SmtpConfig | None, imap_secret: Secret, smtp_secret: Secret) -> Doing:
    yield "reach", ""
    places = [(one.host, one.port, one.timeout) for one in (imap, outgoing) if one is not None]
    if imap is None:
        places.append(_listener())
    for place in places:
        _knock(*place)
    yield "reach", "Both servers answer." if len(places) > 1 else f"{places[0][0]}:{places[0][1]} answers."
    yield from _incoming(imap, outgoing, imap_secret) if imap else _handed(outgoing, smtp_secret)
    yield "send", ""
    if outgoing is None:
        yield "send", "Answers are put into a folder on this server. Nobody receives them."
        return
    with smtp.session(outgoing, smtp_secret, fresh=imap is not None):
        yield "send", f"{outgoing.host} is ready to take mail."


def _incoming(imap: MailboxConfig, outgoing: SmtpConfig | None, secret: Secret) -> Doing:
    yield "encrypt", ""
    client = reach(imap)
    try:
        with deadline(client.socket(), _PATIENCE):
            yield "encrypt", _encryption(imap.security, outgoing.security if outgoing else "tls")
            yield "sign in", ""
            sign_in(client, imap, secret, fresh=True)
            yield "sign in", f"{imap.host} accepted {imap.username}."
            yield "read", ""
            facts = select(client, imap, readonly=True)
            yield "read", f"“{imap.folder}” holds {_counted(facts.get(b'EXISTS', 0))}."
    finally:
        close(client)


def _handed(outgoing: SmtpConfig | None, secret: Secret) -> Doing:
    """The way out alone decides on encryption and sign-in; the listener takes what comes."""
    if outgoing is not None:
        yield "encrypt", ""
        server = smtp.reach(outgoing)
        try:
            yield "encrypt", _encryption(outgoing.security, outgoing.security)
            yield "sign in", ""
            smtp.sign_in(outgoing, server, secret, fresh=True)
            yield "sign in", f"{outgoing.host} {'asks for none' if outgoing.auth == 'none' else 'accepted it'}."
        finally:
            server.close()
    host, port, _ = _listener()
    yield "read", f"Mail handed to {host}:{port} comes in."


def _listener() -> tuple[str, int, float]:
    own = settings()
    if not own.mail_port:
        raise Permanent("Taking mail in is turned off on this server: HELPDESK_MAIL_PORT is 0. Read a mailbox instead.")
    return own.mail_host, own.mail_port, 5


def _counted(mails: int) -> str:
    return "1 mail" if mails == 1 else f"{mails} mails"


def _knock(host: str, port: int, timeout: float) -> None:
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        raise explain(error, host, port) from error


def _encryption(imap: str, outgoing: str) -> str:
    if "none" in {imap, outgoing}:
        return "Not encrypted: the password and all mail can be read on the way. Choose TLS unless the server is here."
    return "The connection is encrypted and the certificate is valid."
