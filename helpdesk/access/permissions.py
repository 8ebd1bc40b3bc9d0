"""Who may do what: one matrix of roles and verbs, one select that is the only way to a ticket."""

from __future__ import annotations

from sqlalchemy import Select, false, select

from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket

_WORK = frozenset({"read", "reply", "note", "triage"})
VERBS = _WORK | {"manage", "administer"}

_ALL = select(Ticket)
_NONE = _ALL.where(false())

_MATRIX = {
    "admin": _WORK | {"manage", "administer"},
    "manager": _WORK | {"manage"},
    "agent": _WORK,
}


def visible_tickets(agent: Agent) -> Select[Ticket]:
    """The tickets this agent may see. Every list, search, count and single load starts here.

    Every active agent sees every ticket; a restriction to teams or brands is one more `where` in this place. It is
    always one of the same few selects: what pages ask of them is put together once for each.
    """
    return _ALL if agent.is_active else _NONE


def may(agent: Agent, verb: str, thing: object = None) -> bool:
    """Whether `agent` may `verb` the `thing`: a ticket, or None for the workspace. Denied unless the matrix says so."""
    if verb not in VERBS:
        raise ValueError(f"unknown verb {verb}")
    return agent.is_active and verb in _MATRIX.get(agent.role, frozenset()) and _concerns(verb, thing)


def _concerns(verb: str, thing: object) -> bool:
    """Tickets are worked on, what was agreed is managed, the rest of the workspace is administered."""
    return isinstance(thing, Ticket) == (verb in _WORK)
