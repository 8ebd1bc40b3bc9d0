"""Feeds of holidays: what is taken from them, what is left, and what no file or server can do to us."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from helpdesk.errors import Invalid
from helpdesk.http import Allowed, Client
from sla.calendars import feeds
from tests.fakes.web_server import WebServer, reply

FIRST, LAST = date(2026, 1, 1), date(2029, 12, 31)
EVENT = "BEGIN:VEVENT\r\nUID:{uid}\r\n{lines}\r\nSUMMARY:{name}\r\nEND:VEVENT\r\n"


def event(*lines: str, name: str = "Founders' Day", uid: str = "1") -> str:
    return EVENT.format(uid=uid, lines="\r\n".join(lines), name=name)


def feed(*events: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:All\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


def days(*events: str) -> list[str]:
    return [day.isoformat() for day in feeds.read(feed(*events), first=FIRST, last=LAST).holidays]


class TestWhatIsTaken:
    def test_a_day_with_its_name_and_nothing_of_the_rest(self):
        raw = feed(event("DTSTART;VALUE=DATE:20260601", "X-COLOUR:red", "TRANSP:TRANSPARENT", name="Stone\\, river"))
        assert feeds.read(raw, first=FIRST, last=LAST) == feeds.Feed({date(2026, 6, 1): "Stone, river"}, 0)

    @pytest.mark.parametrize(
        ("lines", "found"),
        [
            (("DTEND;VALUE=DATE:20260602",), ["2026-06-01"]),
            (("DTEND;VALUE=DATE:20260604",), ["2026-06-01", "2026-06-02", "2026-06-03"]),
            (("DTEND;VALUE=DATE:20260601",), ["2026-06-01"]),
            (("DURATION:P2D",), ["2026-06-01", "2026-06-02"]),
            (("STATUS:CANCELLED",), []),
            (("DTEND;VALUE=DATE:20270601",), []),
        ],
    )
    def test_the_end_is_the_day_after_the_last(self, lines, found):
        assert days(event("DTSTART;VALUE=DATE:20260601", *lines)) == found

    @pytest.mark.parametrize(
        ("start", "rule", "found"),
        [
            ("19900601", "FREQ=YEARLY", ["2026-06-01", "2027-06-01", "2028-06-01", "2029-06-01"]),
            ("20260601", "FREQ=YEARLY;COUNT=2", ["2026-06-01", "2027-06-01"]),
            ("20240601", "FREQ=YEARLY;COUNT=3", ["2026-06-01"]),
            ("20260601", "FREQ=YEARLY;UNTIL=20280531", ["2026-06-01", "2027-06-01"]),
            ("20260601", "FREQ=YEARLY;INTERVAL=2", ["2026-06-01", "2028-06-01"]),
            ("20240229", "FREQ=YEARLY", ["2028-02-29"]),
            ("20261126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26", "2027-11-25", "2028-11-23", "2029-11-22"]),
            ("20260525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["2026-05-25", "2027-05-31", "2028-05-29", "2029-05-28"]),
            ("20260601", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1;COUNT=1", ["2026-06-01"]),
        ],
    )
    def test_years_repeat_it(self, start, rule, found):
        assert days(event(f"DTSTART;VALUE=DATE:{start}", f"RRULE:{rule}")) == found

    def test_one_year_spared_and_one_moved(self):
        yearly = event("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20270601")
        moved = event("DTSTART;VALUE=DATE:20280602", "RECURRENCE-ID;VALUE=DATE:20280601")
        assert days(yearly, moved) == ["2026-06-01", "2028-06-02", "2029-06-01"]

    @pytest.mark.parametrize(
        "lines",
        [
            ("DTSTART:20260601T090000Z", "DTEND:20260601T100000Z"),
            ("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=DAILY"),
            ("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31"),
            ("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=YEARLY;BYEASTER=1"),
            ("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=MO"),
            ("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=YEARLY;INTERVAL=0"),
        ],
    )
    def test_what_is_no_holiday_is_counted_and_left_out(self, lines):
        raw = feed(event(*lines), event("DTSTART;VALUE=DATE:20260701", uid="2"))
        found = feeds.read(raw, first=FIRST, last=LAST)
        assert list(found.holidays) == [date(2026, 7, 1)]
        assert found.left_out == 1


BROKEN = {
    "nothing": b"",
    "words": b"hello",
    "a web page": b"<!doctype html><html><body>Sign in</body></html>",
    "half a calendar": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
    "an end without a beginning": b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "no calendar around it": b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
    "no day": feed("BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n"),
    "a day that does not exist": feed(event("DTSTART;VALUE=DATE:20269999")),
    "other bytes": bytes(range(256)),
    "one endless line": b"A" * 900_000,
    "nested without end": b"BEGIN:A\r\n" * 5_000,
    "far too many events": feed(*[event("DTSTART;VALUE=DATE:20260601")] * 5_001),
    "a megabyte more than allowed": b" " * 2_000_000,
}


class TestBrokenFiles:
    @pytest.mark.parametrize("what", BROKEN)
    def test_are_named_at_their_field(self, what):
        with pytest.raises(Invalid) as refused:
            feeds.read(BROKEN[what], first=FIRST, last=LAST, field="feed_file")
        assert set(refused.value.fields) == {"feed_file"}
        assert refused.value.fields["feed_file"].endswith(".")

    @pytest.mark.parametrize(("size", "taken"), [(900_000, True), (1_000_000, False)])
    def test_is_taken_up_to_a_megabyte(self, size, taken):
        raw = feed(event("DTSTART;VALUE=DATE:20260704"), *["X-NOTHING:x\r\n"] * (size // 13))
        if taken:
            assert feeds.read(raw, first=FIRST, last=LAST).holidays
        else:
            with pytest.raises(Invalid) as refused:
                feeds.read(raw, first=FIRST, last=LAST, field="feed_file")
            assert "larger than 1000 kB" in refused.value.fields["feed_file"]


@pytest.fixture
def server():
    with WebServer() as running:
        yield running


def fetch(server: WebServer, path: str = "/feed.ics", **how) -> bytes:
    return feeds.fetch(f"http://127.0.0.1:{server.port}{path}", through=Client(Allowed.read("127.0.0.1")), **how)


class TestFetching:
    def test_gives_the_bytes(self, server):
        raw = feed(event("DTSTART;VALUE=DATE:20260601"))
        server.answers["/feed.ics"] = lambda handler: reply(handler, 200, raw, {"Content-Type": "text/calendar"})
        assert fetch(server) == raw

    def test_fifty_megabytes_end_at_the_first_too_many(self, server):
        sent = []

        def flood(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(50_000_000))
            handler.end_headers()
            for _ in range(800):
                handler.wfile.write(b"x" * 62_500)
                sent.append(62_500)

        server.answers["/feed.ics"] = flood
        with pytest.raises(Invalid) as refused:
            fetch(server)
        assert "larger than" in refused.value.fields["feed_url"]
        assert sum(sent) < 20_000_000

    def test_a_server_that_drips_is_left(self, server):
        server.drip("/feed.ics", head=False)
        began = time.monotonic()
        with pytest.raises(Invalid) as refused:
            fetch(server, patience=0.5)
        assert time.monotonic() - began < 8
        assert "feed_url" in refused.value.fields

    @pytest.mark.parametrize(("status", "words"), [(404, "404"), (500, "500")])
    def test_an_error_is_no_feed(self, server, status, words):
        server.answers["/feed.ics"] = lambda handler: reply(handler, status, b"", {})
        with pytest.raises(Invalid) as refused:
            fetch(server)
        assert words in refused.value.fields["feed_url"]

    def test_a_redirect_is_not_followed(self, server):
        server.redirect("/feed.ics", "http://127.0.0.1/other")
        with pytest.raises(Invalid, match="could not be used") as refused:
            fetch(server)
        assert "another one" in refused.value.fields["feed_url"]
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        "url", ["", "ftp://a.example/x", "http://10.0.0.7/x.ics", "https://", "file:///etc/passwd"]
    )
    def test_some_places_nobody_asks(self, url):
        with pytest.raises(Invalid) as refused:
            feeds.fetch(url)
        assert set(refused.value.fields) == {"feed_url"}

    def test_nothing_is_read_from_the_disk(self):
        with pytest.raises(Invalid):
            feeds.read(str(Path(__file__)).encode(), first=FIRST, last=LAST)
