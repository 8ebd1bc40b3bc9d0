"""The guarded way out: no private address by any spelling, no redirect, no flood, no wait without end."""

from __future__ import annotations

import gzip
import ipaddress
import time
import tomllib
from pathlib import Path

import pytest

from helpdesk.http import Allowed, Client, Refused, Unreachable, is_public, request
from helpdesk.settings import settings
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.web_server import WebServer, reply

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "ssrf.toml").read_text())
REFUSED = [host for case in CASES["refused"] for host in case["hosts"]]
OPEN = Client(Allowed.read("127.0.0.0/8"))


@pytest.fixture
def web():
    with WebServer() as server:
        yield server


def url(server, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{server.port}{path}"


class Names:
    """A name server of our own: each look-up takes the next answer, the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class TestAPrivateAddress:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("host", REFUSED)
    def test_is_refused_however_it_is_written(self, web, host, scheme):
        with pytest.raises((Refused, Unreachable)):
            Client().request("GET", url(web, host=host, scheme=scheme), timeout=2)
        assert web.asked == []

    @pytest.mark.parametrize("host", [host.strip("[]") for host in REFUSED if ":" in host or host.count(".") == 3])
    def test_is_refused_behind_a_name(self, host):
        address = str(ipaddress.ip_address(host)) if not host.startswith("0") or ":" in host else "127.0.0.1"
        with pytest.raises(Refused):
            Client(resolver=Names([address])).request("GET", "https://innocent.example/")

    @pytest.mark.parametrize("address", CASES["public"][0]["addresses"])
    def test_is_not_mistaken_for_a_public_one(self, address):
        assert is_public(ipaddress.ip_address(address))

    def test_among_public_ones_refuses_the_name(self):
        with pytest.raises(Refused):
            Client(resolver=Names(["8.8.8.8", "127.0.0.1"])).request("GET", "https://mixed.example/")

    def test_that_a_name_turns_into_later_is_never_reached(self, web):
        names = Names(["192.0.2.1"], ["127.0.0.1"])  # the check would see the first, a second look-up the other
        guarded = Client(Allowed.read("192.0.2.0/24"), resolver=names)
        with pytest.raises(Unreachable):
            guarded.request("GET", url(web, host="rebind.example"), timeout=0.3)
        assert names.asked == 1
        assert web.asked == []

    def test_is_refused_as_target_of_a_redirect(self, web):
        with WebServer() as canary:
            web.redirect("/", url(canary))
            answer = OPEN.request("GET", url(web))
            assert answer.status == 302
            assert canary.asked == []


class TestAnAllowedHost:
    def test_is_reached_over_plain_http(self, web):
        answer = OPEN.request("GET", url(web, "/path?q=1"))
        assert (answer.status, answer.body, answer.headers["x-mark"]) == (200, b"hello", "yes")
        assert web.asked[0].path == "/path?q=1"
        assert web.asked[0].headers["host"] == f"127.0.0.1:{web.port}"

    def test_may_be_named(self, web):
        named = Client(Allowed.read(" Intranet.Example. ,10.0.0.0/8"), resolver=Names(["127.0.0.1"]))
        assert named.request("GET", url(web, host="intranet.example")).status == 200
        with pytest.raises(Refused):
            named.request("GET", url(web, host="other.example"))

    def test_comes_from_the_settings(self, web, monkeypatch):
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
        settings.cache_clear()
        try:
            assert request("GET", url(web)).status == 200
        finally:
            settings.cache_clear()

    def test_gets_forms_and_json(self, web):
        OPEN.request("POST", url(web), form={"a": "ü&"})
        OPEN.request("POST", url(web), json={"a": [1]})
        OPEN.request("PUT", url(web), body=b"raw", headers={"X-One": "1"})
        form, json, raw = web.asked
        assert (form.body, form.headers["content-type"]) == (b"a=%C3%BC%26", "application/x-www-form-urlencoded")
        assert (json.body, json.headers["content-type"]) == (b'{"a": [1]}', "application/json")
        assert (raw.method, raw.body, raw.headers["x-one"]) == ("PUT", b"raw", "1")


class TestAUrl:
    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "ftp://example.com/",
            "file:///etc/passwd",
            "//x",
            "https://",
            "https://a:b@example.com/",
            "http://[::1",
            "gopher://x:1/_",
            "javascript:alert(1)",
            "https://user@127.0.0.1/",
        ],
    )
    def test_of_another_kind_is_refused_before_any_name_is_looked_up(self, bad):
        names = Names(["127.0.0.1"])
        with pytest.raises(Refused):
            Client(Allowed.read("127.0.0.1"), names).request("GET", bad)
        assert names.asked == 0

    def test_of_a_public_host_must_be_https(self):
        with pytest.raises(Refused, match="https"):
            Client(resolver=Names(["8.8.8.8"])).request("GET", "http://public.example/")

    def test_with_a_backslash_goes_where_it_was_checked(self, web):
        with pytest.raises((Refused, Unreachable)):
            Client(resolver=Names(["127.0.0.1"])).request("GET", f"https://public.example\\@127.0.0.1:{web.port}/")
        assert web.asked == []

    def test_or_header_with_a_line_break_makes_no_second_request(self, web):
        OPEN.request("GET", url(web, "/a\r\nX-Evil: 1"))
        assert "x-evil" not in web.asked[0].headers
        with pytest.raises(Refused):
            OPEN.request("GET", url(web), headers={"X": "1\r\nX-Evil: 1"})
        assert len(web.asked) == 1


class TestTls:
    def test_the_certificate_must_be_the_name_s_although_the_address_is_pinned(self, certificate):
        with WebServer(certificate.server_context()) as server:
            names = Names(["127.0.0.1"])
            good = Client(Allowed.read("127.0.0.1"), names, ca_file=str(certificate.ca))
            assert good.request("GET", url(server, host="localhost", scheme="https")).body == b"hello"
            with pytest.raises(Unreachable, match="certificate"):
                good.request("GET", url(server, host="other.example", scheme="https"))
            with pytest.raises(Unreachable, match="certificate"):
                Client(good.allowed, names).request("GET", url(server, host="localhost", scheme="https"))
            assert len(server.asked) == 1


class TestLimits:
    def test_an_answer_that_is_too_large_is_refused(self, web):
        web.answers["/"] = lambda handler: reply(handler, 200, b"x" * 2001, {})
        with pytest.raises(Unreachable, match="larger"):
            OPEN.request("GET", url(web), limit=2000)
        assert len(OPEN.request("GET", url(web), limit=2001).body) == 2001

    def test_a_packed_answer_is_never_unpacked(self, web):
        packed = gzip.compress(b"0" * 10_000_000)
        web.answers["/"] = lambda handler: reply(handler, 200, packed, {"Content-Encoding": "gzip"})
        with pytest.raises(Unreachable, match="compressed"):
            OPEN.request("GET", url(web))

    @pytest.mark.parametrize("head", [True, False])
    def test_a_server_that_drips_is_left_in_time(self, web, head):
        web.drip("/", head=head)
        began = time.monotonic()
        with pytest.raises(Unreachable):
            OPEN.request("GET", url(web), timeout=0.5)
        assert time.monotonic() - began < 8

    def test_nobody_there(self):
        with FaultProxy(1) as gone:
            port = gone.port
        with pytest.raises(Unreachable, match="could not be reached"):
            OPEN.request("GET", f"http://127.0.0.1:{port}/")

    def test_the_next_address_is_tried_when_one_is_dead(self, web):
        two = Client(Allowed.read("127.0.0.0/8"), Names(["127.0.0.9", "127.0.0.1"]))
        assert two.request("GET", url(web, host="two.example")).status == 200

    def test_what_is_no_web_server(self, smtp_sink):
        with pytest.raises(Unreachable):
            OPEN.request("GET", url(smtp_sink), timeout=2)
