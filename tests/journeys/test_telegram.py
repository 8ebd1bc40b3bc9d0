"""The whole story of a channel: connected in a form, tested, written to, answered, changed and too long, in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.fakes import telegram as fakes
from tests.fakes.telegram import Telegram
from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA
from tests.journeys.test_accessibility import audit


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with Telegram() as there:
        yield there


def tell(telegram: Telegram, raw: bytes) -> None:
    telegram.updates.append(json.loads(raw))


def connect(page: Page, telegram: Telegram) -> None:
    page.get_by_label("Name", exact=True).fill("Halden Robotics")
    page.get_by_label("Bot", exact=True).fill(f"@{fakes.USERNAME}")
    page.get_by_label("Token").fill(fakes.TOKEN)
    page.get_by_label("Telegram's address").fill(telegram.url)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**said=connected")


def test_a_customer_is_answered_where_they_wrote(sit: Sit, telegram: Telegram) -> None:
    desk = sit(MAYA)
    connect(desk.open("/settings/channels/new/telegram"), telegram)
    channel = desk.page.url.partition("?")[0].removeprefix(desk.product.url)
    desk.page.get_by_role("button", name="Test it").click()
    desk.shows("Everything works.", "belongs to @meridian_service_bot")
    found = audit(desk.page, "bot, tested")

    tell(telegram, telegrams.message(Said(1, "The arm of cell 4 does not move.")))
    page = desk.open("/inbox/unassigned")
    row = desk.row("The arm of cell 4 does not move.")
    expect(row).to_be_visible(timeout=30_000)
    row.get_by_role("link").first.click()
    desk.shows("Goes to Telegram bot @meridian_service_bot.", "by Telegram")
    found += audit(page, "a conversation")

    box = page.get_by_label("Your reply")
    box.fill("x" * 4097)
    expect(page.locator("[data-room]")).to_have_text("1 too many")
    box.fill("x" * 4000)
    expect(page.locator("[data-room]")).to_have_text("96 left")
    box.fill("An engineer is on the way.")
    expect(page.locator("[data-room]")).to_have_text("")
    page.get_by_role("button", name="Send", exact=False).first.click()
    expect(desk.messages().last).to_contain_text("An engineer is on the way.")
    page.wait_for_function("() => !document.querySelector('[data-delivery]')", timeout=40_000)
    assert [one["text"] for one in telegram.sent] == ["An engineer is on the way."]

    tell(telegram, telegrams.edit(Said(1, "The arm of cell 5 does not move.", at=Said().at + 60)))
    expect(desk.messages().first).to_contain_text("cell 5", timeout=30_000)
    found += audit(page, "a changed message")
    desk.messages().first.get_by_role("link", name="Earlier words").click()
    desk.shows("The arm of cell 4 does not move.", "What this message said before")
    found += audit(page, "earlier words")

    desk.open(channel)
    desk.shows("Working", "Last arrival")
    found += audit(page, "bot")
    page.get_by_role("link", name="Edit").click()
    found += audit(page, "bot, edit")
    assert fakes.TOKEN not in page.content()
    desk.open("/settings/channels")
    desk.shows("@meridian_service_bot", "last arrival")
    page.get_by_role("link", name="Where everything of today ended").click()
    desk.shows("Everything is accounted for")
    found += audit(page, "where everything ended")
    assert found == []
    desk.open(channel)
    page.get_by_role("button", name="Pause").click()
    desk.shows("Paused")


def test_nothing_is_wider_than_a_small_telephone(sit: Sit) -> None:
    desk = sit(MAYA, viewport={"width": 360, "height": 740})
    for path in ("/settings/channels", "/settings/channels/new/telegram", "/settings/channels/accounting"):
        page = desk.open(path)
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, path
