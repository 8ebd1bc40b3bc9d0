"""Channels that are connected already, as rows: what the form of a kind leaves behind."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from channels import sealing
from channels.models import Channel
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Brand


def planted(
    kind: str, address: str, config: Mapping[str, str], secrets: Mapping[str, str],
    *, key: str, name: str = "Meridian Cooling", state: str = "working",
) -> Channel:  # fmt: skip
    """A channel of the first brand with its secrets sealed, committed; `key` is where its provider calls."""
    brand_id = db.session.scalars(select(Brand.id).order_by(Brand.id).limit(1)).one()
    channel = Channel(
        kind=kind,
        brand_id=brand_id,
        name=name,
        address=address,
        config=dict(config),
        secrets={},
        created_at=now(),
        hook_key=key,
        state=state,
    )
    db.session.add(channel)
    db.session.flush()
    sealing.seal(channel, dict(secrets))
    db.session.commit()
    return channel
