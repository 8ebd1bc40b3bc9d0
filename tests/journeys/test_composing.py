"""Writing: reply and note apart, drafts that follow the person, sending taken back, files, and never over a colleague."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import DEV, MAYA, Desk
from tests.journeys.post import Post, eventually


class TestDrafts:
    def test_of_reply_and_note_never_mix_and_follow_the_person(self, maya: Desk, sit: Sit, post: Post) -> None:
        page = maya.open_ticket(post.write())
        maya.press("r")
        expect(page.locator("#reply")).to_be_focused()
        page.keyboard.type("To the customer")
        expect(page.locator("#reply-panel [data-draft-status]")).to_have_text("Draft saved")
        maya.press("Control+.")
        expect(page.locator("#note")).to_be_focused()
        expect(page.locator("#note")).to_have_value("")
        page.keyboard.type("Only for us")
        expect(page.locator("#note-panel [data-draft-status]")).to_have_text("Draft saved")
        maya.press("Control+.")
        expect(page.locator("#reply")).to_have_value("To the customer")

        page.reload()
        expect(page.locator("#reply")).to_have_value("To the customer")
        expect(page.locator("#note")).to_have_value("Only for us")
        elsewhere = sit(MAYA)
        elsewhere.open_ticket(maya.number)
        expect(elsewhere.page.locator("#reply")).to_have_value("To the customer")
        expect(elsewhere.page.locator("#note")).to_have_value("Only for us")

    def test_survive_leaving_before_they_were_saved(self, maya: Desk, post: Post) -> None:
        page = maya.open_ticket(post.write())
        maya.press("r")
        page.keyboard.type("Half a thought")
        page.reload()
        expect(page.locator("#reply")).to_have_value("Half a thought")

    def test_leave_the_keys_to_the_writer_until_escape(self, maya: Desk, post: Post) -> None:
        number = post.write()
        page = maya.open_ticket(number)
        maya.press("n")
        page.keyboard.type("eirz")
        expect(page.locator("#note")).to_have_value("eirz")
        maya.press("Escape")
        expect(page.locator(".ticket__scroll")).to_be_focused()
        expect(page.locator("#note")).to_have_value("eirz")
        maya.press("r")
        expect(page.locator("#reply")).to_be_focused()


class TestSending:
    def test_can_be_taken_back_and_returns_the_words(self, maya: Desk, post: Post) -> None:
        page = maya.open_ticket(post.write())
        maya.press("r")
        page.keyboard.type("Too early")
        maya.press("Control+Enter")
        expect(maya.messages()).to_have_count(2)
        expect(maya.toast).to_contain_text("Sends in")
        expect(page.locator("#reply")).to_have_value("")
        maya.press("Escape", "z")
        expect(maya.messages()).to_have_count(1)
        expect(page.locator("#reply")).to_have_value("Too early")

    def test_of_nothing_says_what_is_missing_and_stays(self, maya: Desk, post: Post) -> None:
        maya.expected.add(422)
        page = maya.open_ticket(post.write())
        maya.press("r", "Control+Enter")
        expect(page.locator("#reply-error")).to_contain_text("There is nothing to send yet.")
        expect(maya.messages()).to_have_count(1)

    def test_stops_when_a_colleague_answered_first(self, maya: Desk, sit: Sit, post: Post) -> None:
        maya.expected.add(409)
        page = maya.open_ticket(post.write())
        maya.press("r")
        page.keyboard.type("Mine")
        expect(page.locator("#reply-panel [data-draft-status]")).to_have_text("Draft saved")
        dev = sit(DEV)
        dev.open_ticket(maya.number)
        dev.press("r")
        dev.page.keyboard.type("His")
        dev.press("Control+Enter")
        expect(dev.messages()).to_have_count(2)
        expect(maya.messages()).to_have_count(2)

        maya.press("Control+Enter")
        expect(page.get_by_role("alert").filter(has_text="Dev Patel answered while you were writing")).to_be_visible()
        expect(page.locator("#reply")).to_have_value("Mine")
        expect(maya.messages()).to_have_count(2)
        page.get_by_role("button", name="Send mine too").click()
        expect(maya.messages()).to_have_count(3)

    def test_and_done_goes_with_one_key(self, maya: Desk, post: Post) -> None:
        page = maya.open_ticket(post.write())
        maya.press("r")
        page.keyboard.type("All is well again.")
        maya.press("Control+Shift+Enter")
        expect(maya.messages()).to_have_count(2)
        assert eventually(
            lambda: maya.product.ask("SELECT 1 FROM ticket WHERE number = %s AND status = 4", maya.number)
        )

    def test_a_note_stays_with_the_team(self, maya: Desk, post: Post) -> None:
        page = maya.open_ticket(post.write())
        maya.press("n")
        page.keyboard.type("Third time this month")
        maya.press("Control+Enter")
        expect(maya.messages().last).to_contain_text("Team only")
        expect(maya.toast).to_contain_text("Note added.")
        asked = "SELECT count(*) FROM delivery JOIN ticket ON ticket.id = ticket_id WHERE number = %s"
        assert maya.product.ask(asked, maya.number) == (0,)


class TestFiles:
    def test_are_attached_taken_off_and_sent(self, maya: Desk, post: Post, tmp_path: Path) -> None:
        page = maya.open_ticket(post.write())
        for name in ("plan.txt", "wrong.txt"):
            (tmp_path / name).write_text(f"this is {name}")
        page.locator("#reply-panel input[type=file]").set_input_files([tmp_path / "plan.txt", tmp_path / "wrong.txt"])
        files = page.locator("#reply-panel .composer__files li")
        expect(files.filter(has_text="plan.txt")).to_contain_text("16 B")
        page.get_by_role("button", name="Take wrong.txt off").click()
        expect(files).to_have_count(1)
        page.reload()
        expect(files).to_have_count(1)
        maya.press("r")
        page.keyboard.type("Here is the plan.")
        maya.press("Control+Enter")
        expect(maya.messages()).to_have_count(2)
        with page.expect_download() as download:
            maya.messages().last.get_by_role("link", name=re.compile("plan.txt")).click()
        assert download.value.path().read_text() == "this is plan.txt"

    def test_show_how_far_they_are(self, maya: Desk, post: Post, tmp_path: Path) -> None:
        page = maya.open_ticket(post.write())
        (tmp_path / "film.bin").write_bytes(bytes(3_000_000))
        page.evaluate(
            """() => { window.seen = []; new MutationObserver((records) => {
                 for (const record of records) for (const node of record.addedNodes)
                   if (node.querySelector?.("progress")) window.seen.push(node.querySelector("progress").ariaLabel);
               }).observe(document.querySelector("#reply-panel .composer__files"), { childList: true }); }"""
        )
        page.locator("#reply-panel input[type=file]").set_input_files(tmp_path / "film.bin")
        expect(page.locator("#reply-panel .composer__files li")).to_contain_text("3.0 MB")
        assert page.evaluate("window.seen") == ["Attaching film.bin"]
