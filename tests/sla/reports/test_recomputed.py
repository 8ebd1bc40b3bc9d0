"""Every figure of the page is what the event log says: over months of tickets merged, junked, reopened and handed on."""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.now import travel
from helpdesk.people.models import Brand, Team
from helpdesk.tickets import conversing, lifecycle, merging, triage
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Ticket
from sla.calendars.models import CalendarVersion
from sla.commitments import sweep
from sla.policies.models import PolicyVersion
from sla.reports import checking, tallying
from tests.plugins.world import World
from tests.sla import promising
from tests.sla.reports import replayed

NEW_YORK = ZoneInfo("America/New_York")
BEGIN, END = datetime(2026, 8, 3, 13, tzinfo=UTC), datetime(2026, 11, 20, 17, tzinfo=UTC)
TICKETS = 200


@dataclass
class Past:
    world: World
    teams: list[Team]
    counted: list[replayed.Counted]

    def shares(self, since: str, until: str, **wanted: object) -> tuple[int, int]:
        """Kept and broken of days, both counted, as the events say."""
        found = [
            one
            for one in self.counted
            if since <= one.day(NEW_YORK) <= until
            and all(getattr(one, name) == value for name, value in wanted.items())
        ]
        return sum(one.outcome == "kept" for one in found), sum(one.outcome == "broken" for one in found)


@pytest.fixture
def past(world: World) -> Past:
    db.session.execute(update(Brand).values(zone="America/New_York"))
    hours = promising.calendar()
    promising.contract(
        "Orchard Dairy",
        "Gold",
        promising.clause("first_response", 3600, "An hour, day or night.", number="4.1"),
        promising.clause("resolution", 86_400, "Fixed in a day.", number="4.2"),
    )
    office = promising.policy(
        "Default",
        promising.clause("first_response", 7200, "Two working hours.", calendar_id=hours.id),
        promising.clause("next_response", 14_400, "Four working hours.", calendar_id=hours.id),
    )
    teams = [Team(name=name, brand_id=1) for name in ("Day", "Night")]
    db.session.add_all(teams)
    db.session.commit()
    _live(world, teams, office)
    with travel(to=END):
        while sweep.tick():
            pass
        db.session.expire_all()
        found = Past(world, teams, replayed.everything(END))
        yield found


def _live(world: World, teams: list[Team], office: PolicyVersion) -> None:
    """Each ticket is lived through by the product's own verbs, at random instants in order."""
    chance = random.Random(11)
    contacts = [world.olive, world.nora, world.jonas]
    step = (END - BEGIN) / TICKETS
    open_ones: list[Ticket] = []
    for count in range(TICKETS):
        at = BEGIN + count * step
        if count == TICKETS // 2:
            _stricter(office, at)
        with travel(to=at):
            open_ones.append(world.ticket(f"Number {count}", by=chance.choice(contacts)))
        with travel(to=at + chance.random() * step):
            sweep.tick()
            db.session.expire_all()
            for ticket in chance.sample(open_ones[-8:], min(len(open_ones), 2)):
                _one_thing(chance, world, teams, ticket, open_ones)
                db.session.commit()


def _stricter(office: PolicyVersion, at: datetime) -> None:
    """A new version of the policy: an answer in one working hour from now on."""
    made = PolicyVersion(policy_id=office.policy_id, number=2, valid_from=at, conditions={"all": []}, created_at=at)
    made.clauses = [promising.clause("first_response", 3600, "One working hour.", calendar_id=None)]
    db.session.add(made)
    db.session.commit()


def _one_thing(chance: random.Random, world: World, teams: list[Team], ticket: Ticket, others: list[Ticket]) -> None:
    does = chance.choices(["answer", "hand", "resolve", "write", "spam", "merge"], [8, 2, 4, 2, 1, 1])[0]
    if ticket.is_merged or ticket.spam_at is not None:
        return
    if does == "answer":
        conversing.reply(ticket, Answer(body="We are on our way."), by=chance.choice([world.ben, world.mei]))
    elif does == "hand":
        triage.hand_over(ticket, to=chance.choice([*teams, None]), by=world.mei)
    elif does == "resolve":
        lifecycle.resolve(ticket, by=world.ben)
    elif does == "write":
        conversing.receive(ticket, ticket_contact(ticket, world), world.words(ticket.subject))
    elif does == "spam":
        lifecycle.mark_spam(ticket, by=world.ben)
    else:
        _merge(world, ticket, others)


def _merge(world: World, ticket: Ticket, others: list[Ticket]) -> None:
    into = [one for one in others if one.contact_id == ticket.contact_id and one.id != ticket.id and one.is_active]
    into = [one for one in into if not one.is_merged and one.spam_at is None]
    if into and ticket.is_active:
        with suppress(Conflict):  # an answer that may still be taken back
            merging.merge(ticket, into=into[-1], by=world.mei)


def ticket_contact(ticket: Ticket, world: World):
    return next(one for one in (world.olive, world.nora, world.jonas) if one.id == ticket.contact_id)


DAYS = "from=2026-09-07&to=2026-11-20"


def listed(browser, query: str) -> list[str]:
    """The tickets behind a figure, over all pages."""
    found, address = [], f"/promises/tickets?{query}"
    while address:
        text = browser.get(address).text
        found += re.findall(r'href="/tickets/(\d+)"', text)
        more = re.search(r'href="(/promises/tickets\?[^"]*after=[^"]*)"', text)
        address = more[1].replace("&amp;", "&") if more else ""
    return found


class TestEveryFigure:
    def test_is_what_the_event_log_says(self, past: Past) -> None:
        """One history for all questions, since living through it takes a while."""
        browser = past.world.browser(past.world.mei)
        assert len(past.counted) > 150
        assert {one.outcome for one in past.counted} == {"kept", "broken"}
        for written in (False, True):
            if written:
                tallying.tick()
                assert list(checking.verify()) == []
            self._shares(past, browser)
        self._pictures(past, browser)
        self._lists(past, browser)
        self._a_closed_period_stays(past, browser)

    def _shares(self, past: Past, browser) -> None:
        since, until = "2026-09-07", "2026-11-20"
        told = browser.get(f"/api/v1/promises?{DAYS}").json
        assert (told["kept"], told["broken"]) == past.shares(since, until)
        for team in past.teams:
            mine = browser.get(f"/api/v1/promises?{DAYS}&team={team.id}").json
            assert (mine["kept"], mine["broken"]) == past.shares(since, until, team=team.id)
            both = browser.get(
                f"/api/v1/promises?{DAYS}&team={team.id}&kind=first_response&agent={past.world.ben.id}"
            ).json
            assert (both["kept"], both["broken"]) == past.shares(
                since, until, team=team.id, metric="first_response", agent=past.world.ben.id
            )
        none = browser.get(f"/api/v1/promises?{DAYS}&team=none").json
        assert (none["kept"], none["broken"]) == past.shares(since, until, team=None)
        rows = browser.get(f"/api/v1/promises?{DAYS}&by=team").json["rows"]
        expected = {str(team.id): past.shares(since, until, team=team.id) for team in past.teams}
        expected[""] = past.shares(since, until, team=None)
        assert {row["key"]: (row["kept"], row["broken"]) for row in rows} == {
            k: v for k, v in expected.items() if sum(v)
        }
        by_promise = browser.get(f"/api/v1/promises?{DAYS}&by=promise").json["rows"]
        assert sum(row["counted"] for row in by_promise) == told["counted"]

    def _pictures(self, past: Past, browser) -> None:
        told = browser.get(f"/api/v1/promises?{DAYS}").json
        within = [one for one in past.counted if "2026-09-07" <= one.day(NEW_YORK) <= "2026-11-20"]
        missed = Counter(one.hour(NEW_YORK) for one in within if one.outcome == "broken")
        assert {each["hour"]: each["missed"] for each in told["hours"] if each["missed"]} == dict(missed)
        rows = db.session.scalars(select(Ticket).where(Ticket.spam_at.is_(None)))
        came: Counter[int] = Counter()
        for ticket in rows:
            local = ticket.created_at.astimezone(NEW_YORK)
            if date(2026, 9, 7) <= local.date() <= date(2026, 11, 20):
                came[local.weekday() * 24 + local.hour] += 1
        assert {each["hour"]: each["requests"] for each in told["hours"] if each["requests"]} == dict(came)
        week = told["weeks"][-2]
        monday = date.fromisoformat(week["monday"])
        assert (week["kept"], week["broken"]) == past.shares(str(monday), str(monday + timedelta(days=6)))

    def _lists(self, past: Past, browser) -> None:
        numbers = {one.id: one.number for one in db.session.scalars(select(Ticket))}
        within = [one for one in past.counted if "2026-09-07" <= one.day(NEW_YORK) <= "2026-11-20"]
        for what, outcomes in (("kept", {"kept"}), ("broken", {"broken"}), ("counted", {"kept", "broken"})):
            expected = Counter(str(numbers[one.ticket]) for one in within if one.outcome in outcomes)
            assert Counter(listed(browser, f"{DAYS}&what={what}")) == expected
        team = past.teams[0].id
        mine = Counter(
            str(numbers[one.ticket]) for one in within if one.team == team and one.metric == "first_response"
        )
        assert Counter(listed(browser, f"{DAYS}&what=counted&team={team}&kind=first_response")) == mine
        outside = browser.get(f"/api/v1/promises?{DAYS}&hour=out").json
        assert len(listed(browser, f"{DAYS}&what=counted&hour=out")) == outside["counted"] > 0
        told = browser.get(f"/api/v1/promises?{DAYS}").json
        busiest = max(told["hours"], key=lambda each: each["requests"])
        asked = f"{DAYS}&what=requests&hour={busiest['hour']}"
        assert len(set(listed(browser, asked))) == busiest["requests"]

    def _a_closed_period_stays(self, past: Past, browser) -> None:
        asked = "from=2026-08-03&to=2026-10-31"
        before = browser.get(f"/api/v1/promises?{asked}&by=promise").json
        rows = {name: {**before["rows"][0], "name": ""} for name in ("first",)}
        version = db.session.scalars(select(CalendarVersion)).one()
        db.session.add(
            CalendarVersion(
                calendar_id=version.calendar_id,
                valid_from=END,
                rules={**version.rules, "hours": {"sun": [["01:00", "02:00"]]}},
                names={},
                created_at=END,
            )
        )
        promising.policy("New", promising.clause("first_response", 60), rank=1, valid_from=END)
        db.session.commit()
        with travel(to=END + timedelta(minutes=1)):
            sweep.tick()
            tallying.tick()
            after = browser.get(f"/api/v1/promises?{asked}&by=promise").json
        assert (after["kept"], after["broken"]) == (before["kept"], before["broken"])
        assert {**after["rows"][0], "name": ""} == rows["first"]
        assert [each["closed"] for each in after["hours"]] == [each["closed"] for each in before["hours"]]
