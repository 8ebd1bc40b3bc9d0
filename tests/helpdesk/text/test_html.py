"""The sanitiser against a table of hostile markup, and what it must keep of honest mail."""

import time
import tomllib
from pathlib import Path

import pytest

from helpdesk.text.html import original_document, sanitise
from helpdesk.text.markup import affordable

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "hostile_html.toml").read_text())["case"]
PICTURES = {"pic@x": "/attachments/5"}
REMOTE = '<p>a</p><img src="https://t.test/1.gif"><img src="https://t.test/2.gif"><img src="https://t.test/1.gif">'


class TestSanitise:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_cleaning_twice_changes_nothing(self, case: dict[str, str]) -> None:
        once = sanitise(case["html"], cids={}).html
        assert sorted(sanitise(once, cids={}).html) == sorted(once)

    def test_keeps_what_mail_says(self) -> None:
        html = "<h1>Hi</h1><p>It is <b>−11 °C</b> <i>here</i>.<br>P</p><ul><li>1</li></ul><blockquote>x</blockquote>"
        assert sanitise(html, cids={}).html == html

    def test_opens_links_elsewhere_and_tells_nothing(self) -> None:
        assert sanitise('<a href="https://x.test/?a=1&amp;b=2">x</a>', cids={}).html == (
            '<a href="https://x.test/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">x</a>'
        )

    @pytest.mark.parametrize("link", ["mailto:a@b.test", "tel:+1312", "HTTP://x.test/"])
    def test_keeps_the_four_schemes(self, link: str) -> None:
        assert "href" in sanitise(f'<a href="{link}">x</a>', cids={}).html

    def test_shows_inline_pictures_from_our_own_address(self) -> None:
        assert sanitise('<img src="cid:pic@x" alt="F2">', cids=PICTURES).html == '<img src="/attachments/5" alt="F2">'

    def test_keeps_back_remote_pictures_and_says_which(self) -> None:
        clean = sanitise(REMOTE, cids={})
        assert clean.html == "<p>a</p><img><img><img>"
        assert clean.blocked == ("https://t.test/1.gif", "https://t.test/2.gif")

    def test_shows_remote_pictures_through_our_own_address_when_asked(self) -> None:
        clean = sanitise(REMOTE, cids={}, remote=lambda url: f"/images/{url[-5]}")
        assert clean.html.count('src="/images/') == 3
        assert clean.blocked == ()

    def test_does_not_trust_a_message_that_guesses_our_addresses(self) -> None:
        html = '<img src="cid:pic@x"><img src="/attachments/5"><a href="/attachments/5">x</a>'
        assert sanitise(html, cids=PICTURES).html.count("/attachments/5") == 1


class TestWhatCannotBeAfforded:
    @pytest.mark.parametrize(
        "html",
        [
            "<div>" * 20_000 + "deep",
            "<p>" + "".join(f"<b a{n}>" for n in range(190)) + "</p>" + "<p>x</p>" * 100_000,
            "<div><table></div></table>" * 30_000,
            "<table>" + "<b>x</b>" * 100_000,
            "<a " + " ".join(f"a{n}=1" for n in range(150_000)) + ">words",
            "&" * 900_000,
            "<a x='\"" * 140_000,
            "<a " * 330_000,
            "<title>" * 140_000,
            "<script><!--<script></script></div>--></script><div>" * 10_000,
            "<svg><![CDATA[></svg></div>]]>" * 30_000,
            "x" * 1_000_001,
        ],
        ids=lambda html: html[:24],
    )
    def test_is_shown_as_its_words_in_a_moment(self, html: str) -> None:
        began = time.process_time()
        clean = sanitise(html, cids={})
        assert clean.as_text
        assert time.process_time() - began < 3
        assert len(clean.html) < 1_500_000

    @pytest.mark.parametrize(
        "html",
        [
            "<table><tr><td><div><a href='https://x.test/'><font><b>Hi</b></font></a><br></div></td></tr></table>"
            * 2_000,
            "<ul>" + "<li>one" * 3_000,
            "<table>" + "<tr><td>a<td>b" * 3_000,
            "<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->" * 500,
            "<div>" * 150 + "</div>" * 150,
            "<style>" + "td > p { color: red }" * 2_000 + "</style>",
        ],
        ids=lambda html: html[:24],
    )
    def test_leaves_ordinary_newsletters_alone(self, html: str) -> None:
        assert affordable(html)


class TestOriginalDocument:
    def test_keeps_colours_but_nothing_that_loads_or_covers(self) -> None:
        document = original_document(
            '<p style="color:red;position:fixed;font-size:12px">a</p><p style="background:url(//x)">b</p>', cids={}
        )
        assert '<p style="color:red;font-size:12px">a</p><p>b</p>' in document

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_loads_nothing_from_elsewhere(self, case: dict[str, str]) -> None:
        document = original_document(case["html"], cids=PICTURES)
        assert "url(" not in document
        assert "@import" not in document
        assert "<style" not in document
