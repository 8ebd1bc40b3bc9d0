"""The examples of the guide to promises give what the guide says."""

import json
import re
from pathlib import Path

import pytest

from sla.calendars.calculating import calculate
from sla.commitments.metrics import METRICS
from sla.commitments.replaying import KINDS, replay

GUIDE = (Path(__file__).parents[3] / "docs/guides/promises.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)]


class TestCalculate:
    def test_gives_the_answer_in_the_text(self):
        assert json.dumps(calculate(BLOCKS[0])) in GUIDE


class TestReplay:
    @pytest.mark.parametrize("asked", [1, 3])
    def test_gives_the_block_that_follows(self, asked):
        (cycle,) = replay(BLOCKS[asked])["cycles"]
        said = BLOCKS[asked + 1]
        assert {key: cycle[key] for key in said} == said

    def test_adds_up_to_the_target_as_promised(self):
        (cycle,) = replay(BLOCKS[3])["cycles"]
        assert sum(entry["seconds"] for entry in cycle["ledger"] if entry["kind"] == "open") == 14400

    def test_has_every_kind_and_metric_in_its_tables(self):
        code = set(re.findall(r"`(\w+)`", GUIDE))
        assert set(KINDS) | set(METRICS) <= code
