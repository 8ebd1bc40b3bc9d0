"""What was bought ahead and what is drawn from it: an append-only ledger, each debit once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, select, update

from helpdesk.db import among, db
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.contracts.models import ContractVersion, PrepaidBalance, PrepaidEntry, TimeEntry


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a debit went. `left` is what the contract still has; `exhausted` when it could not be paid in full."""

    balance_id: int | None
    left: int
    exhausted: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A balance and what is left on it, in its unit: incidents or minutes."""

    balance: PrepaidBalance
    left: int

    @property
    def is_low(self) -> bool:
        """Whether so much is used that people want to be told."""
        used = self.balance.bought - self.left
        return used * 100 >= self.balance.warn_percent * self.balance.bought


def draw_incident(contract_id: int, ticket_id: int, at: datetime) -> Drawn:
    """One incident for a ticket, from the balance that expires first with something left. Twice is harmless.

    A contract without balances of incidents gives `Drawn(None, 0, False)`: nothing was to be drawn.
    """
    if not _sells(contract_id, "incidents"):
        return Drawn(None, 0, exhausted=False)
    balances = _locked(contract_id, "incidents", _day(contract_id, at))
    entries = _entries(contract_id, ticket_id, "incidents")
    drawn = [entry for entry in entries if entry.key.startswith("ticket:")]
    if sum(entry.amount for entry in entries) > 0 and drawn:
        return Drawn(drawn[-1].balance_id, sum(one.left for one in balances), exhausted=False)
    return _draw(balances, 1, _Debit(ticket_id, f"ticket:{ticket_id}:{len(entries)}", "A request", None))


def draw_minutes(  # noqa: PLR0913 - a line of a ledger
    contract_id: int, ticket_id: int, minutes: int, at: datetime, *, key: str, what: str = "", by: Agent | None = None
) -> Drawn:
    """Working time, rounded as the balance says, from the balances that expire first. The same `key` twice is harmless.

    What the balances cannot pay is not drawn: then `exhausted` is set and all that was left is used.

    Raises:
        Invalid: no time was worked.
        Conflict: the key drew for another ticket before.
    """
    if minutes <= 0:
        raise Invalid("Nothing to draw.", {"minutes": "Enter how many minutes were worked."})
    balances = _locked(contract_id, "minutes", _day(contract_id, at))
    before = next((entry for entry in _entries(contract_id, ticket_id, "minutes") if entry.key == key), None)
    if before is not None:
        return Drawn(before.balance_id, sum(one.left for one in balances), exhausted=False)
    if _is_used(key, balances):
        raise Conflict("This form was sent for another ticket already. Load the page again.")
    first = next((one.balance for one in balances if one.left > 0), None)
    charged = rounded(minutes, step=first.round_to, grace=first.grace, least=first.least) if first else minutes
    return _draw(balances, charged, _Debit(ticket_id, key, what or f"{minutes} minutes of work", by))


def rounded(minutes: int, *, step: int, grace: int, least: int) -> int:
    """Minutes as they are charged: whole steps, up when more than `grace` lie over one, and never below `least`."""
    steps, over = divmod(minutes, max(1, step))
    return max(least, (steps + (over > grace)) * max(1, step))


def give_back(ticket_id: int, reason: str, *, unit: str = "", by: Agent | None = None) -> int:
    """Take back whatever was drawn for a ticket, or what was in a unit, on its balances; how much. Twice is harmless.

    Raises:
        Invalid: no reason was given.
    """
    if not reason.strip():
        raise Invalid("Say why it is given back.", {"reason": "Say why."})
    of_ticket = select(PrepaidEntry.balance_id).where(PrepaidEntry.ticket_id == ticket_id)
    rows = select(PrepaidBalance).where(PrepaidBalance.id.in_(of_ticket)).order_by(PrepaidBalance.id).with_for_update()
    if unit:
        rows = rows.where(PrepaidBalance.unit == unit)
    total = 0
    for balance in db.session.scalars(rows).all():
        net, count = _net(balance.id, ticket_id)
        if net > 0:
            _write(balance.id, -net, _Debit(ticket_id, f"back:{ticket_id}:{count}", reason.strip(), by))
            total += net
    if unit != "incidents":
        db.session.execute(update(TimeEntry).where(TimeEntry.ticket_id == ticket_id).values(drawn=0))
    db.session.flush()
    return total


def take_back(ticket_id: int, key: str, *, by: Agent | None = None) -> int:
    """Reverse what was drawn under a key, on the balances it came from; how much. Twice is harmless."""
    drawn = PrepaidEntry.ticket_id == ticket_id, PrepaidEntry.key == key
    rows = select(PrepaidBalance).where(PrepaidBalance.id.in_(select(PrepaidEntry.balance_id).where(*drawn)))
    db.session.scalars(rows.order_by(PrepaidBalance.id).with_for_update()).all()
    back = f"back:{key}"
    if db.session.scalar(select(PrepaidEntry.id).where(PrepaidEntry.key == back).limit(1)) is not None:
        return 0
    total = 0
    for entry in db.session.scalars(select(PrepaidEntry).where(*drawn).order_by(PrepaidEntry.id)).all():
        amount = min(entry.amount, max(0, _net(entry.balance_id, ticket_id)[0]))
        if amount > 0:
            _write(entry.balance_id, -amount, _Debit(ticket_id, back, f"Taken back: {entry.reason}", by))
            total += amount
    db.session.flush()
    return total


def sells_minutes(contract_id: int) -> bool:
    """Whether working time was ever bought ahead under it."""
    return _sells(contract_id, "minutes")


def left(contract_id: int, on: date) -> list[Left]:
    """The balances that can be drawn from on a day, in the order they are drawn from."""
    return _left(list(db.session.scalars(_usable(contract_id, on))))


@dataclass(frozen=True, slots=True)
class _Debit:
    """What a debit is for."""

    ticket_id: int
    key: str
    reason: str
    by: Agent | None


def _draw(balances: list[Left], amount: int, debit: _Debit) -> Drawn:
    rest, first = amount, None
    for one in balances:
        part = min(rest, one.left)
        if part > 0:
            _write(one.balance.id, part, debit)
            first = first or one.balance.id
            rest -= part
    db.session.flush()
    return Drawn(first, sum(one.left for one in balances) - (amount - rest), exhausted=bool(balances) and rest > 0)


def _sells(contract_id: int, unit: str) -> bool:
    """Whether any of the unit was ever bought ahead."""
    rows = select(PrepaidBalance.id).where(PrepaidBalance.contract_id == contract_id, PrepaidBalance.unit == unit)
    return db.session.scalar(rows.limit(1)) is not None


def _locked(contract_id: int, unit: str, on: date) -> list[Left]:
    """All balances of the unit are locked, spent or not, so that two draws never see the same rest."""
    rows = _usable(contract_id, on).where(PrepaidBalance.unit == unit).with_for_update()
    return _left(list(db.session.scalars(rows)))


def _is_used(key: str, balances: Sequence[Left]) -> bool:
    of_these = among(PrepaidEntry.balance_id, [one.balance.id for one in balances])
    return bool(db.session.scalar(select(exists().where(of_these, PrepaidEntry.key == key))))


def _usable(contract_id: int, on: date) -> Select[PrepaidBalance]:
    return (
        select(PrepaidBalance)
        .where(
            PrepaidBalance.contract_id == contract_id,
            PrepaidBalance.bought_on <= on,
            PrepaidBalance.expires_on.is_(None) | (PrepaidBalance.expires_on >= on),
        )
        .order_by(PrepaidBalance.expires_on.asc().nulls_last(), PrepaidBalance.id)
    )


def _left(balances: list[PrepaidBalance]) -> list[Left]:
    if not balances:
        return []
    sums = db.session.execute(
        select(PrepaidEntry.balance_id, func.sum(PrepaidEntry.amount))
        .where(PrepaidEntry.balance_id.in_([balance.id for balance in balances]))
        .group_by(PrepaidEntry.balance_id)
    )
    used = {balance_id: int(drawn) for balance_id, drawn in sums}
    return [Left(balance, balance.bought - used.get(balance.id, 0)) for balance in balances]


def _entries(contract_id: int, ticket_id: int, unit: str) -> list[PrepaidEntry]:
    """All of a ticket in a unit under a contract, whatever became of the balance since."""
    rows = (
        select(PrepaidEntry)
        .join(PrepaidBalance, PrepaidBalance.id == PrepaidEntry.balance_id)
        .where(PrepaidBalance.contract_id == contract_id, PrepaidBalance.unit == unit)
        .where(PrepaidEntry.ticket_id == ticket_id)
        .order_by(PrepaidEntry.id)
    )
    return list(db.session.scalars(rows))


def _net(balance_id: int, ticket_id: int) -> tuple[int, int]:
    """What a ticket has drawn of a balance, less what was given back, and in how many entries."""
    of_ticket = PrepaidEntry.balance_id == balance_id, PrepaidEntry.ticket_id == ticket_id
    asked = select(func.coalesce(func.sum(PrepaidEntry.amount), 0), func.count()).where(*of_ticket)
    net, count = db.session.execute(asked).one()
    return int(net), int(count)


def _write(balance_id: int, amount: int, debit: _Debit) -> None:
    db.session.add(
        PrepaidEntry(
            balance_id=balance_id,
            ticket_id=debit.ticket_id,
            key=debit.key,
            amount=amount,
            reason=debit.reason,
            agent_id=debit.by.id if debit.by else None,
            at=now(),
        )
    )


def _day(contract_id: int, at: datetime) -> date:
    """The date of an instant where the contract is at home; UTC for one without a version."""
    newest = (
        select(ContractVersion.zone)
        .where(ContractVersion.contract_id == contract_id)
        .order_by(ContractVersion.number.desc())
        .limit(1)
    )
    return at.astimezone(ZoneInfo(db.session.scalar(newest) or "UTC")).date()
