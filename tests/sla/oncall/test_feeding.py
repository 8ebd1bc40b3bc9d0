"""Calendar feeds: what is in them, and that a calendar program shows the same rota for two years."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from sla.calendars.rules import Window
from sla.oncall.feeding import Feed, Rota, of_person, of_team
from sla.oncall.roster import Absence, Override, Swap
from tests.sla.oncall.scene import DAILY, DAY, FIRST, HOUR, OFFICE, ZONE, at, roster

FEED = Feed("On call, refrigeration", ZONE, "kept.example", at("10-01 00:00"))
START, END = at("10-12 17:00"), at("10-12 17:00") + 14 * DAY


def rota(*layers, key="7", name="Refrigeration", start=START, end=END, **agreed) -> Rota:
    return Rota(key, name, roster(*layers, **agreed).uncut(start, end))


def events(feed: bytes):
    return list(icalendar.Calendar.from_ical(feed).walk("VEVENT"))


def uids(feed: bytes) -> list[str]:
    return [str(one["UID"]) for one in events(feed)]


class TestOfTeam:
    def test_has_each_shift_in_utc_and_names_the_zone(self):
        text = of_team(rota(), FEED, str).decode()
        assert "X-WR-TIMEZONE:America/Chicago" in text
        assert "DTSTART:20261012T220000Z\r\nDTEND:20261019T220000Z" in text
        assert "SUMMARY:June\\, first" in text

    def test_an_event_keeps_its_uid_while_the_window_moves_on(self):
        now = uids(of_team(rota(), FEED, str))
        later = uids(of_team(rota(start=START + 3 * DAY, end=END + 30 * DAY), FEED, str))
        assert later[: len(now)] == now
        assert len(set(later)) == len(later)

    def test_an_event_keeps_its_uid_when_others_change(self):
        change = Override(at("10-20 17:00"), at("10-22 17:00"), joins="Ruth", leaves="Dev")
        assert uids(of_team(rota(), FEED, str))[0] == uids(of_team(rota(overrides=(change,)), FEED, str))[0]

    def test_an_event_keeps_its_uid_when_it_ends_earlier(self):
        change = Override(at("10-16 17:00"), at("10-19 17:00"), joins="Ruth", leaves="June")
        (first, *_), (shorter, *_) = (events(of_team(one, FEED, str)) for one in (rota(), rota(overrides=(change,))))
        assert first["DTEND"].dt > shorter["DTEND"].dt
        assert first["UID"] == shorter["UID"]

    def test_two_rotas_never_share_a_uid(self):
        assert not set(uids(of_team(rota(), FEED, str))) & set(uids(of_team(rota(key="8"), FEED, str)))

    def test_a_uid_does_not_tell_who_it_is(self):
        assert not any("June" in one for one in uids(of_team(rota(), FEED, str)))


class TestOfPerson:
    def test_has_the_shifts_of_one_person_in_all_rotas(self):
        found = events(of_person("June", [rota(), rota(replace(FIRST, lane=2), key="8", name="Boilers")], FEED))
        assert {str(one["SUMMARY"]) for one in found} == {
            "On call, Refrigeration, first",
            "On call, Boilers, backup",
        }
        assert len(found) == 2

    def test_somebody_with_no_shift_has_an_empty_calendar(self):
        assert events(of_person("Ruth", [rota()], FEED)) == []

    def test_a_swap_moves_the_event_to_who_took_it(self):
        swapped = rota(swaps=(Swap(at("10-17 00:00"), at("10-17 20:00"), "June", "Ruth"),))
        (ruth,) = events(of_person("Ruth", [swapped], FEED))
        assert ruth["DTSTART"].dt == datetime(2026, 10, 17, 5, tzinfo=UTC)
        assert len(events(of_person("June", [swapped], FEED))) == 2


class TestKhal:
    """khal is a calendar program of others: it reads the feed and prints what it would show."""

    @pytest.fixture
    def khal(self, tmp_path: Path):
        config = tmp_path / "config"
        (tmp_path / "calendar").mkdir()
        config.write_text(
            f"[calendars]\n[[rota]]\npath = {tmp_path}/calendar\n"
            "[locale]\nlocal_timezone = America/Chicago\ndefault_timezone = America/Chicago\n"
            "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
            f"[sqlite]\npath = {tmp_path}/khal.db\n[default]\ndefault_calendar = rota\n"
        )
        env = {**os.environ, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}

        def run(*words: str) -> str:
            command = [str(Path(sys.executable).parent / "khal"), "-c", str(config), *words]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
            assert done.returncode == 0, done.stderr
            return done.stdout

        return run

    def test_shows_the_same_rota_for_two_years(self, khal, tmp_path):
        nights = replace(DAILY, name="Nights", hours=((Window(20 * HOUR, 32 * HOUR),),) * 7)
        found = roster(
            replace(FIRST, outside_office=True),
            nights,
            replace(FIRST, name="Backup", lane=2, unit="monthly"),
            overrides=(Override(at("11-20 00:00"), at("11-22 00:00"), joins="Ruth", leaves="Dev"),),
            swaps=(Swap(at("12-24 00:00"), at("12-27 00:00"), "June", "Tomas"),),
            absences=(Absence(at("2027-07-01 00:00"), at("2027-07-15 00:00"), "Ingrid"),),
            office=OFFICE,
        )
        start, end = at("2026-10-12 17:00"), at("2028-10-12 17:00")
        shifts = found.uncut(start, end)
        feed = tmp_path / "feed.ics"
        feed.write_bytes(of_team(Rota("7", "Refrigeration", shifts), FEED, str))
        khal("import", "--batch", "-a", "rota", str(feed))
        shown = self.shown(khal, shifts)
        assert len(shifts) > 700
        assert shown == sorted(
            (self.wall(one.start), self.wall(one.end), f"{one.person}, {'first' if one.lane == 1 else 'backup'}")
            for one in shifts
        )

    def shown(self, khal, shifts):
        first, last = (
            datetime.fromtimestamp(one, ZONE).date() for one in (shifts[0].start, max(s.end for s in shifts))
        )
        fields = ("--json", "start-long-full", "--json", "end-long-full", "--json", "title")
        lines = khal("list", "--once", *fields, f"{first - timedelta(days=1)}", f"{last + timedelta(days=2)}")
        listed = [one for line in lines.splitlines() for one in json.loads(line)]
        return sorted((one["start-long-full"], one["end-long-full"], one["title"]) for one in listed)

    @staticmethod
    def wall(instant: int) -> str:
        return f"{datetime.fromtimestamp(instant, ZONE):%Y-%m-%d %H:%M}"
