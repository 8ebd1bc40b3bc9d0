"""What happens elsewhere shows here by itself, and nothing moves under anybody's hand."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import DEV, MAYA, Desk
from tests.journeys.post import Post


class TestRows:
    def test_appear_by_themselves_while_nobody_touches_the_list(self, maya: Desk, post: Post) -> None:
        page = maya.open("/inbox/unassigned")
        page.mouse.move(1200, 500)
        number = post.write("Out of nowhere")
        expect(page.locator(f"#row-{number}")).to_be_visible(timeout=15_000)
        expect(page.locator("[data-count=unassigned]").first).to_have_text(
            str(
                maya.product.ask(
                    "SELECT count(*) FROM ticket WHERE assignee_id IS NULL AND status < 4 AND snoozed_until IS NULL AND spam_at IS NULL"
                )[0]
            ),
            timeout=10_000,
        )

    def test_wait_while_the_pointer_is_on_the_list_and_say_how_many(self, maya: Desk, post: Post) -> None:
        page = maya.open("/inbox/next-up")
        row = page.locator("li[id^=row-]").nth(1)
        row.hover()
        before = row.bounding_box()
        numbers = [post.write() for _ in range(3)]
        more = page.get_by_role("button", name="3 new")
        expect(more).to_be_visible(timeout=15_000)
        after = row.bounding_box()
        assert [page.locator(f"#row-{number}").count() for number in numbers] == [0, 0, 0]
        assert abs(after["y"] - before["y"]) < 1
        more.click()
        for number in numbers:
            expect(page.locator(f"#row-{number}")).to_have_count(1)
        expect(more).to_be_hidden()

    def test_with_focus_stay_until_the_focus_leaves(self, maya: Desk, sit: Sit, post: Post) -> None:
        number = post.write("Stays under my finger")
        page = maya.open("/inbox/next-up")
        page.mouse.move(1200, 500)
        page.locator(f"#row-{number} a").focus()
        dev = sit(DEV)
        dev.open_ticket(number)
        dev.press("Shift+E")
        expect(dev.page.get_by_role("button", name="Open again")).to_be_visible()
        page.wait_for_timeout(2_000)
        expect(page.locator(f"#row-{number} a")).to_be_focused()
        page.locator("a[href='/inbox/mine']").first.focus()
        expect(page.locator(f"#row-{number}")).to_have_count(0)


class TestAnOpenTicket:
    def test_takes_in_what_others_write_and_change(self, maya: Desk, sit: Sit, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        place = page.locator(".ticket__bar", has_text=re.compile(r"\d+ of \d+"))
        expect(place).to_be_visible()
        dev = sit(DEV)
        dev.open_ticket(number)
        dev.press("n")
        dev.page.keyboard.type("I called them.")
        dev.press("Control+Enter")
        expect(maya.messages().last).to_contain_text("I called them.", timeout=15_000)
        expect(dev.toast).to_contain_text("Note added")  # else the answer to the form may come between the two keys
        dev.page.evaluate("document.activeElement.blur()")  # where the answer leaves it is the composer's story
        dev.press("i")
        expect(page.locator("summary[data-key=a]")).to_contain_text("Dev", timeout=15_000)
        expect(place).to_be_visible()

    def test_shows_what_became_of_its_promise(self, maya: Desk, sit: Sit, post: Post) -> None:
        number = post.write("How long do I wait?")
        page = maya.open_ticket(number)
        line, panel = page.locator(".pledge"), page.locator(".context .mini").first
        expect(line).to_be_visible()
        expect(panel).not_to_contain_text("Kept")
        page.locator(".context summary", has_text="Why this").click()
        dev = sit(DEV)
        dev.open_ticket(number)
        dev.press("r")
        dev.page.keyboard.type("Not long at all.")
        dev.press("Control+Enter")
        expect(line).to_be_hidden(timeout=30_000)
        expect(page.locator(".context details[open]")).to_be_visible()
        expect(panel).not_to_contain_text("Kept")
        page.locator(".context summary", has_text="Why this").click()
        page.locator(".ticket__scroll").focus()
        expect(panel).to_contain_text("Kept")

    def test_says_when_the_customer_writes(self, maya: Desk, post: Post) -> None:
        first = post.mail()
        post.send(first)
        maya.open_ticket(post.ticket_of(first))
        again = post.mail(sender=first["From"], text="One more thing.")
        again["In-Reply-To"] = again["References"] = first["Message-ID"]
        post.send(again)
        expect(maya.messages()).to_have_count(2, timeout=15_000)
        expect(maya.said).to_have_text("New message from Zoe Quill")


class TestBetweenPageAndStream:
    def test_nothing_is_missed(self, sit: Sit, post: Post) -> None:
        """The stream begins late: what came after the page was drawn is in the list all the same."""
        desk = sit(MAYA)
        held: list[Route] = []
        desk.page.route("**/live?*", lambda one: held.append(one))  # noqa: PLW0108 - it is given marks of its own
        page = desk.open("/inbox/unassigned")
        number = post.write("It came in between")
        page.wait_for_timeout(1_000)
        expect(desk.row("It came in between")).to_have_count(0)
        for one in held:
            one.continue_()
        expect(page.locator(f"#row-{number}")).to_be_visible(timeout=10_000)
