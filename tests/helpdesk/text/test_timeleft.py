"""Every row of the design's table of words, and the clock changes around it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.text.promised import Promised, State
from helpdesk.text.timeleft import clock, counts_from, span, time_left, when

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 10, 15, 16, 42, tzinfo=CHICAGO)  # a Thursday


def at(hour: int, minute: int = 0, day: int = 15, month: int = 10, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHICAGO)


def promised(due: datetime, state: State = State.RUNNING, **more: object) -> Promised:
    return Promised(start=at(9), due=due, state=state, **more)  # type: ignore[arg-type]


ROWS = [
    ("under 100 min", promised(at(17, 24)), "42 min to reply", "42 min left, due 17:24"),
    ("over an hour", promised(at(18, 10), what="on site"), "1 h 28 to on site", "1 h 28 left, due 18:10"),
    ("same day", promised(at(19, 52)), "3 h 10 to reply", "3 h 10 left, due 19:52"),
    ("whole hours", promised(at(19, 42)), "3 h to reply", "3 h left, due 19:42"),
    ("tomorrow", promised(at(10, 30, 16)), "Tomorrow 10:30", "Tomorrow 10:30"),
    (
        "tomorrow with work",
        promised(at(10, 30, 16), working=timedelta(hours=6)),
        "Tomorrow 10:30",
        "Tomorrow 10:30, 6 working hours left",
    ),
    ("within a week", promised(at(8, 40, 20)), "Tue 08:40", "Tue 08:40"),
    ("later", promised(at(8, 40, 23)), "23 Oct 08:40", "23 Oct 08:40"),
    ("next year", promised(at(8, 40, 4, 1, 2027)), "4 Jan 2027 08:40", "4 Jan 2027 08:40"),
    (
        "asleep",
        promised(at(9, 0, 16), State.ASLEEP, starts=at(8, 0, 16), working=timedelta(hours=2)),
        "Starts Fri 08:00",
        "Asleep until Fri 08:00, 2 h of working time left",
    ),
    (
        "asleep at its due instant",
        promised(at(16, 0), State.ASLEEP, starts=at(8, 0, 16)),
        "Starts Fri 08:00",
        "Asleep until Fri 08:00",
    ),
    (
        "paused",
        promised(at(19), State.PAUSED, since=at(9, 20), working=timedelta(hours=4, minutes=50)),
        "Waiting for them",
        "Paused since 09:20, 4 h 50 left when it runs",
    ),
    ("paused for a part", promised(at(19), State.PAUSED, waiting_for="a part"), "Waiting for a part", "Paused"),
    ("past", promised(at(16, 30)), "12 min past", "12 min past, was due 16:30"),
    ("past this second", promised(NOW), "Just past", "Just past, was due 16:42"),
    ("past for days", promised(at(16, 30, 12)), "3 days past", "3 days past, was due Mon 16:30"),
    ("kept", Promised(at(14, 10), at(14, 40), State.KEPT, finished=at(14, 35)), "", "Kept in 25 min"),
    ("broken", Promised(at(14, 10), at(14, 40), State.BROKEN, finished=at(15, 18)), "", "Broken, 38 min late"),
]


class TestTimeLeft:
    @pytest.mark.parametrize(("promise", "listed", "told"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
    def test_says_the_words_of_the_table(self, promise: Promised, listed: str, told: str) -> None:
        assert time_left(promise, NOW, CHICAGO) == listed
        assert time_left(promise, NOW, CHICAGO, "ticket") == told

    @pytest.mark.parametrize(
        ("promise", "said"),
        [
            (promised(at(18, 10), what="on site"), "1 h 28 left"),
            (promised(at(10, 30, 16)), "Tomorrow 10:30"),
            (promised(at(16, 30)), "12 min past"),
            (promised(at(19), State.PAUSED, waiting_for="a part"), "Waiting for a part"),
            (Promised(at(14, 10), at(14, 40), State.KEPT, finished=at(14, 35)), "Kept in 25 min"),
        ],
    )
    def test_beside_what_was_promised_does_not_repeat_it(self, promise: Promised, said: str) -> None:
        assert time_left(promise, NOW, CHICAGO, "panel") == said

    def test_counts_down_over_midnight_when_little_time_is_left(self) -> None:
        late = at(23, 30)
        assert time_left(promised(at(0, 10, 16)), late, CHICAGO, "ticket") == "40 min left, due Fri 00:10"

    def test_agrees_with_the_two_clocks_a_reader_compares(self) -> None:
        assert time_left(promised(at(17, 24)), NOW + timedelta(seconds=59), CHICAGO).startswith("42 min")
        assert time_left(promised(at(17, 24)), NOW + timedelta(seconds=60), CHICAGO).startswith("41 min")

    def test_is_in_the_zone_of_the_viewer(self) -> None:
        assert time_left(promised(at(17, 24)), NOW, ZoneInfo("Asia/Tokyo"), "ticket") == "42 min left, due 07:24"

    def test_counts_real_minutes_over_a_clock_change(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        due = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        assert time_left(Promised(before, due), before, berlin) == "1 h to reply"


class TestClocks:
    def test_counting_starts_with_the_day_of_the_viewer(self) -> None:
        assert counts_from(at(19, 52), CHICAGO) == at(0)

    def test_counting_starts_before_midnight_when_due_soon_after(self) -> None:
        assert counts_from(at(0, 30), CHICAGO) == at(22, 50, 14)

    @pytest.mark.parametrize(
        ("instant", "words"),
        [(at(13, 52), "13:52"), (at(9, 0, 14), "Wed"), (at(9, 0, 8), "8 Oct"), (at(9, 0, 8, 10, 2025), "8 Oct 2025")],
    )
    def test_the_past_is_said_as_short_as_it_stays_clear(self, instant: datetime, words: str) -> None:
        assert when(instant, NOW, CHICAGO) == words

    def test_another_day_carries_its_date(self) -> None:
        assert clock(at(8, 0, 16), NOW, CHICAGO) == "Fri 08:00"

    @pytest.mark.parametrize(
        ("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (245, "4 h 05"), (2880, "2 days")]
    )
    def test_spans_have_no_leading_zero_hours(self, minutes: int, words: str) -> None:
        assert span(timedelta(minutes=minutes)) == words
