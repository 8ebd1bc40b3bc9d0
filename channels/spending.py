"""Spending: what a channel costs in a month (UTC), counted as its adapter says, and the budget that ends it.

A budget is dollars in `config["budget"]`; without one nothing is ended. What is spent is our own count by published
prices: the provider's bill has the last word.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from channels.models import Channel, Spending
from helpdesk.db import db
from helpdesk.now import now

_MICRO = 1_000_000
NOTHING = Decimal(0)


def add(channel_id: int, dollars: Decimal) -> None:
    """Count it to this month, in the caller's transaction."""
    if dollars <= 0:
        return
    row = insert(Spending).values(channel_id=channel_id, month=_month(), micros=int(dollars * _MICRO))
    more = row.on_conflict_do_update(
        index_elements=["channel_id", "month"], set_={"micros": Spending.micros + row.excluded.micros}
    )
    db.session.execute(more)


def spent(channel_id: int) -> Decimal:
    """Dollars of this month."""
    rows = select(func.coalesce(func.sum(Spending.micros), 0))
    micros = db.session.scalar(rows.where(Spending.channel_id == channel_id, Spending.month == _month()))
    return Decimal(micros or 0) / _MICRO


def budget(channel: Channel) -> Decimal | None:
    """Dollars a month; None where there is no end."""
    try:
        typed = Decimal(str(channel.config.get("budget") or ""))
    except InvalidOperation:
        return None
    return typed if typed.is_finite() and typed >= 0 else None


def used_up(channel: Channel) -> str:
    """Why nothing more goes in or out this month; empty while something is left."""
    most = budget(channel)
    if most is None or spent(channel.id) < most:
        return ""
    return (
        f"The budget of {channel.address} for this month, ${most:.2f}, is used up. An administrator can raise it in "
        "Settings, Channels; or reach them another way."
    )


def told(channel: Channel) -> str:
    """Both in a line, for the channel's page; empty where nothing is counted."""
    most, so_far = budget(channel), spent(channel.id)
    if most is None and not so_far:
        return ""
    return f"${so_far:.2f}" + (f" of ${most:.2f}" if most is not None else "")


def _month() -> str:
    return now().strftime("%Y-%m")
