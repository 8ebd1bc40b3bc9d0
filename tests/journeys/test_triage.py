"""Sorting with one key each, and the way back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import TOMAS, Desk
from tests.journeys.post import Post, eventually


def state(desk: Desk, number: int, column: str) -> object:
    return desk.product.ask(f"SELECT {column} FROM ticket WHERE number = %s", number)[0]


class TestDone:
    def test_goes_on_to_the_next_ticket_and_says_so(self, maya: Desk, post: Post) -> None:
        number = post.write("A thing to finish")
        page = maya.open_ticket(number)
        maya.press("e")
        page.wait_for_url(lambda url: f"/tickets/{number}" not in url)
        expect(page.locator(".ticket__subject")).to_be_focused()
        expect(maya.said).to_have_text(re.compile(r"^Done\. Next: .+\."))
        expect(maya.toast).to_contain_text("Done.")
        maya.press("z")
        page.wait_for_url(f"**/tickets/{number}*")
        assert state(maya, number, "status") == 1
        expect(page.get_by_role("button", name="Done", exact=True)).to_be_visible()

    def test_with_shift_stays(self, maya: Desk, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        maya.press("Shift+E")
        expect(page.get_by_role("button", name="Open again")).to_be_visible()
        assert maya.number == number
        maya.press("e")
        expect(page.get_by_role("button", name="Done", exact=True)).to_be_visible()


class TestSnooze:
    def test_menu_says_when_in_words_that_fit(self, maya: Desk, post: Post) -> None:
        page = maya.open_ticket(post.write())
        maya.press("h")
        menu = page.locator("details.menu[open] .popover")
        expect(menu.get_by_role("button", name=re.compile(r"Tomorrow\s*\w{3} 08:00"))).to_be_visible()
        expect(menu.get_by_role("button", name=re.compile(r"Next week\s*Mon \d+ \w{3} 08:00"))).to_be_visible()
        expect(menu.get_by_role("button", name=re.compile("Until they reply"))).to_be_visible()
        cut = menu.locator(".option").evaluate_all(
            "all => all.filter(one => one.scrollHeight > 40 || [...one.children].some(c => c.scrollWidth > c.clientWidth + 1 && c.clientWidth)).length"
        )
        assert cut == 0
        maya.press("Escape")
        expect(menu).to_have_count(0)

    def test_until_tomorrow_or_next_week_leaves_the_list_and_can_be_undone(self, maya: Desk, post: Post) -> None:
        for key in ("t", "w"):
            number = post.write()
            page = maya.open_ticket(number)
            maya.press("h", key)
            page.wait_for_url(lambda url, number=number: f"/tickets/{number}" not in url)
            expect(maya.said).to_have_text(re.compile(r"^Snoozed.* Next: "))
            assert state(maya, number, "snoozed_until") is not None
            maya.press("z")
            page.wait_for_url(f"**/tickets/{number}*")
            assert state(maya, number, "snoozed_until") is None

    def test_until_they_reply_wakes_with_their_words(self, maya: Desk, post: Post) -> None:
        first = post.mail()
        post.send(first)
        number = post.ticket_of(first)
        page = maya.open_ticket(number)
        maya.press("h", "r")
        page.wait_for_url(lambda url: f"/tickets/{number}" not in url)
        again = post.mail(sender=first["From"], text="Any news?")
        again["In-Reply-To"] = again["References"] = first["Message-ID"]
        post.send(again)
        assert post.ticket_of(again) == number
        assert eventually(lambda: state(maya, number, "snoozed_until") is None)

    def test_until_a_time_that_is_typed(self, maya: Desk, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        maya.press("h", "u")
        expect(page.get_by_label("Until", exact=True)).to_be_focused()
        page.get_by_label("Until", exact=True).fill("2031-03-04T09:30")
        maya.press("Enter")
        page.wait_for_url(lambda url: f"/tickets/{number}" not in url)
        assert str(state(maya, number, "snoozed_until")).startswith("2031-03-04 15:30")


class TestFields:
    def test_change_by_key_without_leaving_and_keep_the_place_in_the_list(self, maya: Desk, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        place = page.locator(".ticket__bar", has_text=re.compile(r"\d+ of \d+"))
        expect(place).to_be_visible()
        maya.press("i")
        expect(maya.toast).to_contain_text("Assigned.")
        expect(page.locator("summary[data-key=a]")).to_contain_text("You")
        expect(place).to_be_visible()
        assert maya.number == number

        maya.press("a")
        page.locator("details.menu[open]").get_by_role("button", name="Tomás Rivera").click()
        expect(page.locator("summary[data-key=a]")).to_contain_text("Tomás")
        expect(place).to_be_visible()

        maya.press("p")
        page.locator("details.menu[open]").get_by_role("button", name="Urgent").click()
        expect(page.locator(".ticket__head")).to_contain_text("Urgent priority")
        maya.press("l")
        expect(page.locator("#tags")).to_be_focused()
        page.keyboard.type("freezer, night")
        maya.press("Enter")
        expect(page.locator(".ticket__head .tag", has_text="freezer")).to_be_visible()
        expect(maya.toast).to_contain_text("Tags changed.")
        maya.press("z")
        page.wait_for_url(f"**/tickets/{number}*")
        expect(page.locator(".ticket__head .tag", has_text="freezer")).to_have_count(0)

    def test_waiting_for_somebody_is_a_state_of_its_own(self, maya: Desk, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        maya.press("Shift+H")
        page.locator("details.menu[open]").get_by_role("button", name="A part").click()
        expect(page.locator(".ticket__head")).to_contain_text("Waiting for a part")
        maya.open("/inbox/waiting")
        expect(page.locator(f"#row-{number}")).to_be_visible()


class TestKeys:
    def test_move_open_and_lead_elsewhere(self, maya: Desk, post: Post) -> None:
        post.write()
        page = maya.open("/inbox/next-up")
        maya.press("j")
        first = page.locator(".list a.trow").first
        expect(first).to_be_focused()
        maya.press("j")
        second = page.locator(".list a.trow").nth(1)
        expect(second).to_be_focused()
        maya.press("k")
        expect(first).to_be_focused()
        maya.press("Enter")
        page.wait_for_url("**/tickets/*")
        opened = maya.number
        maya.press("j")
        page.wait_for_url(lambda url: f"/tickets/{opened}" not in url)
        expect(page.locator("a.trow[aria-current=true]")).to_be_in_viewport()
        maya.press("u")
        page.wait_for_url("**/inbox/next-up")
        maya.press("g", "m")
        page.wait_for_url("**/inbox/mine")
        maya.press("g", "s")
        page.wait_for_url("**/settings/**")

    def test_are_listed_for_what_the_page_can_do(self, maya: Desk, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        maya.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog.get_by_text("Done, go to next")).to_be_visible()
        expect(dialog.get_by_text("Snooze…")).to_be_visible()
        maya.press("Escape")
        expect(dialog).to_be_hidden()
        maya.open("/settings/profile")
        maya.press("?")
        expect(dialog.get_by_text("New ticket")).to_be_visible()
        expect(dialog.get_by_text("Snooze…")).to_be_hidden()
        maya.press("Escape")

    def test_begin_a_ticket(self, maya: Desk) -> None:
        page = maya.open("/inbox/next-up")
        maya.press("c")
        page.wait_for_url("**/tickets/new")
        page.get_by_label("To", exact=True).fill("nils@lindqvist.example")
        page.get_by_label("Their name").fill("Nils Lindqvist")
        page.get_by_label("Subject").fill("Your visit on Monday")
        page.get_by_label("Message").fill("We come at nine.")
        maya.press("Control+Enter")
        page.wait_for_url(re.compile(r"/tickets/\d+"))
        expect(page.locator(".ticket__subject")).to_have_text("Your visit on Monday")
        expect(maya.messages()).to_contain_text("We come at nine.")

    def test_can_be_switched_off(self, sit: Sit) -> None:
        tomas = sit(TOMAS)
        page = tomas.open("/settings/profile")
        page.get_by_label("Single keys").uncheck()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        tomas.open("/inbox/next-up")
        tomas.press("c", "j")
        assert page.url.endswith("/inbox/next-up")
        tomas.open("/settings/profile")
        page.get_by_label("Single keys").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
