"""The saved views in the sidebar, with their numbers: each kept for a while that grows with what counting it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from helpdesk.access.permissions import visible_tickets
from helpdesk.errors import DomainError
from helpdesk.people.models import Agent
from helpdesk.tickets.counts import of_views
from helpdesk.tickets.savedviews import Named
from helpdesk.tickets.views import View, view_of

_SHARE = 100
"""Counting takes at most this part of the time: what took 5 ms is shown for half a second."""
_KEPT = 2000

_Key = tuple[str, int]


class Numbers:
    """What was counted of late by this process."""

    def __init__(self) -> None:
        self._known: dict[_Key, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def of(self, views: Sequence[View], agent: Agent) -> list[int]:
        """A number for each view; those that are not known any more are counted in one statement."""
        keys = [_key(view, agent) for view in views]
        begun = time.monotonic()
        with self._lock:
            known = {key: self._known[key][0] for key in keys if self._known.get(key, (0, 0.0))[1] > begun}
        missing = {key: view for key, view in zip(keys, views, strict=True) if key not in known}
        counted = of_views(visible_tickets(agent), list(missing.values()), agent)
        ended = time.monotonic()
        fresh = dict(zip(missing, counted, strict=True))
        with self._lock:
            if len(self._known) > _KEPT:
                self._known.clear()
            self._known.update({key: (one, ended + (ended - begun) * _SHARE) for key, one in fresh.items()})
        return [(known | fresh)[key] for key in keys]


def numbered(saved: Sequence[Named], agent: Agent, numbers: Numbers) -> list[tuple[Named, View, int]]:
    """Each with its number. One whose filter cannot be read any more is left out."""
    found = [(one, view) for one in saved if (view := _view(one)) is not None]
    counted = numbers.of([view for _, view in found], agent)
    return [(one, view, number) for (one, view), number in zip(found, counted, strict=True)]


def _view(saved: Named) -> View | None:
    try:
        return view_of(saved.view)
    except DomainError:
        return None


def _key(view: View, agent: Agent) -> _Key:
    """The same number for everybody, unless the view is about who looks."""
    is_own = view.base.key == "mine" or view.filter.person == "me"
    return view.key, agent.id if is_own else 0
