"""Serials as people write them, and what in a text could be one."""

import time

import pytest

from sla.assets import serials


class TestKey:
    @pytest.mark.parametrize(
        "written",
        [
            "KX40-2291-0875",
            "kx40 2291 0875",
            "KX40.2291.0875",
            "kx40–2291–0875",
            "ＫＸ４０－２２９１－０８７５",
            " KX40/2291_0875 ",
        ],
    )
    def test_is_one_for_every_way_to_write_it(self, written):
        assert serials.key(written) == "KX4022910875"

    def test_of_a_key_is_the_key(self):
        assert serials.key(serials.key("straße-①-ﬁ9")) == serials.key("straße-①-ﬁ9") == "STRASSE1FI9"

    def test_of_marks_alone_is_empty(self):
        assert serials.key(" -–./ ") == ""


class TestCandidates:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Freezer 2, KX40-2291-0875, is warm", ("KX4022910875",)),
            ("S/N:KX40-2291-0875.", ("SNKX4022910875", "KX4022910875")),
            ("It is kx40-2291-0875.Please come", ("KX4022910875PLEASE", "KX4022910875")),
            ("the plate says KX40 2291 0875 I think", ("KX4022910875",)),
            ("It shows 9 degrees since 17:00", ()),
            ("nothing to see, evaporator frozen", ()),
            ("(KX40-2291-0875) and [CTL88-004417]", ("KX4022910875", "CTL88004417")),
            ("CTL88-004417 CTL88-004417 ctl88 004417", ("CTL88004417",)),
            ("", ()),
        ],
    )
    def test_are_tokens_with_a_digit_and_five_characters(self, text, expected):
        found = serials.candidates(text)
        assert [key for key in found if key in expected] == list(expected)
        assert bool(found) == bool(expected)

    def test_are_at_most_fifty_of_the_first_twenty_thousand_characters(self):
        assert len(serials.candidates(" ".join(f"AB{n:05}x," for n in range(500)))) == 50
        assert serials.candidates("x " * 10_000 + "KX40-2291-0875") == ()

    def test_leave_out_what_is_longer_than_any_serial(self):
        assert serials.candidates("A1" * 200) == ()

    @pytest.mark.parametrize("hostile", ["1-" * 10_000, "1." * 10_000, "1 " * 10_000, "a1" * 10_000, "-" * 20_000])
    def test_take_linear_time(self, hostile):
        begun = time.thread_time()
        serials.candidates(hostile)
        assert time.thread_time() - begun < 0.5


class TestSpans:
    def test_point_into_the_text(self):
        text = "Freezer 2 (KX40-2291-0875) drips, so does CTL88 004417"
        found = {span.key: text[span.start : span.end] for span in serials.spans(text)}
        assert found["KX4022910875"] == "KX40-2291-0875"
        assert found["CTL88004417"] == "CTL88 004417"

    def test_point_into_the_text_as_it_was_written(self):
        text = "ﬁve: ＫＸ４０－２２９１"
        assert [(s.key, text[s.start : s.end]) for s in serials.spans(text)] == [("KX402291", "ＫＸ４０－２２９１")]
