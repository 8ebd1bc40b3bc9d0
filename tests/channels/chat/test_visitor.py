"""A visitor of a chat: proven by a token or a signature, heard once, shown their own, and no stranger is any of it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import func, select

from channels import visiting
from channels.chat import identity, tokens
from channels.models import Inbound, Visit
from helpdesk import database, live
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Contact
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import Answer
from tests.channels.chat.conftest import Page, Story, encoded, jwt, person
from tests.channels.contract import chats
from tests.sla import promising

OFFICE_SHUT = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)


class TestASignedVisitor:
    def test_is_the_customer_the_site_says(self, story: Story):
        said = story.page.tell("hello", identity=jwt(person())).get_json()
        assert (said["verified"], said["name"], said["word"]) == (True, "Olive Tran", "")
        story.page.say("The tank is warm.", identity=jwt(person()))
        ticket = story.ticket()
        assert (ticket.contact_id, ticket.organization_id) == (story.world.olive.id, story.world.olive.organization_id)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: jwt(person(), secret="another secret that is long enough too"),
            lambda: jwt(person(), head={"alg": "none"}),
            lambda: jwt(person(), head={"alg": "HS512"}),
            lambda: jwt(person()).rpartition(".")[0] + ".",
            lambda: jwt(person(exp=1)),
            lambda: jwt(person(exp=4_000_000_000)),
            lambda: jwt(person(exp="soon")),
            lambda: jwt({"email": "olive@orchard-dairy.example"}),
            lambda: jwt(person(email="nobody")),
            lambda: jwt(person(email=["olive@orchard-dairy.example"])),
            lambda: jwt(person(nbf=4_000_000_000)),
            lambda: f"{encoded(b'[]')}.{encoded(b'{}')}.x",
            lambda: "a.b",
            lambda: "é.b.c",
            lambda: "x" * 4000,
        ],
    )
    def test_whose_signature_is_not_right_is_anonymous_and_told_so(self, story: Story, wrong):
        said = story.page.tell("hello", identity=wrong()).get_json()
        assert said["verified"] is False
        assert "could not confirm who you are" in said["word"]
        story.page.say("The tank is warm.", identity=wrong())
        assert story.ticket().contact_id != story.world.olive.id
        assert story.ticket().organization_id is None

    def test_without_a_secret_nobody_is_believed(self):
        assert identity.read(jwt(person(), secret=""), "") is None
        assert identity.read(jwt(person(), secret="short"), "short") is None

    def test_at_the_browser_of_another_does_not_see_their_conversation(self, story: Story):
        story.page.say("The tank is warm.", identity=jwt(person()))
        said = story.page.tell("hello", identity=jwt(person("nora@stbrigid.example", "Nora Quinn"))).get_json()
        assert (said["messages"], said["token"]) == ([], "")

    def test_who_was_anonymous_keeps_the_conversation(self, story: Story):
        story.page.say("The tank is warm.")
        stranger = story.ticket().contact_id
        said = story.page.tell("hello", identity=jwt(person())).get_json()
        assert [one["text"] for one in said["messages"]] == ["The tank is warm."]
        assert stranger != story.ticket().contact_id == story.world.olive.id


class TestAConversation:
    def test_is_nobody_elses(self, story: Story):
        story.page.say("The tank is warm.")
        for token in (
            "",
            "x",
            f"{story.page.token[:-1]}!",
            tokens.mint("another", "abc"),
            f"abc.{story.page.token.partition('.')[2]}",
        ):
            other = Page(story.world, token=token)
            for path in ("messages", "stream", "files/x"):
                assert other.call("GET", path).status_code == 401, (token, path)
            for path in ("seen", "typing", "details"):
                assert other.call("POST", path, {"visit": "abc"}).status_code in {401, 404}, (token, path)

    def test_of_a_token_that_never_said_anything_is_empty(self, story: Story):
        other = Page(story.world, token=tokens.mint(chats.KEY, "abc"))
        assert other.call("GET", "messages").status_code == 404
        assert other.tell("hello").get_json()["messages"] == []

    def test_tells_no_note_no_address_and_no_number_of_ours(self, story: Story):
        story.page.say("The tank is warm.")
        ticket = story.ticket()
        conversing.note(ticket, Answer(body="canary in a note"), by=story.world.ben)
        story.answer(ticket)
        raw = story.page.call("GET", "messages").get_data(as_text=True)
        for secret in ("canary", story.world.ben.email, "Osei", f"#{ticket.number}", "ticket", "next_due"):
            assert secret not in raw, secret
        assert [(one["mine"], one["who"]) for one in story.page.shown()] == [(True, ""), (False, "Ben")]

    def test_says_the_same_of_a_serial_that_is_known_and_one_that_is_not(self, story: Story):
        promising.unit("Orchard Dairy", "KX22-0931-4410")
        told = []
        for serial in ("KX22-0931-4410", "ZZ00-0000-0000"):
            page = Page(story.world)
            answers = [page.say(f"It is {serial} ."), page.tell("hello"), page.call("GET", "messages")]
            its_own = {"token", "id", "at"}
            told.append(
                [
                    sorted((k, str(v)) for k, v in one.get_json().items() if k not in {*its_own, "messages"})
                    for one in answers
                ]
            )
            told[-1].append([{k: v for k, v in one.items() if k not in {*its_own, "text"}} for one in page.shown()])
        assert told[0] == told[1]
        assert [(one["mine"], one["who"], one["automatic"]) for one in told[0][-1]] == [(True, "", False)]

    def test_shows_script_as_the_words_it_is(self, story: Story):
        words = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        story.page.say(words)
        assert story.page.shown()[0]["text"] == words
        shown = story.world.browser(story.world.ben).get(f"/tickets/{story.ticket().number}").get_data(as_text=True)
        assert "<script>alert(1)" not in shown
        assert "&lt;script&gt;alert(1)" in shown

    def test_has_its_answer_at_once_and_knows_that_it_was_read(self, story: Story):
        story.page.say("The tank is warm.")
        story.world.ben.undo_seconds = 10
        delivery = story.answer(story.ticket())
        assert delivery.state == "sent"
        (answer,) = [one for one in story.page.shown() if not one["mine"]]
        for state, progress in (("delivered", "delivered"), ("read", "read"), ("delivered", "read")):
            assert story.page.tell("seen", ids=[answer["id"], "another"], state=state).status_code == 200
            story.world.file()
            story.world.fresh()
            assert delivery.progress == progress
        assert db.session.scalars(select(Visit.unread_since)).one() is None

    def test_of_another_visitor_cannot_be_said_to_be_read(self, story: Story):
        story.page.say("The tank is warm.")
        delivery = story.answer(story.ticket())
        answer = story.page.shown()[-1]["id"]
        other = Page(story.world)
        other.say("Hello.")
        other.tell("seen", ids=[answer], state="read")
        story.world.file()
        story.world.fresh()
        assert delivery.progress == ""

    def test_has_files_that_nobody_else_can_open(self, story: Story):
        form = {"id": "f1", "text": "The plate.", "visit": "", "file": (io.BytesIO(b"KX22"), "../pl\u202eate.txt")}
        answer = Page(story.world).call("POST", "messages", data=form, content_type="multipart/form-data")
        story.page.token = answer.get_json()["token"]
        story.world.file()
        story.world.fresh()
        (file,) = story.page.shown()[0]["files"]
        assert file["name"] == "plate.txt"
        got = story.page.call("GET", f"files/{file['key']}")
        assert (got.data, got.headers["Content-Disposition"].partition(";")[0]) == (b"KX22", "attachment")
        other = Page(story.world)
        other.say("Hello.")
        assert other.call("GET", f"files/{file['key']}").status_code == 404


class TestAFlood:
    def test_of_words_is_slowed_and_the_words_stay_with_the_visitor(self, story: Story):
        story.page.say("One.")
        answers = [story.page.tell("messages", id=f"w{number}", text="More.") for number in range(60)]
        refused = [one for one in answers if one.status_code == 429]
        assert refused
        assert "still here" in refused[0].get_json()["error"]
        assert int(refused[0].headers["Retry-After"]) > 0

    def test_of_new_conversations_from_one_place_is_slowed(self, story: Story):
        answers = [
            Page(story.world).tell("messages", id=f"w{number}", text="Hello.").status_code for number in range(70)
        ]
        assert (answers.count(202), answers.count(429)) == (60, 10)
        assert Page(story.world, address="198.51.100.9").tell("messages", id="w", text="Hello.").status_code == 202

    def test_of_forged_tokens_is_slowed(self, story: Story):
        forger = Page(story.world, token="visitor.x")
        assert 429 in {forger.call("GET", "messages").status_code for _ in range(70)}

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"id": "a"},
            {"id": "../x", "text": "x"},
            {"id": "a", "text": ["x"]},
            {"id": "a", "text": "x" * 10_001},
            [],
            "x",
        ],
    )
    def test_of_what_no_page_sends_is_refused_in_words_and_nothing_is_kept(self, story: Story, sent):
        answer = story.page.call("POST", "messages", sent)
        assert answer.status_code == 422
        assert answer.get_json()["error"].endswith(".")
        assert db.session.scalar(select(func.count()).select_from(Inbound)) == 0

    def test_from_another_site_is_refused(self, story: Story):
        for method, path in (("POST", "messages"), ("POST", "hello"), ("GET", "messages")):
            answer = story.page.call(
                method,
                path,
                {"id": "a", "text": "x"} if method == "POST" else None,
                headers={"Sec-Fetch-Site": "cross-site"},
            )
            assert answer.status_code == 401


class TestTheFrame:
    def test_stands_on_the_sites_of_its_channel_alone(self, story: Story):
        policy = story.page.call("GET", "frame").headers["Content-Security-Policy"]
        assert f"frame-ancestors {chats.SITE}" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    def test_sets_no_cookie_and_asks_nobody_else(self, story: Story):
        for path in ("frame", "widget.js", "theme.css"):
            answer = story.page.call("GET", path)
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
            assert "http" not in answer.get_data(as_text=True).replace("http://www.w3.org", "").replace("https?", "")

    def test_and_its_script_are_loaded_by_other_sites(self, story: Story):
        assert story.page.call("GET", "widget.js").headers["Cross-Origin-Resource-Policy"] == "cross-origin"

    def test_weighs_no_more_than_15_kb(self, story: Story, packed_size):
        whole = sum(packed_size(story.page.call("GET", path).data) for path in ("frame", "widget.js", "theme.css"))
        built = sum(
            packed_size(path.read_bytes())
            for name in ("frame.*.js", "chat.*.css")
            for path in packed_size.dist.glob(name)
        )
        assert 1_000 < whole + built <= 15_000

    def test_of_a_paused_chat_is_not_there(self, story: Story):
        story.channel.paused_at = story.channel.created_at
        assert story.page.call("GET", "frame").status_code == 404
        assert story.page.say("Hello.").status_code == 401


class TestPresence:
    def test_is_noted_and_ends(self, story: Story):
        story.page.say("The tank is warm.")
        visit = db.session.scalars(select(Visit)).one()
        topic = visiting.topic(story.channel.id, visit.key)
        assert visiting.is_here(visit)
        visiting.note_presence(set(), {topic})
        assert not visiting.is_here(visit)
        visiting.note_presence({topic}, set())
        assert visiting.is_here(visit)
        with travel(minutes=2):
            assert not visiting.is_here(visit)

    def test_typing_is_told_to_agents_on_the_ticket(self, story: Story, database_url: str):
        story.page.say("The tank is warm.")
        with psycopg.connect(database.conninfo(database_url), autocommit=True) as ear:
            ear.execute(f"LISTEN {live.CHANNEL}")
            assert story.page.tell("typing").status_code == 200
            (told,) = ear.notifies(timeout=20, stop_after=1)
        said = json.loads(told.payload)
        assert (said["kind"], said["id"]) == ("chat.typing", story.ticket().number)

    def test_is_told_above_the_composer(self, story: Story):
        story.page.say("The tank is warm.", name="Zoe")
        browser = story.world.browser(story.world.ben)
        assert "Zoe is here now." in browser.get(f"/tickets/{story.ticket().number}").get_data(as_text=True)
        with travel(minutes=5):
            assert "They gave no mail address" in browser.get(f"/tickets/{story.ticket().number}/visitor").get_data(
                as_text=True
            )


class TestAContact:
    def test_is_never_joined_by_an_address_that_was_only_typed(self, story: Story):
        story.page.say("The tank is warm.")
        assert story.page.tell("details", email="olive@orchard-dairy.example").status_code == 200
        ticket = story.ticket()
        assert ticket.contact_id != story.world.olive.id
        assert db.session.get_one(Contact, ticket.contact_id).organization_id is None

    def test_hears_what_anybody_hears_until_the_address_is_theirs_for_sure(self, story: Story):
        """When somebody answers would tell who has an agreement with us."""
        promising.policy("Everybody", promising.clause("first_response", 7200, calendar_id=promising.calendar().id))
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 1800))
        with travel(to=OFFICE_SHUT):
            story.page.say("The tank is warm.")
            anybodys = story.page.tell("hello").get_json()["words"]
            story.page.tell("details", email="olive@orchard-dairy.example")
            assert story.page.tell("hello").get_json()["words"] == anybodys != ""
            assert story.page.tell("hello", identity=jwt(person())).get_json()["words"] != anybodys
