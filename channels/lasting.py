"""Lasting: a fault that was there for long enough opens its ticket, one that stayed over closes it."""

from __future__ import annotations

from channels import alarming, intake
from helpdesk.db import db


def tick() -> int:
    """Turn the faults whose time has come, and commit; how many."""
    if not alarming.is_due():
        db.session.rollback()
        return 0
    intake.one_at_a_time()
    turned = alarming.pass_time()
    db.session.commit()
    return turned
