"""The one way out over HTTP: every resolved address is checked, pinned, limited in time and size, never redirected."""

from __future__ import annotations

import ipaddress
import json as json_format
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlencode

from urllib3 import encode_multipart_formdata
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, SSLError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from helpdesk.errors import DomainError
from helpdesk.settings import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Iterable[str]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
"""Ranges that carry another address or reach nothing public, and that not every Python knows as such (IANA)."""
_CONNECT = 5.0
_CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class Refused(DomainError):
    """We do not go there: a private address, another scheme, a broken URL."""

    status = 422


class Unreachable(DomainError):
    """The other side did not answer, or not as it should."""

    status = 502


class NotReached(Unreachable):
    """Nothing of the request left: no such name, no connection, no valid certificate. Asking again is safe."""


@dataclass(frozen=True, slots=True)
class Response:
    """Header names are lower case; the last of several equal ones wins. A redirect comes back as it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Allowed:
    """Private places an administrator opened: host names and networks. Only they may be asked without TLS."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def read(cls, setting: str) -> Allowed:
        """From a comma-separated list such as `intranet.example, 10.1.0.0/16, 127.0.0.1`."""
        names, networks = set(), []
        for word in filter(None, (word.strip().lower() for word in setting.split(","))):
            try:
                networks.append(ipaddress.ip_network(word, strict=False))
            except ValueError:
                names.add(word.rstrip("."))
        return cls(frozenset(names), tuple(networks))

    def holds(self, host: str, address: Address) -> bool:
        return host in self.names or any(address in network for network in self.networks)


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    target: Url
    host: str
    port: int
    headers: Mapping[str, str]
    body: bytes | None
    limit: int


@dataclass(frozen=True, slots=True)
class Client:
    """A guarded client. `resolver` and `ca_file` are there for networks of one's own."""

    allowed: Allowed = Allowed()
    resolver: Resolve = resolve
    ca_file: str | None = None

    def request(  # noqa: PLR0913  the parts of a request are this many
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        limit: int = 1024 * 1024,
        timeout: float = 15,
    ) -> Response:
        """Ask once. `limit` is the largest answer in bytes, `timeout` the seconds for all but finding the name.

        Raises:
            Refused: we do not go there. Unreachable: no answer, too late, too large.
        """
        target, host, port = _parse(url)
        addresses = self._checked(target.scheme or "", host, port)
        content, kind = _content(body, json, form)
        sent = {"Host": target.netloc or host, "Accept-Encoding": "identity", "User-Agent": "Kept", **kind}
        question = _Question(method.upper(), target, host, port, {**sent, **(headers or {})}, content, limit)
        return self._first_that_answers(question, addresses, time.monotonic() + timeout)

    def _checked(self, scheme: str, host: str, port: int) -> list[Address]:
        """All addresses of `host`; one forbidden among them refuses the host, whichever would have been used."""
        try:
            addresses = [ipaddress.ip_address(found.partition("%")[0]) for found in self.resolver(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise NotReached(f"The name {host} could not be found.") from error
        if not addresses:
            raise NotReached(f"The name {host} could not be found.")
        opened = [self.allowed.holds(host, address) for address in addresses]
        if any(not known and not is_public(address) for known, address in zip(opened, addresses, strict=True)):
            raise Refused(f"{host} is a private address. An administrator can allow it in the settings.")
        if scheme == "http" and not all(opened):
            raise Refused(f"{host} must be asked over https.")
        return addresses

    def _first_that_answers(self, question: _Question, addresses: list[Address], until: float) -> Response:
        host = question.host
        for address in addresses[:4]:
            connection = self._connection(question, str(address), until)
            try:
                connection.connect()
            except (ssl.SSLError, SSLError) as error:
                connection.close()
                raise NotReached(f"The encrypted connection to {host} failed: its certificate is not valid.") from error
            except (HTTPError, OSError):
                connection.close()
                continue
            with _ending(connection, until):
                return _ask(connection, question)
        raise NotReached(f"{host} could not be reached.")

    def _connection(self, question: _Question, address: str, until: float) -> HTTPConnection:
        """To the checked address itself; the certificate must still be the host's."""
        wait = min(_CONNECT, max(0.1, until - time.monotonic()))
        if question.target.scheme == "http":
            return HTTPConnection(address, question.port, timeout=wait)
        context = ssl.create_default_context(cafile=self.ca_file)
        return HTTPSConnection(address, question.port, timeout=wait, ssl_context=context, server_hostname=question.host)


def client() -> Client:
    """The client with the settings of this process."""
    return Client(Allowed.read(settings().allow_private_hosts))


def request(  # noqa: PLR0913  as above
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    json: object = None,
    form: Mapping[str, str] | None = None,
    limit: int = 1024 * 1024,
    timeout: float = 15,
) -> Response:
    """`Client.request` with the settings of this process."""
    return client().request(method, url, headers=headers, body=body, json=json, form=form, limit=limit, timeout=timeout)


def multipart(fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]]) -> tuple[bytes, str]:
    """A body of multipart/form-data (RFC 7578) and its type; each file is its name, its bytes and its type."""
    return encode_multipart_formdata({**fields, **files})


def is_public(address: Address) -> bool:
    """True when `address` is reachable on the open internet and hides no other address in it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return False
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _parse(url: str) -> tuple[Url, str, int]:
    """The URL, its bare host and its port, read by the very parser of the library that makes the request."""
    try:
        target = parse_url(url)
    except (LocationParseError, ValueError) as error:
        raise Refused("This is not a web address.") from error
    if target.scheme not in _PORTS or not target.host:
        raise Refused("A web address begins with https://.")
    if target.auth:
        raise Refused("A web address must not hold a user name or a password.")
    host = target.host.strip("[]").rstrip(".").lower()
    return target, host, target.port or _PORTS[target.scheme]


def _content(body: bytes | None, json: object, form: Mapping[str, str] | None) -> tuple[bytes | None, dict[str, str]]:
    if json is not None:
        return json_format.dumps(json).encode(), {"Content-Type": "application/json"}
    if form is not None:
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return body, {}


@contextmanager
def _ending(connection: HTTPConnection, until: float) -> Iterator[None]:
    """Close the connection at `until`, whatever it is doing: a time-out for each read never ends one that drips."""
    left = max(0.1, until - time.monotonic())
    if connection.sock is not None:
        connection.sock.settimeout(left)
    late = threading.Event()
    timer = threading.Timer(left, _shut, (connection, late))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()
    if late.is_set():  # what was read ends where we hung up
        raise Unreachable("The answer took too long.")


def _shut(connection: HTTPConnection, late: threading.Event) -> None:
    late.set()
    with suppress(OSError, TypeError):
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _ask(connection: HTTPConnection, question: _Question) -> Response:
    uri = question.target.request_uri
    try:
        connection.request(question.method, uri, body=question.body, headers=question.headers, preload_content=False)
        with closing(connection.getresponse()) as answer:  # an answer left unread holds the socket
            content = _read(answer, question.limit)
    except ValueError as error:  # a header with a line break in it
        raise Refused("This request cannot be sent as it is.") from error
    except (HTTPError, HTTPException, OSError) as error:
        raise Unreachable(f"{question.host} did not answer in time, or not as a web server.") from error
    return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)


def _read(answer: BaseHTTPResponse, limit: int) -> bytes:
    """The body as sent, never unpacked: a small compressed answer may be huge."""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreachable("The answer is compressed although it was asked not to be.")
    content = bytearray()
    while chunk := answer.read(min(_CHUNK, limit + 1), decode_content=False):
        content += chunk
        if len(content) > limit:
            raise Unreachable(f"The answer is larger than {limit // 1024} kB.")
    return bytes(content)
