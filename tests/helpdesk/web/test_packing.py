"""What leaves packed, what does not, and what a browser may keep for good."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.web import packing

WORDS = "<p>Cold room 2 shows 9 degrees and nobody has come yet.</p>\n" * 80
CSS = b"p { margin: 0 }\n" * 100
TAKES = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    built = tmp_path / "static" / "dist"
    built.mkdir(parents=True)
    (built / "app.A1.css").write_bytes(CSS)
    (built / "app.A1.css.gz").write_bytes(gzip.compress(CSS))
    (built / "geist.B2.woff2").write_bytes(os.urandom(3000))
    (built / "manifest.json").write_text("{}")
    (tmp_path / "static" / "robots.txt").write_text("User-agent: *\n")
    (tmp_path / "secret.css").write_text("p {}")
    app = Flask("packed", static_folder=str(tmp_path / "static"))
    packing.install(app)

    @app.get("/page")
    def page() -> str:
        return WORDS[: int(request.args.get("length", len(WORDS)))]

    @app.get("/typed")
    def typed() -> Response:
        return Response(WORDS, mimetype=request.args["type"])

    @app.get("/stream")
    def stream() -> Response:
        return Response(iter([WORDS]), mimetype="text/html")

    @app.get("/packed")
    def packed() -> Response:
        return Response(gzip.compress(WORDS.encode()), mimetype="text/html", headers={"Content-Encoding": "gzip"})

    @app.get("/varied")
    def varied() -> Response:
        return Response(WORDS, mimetype="text/html", headers={"Vary": "Cookie"})

    return app.test_client()


def is_packed(response: TestResponse) -> bool:
    return response.headers.get("Content-Encoding") == "gzip"


class TestPages:
    def test_leave_packed_and_whole(self, client: FlaskClient) -> None:
        response = client.get("/page", headers=TAKES)
        assert is_packed(response)
        assert gzip.decompress(response.data).decode() == WORDS
        assert len(response.data) < len(WORDS) / 5
        assert int(response.headers["Content-Length"]) == len(response.data)

    @pytest.mark.parametrize("takes", ["", "br", "identity", "gzip;q=0", "gzip;q=0, *"])
    def test_leave_plain_for_who_does_not_take_it(self, client: FlaskClient, takes: str) -> None:
        response = client.get("/page", headers={"Accept-Encoding": takes})
        assert not is_packed(response)
        assert response.text == WORDS

    @pytest.mark.parametrize("takes", ["gzip", "identity"])
    def test_tell_a_cache_that_there_are_two(self, client: FlaskClient, takes: str) -> None:
        assert client.get("/page", headers={"Accept-Encoding": takes}).vary.as_set() == {"accept-encoding"}
        assert client.get("/varied", headers={"Accept-Encoding": takes}).vary.as_set() == {"accept-encoding", "cookie"}

    @pytest.mark.parametrize(("length", "packed"), [(0, False), (999, False), (1000, True)])
    def test_that_are_small_are_not_worth_it(self, client: FlaskClient, length: int, packed: bool) -> None:
        assert is_packed(client.get(f"/page?length={length}", headers=TAKES)) is packed

    @pytest.mark.parametrize(
        ("kind", "packed"),
        [
            ("text/html", True),
            ("application/json", True),
            ("image/svg+xml", True),
            ("text/plain", True),
            ("image/png", False),
            ("application/zip", False),
            ("message/rfc822", False),
        ],
    )
    def test_are_packed_where_they_are_words(self, client: FlaskClient, kind: str, packed: bool) -> None:
        assert is_packed(client.get("/typed", query_string={"type": kind}, headers=TAKES)) is packed

    def test_that_come_in_pieces_pass_as_they_come(self, client: FlaskClient) -> None:
        response = client.get("/stream", headers=TAKES)
        assert not is_packed(response)
        assert response.text == WORDS

    def test_are_never_packed_twice(self, client: FlaskClient) -> None:
        assert gzip.decompress(client.get("/packed", headers=TAKES).data).decode() == WORDS

    def test_have_a_length_that_tells_nothing(self, client: FlaskClient) -> None:
        """How well a guess packs with a secret of the page cannot be read off one length (BREACH)."""
        lengths = {len(client.get("/page", headers=TAKES).data) for _ in range(60)}
        assert len(lengths) > 15
        assert max(lengths) - min(lengths) <= 100

    def test_asked_for_their_head_only_say_how_they_would_come(self, client: FlaskClient) -> None:
        response = client.head("/page", headers=TAKES)
        assert is_packed(response)
        assert response.data == b""


def built(client: FlaskClient, path: str, headers: dict[str, str] | None = None) -> TestResponse:
    """The file, read to its end."""
    return client.get(path, headers=headers, buffered=True)


class TestBuiltFiles:
    def test_come_as_the_build_packed_them(self, client: FlaskClient) -> None:
        response = built(client, "/static/dist/app.A1.css", TAKES)
        assert is_packed(response)
        assert response.mimetype == "text/css"
        assert gzip.decompress(response.data) == CSS

    def test_come_plain_for_who_does_not_take_it(self, client: FlaskClient) -> None:
        response = built(client, "/static/dist/app.A1.css")
        assert not is_packed(response)
        assert (response.mimetype, response.data) == ("text/css", CSS)

    def test_are_two_things_to_a_cache(self, client: FlaskClient) -> None:
        packed, plain = (built(client, "/static/dist/app.A1.css", one) for one in (TAKES, {}))
        assert "accept-encoding" in packed.vary.as_set() & plain.vary.as_set()
        assert packed.get_etag() != plain.get_etag()

    @pytest.mark.parametrize("name", ["app.A1.css", "geist.B2.woff2"])
    def test_are_kept_for_good_since_their_name_is_their_content(self, client: FlaskClient, name: str) -> None:
        control = built(client, f"/static/dist/{name}", TAKES).headers["Cache-Control"]
        assert control == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize("name", ["dist/manifest.json", "robots.txt"])
    def test_whose_name_stays_are_asked_for_again(self, client: FlaskClient, name: str) -> None:
        assert "immutable" not in built(client, f"/static/{name}", TAKES).headers.get("Cache-Control", "")

    def test_the_browser_has_already_are_not_sent_again(self, client: FlaskClient) -> None:
        tag = built(client, "/static/dist/app.A1.css", TAKES).headers["ETag"]
        again = built(client, "/static/dist/app.A1.css", {**TAKES, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")

    @pytest.mark.parametrize(
        "path", ["dist/nothing.css", "../secret.css", "dist/../../secret.css", "%2e%2e/secret.css", "dist/", "a\0b.css"]
    )
    def test_that_are_not_there_are_not_there(self, client: FlaskClient, path: str) -> None:
        assert built(client, f"/static/{path}", TAKES).status_code == 404
