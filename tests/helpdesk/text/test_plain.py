import random
import re
import time
import unicodedata
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.text.plain import LONGEST_NAME, neutral_filename, quote, snippet, to_html

BITS = [
    "http://",
    "https://x.test",
    "javascript:",
    "<",
    ">",
    '"',
    "'",
    "(",
    ")",
    "[",
    "]",
    "&amp;",
    "&",
    "\n",
    "\n\n",
    " ",
    "a@b.test",
    "mailto:",
    "<script>",
    "//",
    "\\",
    "\u202e",
    "\x00",
    ".",
    ",",
    "x",
    "http://[::1",
    "@",
    "%00",
    "é",
    "\u2028",
]
TEXTS = st.one_of(st.lists(st.sampled_from(BITS), max_size=30).map("".join), st.text(max_size=200))


def shown(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one)[0] != "C" or one in "\u200c\u200d")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(str(html))
    reader.close()
    return reader


def check(text: str) -> None:
    """Nothing but our three elements comes out, and every visible letter does."""
    seen = read(to_html(text))
    assert seen.tags <= {"p", "br", "a"}
    assert seen.attributes <= {"href", "target", "rel"}
    assert all(link.lower().startswith(("http://", "https://", "mailto:")) for link in seen.links)
    assert re.sub(r"\s", "", seen.words) == re.sub(r"\s", "", shown(text))


class TestToHtml:
    @given(TEXTS)
    def test_makes_only_paragraphs_breaks_and_links_of_any_text(self, text: str) -> None:
        check(text)

    def test_holds_for_ten_thousand_texts_made_of_awkward_bits(self) -> None:
        chance = random.Random(10)
        for _ in range(10_000):
            check("".join(chance.choices(BITS, k=chance.randrange(1, 30))))

    @pytest.mark.parametrize(
        ("text", "links"),
        [
            ("see https://x.test/a?b=1&c=2.", ["https://x.test/a?b=1&c=2"]),
            ("(https://x.test/a_(b))", ["https://x.test/a_(b)"]),
            ("<https://x.test>", ["https://x.test"]),
            ("“https://x.test/”", ["https://x.test/"]),
            ("write to priya@meridian.example, please", ["mailto:priya@meridian.example"]),
            ("javascript:fire() JAVASCRIPT://x.test/%0afire()", []),
            ("http:// https://", []),
            ("http://[::1 is broken", []),
            ("KX40-2291-0875 11.5.2026 a@b", []),
        ],
    )
    def test_links_what_is_an_address(self, text: str, links: list[str]) -> None:
        assert read(to_html(text)).links == links

    def test_keeps_paragraphs_and_lines(self) -> None:
        assert to_html("a\r\nb\n\n\nc") == "<p>a<br>b</p><p>c</p>"

    @pytest.mark.parametrize(
        "text",
        [
            "http://a.b/" + "x" * 500_000,
            "a@" + "b." * 250_000,
            ("a" * 60 + ".") * 8_000 + "@",
            "http://a/" + ")" * 500_000,
            "a@b.cc " * 70_000,
        ],
    )
    def test_takes_time_in_proportion(self, text: str) -> None:
        began = time.process_time()
        to_html(text)
        assert time.process_time() - began < 3


class TestSnippet:
    def test_is_one_line(self) -> None:
        assert snippet("Hi all,\n\n freezer 2\tis warm") == "Hi all, freezer 2 is warm"

    def test_ends_at_a_word(self) -> None:
        line = snippet("word " * 100, 50)
        assert len(line) <= 50
        assert line.endswith("word…")

    @given(st.text(max_size=400), st.integers(2, 200))
    def test_never_hides_or_turns_anything(self, text: str, length: int) -> None:
        line = snippet(text, length)
        assert len(line) <= length
        assert not [one for one in line if unicodedata.category(one)[0] == "C" and one not in "\u200c\u200d"]


class TestQuote:
    def test_says_who_and_when_in_the_readers_zone(self) -> None:
        quoted = quote(
            "One\n\n> Two",
            author="Priya\nNair",
            at=datetime(2026, 10, 15, 21, 31, tzinfo=UTC),
            zone=ZoneInfo("America/Chicago"),
        )
        assert quoted == "On 15 October 2026 at 16:31, Priya Nair wrote:\n> One\n> \n>> Two"


class TestNeutralFilename:
    @pytest.mark.parametrize(
        ("given", "safe"),
        [
            ("display-f2.jpg", "display-f2.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.txt", "a.txt"),
            ("invoice\u202egpj.exe", "invoicegpj.exe"),
            ('"><img src=x onerror=fire()>.png', "___img src=x onerror=fire()_.png"),
            ("\u200b.htaccess", "htaccess"),
            ("..", "file"),
            ("", "file"),
            ("CON.txt", "_CON.txt"),
            ("a\r\nb\x00.txt", "ab.txt"),
            ("Angebot für Müller.pdf", "Angebot für Müller.pdf"),
        ],
    )
    def test_shows_what_it_is_and_no_more(self, given: str, safe: str) -> None:
        assert neutral_filename(given) == safe

    def test_keeps_the_ending_of_a_long_name(self) -> None:
        name = neutral_filename("a" * 500 + ".pdf")
        assert len(name) == LONGEST_NAME
        assert name.endswith(".pdf")

    @given(st.text(max_size=300))
    def test_is_never_empty_nor_a_path(self, given: str) -> None:
        name = neutral_filename(given)
        assert name
        assert not set(name) & set('/\\:<>"|?*')
        assert not name.startswith(".")
        assert len(name) <= LONGEST_NAME
