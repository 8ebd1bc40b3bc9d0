"""A manager moves a shift of a rota by keys and by hand, sees what would change, and saves it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA


def swap(page: Page) -> Locator:
    """Ruth's twelve hours of the coming Saturday."""
    bar = page.locator("a[data-override]:not([data-override=''])[aria-label^='Ruth']")
    if not bar.count():
        page.get_by_role("link", name="After").click()
    return bar.first


def test_a_shift_moves_by_keys_and_by_hand(sit: Sit) -> None:
    desk = sit(MAYA)
    page = desk.open("/on-call/" + str(desk.product.ask("SELECT min(id) FROM oncall_schedule")[0]))
    bar = swap(page)
    before = int(bar.get_attribute("data-to") or 0)
    bar.focus()
    desk.press("Shift+ArrowRight", "Shift+ArrowRight")
    words = page.locator("[data-words]")
    expect(words).to_contain_text("to Sat 20:30")
    desk.press("Escape")
    expect(words).not_to_be_visible()
    desk.press("Shift+ArrowRight", "Enter")
    expect(page.get_by_role("heading", name=re.compile("How it would be"))).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The calendar feeds have it too.")).to_be_visible()
    bar = swap(page)
    assert int(bar.get_attribute("data-to") or 0) == before + 900
    box = bar.locator("rect").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    expect(words).to_be_visible()
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The calendar feeds have it too.")).to_be_visible()
    assert int(swap(page).get_attribute("data-from") or 0) > before - 12 * 3600


def test_without_script_the_form_does_the_same(sit: Sit) -> None:
    desk = sit(MAYA, java_script_enabled=False)
    page = desk.open("/on-call/" + str(desk.product.ask("SELECT min(id) FROM oncall_schedule")[0]))
    swap(page).click()
    page.get_by_label("Why").fill("Late train")
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_text("Nothing changes.")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Add an override").click()
    page.get_by_label("Who rings instead, or as well").select_option(label="Tomás Rivera")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The calendar feeds have it too.")).to_be_visible()


def test_a_plan_is_made_and_moved_where_it_stands(sit: Sit) -> None:
    desk = sit(MAYA)
    here = "/on-call/" + str(desk.product.ask("SELECT min(id) FROM oncall_schedule")[0])
    page = desk.open(f"{here}/plan")
    page.get_by_label("Person 1, first").select_option(label="Dev Patel")
    page.get_by_label("Why").fill("Fair")
    begins = date.fromisoformat(page.get_by_label("From, your time").input_value()[:10])
    page.get_by_label("Until, your time").fill(f"{begins + timedelta(days=2)}T08:00")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Temporary plan").click()
    page.get_by_role("link", name=re.compile("^Edit: ")).click()
    expect(page.get_by_role("heading", name="Change this plan")).to_be_visible()
    start = page.get_by_label("From, your time").input_value()
    desk.open(f"{here}?week={date.fromisoformat(start[:10]).strftime('%G-W%V')}")
    bar = page.locator("a[data-shift][data-person='0']").first
    before = int(bar.get_attribute("data-from") or 0)
    bar.focus()
    desk.press("ArrowRight", "Enter")
    expect(page.get_by_role("heading", name=re.compile("How it would be"))).to_be_visible()
    expect(page.get_by_label("One shift a line")).to_have_value(re.compile(r"T17:15 .*T08:15 Dev Patel"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The calendar feeds have it too.")).to_be_visible()
    desk.open(f"{here}?week={date.fromisoformat(start[:10]).strftime('%G-W%V')}")
    bar = page.locator("a[data-shift][data-person='0']").first
    assert int(bar.get_attribute("data-from") or 0) == before + 900
    shift = page.get_by_role("group", name=re.compile("^Plan: Dev")).locator("a[data-shift]").first
    was = int(shift.get_attribute("data-to") or 0)
    shift.focus()
    desk.press("Shift+ArrowLeft", "Enter")
    expect(page.get_by_text("This is one shift of a temporary plan.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    desk.open(f"{here}?week={date.fromisoformat(start[:10]).strftime('%G-W%V')}")
    shift = page.get_by_role("group", name=re.compile("^Plan: Dev")).locator("a[data-shift]").first
    assert int(shift.get_attribute("data-to") or 0) == was - 900


def test_a_policy_rings_it_and_a_night_is_tried_on_its_page_without_script(sit: Sit) -> None:
    desk = sit(MAYA, java_script_enabled=False)
    here = "/on-call/" + str(desk.product.ask("SELECT min(id) FROM oncall_schedule")[0])
    page = desk.open(here)
    page.get_by_role("link", name="All policies, in the order they are tried").click()
    page.get_by_role("link", name="New policy").click()
    page.get_by_label("Name", exact=True).fill("If a freezer warms up")
    page.get_by_label("Rings", exact=True).select_option(label="Refrigeration: whoever is first")
    page.get_by_role("button", name="Save").click()
    page = desk.open(here)
    page.get_by_role("link", name="After").click()
    week = page.get_by_role("region", name=re.compile(r"^\d+ (to|\w+ to) \d+ \w+$")).get_by_role("heading").inner_text()
    policy = page.get_by_role("region", name="If a freezer warms up")
    expect(policy.get_by_text("Ring whoever is first")).to_be_visible()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("region", name="Try it").get_by_text("Arrives.")).to_be_visible()
    expect(page.get_by_role("heading", name=week)).to_be_visible()
    policy.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Set aside").click()
    expect(page.get_by_text("It starts nothing more.")).to_be_visible()
