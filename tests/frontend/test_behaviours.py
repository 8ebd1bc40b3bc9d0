"""What the scripts do with keys, drafts, menus and live changes, in a real browser under the content policy."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.site import Message, Row, Served, promise

pytestmark = pytest.mark.journey


def eventually(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `true()`."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def inbox(page: Page, site: Served) -> Page:
    page.goto("/pages/inbox")
    eventually(lambda: bool(site.world.streams))
    page.mouse.move(1400, 880)
    return page


def group(page: Page, key: str) -> list[str]:
    return page.evaluate(f"[...document.querySelectorAll('section[data-group={key}] li')].map((one) => one.id)")  # type: ignore[no-any-return]


class TestRows:
    def test_a_new_ticket_appears_where_it_belongs(self, inbox: Page, site: Served) -> None:
        site.world.rows[4820] = Row(4820, "Joan Duarte", "Lakeside Ice Arena", "Ice is soft", "soon", promise(0.5, 1.7))
        site.world.tell("ticket.opened", 4820)
        expect(inbox.locator("#row-4820")).to_be_visible()
        assert group(inbox, "soon") == ["row-4812", "row-4820", "row-4815"]

    def test_a_row_moves_to_another_group_and_the_open_one_stays_marked(self, inbox: Page, site: Served) -> None:
        site.world.rows[4812] = replace(site.world.rows[4812], group="past", current=False)
        site.world.tell("commitment.broken", 4812)
        expect(inbox.locator("section[data-group=past] #row-4812")).to_be_visible()
        assert inbox.locator("#row-4812 a").get_attribute("aria-current") == "true"

    def test_a_row_that_no_longer_belongs_goes(self, inbox: Page, site: Served) -> None:
        del site.world.rows[4790]
        site.world.tell("ticket.resolved", 4790)
        expect(inbox.locator("#row-4790")).to_have_count(0)
        expect(inbox.locator("section[data-group=later]")).to_be_hidden()
        expect(inbox.locator("[data-count=next]").first).to_have_text("3")

    def test_nothing_moves_under_the_pointer(self, inbox: Page, site: Served) -> None:
        inbox.locator("#row-4815").hover()
        before = inbox.locator("#row-4815").bounding_box()
        site.world.rows[4820] = Row(4820, "Joan Duarte", "Lakeside", "Ice is soft", "past", promise(0.5, 0.1))
        del site.world.rows[4801]
        site.world.tell("ticket.opened", 4820)
        site.world.tell("ticket.resolved", 4801)
        new = inbox.locator("[data-new]")
        expect(new).to_have_text("1 new")
        assert inbox.locator("#row-4820").count() == 0
        after = inbox.locator("#row-4815").bounding_box()
        assert before is not None
        assert after is not None
        # The button floats; it may not push the rows either.
        assert abs(after["y"] - before["y"]) < 1
        inbox.mouse.move(1400, 880)
        expect(inbox.locator("#row-4820")).to_be_visible()
        expect(inbox.locator("#row-4801")).to_have_count(0)
        expect(new).to_be_hidden()

    def test_the_button_brings_them_at_once(self, inbox: Page, site: Served) -> None:
        inbox.locator("#row-4815 a").focus()
        site.world.rows[4820] = Row(4820, "Joan Duarte", "Lakeside", "Ice is soft", "soon", promise(0.5, 1.7))
        site.world.tell("ticket.opened", 4820)
        inbox.locator("[data-new]").click()
        expect(inbox.locator("#row-4820")).to_be_visible()

    def test_one_stream_serves_two_tabs(self, inbox: Page, site: Served) -> None:
        other = inbox.context.new_page()
        other.goto("/pages/inbox")
        site.world.rows[4820] = Row(4820, "Joan Duarte", "Lakeside", "Ice is soft", "soon", promise(0.5, 1.7))
        other.wait_for_function("window.htmx")
        site.world.tell("ticket.opened", 4820)
        expect(inbox.locator("#row-4820")).to_be_visible()
        expect(other.locator("#row-4820")).to_be_visible()
        assert len(site.world.streams) == 1


class TestThread:
    def test_a_new_message_appears_and_is_announced(self, inbox: Page, site: Served) -> None:
        site.world.messages.append(Message(3, "Priya Nair", "It is at −10.4 now."))
        site.world.tell("message.received", 4812, 3)
        expect(inbox.locator("[data-message='3']")).to_be_visible()
        expect(inbox.locator("#polite")).to_have_text("Priya Nair wrote: It is at −10.4 now.")

    def test_a_changed_delivery_is_shown_in_place(self, inbox: Page, site: Served) -> None:
        site.world.messages[0] = Message(1, "Priya Nair", "Changed words.")
        site.world.tell("delivery.sent", 4812, 1)
        expect(inbox.locator("[data-message='1']")).to_contain_text("Changed words.")
        assert inbox.locator("[data-message]").count() == 2

    def test_the_header_waits_while_its_menu_is_open(self, inbox: Page, site: Served) -> None:
        inbox.keyboard.press("a")
        site.world.subject = "Freezer 2, coil"
        site.world.tell("ticket.renamed", 4812)
        time.sleep(0.9)
        expect(inbox.locator(".ticket__subject")).to_contain_text("Walk-in")
        inbox.keyboard.press("Escape")
        inbox.locator(".ticket__scroll").focus()
        expect(inbox.locator(".ticket__subject")).to_have_text("Freezer 2, coil")


class TestKeys:
    def test_press_what_they_name(self, inbox: Page, site: Served) -> None:
        inbox.keyboard.press("e")
        eventually(lambda: site.world.posted == [("done", {"csrf_token": "token-of-the-test"})])

    def test_reach_into_the_menu_they_opened(self, inbox: Page, site: Served) -> None:
        inbox.keyboard.press("h")
        inbox.keyboard.press("w")
        eventually(lambda: bool(site.world.posted) and site.world.posted[0][1].get("until") == "week")

    def test_are_letters_while_writing(self, inbox: Page, site: Served) -> None:
        inbox.keyboard.press("r")
        inbox.keyboard.type("he")
        expect(inbox.locator("#reply")).to_have_value("he")
        assert not [name for name, _ in site.world.posted if name != "draft reply"]

    def test_work_on_a_cyrillic_keyboard(self, inbox: Page) -> None:
        inbox.evaluate(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'т', code: 'KeyN', bubbles: true}))"
        )
        expect(inbox.locator("#note")).to_be_focused()

    def test_go_places_in_two_strokes(self, inbox: Page) -> None:
        inbox.route("**/inbox/mine", lambda route: route.fulfill(body="mine", content_type="text/plain"))
        inbox.keyboard.press("g")
        inbox.keyboard.press("m")
        inbox.wait_for_url("**/inbox/mine")

    def test_leave_the_browsers_own_alone(self, inbox: Page, site: Served) -> None:
        inbox.keyboard.press("Control+e")
        inbox.keyboard.press("Alt+e")
        time.sleep(0.2)
        assert site.world.posted == []

    def test_are_listed_as_far_as_the_page_can_use_them(self, inbox: Page) -> None:
        inbox.keyboard.press("?")
        expect(inbox.get_by_role("dialog")).to_be_visible()
        expect(inbox.get_by_text("Done, go to next")).to_be_visible()
        expect(inbox.get_by_text("Priority")).to_be_hidden()
        inbox.keyboard.press("Escape")
        expect(inbox.get_by_role("dialog")).to_be_hidden()

    def test_walk_the_list(self, page: Page, site: Served) -> None:
        site.world.rows[4812] = replace(site.world.rows[4812], current=False)
        page.goto("/pages/inbox")
        page.wait_for_function("window.htmx")
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.locator("#row-4812 a")).to_be_focused()
        page.keyboard.press("k")
        expect(page.locator("#row-4801 a")).to_be_focused()


class TestComposer:
    def test_saves_a_draft_after_a_pause(self, inbox: Page, site: Served) -> None:
        inbox.locator("#reply").fill("He just left")
        expect(inbox.locator("#panel-reply [data-draft-status]")).to_have_text("Draft saved")
        assert site.world.posted == [("draft reply", {"csrf_token": "token-of-the-test", "body": "He just left"})]

    def test_brings_back_words_the_server_never_had_and_saves_them(self, inbox: Page, site: Served) -> None:
        inbox.evaluate("localStorage.setItem('draft 7 /drafts/reply', 'from before')")
        inbox.reload()
        expect(inbox.locator("#reply")).to_have_value("from before")
        eventually(
            lambda: site.world.posted == [("draft reply", {"csrf_token": "token-of-the-test", "body": "from before"})]
        )
        eventually(lambda: inbox.evaluate("Object.keys(localStorage)") == [])

    def test_never_carries_words_from_reply_to_note(self, inbox: Page) -> None:
        inbox.keyboard.press("r")
        inbox.keyboard.type("for Priya")
        inbox.keyboard.press("Control+.")
        expect(inbox.locator("#note")).to_be_focused()
        expect(inbox.locator("#note")).to_have_value("")
        expect(inbox.locator(".composer")).to_have_class("composer composer--note")
        inbox.keyboard.press("Control+.")
        expect(inbox.locator("#reply")).to_have_value("for Priya")

    def test_sends_with_its_key_and_shows_the_message_once(self, inbox: Page, site: Served) -> None:
        inbox.keyboard.press("n")
        inbox.keyboard.type("Third motor")
        inbox.keyboard.press("Control+Enter")
        expect(inbox.locator("[data-message='99']")).to_have_count(1)
        expect(inbox.locator("#note")).to_have_value("")
        assert ("note", {"csrf_token": "token-of-the-test", "body": "Third motor"}) in site.world.posted
        time.sleep(0.7)
        assert inbox.evaluate("Object.keys(localStorage)") == []

    def test_escape_leaves_and_keeps_the_words(self, inbox: Page) -> None:
        inbox.keyboard.press("r")
        inbox.keyboard.type("half a thought")
        inbox.keyboard.press("Escape")
        expect(inbox.locator(".ticket__scroll")).to_be_focused()
        expect(inbox.locator("#reply")).to_have_value("half a thought")

    def test_attaches_a_file_and_takes_it_back(self, inbox: Page, site: Served, tmp_path: Path) -> None:
        path = tmp_path / "display-f2.jpg"
        path.write_bytes(b"x" * 1000)
        inbox.locator("#files").set_input_files(path)
        expect(inbox.locator("input[name=attachment]")).to_have_value("7")
        inbox.get_by_role("button", name="Remove display-f2.jpg").click()
        expect(inbox.locator(".composer__files li")).to_have_count(0)
        assert site.world.posted[0] == ("upload", {"name": "display-f2.jpg", "csrf_token": "token-of-the-test"})


class TestTick:
    def test_moves_now_and_the_words_by_the_servers_clock(self, page: Page, site: Served) -> None:
        page.clock.install()
        page.goto("/pages/inbox")
        page.wait_for_function("window.htmx")
        row = page.locator("#row-4812")
        expect(row).to_contain_text("1 h 28 to reply")
        page.clock.run_for(60_100)
        expect(row).to_contain_text("1 h 27 to reply")
        page.clock.run_for(88 * 60_000)
        expect(row).to_contain_text("1 min past")
        expect(row.locator("svg.rail")).to_have_class("rail rail--mini rail--ember")
        assert row.locator("svg.shape path").count() == 1
        expect(page.locator(".pledge text.is-now")).to_have_text("18:11")
