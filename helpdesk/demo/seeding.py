"""Load the whole story in one transaction: it pages nobody, announces nothing and sends nothing."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select, text

from helpdesk import live
from helpdesk.db import db, reserve
from helpdesk.demo import mailbox, people, telling
from helpdesk.demo.story import Story
from helpdesk.demo.times import shift
from helpdesk.errors import Conflict
from helpdesk.now import travel
from helpdesk.people.models import Agent
from helpdesk.plugins import installed
from helpdesk.tickets import savedviews
from helpdesk.tickets.models import Tag
from helpdesk.tickets.views import view_of

_NUMBERS = text("SELECT setval(pg_get_serial_sequence('ticket', 'number'), (SELECT max(number) FROM ticket))")


def load(story: Story, *, at: datetime) -> None:
    """Write the story so that its now is `at` (aware). The caller commits.

    Raises:
        Conflict: somebody works here already.
    """
    if db.session.scalar(select(func.count()).select_from(Agent)):
        raise Conflict(
            "There are people in this database already. The demo needs an empty one: "
            "set DATABASE_URL or HELPDESK_VAR to another."
        )
    live.silence()
    moved = shift(story.now, story.zone, to=at)
    with travel(to=moved.moment(story.began)):
        cast = people.introduce(story)
        channel_id = mailbox.connect(
            story.mailbox,
            brand_id=cast.brand.id,
            team_id=cast.teams[story.mailbox.team].id,
            last_inbound_at=moved.moment(_newest_mail(story)),
        )
    steps = sum(len(told.steps) for told in story.tickets)
    reserve(ticket=len(story.tickets), event=3 * steps)
    with ExitStack() as seeds:
        meanwhile = [seeds.enter_context(seed(moved, at)) for seed in installed().seeds()]
        stage = telling.Stage(cast, moved, at, story.mailbox.address, channel_id, meanwhile)
        for told in sorted(story.tickets, key=lambda told: told.number):
            telling.tell(told, stage)
        db.session.execute(_NUMBERS)
    for kept in story.views:
        view = view_of(kept.view)
        if kept.tag:
            tag_id = db.session.scalars(select(Tag.id).where(Tag.name == kept.tag)).one()
            view = view.of(replace(view.filter, tag=str(tag_id)))
        savedviews.save(cast.agents[kept.by], name=kept.name, view=view, team_id=cast.teams[kept.team].id)


def _newest_mail(story: Story) -> datetime:
    return max(
        step.at for told in story.tickets if told.channel == "email" for step in told.steps if step.does == "writes"
    )
