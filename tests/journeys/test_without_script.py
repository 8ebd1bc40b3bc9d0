"""Every form works in a browser that runs no script: the page behind it is right, and reloading it sends nothing again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import Desk
from tests.journeys.post import Post


@pytest.fixture
def plain(sit: Sit) -> Iterator[Desk]:
    desk = sit(java_script_enabled=False)
    yield desk
    assert desk.strangers == []


def press(page: Page, button: Locator) -> Response:
    """Press a form's button; every POST must answer 303 and lead to a page."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted, page.expect_navigation():
        button.click()
    assert posted.value.status == 303, posted.value.url
    return posted.value


def opened(page: Page, label: str) -> Locator:
    """The inside of a menu, opened by its summary."""
    page.locator("summary").and_(page.get_by_label(label)).click()
    return page.locator("details.menu[open] .popover")


class TestWithoutScript:
    def test_reply_note_and_undo(self, plain: Desk, post: Post) -> None:
        page = plain.open_ticket(post.write())
        page.locator("#reply").fill("Written without script.")
        press(page, page.locator("#reply-panel").get_by_role("button", name="Send", exact=True))
        expect(plain.messages()).to_have_count(2)
        expect(plain.toast).to_contain_text("Sends in")
        press(page, plain.toast.get_by_role("button", name="Undo"))
        expect(plain.messages()).to_have_count(1)
        expect(page.locator("#reply")).to_have_value("Written without script.")
        page.get_by_role("tab", name="Note to team").click()
        page.locator("#note").fill("A note without script.")
        press(page, page.get_by_role("button", name="Add note"))
        expect(plain.messages()).to_have_count(2)
        expect(page.locator("#reply")).to_have_value("Written without script.")

    def test_send_and_wait_from_the_menu(self, plain: Desk, post: Post) -> None:
        page = plain.open_ticket(post.write())
        page.locator("#reply").fill("Please send the serial.")
        press(page, opened(page, "More ways to send").get_by_role("button", name="Send and wait for them"))
        expect(page.locator(".ticket__head")).to_contain_text("Waiting for them")

    def test_a_reply_carries_the_file_chosen_with_it(self, plain: Desk, post: Post, tmp_path: Path) -> None:
        (tmp_path / "plan.txt").write_text("the plan")
        page = plain.open_ticket(post.write())
        page.locator("#reply").fill("With a file.")
        page.locator("#reply-panel input[type=file]").set_input_files(tmp_path / "plan.txt")
        press(page, page.locator("#reply-panel").get_by_role("button", name="Send", exact=True))
        expect(plain.messages().last.get_by_role("link", name=re.compile("plan.txt"))).to_be_visible()

    def test_a_mistake_is_said_on_a_page_that_keeps_the_words(self, plain: Desk, post: Post) -> None:
        plain.expected.add(422)
        page = plain.open_ticket(post.write())
        page.locator("#reply-panel").get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("There is nothing to send yet.")).to_be_visible()
        page.locator("#reply").fill("Now with words.")
        press(page, page.locator("#reply-panel").get_by_role("button", name="Send", exact=True))
        expect(plain.messages()).to_have_count(2)

    def test_sorting(self, plain: Desk, post: Post) -> None:
        number = post.write()
        page = plain.open_ticket(number)
        press(page, page.get_by_role("button", name="Take it"))
        expect(page.locator("summary[data-key=a]")).to_contain_text("You")
        page.locator("summary[data-key=a]").click()
        press(page, page.locator("details.menu[open]").get_by_role("button", name="Dev Patel"))
        expect(page.locator("summary[data-key=a]")).to_contain_text("Dev")
        press(page, plain.toast.get_by_role("button", name="Undo"))
        expect(page.locator("summary[data-key=a]")).to_contain_text("You")
        press(page, opened(page, "Priority: normal").get_by_role("button", name="High"))
        expect(page.locator(".ticket__head")).to_contain_text("High priority")
        menu = opened(page, "Tags")
        menu.get_by_label("Tags, with commas between").fill("coil")
        press(page, menu.get_by_role("button", name="Set tags"))
        expect(page.locator(".ticket__head .tag", has_text="coil")).to_be_visible()
        press(page, opened(page, "Waiting for").get_by_role("button", name="Someone else"))
        expect(page.locator(".ticket__head")).to_contain_text("Waiting for someone else")

    def test_done_and_snooze_lead_on_and_can_be_undone(self, plain: Desk, post: Post) -> None:
        number = post.write()
        page = plain.open_ticket(number)
        press(page, page.get_by_role("button", name="Done", exact=True))
        assert plain.number != number
        expect(plain.toast).to_contain_text("Done.")
        press(page, plain.toast.get_by_role("button", name="Undo"))
        assert plain.number == number
        press(page, opened(page, "Snooze, key H").get_by_role("button", name=re.compile("Tomorrow")))
        assert plain.number != number
        press(page, plain.toast.get_by_role("button", name="Undo"))
        assert plain.number == number

    def test_a_new_ticket(self, plain: Desk) -> None:
        page = plain.open("/tickets/new")
        page.get_by_label("To", exact=True).fill("olga@petrov.example")
        page.get_by_label("Subject").fill("Without script")
        page.get_by_label("Message").fill("We come at nine.")
        press(page, page.get_by_role("button", name="Send"))
        expect(plain.messages()).to_contain_text("We come at nine.")

    def test_settings(self, plain: Desk) -> None:
        page = plain.open("/settings/profile")
        press(page, page.get_by_role("button", name="Save"))
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        plain.open("/inbox/next-up")
        page.get_by_text("Maya Okafor, your menu").click()
        press(page, page.get_by_role("button", name="Dark"))
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_text("Maya Okafor, your menu").click()
        press(page, page.get_by_role("button", name="As the system"))
        plain.open("/settings/mailboxes")
        page.get_by_role("link", name=re.compile("^Edit ")).first.click()
        press(page, page.get_by_role("button", name="Save"))
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()

    def test_earlier_messages_and_more_tickets_are_links(self, plain: Desk, post: Post) -> None:
        page = plain.open("/inbox/next-up")
        page.locator("a.trow").first.click()
        page.wait_for_url("**/tickets/*")
        page.get_by_role("link", name="Next ticket, key J").click()
        page.wait_for_url("**/tickets/*")
