"""The demo story at night: its old tickets wake nobody, a mail from a customer around the clock does."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from channels.models import Channel
from helpdesk.db import db
from helpdesk.demo.seeding import load
from helpdesk.demo.story import story
from helpdesk.now import travel
from helpdesk.people import agents
from helpdesk.tickets.models import Ticket
from sla.commitments import sweep
from sla.escalations import paging, running
from sla.escalations.models import Escalation, Page, PageAttempt
from sla.oncall.models import OnCallSchedule
from tests.channels import lines
from tests.plugins.world import World, mail

THURSDAY = datetime.fromisoformat("2026-10-15T22:00-05:00")
PRIYA = "Priya Nair <priya@meridiancold.example>"
TOM = "Somebody <somebody@ospreyfoods.example>"
EVERYTHING = text(
    "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
    " AND tablename NOT LIKE 'procrastinate%' AND tablename <> 'alembic_version'"
)


@pytest.fixture
def demo(world: World) -> World:
    """The story as `flask seed demo` loads it at ten in the evening, instead of the cast."""
    db.session.commit()
    db.session.execute(text(f"TRUNCATE {db.session.scalar(EVERYTHING)} RESTART IDENTITY CASCADE"))
    db.session.execute(text("DELETE FROM procrastinate_jobs"))
    db.session.expunge_all()
    load(story(), at=THURSDAY)
    db.session.commit()
    return world


def forward(world: World, *, minutes: int, by: int = 1) -> None:
    """The scheduler and the worker, for so long from the story's now on."""
    for minute in range(0, minutes + 1, by):
        with travel(to=THURSDAY + timedelta(minutes=minute)):
            sweep.tick()
            running.tick()
            paging.tick()
            db.session.rollback()
            lines.send_all(world)


def write(world: World, sender: str) -> Ticket:
    channel = db.session.scalars(select(Channel).where(Channel.kind == "email")).one()
    with travel(to=THURSDAY):
        world.arrive(mail("Freezer 2 is at −9 °C.", subject="Freezer 2", sender=sender), channel=channel)
    return db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


def rung() -> list[str]:
    return list(db.session.scalars(select(Page.name).order_by(Page.id)))


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_old_tickets_wake_nobody_for_three_days(demo):
    forward(demo, minutes=3 * 24 * 60, by=60)
    assert db.session.scalar(select(func.count(Escalation.id))) == 0
    assert rung() == []


def test_a_customer_around_the_clock_rings_one_after_the_other_until_somebody_is_on_it(demo):
    number = write(demo, PRIYA).number
    forward(demo, minutes=12)
    assert rung() == ["Ingrid Solberg", "Tomás Rivera"]
    maya = agents.find_by_email("maya@halden.example")
    rota = db.session.scalars(select(OnCallSchedule.id)).one()
    with travel(to=THURSDAY + timedelta(minutes=13)):
        desk = demo.browser(maya)
        assert f"#{number}" in words(desk.get(f"/on-call/{rota}").text).partition("Nobody is on it yet")[2]
        assert "Mail: sent" in words(desk.get(f"/tickets/{number}").text)
        assert desk.post(f"/tickets/{number}/ringing", {"says": "on"}).status_code == 303
        assert "Maya is on it." in words(desk.get(f"/tickets/{number}").text)
    assert len(rung()) == 2


def test_a_customer_of_office_hours_wakes_nobody(demo):
    write(demo, TOM)
    forward(demo, minutes=60, by=10)
    assert rung() == []


def test_the_duty_phone_has_a_line_when_nobody_is_on_call(demo):
    ticket_at = datetime.fromisoformat("2026-10-17T03:12-05:00")
    channel = db.session.scalars(select(Channel).where(Channel.kind == "email")).one()
    with travel(to=ticket_at):
        demo.arrive(mail("Freezer 2 is at −9 °C.", subject="Freezer 2", sender=PRIYA), channel=channel)
    forward(demo, minutes=round((ticket_at - THURSDAY).total_seconds() / 60) + 2, by=2)
    page = db.session.scalars(select(Page).where(Page.agent_id.is_(None))).one()
    attempt = db.session.scalars(select(PageAttempt).where(PageAttempt.page_id == page.id)).one()
    assert (page.name, attempt.address, attempt.state) == ("Duty phone", "duty-phone@halden.example", "sent")


def test_the_page_of_the_rota_shows_the_steps_and_plays_the_open_night(demo):
    maya = agents.find_by_email("maya@halden.example")
    rota = db.session.scalars(select(OnCallSchedule.id)).one()
    with travel(to=THURSDAY):
        desk = demo.browser(maya)
        page = words(desk.get(f"/on-call/{rota}?customer=Meridian Cold Storage&arrives=2026-10-17T03:12").text)
        listed = words(desk.get("/on-call/escalations").text)
    for said in ("Ring whoever is first", "Ring the backup as well", "Ring Ruth as well, and tell the customer"):
        assert said in page
    assert "Start again from the top, twice" in page
    assert "Sat 03:12 Nobody is on call. Duty phone rings, by mail, duty-phone@halden.example" in page
    assert "Sat 03:22 Tomás Rivera rings, by mail" in page
    assert "Sat 03:42 “A person answers within 30 minutes, day or night” falls due" in page
    assert "When a ticket arrived (covered by Gold 24×7 of Meridian Cold Storage), only out of hours." in listed
