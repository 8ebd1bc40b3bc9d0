"""Who may change what was agreed: managers and administrators. Everybody may read it."""

from __future__ import annotations

from functools import wraps
from typing import Any, cast

from helpdesk.access.guards import View, agents_only, current_agent
from helpdesk.access.permissions import may
from helpdesk.errors import NotAllowed
from helpdesk.people.models import Agent


def manages(agent: Agent) -> bool:
    return may(agent, "manage")


def managers_only(view: View) -> View:
    """Only managers and administrators may call it; other agents are told so."""

    @agents_only
    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> Any:
        if not manages(current_agent()):
            raise NotAllowed("Only managers and administrators do this. Ask one of them.")
        return view(*arguments, **keywords)

    return cast(View, guarded)
