"""A ticket's promises on its page: the lines, why each falls due, what covers it, which unit, what was done."""

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.tickets import unsending
from sla.calendars.models import CalendarVersion
from sla.commitments import sweep
from sla.commitments.models import Commitment
from sla.contracts.models import Contract
from sla.entitlements import resolving
from sla.entitlements.models import TicketAsset
from sla.policies.models import Clause
from sla.reports import figures, periods, tallying, zoning
from tests.plugins.product import queries
from tests.sla import promising

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def office(world):
    """Gold for the dairy, which owns one unit; everybody else gets the default."""
    hours = promising.calendar()
    promising.policy(
        "Default", promising.clause("first_response", 7200, "Within two working hours.", calendar_id=hours.id)
    )
    promising.contract(
        "Orchard Dairy",
        "Gold",
        promising.clause("first_response", 1800, "A person answers within 30 minutes.", number="4.1"),
        promising.clause("on_site", 14400, "An engineer on site within 4 hours.", number="4.2"),
        promising.clause("restore", 28800, "Cooling back within one working day.", number="4.3", calendar_id=hours.id),
    )
    promising.unit("Orchard Dairy", "KX40-2291-0875", parts=24)
    db.session.commit()
    return world


@pytest.fixture
def ticket(office):
    with travel(to=MONDAY):
        return office.ticket(text="Unit KX40-2291-0875 is warm.")


def promise(ticket, metric):
    rows = select(Commitment).where(Commitment.ticket_id == ticket.id, Commitment.metric == metric)
    return db.session.scalars(rows.order_by(Commitment.id.desc()).limit(1)).one()


class TestTicket:
    def test_asks_once_what_was_ever_said_to_cover_it(self, ticket, ben_at_work):
        ben_at_work.get(f"/tickets/{ticket.number}")
        with queries() as sent:
            ben_at_work.get(f"/tickets/{ticket.number}")
        assert len([each for each in sent if "FROM entitlement" in each]) == 1

    def test_shows_each_promise_its_agreement_and_the_unit(self, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=5)):
            page = ben_at_work.get(f"/tickets/{ticket.number}").text
        for words in (
            "A person answers within 30 minutes.",
            "An answer in 30 min</a>",
            "Running again in 8 h of open time</a>",
            "Gold, clause 4.1",
            "Why 15:30?",
            "KX40-2291-0875",
            "A guess",
        ):
            assert words in page
        assert "Parts covered to 1" in page

    def test_says_of_the_nearest_that_its_clock_is_asleep_as_its_head_does(self, world, ben_at_work):
        hours = promising.calendar()
        promising.policy("Default", promising.clause("first_response", 7200, calendar_id=hours.id))
        db.session.commit()
        with travel(to=MONDAY - timedelta(days=1)):  # a Sunday
            page = ben_at_work.get(f"/tickets/{world.ticket().number}").text
        panel = page[page.index("Promises on this ticket") :]
        assert "Starts Mon " in panel[: panel.index("</section>")]

    def test_without_promises_says_nothing_of_them(self, world, ben_at_work):
        page = ben_at_work.get(f"/tickets/{world.ticket().number}").text
        assert "Promises on this ticket" not in page


class TestWhy:
    def test_adds_up_and_names_the_night(self, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=5)):
            page = ben_at_work.get(f"/tickets/{ticket.number}/why/{promise(ticket, 'restore').id}").text
        assert "Cooling back within one working day." in page
        assert "Closed. Clock asleep" in page
        assert "7 h 00 used" in page

    def test_for_the_customer_is_without_our_names(self, ticket, ben_at_work):
        page = ben_at_work.get(f"/tickets/{ticket.number}/why/{promise(ticket, 'restore').id}?for=customer").text
        main = page.partition("<main")[2]
        assert "Orchard" not in main
        assert "As JSON" not in main

    def test_the_page_the_customers_version_and_the_json_name_a_break(self, ticket, ben_at_work):
        version = db.session.scalars(select(CalendarVersion)).one()
        version.rules = {**version.rules, "breaks": {"2026-11-23": [["12:00", "13:00"]]}}
        version.names = {**version.names, "2026-11-23 12:00": "Fire drill"}
        db.session.commit()
        with travel(to=MONDAY):
            number, row = ticket.number, promise(ticket, "restore")
            path = f"/tickets/{number}/why/{row.id}"
            told = [ben_at_work.get(each).text for each in (path, f"{path}?for=customer")]
            told.append(ben_at_work.get(f"/api/v1/tickets/{number}/commitments/{row.id}/ledger").text)
        assert all("Closed for a break (Fire drill). Clock asleep" in each for each in told)

    def test_an_outside_script_can_add_the_ledger_up(self, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=5)):
            answer = ben_at_work.get(
                f"/api/v1/tickets/{ticket.number}/commitments/{promise(ticket, 'restore').id}/ledger"
            )
        ledger = json.loads(answer.text)
        assert sum(entry["seconds"] for entry in ledger["entries"]) == ledger["target_seconds"] == 28800

    def test_the_ledger_says_which_version_of_the_calendar_counted(self, ticket, ben_at_work):
        row = promise(ticket, "restore")
        shorter = {**promising.OFFICE, "hours": {"mon": [["09:00", "17:00"]], "wed": [["09:00", "17:00"]]}}
        edited = MONDAY + timedelta(hours=4)
        db.session.add(
            CalendarVersion(
                calendar_id=db.session.get_one(Clause, row.clause_id).calendar_id,
                valid_from=edited,
                rules=shorter,
                names={},
                created_at=edited,
            )
        )
        db.session.commit()
        with travel(to=edited + timedelta(minutes=1)):
            sweep.tick()
            answer = ben_at_work.get(f"/api/v1/tickets/{ticket.number}/commitments/{row.id}/ledger")
        ledger = json.loads(answer.text)
        counted = [(entry["seconds"], entry["calendar_version"]) for entry in ledger["entries"] if entry["seconds"]]
        assert ledger["calendar"] == "Office"
        assert [one["version"] for one in ledger["calendar_versions"]] == [1, 2]
        assert (counted[0][1], counted[-1][1]) == (1, 2)
        assert sum(seconds for seconds, _ in counted) == ledger["target_seconds"]

    def test_of_another_ticket_is_not_there(self, office, ticket, ben_at_work):
        other = office.ticket("Another")
        assert ben_at_work.get(f"/tickets/{other.number}/why/{promise(ticket, 'restore').id}").status_code == 404


class TestExcuse:
    def late(self, ticket):
        with travel(to=MONDAY + timedelta(hours=1)):
            sweep.tick()
        db.session.commit()
        return promise(ticket, "first_response")

    def test_by_a_manager_with_a_reason_stays_to_be_seen(self, office, ticket):
        broken = self.late(ticket)
        mei = office.browser(office.mei)
        path = f"/tickets/{ticket.number}/why/{broken.id}"
        assert mei.post(f"{path}/excuse", {"reason": "Their line was down."}).status_code == 303
        assert "Their line was down." in mei.get(path).text
        assert ticket.next_due_kind != "reply"

    def test_without_a_reason_is_asked_for(self, office, ticket):
        broken = self.late(ticket)
        answer = office.browser(office.mei).post(f"/tickets/{ticket.number}/why/{broken.id}/excuse", {"reason": " "})
        assert answer.status_code == 422

    def test_by_an_agent_is_not_allowed(self, ticket, ben_at_work):
        broken = self.late(ticket)
        answer = ben_at_work.post(f"/tickets/{ticket.number}/why/{broken.id}/excuse", {"reason": "Please"})
        assert answer.status_code in {403, 404}
        assert broken.excused_at is None


class TestKept:
    """Of the agreement's promises that were decided this year, on the page of each of its tickets."""

    def kept(self, browser, ticket):
        page = browser.get(f"/tickets/{ticket.number}").text
        said = re.search(r'<dt>Kept</dt><dd class="num"><a class="link" href="([^"]+)">(.+?)</a>', page)
        return (html.unescape(said[1]), said[2]) if said else None

    def test_says_nothing_while_nothing_was_decided(self, ticket, ben_at_work):
        assert self.kept(ben_at_work, ticket) is None

    def test_counts_this_agreement_this_year_and_opens_exactly_these_tickets(self, office, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=10)):
            office.reply(ticket)
            late, others = office.ticket(), office.ticket(by=office.nora)
        with travel(to=MONDAY + timedelta(hours=6)):
            sweep.tick()
            address, words = self.kept(ben_at_work, ticket)
            listed = ben_at_work.get(address).text
        assert words == "1 of 2 this year"
        assert re.findall(r'<li class="listed__row">.*?href="/tickets/(\d+)"', listed) == [
            str(late.number),
            str(ticket.number),
        ]
        assert str(others.number) not in listed

    def test_a_correction_shows_at_once(self, office, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=10)):
            sent = office.reply(ticket)
            assert self.kept(ben_at_work, ticket)[1] == "1 of 1 this year"
            tallying.tick()
            assert self.kept(ben_at_work, ticket)[1] == "1 of 1 this year"
            unsending.unsend(sent, office.delivery(sent), by=office.ben)
            db.session.commit()
            assert self.kept(ben_at_work, ticket) is None

    @pytest.mark.parametrize(("zone", "said"), [("UTC", None), ("America/Chicago", "1 of 1 this year")])
    def test_the_year_begins_at_midnight_in_the_houses_zone(self, office, zone, said):
        """What was kept an hour before midnight in Chicago is of the new year in UTC already."""
        zoning.change(zone)
        with travel(to=datetime(2026, 12, 31, 21, tzinfo=UTC)):
            ticket = office.ticket()
        with travel(to=datetime(2026, 12, 31, 21, 10, tzinfo=UTC)):
            office.reply(ticket)
        with travel(to=datetime(2027, 1, 1, 5, 30, tzinfo=UTC)):  # 23:30 in Chicago
            found = self.kept(office.browser(office.ben), ticket)
            share = figures.share(periods.named("year", now(), periods.house()), {"agreement": str(_agreement())})
            assert (found[1] if found else None) == said
            assert (share.kept, share.counted) == ((1, 1) if said else (0, 0))

    def test_asks_one_statement(self, office, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=10)):
            office.reply(ticket)
            ben_at_work.get(f"/tickets/{ticket.number}")
            with queries() as sent:
                ben_at_work.get(f"/tickets/{ticket.number}")
        asked = [each for each in sent if "promise_outcome" in each or "promise_day" in each or "FROM brand" in each]
        assert len(asked) == 1


def _agreement():
    return db.session.scalars(select(Contract.id)).one()


class TestCover:
    def test_an_agent_chooses_otherwise(self, ticket, ben_at_work):
        page = ben_at_work.get(f"/tickets/{ticket.number}/cover").text
        assert "Gold covers Kessel KX-40 condensing unit KX40-2291-0875" in page
        default = next(one for one in resolving.choices(ticket) if one.source == "policy").key
        assert ben_at_work.post(f"/tickets/{ticket.number}/cover", {"cover": default}).status_code == 303
        assert resolving.current_of(ticket.id).source == "policy"
        assert "Before: Gold covers" in ben_at_work.get(f"/tickets/{ticket.number}").text

    def test_something_else_is_refused(self, ticket, ben_at_work):
        assert ben_at_work.post(f"/tickets/{ticket.number}/cover", {"cover": "contract:99:0"}).status_code == 422


class TestEquipment:
    def test_a_guess_is_confirmed_by_one_click(self, ticket, ben_at_work):
        ben_at_work.post(f"/tickets/{ticket.number}/equipment", {"serial": "KX40-2291-0875", "is": "yes"})
        assert db.session.scalars(select(TicketAsset.state)).one() == "confirmed"

    def test_a_wrong_guess_is_dismissed(self, ticket, ben_at_work):
        ben_at_work.post(f"/tickets/{ticket.number}/equipment", {"serial": "KX40-2291-0875", "is": "no"})
        assert "A guess" not in ben_at_work.get(f"/tickets/{ticket.number}").text

    def test_a_serial_of_another_customer_is_as_unknown_as_a_wrong_one(self, ticket, ben_at_work):
        promising.unit("St. Brigid Hospital", "ZZ99-1234")
        db.session.commit()
        said = [
            ben_at_work.post(f"/tickets/{ticket.number}/equipment", {"serial": serial, "is": "yes"}).text
            for serial in ("ZZ99-1234", "NO-SUCH-99")
        ]
        assert all("no equipment with that serial" in text for text in said)


class TestMilestones:
    def test_an_engineer_is_sent_and_arrives(self, ticket, ben_at_work):
        with travel(to=MONDAY + timedelta(minutes=10)):
            ben_at_work.post(f"/tickets/{ticket.number}/milestones", {"says": "dispatched"})
        assert promise(ticket, "on_site").outcome == "running"
        with travel(to=MONDAY + timedelta(hours=2)):
            ben_at_work.post(f"/tickets/{ticket.number}/milestones", {"says": "arrived"})
            ben_at_work.post(f"/tickets/{ticket.number}/milestones", {"says": "restored"})
        assert [promise(ticket, metric).outcome for metric in ("on_site", "restore")] == ["kept", "kept"]

    @pytest.mark.parametrize("says", ["arrived", "sneezed", ""])
    def test_what_cannot_be_is_said_so(self, ticket, ben_at_work, says):
        assert ben_at_work.post(f"/tickets/{ticket.number}/milestones", {"says": says}).status_code in {409, 422}

    def test_a_stranger_sees_and_says_nothing(self, office, ticket):
        from tests.plugins.world import Browser

        answer = Browser(office.app).get(f"/tickets/{ticket.number}/why/{promise(ticket, 'restore').id}")
        assert answer.status_code == 303
