"""An office whose eight weeks of decided promises foretell its next Monday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Brand
from sla.reports.models import PromiseOutcome
from tests.plugins.world import World, mail
from tests.sla import promising

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, 14, tzinfo=UTC)  # 09:00 in New York


def settled(world: World) -> World:
    """A first answer in two working hours; Ben decided four promises in each Monday's 10:00 and 11:00, eight weeks."""
    hours = promising.calendar()
    version = promising.policy("Default", promising.clause("first_response", 7200, calendar_id=hours.id))
    db.session.execute(update(Brand).values(zone=NEW_YORK.key))
    db.session.add_all(
        PromiseOutcome(
            commitment_id=1_000_000 + 100 * week + 10 * hour + number,
            ticket_id=1,
            outcome="broken" if number == 0 else "kept",
            settled_at=_local(week, 10 + hour, 10 * number),
            day=_local(week, 10 + hour, 0).astimezone(NEW_YORK).date(),
            hour=10 + hour,
            metric="first_response",
            promise=f"p{version.policy_id}:first_response",
            priority=2,
            agent_id=world.ben.id,
            channel_kind="email",
            left_seconds=60,
        )
        for week in range(1, 9)
        for hour in (0, 1)
        for number in range(4)
    )
    db.session.commit()
    return world


def asked(office: World, count: int, at: datetime = MONDAY) -> None:
    with travel(to=at):
        office.arrive(*[mail(subject=f"Down {number}") for number in range(count)])


def _local(weeks_ago: int, hour: int, minute: int) -> datetime:
    wall = datetime(2026, 11, 23, hour, minute, tzinfo=NEW_YORK) - timedelta(weeks=weeks_ago)
    return wall.astimezone(UTC)
