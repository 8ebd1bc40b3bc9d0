"""Engineers who are sent, arrive or not after all, are not let in or called back; one visit of a ticket at a time."""

from __future__ import annotations

import random
from datetime import datetime

from bench.year.life import Life


def go_on(life: Life, at: datetime, chance: random.Random, *, by: int) -> None:
    """Whatever may happen next to the ticket's visit."""
    if life.is_on_the_way:
        _on_the_way(life, at, chance, by)
    elif life.visit and chance.random() < 0.3:
        life.is_on_the_way = True
        life.tell("visit.arrived", at, agent=by, visit=life.visit, on=False)
    else:
        life.visits += 1
        life.visit, life.is_on_the_way, life.is_refused = f"{life.id:x}-{life.visits}", True, False
        life.tell("visit.dispatched", at, agent=by, visit=life.visit)


def _on_the_way(life: Life, at: datetime, chance: random.Random, by: int) -> None:
    fate = chance.random()
    if fate < 0.12:
        life.tell("visit.dispatched", at, agent=by, visit=life.visit, on=False)
        life.visit, life.is_on_the_way = "", False
    elif fate < 0.4 or (life.is_refused and fate < 0.7):
        life.is_refused = not life.is_refused
        life.tell("visit.refused", at, agent=by, visit=life.visit, on=life.is_refused)
    else:
        life.is_on_the_way = False
        life.tell("visit.arrived", at, agent=by, visit=life.visit)
