"""Looking changes nothing, and no page is without its protection."""

from __future__ import annotations

import re
import time

import pytest
from sqlalchemy import text

from channels.models import ChannelLog, Inbound
from helpdesk import heartbeats, migrating
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.text.html import sanitise
from helpdesk.tickets import drafts
from helpdesk.tickets.inputs import File
from helpdesk.tickets.models import Message
from helpdesk.web import health
from tests.plugins.world import SUPPORT, Browser, World, mail

READ = {"ticket_read", "session", "throttle"}
"""How far somebody has read, and when they were last seen: the traces of looking."""


def fingerprint() -> dict[str, str]:
    """Every table by its rows."""
    db.session.commit()
    return {
        table.name: db.session.scalar(
            text(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table.name} t")
        )
        for table in migrating.metadata().sorted_tables
        if table.name not in READ
    }


@pytest.fixture
def full(world: World) -> World:
    """One of everything a page can show."""
    html = "<p>Hello <b>there</b></p><img src=https://tracker.example/x.png>"
    world.arrive(mail(message_id="<first@x.example>"), mail(sender=f"Us <{SUPPORT}>"))
    ticket = world.ticket("Shown", html=str(sanitise(html, cids={}).html), source_html=html, remote_images=("https://tracker.example/x.png",),
                          files=(File("0" * 64, "plan.pdf", "application/pdf", 9),))  # fmt: skip
    world.reply(ticket)
    drafts.save(drafts.take(world.ben, ticket, "reply"), "Half a thought")
    db.session.add(ChannelLog(channel_id=world.support.id, at=now(), state="working", sentence=""))
    db.session.commit()
    return world


def paths(world: World) -> list[str]:
    """Every page with a GET, of things that exist."""
    message = db.session.query(Message).order_by(Message.id.desc()).first()
    held = db.session.query(Inbound).order_by(Inbound.id.desc()).first()
    assert message is not None
    assert held is not None
    ids = {"number": 1007, "message_id": message.id - 1, "place": 0, "key": "next-up", "kind": "reply", "view": "mine",
           "inbound_id": held.id, "channel_id": world.support.id, "agent_id": world.ben.id, "filename": "x"}  # fmt: skip
    return sorted(
        re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda name: str(ids.get(name[1], 1)), rule.rule)
        for rule in world.app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and rule.endpoint not in {"static", "live.stream"}
    )


class TestCrawl:
    @pytest.mark.parametrize("who", ["ben", "ada"])
    def test_changes_nothing(self, full: World, who: str):
        browser = full.browser(getattr(full, who))
        browser.get("/inbox/next-up")
        before = fingerprint()
        for path in paths(full):
            browser.get(path)
        after = fingerprint()
        assert {name for name in before if before[name] != after[name]} == set()

    def test_breaks_nothing_and_is_protected_everywhere(self, full: World):
        wrong = {}
        for browser in (Browser(full.app), full.browser(full.ben), full.browser(full.ada)):
            for path in [*paths(full), "/nothing-here", "/static/nothing.js"]:
                for headers in ({}, {"HX_Request": "true"}):
                    answer = browser.get(path, **headers)
                    policy = answer.headers.get("Content-Security-Policy", "")
                    scripts = re.sub(r"style-src[^;]*", "", policy)
                    if (
                        answer.status_code == 500
                        or "default-src" not in policy
                        or "unsafe" in scripts
                        or answer.headers.get("X-Content-Type-Options") != "nosniff"
                    ):
                        wrong[path] = (answer.status_code, policy)
        assert not wrong


class TestLive:
    def test_streams_to_whom_is_signed_in(self, world: World, ben_at_work: Browser):
        answer = ben_at_work.get("/live")
        assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
        assert next(answer.iter_encoded()).endswith(b"event: hello\ndata: {}\n\n")
        answer.close()
        assert world.app.extensions["live"].count == 0

    def test_tells_again_what_happened_since_the_page_was_drawn(self, world: World, ben_at_work: Browser):
        drawn = int(1000 * now().timestamp())
        world.app.extensions["live"].broadcast(b"id: 5\nevent: change\ndata: {}\n\n")
        answer = ben_at_work.get(f"/live?after={drawn}")
        told = answer.iter_encoded()
        assert [next(told), next(told)][1].startswith((b"id: 5", b"event: resync"))
        answer.close()

    @pytest.mark.parametrize("after", ["", "0", "-1", "x", "9" * 13, "9" * 40, "1e12"])
    def test_takes_no_harm_from_a_time_that_is_none(self, world: World, ben_at_work: Browser, after: str):
        answer = ben_at_work.get(f"/live?after={after}")
        assert next(answer.iter_encoded()).endswith(b"event: hello\ndata: {}\n\n")
        answer.close()

    def test_is_busy_in_words_when_every_place_is_taken(self, world: World, ben_at_work: Browser, monkeypatch):
        monkeypatch.setattr(world.app.extensions["live"], "_limit", 0)
        answer = ben_at_work.get("/live")
        assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (503, "10", "busy")

    def test_holds_no_database_connection(self, world: World, ben_at_work: Browser):
        before = db.engine.pool.checkedout()
        answer = ben_at_work.get("/live")
        next(answer.iter_encoded())
        assert db.engine.pool.checkedout() == before
        answer.close()


class TestHealth:
    def test_says_ok_to_anybody(self, world: World):
        visitor = Browser(world.app)
        assert visitor.get("/healthz").json == {"status": "ok"}
        heartbeats.beat("scheduler")
        db.session.commit()
        assert visitor.get("/readyz").json == {"status": "ok"}

    def test_is_not_ready_while_the_scheduler_is_silent_unless_it_just_began(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(health, "_began", time.monotonic() - 61)
        silent = Browser(world.app).get("/readyz")
        assert (silent.status_code, silent.json["reason"]) == (503, "scheduler")
        with travel(seconds=-61):
            heartbeats.beat("scheduler")
            db.session.commit()
        assert Browser(world.app).get("/readyz").status_code == 503
        monkeypatch.setattr(health, "_began", time.monotonic() - 59)
        assert Browser(world.app).get("/readyz").status_code == 200

    def test_is_not_ready_with_an_older_schema(self, world: World):
        version = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        try:
            db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
            assert Browser(world.app).get("/readyz").status_code == 503
        finally:
            db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
            db.session.commit()


class TestOriginals:
    def test_formatting_runs_and_loads_nothing(self, full: World):
        message = db.session.query(Message).filter(Message.source_html != "", Message.subject == "Shown").one()
        answer = full.browser(full.ben).get(f"/messages/{message.id}/formatting")
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "img-src 'none'" in policy
        assert "script-src" not in policy
        assert "default-src 'none'" in policy

    def test_images_come_through_us_after_a_click(self, full: World):
        message = db.session.query(Message).filter(Message.subject == "Shown", Message.source_html != "").one()
        browser = full.browser(full.ben)
        page = browser.get(f"/tickets/{db.session.get_one(Message, message.id).ticket_id + 1000}").text
        assert "https://tracker.example" not in page
        shown = browser.get(f"/messages/{message.id}/with-images").text
        assert f"/messages/{message.id}/images/0" in shown
        assert "https://tracker.example" not in shown

    @pytest.mark.parametrize("place", [1, 99])
    def test_an_image_that_is_not_in_the_message_is_not_fetched(self, full: World, place: int):
        message = db.session.query(Message).filter(Message.subject == "Shown", Message.source_html != "").one()
        assert full.browser(full.ben).get(f"/messages/{message.id}/images/{place}").status_code == 404
