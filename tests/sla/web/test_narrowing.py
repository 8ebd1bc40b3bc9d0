"""Lists by what covers a ticket, and the same in its head."""

from __future__ import annotations

import re

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets import queue, views
from helpdesk.tickets.models import Ticket
from sla.entitlements.models import Entitlement
from tests.plugins.world import Browser, World
from tests.sla.contracts.agreed import contract, version


def covered(ticket: Ticket, source: str, contract_version_id: int | None = None) -> None:
    """Decided anew, as a correction does."""
    standing = db.session.query(Entitlement).filter_by(ticket_id=ticket.id, replaced_at=None)
    for one in standing:
        one.replaced_at = now()
    db.session.flush()
    db.session.add(
        Entitlement(
            ticket_id=ticket.id,
            source=source,
            contract_version_id=contract_version_id,
            reason="Somebody said so.",
            judged_at=now(),
            decided_at=now(),
        )
    )
    db.session.commit()


def listed(world: World, value: str) -> list[str]:
    view = views.view_of(f"next-up?agreement={value}")
    return [row.subject for row in queue.page(visible_tickets(world.ben), view, world.ben).rows
            if not row.subject.startswith("Proofer")]  # fmt: skip


class TestFiltering:
    def test_by_an_agreement_finds_tickets_of_all_its_versions(self, world: World):
        first = contract(world.olive.organization_id)
        second = version(first.contract_id, 2)
        other = contract(world.nora.organization_id, "C-200")
        for name, made in (("old", first), ("new", second), ("other", other)):
            covered(world.ticket(name), "contract", made.id)
        assert sorted(listed(world, str(first.contract_id))) == ["new", "old"]

    def test_by_a_warranty_or_by_nothing(self, world: World):
        for source in ("warranty", "none", "policy"):
            covered(world.ticket(source), source)
        assert (listed(world, "warranty"), listed(world, "none")) == (["warranty"], ["none"])

    def test_goes_by_what_was_decided_last(self, world: World):
        ticket = world.ticket("Here")
        covered(ticket, "warranty")
        covered(ticket, "none")
        assert (listed(world, "warranty"), listed(world, "none")) == ([], ["Here"])

    def test_offers_agreements_with_their_customers(self, world: World, ben_at_work: Browser):
        made = contract(world.olive.organization_id)
        db.session.commit()
        page = ben_at_work.get(f"/inbox/next-up/filter?agreement={made.contract_id}").text
        assert f'<option value="{made.contract_id}" selected>Orchard Dairy: Gold 24x7</option>' in page
        assert "Orchard Dairy: Gold 24x7" in ben_at_work.get(f"/inbox/next-up?agreement={made.contract_id}").text
        assert ben_at_work.get("/inbox/next-up?agreement=999999").status_code == 200
        assert ben_at_work.get("/inbox/next-up?agreement=gold").status_code == 422


class TestTheHeadOfATicket:
    def chips(self, browser: Browser, ticket: Ticket) -> list[str]:
        page = browser.get(f"/tickets/{ticket.number}/sides").text.partition("</header>")[0]
        return [
            re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r'<span class="tag.*?</span>', page, re.DOTALL)
        ]

    def test_names_the_agreement(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        made = contract(world.olive.organization_id)
        covered(ticket, "contract", made.id)
        assert self.chips(ben_at_work, ticket) == ["By email", "Gold 24x7"]

    def test_says_that_a_warranty_covers_it(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        covered(ticket, "warranty")
        assert self.chips(ben_at_work, ticket) == ["By email", "Under warranty"]

    def test_says_nothing_of_a_policy(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        covered(ticket, "policy")
        assert self.chips(ben_at_work, ticket) == ["By email"]
