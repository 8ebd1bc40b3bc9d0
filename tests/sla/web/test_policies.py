"""The pages of policies in three voices: nobody is sent to sign in, agents read, managers draft and put in force."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.tickets import lifecycle
from sla.commitments import whatif
from sla.commitments.models import WhatIf
from sla.policies import drafting, standing
from sla.policies.models import PolicyVersion, SLAPolicy
from tests.plugins.world import Browser, World
from tests.sla import promising

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
ANSWER = {"p-words": "A person answers within two hours.", "p-within": "2", "p-unit": "h", "p-metric": "first_response",
          "p-warn_percent": "75"}  # fmt: skip
FIX = ANSWER | {"p-words": "Fixed within a day.", "p-within": "8", "p-metric": "resolution"}
CHANGES = (
    "/policies",
    "/policies/1/name",
    "/policies/1/conditions",
    "/policies/1/conditions/0/removal",
    "/policies/1/promises",
    "/policies/1/promises/resolution",
    "/policies/1/promises/resolution/removal",
    "/policies/1/promises/resolution/move",
    "/policies/1/force",
    "/policies/1/withdrawal",
    "/policies/1/discarding",
    "/policies/1/archive",
    "/policies/1/unarchive",
    "/policies/1/move",
    "/policies/1/replay",
    "/policies/1/replay/stop",
)


@pytest.fixture
def silver(world):
    """In force: fixed within four office hours, under the agreement Silver."""
    hours = promising.calendar()
    clause = promising.clause("resolution", 14400, "Fixed within four hours.", calendar_id=hours.id)
    promising.policy("Silver", clause, conditions=[{"field": "agreement", "is": ["Silver"]}], rank=1)
    promising.policy("Default", promising.clause("resolution", 14400, "Fixed soon.", calendar_id=hours.id), rank=2)
    db.session.commit()
    return db.session.scalars(select(SLAPolicy).where(SLAPolicy.name == "Silver")).one()


@pytest.fixture
def mei(world: World) -> Browser:
    return world.browser(world.mei)


def said(policy):
    return drafting.read(standing.shown_in(standing.versions(policy)))


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


class TestNobody:
    @pytest.mark.parametrize("path", ["/policies", "/policies/new", "/policies/1", "/policies/1/history"])
    def test_is_sent_to_sign_in(self, world: World, path):
        answer = Browser(world.app).get(path)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={path.replace('/', '%2F')}")


class TestAgents:
    def test_read_the_list_the_policy_and_its_history(self, silver, ben_at_work: Browser):
        for path in ("/policies", f"/policies/{silver.id}", f"/policies/{silver.id}/history"):
            page = ben_at_work.get(path)
            assert page.status_code == 200
            assert "Fixed within four hours." in page.text
        assert "When the agreement is Silver" in ben_at_work.get("/policies").text

    def test_are_offered_nothing_to_change(self, silver, ben_at_work: Browser):
        for path in ("/policies", f"/policies/{silver.id}"):
            page = ben_at_work.get(path).text
            forms = set(re.findall(r'method="post" action="([^"]+)"', page))
            assert forms <= {"/theme", "/sign-out"}
            assert "/policies/new" not in page

    @pytest.mark.parametrize("path", CHANGES)
    def test_change_nothing(self, silver, ben_at_work: Browser, path):
        answer = ben_at_work.post(path, {"name": "Mine", "to": "up"})
        assert answer.status_code == 403
        assert "Ask one of them" in answer.text
        assert len(db.session.scalars(select(PolicyVersion)).all()) == 2

    def test_do_not_open_the_form_of_a_new_one(self, ben_at_work: Browser):
        assert ben_at_work.get("/policies/new").status_code == 403


class TestList:
    def test_without_any_invites_to_the_first(self, world, mei: Browser):
        page = mei.get("/policies").text
        assert "No promises yet. Make the first one." in page
        assert "/policies/new" in page

    def test_is_in_the_order_they_are_tried(self, silver, mei: Browser):
        page = mei.get("/policies").text
        assert page.index("For agreements") < page.index(">Silver<") < page.index("For everything else")
        assert page.index("For everything else") < page.index(">Default<")

    def test_a_policy_moves_without_script(self, silver, mei: Browser):
        other = promising.policy("Second", promising.clause("work", 60), rank=3)
        db.session.commit()
        assert "Try Second earlier" in mei.get("/policies").text
        assert mei.post(f"/policies/{other.policy_id}/move", {"to": "up"}).location == "/policies?said=moved"
        page = mei.get("/policies").text
        assert page.index(">Second<") < page.index(">Default<")
        assert mei.post(f"/policies/{other.policy_id}/move", {"to": "sideways"}).status_code == 422

    def test_the_sidebar_leads_there(self, world, ben_at_work: Browser):
        page = ben_at_work.get("/policies").text
        assert 'href="/policies" data-key="g p" aria-current="page"' in page
        assert 'href="/customers" data-key="g c"' in page


class TestWriting:
    def test_a_policy_from_its_name_to_its_first_day(self, world, mei: Browser):
        made = mei.post("/policies", {"name": "Gold"})
        url = made.location.partition("?")[0]
        assert mei.post(f"{url}/promises", ANSWER).location == f"{url}?said=drafted"
        mei.post(f"{url}/promises", FIX)
        mei.post(f"{url}/conditions", {"field": "agreement", "how": "is", "value": "Gold, Gold 24x7"})
        mei.post(f"{url}/conditions", {"field": "tag", "how": "not", "value": "quote"})
        page = mei.get(url).text
        assert "the agreement is Gold or Gold 24x7 and the request is not quote" in words(page)
        assert "Draft, 4 changes" in page
        seen = re.findall(r'name="seen" value="([^"]+)"', page)[0]
        assert mei.post(f"{url}/force", {"starts": "now", "seen": seen}).location == f"{url}?said=in-force"
        page = mei.get(f"{url}?said=in-force").text
        assert "Draft" not in words(page).partition("In force for requests")[0]
        assert "Applies to 0 agreements. First of one policy" in page

    def test_a_promise_keeps_every_field_that_was_typed(self, silver, mei: Browser):
        typed = FIX | {
            "p-within": "8.5",
            "p-pauses": ["customer", "part"],
            "p-target-urgent": "90 min",
            "p-warn_percent": "60",
            "p-credit_kind": "percent",
            "p-credit": "2.5",
            "p-cap": "500",
            "p-number": "4.2",
            "p-zone_source": "site",
        }
        mei.post(f"/policies/{silver.id}/promises/resolution", typed)
        promise = said(silver).promises[0]
        assert (promise.target_seconds, promise.targets, promise.calendar_id) == (30600, {"urgent": 5400}, None)
        assert (promise.pauses, promise.warn_percent, promise.zone_source) == (("customer", "part"), 60, "site")
        assert promise.credit.stored() == {"kind": "percent", "value": 2.5, "cap": 50000}
        page = mei.get(f"/policies/{silver.id}?open=resolution").text
        assert 'value="8.5"' in page
        assert "was 4 h" in page
        assert "Draft, 1 change<" in page

    def test_what_is_removed_is_gone_from_the_draft_alone(self, silver, mei: Browser):
        url = f"/policies/{silver.id}"
        mei.post(f"{url}/conditions/0/removal")
        mei.post(f"{url}/promises", ANSWER)
        mei.post(f"{url}/promises/resolution/removal")
        assert [one.metric for one in said(silver).promises] == ["first_response"]
        assert "The draft promises this no more." in mei.get(url).text
        assert [one.words for one in standing.in_force_in(standing.versions(silver)).clauses] == [
            "Fixed within four hours."
        ]
        assert mei.post(f"{url}/promises/resolution/removal").status_code == 404
        assert mei.post(f"{url}/conditions/7/removal").status_code == 404

    def test_promises_are_put_in_another_order_without_script(self, silver, mei: Browser):
        url = f"/policies/{silver.id}"
        mei.post(f"{url}/promises", ANSWER)
        page = mei.get(url).text
        assert page.count(">Move up<") == page.count(">Move down<") == 1
        assert mei.post(f"{url}/promises/first_response/move", {"to": "up"}).location == f"{url}?said=drafted"
        assert [one.metric for one in said(silver).promises] == ["first_response", "resolution"]
        mei.post(f"{url}/promises/first_response/move", {"to": "up"})
        assert [one.metric for one in said(silver).promises] == ["first_response", "resolution"]
        mei.post(f"{url}/promises/first_response/move", {"to": "down"})
        assert [one.metric for one in said(silver).promises] == ["resolution", "first_response"]
        assert mei.post(f"{url}/promises/update/move", {"to": "up"}).status_code == 404
        assert mei.post(f"{url}/promises/resolution/move", {"to": "aside"}).status_code == 422

    def test_from_a_later_day_and_taken_back(self, silver, mei: Browser):
        url = f"/policies/{silver.id}"
        mei.post(f"{url}/promises", ANSWER)
        day = (now() + timedelta(days=9)).date().isoformat()
        form = {"starts": "later", "from_date": day, "from_time": "08:00"}
        assert mei.post(f"{url}/force", form).location == f"{url}?said=planned"
        assert "Begins " in mei.get(url).text
        assert "planned" in mei.get(f"{url}/history").text
        mei.post(f"{url}/withdrawal")
        assert "Draft, 1 change<" in mei.get(url).text
        mei.post(f"{url}/discarding")
        assert "Draft," not in mei.get(url).text

    def test_set_aside_and_taken_back(self, silver, mei: Browser):
        url = f"/policies/{silver.id}"
        mei.post(f"{url}/archive")
        assert "1 set aside" in mei.get("/policies").text
        assert "Set aside: no new request" in mei.get(url).text
        mei.post(f"{url}/unarchive")
        mei.post(f"{url}/name", {"name": "Silver Plus"})
        assert '<h1 class="page__h">Silver Plus</h1>' in mei.get(url).text

    def test_every_field_of_a_condition_can_be_asked(self, silver, mei: Browser):
        for field in ("agreement", "cover", "customer", "team", "channel", "priority", "tag", "model", "site"):
            assert 'id="and"' in mei.get(f"/policies/{silver.id}?and={field}").text
        assert 'id="and"' not in mei.get(f"/policies/{silver.id}?and=mood").text
        mei.post(f"/policies/{silver.id}/conditions", {"field": "customer", "how": "is", "value": "orchard dairy"})
        assert "the customer is Orchard Dairy" in words(mei.get(f"/policies/{silver.id}").text)


BAD = {
    "no words": ({"p-words": " "}, "Say it in the customer"),
    "no time": ({"p-within": ""}, "Enter a time longer than nothing"),
    "negative time": ({"p-within": "-2"}, "Enter a time like 30 min"),
    "zero": ({"p-within": "0"}, "Enter a time longer than nothing"),
    "words for time": ({"p-within": "soon"}, "Enter a time like 30 min"),
    "metric": ({"p-metric": "joy"}, "Choose one of the list"),
    "twice": ({"p-metric": "resolution"}, "is promised twice"),
    "warn": ({"p-warn_percent": "101"}, "Between 1 and 100"),
    "warn by words": ({"p-warn_percent": "late"}, "Enter a whole number"),
    "calendar": ({"p-calendar_id": "999"}, "There is no such calendar"),
    "calendar by name": ({"p-calendar_id": "Office"}, "Choose from the list"),
    "priority": ({"p-target-high": "0 min"}, "Each priority needs a time"),
    "zone": ({"p-zone_source": "moon"}, "Choose one of the list"),
    "credit": ({"p-credit_kind": "percent", "p-credit": "200"}, "at most 100 percent"),
}
BAD_CONDITIONS = {
    "field": ({"field": "mood", "value": "good"}, "Choose what the policy asks"),
    "nothing": ({"field": "tag", "value": " , "}, "Between 1 and 50 values"),
    "empty": ({"field": "tag", "value": ""}, "Say which"),
    "customer": ({"field": "customer", "value": "Nobody & Sons"}, "There is no customer of that name"),
    "team": ({"field": "team", "value": "999"}, "There is no such entry any more"),
    "priority": ({"field": "priority", "value": "dire"}, "Choose low or normal or high or urgent"),
}


class TestOpenTickets:
    """Monday's ticket, done within four office hours under Default; the draft says two."""

    @pytest.fixture
    def policy(self, silver, world, mei: Browser):
        with travel(to=MONDAY):
            self.ticket = world.ticket("Pump")
        policy = db.session.scalars(select(SLAPolicy).where(SLAPolicy.name == "Default")).one()
        with travel(to=MONDAY + timedelta(hours=1)):
            mei.post(f"/policies/{policy.id}/promises/resolution", FIX | {"p-within": "2"})
            yield policy

    def due(self):
        db.session.expire_all()
        return self.ticket.next_due_at

    def test_keep_their_promise_unless_chosen_otherwise(self, policy, mei: Browser):
        assert "Tickets already open" in mei.get(f"/policies/{policy.id}").text
        form = {"starts": "now", "seen": drafting.fingerprint(said(policy))}
        assert mei.post(f"/policies/{policy.id}/force", form).location.endswith("said=in-force")
        assert self.due() == MONDAY + timedelta(hours=4)

    def test_take_it_too_once_the_difference_was_shown(self, policy, mei: Browser):
        url, seen = f"/policies/{policy.id}/force", drafting.fingerprint(said(policy))
        form = {"starts": "now", "seen": seen, "open": "take"}
        assert mei.post(url, form).location == url
        page = words(mei.get(url).text)
        assert f"#{self.ticket.number}" in page
        assert "Mon 23 Nov 19:00" in page
        assert "Mon 23 Nov 17:00" in page
        assert self.due() == MONDAY + timedelta(hours=4)
        assert mei.post(url, form | {"looked": seen}).location.endswith("said=taken")
        assert self.due() == MONDAY + timedelta(hours=2)
        cover = words(mei.get(f"/tickets/{self.ticket.number}").text)
        assert "Taken over while it was open, from version 2 of Default." in cover

    def test_a_draft_that_changed_meanwhile_is_shown_again(self, policy, mei: Browser):
        url, seen = f"/policies/{policy.id}/force", drafting.fingerprint(said(policy))
        mei.post(f"/policies/{policy.id}/promises/resolution", FIX | {"p-within": "3"})
        form = {"starts": "now", "seen": drafting.fingerprint(said(policy)), "open": "take", "looked": seen}
        assert mei.post(url, form).location == url

    def test_cannot_take_over_what_begins_later(self, policy, mei: Browser):
        form = {"starts": "later", "from_date": "2027-01-01", "open": "take"}
        answer = mei.post(f"/policies/{policy.id}/force", form)
        assert answer.status_code == 422
        assert "only from now on" in answer.text
        assert standing.pending_in(standing.versions(policy)) is None

    def test_are_for_managers_to_look_at(self, policy, ben_at_work: Browser):
        assert ben_at_work.get(f"/policies/{policy.id}/force").status_code == 403

    def test_without_a_draft_there_is_nothing_to_look_at(self, silver, mei: Browser):
        assert mei.get(f"/policies/{silver.id}/force").status_code == 404

    def test_as_json(self, policy, mei: Browser):
        moves = mei.get(f"{API}/{policy.id}/draft/moves").json
        [move] = [one for one in moves["moves"] if one["ticket"] == self.ticket.number]
        assert (move["was"], move["becomes"]) == ("2026-11-23T19:00:00+00:00", "2026-11-23T17:00:00+00:00")
        refused = mei.json(
            "POST", f"{API}/{policy.id}/versions", {"open": "take", "valid_from": "2027-01-01T00:00:00Z"}
        )
        assert refused.json["fields"]["open"].startswith("Open tickets can take it over only from now on.")
        assert mei.json("POST", f"{API}/{policy.id}/versions", {"open": "take"}).status_code == 201
        assert self.due() == MONDAY + timedelta(hours=2)


class TestBadInput:
    @pytest.mark.parametrize(("more", "sentence"), BAD.values(), ids=BAD)
    def test_of_a_promise_stands_at_its_field_with_what_was_typed(self, silver, mei: Browser, more, sentence):
        before = said(silver)
        page = mei.post(f"/policies/{silver.id}/promises", ANSWER | {"p-words": "In two shakes."} | more)
        assert page.status_code == 422
        assert sentence in page.text
        if "p-words" not in more:
            assert 'value="In two shakes."' in page.text
        assert said(silver) == before

    @pytest.mark.parametrize(("form", "sentence"), BAD_CONDITIONS.values(), ids=BAD_CONDITIONS)
    def test_of_a_condition_is_said(self, silver, mei: Browser, form, sentence):
        page = mei.post(f"/policies/{silver.id}/conditions", form)
        assert (page.status_code, sentence in page.text) == (422, True)

    @pytest.mark.parametrize("day", ["", "2027-02-30", "soon", "2020-01-01", "9999-12-31"])
    def test_of_a_first_day_keeps_the_draft(self, silver, mei: Browser, day):
        mei.post(f"/policies/{silver.id}/promises", ANSWER)
        page = mei.post(f"/policies/{silver.id}/force", {"starts": "later", "from_date": day})
        assert page.status_code == 422
        assert standing.draft_in(standing.versions(silver)) is not None

    @pytest.mark.parametrize("name", ["", "silver", "x" * 101])
    def test_of_a_name_is_said(self, silver, mei: Browser, name):
        page = mei.post("/policies", {"name": name})
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text

    def test_a_policy_without_promises_is_not_put_in_force(self, world, mei: Browser):
        url = mei.post("/policies", {"name": "Gold"}).location.partition("?")[0]
        page = mei.post(f"{url}/force", {"starts": "now"})
        assert (page.status_code, "Promise at least one thing" in page.text) == (422, True)

    def test_somebody_elses_edit_is_not_put_in_force_unseen(self, silver, mei: Browser):
        mei.post(f"/policies/{silver.id}/promises", ANSWER)
        page = mei.post(f"/policies/{silver.id}/force", {"starts": "now", "seen": "0123456789abcdef"})
        assert page.status_code == 409
        assert "Somebody else changed this policy" in page.text

    def test_without_a_draft_there_is_nothing_to_do(self, silver, mei: Browser):
        for path in ("force", "discarding", "withdrawal", "replay"):
            assert mei.post(f"/policies/{silver.id}/{path}").status_code == 409


class TestTester:
    def test_by_facts_says_who_wins_and_why_not(self, silver, ben_at_work: Browser):
        page = words(ben_at_work.get("/policies?agreement=Silver").text)
        assert "It would get Silver." in page
        assert "The agreement is Silver." in page
        page = words(ben_at_work.get("/policies?agreement=Gold&priority=high").text)
        assert "It would get Default." in page
        assert "It asks that the agreement is Silver." in page

    def test_by_ticket_knows_its_agreement(self, silver, world, ben_at_work: Browser):
        promising.contract("Orchard Dairy", "Silver")
        db.session.commit()
        ticket = world.ticket()
        page = words(ben_at_work.get(f"/policies/{silver.id}?ticket=%23{ticket.number}").text)
        assert "It would get Silver." in page
        assert "What was decided: Silver covers" in page

    def test_tries_the_draft_on_its_own_page(self, silver, mei: Browser):
        mei.post(f"/policies/{silver.id}/conditions", {"field": "tag", "how": "not", "value": "quote"})
        assert "It would get Default." in words(mei.get(f"/policies/{silver.id}?agreement=Silver&tag=quote").text)
        assert "It would get Silver." in words(mei.get("/policies?agreement=Silver&tag=quote").text)

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [("ticket=0x", "Enter a ticket"), ("ticket=999999", "There is no such ticket"), ("customer=Nobody", "There is no customer"),
         ("priority=dire", "Choose low"), ("team=x", "Choose a team")],
    )  # fmt: skip
    def test_says_what_it_does_not_know(self, silver, ben_at_work: Browser, query, sentence):
        page = ben_at_work.get(f"/policies?{query}")
        assert (page.status_code, sentence in page.text) == (200, True)


class TestReplay:
    def test_names_the_tickets_that_would_have_been_late(self, silver, world, mei: Browser):
        default = db.session.scalars(select(SLAPolicy).where(SLAPolicy.name == "Default")).one()
        tickets = {}
        for minutes in (30, 130):
            with travel(to=MONDAY):
                tickets[minutes] = world.ticket(f"Done after {minutes}")
            with travel(to=MONDAY + timedelta(minutes=minutes)):
                lifecycle.resolve(tickets[minutes], by=world.ben)
                db.session.commit()
        url = f"/policies/{default.id}"
        with travel(to=MONDAY + timedelta(days=2)):
            mei.post(f"{url}/promises/resolution", FIX | {"p-within": "2"})
            assert "Replay 90 days" in mei.get(url).text
            mei.post(f"{url}/replay")
            assert 'hx-get="/policies' in mei.get(url).text
            assert "0 of 2 replayed" in mei.get(f"{url}/replay/card").text
            whatif.work(db.session.scalars(select(WhatIf.id)).one())
            page = words(mei.get(url).text)
            assert "Now100.0 %" in page
            assert "With your draft50.0 %" in page
            assert "1 more would have been late" in page
            named = mei.get(f"{url}/replay").text
            assert f"/tickets/{tickets[130].number}" in named
            assert f"/tickets/{tickets[30].number}" not in named
            mei.post(f"{url}/promises", ANSWER)
            assert "The draft was changed since." in mei.get(url).text

    def test_can_be_stopped(self, silver, mei: Browser):
        url = f"/policies/{silver.id}"
        mei.post(f"{url}/promises", ANSWER)
        mei.post(f"{url}/replay")
        mei.post(f"{url}/replay/stop")
        assert "The last replay was stopped." in mei.get(url).text

    def test_before_the_first_there_is_no_list(self, silver, mei: Browser):
        assert mei.get(f"/policies/{silver.id}/replay").status_code == 404


API = "/api/v1/policies"
PROMISE = {"words": "A person answers.", "metric": "first_response", "target_seconds": 7200, "targets": {"urgent": 60}}


class TestJson:
    def test_a_policy_from_its_name_to_its_first_day(self, world, mei: Browser):
        asked = {"name": "Gold", "conditions": [{"field": "agreement", "is": ["Gold"]}], "promises": [PROMISE]}
        made = mei.json("POST", API, asked)
        assert (made.status_code, made.json["level"], made.json["in_force"]) == (201, "agreement", None)
        url = f"{API}/{made.json['id']}"
        draft = mei.get(f"{url}/draft").json
        assert draft["promises"][0]["targets"] == {"urgent": 60}
        changed = mei.json(
            "PUT", f"{url}/draft", {"promises": [PROMISE | {"target_seconds": 60}], "seen": draft["fingerprint"]}
        )
        assert changed.json["promises"][0]["target_seconds"] == 60
        assert mei.json("PUT", f"{url}/draft", {"promises": [], "seen": draft["fingerprint"]}).status_code == 409
        counted = mei.json("POST", f"{url}/versions", {})
        assert (counted.status_code, counted.json["number"]) == (201, 1)
        assert mei.get(f"{url}/draft").status_code == 404
        assert [one["in_force"]["number"] for one in mei.get(API).json["policies"]] == [1]

    def test_says_which_policy_a_request_would_get(self, silver, ben_at_work: Browser):
        answer = ben_at_work.json("POST", f"{API}/test", {"agreement": "Silver"}).json
        assert answer["winner"] == "Silver"
        assert answer["verdicts"][0] == {"policy": "Silver", "matches": True, "why": "The agreement is Silver."}
        assert ben_at_work.json("POST", f"{API}/test", {"ticket": 999999}).json["fields"]["ticket"]

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"target_seconds": -1}, "promises.0.target_seconds"),
            ({"words": ""}, "promises.0.words"),
            ({"metric": "joy"}, "promises.0.metric"),
            ({"calendar_id": 999}, "promises.0.calendar_id"),
            ({"pauses": ["weather"]}, "promises.0.pauses"),
            ({"warn_percent": 0}, "promises.0.warn_percent"),
            ({"targets": {"dire": 5}}, "promises.0.targets.dire"),
        ],
    )  # fmt: skip
    def test_names_the_field_that_does_not_fit(self, world, mei: Browser, more, field):
        answer = mei.json("POST", API, {"name": "Gold", "promises": [PROMISE | more]})
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert list(answer.json["fields"]) == [field]
        assert db.session.scalars(select(SLAPolicy)).all() == []

    def test_agents_read_and_nobody_else(self, silver, world, ben_at_work: Browser):
        assert ben_at_work.get(API).json["policies"][0]["name"] == "Silver"
        assert ben_at_work.json("POST", API, {"name": "Mine"}).status_code == 403
        assert Browser(world.app).get(API).status_code == 401
