"""What is behind a figure of money: exactly its tickets, the newest first, however far their ids lie apart."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets import merging
from helpdesk.tickets.models import Ticket
from sla.money import lists
from sla.money.lists import Asked
from sla.money.sums import Amount, Line
from sla.volume import counting
from tests.plugins.world import World
from tests.sla.money import books
from tests.sla.money.books import page, rate, worked

NOVEMBER = "2026-11-01", "2026-11-30"


@pytest.fixture
def tickets(world: World) -> list[Ticket]:
    """Eight, of which two are near each other; an old one merged into a new one, and a new one into an old one."""
    books.settle()
    world.ben.zone = "America/New_York"
    with travel(to=books.NOON):
        rate("work", 6000)
        rate("night", 1000)
        made = []
        for number, at in enumerate((1_000, 1_001, 2_000, 9_000, 9_400, 80_000, 80_700, 81_100)):
            db.session.execute(text("SELECT setval(pg_get_serial_sequence('ticket', 'id'), :at)"), {"at": at})
            made.append(world.ticket(f"Ticket {number}"))
        for ticket in made[:6]:
            worked(ticket, world.ben, 60, "2026-11-10")
        page(world.ben, "2026-11-12T03:00:00-05:00", made[1], made[3], made[6])
        merging.merge(made[0], into=made[5], by=world.ben)
        merging.merge(made[4], into=made[2], by=world.ben)
        world.reply(made[7])
        db.session.commit()
        counting.tick()
    return made


def _all(what: str, most: int) -> list[tuple[int, Line]]:
    asked = Asked(books.question(*NOVEMBER), what)
    found: list[tuple[int, Line]] = []
    while part := lists.tickets(asked, books.NOON, most=most, before=found[-1][0] if found else lists.FIRST):
        found += part
    return found


class TestTickets:
    @pytest.mark.parametrize("most", [1, 2, 3, 100])
    def test_are_the_figures(self, tickets: list[Ticket], most: int) -> None:
        found = _all("cost", most)
        assert [one for one, _ in found] == [tickets[place].id for place in (7, 6, 5, 3, 2, 1)]
        whole = books.money(*NOVEMBER).whole
        assert sum(line.of("untimed").many for _, line in found) == whole.of("untimed").many == 1
        for kind in ("work", "night"):
            added = Amount()
            for _, line in found:
                added = added.plus(line.of(kind))
            assert added == whole.of(kind)
        assert dict(found)[tickets[5].id].of("work") == Amount({"USD": 12_000}, many=2, quantity=120)
        assert [line.of("night").cents["USD"] for _, line in found if line.of("night").many] == [333, 333, 334]

    def test_of_a_kind_that_few_have(self, tickets: list[Ticket]) -> None:
        assert [one for one, _ in _all("untimed", 2)] == [tickets[7].id]
        assert [one for one, _ in _all("night", 2)] == [tickets[place].id for place in (6, 3, 1)]
