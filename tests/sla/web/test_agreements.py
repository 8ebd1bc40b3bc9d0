"""Agreements by form: versions from now or from a day, states, rows that come and go, and bad input."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from sla.contracts import agreements, loading, versions
from sla.contracts.models import Contract, ContractVersion, PrepaidBalance
from tests.sla.web.scene import Dairy
from tests.sla.web.test_customers import DEAL, plain


@pytest.fixture
def deal(dairy: Dairy) -> str:
    return f"{dairy.url}/agreements/{dairy.contract.id}"


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


class TestWriting:
    def test_reads_every_field(self, manager, dairy):
        unit = dairy.units[0]
        form = {
            **DEAL,
            "number": "S-1",
            "notice_months": "2",
            "lines-0-asset_ids": [str(unit.id)],
            "lines-0-works": "repair, callout",
            "clauses-0-target-urgent": "30 min",
            "clauses-0-pauses": ["customer", "part"],
            "clauses-0-credit_kind": "percent",
            "clauses-0-credit": "2.5",
            "clauses-0-cap": "450",
            "clauses-0-line": "0",
        }
        answer = manager.post(f"{dairy.url}/agreements", form)
        assert answer.status_code == 303
        contract = db.session.scalars(select(Contract).where(Contract.number == "S-1")).one()
        agreed = versions.agreed(loading.newest(contract.id))
        clause = agreed.clauses[0]
        assert (agreed.value_cents, agreed.currency, agreed.notice_months) == (120_050, "USD", 2)
        assert (agreed.lines[0].asset_ids, agreed.lines[0].works) == ((unit.id,), ("repair", "callout"))
        assert (clause.target_seconds, clause.targets, clause.pauses) == (7200, {"urgent": 1800}, ("customer", "part"))
        assert clause.credit is not None
        assert (clause.credit.value, clause.credit.cap, clause.line) == (2.5, 45_000, 0)

    def test_shows_what_was_saved_and_saves_it_again_unchanged(self, manager, dairy, deal):
        before = versions.agreed(loading.newest(dairy.contract.id))
        page = manager.get(f"{deal}/edit").text
        assert "An engineer on site within 4 hours." in page
        form = {
            **{k: v for k, v in DEAL.items() if "-0-" not in k},
            "name": before.name,
            "kind": "outcome",
            "starts_on": "2026-02-01",
            "ends_on": "2027-01-31",
            "renewal": "express",
            "notice_months": "1",
            "value": "58,200",
            "outcome": "Rooms below −18 °C",
            "promised": "99.5",
            "measured": "99.7 % of hours",
            "lines-0-name": "Both freezers",
        }
        for place, clause in enumerate(before.clauses):
            form |= {
                f"clauses-{place}-words": clause.words,
                f"clauses-{place}-number": clause.number,
                f"clauses-{place}-metric": clause.metric,
                f"clauses-{place}-target": f"{clause.target_seconds // 60} min",
            }
        form |= {"clauses-1-credit_kind": "amount", "clauses-1-credit": "450"}
        assert manager.post(deal, form).status_code == 303
        assert versions.agreed(loading.newest(dairy.contract.id)) == before
        assert count(ContractVersion) == 3

    def test_adds_a_row_without_saving(self, manager, dairy):
        answer = manager.post(f"{dairy.url}/agreements", {**DEAL, "add": "clauses"})
        assert answer.status_code == 200
        assert 'name="clauses-1-words"' in answer.text
        assert "A person answers within 2 hours." in answer.text
        assert count(Contract) == 1

    def test_takes_rows_away(self, manager, dairy, deal):
        form = {
            **DEAL,
            "clauses-1-words": "News every day.",
            "clauses-1-metric": "update",
            "clauses-1-target": "24 h",
            "clauses-0-remove": "on",
        }
        manager.post(deal, form)
        assert [clause.words for clause in loading.newest(dairy.contract.id).clauses] == ["News every day."]

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"name": ""}, "Name it as the customer knows it"),
            ({"starts_on": ""}, "Enter the first day."),
            ({"starts_on": "2026-02-30"}, "There is no such day."),
            ({"ends_on": "2026-09-30"}, "It ends before it begins."),
            ({"ends_on": "9999-12-31"}, "Choose a day between 1900 and 2200."),
            ({"zone": "Mars/Olympus"}, "There is no such time zone."),
            ({"kind": "x"}, "Choose one of the list."),
            ({"value": "a lot"}, "Enter a number"),
            ({"value": "-5"}, "Enter a fee of nothing or more."),
            ({"value": "1e99"}, "Enter a number"),
            ({"notice_months": "two"}, "Enter a whole number."),
            ({"number": "A-7781"}, "This number is in use."),
            ({"clauses-0-target": "soon"}, "Enter a time like 30 min"),
            ({"clauses-0-target": "0 h"}, "Enter a time longer than nothing"),
            ({"clauses-0-target": "-2 h"}, "Enter a time"),
            ({"clauses-0-words": ""}, "Say it in the customer&#39;s words"),
            ({"clauses-0-calendar_id": "99"}, "There are no such hours."),
            ({"clauses-0-calendar_id": "x"}, "Choose from the list."),
            ({"clauses-0-credit_kind": "percent", "clauses-0-credit": "200"}, "at most 100 percent"),
            ({"lines-0-asset_ids": ["4711"]}, "This customer has no such unit."),
            ({"lines-0-site_ids": ["9" * 30]}, "Choose from the list."),
        ],
    )
    def test_names_the_field_keeps_the_words_and_saves_nothing(self, manager, dairy, wrong, words):
        answer = manager.post(f"{dairy.url}/agreements", {**DEAL, **wrong})
        assert answer.status_code == 422
        assert words in answer.text
        assert "2027-09-30" in answer.text or "ends_on" in wrong
        assert count(Contract) == 1


class TestVersions:
    def test_hold_from_now_or_from_a_day(self, manager, dairy, deal):
        later = {**DEAL, "name": "Platinum", "when": "date", "valid_from": "2027-01-01"}
        assert manager.post(deal, later).status_code == 303
        assert "Gold 24×7" in plain(manager.get(dairy.url).text)
        page = plain(manager.get(deal).text)
        assert "3 Platinum In force from 1 Jan 2027" in page

    @pytest.mark.parametrize(
        ("valid_from", "words"),
        [
            ("2026-10-12", "That day is past."),
            ("", "Enter the day it holds from."),
            ("2027-02-30", "There is no such day."),
        ],
    )
    def test_never_hold_from_a_day_that_is_none_or_past(self, manager, deal, valid_from, words):
        answer = manager.post(deal, {**DEAL, "when": "date", "valid_from": valid_from})
        assert (answer.status_code, words in answer.text) == (422, True)
        assert count(ContractVersion) == 2


class TestOpenTickets:
    def form(self, manager, deal, **more):
        values = versions.agreed(loading.newest(int(deal.rpartition("/")[2])))
        clause = {"clauses-0-words": "Cold again.", "clauses-0-target": "1 h", "clauses-0-metric": "resolution"}
        return DEAL | {"name": values.name} | clause | {"when": "now"} | more

    def due(self, ticket):
        db.session.expire_all()
        return ticket.next_due_words

    def test_take_a_change_over_once_it_was_shown(self, manager, world, deal):
        ticket = world.ticket("Pump")
        before = self.due(ticket)
        assert before
        form = self.form(manager, deal, open="take")
        shown = manager.post(deal, form)
        assert shown.status_code == 200
        assert "Nothing is saved yet" in shown.text
        assert f"#{ticket.number}" in plain(shown.text)
        assert len(loading.all_of(int(deal.rpartition("/")[2]))) == 2
        looked = re.search(r'name="looked" value="(\w+)"', shown.text)[1]
        other = manager.post(deal, form | {"looked": looked, "clauses-0-target": "2 h"})
        assert (other.status_code, self.due(ticket)) == (200, before)
        assert manager.post(deal, form | {"looked": looked}).location == f"{deal}?said=taken"
        assert self.due(ticket) == "Cold again."

    def test_keep_theirs_unless_chosen_otherwise(self, manager, world, deal):
        ticket = world.ticket("Pump")
        before = self.due(ticket)
        assert manager.post(deal, self.form(manager, deal)).location == f"{deal}?said=changed"
        assert self.due(ticket) == before

    def test_cannot_take_over_what_holds_later(self, manager, deal):
        answer = manager.post(deal, self.form(manager, deal, open="take", when="date", valid_from="2026-12-01"))
        assert answer.status_code == 422
        assert "only from now on" in answer.text
        assert len(loading.all_of(int(deal.rpartition("/")[2]))) == 2

    def test_take_over_a_draft_put_in_force(self, manager, world, dairy):
        [ticket] = [world.ticket("Pump")]
        for contract in db.session.scalars(select(Contract).where(Contract.organization_id == dairy.organization.id)):
            agreements.cancel(contract, by=world.mei)
        db.session.commit()
        at = manager.post(f"{dairy.url}/agreements", DEAL).location.partition("?")[0]
        form = {"do": "force", "when": "date", "valid_from": "2026-02-01", "open": "take"}
        shown = manager.post(f"{at}/state", form)
        looked = re.search(r'name="looked" value="(\w+)"', shown.text)[1]
        assert f"#{ticket.number}" in plain(shown.text)
        assert manager.post(f"{at}/state", form | {"looked": looked}).location == f"{at}?said=taken"
        assert self.due(ticket) == DEAL["clauses-0-words"]


class TestStates:
    def test_are_said_on_the_card(self, manager, dairy, deal):
        for do, words in (("suspend", "Suspended"), ("resume", "In force"), ("cancel", "Cancelled")):
            assert manager.post(f"{deal}/state", {"do": do}).status_code == 303
            assert words in plain(manager.get(deal).text)
        assert manager.post(f"{deal}/state", {"do": "resume"}).status_code == 409
        assert manager.post(f"{deal}/state", {"do": "explode"}).status_code == 422

    def test_renewed_shows_the_next_term(self, manager, dairy, deal):
        assert manager.post(f"{deal}/state", {"do": "renew"}).status_code == 303
        words = plain(manager.get(dairy.url).text)
        assert "From 1 Feb 2027" in words
        assert manager.post(f"{deal}/state", {"do": "renew"}).status_code == 409

    def test_of_a_draft_goes_in_force_from_a_day_that_is_past(self, manager, dairy):
        made = manager.post(f"{dairy.url}/agreements", DEAL).location.partition("?")[0]
        assert (
            manager.post(f"{made}/state", {"do": "force", "when": "date", "valid_from": "2026-10-01"}).status_code
            == 303
        )
        assert "In force" in plain(manager.get(made).text)

    def test_of_somebody_else_s_agreement_is_not_found(self, manager, dairy):
        assert manager.post(f"/customers/2/agreements/{dairy.contract.id}/state", {"do": "cancel"}).status_code == 404
        assert manager.get(f"/customers/2/agreements/{dairy.contract.id}").status_code == 404


class TestPrepaid:
    def test_goes_on_the_ledger(self, manager, dairy, deal):
        form = {"unit": "minutes", "bought": "20", "round_to": "30", "grace": "10", "expires_on": "2027-01-31"}
        assert manager.post(f"{deal}/prepaid", form).status_code == 303
        assert "20 h of 20 h left" in plain(manager.get(deal).text)

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"unit": "incidents", "bought": ""}, "Enter how many"),
            ({"unit": "incidents", "bought": "-1"}, "Enter how many"),
            ({"unit": "incidents", "bought": "5", "expires_on": "2026-01-01"}, "It expires before it is bought."),
            ({"unit": "hugs", "bought": "5"}, "Choose one of the list."),
        ],
    )
    def test_that_does_not_fit_is_refused(self, manager, deal, form, words):
        answer = manager.post(f"{deal}/prepaid", form)
        assert (answer.status_code, words in answer.text) == (422, True)
        assert count(PrepaidBalance) == 1
