"""The examples of the guide to on call give what the guide says, and it names every field and word."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from sla.oncall import reading
from sla.oncall.answering import answer
from sla.oncall.gaps import WORDS
from sla.oncall.roster import LONGEST, Why

GUIDE = (Path(__file__).parents[3] / "docs/guides/oncall.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("asked", range(0, len(BLOCKS), 2))
def test_gives_the_block_that_follows(asked):
    assert answer(BLOCKS[asked]) == BLOCKS[asked + 1]


def test_has_every_field_and_word_in_its_tables():
    code = set(re.findall(r"`(\w+)(?:\[\])?`", GUIDE))
    assert {*reading.LAYER, *reading.SCHEDULE, *WORDS, *LONGEST, *get_args(Why)} <= code
