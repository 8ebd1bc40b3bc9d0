"""Promises: what they add to the intake of a mail, finding what is due among a million, replaying every ticket."""

from __future__ import annotations

import random
import resource
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from statistics import median

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql

from bench import agreements, corpus, histories
from bench.ground import Ground, app_on, direct
from bench.meter import Spent, measured
from bench.seeding import base
from bench.table import Line
from channels import intake
from channels.intake import Arrival
from channels.models import Channel
from channels.plugin import plugin as channels
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.plugins import Plugin
from sla.commitments import sweep, telling, tracking
from sla.commitments.models import Commitment
from sla.commitments.verifying import Verified, verify
from sla.entitlements.models import Entitlement, TicketAsset

CLOCKS = 1_000_000
MOST_REPLAYED = 100_000
_LIVED = 50
_BATCH, _SINGLE = 50, 20
_DUE = 200

_PROMISES = Plugin("promises", on={kind: [tracking.touch] for kind in telling.READ})
"""Coverage decided and clocks kept, as `sla.plugin` wires them; nobody is woken and nothing is counted."""

_FILL = """
SET session_replication_role = replica; SET synchronous_commit = off;
INSERT INTO commitment (ticket_id, entitlement_id, clause_id, cycle, metric, outcome, target_seconds, started_at,
  due_at, breaks_at, warns_at, fires_at, broken_on_change, elapsed_seconds, excuse)
SELECT 1 + i / 10, 1 + i / 10, 1 + i % 10, 1, 'resolution', 'running', 28800, now() - interval '1 hour', fires, fires,
  fires, fires, false, 0, ''
FROM (SELECT i, now() + interval '1 day' + i * interval '1 second' AS fires FROM generate_series(1, {clocks}) i) made;
"""


def lines(place: Ground, *, rounds: int, tickets: int) -> list[Line]:
    """All rows; each on a database of its own that goes with it."""
    with _database(place, "covered") as url:
        found = _intake(url, place.server.pid, rounds)
    with _database(place, "clocks") as url:
        found += _due(url)
    with _database(place, "replayed") as url:
        return [*found, _replay(url, place.server.pid, min(tickets, MOST_REPLAYED))]


@contextmanager
def _database(place: Ground, name: str) -> Iterator[str]:
    if place.has(name):
        place.drop(name)
    url = place.fresh(name)
    with direct(url) as connection:
        base(connection)
    try:
        yield url
    finally:
        place.drop(name)


def _intake(url: str, postmaster: int | None, rounds: int) -> list[Line]:
    """Mails of one customer, each with the serial of a unit: without promises, with them, and with all they lead to."""
    apps = [app_on(url, [channels]), app_on(url, [channels, _PROMISES]), app_on(url)]
    with apps[-1].app_context():
        agreements.sign()
    with direct(url) as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    for app in apps:
        _file(app, _BATCH, _BATCH, postmaster)
    found = [_added(_rounds(apps, each, rounds, postmaster), each) for each in (_BATCH, 1)]
    with apps[-1].app_context():
        _check(rounds)
    return found


def _rounds(apps: Sequence[Flask], each: int, rounds: int, postmaster: int | None) -> list[list[Spent]]:
    mails = _mails(each)
    return [[_file(app, mails, each, postmaster) for app in apps] for _ in range(rounds)]


def _mails(each: int) -> int:
    return _BATCH * 4 if each > 1 else _SINGLE


def _added(rounds: Sequence[Sequence[Spent]], each: int) -> Line:
    mails = _mails(each)
    plain, promised, whole = ([1000 * spent[app].wall / mails for spent in rounds] for app in range(3))
    added, all_added = (median(b - a for a, b in zip(plain, more, strict=True)) for more in (promised, whole))
    cpu = median(1000 * (spent[1].app - spent[0].app) / mails for spent in rounds)
    base_cpu = median(1000 * (spent[1].database - spent[0].database) / mails for spent in rounds)
    return Line(
        f"promises at intake, {'batches of ' + str(each) if each > 1 else 'single mails'}",
        f"+{added:.2f} ms a mail ({median(plain):.1f} -> {median(promised):.1f})",
        "<= 5 ms more",
        added <= 5,
        limit=f"with escalations and counts +{all_added:.2f} ms",
        cpu=f"+{cpu:.1f} ms + db {base_cpu:.1f}",
        others=median(spent.others for round_ in rounds for spent in round_),
    )


def _file(app: Flask, mails: int, each: int, postmaster: int | None) -> Spent:
    """File letters, `each` at a time."""
    raws = [_letter() for _ in range(mails)]
    with app.app_context():
        channel = db.session.get_one(Channel, 1)
        with measured(postmaster) as spent:
            for at in range(0, mails, each):
                arrivals = [Arrival(f"bench:{secrets.token_hex(8)}", raw) for raw in raws[at : at + each]]
                intake.accept(channel, arrivals)
                while intake.process_waiting():
                    pass
        db.session.remove()
    return spent


def _letter() -> bytes:
    unit, person = random.randrange(agreements.UNITS), random.randrange(200)
    mail = EmailMessage()
    mail["From"] = f"Person {person} <p{person}@{agreements.DOMAIN}>"
    mail["To"], mail["Subject"] = corpus.TO, f"Cold room {unit} is warm"
    mail["Message-ID"] = f"<{secrets.token_hex(8)}@{agreements.DOMAIN}>"
    words = "\n".join(["since this morning the display shows an error and nobody answers on the phone"] * 20)
    mail.set_content(f"Hello,\n\nunit {agreements.serial(unit)} at our second site is warm.\n\n{words}\n")
    return mail.as_bytes()


def _check(rounds: int) -> None:
    """Every mail filed with promises names its unit, is covered by an agreement and has clocks; no other does."""
    tickets = 2 * (_BATCH + rounds * (_mails(_BATCH) + _mails(1)))
    covered = select(func.count()).select_from(Entitlement).where(Entitlement.source == "contract")
    running = select(func.count(Commitment.ticket_id.distinct()))
    counts = [db.session.scalar(rows) for rows in (covered, select(func.count()).select_from(TicketAsset), running)]
    if counts != [tickets] * 3:
        raise RuntimeError(f"{tickets} mails gave {counts} agreements, units and promised tickets")


def _due(url: str) -> list[Line]:
    """The sweep's own query among a million running clocks, with nothing and with a batch due."""
    with direct(url) as connection:
        connection.execute(_FILL.format(clocks=CLOCKS))  # type: ignore[arg-type]
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE commitment")
    app = app_on(url)
    with app.app_context():
        found = [_scan("nothing due", 0)]
        db.session.execute(
            Commitment.__table__.update()  # type: ignore[attr-defined]
            .where(Commitment.id.in_(select(Commitment.id).order_by(func.random()).limit(_DUE)))
            .values(fires_at=now() - timedelta(seconds=1))
        )
        db.session.commit()
        return [*found, _scan(f"{_DUE} due", _DUE)]


def _scan(name: str, due: int) -> Line:
    rows = sweep.firing(now())
    spent = []
    for _ in range(100):
        began = time.perf_counter()
        found = list(db.session.scalars(rows))
        spent.append(time.perf_counter() - began)
        if len(found) != due:
            raise RuntimeError(f"{len(found)} of {due} due clocks were found")
    db.session.rollback()
    by_index = _uses("ix_commitment_fires_at")
    took = 1000 * median(spent)
    said = "by its partial index" if by_index else "NOT by its partial index"
    return Line(f"due of {CLOCKS:,} clocks, {name}", f"{took:.2f} ms", "<= 2 ms", took <= 2 and by_index, limit=said)


def _uses(index: str) -> bool:
    statement = str(
        sweep.firing(now()).compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    )
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN {statement}").scalars().all()
    db.session.rollback()
    return any(index in line for line in plan) and not any("Seq Scan" in line for line in plan)


def _replay(url: str, postmaster: int | None, tickets: int) -> Line:
    """`flask sla verify` over tickets of a dozen events each."""
    app = app_on(url)
    with app.app_context():
        histories.live(_LIVED, seed=7)
        db.session.remove()
    with direct(url) as connection:
        histories.multiply(connection, max(0, tickets // _LIVED - 1))
    before, count = _peak(), Verified()
    with app.app_context(), measured(postmaster) as spent:
        differences = sum(1 for _ in verify(count))
    scaled = spent.wall * 100_000 / count.tickets
    grown = _peak() - before
    return Line(
        f"replay, {count.tickets:,} tickets",
        f"{scaled:.0f} s for 100,000, {differences} differences, peak {before} -> {before + grown} MB",
        "<= 60 s, 0, flat",
        scaled <= 60 and not differences and grown <= 64,
        cpu=f"{1000 * spent.app / count.tickets:.2f} ms + db {1000 * spent.database / count.tickets:.2f} a ticket",
        limit=f"{count.cycles:,} promises",
        others=spent.others,
    )


def _peak() -> int:
    """The most memory this process ever held, in MB (getrusage(2): kilobytes, bytes on a Mac)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024 * 1024)
