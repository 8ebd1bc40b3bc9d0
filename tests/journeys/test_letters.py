"""Ways in: an invitation, a forgotten password, and a session that ends elsewhere."""

from __future__ import annotations

import email
import email.policy
import re
import time

from playwright.sync_api import expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA, PASSWORD, Desk
from tests.journeys.post import eventually
from tests.journeys.product import Product

INGRID, RUTH = "ingrid@halden.example", "ruth@halden.example"


def link_in_letter(product: Product, to: str) -> str:
    """The link of the newest letter to somebody; the demo's mailbox puts its letters into a folder."""

    def look() -> str:
        letters = sorted((product.var / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime)
        for file in reversed(letters):
            letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            found = re.search(r"http://\S+", letter.get_body(("plain",)).get_content())
            if to in letter["To"] and found:
                return found[0]
        return ""

    return eventually(look)


class TestInvitation:
    def test_is_sent_taken_and_lets_in(self, maya: Desk, sit: Sit) -> None:
        page = maya.open("/settings/people")
        address = f"nora{time.monotonic_ns()}@halden.example"
        page.get_by_label("Name").fill("Nora Lind")
        page.get_by_label("Work email").fill(address)
        page.get_by_role("button", name="Send an invitation").click()
        maya.shows(f"An invitation is on its way to {address}")
        nora = sit("")
        nora.page.goto(link_in_letter(maya.product, address))
        nora.shows("Hello Nora.")
        nora.page.get_by_label("New password").fill("late lamp under snow")
        nora.page.get_by_role("button", name="Come in").click()
        nora.page.wait_for_url("**/inbox/next-up")
        nora.shows("Nora Lind")
        nora.page.get_by_text("Nora Lind, your menu").click()
        nora.page.get_by_role("button", name="Sign out").click()
        nora.page.wait_for_url("**/sign-in")
        nora.sign_in(address, "late lamp under snow")


class TestAForgottenPassword:
    def test_is_set_anew_by_a_letter_that_works_once(self, sit: Sit) -> None:
        somebody = sit("")
        somebody.expected |= {410, 422}
        page = somebody.open("/sign-in")
        page.get_by_role("link", name="Set a new password by mail").click()
        page.get_by_label("Work email").fill(INGRID)
        page.get_by_role("button", name="Send me a link").click()
        somebody.shows("Look at your mail.")
        link = link_in_letter(somebody.product, INGRID)
        page.goto(link)
        page.get_by_label("New password").fill("winter harbour lights")
        page.get_by_role("button", name="Set this password").click()
        page.wait_for_url("**/inbox/next-up")
        other = sit("")
        other.expected |= {410, 422}
        other.page.goto(link)
        other.shows("This is no longer here.")
        other.open("/sign-in")
        other.page.get_by_label("Work email").fill(INGRID)
        other.page.get_by_label("Password").fill(PASSWORD)
        other.page.get_by_role("button", name="Sign in").click()
        expect(other.page.get_by_text("do not belong together").first).to_be_visible()
        other.sign_in(INGRID, "winter harbour lights")

    def test_is_answered_alike_for_nobody(self, sit: Sit) -> None:
        somebody = sit("")
        page = somebody.open("/sign-in/forgot")
        page.get_by_label("Work email").fill("nobody@halden.example")
        page.get_by_role("button", name="Send me a link").click()
        somebody.shows("Look at your mail.")


class TestASession:
    def test_that_ends_elsewhere_stops_the_stream_of_an_open_page(self, sit: Sit) -> None:
        first, second = sit(""), sit("")
        for desk in (first, second):
            desk.expected |= {401}
            desk.sign_in(RUTH)
        with first.page.expect_event(
            "requestfinished", lambda request: request.url.endswith("/live") or "/live?" in request.url, timeout=25_000
        ):
            page = second.open("/settings/profile")
            page.get_by_role("button", name="Sign out everywhere else").click()
            expect(page.get_by_role("status").filter(has_text="signed out")).to_be_visible()
        first.open("/inbox/next-up")
        assert "/sign-in" in first.page.url

    def test_brings_back_to_the_page_that_was_asked_for(self, sit: Sit) -> None:
        desk = sit("")
        page = desk.open("/settings/profile")
        page.get_by_label("Work email").fill(MAYA)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/settings/profile")
