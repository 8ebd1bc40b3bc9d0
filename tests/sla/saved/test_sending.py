"""Reports by mail: each once for each due instant and person, whatever dies between; with the eyes of who gets it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import event, func, select, update

from channels import writing
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.people.models import Agent, Brand
from sla.plugin import plugin
from sla.saved import keeping, mailing, plans, scheduling, sending
from sla.saved.models import ReportSchedule, ReportSending
from sla.saved.plans import Plan
from tests.plugins.world import World
from tests.sla import promising

FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)  # 08:00 in Oslo
A_WEEK = timedelta(days=7)


@pytest.fixture
def promised(world: World) -> World:
    """Two promises decided last week, one this Monday before eight."""
    db.session.execute(update(Brand).values(zone="Europe/Oslo"))
    promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 3600, "An hour.", number="4.1"))
    db.session.commit()
    for begin, minutes in ((FRIDAY, 10), (FRIDAY + timedelta(hours=1), 90), (MONDAY - timedelta(hours=2), 10)):
        with travel(to=begin):
            ticket = world.ticket("=Cold")
        with travel(to=begin + timedelta(minutes=minutes)):
            world.reply(ticket)
    return world


def planned(world: World, *people: Agent, **more: object) -> ReportSchedule:
    """Set up by Mei on Friday: each Monday at eight in Oslo, to those people."""
    values = {"cadence": "weekly", "at": 8 * 3600, "zone": "Europe/Oslo", "language": "en", **more}
    table, query = values.pop("table", "promise-tickets"), values.pop("query", "what=kept&period=month")
    with travel(to=FRIDAY):
        report = keeping.save(world.mei, name="What we kept", table=table, query=query, is_shared=True)
        plan = Plan(agent_ids=tuple(one.id for one in people or (world.mei,)), **values)
        schedule = scheduling.make(report, plan, by=world.mei)
        db.session.commit()
    return schedule


def tick(at: datetime = MONDAY) -> None:
    with travel(to=at):
        sending.tick()


def work(at: datetime = MONDAY) -> None:
    with travel(to=at):
        for one in db.session.scalars(select(ReportSending.id).order_by(ReportSending.id)).all():
            sending.work(one)


def letters() -> list[Delivery]:
    rows = select(Delivery).where(Delivery.purpose == "letter").order_by(Delivery.id)
    return list(db.session.scalars(rows))


def to(address: str) -> list[Delivery]:
    return [one for one in letters() if [each.address for each in one.recipients] == [address]]


def states() -> list[str]:
    return list(db.session.scalars(select(ReportSending.state).order_by(ReportSending.id)))


class TestDue:
    def test_nothing_is_sent_before_the_instant(self, promised: World):
        planned(promised)
        tick(MONDAY - timedelta(seconds=1))
        assert states() == []

    def test_each_person_gets_one_mail_and_the_next_instant_is_a_week_later(self, promised: World):
        schedule = planned(promised, promised.mei, promised.ben)
        for _ in range(3):
            tick()
            work()
        assert states() == ["sent", "sent"]
        assert [len(to(one.email)) for one in (promised.mei, promised.ben)] == [1, 1]
        db.session.refresh(schedule)
        assert schedule.next_at == MONDAY + A_WEEK

    def test_what_fell_due_while_nothing_ran_is_sent_late_about_its_own_days(self, promised: World):
        planned(promised, cadence="daily")
        tick(MONDAY + timedelta(hours=30))
        work(MONDAY + timedelta(hours=30))
        subjects = [one.content["subject"] for one in letters()]
        assert subjects[-3:] == [f"What we kept, 2026-11-{day}" for day in (21, 22, 23)] or subjects == [
            f"What we kept, 2026-11-{day}" for day in (20, 21, 22, 23)
        ]

    def test_what_is_older_than_three_days_is_written_down_as_missed(self, promised: World):
        planned(promised, cadence="daily")
        tick(MONDAY + A_WEEK)
        assert states().count("missed") == 6
        assert states().count("waiting") == 4

    def test_two_ticks_at_once_write_it_once(self, promised: World):
        planned(promised)
        with db.engine.connect() as other, other.begin():
            held = select(ReportSchedule.id).with_for_update()
            other.execute(held)
            tick()
            assert states() == []
        tick()
        assert states() == ["waiting"]


class TestDying:
    """Whatever is rolled back between two commits, exactly one mail is in the outbox in the end."""

    @pytest.fixture
    def dies(self) -> Callable[[str, int], None]:
        installed = []

        def when(part: str, count: int) -> None:
            left = [count]

            def look(_connection, _cursor, statement, *_):
                if part in statement:
                    left[0] -= 1
                    if not left[0]:
                        raise KeyboardInterrupt

            event.listen(db.engine, "before_cursor_execute", look)
            installed.append(look)

        yield when
        for one in installed:
            event.remove(db.engine, "before_cursor_execute", one)

    @pytest.mark.parametrize(
        ("part", "count"),
        [
            ("INSERT INTO report_sending", 1),
            ("INSERT INTO report_sending", 2),
            ("UPDATE report_schedule", 1),
        ],
    )
    def test_of_the_scheduler_leaves_nothing_or_all(self, promised: World, dies, part: str, count: int):
        planned(promised, promised.mei, promised.ben)
        dies(part, count)
        with pytest.raises(KeyboardInterrupt):
            tick()
        db.session.rollback()
        assert states() == []
        tick()
        work()
        assert [len(to(one.email)) for one in (promised.mei, promised.ben)] == [1, 1]

    @pytest.mark.parametrize(
        "part",
        ["INSERT INTO delivery ", "INSERT INTO delivery_recipient", "UPDATE report_sending"],
    )
    def test_of_a_worker_leaves_a_row_that_comes_back_once(self, promised: World, dies, part: str):
        planned(promised)
        tick()
        dies(part, 1)
        with pytest.raises(KeyboardInterrupt):
            work()
        db.session.rollback()
        assert (states(), to(promised.mei.email)) == (["waiting"], [])
        later = MONDAY + timedelta(minutes=5)
        jobs = select(func.count()).select_from(db.text("procrastinate_jobs WHERE task_name = 'report'"))
        before = db.session.scalar(jobs)
        tick(later)
        assert db.session.scalar(jobs) == before + 1
        work(later)
        work(later)
        assert (states(), len(to(promised.mei.email))) == (["sent"], 1)

    def test_two_workers_at_one_row_write_one_mail(self, promised: World):
        planned(promised)
        tick()
        row = db.session.scalars(select(ReportSending)).one()
        db.session.commit()
        with db.engine.connect() as other, other.begin():
            other.execute(select(ReportSending.id).where(ReportSending.id == row.id).with_for_update())
            work()
            assert to(promised.mei.email) == []
        work()
        assert len(to(promised.mei.email)) == 1

    def test_a_table_that_cannot_be_written_is_given_up_in_words(self, promised: World):
        schedule = planned(promised)
        tick()
        schedule.plan = {**schedule.plan, "nothing": "we know"}
        db.session.commit()
        for _ in range(5):
            with pytest.raises(TypeError):
                work()
            db.session.rollback()
        work()
        sent = db.session.scalars(select(ReportSending)).one()
        assert (sent.state, sent.tries) == ("skipped", 5)
        assert "could not be written" in sent.reason

    def test_one_whose_turn_comes_late_is_sent_however_often_it_was_queued_again(self, promised: World):
        planned(promised)
        tick()
        for minutes in range(3, 30, 3):
            tick(MONDAY + timedelta(minutes=minutes))
        work(MONDAY + timedelta(minutes=30))
        assert states() == ["sent"]


class TestMail:
    def test_has_the_week_before_as_a_file_and_its_first_rows(self, promised: World):
        planned(promised)
        tick()
        work()
        (letter,) = to(promised.mei.email)
        assert letter.content["subject"] == "What we kept, 2026-11-16 – 2026-11-22"
        assert "Rows: 1. The file has all of them." in letter.content["text"]
        assert "/promises/tickets?from=2026-11-16&to=2026-11-22&what=kept" in letter.content["text"]
        (file,) = letter.content["files"]
        assert file["filename"] == "promises-kept-2026-11-16-to-2026-11-22.xlsx"
        book = openpyxl.load_workbook(io.BytesIO(blobs.get(file["sha256"])))
        assert [cell.value for cell in book.active[1]][8] == "Decided, Europe/Oslo"
        assert book.active.max_row == 2
        assert "=Cold" in letter.content["html"]

    def test_of_saved_days_tells_of_those_up_to_the_due_instant(self, promised: World):
        planned(promised, days="saved", format="csv")
        tick(MONDAY + timedelta(hours=20))
        work(MONDAY + timedelta(days=2))
        (letter,) = to(promised.mei.email)
        assert letter.content["subject"] == "What we kept, 2026-11-01 – 2026-11-23"
        raw = blobs.get(letter.content["files"][0]["sha256"]).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(raw, newline="")))
        assert [row[1] for row in rows[1:]] == ["'=Cold", "'=Cold"]

    def test_leaves_as_a_mail_with_its_file_by_the_channel(self, promised: World):
        planned(promised, format="csv")
        tick()
        work()
        (letter,) = to(promised.mei.email)
        writing.name_it(letter, promised.support)
        outbound = writing.write(letter, promised.support)
        (part,) = outbound.attachments
        assert (part.filename, part.content_type) == ("promises-kept-2026-11-16-to-2026-11-22.csv", "text/csv")
        assert part.content.startswith(b"\xef\xbb\xbf")

    @pytest.mark.parametrize(
        ("language", "words"), [("de", "Guten Tag Mei,"), ("fr", "Lignes : 1."), ("pl", "Wiersze: 1.")]
    )
    def test_speaks_the_language_of_the_plan(self, promised: World, language: str, words: str):
        planned(promised, language=language)
        tick()
        work()
        (letter,) = to(promised.mei.email)
        assert words in letter.content["text"]
        assert f'lang="{language}"' in letter.content["html"]

    def test_that_would_be_too_large_says_where_the_table_is(self, promised: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(mailing, "MOST_ROWS", 0)
        planned(promised)
        tick()
        work()
        (letter,) = to(promised.mei.email)
        assert letter.content["files"] == []
        assert "too large for a mail" in letter.content["text"]

    @pytest.mark.parametrize("table", [one.key for one in plugin.exports if one.page and one.key != "wakes"])
    def test_can_be_of_any_table_that_has_a_page(self, promised: World, table: str):
        planned(promised, table=table, query="")
        tick()
        work()
        assert states() == ["sent"], db.session.scalars(select(ReportSending.reason)).all()


class TestWho:
    def test_has_left_gets_nothing_and_the_others_do(self, promised: World):
        planned(promised, promised.ben, promised.mei)
        tick()
        promised.ben.deactivated_at = MONDAY
        db.session.commit()
        work()
        assert [len(to(one.email)) for one in (promised.ben, promised.mei)] == [0, 1]
        reasons = db.session.scalars(select(ReportSending.reason).order_by(ReportSending.id)).all()
        assert list(reasons) == ["Ben Osei is not here any more.", ""]

    def test_may_not_see_the_table_any_more_gets_nothing(self, promised: World, monkeypatch: pytest.MonkeyPatch):
        planned(promised, promised.ben)
        export = next(one for one in plugin.exports if one.key == "promise-tickets")
        place = plugin.exports.index(export)
        plugin.exports[place] = replace(export, may=lambda agent: agent.role != "agent")
        try:
            tick()
            work()
        finally:
            plugin.exports[place] = export
        assert to(promised.ben.email) == []
        assert db.session.scalars(select(ReportSending.reason)).one() == "Ben Osei may not see this table."

    def test_set_it_up_and_has_left_pauses_it_and_says_so(self, promised: World):
        schedule = planned(promised, promised.ben)
        promised.mei.deactivated_at = FRIDAY
        db.session.commit()
        tick()
        db.session.refresh(schedule)
        assert (schedule.next_at, states()) == (None, [])
        assert "not here any more" in schedule.pause_reason
        with travel(to=MONDAY + timedelta(days=1)):
            scheduling.resume(scheduling.of(promised.ada, schedule.id), by=promised.ada)
            db.session.commit()
        assert (schedule.owner_id, schedule.next_at) == (promised.ada.id, MONDAY + A_WEEK)

    def test_is_an_agent_has_it_sent_to_themselves_alone(self, promised: World):
        report = keeping.save(promised.ben, name="Mine", table="promises", query="", is_shared=False)
        mine = Plan("daily", 0, "UTC", "en", (promised.ben.id,))
        assert scheduling.make(report, mine, by=promised.ben).next_at is not None
        with pytest.raises(NotAllowed):
            scheduling.make(report, Plan("daily", 0, "UTC", "en", (promised.mei.id,)), by=promised.ben)

    def test_has_left_cannot_be_chosen(self, promised: World):
        promised.ben.deactivated_at = FRIDAY
        db.session.flush()
        with pytest.raises(Invalid) as error:
            planned(promised, promised.ben)
        assert set(error.value.fields) == {"agents"}

    def test_was_never_here_cannot_be_chosen_beside_others(self, promised: World):
        schedule = scheduling.of(promised.ada, planned(promised).id)
        plan = replace(plans.read(schedule.plan), agent_ids=(promised.ada.id, 999_999))
        with pytest.raises(Invalid) as error:
            scheduling.edit(schedule, plan, by=promised.ada)
        assert "agents" in error.value.fields


class TestChanging:
    def test_paused_sends_nothing_and_what_fell_due_meanwhile_is_not_sent_later(self, promised: World):
        schedule = planned(promised)
        scheduling.pause(schedule, by=promised.mei)
        db.session.commit()
        tick()
        with travel(to=MONDAY + timedelta(days=1)):
            scheduling.resume(scheduling.of(promised.mei, schedule.id), by=promised.mei)
            db.session.commit()
        tick(MONDAY + timedelta(days=2))
        assert states() == []
        assert schedule.next_at == MONDAY + A_WEEK

    def test_paused_between_row_and_mail_it_is_not_sent(self, promised: World):
        schedule = planned(promised)
        tick()
        scheduling.pause(schedule, by=promised.mei)
        db.session.commit()
        work()
        assert states() == ["skipped"]
        assert to(promised.mei.email) == []

    def test_an_edit_counts_from_then_on_and_is_put_back(self, promised: World):
        schedule = planned(promised)
        with travel(to=FRIDAY):
            schedule = scheduling.of(promised.mei, schedule.id)
            before = plans.read(schedule.plan)
            scheduling.edit(schedule, Plan("daily", 9 * 3600, "UTC", "de", (promised.ben.id,)), by=promised.mei)
            assert schedule.next_at == datetime(2026, 11, 21, 9, tzinfo=UTC)
            scheduling.put_back(schedule, by=promised.mei)
            assert (plans.read(schedule.plan), schedule.next_at) == (before, MONDAY)
            with pytest.raises(Conflict):
                scheduling.put_back(schedule, by=promised.mei)

    @pytest.mark.parametrize("step", ["edit", "put_back", "resume", "restore"])
    def test_right_after_its_instant_it_still_sends_what_was_due_then(self, promised: World, step: str):
        mei = promised.mei
        schedule = planned(promised)
        plan = replace(plans.read(schedule.plan), at=9 * 3600)
        with travel(to=FRIDAY):
            schedule = scheduling.of(mei, schedule.id)
            scheduling.edit(schedule, plan, by=mei)
            scheduling.edit(schedule, replace(plan, at=8 * 3600), by=mei)
            db.session.commit()
        steps: dict[str, Callable[[], None]] = {
            "edit": lambda: scheduling.edit(schedule, replace(plan, agent_ids=(promised.ben.id,)), by=mei),
            "put_back": lambda: scheduling.put_back(schedule, by=mei),
            "resume": lambda: scheduling.resume(schedule, by=mei),
            "restore": lambda: scheduling.restore(schedule, by=mei),
        }
        with travel(to=MONDAY + timedelta(seconds=10)):
            schedule = scheduling.of(mei, schedule.id)
            steps[step]()
            db.session.commit()
        tick(MONDAY + timedelta(seconds=30))
        assert [one.due_at for one in db.session.scalars(select(ReportSending))] == [MONDAY]
        work(MONDAY + timedelta(seconds=30))
        assert len(to(mei.email)) == 1

    def test_its_report_removed_it_rests_and_comes_back_with_it(self, promised: World):
        schedule = planned(promised)
        report = keeping.of(promised.mei, schedule.report_id)
        scheduling.remove_report(report, by=promised.mei)
        db.session.commit()
        tick()
        assert states() == []
        with travel(to=MONDAY + timedelta(days=1)):
            scheduling.restore_report(report, by=promised.mei)
            db.session.commit()
        assert schedule.next_at == MONDAY + A_WEEK

    @pytest.mark.parametrize("step", ["make", "edit", "put_back", "resume", "restore"])
    def test_of_a_removed_report_nothing_is_due_whatever_is_done_to_its_mail(self, promised: World, step: str):
        mei = promised.mei
        schedule = scheduling.of(mei, planned(promised).id)
        plan = replace(plans.read(schedule.plan), at=9 * 3600)
        with travel(to=FRIDAY):
            scheduling.edit(schedule, plan, by=mei)
            report = schedule.report
            scheduling.remove_report(report, by=mei)
            steps: dict[str, Callable[[], ReportSchedule | None]] = {
                "make": lambda: scheduling.make(report, plan, by=mei),
                "edit": lambda: scheduling.edit(schedule, plan, by=mei),
                "put_back": lambda: scheduling.put_back(schedule, by=mei),
                "resume": lambda: scheduling.resume(schedule, by=mei),
                "restore": lambda: scheduling.restore(schedule, by=mei),
            }
            touched = steps[step]() or schedule
            db.session.commit()
            assert touched.next_at is None
            scheduling.restore_report(report, by=mei)
            assert touched.next_at is not None

    def test_a_test_goes_to_who_asks_and_moves_nothing(self, promised: World):
        schedule = planned(promised, promised.ben)
        with travel(to=FRIDAY):
            sending.send_test(schedule, to=promised.mei)
            db.session.commit()
        work(FRIDAY)
        (letter,) = to(promised.mei.email)
        assert letter.content["subject"].startswith("[Test] What we kept")
        assert (schedule.next_at, to(promised.ben.email)) == (MONDAY, [])

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("cadence", "yearly"),
            ("at", -1),
            ("at", 86_400),
            ("zone", "Mars/Olympus"),
            ("language", "tlh"),
            ("weekday", 7),
            ("day", 0),
            ("day", 32),
            ("days", "tomorrow"),
            ("format", "docx"),
        ],
    )
    def test_what_does_not_fit_is_named(self, promised: World, field: str, wrong: object):
        with pytest.raises(Invalid) as error:
            planned(promised, **{field: wrong})
        assert set(error.value.fields) == {field}


class TestSaving:
    def test_an_address_that_asks_for_nothing_is_refused(self, promised: World):
        with pytest.raises(Invalid):
            keeping.save(promised.mei, name="x", table="promises", query="team=shoe", is_shared=False)

    def test_what_is_of_one_visit_is_not_kept(self, promised: World):
        row = keeping.save(
            promised.mei, name=" A  b ", table="promises", query="by=team&after=abc&all=1&undo=3", is_shared=False
        )
        assert (row.name, row.query) == ("A b", "by=team")

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\u202eb"])
    def test_a_name_that_is_none_is_named(self, promised: World, name: str):
        with pytest.raises(Invalid) as error:
            keeping.save(promised.mei, name=name, table="promises", query="", is_shared=False)
        assert set(error.value.fields) == {"name"}
