"""The mailbox of the story and the threads of its mails.

Channels are built on the core, so the core names their tables here instead of importing them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, insert

from helpdesk.db import Base, db
from helpdesk.demo.story import Mailbox
from helpdesk.now import now


def connect(mailbox: Mailbox, *, brand_id: int, team_id: int, last_inbound_at: datetime) -> int:
    """Make the channel: mail comes in by the SMTP listener and goes out to a folder, so nothing leaves the machine."""
    made = insert(_table("channel")).values(
        kind="email",
        brand_id=brand_id,
        team_id=team_id,
        name=mailbox.name,
        address=mailbox.address,
        aliases={},
        config={"incoming": "listener", "outgoing": "folder"},
        cursor={},
        state="working",
        state_text="",
        acknowledges=False,
        created_at=now(),
        last_success_at=last_inbound_at,
        last_inbound_at=last_inbound_at,
    )
    channel_id: int = db.session.execute(made.returning(_table("channel").c.id)).scalar_one()
    return channel_id


def thread(key: str, *, ticket_id: int, message_id: int) -> None:
    """Remember which ticket a mail belongs to, so that an answer to it joins."""
    db.session.execute(insert(_table("thread")).values(key=key, ticket_id=ticket_id, message_id=message_id))


def _table(name: str) -> Table:
    return Base.metadata.tables[name]
