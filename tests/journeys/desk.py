"""A browser window somebody works in: it notes everything that must never happen, and knows the product's ways."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from tests.journeys.product import Product

PASSWORD = "kept-demo"
MAYA, DEV, TOMAS = "maya@halden.example", "dev@halden.example", "tomas@halden.example"
_REFUSED = re.compile(r"the server responded with a status of (\d+)")


@dataclass
class Desk:
    """One window. `expected` are the 4xx answers this story provokes on purpose."""

    context: BrowserContext
    page: Page
    product: Product
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("page", self._watch)
        self._watch(self.page)

    def open(self, path: str = "/") -> Page:
        """The page at `path`, loaded whole: a module script has run by then."""
        self.page.goto(self.product.url + path)
        return self.page

    def sign_in(self, email: str = MAYA, password: str = PASSWORD) -> Page:
        self.open("/sign-in")
        self.page.get_by_label("Work email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/inbox/**")
        return self.page

    def open_ticket(self, number: int, view: str = "next-up") -> Page:
        return self.open(f"/tickets/{number}?view={view}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def row(self, words: str) -> Locator:
        return self.page.locator("li[id^=row-]", has_text=words)

    def messages(self) -> Locator:
        return self.page.locator("li[data-message]")

    def until(self, happened: Callable[[], object], seconds: float = 20) -> None:
        """Go on once it has, while the window hears of what happens in it; afterwards somebody else says what lacks."""
        end = time.monotonic() + seconds
        while not happened() and time.monotonic() < end:
            self.page.wait_for_timeout(50)

    @property
    def toast(self) -> Locator:
        return self.page.locator("#toasts")

    @property
    def said(self) -> Locator:
        """What a screen reader was told politely last."""
        return self.page.locator("#polite")

    @property
    def number(self) -> int:
        found = re.search(r"/tickets/(\d+)", self.page.url)
        assert found, self.page.url
        return int(found[1])

    def shows(self, *words: str) -> None:
        for one in words:
            expect(self.page.locator("body")).to_contain_text(one)

    def _watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("response", self._response)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        refused = _REFUSED.search(message.text)
        if refused is None or int(refused[1]) not in self.expected:
            self.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} {response.request.method} {response.url}")

    def _request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in {"http", "https"} and where.netloc != urlsplit(self.product.url).netloc:
            self.strangers.append(request.url)
