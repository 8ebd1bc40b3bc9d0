"""Reach an IMAP server, sign in, open the folder: each failure a sentence that says what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from channels.adapter import AuthExpired, Permanent, Retryable
from channels.email.configs import MailboxConfig, Secret, tls_context
from channels.email.failures import explain


class Client(IMAPClient):  # type: ignore[misc]
    """An IMAPClient whose `idle_check` reads what is there, also what came in one piece with the answer to IDLE.

    The library asks the socket first and so overlooks what already lies in its own buffer. Waiting is done by
    `channels.email.idling`, over the public `socket()`.
    """

    def _poll_socket(self, sock: socket.socket, timeout: float | None = None) -> list[socket.socket]:
        del timeout
        return [sock]

    def told_of_mail(self) -> bool:
        """Whether the server spoke of new mail since this was last asked, in whatever answer.

        It tells once: what it said beside the answer to a SEARCH or a STORE it does not repeat in IDLE.
        """
        return bool(self._imap.untagged_responses.pop("EXISTS", None))


def connect(config: MailboxConfig, secret: Secret, *, fresh: bool = False) -> Client:
    """Reach, encrypt, sign in.

    Raises:
        Retryable: the server cannot be reached now. AuthExpired: it refused the sign-in. Permanent: wrongly set up.
    """
    client = reach(config)
    try:
        sign_in(client, config, secret, fresh=fresh)
    except BaseException:
        close(client)
        raise
    return client


def reach(config: MailboxConfig) -> Client:
    """An encrypted connection before the sign-in."""
    with in_words(config):
        client = Client(
            config.host,
            config.port,
            ssl=config.security == "tls",
            ssl_context=tls_context(config.ca_file) if config.security == "tls" else None,
            timeout=config.timeout,
        )
        if config.security == "starttls":
            try:
                client.starttls(tls_context(config.ca_file))
            except BaseException:
                close(client)
                raise
    return client


def sign_in(client: Client, config: MailboxConfig, secret: Secret, *, fresh: bool = False) -> None:
    """LOGIN or XOAUTH2. The server's own words are left out: some servers repeat the command they were given."""
    value = secret(fresh=fresh)
    with in_words(config):
        try:
            if config.auth == "xoauth2":
                client.sasl_login("XOAUTH2", _bearer(config.username, value))
            else:
                client.login(config.username, value)
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError):
                raise Retryable(f"{config.host} closed the connection during the sign-in.") from None
            if "[UNAVAILABLE]" in str(error) or "[LIMIT]" in str(error):  # RFC 5530: not the credentials' fault
                raise Retryable(f"{config.host} cannot take a sign-in right now.") from None
            raise AuthExpired(
                f"{config.host} refused the sign-in of {config.username}. Enter the password or sign in again."
            ) from None


def select(client: Client, config: MailboxConfig, *, readonly: bool = False) -> dict[bytes, Any]:
    """Open the folder; the server's facts about it (UIDVALIDITY, UIDNEXT, EXISTS)."""
    with in_words(config):
        try:
            facts: dict[bytes, Any] = client.select_folder(checked_folder(config.folder), readonly=readonly)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise Permanent(f"The folder “{config.folder}” could not be opened on {config.host}.") from error
    if b"UIDVALIDITY" not in facts:
        raise Permanent(f"{config.host} gives no UIDVALIDITY, so mail could be taken in twice. It cannot be used.")
    return facts


def checked_folder(name: str) -> str:
    """`name`, unless it could end a command line.

    Raises:
        Permanent: it is empty or holds a control character.
    """
    if not name or any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise Permanent("This folder name cannot be used. Choose one from the list.")
    return name


def close(client: Client) -> None:
    """Hang up without waiting for anybody's answer."""
    with suppress(Exception):
        client.shutdown()


@contextmanager
def in_words(config: MailboxConfig) -> Iterator[None]:
    """Turn what the network and the library raise into our errors."""
    where = f"{config.host}:{config.port}"
    try:
        yield
    except CapabilityError as error:
        raise Permanent(f"{where} does not offer what this mailbox is set to use ({error}).") from error
    except (OSError, IMAPClientAbortError) as error:
        raise explain(error, config.host, config.port) from error
    except (IMAPClientError, ValueError, AssertionError) as error:  # the library asserts on answers it cannot read
        raise Retryable(f"{where} answered something unexpected.") from error


def _bearer(username: str, token: str) -> Any:
    """Answer the first challenge with the XOAUTH2 string and the error report that may follow with an empty line."""
    answers = iter([f"user={username}\x01auth=Bearer {token}\x01\x01".encode()])
    return lambda _challenge: next(answers, b"")
