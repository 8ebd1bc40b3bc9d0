"""One trouble in two tickets, two troubles in one: merged, taken apart, and made a ticket of their own, by hand."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import DEV, MAYA, Desk
from tests.journeys.post import Post

ZOE = "Zoe Quill <zoe@quill.example>"


def subject(page: Page) -> str:
    return page.locator(".ticket__subject").inner_text()


class TestMerging:
    def test_brings_two_tickets_together_and_apart_again(self, sit: Sit, post: Post) -> None:
        maya, dev = sit(MAYA), sit(DEV)
        kept = post.write("The chiller hums", "It began on Monday.", sender=ZOE)
        double = post.write("Humming again", "Louder than on Monday.", sender=ZOE)
        watched = dev.open_ticket(kept)
        expect(dev.messages()).to_have_count(1)
        page = maya.open_ticket(double)
        maya.press("Shift+M")
        page.wait_for_url("**/merge")
        page.get_by_role("link", name="The chiller hums").click()
        expect(page.get_by_role("heading", name=f"Merge into #{kept}?")).to_be_visible()
        page.get_by_role("button", name="Merge", exact=True).click()
        page.wait_for_url(f"**/tickets/{kept}?*")
        expect(maya.messages()).to_have_count(2)
        expect(maya.messages().first).to_contain_text("It began on Monday.")
        expect(maya.toast).to_contain_text("Merged.")
        expect(dev.messages()).to_have_count(2)
        expect(watched.locator(".thread")).to_contain_text(f"merged #{double} into this ticket")
        maya.press("z")
        page.wait_for_url(f"**/tickets/{double}*")
        expect(maya.messages()).to_have_count(1)
        expect(maya.messages()).to_contain_text("Louder than on Monday.")
        expect(page.locator("#reply")).to_be_visible()
        expect(dev.messages()).to_have_count(1)

    def test_a_merged_ticket_leads_on_and_says_when_it_is_too_late(self, maya: Desk, post: Post) -> None:
        kept = post.write("A leak", sender=ZOE)
        double = post.write("Water on the floor", sender=ZOE)
        page = maya.open(f"/tickets/{double}/merge?q={kept}")
        page.get_by_role("link", name="A leak").click()
        page.get_by_role("button", name="Merge", exact=True).click()
        page.wait_for_url(f"**/tickets/{kept}?*")
        page = maya.open_ticket(double)
        expect(page.locator(".ticket__head")).to_contain_text(f"Merged into #{kept}")
        expect(page.get_by_role("button", name="Take apart")).to_be_visible()
        page.get_by_role("link", name=f"Go to #{kept}").click()
        page.wait_for_url(f"**/tickets/{kept}")
        maya.press("n")
        page.locator("#note").fill("They are one.")
        page.get_by_role("button", name="Add note").click()
        expect(maya.messages()).to_have_count(3)
        page = maya.open_ticket(double)
        expect(page.get_by_text("Something else happened since")).to_be_visible()
        expect(page.get_by_role("button", name="Take apart")).to_have_count(0)

    def test_of_two_customers_warns_first_and_needs_no_script(self, sit: Sit, post: Post) -> None:
        kept, theirs = post.write("Ours", sender=ZOE), post.write("Theirs")
        plain = sit(MAYA, java_script_enabled=False)
        page = plain.open(f"/tickets/{theirs}/merge")
        page.get_by_label("Number or words of the subject").fill(f"#{kept}")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name=f"#{kept} Ours").click()
        expect(page.get_by_text("Two customers.")).to_be_visible()
        page.get_by_role("button", name="Merge all the same").click()
        page.wait_for_url(f"**/tickets/{kept}?*")
        expect(page.locator("#followers")).to_contain_text("Asks to follow")
        plain.open_ticket(theirs)
        page.get_by_role("button", name="Take apart").click()
        expect(plain.messages()).to_have_count(1)


class TestSplitting:
    def test_makes_a_message_its_own_ticket_where_its_answers_go(self, maya: Desk, post: Post) -> None:
        first = post.mail("The chiller hums", "It began on Monday.", sender=ZOE)
        post.send(first)
        origin = post.ticket_of(first)
        second = post.mail("Re: The chiller hums", "By the way, the door sticks.", sender=ZOE)
        second["In-Reply-To"] = first["Message-ID"]
        post.send(second)
        post.ticket_of(second)
        page = maya.open_ticket(origin)
        maya.messages().last.get_by_label("More about this message").click()
        page.get_by_role("link", name="Make its own ticket").click()
        page.get_by_label("Subject").fill("The door sticks")
        page.get_by_role("button", name="Make it a ticket").click()
        page.wait_for_url(lambda url: bool(re.search(r"/tickets/\d+$", url)))
        child = maya.number
        assert child != origin
        assert subject(page) == "The door sticks"
        expect(maya.messages()).to_contain_text("By the way, the door sticks.")
        third = post.mail("Re: The chiller hums", "The left one.", sender=ZOE)
        third["In-Reply-To"] = second["Message-ID"]
        third["References"] = f"{first['Message-ID']} {second['Message-ID']}"
        post.send(third)
        expect(maya.messages()).to_have_count(2)
        assert post.ticket_of(third) == child
        page.get_by_role("link", name=f"Made of #{origin}").click()
        expect(page.locator(".thread")).to_contain_text(f"a ticket: #{child}")
        expect(maya.messages()).to_have_count(1)
