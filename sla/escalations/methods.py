"""How an agent is reached when they are on call: ways added, proven by a code, put in order, tried and taken away."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk import outbox
from helpdesk.db import db, locked
from helpdesk.errors import Conflict, Gone, Invalid, TooMany
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.people.models import Agent
from helpdesk.settings import settings
from helpdesk.text import telephone
from helpdesk.vault import vault
from sla.escalations.models import ContactMethod, Page, QuietHours

OFFERED = ("email", "slack", "sms", "call")
"""Kinds that can be added by typing an address; a browser is added by that browser."""
LEAVES_BY = {"sms": "phone", "call": "phone"}
"""The kind of channel a method leaves by, where it is not its own."""
WHERE = "/settings/on-call"
"""The page where a code is typed in."""
LASTS = timedelta(minutes=10)
MOST_TRIES = 5
_BETWEEN = timedelta(minutes=1)
_MOST = 10
_LONGEST = 3600
_NOTHING_SAVED = "Nothing was saved. Look at what is marked."
_MAIL = "Enter an address like you@company.com."
_SLACK = "Enter your Slack member ID, like U024BE7LH. Your Slack profile shows it."
_SHAPES = {
    "email": (re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\"]{2,}"), _MAIL),
    "slack": (re.compile(r"[UW][A-Z0-9]{6,20}"), _SLACK),
}  # fmt: skip
_NUMBER = "Enter the number with its country, like +13125550123."


def of(agent: Agent) -> list[ContactMethod]:
    """In the order they are tried."""
    mine = select(ContactMethod).where(ContactMethod.agent_id == agent.id, ContactMethod.removed_at.is_(None))
    return list(db.session.scalars(mine.order_by(ContactMethod.delay_seconds, ContactMethod.id)))


def held(agent: Agent, method_id: int) -> ContactMethod:
    """One of theirs, locked.

    Raises:
        NotFound: it is not theirs, or was taken away.
    """
    mine = select(ContactMethod).where(ContactMethod.id == method_id, ContactMethod.agent_id == agent.id)
    return locked(mine.where(ContactMethod.removed_at.is_(None)), what="way to reach you")


def add(agent: Agent, kind: str, address: str, *, delay_seconds: int = 0) -> ContactMethod:
    """Write it down and send it a code; it rings only once the code was typed in.

    Raises:
        Invalid: by field, what does not fit. TooMany: a code was sent within the last minute.
    """
    if kind not in OFFERED:
        raise Invalid(_NOTHING_SAVED, {"kind": "Choose how you are reached."})
    said = _clean(kind, address)
    shape, words = _SHAPES.get(kind, (None, _NUMBER))
    fits = len(said) <= 254 and (shape.fullmatch(said) if shape is not None else said)
    wrong = {} if fits else {"address": words}
    wrong |= _wrong_delay(delay_seconds)
    if wrong:
        raise Invalid(_NOTHING_SAVED, wrong)
    return write_down(agent, ContactMethod(kind=kind, address=said, delay_seconds=delay_seconds))


def write_down(agent: Agent, method: ContactMethod, *, field: str = "address") -> ContactMethod:
    """Make it theirs and send it a code.

    Raises:
        Invalid: at `field`, they have it already, or enough others. TooMany: a code was sent within the last minute.
    """
    if len(of(agent)) >= _MOST:
        raise Invalid(_NOTHING_SAVED, {field: f"{_MOST} ways are enough. Take one away first."})
    method.agent_id, method.created_at, method.code_tries = agent.id, now(), 0
    try:
        with db.session.begin_nested():
            db.session.add(method)
    except IntegrityError as error:
        raise Invalid(_NOTHING_SAVED, {field: "You are reached there already."}) from error
    send_code(agent, method)
    return method


def send_code(agent: Agent, method: ContactMethod) -> None:
    """A new code for a way that is not proven yet; the one before it counts no more.

    Raises:
        Conflict: it is proven, or gone. TooMany: a code was sent within the last minute.
    """
    if method.verified_at is not None:
        raise Conflict("This one is proven already.")
    if method.is_gone:
        raise Conflict("Nothing reaches this browser any more. Take it away, and add it again from that browser.")
    at = now()
    sent = [one.code_sent_at for one in of(agent) if one.code_sent_at is not None]
    latest = max(sent, default=None)
    if latest is not None and latest > at - _BETWEEN:
        wait = _BETWEEN - (at - latest)
        raise TooMany("A code was sent just now. Wait a minute before the next.", int(wait.total_seconds()) + 1)
    code = f"{secrets.randbelow(10**6):06}"
    method.code_hash, method.code_sent_at, method.code_tries = _hashed(method, code), at, 0
    _tell(agent, method, code)


def verify(method: ContactMethod, code: str) -> bool:
    """Whether this is the code that was sent; a wrong one counts as a try, which the caller commits.

    Raises:
        Gone: it is too old, was tried too often, or none was sent.
    """
    if method.verified_at is not None:
        return True
    sent_at = method.code_sent_at
    if not method.code_hash or sent_at is None or now() - sent_at > LASTS:
        raise Gone("This code is over. Have a new one sent.")
    if method.code_tries >= MOST_TRIES:
        raise Gone(f"This code was tried {MOST_TRIES} times. Have a new one sent.")
    method.code_tries += 1
    if not hmac.compare_digest(_hashed(method, "".join(code.split())), method.code_hash):
        return False
    method.verified_at, method.code_hash = now(), ""
    return True


def set_delay(method: ContactMethod, seconds: int) -> None:
    """How long after a page begins it is tried; the order follows from it.

    Raises:
        Invalid: at "delay", longer than an hour.
    """
    if wrong := _wrong_delay(seconds):
        raise Invalid(_NOTHING_SAVED, wrong)
    method.delay_seconds = seconds


def remove(method: ContactMethod) -> None:
    """It rings no more; pages that begin now do without it."""
    method.removed_at = now()


def quiet_hours(agent: Agent) -> QuietHours | None:
    return db.session.get(QuietHours, agent.id)


def set_quiet_hours(agent: Agent, begins: str, ends: str) -> None:
    """Wall times as "22:00" in the agent's zone; both empty means none.

    Raises:
        Invalid: at "begins" or "ends", what is no time of day.
    """
    known = quiet_hours(agent)
    if not begins.strip() and not ends.strip():
        if known is not None:
            db.session.delete(known)
        return
    wrong = {name: "Enter a time like 22:00." for name, said in (("begins", begins), ("ends", ends)) if not _time(said)}
    if not wrong and _time(begins) == _time(ends):
        wrong["ends"] = "This is when they begin. Choose another time, or leave both empty."
    if wrong:
        raise Invalid(_NOTHING_SAVED, wrong)
    row = known or QuietHours(agent_id=agent.id)
    row.begins, row.ends = _time(begins), _time(ends)
    db.session.add(row)


def test(agent: Agent) -> Page:
    """Ring them as a page would, by every way that is proven; it is about nothing and no figure counts it.

    Raises:
        Conflict: no way is proven. TooMany: the last one is less than a minute old.
    """
    if not any(one.verified_at is not None for one in of(agent)):
        raise Conflict("No way to reach you is proven yet. Add one and type in its code first.")
    at = now()
    db.session.scalars(select(Agent.id).where(Agent.id == agent.id).with_for_update(key_share=True)).one()
    mine = select(Page.made_at).where(Page.agent_id == agent.id, Page.is_test, Page.made_at > at - _BETWEEN)
    if db.session.scalar(mine.limit(1)) is not None:
        raise TooMany("A test page is on its way. Wait a minute before the next.", int(_BETWEEN.total_seconds()))
    page = Page(target=f"agent:{agent.id}", agent_id=agent.id, name=agent.name, is_test=True, made_at=at, not_before=at)
    db.session.add(page)
    db.session.flush()
    return page


def last_test(agent: Agent) -> Page | None:
    tests = select(Page).where(Page.agent_id == agent.id, Page.is_test).order_by(Page.id.desc()).limit(1)
    return db.session.scalar(tests)


def expires_at(method: ContactMethod) -> datetime | None:
    """Until when the code that was sent counts."""
    return method.code_sent_at + LASTS if method.code_hash and method.code_sent_at else None


def _clean(kind: str, address: str) -> str:
    said = address.strip()
    if kind in LEAVES_BY:
        return telephone.e164(said)
    return said.lower() if kind == "email" else said


def _wrong_delay(seconds: int) -> dict[str, str]:
    return {} if 0 <= seconds <= _LONGEST else {"delay": "Between nothing and an hour."}


def _time(said: str) -> str:
    try:
        found = time.fromisoformat(said.strip().zfill(5))
    except ValueError:
        return ""
    return f"{found:%H:%M}"


def _hashed(method: ContactMethod, code: str) -> str:
    key = vault().derive("contact-code")[0]
    return hmac.new(key, f"{method.id}:{code}".encode(), hashlib.sha256).hexdigest()


def _tell(agent: Agent, method: ContactMethod, code: str) -> None:
    text = f"Your code is {code}. Type it in to be reached here when you are on call. It counts for 10 minutes."
    spoken = " ".join(code)
    outbox.enqueue(
        Delivery(
            purpose="letter",
            kind=LEAVES_BY.get(method.kind, method.kind),
            content={
                "subject": f"{code} is your code",
                "text": text,
                "html": f"<p>{text}</p>",
                "how": method.kind,
                "link": settings().address(WHERE) if method.kind == "push" else "",
                "speech": f"Your code is {spoken}. Once more: {spoken}.",
                **{name: method.details[name] for name in ("subscription",) if name in method.details},
            },
            recipients=[DeliveryRecipient(address=method.address, name=agent.name)],
        )
    )
