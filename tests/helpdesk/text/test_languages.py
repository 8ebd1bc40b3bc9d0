"""What somebody wrote says which language it is in, or nothing says it."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from channels.email.parsing import parse
from helpdesk.text import languages
from tests.plugins.world import mail

TABLE = tomllib.loads((Path(__file__).parents[2] / "cases" / "languages.toml").read_text(encoding="utf-8"))


class TestOf:
    @pytest.mark.parametrize("case", TABLE["case"], ids=lambda case: f"{case['language']}-{case['text'].strip()[:24]}")
    def test_knows_what_people_write(self, case):
        assert languages.of(case["text"]) == case["language"]

    @pytest.mark.parametrize("case", TABLE["mixed"], ids=lambda case: case["text"].strip()[:24])
    def test_hears_the_reply_and_not_what_it_quotes(self, case):
        assert languages.of(parse(mail(case["text"])).reply_text) == case["language"]

    def test_has_five_mails_of_every_language(self):
        told = Counter(case["language"] for case in TABLE["case"])
        assert min(told[language] for language in languages.LANGUAGES) >= 5

    def test_a_very_long_text_costs_no_more_than_its_beginning(self):
        began = time.process_time()
        languages.of("Bitte kommen Sie. " * 200_000)
        assert time.process_time() - began < 0.25

    def test_the_same_word_over_and_over_is_no_language(self):
        assert languages.of("die " * 300 + "the cat is not here, please come") == "en"


class TestNamed:
    @pytest.mark.parametrize("case", TABLE["field"], ids=lambda case: case["value"])
    def test_takes_one_language_of_ours(self, case):
        assert languages.named(case["value"]) == case["language"]
