"""What waits for a person outside of tickets, posts heard elsewhere and mails not filed: one question for both."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from channels import heard, quarantining
from helpdesk.db import db

_WAITING = select(*heard.waiting(), quarantining.waiting())
"""Put together once."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """How many of each; `posts` is `heard.MOST` at most, and None where nothing is listened to."""

    posts: int | None
    mails: int


def counts() -> Undecided:
    """Asked on every page: small partial indexes answer."""
    listens, posts, mails = db.session.execute(_WAITING).one()
    return Undecided(posts=posts if listens else None, mails=mails)
