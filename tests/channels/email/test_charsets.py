import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import charsets

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/charsets.toml").read_text(encoding="utf-8"))["text"]


class TestDecode:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['label']} {case['codec']}")
    def test_reads_what_was_written(self, case):
        assert charsets.decode(case["text"].encode(case["codec"]), case["label"]) == case["text"]

    @given(
        st.binary(max_size=200), st.sampled_from(["", "utf-7", "utf-16", "hz", "iso-2022-jp", "big5", "nope", "utf-8"])
    )
    def test_never_fails_and_holds_no_nul_or_surrogate(self, content, label):
        text = charsets.decode(content, label)
        assert "\x00" not in text
        text.encode("utf-8")

    def test_knows_no_codec_that_is_not_a_charset(self):
        dangerous = ("punycode", "unicode_escape", "rot13", "hex", "zlib", "idna", "base64", "undefined", "antigravity")
        assert not any(map(charsets.codec, dangerous))
