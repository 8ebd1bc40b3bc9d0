"""Hand one mail to a submission server, and know of each recipient, and of a cut, what exactly became of it."""

from __future__ import annotations

import base64
import re
import select
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn

from channels.adapter import AuthExpired, Outcome, Permanent, Result, Retryable, SendError, Uncertain
from channels.email.configs import Secret, SmtpConfig, tls_context
from channels.email.deadline import deadline
from channels.email.failures import explain

_SLOWEST = 8 * 1024
"""Bytes a second; a slower sending is given up."""
_ENVELOPE_SECONDS = 120.0
"""For naming sender and recipients. With connecting and signing in, nothing before the content lasts five minutes."""
_CONTENT_SECONDS = 540.0
"""At most, for the content and the answer to it, however large it is."""
_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>]+@[^\x00-\x20\x7f<>@]+")
_UTF8_MISSING = "The mail server cannot send to addresses with such letters."


def submit(  # noqa: PLR0913 - what one sending needs
    config: SmtpConfig,
    secret: Secret,
    raw: bytes,
    *,
    sender: str,
    recipients: list[str],
    before_content: Callable[[], None] = lambda: None,
) -> tuple[Result, ...]:
    """Send once; one result for each recipient, in their order. An empty `sender` is the null return path (RFC 5321).

    `before_content` is called once, right before DATA: until it returned nothing can have gone out.

    Raises:
        Retryable, Permanent, AuthExpired: nothing went out. Uncertain: the connection ended between the final dot
        and the answer to it, so it may have gone out. Recipients that were refused before are in its `results`.
    """
    content = _dotted(raw)
    results: list[Result] = []
    try:
        with session(config, secret) as server:
            with deadline(_socket(server), _ENVELOPE_SECONDS):
                _begin(config, server, content, sender)
                for address in recipients:
                    results.append(_offer(config, server, address))  # noqa: PERF401 - kept when the next one fails
            if any(result.outcome is Outcome.ACCEPTED for result in results):
                before_content()
                needed = 60 + config.reply_timeout + len(raw) / _SLOWEST
                with deadline(_socket(server), min(needed, _CONTENT_SECONDS)):
                    _hand_over(config, server, content)
    except SendError as error:
        error.results = tuple(result for result in results if result.outcome is Outcome.REFUSED)
        raise
    return tuple(results)


@contextmanager
def session(config: SmtpConfig, secret: Secret, *, fresh: bool = False) -> Iterator[smtplib.SMTP]:
    """A greeted, encrypted, signed-in connection; also what the connection test goes through."""
    server = reach(config)
    try:
        sign_in(config, server, secret, fresh=fresh)
        yield server
        with suppress(OSError, smtplib.SMTPException):
            server.putcmd("QUIT")  # the answer to QUIT interests nobody
    finally:
        server.close()


def reach(config: SmtpConfig) -> smtplib.SMTP:
    """Connect, greet and encrypt."""
    name = config.helo or _own_name(config)
    with _in_words(config):
        if config.security == "tls":
            context = tls_context(config.ca_file)
            server: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=name, timeout=config.timeout, context=context)
            server._host = config.host  # type: ignore[attr-defined] # noqa: SLF001  the name the certificate must have
        else:
            server = smtplib.SMTP(local_hostname=name, timeout=config.timeout)
            server._host = config.host  # type: ignore[attr-defined] # noqa: SLF001  STARTTLS checks it too
        try:
            _greet(config, server)
        except BaseException:
            server.close()
            raise
    return server


def sign_in(config: SmtpConfig, server: smtplib.SMTP, secret: Secret, *, fresh: bool = False) -> None:
    """AUTH (RFC 4954). The server's words are left out of errors: some repeat what they were given."""
    if config.auth == "none":
        return
    offered = server.esmtp_features.get("auth", "").upper().split()
    wanted = ["XOAUTH2"] if config.auth == "xoauth2" else ["PLAIN", "LOGIN"]
    mechanism = next((name for name in wanted if name in offered), None)
    if mechanism is None:
        raise Permanent(f"{_where(config)} does not offer a sign-in by {' or '.join(wanted)}.")
    value = secret(fresh=fresh)
    with _in_words(config):
        code = _authenticate(server, mechanism, config.username, value)
    if code == 235:
        return
    if 400 <= code < 500:
        raise Retryable(f"{_where(config)} cannot take a sign-in right now.", code=str(code))
    raise AuthExpired(
        f"{_where(config)} refused the sign-in of {config.username}. Enter the password or sign in again.",
        code=str(code),
    )


@dataclass(frozen=True, slots=True)
class _Content:
    """A mail as it goes over the wire but for the final dot."""

    wire: bytes
    size: int
    eight_bit: bool


def _greet(config: SmtpConfig, server: smtplib.SMTP) -> None:
    _expect(config, server.connect(config.host, config.port), 220)
    _socket(server).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _expect(config, server.ehlo(), 250)
    if config.security == "starttls":
        if not server.has_extn("starttls"):
            raise Permanent(f"{_where(config)} does not offer STARTTLS. Nothing was sent to it.")
        _expect(config, server.starttls(context=tls_context(config.ca_file)), 220)
        _expect(config, server.ehlo(), 250)


def _authenticate(server: smtplib.SMTP, mechanism: str, username: str, value: str) -> int:
    if mechanism == "LOGIN":
        code, _ = server.docmd("AUTH", "LOGIN")
        for answer in (username, value):
            if code == 334:
                code, _ = server.docmd(_base64(answer))
        return code
    first = f"user={username}\x01auth=Bearer {value}\x01\x01" if mechanism == "XOAUTH2" else f"\0{username}\0{value}"
    code, _ = server.docmd("AUTH", f"{mechanism} {_base64(first)}")
    if code == 334:  # XOAUTH2: an error report that waits for an empty line
        code, _ = server.docmd("")
    return code


def _begin(config: SmtpConfig, server: smtplib.SMTP, content: _Content, sender: str) -> None:
    """MAIL FROM with what the server offers and the mail needs (RFC 1870, 6152, 6531)."""
    limit = server.esmtp_features.get("size", "")
    if limit.isdigit() and 0 < int(limit) < content.size:
        raise Permanent(f"The mail is too large: {_where(config)} takes at most {int(limit) // 1024} kB.")
    if content.eight_bit and not server.has_extn("8bitmime"):
        raise Permanent(f"{_where(config)} takes only mails encoded as 7-bit text.")
    if sender and not _ADDRESS.fullmatch(sender):
        raise Permanent("The sender's address is not a mail address.")
    if not _fits(server, sender):
        raise Permanent(_UTF8_MISSING)
    options = [f"SIZE={content.size}"] if server.has_extn("size") else []
    options += ["BODY=8BITMIME"] if content.eight_bit else []
    with _in_words(config):
        if server.has_extn("smtputf8"):
            server.command_encoding = "utf-8"
            options += ["SMTPUTF8"] if not sender.isascii() else []
        _expect(config, server.docmd("MAIL", " ".join([f"FROM:<{_domain_as_ascii(sender)}>", *options])), 250)


def _offer(config: SmtpConfig, server: smtplib.SMTP, address: str) -> Result:
    """RCPT TO; a refusal concerns this recipient alone."""
    if not _ADDRESS.fullmatch(address):
        return Result(address, Outcome.REFUSED, "501", "This is not a mail address.")
    if not _fits(server, address):
        return Result(address, Outcome.REFUSED, "553", _UTF8_MISSING)
    with _in_words(config):
        code, words = server.docmd("RCPT", f"TO:<{_domain_as_ascii(address)}>")
        if code == 421 or not 200 <= code < 600:
            _expect(config, (code, words), 250)
    outcome = Outcome.ACCEPTED if code < 300 else Outcome.RETRY if code < 500 else Outcome.REFUSED
    return Result(address, outcome, *_code_and_words(code, words))


def _hand_over(config: SmtpConfig, server: smtplib.SMTP, content: _Content) -> None:
    """DATA in three steps: nothing has gone out before the final dot, everything may have after it."""
    with _in_words(config):
        _expect(config, server.docmd("DATA"), 354)
        server.send(content.wire)
        if _speaks_early(server):
            _expect(config, server.getreply(), 0)
        server.send(b".\r\n")
    try:
        _socket(server).settimeout(config.reply_timeout)
        reply = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise _unknown(config) from error
    if reply[0] < 200:
        raise _unknown(config)
    _expect(config, reply, 250)


def _speaks_early(server: smtplib.SMTP) -> bool:
    """True when the server said something, or hung up, before the end of the mail."""
    sock = _socket(server)
    if isinstance(sock, ssl.SSLSocket):
        return False  # readable may only mean a session ticket
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _unknown(config: SmtpConfig) -> Uncertain:
    return Uncertain(f"The connection to {_where(config)} ended before it confirmed the mail.")


def _expect(config: SmtpConfig, reply: tuple[int, bytes], wanted: int) -> None:
    code, words = reply
    if code == wanted or (wanted == 250 and code in {251, 252}):
        return
    _fail(config, code, words)


def _fail(config: SmtpConfig, code: int, words: bytes) -> NoReturn:
    number, text = _code_and_words(code, words)
    reason = f"{_where(config)} answered: {text or number}"
    if 500 <= code < 600:
        raise Permanent(reason, code=number)
    raise Retryable(reason, code=number)


def _code_and_words(code: int, words: bytes) -> tuple[str, str]:
    """The enhanced status (RFC 3463) when there is one, else the reply code; and the server's words on one line."""
    text = " ".join(words.decode("utf-8", "replace").split())[:300]
    found = re.match(r"([245]\.\d{1,3}\.\d{1,3})\s+", text)
    return (found[1], text[found.end() :]) if found else (str(code), text)


@contextmanager
def _in_words(config: SmtpConfig) -> Iterator[None]:
    """Turn what the network and the library raise into our errors. No command is in flight that could have sent."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise Permanent(_UTF8_MISSING) from error
    except (OSError, smtplib.SMTPException) as error:
        cause = error.__context__ if isinstance(error.__context__, OSError) else error  # the library hides time-outs
        raise explain(cause, config.host, config.port) from error


def _dotted(raw: bytes) -> _Content:
    """Every line end as CR LF, leading dots doubled (RFC 5321 4.5.2)."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    stuffed = lines.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return _Content(stuffed, len(lines), not raw.isascii())


def _fits(server: smtplib.SMTP, address: str) -> bool:
    return address.rpartition("@")[0].isascii() or server.has_extn("smtputf8")


def _domain_as_ascii(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}{at}{domain.encode('idna').decode()}"


def _own_name(config: SmtpConfig) -> str:
    """What we call ourselves: the domain of our sign-in, else an address literal (RFC 5321 4.1.3)."""
    domain = config.username.rpartition("@")[2]
    return domain if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", domain) else "[127.0.0.1]"


def _socket(server: smtplib.SMTP) -> socket.socket:
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    return server.sock


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _where(config: SmtpConfig) -> str:
    return f"{config.host}:{config.port}"
