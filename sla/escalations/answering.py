"""Answers to a page, from wherever they come: "on it", "pass on", or a sentence saying what is understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.db import db
from helpdesk.outbox import Delivery
from sla.escalations import acknowledging
from sla.escalations.models import Escalation, Page, PageAttempt

Meaning = Literal["on it", "pass on", ""]

_ON_IT = frozenset({"ack", "acknowledge", "acknowledged", "ok", "okay", "yes", "y", "1"})
_PASS_ON = frozenset({"pass", "no", "n", "2"})
_ASIDE = re.compile(r"[^\w\s]+")
_UNDERSTOOD = "To say that you are on it, answer ACK. To pass it on to the next, answer PASS. Nothing was changed."
_OVER = "This is over already: nobody needs you for it any more."
_GONE = "Nothing was changed: this account is switched off."
_TEST = "This was a test, and it reached us. Nothing has happened."
_NAMED = 3


def take(delivery: Delivery, address: str, words: str, how: str) -> str:
    """Do what the words say about every run the page was for; the sentence to say back.

    `address` was checked by who heard it: it is the one that was rung.
    """
    del address
    page, wanted = _page(delivery.id), meaning(words)
    if page is None:
        return _OVER
    if page.agent is not None and not page.agent.is_active:
        return _GONE
    if not wanted or page.is_test:
        return _TEST if wanted else _UNDERSTOOD
    return be_on_it(page, how) if wanted == "on it" else pass_on(page)


def be_on_it(page: Page, how: str) -> str:
    """Whoever it is for is on every run it was for; the sentence to say back."""
    if not (runs := _open(page)):
        return _OVER
    acknowledging.acknowledge(runs, by=page.agent, how=how, name=page.name)
    return f"You are on it: {_named(runs)}."


def pass_on(page: Page) -> str:
    """They cannot: the next step is taken; who was rung before takes nothing from somebody else who is on it."""
    if not (runs := _open(page)):
        return _OVER
    others = [run for run in runs if run.state != "acknowledged" or run.acknowledged_by_id == page.agent_id]
    acknowledging.pass_on(others, by=page.agent, name=page.name)
    return f"Passed on to the next: {_named(others)}." if others else "Somebody else is on it already."


def meaning(words: str) -> Meaning:
    """By the first word of the first line that has one; "on it" and "pass on" are two."""
    first = next((found for line in words.splitlines() if (found := _ASIDE.sub(" ", line).casefold().split())), [])
    if not first:
        return ""
    if first[0] in _ON_IT or first[:2] == ["on", "it"]:
        return "on it"
    return "pass on" if first[0] in _PASS_ON else ""


def _page(delivery_id: int) -> Page | None:
    attempt = select(PageAttempt.page_id).where(PageAttempt.delivery_id == delivery_id).scalar_subquery()
    return db.session.scalars(select(Page).where(Page.id == attempt).options(joinedload(Page.agent))).one_or_none()


def _open(page: Page) -> list[Escalation]:
    return [run for run in acknowledging.of_page(page) if run.ended_at is None]


def _named(runs: Sequence[Escalation]) -> str:
    numbers = list(dict.fromkeys(f"#{run.ticket.number}" for run in runs))
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return ", ".join(numbers[:_NAMED]) + more
