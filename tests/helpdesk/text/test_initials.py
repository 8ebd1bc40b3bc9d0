from helpdesk.text.initials import initials, tint


class TestInitials:
    def test_take_the_first_and_the_last_word(self) -> None:
        assert initials("Maya Ingrid Okafor") == "MO"

    def test_of_one_word_take_two_letters(self) -> None:
        assert initials("@harborrow") == "HA"

    def test_of_nothing_are_a_question_mark(self) -> None:
        assert initials(" … ") == "?"

    def test_never_exceed_two_letters(self) -> None:
        assert initials("ßtraße ﬁsch") in {"SF", "SS", "ßF"}


class TestTint:
    def test_is_the_same_for_the_same_id(self) -> None:
        assert tint(42) == tint("42")

    def test_uses_all_six_about_evenly(self) -> None:
        counts = [sum(tint(identity) == one for identity in range(600)) for one in range(1, 7)]
        assert sum(counts) == 600
        assert min(counts) > 50
