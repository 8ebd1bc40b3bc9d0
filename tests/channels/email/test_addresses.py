import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import addresses

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/addresses.toml").read_text(encoding="utf-8"))["from"]


class TestAuthor:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["raw"] or "nothing")
    def test_believes_only_what_reads_one_way(self, case):
        raw = case["raw"].encode().decode("ascii", "surrogateescape")
        author = addresses.author([raw])
        assert author.party.address == case["address"]
        assert (not author.suspicion) is case["believed"]
        if "name" in case:
            assert author.party.name == case["name"]

    def test_with_two_from_fields_is_suspicious(self):
        assert addresses.author(["a@x.example", "a@x.example"]).suspicion
        assert addresses.author(["a@x.example", "b@x.example"]).party.address == ""

    @given(st.text(alphabet='ab@.<>(),;:"\\ =?\x00é\udc80', max_size=40))
    def test_never_fails_and_never_invents(self, raw):
        author = addresses.author([raw])
        assert not author.party.address or author.party.address.partition("@")[0] in raw.lower()


class TestParties:
    def test_reads_lists_groups_and_commas_in_names(self):
        found = addresses.parties(['"Doe, J" <j@x.example>, Team: a@x.example, B <b@x.example>;, c@x.example (C)'])
        assert [(one.address, one.name) for one in found] == [
            ("j@x.example", "Doe, J"),
            ("a@x.example", ""),
            ("b@x.example", "B"),
            ("c@x.example", "C"),
        ]

    def test_leaves_out_what_cannot_be_read(self):
        assert [one.address for one in addresses.parties(["broken, a@x.example, undisclosed:;"])] == ["a@x.example"]

    def test_turns_no_name_around(self):
        (party,) = addresses.parties(["=?utf-8?b?4oCuZ3Bq?= <a@x.example>"])
        assert party.name == "gpj"
