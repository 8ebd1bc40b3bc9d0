"""The chat on a site of another origin: a visitor by keyboard, an agent, the way by mail and back, in Chromium."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.fakes.web_server import WebServer, reply
from tests.journeys.conftest import Sit, window
from tests.journeys.desk import MAYA, Desk
from tests.journeys.post import SUPPORT, Post, eventually
from tests.journeys.product import Product
from tests.journeys.test_accessibility import _AUDIT, AXE, RULES, audit

_GONE = """
    UPDATE visit SET seen_at = seen_at - interval '1 hour', left_at = now() - interval '1 hour',
           unread_since = now() - interval '1 hour' WHERE email = %s AND unread_since IS NOT NULL RETURNING id
"""
_MAILS = "SELECT id FROM delivery WHERE purpose = 'continuation' AND state = 'sent' ORDER BY id DESC LIMIT 1"


class Site:
    """Somebody's site, with the line on each of its pages."""

    def __init__(self, server: WebServer, name: str = "localhost") -> None:
        self.server = server
        self.url = f"http://{name}:{server.port}"
        self.line = ""

    def page(self, handler: BaseHTTPRequestHandler) -> None:
        html = f"<!doctype html><html lang=en><title>Orchard</title><h1>{handler.path}</h1><a href=/b>Another</a>{self.line}"
        reply(handler, 200, html.encode(), {"Content-Type": "text/html"})


@pytest.fixture
def site() -> Iterator[Site]:
    with WebServer() as server:
        there = Site(server)
        for path in ("/a", "/b", "/elsewhere"):
            server.answers[path] = there.page
        yield there


@pytest.fixture
def chat(sit: Sit, site: Site) -> Iterator[Desk]:
    """Maya has connected it, and the line from its page stands on the site."""
    desk = sit(MAYA)
    page = desk.open("/settings/channels/new/chat")
    page.get_by_label("Name", exact=True).fill("Orchard Dairy")
    page.get_by_label("Site", exact=True).fill(site.url)
    page.get_by_label("Greeting").fill("Ask us about your cold rooms.")
    page.get_by_label("Minutes until mail").fill("1")
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**said=connected")
    site.line = page.locator("pre").first.inner_text()
    assert audit(page, "a chat in settings") == []
    yield desk
    desk.product.ask("UPDATE channel SET paused_at = now() WHERE kind = 'chat' RETURNING id")


@pytest.fixture
def visitor(chromium: Browser, product: Product) -> Iterator[Desk]:
    with window(chromium, product) as desk:
        yield desk
        assert desk.problems == []
        assert [one for one in desk.strangers if not one.startswith("http://localhost:")] == []


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Chat]")


def checked(page: Page, name: str) -> list[str]:
    """What axe finds in the frame itself."""
    inside = next(one for one in page.frames if "/frame" in one.url)
    inside.evaluate(AXE.read_text())
    found = [f"{name}: {one}" for one in inside.evaluate(_AUDIT, RULES)]
    sideways = inside.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return found + ([f"{name}: {sideways} px too wide"] if sideways > 0 else [])


def open_by_keys(page: Page) -> FrameLocator:
    inside = frame_of(page)
    expect(inside.get_by_role("button", name="Chat with Orchard Dairy")).to_be_visible()
    page.locator("a").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(inside.get_by_role("dialog", name="Orchard Dairy")).to_be_visible()
    expect(inside.get_by_label("Message")).to_be_focused()
    return inside


def ticket_of(product: Product, words: str) -> int:
    asked = "SELECT number FROM ticket WHERE subject = %s"
    return int(str(eventually(lambda: product.ask(asked, words))[0]))


def answer(desk: Desk, words: str) -> None:
    desk.page.get_by_label("Your reply").fill(words)
    desk.page.get_by_role("button", name="Send", exact=False).first.click()
    expect(desk.messages().last).to_contain_text(words)


def test_a_visitor_and_an_agent_talk_and_the_conversation_stays(chat: Desk, visitor: Desk, site: Site) -> None:
    page = visitor.page
    page.goto(f"{site.url}/a")
    inside = open_by_keys(page)
    expect(inside.locator("#promise")).to_contain_text(re.compile("A person answers|Write any time"))
    found = checked(page, "before a word")
    page.keyboard.type("The milk tank shows 9 degrees")
    page.keyboard.press("Enter")
    expect(inside.get_by_role("log")).to_contain_text("The milk tank shows 9 degrees")
    number = ticket_of(chat.product, "The milk tank shows 9 degrees")

    chat.open_ticket(number)
    chat.shows("is here now", f"Goes to web chat {site.url}.")
    assert audit(chat.page, "a chat") == []
    expect(inside.get_by_role("log")).to_contain_text("seen")
    chat.page.get_by_label("Your reply").press_sequentially("Is", delay=20)
    expect(inside.get_by_text("Somebody is writing")).to_be_visible()
    answer(chat, "Is the fan turning?")
    expect(inside.get_by_role("log")).to_contain_text("Is the fan turning?")
    expect(chat.messages().last.locator("[data-delivery=read]")).to_be_visible()

    page.keyboard.type("It is <b>still</b>")
    expect(chat.page.get_by_text("Writing…")).to_be_visible()
    page.keyboard.press("Enter")
    expect(chat.messages().last).to_contain_text("It is <b>still</b>")
    assert chat.product.ask(
        "SELECT count(DISTINCT ticket_id) FROM message WHERE channel_kind = 'chat' AND body_text LIKE 'It is <b>%%'"
    ) == (1,)

    page.keyboard.press("Escape")
    expect(inside.get_by_role("button", name="Chat with Orchard Dairy")).to_be_focused()
    page.get_by_role("link", name="Another").click()
    inside = open_by_keys(page)
    expect(inside.get_by_role("log")).to_contain_text("Is the fan turning?")
    page.emulate_media(color_scheme="dark")
    found += checked(page, "dark")
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload()
    inside = open_by_keys(page)
    expect(inside.get_by_role("log")).to_contain_text("Is the fan turning?")
    found += checked(page, "dark, small")
    page.emulate_media(color_scheme="light")
    found += checked(page, "small")
    assert found == [], found


def test_files_go_both_ways(chat: Desk, visitor: Desk, site: Site) -> None:
    page = visitor.page
    page.goto(f"{site.url}/a")
    inside = open_by_keys(page)
    inside.locator("#file").set_input_files({"name": "plate.txt", "mimeType": "text/plain", "buffer": b"KX22-0931"})
    page.keyboard.type("The plate of it")
    page.keyboard.press("Enter")
    number = ticket_of(chat.product, "The plate of it")
    chat.open_ticket(number)
    expect(chat.messages().last.get_by_text("plate.txt").first).to_be_visible()
    chat.page.locator("#reply-panel input[type=file]").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a plan"}
    )
    expect(chat.page.locator("#reply-panel").get_by_text("plan.pdf")).to_be_visible()
    answer(chat, "Here is the plan.")
    with page.expect_download() as got:
        inside.get_by_role("button", name="plan.pdf").click()
    assert got.value.suggested_filename == "plan.pdf"
    assert Path(got.value.path()).read_bytes() == b"%PDF-1.4 a plan"


def test_an_unread_answer_goes_by_mail_and_the_conversation_comes_back(
    chat: Desk, visitor: Desk, site: Site, post: Post, chromium: Browser
) -> None:
    visitor.expected.add(422)
    page = visitor.page
    page.goto(f"{site.url}/a")
    inside = open_by_keys(page)
    page.keyboard.type("The door does not close")
    page.keyboard.press("Enter")
    number = ticket_of(chat.product, "The door does not close")
    inside.get_by_label("If you leave, where may we answer by mail?").fill("zoe-chat")
    inside.get_by_role("button", name="Answer me there").click()
    expect(inside.get_by_role("alert")).to_contain_text("Enter an address")
    inside.get_by_label("If you leave, where may we answer by mail?").fill("zoe.chat@quill.example")
    page.keyboard.press("Enter")
    expect(inside.get_by_text("We write to zoe.chat@quill.example")).to_be_visible()
    page.goto("about:blank")
    chat.open_ticket(number)
    chat.shows("left", "zoe.chat@quill.example by mail, an address nobody has confirmed yet")
    answer(chat, "Press the seal at the top.")
    eventually(lambda: chat.product.ask(_GONE, "zoe.chat@quill.example"))
    eventually(lambda: chat.product.ask(_MAILS), seconds=60)
    mail = newest(chat.product, "zoe.chat@quill.example")
    said = mail.get_body().get_content()  # type: ignore[union-attr]
    assert "Press the seal at the top." in said
    assert "The door does not close" not in str(mail["Subject"])

    back = EmailMessage()
    back["From"], back["To"] = "Zoe Quill <zoe.chat@quill.example>", str(mail["Reply-To"])
    back["Subject"], back["Message-ID"] = f"Re: {mail['Subject']}", "<back-to-chat@quill.example>"
    back["In-Reply-To"] = mail["Message-ID"]
    back.set_content("That helped, but it drips now.")
    post.send(back)
    assert post.ticket_of(back) == number
    expect(chat.messages().last).to_contain_text("That helped, but it drips now.")
    assert "Somebody new" not in chat.messages().last.inner_text()

    link = re.search(r"http://\S+#resume=\S+", said)
    assert link is not None
    with window(chromium, chat.product, viewport={"width": 390, "height": 844}) as telephone:
        telephone.page.goto(link[0])
        log = telephone.page.get_by_role("log")
        expect(log).to_contain_text("Press the seal at the top.")
        expect(log).to_contain_text("That helped, but it drips now.")
        telephone.page.get_by_label("Message").fill("I am at the telephone now")
        telephone.page.keyboard.press("Enter")
        expect(chat.messages().last).to_contain_text("I am at the telephone now")
        assert telephone.problems == []
    assert chat.product.ask("SELECT channel_kind FROM ticket WHERE number = %s", number) == ("chat",)


def test_no_other_site_may_frame_it(chat: Desk, chromium: Browser, product: Product, site: Site) -> None:
    with window(chromium, product) as stranger:
        stranger.page.goto(f"http://127.0.0.1:{site.server.port}/elsewhere")
        stranger.until(lambda: any("frame-ancestors" in one for one in stranger.problems))
        assert any("frame-ancestors" in one for one in stranger.problems)
        expect(stranger.page.locator("iframe[title=Chat]")).to_be_hidden()


def test_the_form_works_without_script_and_is_clean(sit: Sit) -> None:
    desk = sit(MAYA)
    page = desk.open("/settings/channels/new/form")
    page.get_by_label("Name", exact=True).fill("Halden Mechanical")
    page.get_by_label("Title", exact=True).fill("Ask our service")
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**said=connected")
    place = page.locator("pre").first.inner_text().removeprefix(desk.product.url)
    for theme, size in (("light", 1280), ("dark", 360)):
        looked = sit("", color_scheme=theme, viewport={"width": size, "height": 800})
        assert audit(looked.open(place), f"form, {theme}") == []
        assert looked.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    plain = sit("", java_script_enabled=False)
    plain.expected.add(422)
    form = plain.open(place)
    form.get_by_label("Your words").fill("The form works without script")
    form.wait_for_timeout(2100)
    form.get_by_role("button", name="Send it").click()
    expect(form.locator("body")).to_contain_text("Enter the address we can answer to")
    form.get_by_label("Your mail address").fill("zoe.form@quill.example")
    form.get_by_label("What it is about").fill("Story of a form")
    form.wait_for_timeout(2100)
    form.get_by_role("button", name="Send it").click()
    expect(form.get_by_role("status")).to_contain_text("It has arrived.")
    number = ticket_of(desk.product, "Story of a form")
    assert desk.product.ask("SELECT channel_kind FROM ticket WHERE number = %s", number) == ("email",)


def newest(product: Product, to: str) -> EmailMessage:
    """The last mail that left for somebody."""
    for path in sorted(product.var.rglob("*.eml"), key=lambda one: one.stat().st_mtime, reverse=True):
        with path.open("rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        if to in str(mail["To"]):
            assert isinstance(mail, EmailMessage)
            return mail
    raise AssertionError(f"no mail to {to}, {SUPPORT}")
