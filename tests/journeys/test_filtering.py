"""A list is narrowed by keys, keeps itself true, gets a name and loses it again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA, Desk
from tests.journeys.post import Post


class TestANarrowedList:
    def test_is_made_by_keys_and_lets_in_what_fits_alone(self, maya: Desk, post: Post) -> None:
        page = maya.open("/inbox/next-up")
        page.mouse.move(1200, 500)
        maya.press("f")
        page.wait_for_url("**/inbox/next-up/filter")
        expect(page.get_by_label("Promise")).to_be_focused()
        page.get_by_label("Person").select_option("Nobody")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**/inbox/next-up?person=nobody")
        assert re.fullmatch(r".*/inbox/next-up\?person=nobody", page.url)
        page.mouse.move(1200, 500)
        number = post.write("Nobody has it yet")
        row = page.locator(f"#row-{number}")
        expect(row).to_be_visible(timeout=15_000)
        row.locator("a").click()
        page.wait_for_url(f"**/tickets/{number}?view=next-up%3Fperson%3Dnobody")
        maya.press("i")
        expect(page.locator(f"#row-{number}")).to_have_count(0, timeout=15_000)
        expect(page.locator(".narrowed__one", has_text="Nobody’s")).to_be_visible()

    def test_does_not_take_in_what_does_not_fit(self, maya: Desk, post: Post) -> None:
        page = maya.open("/inbox/next-up?person=me")
        page.mouse.move(1200, 500)
        number = post.write("Not yours")
        expect(page.locator("[data-count=unassigned]").first).not_to_be_empty()
        page.wait_for_timeout(3_000)
        expect(page.locator(f"#row-{number}")).to_have_count(0)

    def test_is_sorted_by_a_menu(self, maya: Desk, post: Post) -> None:
        number = post.write("The newest of all")
        page = maya.open("/inbox/next-up")
        page.locator(".list__head summary").click()
        page.get_by_role("link", name="Newest message").click()
        page.wait_for_url("**/inbox/next-up?sort=newest")
        expect(page.locator("li[id^=row-]").first).to_have_id(f"row-{number}")


class TestASavedView:
    def test_gets_a_place_and_loses_it_and_comes_back(self, maya: Desk) -> None:
        page = maya.open("/inbox/next-up?person=nobody&sort=oldest")
        page.get_by_role("link", name="Save").click()
        page.get_by_role("textbox", name="Name").fill("Nobody’s, oldest first")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/inbox/next-up?person=nobody&sort=oldest")
        place = page.locator(".nav__item", has_text="Nobody’s, oldest first")
        expect(place).to_have_attribute("aria-current", "page")
        expect(place.locator(".count")).to_have_text(re.compile(r"\d+"))
        page.get_by_text("This view").click()
        page.get_by_role("link", name="Rename").click()
        page.get_by_role("textbox", name="Name").fill("Oldest first")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".nav__item", has_text="Oldest first")).to_be_visible()
        page.get_by_text("This view").click()
        page.get_by_role("button", name="Remove").click()
        expect(page.locator("#toasts").get_by_text("View removed.")).to_be_visible()
        expect(page.locator(".nav__item", has_text="Oldest first")).to_have_count(0)
        page.locator("body").click(position={"x": 1200, "y": 500})
        maya.press("z")
        expect(page.locator(".nav__item", has_text="Oldest first")).to_be_visible()
        page.get_by_text("This view").click()
        page.get_by_role("button", name="Remove").click()
        expect(page.locator("#toasts").get_by_text("View removed.")).to_be_visible()

    def test_works_without_script(self, sit: Sit) -> None:
        desk = sit(MAYA, java_script_enabled=False)
        page = desk.open("/inbox/next-up")
        page.get_by_role("link", name="Filter, key F").click()
        page.get_by_label("Priority").select_option("Urgent")
        page.get_by_role("button", name="Show").click()
        assert page.url.endswith("/inbox/next-up?priority=urgent")
        page.get_by_role("link", name="Save").click()
        page.get_by_role("textbox", name="Name").fill("Urgent by hand")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".nav__item", has_text="Urgent by hand")).to_be_visible()
        page.get_by_text("This view").click()
        page.get_by_role("button", name="Remove").click()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".nav__item", has_text="Urgent by hand")).to_be_visible()
        page.get_by_text("This view").click()
        page.get_by_role("button", name="Remove").click()
        page.get_by_role("link", name="Take the filter away").or_(
            page.locator("h2", has_text="Next up")
        ).first.wait_for()
