"""The settings of a chat, as they are typed."""

from __future__ import annotations

import pytest

from channels.chat import connecting

TYPED = {"address": "https://www.orchard.example", "accent": "#1853a5"}


class TestMinutes:
    @pytest.mark.parametrize("minutes", ["1", "1440"])
    def test_are_taken_from_one_to_a_day(self, minutes: str) -> None:
        assert connecting.check_form({**TYPED, "fallback_minutes": minutes}, {}) == {}

    @pytest.mark.parametrize("minutes", ["", "0", "1441", "-1", "ten", "9" * 5000])
    def test_that_are_none_are_said_at_the_field(self, minutes: str) -> None:
        assert list(connecting.check_form({**TYPED, "fallback_minutes": minutes}, {})) == ["fallback_minutes"]
