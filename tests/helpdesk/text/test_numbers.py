import pytest

from helpdesk.text.numbers import whole


class TestWhole:
    @pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9223372036854775807", 2**63 - 1)])
    def test_is_what_digits_say(self, text: str, number: int) -> None:
        assert whole(text) == number

    @pytest.mark.parametrize(
        "text", ["", "-1", "+1", "1.0", " 1", "1_0", "²", "٣", "x", "9223372036854775808", "9" * 5000]
    )
    def test_is_nothing_of_anything_else(self, text: str) -> None:
        assert whole(text) is None

    def test_stays_below_what_it_must(self) -> None:
        assert [whole(text, below=168) for text in ("167", "168")] == [167, None]
