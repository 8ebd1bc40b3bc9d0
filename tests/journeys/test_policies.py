"""A manager changes a promise, sees in a moment what it would have meant, and puts it in force from a day on."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA


def test_a_draft_is_replayed_while_one_watches_and_put_in_force(sit: Sit) -> None:
    desk = sit(MAYA)
    desk.expected |= {422}
    page = desk.open("/policies")
    page.get_by_role("link", name="Everybody else").click()
    page.locator("summary", has_text="A person answers").click()
    form = page.locator("details[open] .prow__form")
    form.get_by_label("Within").fill("1")
    form.get_by_role("button", name="Keep in the draft").click()
    expect(page.get_by_text("Draft, 1 change")).to_be_visible()
    page.get_by_role("button", name="Replay 90 days").click()
    card = page.locator("#replay")
    expect(card.get_by_role("button", name="Replay again")).to_be_visible(timeout=30_000)
    expect(card.get_by_text("With your draft").or_(card.get_by_text("No ticket of these days"))).to_be_visible()
    page.get_by_text("Put in force…").click()
    page.get_by_label("from a date").check()
    page.get_by_label("Date and time").fill("2099-01-01")
    page.get_by_role("button", name="Put in force", exact=True).click()
    expect(page.get_by_text("more than five years ahead").first).to_be_visible()
    page.get_by_label("from now").check()
    page.get_by_role("button", name="Put in force", exact=True).click()
    expect(page.get_by_text("In force for requests that arrive from now on.")).to_be_visible()
    expect(page.get_by_text("Draft, ")).not_to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
