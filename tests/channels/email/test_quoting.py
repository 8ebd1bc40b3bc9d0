import time
import tomllib
from pathlib import Path

import pytest

from channels.email import quoting

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/quoting.toml").read_text(encoding="utf-8"))["reply"]
HOSTILE = {
    "quote marks": ">" * 10**6,
    "quotes": "> " * 500_000,
    "spaces": " " * 10**6,
    "lines": "\n" * 10**6,
    "wrote": "wrote:" * 170_000,
    "wrote lines": "wrote:\n" * 140_000,
    "on lines": ("On " * 130 + ":\n") * 2_500,
    "fields": "From: a\n" * 120_000,
    "wide fields": ("From: " + " " * 390 + "\n") * 2_500,
    "rules": ("_" * 40 + "\n") * 20_000,
    "signatures": "-- \n" * 250_000,
    "french": ("Le a écrit " * 36 + ":\n") * 2_500,
    "spanish": ("El s  escribió" * 28 + ":\n") * 2_500,
}


class TestTrim:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_leaves_what_is_new(self, case):
        assert quoting.trim(case["text"]) == case["new"]

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_takes_no_longer_for_a_hostile_text(self, text):
        start = time.process_time()
        quoting.trim(text)
        assert time.process_time() - start < 1


class TestTrimHtml:
    @pytest.mark.parametrize(
        "quote",
        [
            '<div class="gmail_quote gmail_quote_container"><div>On Thu wrote:</div><blockquote>OLD</blockquote></div>',
            '<div class="yahoo_quoted">OLD</div>',
            '<div class="protonmail_quote">OLD</div>',
            '<blockquote type="cite">OLD</blockquote>',
            '<hr><div id="divRplyFwdMsg">From: x</div><div>OLD</div>',
            '<div id="appendonsend"></div><hr><div>OLD</div>',
            '<div class="OutlookMessageHeader">From</div><p>OLD</p>',
        ],
    )
    def test_drops_the_history(self, quote):
        trimmed = quoting.trim_html(f"<html><body><p>new words</p>{quote}</body></html>")
        assert "new words" in trimmed
        assert "OLD" not in trimmed

    def test_keeps_a_message_that_is_all_quote(self):
        html = '<body><blockquote type="cite">OLD</blockquote></body>'
        assert quoting.trim_html(html) == html

    def test_keeps_what_was_forwarded(self):
        html = '<p>FYI</p><div class="gmail_quote">---------- Forwarded message ---------<br>THING</div>'
        assert "THING" in quoting.trim_html(html)

    def test_leaves_a_mountain_of_tags_alone(self):
        html = '<div class="gmail_quote">' * 20_000
        assert quoting.trim_html(html) == html
