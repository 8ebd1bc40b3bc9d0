"""Merging, taking apart, splitting and handing over, by forms."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Brand, Team
from helpdesk.tickets import conversing, lifecycle
from helpdesk.tickets.models import Message, Ticket
from tests.plugins.world import NORA, Browser, World


@pytest.fixture
def pair(world: World) -> tuple[Ticket, Ticket]:
    with travel(hours=-2):
        kept = world.ticket("Cold room 2 is warm")
    with travel(hours=-1):
        return kept, world.ticket("Still warm in there")


@pytest.fixture
def theirs(world: World) -> Ticket:
    return world.ticket("Ward 3 is warm", by=world.nora, author_address=NORA, author_name="Nora Quinn")


class TestMergePage:
    def test_offers_open_tickets_of_the_same_customer(self, ben_at_work: Browser, pair, theirs: Ticket):
        kept, double = pair
        shown = ben_at_work.get(f"/tickets/{double.number}/merge").text
        assert f"into={kept.number}" in shown
        assert f"into={theirs.number}" not in shown
        assert f"into={double.number}" not in shown

    @pytest.mark.parametrize("asked", ["ward", "Ward 3", "warm wa", "#{number}", "{number}"])
    def test_finds_by_number_or_words_of_the_subject(self, ben_at_work: Browser, pair, theirs: Ticket, asked: str):
        shown = ben_at_work.get(f"/tickets/{pair[1].number}/merge?q={quote(asked.format(number=theirs.number))}")
        assert f"into={theirs.number}" in shown.text

    @pytest.mark.parametrize("asked", ["'", "a & | !", "(((", "x" * 500, "\\", "9" * 40, "%%%", "§"])
    def test_finds_nothing_for_nonsense(self, ben_at_work: Browser, pair, asked: str):
        answer = ben_at_work.get(f"/tickets/{pair[1].number}/merge?q={quote(asked)}")
        assert answer.status_code == 200
        assert "No open ticket is called that" in answer.text

    def test_says_what_will_happen(self, ben_at_work: Browser, pair):
        kept, double = pair
        shown = ben_at_work.get(f"/tickets/{double.number}/merge?into={kept.number}").text
        assert "The message of" in shown
        assert "Two customers" not in shown

    def test_warns_of_another_customer(self, ben_at_work: Browser, pair, theirs: Ticket):
        shown = ben_at_work.get(f"/tickets/{theirs.number}/merge?into={pair[0].number}").text
        assert "Two customers" in shown
        assert "Merge all the same" in shown

    @pytest.mark.parametrize("into", ["999999", "x", "-1", "9" * 30, "1e3"])
    def test_says_that_there_is_no_such_ticket(self, ben_at_work: Browser, pair, into: str):
        for answer in (
            ben_at_work.get(f"/tickets/{pair[1].number}/merge?into={into}"),
            ben_at_work.post(f"/tickets/{pair[1].number}/merge", {"into": into}),
        ):
            assert answer.status_code == 422
            assert "There is no such ticket" in answer.text

    def test_says_why_not_that_one(self, world: World, ben_at_work: Browser, pair):
        kept, double = pair
        lifecycle.resolve(kept, by=world.ben)
        db.session.commit()
        for answer in (
            ben_at_work.get(f"/tickets/{double.number}/merge?into={kept.number}"),
            ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)}),
            ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(double.number)}),
        ):
            assert answer.status_code == 422
            assert 'class="error"' in answer.text
        assert not double.is_merged


class TestMerge:
    def test_leads_to_the_other_with_the_way_back(self, ben_at_work: Browser, pair):
        kept, double = pair
        answer = ben_at_work.post(f"/tickets/{double.number}/merge", {"into": f"#{kept.number}"})
        assert answer.status_code == 303
        shown = ben_at_work.get(answer.location).text
        assert f"/tickets/{kept.number}?" in answer.location
        assert f'action="/tickets/{double.number}/parting"' in shown
        assert "Merged." in shown
        assert re.search(rf"merged .*#{double.number}</a> into this ticket", shown)
        assert double.merged_into_id == kept.id

    def test_shows_where_the_ticket_went(self, ben_at_work: Browser, pair):
        kept, double = pair
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        shown = ben_at_work.get(f"/tickets/{double.number}").text
        assert f"Merged into #{kept.number}" in shown
        assert "Take apart" in shown
        assert 'id="reply"' not in shown
        assert "was merged in" in ben_at_work.get(f"/tickets/{kept.number}").text

    def test_is_in_no_list(self, ben_at_work: Browser, pair):
        kept, double = pair
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        for view in ("next-up", "mine", "unassigned", "waiting", "snoozed", "done", "spam"):
            assert f"row-{double.number}" not in ben_at_work.get(f"/inbox/{view}").text

    def test_of_two_customers_needs_the_warning_to_be_seen(self, ben_at_work: Browser, pair, theirs: Ticket):
        form = {"into": str(pair[0].number)}
        refused = ben_at_work.post(f"/tickets/{theirs.number}/merge", form)
        assert refused.status_code == 422
        assert "Merge all the same" in refused.text
        assert not theirs.is_merged
        assert ben_at_work.post(f"/tickets/{theirs.number}/merge", form | {"warned": "yes"}).status_code == 303
        assert theirs.is_merged

    @pytest.mark.parametrize("path", ["replies", "notes", "assignment", "resolution", "team", "milestones", "merge"])
    def test_nothing_is_done_to_a_merged_ticket(self, world: World, ben_at_work: Browser, pair, path: str):
        kept, double = pair
        third = world.ticket("Third")
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        answer = ben_at_work.post(f"/tickets/{double.number}/{path}", {"body": "x", "into": str(third.number)})
        assert answer.status_code == 409
        assert f"#{double.number} was merged into" in answer.text


class TestParting:
    def test_brings_both_back(self, ben_at_work: Browser, pair):
        kept, double = pair
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        answer = ben_at_work.post(f"/tickets/{double.number}/parting")
        assert answer.status_code == 303
        assert f"/tickets/{double.number}" in answer.location
        assert not double.is_merged
        assert (kept.message_count, double.message_count) == (1, 1)

    def test_says_why_it_cannot(self, world: World, ben_at_work: Browser, pair):
        kept, double = pair
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        conversing.receive(kept, world.olive, world.words(text="And?"))
        db.session.commit()
        assert "Something else happened since" in ben_at_work.get(f"/tickets/{double.number}").text
        answer = ben_at_work.post(f"/tickets/{double.number}/parting")
        assert answer.status_code == 409
        assert "Something else happened since" in answer.text

    def test_of_what_is_not_merged_is_refused(self, ben_at_work: Browser, pair):
        assert ben_at_work.post(f"/tickets/{pair[0].number}/parting").status_code == 409


class TestSplit:
    @pytest.fixture
    def second(self, world: World) -> Message:
        ticket = world.ticket()
        message = conversing.receive(ticket, world.olive, world.words("Re: warm", text="The door sticks too."))
        conversing.receive(ticket, world.olive, world.words("Re: warm", text="The left one."))
        db.session.commit()
        return message

    def test_is_offered_at_what_customers_wrote(self, world: World, ben_at_work: Browser, second: Message):
        answer = world.reply(db.session.get_one(Ticket, second.ticket_id))
        shown = ben_at_work.get(f"/tickets/{db.session.get_one(Ticket, second.ticket_id).number}").text
        assert f'href="/messages/{second.id}/own-ticket"' in shown
        assert f'href="/messages/{answer.id}/own-ticket"' not in shown

    @pytest.mark.parametrize(("which", "count"), [("alone", 1), ("later", 2)])
    def test_begins_a_ticket_and_shows_it(self, ben_at_work: Browser, second: Message, which: str, count: int):
        assert "The door sticks too." in ben_at_work.get(f"/messages/{second.id}/own-ticket").text
        origin = second.ticket_id
        answer = ben_at_work.post(f"/messages/{second.id}/own-ticket", {"subject": "The door", "which": which})
        assert answer.status_code == 303
        child = db.session.scalars(select(Ticket).where(Ticket.split_from_id == origin)).one()
        assert (child.subject, child.message_count) == ("The door", count)
        shown = ben_at_work.get(answer.location).text
        number = db.session.get_one(Ticket, origin).number
        assert f"Made of #{number}" in shown
        assert "was made of this" in ben_at_work.get(f"/tickets/{number}").text

    def test_keeps_what_was_typed_when_it_does_not_fit(self, ben_at_work: Browser, second: Message):
        answer = ben_at_work.post(f"/messages/{second.id}/own-ticket", {"subject": " ", "which": "later"})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert 'value="later" checked' in answer.text

    def test_of_the_first_message_is_refused(self, ben_at_work: Browser, second: Message):
        first = db.session.scalars(select(Message.id).where(Message.ticket_id == second.ticket_id)).first()
        for answer in (
            ben_at_work.get(f"/messages/{first}/own-ticket"),
            ben_at_work.post(f"/messages/{first}/own-ticket", {"subject": "x"}),
        ):
            assert answer.status_code == 422
            assert "This message began the ticket" in answer.text


class TestHandingOver:
    @pytest.fixture
    def team(self, world: World) -> Team:
        team = Team(name="Second line", brand_id=db.session.scalars(select(Brand.id)).one())
        db.session.add(team)
        db.session.commit()
        return team

    def test_gives_it_to_the_team_and_frees_whoever_had_it(self, world: World, ben_at_work: Browser, team: Team):
        ticket = world.ticket()
        ben_at_work.post(f"/tickets/{ticket.number}/assignment", {"agent": "me"})
        answer = ben_at_work.post(f"/tickets/{ticket.number}/team", {"team": str(team.id)})
        assert (ticket.team_id, ticket.assignee_id) == (team.id, None)
        shown = ben_at_work.get(answer.location).text
        assert "handed it over to Second line" in shown
        undo = re.search(r"/undo/\d+", shown)
        assert undo is not None
        ben_at_work.post(undo[0])
        assert (ticket.team_id, ticket.assignee_id) == (None, world.ben.id)

    def test_may_be_taken_from_every_team(self, world: World, ben_at_work: Browser, team: Team):
        ticket = world.ticket()
        for value, expected in ((str(team.id), team.id), ("", None)):
            ben_at_work.hx(f"/tickets/{ticket.number}/team", {"team": value})
            assert ticket.team_id == expected

    @pytest.mark.parametrize("value", ["x", "999999", "-1", "9" * 30])
    def test_refuses_a_team_that_is_none(self, world: World, ben_at_work: Browser, team: Team, value: str):
        assert ben_at_work.post(f"/tickets/{world.ticket().number}/team", {"team": value}).status_code == 422

    def test_is_offered_only_where_there_are_teams(self, world: World, ben_at_work: Browser):
        assert "Hand over" not in ben_at_work.get(f"/tickets/{world.ticket().number}").text.split("<dialog")[0]


class TestThread:
    def test_is_given_anew(self, ben_at_work: Browser, pair):
        kept, double = pair
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        shown = ben_at_work.get(f"/tickets/{kept.number}/thread").text
        assert shown.count("data-message=") == 2


class TestRevisiting:
    def test_a_merge_can_be_taken_apart_long_after(self, ben_at_work: Browser, pair):
        kept, double = pair
        ben_at_work.post(f"/tickets/{double.number}/merge", {"into": str(kept.number)})
        with travel(hours=5):
            assert "Take apart" in ben_at_work.get(f"/tickets/{double.number}").text
