"""What an agent sets for themselves: name, time zone, theme, the undo window and single keys."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.errors import Invalid
from helpdesk.people.models import Agent
from helpdesk.text.zones import zones

THEMES = ("", "light", "dark")
UNDO_SECONDS = (0, 5, 10, 30)


@dataclass(frozen=True)
class Profile:
    """One person's choices; `theme` is empty for the system's."""

    name: str
    zone: str
    theme: str
    undo_seconds: int
    single_keys: bool


def update(agent: Agent, profile: Profile) -> None:
    """Take the choices over.

    Raises:
        Invalid: by field, what does not fit; nothing is changed then.
    """
    fields = _mistakes(profile)
    if fields:
        raise Invalid("That does not fit yet.", fields)
    agent.name = profile.name.strip()
    agent.zone = profile.zone
    agent.theme = profile.theme
    agent.undo_seconds = profile.undo_seconds
    agent.single_keys = profile.single_keys


def set_theme(agent: Agent, theme: str) -> None:
    if theme not in THEMES:
        raise Invalid("That does not fit yet.", {"theme": "Choose light, dark or the system's."})
    agent.theme = theme


def _mistakes(profile: Profile) -> dict[str, str]:
    mistakes = {}
    if not profile.name.strip() or not profile.name.isprintable() or len(profile.name) > 200:
        mistakes["name"] = "Add the name colleagues use."
    if profile.zone not in zones():
        mistakes["zone"] = "Choose a time zone from the list."
    if profile.theme not in THEMES:
        mistakes["theme"] = "Choose light, dark or the system's."
    if profile.undo_seconds not in UNDO_SECONDS:
        mistakes["undo_seconds"] = "Choose off, 5, 10 or 30 seconds."
    return mistakes
