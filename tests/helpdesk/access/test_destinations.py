"""`next` leads nowhere but here."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.access.destinations import local_path

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "destinations.toml").read_text())


@pytest.mark.parametrize("path", CASES["local"])
def test_paths_of_our_own_are_kept(path: str):
    assert local_path(path) == path


@pytest.mark.parametrize("asked", CASES["foreign"])
def test_everything_else_leads_to_the_start_page(asked: str):
    assert local_path(asked) == "/"


@given(st.text(alphabet="/\\:?#@.a\t\r\n \u2028%5c2f", max_size=12))
def test_no_mixture_of_separators_becomes_another_host(asked: str):
    kept = local_path(asked)
    assert kept.startswith("/")
    assert not kept[1:2] or kept[1] not in "/\\"
    assert "\\" not in kept
    assert not any(c in kept for c in "\t\r\n")
