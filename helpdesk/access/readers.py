"""How many tickets each sign-in opens: one that reads everything is ended, and the administrators hear of it.

A stolen session of one agent is enough to read a whole house: 70,000 identity papers in 58 hours, at a vendor of
Discord's in September 2025. A person opens a ticket every few seconds at the most, and not for ten minutes without
a pause.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from flask import Request

from helpdesk.access import letters, sessions
from helpdesk.access.models import Session
from helpdesk.now import now
from helpdesk.settings import settings

log = logging.getLogger(__name__)

WITHIN = timedelta(minutes=10)
_READING = frozenset({"GET", "HEAD"})
_NAMED = ("number", "message_id")
"""What a route calls the ticket, or the message of one, that it shows."""
_SIGN_INS = 10_000


class Readers:
    """What each session has opened of late, counted by this process alone: it asks no database."""

    def __init__(self) -> None:
        self._opened: OrderedDict[str, dict[str, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def reads(self, whose: str, what: str) -> int:
        """How many different things somebody has opened within ten minutes, this one too."""
        at = now()
        with self._lock:
            opened = self._opened.setdefault(whose, {})
            self._opened.move_to_end(whose)
            opened.pop(what, None)
            opened[what] = at
            for oldest in list(opened):
                if at - opened[oldest] < WITHIN:
                    break
                del opened[oldest]
            if len(self._opened) > _SIGN_INS:
                self._opened.popitem(last=False)
            return len(opened)


def ends(readers: Readers, session: Session, request: Request) -> bool:
    """Whether a sign-in has opened more with this request than a person does.

    It is over then, and those who run the house are told, once the caller commits.
    """
    named = request.view_args or {}
    what = next((f"{name} {named[name]}" for name in _NAMED if name in named), "")
    if not what or request.method not in _READING:
        return False
    if readers.reads(session.token_hash, what) <= settings().ticket_reads:
        return False
    agent = session.agent
    log.warning("read_too_much", extra={"agent": agent.id, "session": session.id})
    letters.alarm(agent, session, settings().ticket_reads)
    sessions.end(session)
    return True
