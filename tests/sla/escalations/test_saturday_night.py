"""One night in one piece: Saturday 02:14, a mail, two text messages, a link pressed, and what Monday finds."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from sla.commitments import sweep
from sla.escalations import paging, running
from tests.channels import lines
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.twilio import Sent, Twilio
from tests.plugins.world import Browser, World, mail
from tests.sla import promising, rotas
from tests.sla.rotas import minutes, step

NIGHT = rotas.at("2026-11-21T07:14:00+00:00")
"""Saturday 02:14 in New York."""
MONDAY = rotas.at("2026-11-23T14:05:00+00:00")
FIRST, SECOND, THIRD = "+13125550111", "+13125550122", "+13125550133"


class Clock:
    """The night, run as scheduler and worker do, in steps of ten seconds or longer ones."""

    def __init__(self, world: World) -> None:
        self.world, self.at = world, NIGHT

    def forward(self, to: datetime, *, by: timedelta = timedelta(seconds=10)) -> None:
        while self.at < to:
            self.at = min(self.at + by, to)
            with travel(to=self.at):
                sweep.tick()
                running.tick()
                paging.tick()
                db.session.rollback()
                lines.send_all(self.world)


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Twilio]:
    with lines.loopback(monkeypatch), Twilio() as provider:
        yield provider


@pytest.fixture
def house(world: World, twilio: Twilio, smtp_sink: SmtpSink) -> World:
    """Orchard Dairy has an agreement around the clock; Ben is first on call, Ada the backup, Mei the last."""
    world.support.acknowledges = True
    world.support.config = {
        "incoming": "listener",
        "outgoing": "smtp",
        "smtp": {"host": smtp_sink.host, "port": smtp_sink.port, "security": "none", "auth": "none", "timeout": 5},
    }
    world.olive.zone = "Europe/Berlin"
    lines.number(twilio)
    promising.contract("Orchard Dairy", "Day and night", promising.clause("first_response", minutes(60)))
    rota = rotas.schedule([world.ben], [world.ada], [world.mei], calendar_id=promising.calendar().id)
    for agent, address in ((world.ben, FIRST), (world.ada, SECOND), (world.mei, THIRD)):
        rotas.method(agent, "sms", address)
    rotas.policy(
        *(step(minutes(15 * place), rotas.rota(rota, place + 1)) for place in range(3)),
        causes=["arrival"],
        runs="out_of_hours",
        starts={"sources": ["contract"]},
    )
    db.session.commit()
    return world


def rung(twilio: Twilio) -> list[str]:
    return [one.form["To"] for one in twilio.sent]


def link(sent: Sent) -> str:
    return re.findall(r"https?://[^/\s]+(/on-it/\S+)", sent.form["Body"])[0]


def automatic(smtp_sink: SmtpSink) -> list[str]:
    """What the product wrote to the customer by itself."""
    mails = [message_from_bytes(one.raw, policy=policy.default) for one in smtp_sink.mails]
    return [one.get_body(("plain",)).get_content() for one in mails if one["Auto-Submitted"] == "auto-replied"]


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_saturday_night(house, twilio, smtp_sink):
    clock = Clock(house)
    with travel(to=NIGHT):
        house.arrive(mail("Cold room 2 shows 9 degrees.", message_id="<alarm@orchard-dairy.example>"))
    ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
    number = ticket.number

    # Whoever is first is rung within seconds, and the customer reads when a person answers, on their own wall.
    clock.forward(NIGHT + timedelta(seconds=20))
    assert rung(twilio) == [FIRST]
    assert f"#{number}" in twilio.sent[0].form["Body"]
    (said,) = automatic(smtp_sink)
    assert "A person answers by Saturday 21 November, 09:14 your time." in said

    # The customer writes once more; that rings nobody, and is not answered by the machine again.
    with travel(to=NIGHT + timedelta(minutes=5)):
        house.arrive(
            mail("It is 11 degrees now.", subject=f"Re: [#{number}]", References="<alarm@orchard-dairy.example>")
        )
    clock.forward(NIGHT + timedelta(minutes=14, seconds=50))
    assert rung(twilio) == [FIRST]

    # A quarter of an hour without an answer: the second is rung, and opening the link alone says nothing.
    clock.forward(NIGHT + timedelta(minutes=15))
    assert rung(twilio) == [FIRST, SECOND]
    clock.forward(NIGHT + timedelta(minutes=17))
    address = link(twilio.sent[1])
    telephone = Browser(house.app)
    with travel(to=clock.at):
        assert f"#{number}" in words(telephone.get(address).text)
        assert "is on it" not in words(telephone.get(address).text)
        assert telephone.post(address, {"answer": "on"}, on=address).status_code == 303
        assert "Ada is on it." in words(telephone.get(address).text)

    # The third is never rung, not that night and not until Monday; Ada answered in time.
    clock.forward(NIGHT + timedelta(minutes=40))
    with travel(to=clock.at):
        house.reply(db.session.get_one(Ticket, ticket.id), "I am on my way.", by=house.ada)
    clock.forward(NIGHT + timedelta(hours=2), by=timedelta(minutes=5))
    clock.forward(MONDAY, by=timedelta(hours=1))
    assert rung(twilio) == [FIRST, SECOND]
    assert len(automatic(smtp_sink)) == 1

    # Monday's queue has it, owned by Ada; its page tells the night.
    with travel(to=MONDAY):
        mei = house.browser(house.mei)
        queue, page = mei.get("/inbox/next-up").text, words(mei.get(f"/tickets/{number}").text)
    assert "Cold room 2 is warm" in words(queue)
    assert "Assigned to Ada Berg" in queue
    told = [
        "It arrived: whoever is on call is rung",
        "Ben Osei rings",
        "Ada Berg rings",
        "Ada Berg is on it",
        "Answered, nobody more is rung",
    ]
    places = [page.find(one) for one in told]
    assert -1 not in places, dict(zip(told, places, strict=True))
    assert places == sorted(places)
    assert "Mei Tanaka rings" not in page
