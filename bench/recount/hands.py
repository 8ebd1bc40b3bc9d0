"""In whose hands a ticket was at an instant, and by which channel its customer wrote last, as its events tell."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from bench.recount.log import Ticket


class Hands(NamedTuple):
    """Who had it."""

    team: int | None
    agent: int | None
    channel: str


class Held:
    """The hands of one ticket over time."""

    def __init__(self, ticket: Ticket) -> None:
        self.steps: list[tuple[int, Hands]] = []
        parted = [one.at for one in ticket.events if one.kind == "ticket.parted"]
        self._known = parted[0] if parted else 0
        """Since when there is such a ticket; what came before was told on another."""
        now = Hands(None, None, "")
        for one in ticket.events:
            channel = ticket.said_in.get(one.message or 0, (0, now.channel))[1]
            if one.kind == "ticket.opened":
                now = Hands(one.data.get("team"), one.data.get("assignee") or one.agent, channel)
            elif one.kind == "message.received" and not one.data.get("automatic"):
                now = now._replace(channel=channel)
            elif one.kind in {"message.sent", "message.overheard"}:
                takes = now.agent is None and one.at >= self._known
                now = now._replace(agent=one.agent if takes else now.agent, channel=now.channel or channel)
            elif one.kind == "ticket.assigned":
                now = now._replace(agent=one.data["after"])
            elif one.kind == "ticket.handed":
                now = now._replace(team=one.data["after"], agent=None)
            if not self.steps or self.steps[-1][1] != now:
                self.steps.append((one.at, now))

    def at(self, instant: int) -> Hands:
        """What happened at the instant itself counts; one made of messages of another had those it was given then."""
        place = bisect_right(self.steps, max(instant, self._known), key=lambda step: step[0]) - 1
        return self.steps[max(0, place)][1]
