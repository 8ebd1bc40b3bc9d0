"""Pages through the whole application: session, queries, templates; beside one bare query in a bare Flask app."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from bench.ground import app_on, direct
from bench.meter import Spent, measured, median, percentile, quiet
from bench.seeding import LONG
from bench.table import Line
from helpdesk.db import db
from helpdesk.pagination import encode

HTML = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class Sample:
    """Milliseconds of single requests in rounds, by the wall and in app CPU, what a round cost, size, queries."""

    rounds: list[list[float]] = field(default_factory=list)
    computing: list[list[float]] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    size: int = 0

    def calm(self) -> list[int]:
        return quiet(self.spent) or list(range(len(self.rounds)))

    def at(self, share: float) -> float:
        """The median over the quiet rounds of a percentile."""
        return median([percentile(self.rounds[place], share) for place in self.calm()])

    def cpu(self, share: float) -> float:
        """The same of app CPU, which neighbours disturb least."""
        return median([percentile(self.computing[place], share) for place in self.calm()])

    @property
    def database(self) -> float:
        """CPU milliseconds of the database a request."""
        return median([1000 * self.spent[place].database / len(self.rounds[place]) for place in self.calm()])

    @property
    def others(self) -> float:
        return median([self.spent[place].others for place in self.calm()])

    def line(self, name: str, goal: int) -> Line:
        """Its 95th percentile against a goal in milliseconds."""
        took = self.at(0.95)
        return Line(
            name,
            f"p95 {took:.0f} ms, {max(self.queries)} queries",
            f"<= {goal} ms",
            took <= goal,
            cpu=f"{self.cpu(0.5):.0f} ms + db {self.database:.0f}",
            others=self.others,
        )


class Visitor:
    """A signed-in agent of one app."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.app = app_on(url)
        self.client: FlaskClient = self.app.test_client()
        self.client.set_cookie("kept", token)
        self._queries = 0
        with self.app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", self._count)
        self.csrf = _found(_TOKEN, self.get("/inbox/next-up"))

    def get(self, address: str) -> str:
        answer = self.client.get(address, headers=HTML)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        return answer.get_data(as_text=True)

    def reply(self, number: int) -> str:
        """Answer a ticket as the composer does, and take the fragment it swaps in."""
        form = {"csrf_token": self.csrf, "body": "We send somebody today.", "client_id": secrets.token_hex(16)}
        answer = self.client.post(f"/tickets/{number}/replies", data=form, headers={"HX-Request": "true"})
        if answer.status_code != 200:
            raise RuntimeError(f"reply: {answer.status_code} {answer.get_data(as_text=True)[:200]}")
        return answer.get_data(as_text=True)

    def sample(self, ask: Callable[[], str], into: Sample, postmaster: int | None, *, times: int) -> None:
        """One round of `times` requests."""
        took: list[float] = []
        computed: list[float] = []
        with measured(postmaster) as spent:
            for _ in range(times):
                self._queries = 0
                began, busy = time.perf_counter(), time.process_time()
                html = ask()
                computed.append(1000 * (time.process_time() - busy))
                took.append(1000 * (time.perf_counter() - began))
                into.queries.add(self._queries)
        into.size = len(html.encode())
        into.rounds.append(took)
        into.computing.append(computed)
        into.spent.append(spent)

    def _count(self, *_: Any) -> None:
        self._queries += 1


def numbers(url: str) -> list[int]:
    """Short tickets to open and answer, spread over the whole table, in no order."""
    with direct(url) as connection:
        found = connection.execute(
            "SELECT number FROM ticket, (SELECT greatest(1, max(id) / 4000) AS step FROM ticket) AS whole"
            " WHERE id % step = 0 AND message_count = 3 ORDER BY md5(number::text)"
        ).fetchall()
    return [int(str(number)) for (number,) in found]


def deep_page(url: str) -> str:
    """The address of a page in the middle of the list."""
    with direct(url) as connection:
        found = connection.execute(
            "SELECT queue_rank, queue_at, id FROM ticket WHERE status = 1 AND snoozed_until IS NULL AND spam_at IS NULL"
            " ORDER BY queue_rank, queue_at, id"
            " OFFSET (SELECT count(*) / 2 FROM ticket WHERE status = 1 AND snoozed_until IS NULL AND spam_at IS NULL)"
            " LIMIT 1"
        ).fetchone()
    return f"/inbox/next-up?after={encode(found or ())}"


def long_ticket(messages: int) -> int:
    return 1000 + LONG[messages]


@contextmanager
def bare(url: str) -> Iterator[Callable[[], str]]:
    """The machine's limit for a page: Flask and one indexed query of fifty rows."""
    app = Flask("bare")
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:

        @app.get("/")
        def page() -> str:
            rows = connection.execute(
                "SELECT number, subject FROM ticket WHERE status = 1 AND snoozed_until IS NULL AND spam_at IS NULL"
                " ORDER BY queue_rank, queue_at, id LIMIT 50"
            ).fetchall()
            return "".join(f"<li>{number} {subject}</li>" for number, subject in rows)

        client = app.test_client()
        yield lambda: client.get("/").get_data(as_text=True)


@contextmanager
def bare_write(url: str) -> Iterator[Callable[[], str]]:
    """The machine's limit for a reply: a message, an outbox row and one durable commit."""
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare_said (id bigserial PRIMARY KEY, body text)")
        connection.execute("CREATE TABLE IF NOT EXISTS bare_outbox (id bigserial PRIMARY KEY, said bigint)")
        connection.commit()

        def write() -> str:
            found = connection.execute("INSERT INTO bare_said (body) VALUES ('yes') RETURNING id").fetchone()
            connection.execute("INSERT INTO bare_outbox (said) VALUES (%s)", found)
            connection.commit()
            return ""

        yield write


def _found(pattern: re.Pattern[str], html: str) -> str:
    match = pattern.search(html)
    if match is None:
        raise RuntimeError("the page has no form token")
    return match.group(1)
