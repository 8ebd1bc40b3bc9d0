"""Heartbeats: when each background process last did its work, so that silence is noticed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base, db
from helpdesk.now import now


class Heartbeat(Base):
    """The last sign of life of one background process."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def beat(name: str) -> None:
    """Write the sign of life; the caller commits."""
    values = {"name": name, "at": now()}
    db.session.execute(
        insert(Heartbeat).values(**values).on_conflict_do_update(index_elements=["name"], set_={"at": values["at"]})
    )


def silent_for(name: str) -> timedelta | None:
    """How long it has been quiet; None when it never ran."""
    at = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))
    return now() - at if at else None
