"""Raw mail to committed ticket with every safety on, beside a bare loop that parses, cleans, looks up and commits."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import nh3
import psycopg
from flask import Flask

from bench import corpus
from bench.ground import direct
from bench.meter import Spent, measured, median, quiet
from bench.table import Line
from channels import intake
from channels.intake import Arrival
from channels.models import Channel
from helpdesk.db import db

ROUND = 200
_FETCHED = 50
"""Mails a mailbox hands over at once."""


@dataclass
class Rates:
    """Rounds of the bare loop and of the product, in turns."""

    bare: list[Spent] = field(default_factory=list)
    product: list[Spent] = field(default_factory=list)

    def ratios(self) -> list[float]:
        """Product to the mean of the bare rounds around it."""
        around = [(self.bare[at].wall + self.bare[at + 1].wall) / 2 for at in range(len(self.product))]
        return [one / spent.wall for one, spent in zip(around, self.product, strict=True)]

    def calm(self) -> list[int]:
        return quiet(self.product) or list(range(len(self.product)))


def run(app: Flask, url: str, postmaster: int | None, *, mails: int, seed: int, domain: str) -> Rates:
    """File `mails` mails in rounds between rounds of the bare loop."""
    raws = corpus.mails(mails, seed=seed, domain=domain)
    rates = Rates()
    with direct(url) as connection:
        _prepare(connection)
        with app.app_context():
            file(corpus.mails(20, seed=99, domain=f"warm.{domain}"), f"warm{seed}")  # starts the parser
        for at, batch in enumerate(_rounds(raws)):
            _bare_round(rates, connection, batch, postmaster)
            with app.app_context(), measured(postmaster) as spent:
                file(batch, f"{seed}.{at}")
            rates.product.append(spent)
        _bare_round(rates, connection, raws[:ROUND], postmaster)
        _all_filed(connection)
    return rates


def line(name: str, rates: Rates, goal: str, *, least: float, cold: Rates | None = None) -> Line:
    """A line of the table: rate, CPU, ratio to the bare loop (or, with `cold`, to the rate into an empty database)."""
    calm = rates.calm()
    speed = median([ROUND / rates.product[at].wall for at in calm])
    ratio = median([rates.ratios()[at] for at in calm])
    cpu = median([1000 * rates.product[at].app / ROUND for at in calm])
    cpu_database = median([1000 * rates.product[at].database / ROUND for at in calm])
    cpu_bare = median([1000 * spent.app / ROUND for spent in rates.bare])
    compared = ratio if cold is None else ratio / median([cold.ratios()[at] for at in cold.calm()])
    words = f"{ratio:.2f} of the bare loop" + ("" if cold is None else f", {compared:.2f} of cold")
    return Line(
        name,
        f"{speed:.0f} mails/s (bare {speed / ratio:.0f})",
        goal,
        compared >= least,
        cpu=f"{cpu:.1f} ms + db {cpu_database:.1f} (bare {cpu_bare:.1f})",
        limit=words,
        others=median([rates.product[at].others for at in calm]),
    )


def file(raws: Sequence[bytes], name: str) -> None:
    """Take raw mails in and file them, as the worker does; `name` sets this batch apart from others."""
    channel = db.session.get_one(Channel, 1)
    arrivals = [Arrival(f"{name}:{at}", raw) for at, raw in enumerate(raws)]
    for at in range(0, len(arrivals), _FETCHED):
        intake.accept(channel, arrivals[at : at + _FETCHED])
    while intake.process_waiting():
        db.session.remove()


def _all_filed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """A mail in quarantine is no mail filed, and costs something else."""
    others = connection.execute("SELECT count(*) FROM inbound WHERE state <> 'done'").fetchone()
    if others != (0,):
        raise RuntimeError(f"{others} mails were not filed")


def _bare_round(
    rates: Rates, connection: psycopg.Connection[tuple[object, ...]], raws: Sequence[bytes], postmaster: int | None
) -> None:
    with measured(postmaster) as spent:
        for raw in raws:
            _bare(connection, raw)
    rates.bare.append(spent)


def _bare(connection: psycopg.Connection[tuple[object, ...]], raw: bytes) -> None:
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    text = html = ""
    for part in mail.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain":
            text = bytes(content).decode("utf-8", "replace")
        elif part.get_content_type() == "text/html":
            html = nh3.clean(bytes(content).decode("utf-8", "replace"))
    parent = mail.get("In-Reply-To", "")
    found = connection.execute("SELECT ticket FROM bare_message WHERE key = %s", [parent]).fetchone()
    if found is None:
        found = connection.execute(
            "INSERT INTO bare_ticket (subject) VALUES (%s) RETURNING id", [str(mail.get("Subject"))]
        ).fetchone()
    connection.execute(
        "INSERT INTO bare_message (ticket, key, text, html) VALUES (%s, %s, %s, %s)",
        [found[0] if found else 0, str(mail.get("Message-ID")), text, html],
    )
    connection.commit()


def _prepare(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS bare_ticket (id bigserial PRIMARY KEY, subject text)")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS bare_message"
        " (id bigserial PRIMARY KEY, ticket bigint, key text, text text, html text)"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS bare_key ON bare_message (key)")
    connection.commit()


def _rounds(raws: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for at in range(0, len(raws), ROUND):
        yield raws[at : at + ROUND]
