from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.text.promised import Promised, Segment, State
from helpdesk.web.rails import Bar, rail_geometry, tone

NOW = datetime(2026, 10, 15, 21, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)


class TestGeometry:
    def test_a_running_promise_is_thin_behind_now_and_thick_before(self) -> None:
        drawn = rail_geometry(Promised(NOW - HOUR, NOW + 3 * HOUR), NOW)
        assert (drawn.track, drawn.cap, drawn.now, drawn.rest) == (100.0, 100.0, 25.0, Bar(25.0, 75.0))

    def test_the_engineer_of_the_design_stands_where_the_design_draws_him(self) -> None:
        promise = Promised(datetime(2026, 10, 15, 19, 10, tzinfo=UTC), datetime(2026, 10, 15, 23, 10, tzinfo=UTC))
        drawn = rail_geometry(promise, NOW)
        assert (drawn.tone, drawn.now) == ("warm", 63.3)

    def test_a_past_promise_runs_beyond_its_ring(self) -> None:
        drawn = rail_geometry(Promised(NOW - 2 * HOUR, NOW - HOUR), NOW)
        assert (drawn.tone, drawn.cap, drawn.now, drawn.over) == ("ember", 48.0, 96.0, Bar(48.0, 48.0))

    def test_a_minute_past_is_still_seen(self) -> None:
        drawn = rail_geometry(Promised(NOW - 9 * HOUR, NOW - timedelta(minutes=1)), NOW)
        assert drawn.over == Bar(90.0, 6.0)

    def test_a_kept_promise_is_solid_to_the_moment_it_was_kept(self) -> None:
        drawn = rail_geometry(Promised(NOW - HOUR, NOW + HOUR, State.KEPT, finished=NOW - HOUR / 2), NOW)
        assert (drawn.cap, drawn.rest, drawn.now) == (25.0, Bar(0.0, 25.0), None)

    def test_sleep_is_hatched_where_the_clock_does_not_run(self) -> None:
        night = Segment(NOW + HOUR, NOW + 2 * HOUR)
        assert rail_geometry(Promised(NOW - HOUR, NOW + 3 * HOUR, segments=(night,)), NOW).gaps == (Bar(50.0, 25.0),)

    def test_sleep_outside_the_promise_is_cut(self) -> None:
        before = Segment(NOW - 9 * HOUR, NOW - 8 * HOUR)
        over_the_end = Segment(NOW + HOUR, NOW + 9 * HOUR)
        drawn = rail_geometry(Promised(NOW - HOUR, NOW + 3 * HOUR, segments=(before, over_the_end)), NOW)
        assert drawn.gaps == (Bar(50.0, 50.0),)

    @given(st.integers(-10_000, 10_000), st.integers(0, 10_000), st.sampled_from(State))
    def test_nothing_ever_leaves_the_line(self, start: int, length: int, state: State) -> None:
        begin = NOW + timedelta(minutes=start)
        due = begin + timedelta(minutes=length)
        drawn = rail_geometry(Promised(begin, due, state, finished=max(NOW, begin)), NOW)
        bars = [bar for bar in (drawn.rest, drawn.over, *drawn.gaps) if bar]
        assert all(bar.x >= 0 and bar.width >= 0 and bar.x + bar.width <= 100.01 for bar in bars)
        assert 0 <= drawn.cap <= 100


class TestTone:
    def test_cools_from_blue_to_warm_two_hours_before(self) -> None:
        promise = Promised(NOW - 20 * HOUR, NOW + 2 * HOUR)
        assert tone(promise, NOW - timedelta(hours=4)) == "cool"
        assert tone(promise, NOW) == "warm"
        assert tone(promise, NOW + 2 * HOUR) == "ember"

    def test_a_policy_may_set_its_own_warning(self) -> None:
        assert tone(Promised(NOW - HOUR, NOW + HOUR, warn_at=NOW + HOUR / 2), NOW) == "cool"

    def test_a_clock_that_does_not_run_is_grey_even_past_its_due_instant(self) -> None:
        assert tone(Promised(NOW - 2 * HOUR, NOW - HOUR, State.ASLEEP), NOW) == "paused"
