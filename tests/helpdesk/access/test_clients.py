"""The client's address is the peer's unless our own proxies say otherwise."""

from __future__ import annotations

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from helpdesk.access import clients
from helpdesk.settings import settings


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "<script>alert(1)</script>", "192.0.2.1"),
        (1, "203.0.113.9, <b>", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_forwarded_addresses_count_only_from_configured_proxies(
    monkeypatch: pytest.MonkeyPatch, proxies: int, forwarded: str, expected: str
):
    monkeypatch.setattr(settings(), "trusted_proxies", proxies)
    asked = Request(
        EnvironBuilder(
            headers={"X-Forwarded-For": forwarded, "CF-Connecting-IP": "203.0.113.66"},
            environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
        ).get_environ()
    )
    assert clients.address(asked) == expected  # type: ignore[arg-type]


def test_an_ipv6_network_is_one_person():
    assert clients.network("2001:db8:1:2:3:4:5:6") == clients.network("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert clients.network("192.0.2.1") == "192.0.2.1"
    assert clients.network("") == ""
