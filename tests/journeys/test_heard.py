"""The story of a post that was written elsewhere: its feed is connected, it is heard, and a person makes a ticket of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.channels.observe.scene import rss
from tests.fakes.elsewhere import Elsewhere
from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA
from tests.journeys.test_accessibility import audit


@pytest.fixture
def there() -> Iterator[Elsewhere]:
    with Elsewhere() as peer:
        yield peer


def test_a_post_becomes_a_ticket_that_is_not_answered_there(sit: Sit, there: Elsewhere) -> None:
    there.feed = rss(("1", "Our arm is stuck since Friday", "Does anybody know the &lt;b&gt;Halden&lt;/b&gt; arm?"))
    desk = sit(MAYA)
    page = desk.open("/settings/channels/new/feed")
    page.get_by_label("Name", exact=True).fill("Robot talk")
    page.get_by_label("Feed", exact=True).fill(f"{there.url}/feed.xml")
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**said=connected")
    page.get_by_role("button", name="Test it").click()
    desk.shows("It answered, and was only read.")

    for _ in range(30):
        page = desk.open("/heard?q=stuck")
        if page.get_by_role("heading", name="Our arm is stuck since Friday").is_visible():
            break
        page.wait_for_timeout(1000)
    desk.shows("Does anybody know the Halden arm?")
    found = audit(page, "heard")
    page.locator("summary", has_text="Tags").first.click()
    page.get_by_label("Tags, with commas between them").first.fill("arms")
    page.get_by_role("button", name="Save tags").first.click()
    desk.shows("Tags saved.")
    page.get_by_role("button", name="Make a ticket").first.click()
    page.wait_for_url("**/tickets/*")
    desk.shows("an answer cannot be sent there", "nothing can be said there", "made this ticket of a post", "arms")
    found += audit(page, "a ticket of a post")
    expect(page.locator("body")).to_contain_text("https://talk.example/1")
    page = desk.open("/heard?show=tickets&q=stuck")
    expect(page.get_by_role("link", name="Ticket #")).to_be_visible()
    assert there.methods == {"GET"}
    assert found == []
