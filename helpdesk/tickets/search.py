"""The search document of a ticket: words join it in the transaction that brings the message, and find it again."""

from __future__ import annotations

import re

from sqlalchemy import Select, delete, func, select, text, union
from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session

from helpdesk.db import db
from helpdesk.tickets.models import Ticket, TicketSearch

_WORDS_PER_MESSAGE = 40_000  # characters; a document may hold 1 MB
_APPEND = text(
    """
    INSERT INTO ticket_search (ticket_id, words)
    VALUES (:ticket, setweight(to_tsvector('simple', :subject), 'A')
                     || setweight(to_tsvector('simple', :body), CAST(:weight AS "char")))
    ON CONFLICT (ticket_id) DO UPDATE
       SET words = CASE WHEN length(ticket_search.words) > 20000 THEN ticket_search.words
                        ELSE ticket_search.words || excluded.words END
    """
)
"""A ticket of tens of thousands of words stops growing its document: it is found by what it has."""


def index(ticket_id: int, *, subject: str, body: str, note: bool = False) -> None:
    """Add words to a ticket's document: subject weight A, messages B, notes D."""
    db.session.info.setdefault("words", []).append(
        {
            "ticket": ticket_id,
            "subject": _words(subject)[:1000],
            "body": _words(body)[:_WORDS_PER_MESSAGE],
            "weight": "D" if note else "B",
        }
    )


def begin_again(ticket_id: int) -> None:
    """Forget a ticket's document; `index` writes it anew."""
    db.session.flush()
    db.session.execute(delete(TicketSearch).where(TicketSearch.ticket_id == ticket_id))


def by_number_or_subject(tickets: Select[Ticket], asked: str) -> Select[Ticket]:
    """Those with this number, or with words in a subject that begin like all of these; none for no word."""
    return tickets.where(Ticket.id.in_(union(_with_number(asked), _with_subject(asked))))


def _with_number(asked: str) -> Select[int]:
    digits = asked.strip().removeprefix("#")
    return select(Ticket.id).where(Ticket.number == (int(digits) if re.fullmatch(r"\d{1,15}", digits, re.ASCII) else 0))


def _with_subject(asked: str) -> Select[int]:
    """Ids by the words of subjects (weight A); the last word may be unfinished, and so may the others."""
    terms = re.findall(r"\w+", _words(asked))[:12]
    query = " & ".join(f"'{term}':*A" for term in terms)
    return select(TicketSearch.ticket_id).where(
        TicketSearch.words.bool_op("@@")(func.to_tsquery("simple", query)) if terms else text("false")
    )


@sa_event.listens_for(Session, "after_flush")
def _append(session: Session, _flushing: object) -> None:
    """Once the messages have their rows, all their words at once."""
    words = session.info.pop("words", [])
    if words:
        session.connection().execute(_APPEND, words)


@sa_event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _previous: object) -> None:
    session.info.pop("words", None)


def _words(said: str) -> str:
    """Split what PostgreSQL's parser would swallow: `ORD-7000003` must be found by its number."""
    return said.translate(_SEPARATORS)


_SEPARATORS = str.maketrans({"-": " ", "#": " ", "/": " ", "\0": None})
