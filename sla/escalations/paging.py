"""Pages: everything a person is rung for within a minute is one page, over one method after the other.

1. `ring` adds reasons to the pages that wait for these people, or makes them; a step rings nobody twice.
2. `tick` begins the pages whose time has come: each verified method becomes an attempt, at its own delay.
3. An attempt that is due leaves by the outbox, unless this telephone was rung too often already.
4. What became of it is read from its delivery: a method that failed makes the next one due, and a person nobody
   could reach makes the next step of the run due.

Tickets are locked first, then runs, then `_alone`, and only then pages and attempts; whoever is alone with the pages
waits for no run. So nobody waits in a circle, however many schedulers, agents and telephones act at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, and_, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload, selectinload

from helpdesk import outbox
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient, State
from helpdesk.people.models import Agent
from sla.escalations import browsers, limits, pacing, plans, quiet, wording
from sla.escalations.callees import Callee
from sla.escalations.methods import LEAVES_BY
from sla.escalations.models import ContactMethod, Escalation, Page, PageAttempt, PageReason

BUNDLE = timedelta(minutes=1)
"""Whatever a person is rung for within this time is one page."""
_BATCH = 100
_PAGES = 0x6B65_7074_03  # the advisory lock's key
_PATIENCE = timedelta(minutes=10)
_REACHED = frozenset({"delivered", "completed", "read"})
_LOST = frozenset({"failed", "undelivered", "busy", "no-answer", "canceled"})
"""What a telephone company says of a message or call that reached nobody (Twilio, message and call status)."""
_WHY = {
    "acknowledged": "Somebody was on it already.",
    "called_off": "Its reason was gone.",
    "failed": "No method reached them.",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One person, or the fallback, rung by one step of a run."""

    run: Escalation
    round: int
    step: int
    callee: Callee

    @property
    def is_urgent(self) -> bool:
        return bool(self.run.plan.get("urgent", True))


def ring(calls: Sequence[Call], at: datetime) -> None:
    """Ring all of these, each once."""
    if not calls:
        return
    _alone()
    waiting = _waiting(calls, at)
    columns = (PageReason.page_id, PageReason.escalation_id, PageReason.round, PageReason.step, PageReason.target)
    rows = [(waiting[one.callee.key].id, one.run.id, one.round, one.step, one.callee.key) for one in calls]
    arrays = [literal(each, ARRAY(column.type)) for column, each in zip(columns, zip(*rows, strict=True), strict=True)]
    reasons = insert(PageReason).from_select(columns, select(*(func.unnest(each) for each in arrays)))
    db.session.execute(reasons.on_conflict_do_nothing())


def questions(runs: Sequence[Escalation]) -> list[Call]:
    """Asks whoever is on these whether they still are; steps count down from -1, so that each is a call of its own."""
    if not runs:
        return []
    asked = select(Agent.id, Agent.name).where(among(Agent.id, {run.acknowledged_by_id for run in runs} - {None}))
    people = {agent_id: Callee(name, agent_id) for agent_id, name in db.session.execute(asked)}
    fallbacks = _fallbacks([run for run in runs if run.acknowledged_by_id is None])
    reasons = select(PageReason.escalation_id, func.min(PageReason.step)).group_by(PageReason.escalation_id)
    of_runs = among(PageReason.escalation_id, [run.id for run in runs])
    first = dict(db.session.execute(reasons.where(of_runs)).all())
    return [
        Call(run, run.round, min(first.get(run.id, 0), 0) - 1, callee)
        for run in runs
        if (callee := people.get(run.acknowledged_by_id or 0) or fallbacks.get(run.id)) is not None
    ]


def _fallbacks(runs: Sequence[Escalation]) -> dict[int, Callee]:
    """By run, the fallback that was rung for it last: nobody else says "on it" without being somebody here."""
    if not runs:
        return {}
    rung = (
        select(PageReason.escalation_id, Page.name, Page.target)
        .join(PageReason.page)
        .where(among(PageReason.escalation_id, [run.id for run in runs]))
        .where(Page.agent_id.is_(None), Page.begun_at.is_not(None))
        .order_by(Page.begun_at, Page.id)
    )
    return {run_id: Callee(name, None, *_method(target)) for run_id, name, target in db.session.execute(rung)}


def _method(target: str) -> tuple[str, str]:
    """Kind and address of the fallback a page is for."""
    _, kind, address = target.split(":", 2)
    return kind, address


def begin_anew(run: Escalation) -> None:
    """Its first round may ring those again who were rung: the rounds so far move below nothing, six at a time."""
    of_run = PageReason.escalation_id == run.id
    lowest = db.session.scalar(select(func.min(PageReason.round)).where(of_run)) or 0
    below = (plans.MOST_REPEATS + 1) * (1 - min(lowest, 0) // (plans.MOST_REPEATS + 1))
    counted = update(PageReason).where(of_run, PageReason.round >= 0)
    db.session.execute(counted.values(round=PageReason.round - below))


def call_off(runs: Collection[Escalation], how: str, at: datetime) -> None:
    """Ring nobody any more for runs that are over, or that somebody is on; a page for other runs too goes on."""
    _alone()
    ids = [run.id for run in runs]
    others = exists().where(
        PageReason.page_id == Page.id,
        PageReason.escalation_id == Escalation.id,
        ~among(Escalation.id, ids),
        or_(Escalation.state == "running", and_(Escalation.state == "acknowledged", PageReason.step < 0)),
    )
    mine = select(PageReason.page_id).where(among(PageReason.escalation_id, ids))
    open_pages = select(Page).where(Page.id.in_(mine), Page.ended_at.is_(None), ~others)
    _end(db.session.scalars(open_pages.with_for_update(of=Page)).all(), how, at)


def forget(ticket_id: int) -> None:
    """Take away every run of a ticket that is taken away; a page made for it has nothing left to say."""
    runs = select(Escalation.id).where(Escalation.ticket_id == ticket_id).scalar_subquery()
    db.session.execute(delete(PageReason).where(PageReason.escalation_id.in_(runs)))
    db.session.execute(delete(Escalation).where(Escalation.ticket_id == ticket_id))


def came_back(delivery: Delivery) -> None:
    """It left and bounced: what becomes of its attempt is read once more, as of one that never left."""
    # One that is just being read as sent counts too: this waits for that, and sends it back.
    attempt = update(PageAttempt).where(PageAttempt.delivery_id == delivery.id)
    db.session.execute(attempt.where(PageAttempt.state.in_(("leaving", "sent"))).values(state="leaving"))


def tick() -> int:
    """Begin, send and follow pages; how many things happened."""
    return sum(_all_of(step) for step in (_begin, _leave, _follow))


def _all_of(step: Callable[[datetime], int]) -> int:
    done = 0
    while True:
        _alone()
        count = step(now())
        db.session.commit()
        done += count
        if not count:
            return done


def _alone() -> None:
    """Until this transaction ends nobody else changes pages."""
    db.session.execute(select(func.pg_advisory_xact_lock(_PAGES)))


def _waiting(calls: Sequence[Call], at: datetime) -> dict[str, Page]:
    """By target, the page that waits for them, locked; a new one a minute after the last at the earliest."""
    callees = {call.callee.key: call.callee for call in calls}
    urgent = {call.callee.key for call in calls if call.is_urgent}
    open_pages = select(Page).where(among(Page.target, callees), Page.begun_at.is_(None), ~Page.is_test)
    found = {page.target: page for page in db.session.scalars(open_pages.with_for_update())}
    hurried = {key for key in urgent & found.keys() if not found[key].is_urgent}
    new = callees.keys() - found.keys()
    earliest = _earliest([callees[key] for key in hurried | new], urgent, at)
    for key in hurried:
        found[key].is_urgent, found[key].not_before = True, earliest[key]
    made = [
        Page(
            target=key,
            agent_id=one.agent_id,
            name=one.name,
            is_urgent=key in urgent,
            made_at=at,
            not_before=earliest[key],
        )
        for key, one in callees.items()
        if key in new
    ]
    db.session.add_all(made)
    db.session.flush()
    return found | {page.target: page for page in made}


def _earliest(callees: Sequence[Callee], urgent: Collection[str], at: datetime) -> dict[str, datetime]:
    """By target, when their next page may begin; a page that was called off before it rang delays none."""
    if not callees:
        return {}
    lately = (
        select(Page.target, func.max(Page.begun_at))
        .where(among(Page.target, [one.key for one in callees]))
        .where(Page.begun_at > at - BUNDLE, ~Page.is_test, Page.attempts.any())
        .group_by(Page.target)
    )
    begun = db.session.execute(lately)
    free = {one.key: at for one in callees} | {key: last + BUNDLE for key, last in begun if last is not None}
    sleeping = {one.agent_id: free[one.key] for one in callees if one.agent_id is not None and one.key not in urgent}
    awake = quiet.ends(sleeping)
    return {one.key: awake.get(one.agent_id or 0, free[one.key]) for one in callees}


def _begin(at: datetime) -> int:
    due = (
        select(Page)
        .where(Page.begun_at.is_(None), Page.not_before <= at)
        .order_by(Page.not_before, Page.id)
        .limit(_BATCH)
        .options(selectinload(Page.reasons), selectinload(Page.attempts))
        .with_for_update(skip_locked=True, of=Page)
    )
    return sum(_begin_one(one, at) for one in db.session.scalars(due).all())


def _begin_one(one: Page, at: datetime) -> bool:
    """False when it must wait for a run that somebody holds just now."""
    if not one.reasons and not one.is_test:
        _end([one], "called_off", at)
        return True
    methods = _methods(one, at)
    if not methods:
        return _give_up(one, at)
    one.begun_at = at
    one.attempts.extend(methods)
    return True


def _methods(one: Page, at: datetime) -> list[PageAttempt]:
    if one.agent_id is None:
        kind, address = _method(one.target)
        return [PageAttempt(kind=kind, address=address, delay_seconds=0, due_at=at)]
    usable = select(ContactMethod).where(
        ContactMethod.agent_id == one.agent_id,
        ContactMethod.verified_at.is_not(None),
        ContactMethod.removed_at.is_(None),
    )
    methods = db.session.scalars(usable.order_by(ContactMethod.delay_seconds, ContactMethod.id))
    return [
        PageAttempt(
            kind=method.kind,
            address=method.address,
            delay_seconds=method.delay_seconds,
            due_at=at + timedelta(seconds=method.delay_seconds),
        )
        for method in methods
    ]


def _leave(at: datetime) -> int:
    due = (
        select(PageAttempt)
        .where(PageAttempt.state == "waiting", PageAttempt.due_at <= at)
        .order_by(PageAttempt.due_at, PageAttempt.id)
        .limit(_BATCH)
        .options(joinedload(PageAttempt.page, innerjoin=True))
        .with_for_update(skip_locked=True, of=PageAttempt)
    )
    return sum(_leave_one(attempt, at) for attempt in db.session.scalars(due).all())


def _leave_one(attempt: PageAttempt, at: datetime) -> bool:
    if attempt.state != "waiting":
        return False  # one before it in this batch ended its page
    if not attempt.page.is_test and not limits.allowed(attempt.kind, _before(attempt, at), at):
        return _missed(attempt, "skipped", "It was rung too often just now.", at)
    _send(attempt)
    db.session.flush()
    return True


def _before(attempt: PageAttempt, at: datetime) -> Sequence[datetime]:
    """When it was tried lately; test pages count for nothing."""
    tried = select(PageAttempt.due_at).join(Page, Page.id == PageAttempt.page_id)
    tried = tried.where(
        Page.is_test.is_(False),
        PageAttempt.kind == attempt.kind,
        PageAttempt.address == attempt.address,
        PageAttempt.due_at > at - limits.LONGEST,
        PageAttempt.state.in_(("leaving", "sent", "failed")),
    )
    return [due_at for due_at in db.session.scalars(tried) if due_at is not None]


def _send(attempt: PageAttempt) -> None:
    words = wording.of(attempt.page, attempt.kind)
    if attempt.kind == browsers.KIND:
        words["subscription"] = browsers.subscription_of(attempt)
    delivery = Delivery(
        purpose="page",
        kind=LEAVES_BY.get(attempt.kind, attempt.kind),
        content=words,
        recipients=[DeliveryRecipient(address=attempt.address, name=attempt.page.name)],
    )
    attempt.delivery_id = outbox.enqueue(delivery).id
    attempt.state = "leaving"


def _follow(at: datetime) -> int:
    """Read what became of what left; a telephone's company has ten minutes to say."""
    told = DeliveryRecipient.progress.in_(_LOST | _REACHED)
    left = (
        select(PageAttempt, Delivery, DeliveryRecipient.progress)
        .join(Delivery, Delivery.id == PageAttempt.delivery_id)
        .join(DeliveryRecipient, DeliveryRecipient.delivery_id == Delivery.id)
        .where(PageAttempt.state == "leaving")
        .where(
            Delivery.state.in_((State.FAILED, State.UNCERTAIN, State.CANCELLED))
            | (
                (Delivery.state == State.SENT)
                & (PageAttempt.kind.not_in(LEAVES_BY) | told | (Delivery.sent_at < at - _PATIENCE))
            )
        )
        .order_by(PageAttempt.id)
        .limit(_BATCH)
        .options(joinedload(PageAttempt.page, innerjoin=True))
        .with_for_update(skip_locked=True, of=PageAttempt)
    )
    return sum(_follow_one(*row, at) for row in db.session.execute(left).all())


def _follow_one(attempt: PageAttempt, delivery: Delivery, progress: str, at: datetime) -> bool:
    reason = delivery.reason or progress
    if progress == "gone":
        browsers.lay_aside(attempt)
    if delivery.state in {State.FAILED, State.CANCELLED} or progress in _LOST:
        return _missed(attempt, "failed", reason, at)
    attempt.state, attempt.reason = "sent", reason
    db.session.flush()
    return True


def _missed(attempt: PageAttempt, state: str, reason: str, at: datetime) -> bool:
    """This method did not reach them: the next is tried now; after the last of them all, the next step is due.

    False when that must wait for a run which somebody holds just now; nothing has changed then.
    """
    one = attempt.page
    if one.ended_at is None:
        of_page = select(PageAttempt).where(PageAttempt.page_id == one.id, PageAttempt.id != attempt.id)
        others = db.session.scalars(of_page.order_by(PageAttempt.due_at, PageAttempt.id)).all()
        waiting = [each for each in others if each.state == "waiting"]
        if waiting:
            waiting[0].due_at = min(waiting[0].due_at or at, at)
        elif all(each.state in {"failed", "skipped"} for each in others) and not _give_up(one, at):
            return False
    attempt.state, attempt.reason = state, reason
    db.session.flush()
    return True


def _give_up(one: Page, at: datetime) -> bool:
    """Nothing reached them: the runs whose last step they were rung for go on to the next at once.

    False when somebody holds one of these runs; nothing has changed then.
    """
    reasons = db.session.scalars(select(PageReason).where(PageReason.page_id == one.id)).all()
    ids = {reason.escalation_id for reason in reasons}
    held = select(Escalation).where(Escalation.id.in_(ids)).with_for_update(skip_locked=True)
    runs = {run.id: run for run in db.session.scalars(held.execution_options(populate_existing=True))}
    if len(runs) < len(ids):
        return False
    _end([one], "failed", at)
    for reason in reasons:
        run = runs[reason.escalation_id]
        if (reason.round, reason.step) == (run.round, run.step - 1):
            pacing.hurry(run, at)
    return True


def _end(pages: Sequence[Page], how: str, at: datetime) -> None:
    """No further method of these is tried."""
    for one in pages:
        one.ended_at, one.end = at, how
        one.begun_at = one.begun_at or at
    if pages:
        of_pages = among(PageAttempt.page_id, [one.id for one in pages])
        unsent = update(PageAttempt).where(of_pages, PageAttempt.state == "waiting")
        db.session.execute(unsent.values(state="skipped", reason=_WHY[how]))
