"""Where a request comes from: the peer's address, or the one a trusted proxy saw."""

from __future__ import annotations

import ipaddress

from flask import Request

from helpdesk.settings import settings


def address(request: Request) -> str:
    """The client's IP address.

    X-Forwarded-For counts only as far as `settings.trusted_proxies` proxies of our own wrote it, read from the right,
    and only when what stands there is an IP address; in every other case it is the socket's peer.
    """
    peer = request.remote_addr or ""
    hops = settings().trusted_proxies
    seen = [part.strip() for part in ",".join(request.headers.getlist("X-Forwarded-For")).split(",")]
    if hops < 1 or len(seen) < hops:
        return peer
    return _as_ip(seen[-hops]) or peer


def network(client: str) -> str:
    """What one person commands: a single IPv4 address, or the /64 an IPv6 address lies in."""
    try:
        parsed = ipaddress.ip_address(client)
    except ValueError:
        return client
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _as_ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
