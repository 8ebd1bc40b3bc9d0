"""A customer's HTML: shown safely, remote images only after a click and only through us, the original apart."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.fakes.web_server import WebServer, reply
from tests.journeys.desk import Desk
from tests.journeys.post import Post, eventually
from tests.journeys.product import ROOT

PICTURE = (ROOT / "helpdesk" / "demo" / "display-f2.jpg").read_bytes()


class TestRemoteImages:
    def test_stay_away_until_a_click_and_then_come_through_us(self, maya: Desk, post: Post) -> None:
        with WebServer() as elsewhere:
            elsewhere.answers["/photo.jpg"] = lambda handler: reply(
                handler, 200, PICTURE, {"Content-Type": "image/jpeg"}
            )
            there = f"http://127.0.0.1:{elsewhere.port}"
            html = (
                f'<p style="color:red">Look: <img src="{there}/photo.jpg" alt="A photo"></p>'
                f'<link rel="stylesheet" href="{there}/x.css"><script src="{there}/x.js"></script>'
                f'<p onclick="alert(1)" background="{there}/b.png">text</p><iframe src="{there}/f"></iframe>'
            )
            page = maya.open_ticket(post.write(html=html))
            letter = maya.messages().first
            expect(letter).to_contain_text("Look:")
            assert (maya.strangers, elsewhere.asked) == ([], [])
            letter.get_by_role("link", name="Show 1 blocked image").click()
            expect(letter.locator("img")).to_be_visible()
            assert eventually(lambda: page.evaluate("document.querySelector('.letter img').naturalWidth"))
            assert maya.strangers == []
            assert [asked.path for asked in elsewhere.asked] == ["/photo.jpg"]

    def test_original_formatting_is_a_document_of_its_own(self, maya: Desk, post: Post) -> None:
        html = '<p style="color:rgb(1,2,3)">Styled</p><script>document.title="run"</script>'
        page = maya.open_ticket(post.write(html=html))
        page.get_by_label("More about this message").click()
        with maya.context.expect_page() as opened:
            page.get_by_role("link", name="Original formatting").click()
        document = opened.value
        expect(document.get_by_text("Styled")).to_have_css("color", "rgb(1, 2, 3)")
        assert document.title() != "run"
        answer = maya.context.request.get(document.url)
        assert re.search(r"sandbox", answer.headers["content-security-policy"])


class TestQuarantine:
    def test_shows_what_could_not_be_read_and_lets_it_be_discarded_and_put_back(self, maya: Desk, post: Post) -> None:
        raw = b"From: \r\nTo: support@halden.example\r\nSubject: No author at all\r\n\r\nhello\r\n"
        post.send_raw(raw)
        page = maya.page
        expect_in_quarantine(maya, "No author at all")
        page.get_by_role("button", name=re.compile("Discard")).first.click()
        expect(page.get_by_role("status").filter(has_text="Discarded.")).to_be_visible()
        page.get_by_role("link", name="Discarded").click()
        page.get_by_role("button", name=re.compile("Put back")).first.click()
        expect(page.get_by_role("status").filter(has_text="Back in quarantine.")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name=re.compile("Download")).first.click()
        assert b"No author at all" in download.value.path().read_bytes()


def expect_in_quarantine(desk: Desk, subject: str) -> None:
    for _ in range(30):
        desk.open("/settings/quarantine")
        if desk.page.get_by_text(subject).count():
            return
        desk.page.wait_for_timeout(500)
    raise AssertionError(f"{subject} never came to the quarantine")
