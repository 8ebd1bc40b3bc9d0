"""Pages as a browser shows them: accessible, within the content policy, within their budgets."""

import gzip
import re
from pathlib import Path

import pytest
from flask import render_template
from playwright.sync_api import Browser, Page

from helpdesk.web.assets import CHANNEL_ICONS
from tests.frontend.site import ROOT, Served, create

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
ERRORS = [400, 403, 404, 409, 410, 413, 422, 429, 500, 503]
PAGES = ["/pages/components", "/pages/inbox", "/pages/inbox?pane=ticket", "/pages/inbox?pane=context", "/error/404"]

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("width", [360, 390, 900, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
class TestEveryPage:
    def test_has_nothing_for_axe_and_does_not_scroll_sideways(
        self, browser: Browser, site: Served, path: str, theme: str, width: int
    ) -> None:
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(site.url + path, wait_until="load")
        context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text()})
        found = page.evaluate(f"axe.run(document, {RULES}).then((run) => run.violations.map((one) => one.id))")
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()


class TestTheInbox:
    def test_loads_cold_within_its_budget(self, page: Page, site: Served) -> None:
        sizes: dict[str, int] = {}
        page.on(
            "response",
            lambda answer: (
                sizes.update({answer.url: len(gzip.compress(answer.body(), 9))}) if "live" not in answer.url else None
            ),
        )
        page.goto("/pages/inbox", wait_until="load")
        page.wait_for_function("document.querySelector('#shapes')")
        counted = {url: size for url, size in sizes.items() if not url.endswith(".woff2")}
        assert len(counted) <= 6
        assert sum(counted.values()) <= 80_000
        assert next(size for url, size in counted.items() if "main." in url) <= 40_000
        assert sum(size for url, size in counted.items() if url.endswith(".css")) <= 16_000

    def test_has_no_style_and_no_handler_in_its_markup(self, page: Page) -> None:
        page.goto("/pages/inbox")
        page.wait_for_function("window.htmx")
        assert page.evaluate("document.querySelectorAll('style, script:not([src]), [style]').length") == 0
        assert page.evaluate("document.adoptedStyleSheets.length") == 0
        names = page.evaluate("[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())")
        assert not [name for name in names if name.startswith("on")]

    def test_opens_its_menu_without_script(self, browser: Browser, site: Served) -> None:
        context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.goto(f"{site.url}/pages/inbox")
        assert not page.get_by_role("link", name="Settings").is_visible()
        page.get_by_role("link", name="More").click()
        assert page.get_by_role("link", name="Settings").is_visible()
        page.get_by_role("link", name="Close menu").click()
        assert not page.get_by_role("link", name="Settings").is_visible()
        context.close()


class TestErrorPages:
    @pytest.mark.parametrize("width", [390, 1440])
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_have_nothing_for_axe(self, browser: Browser, site: Served, theme: str, width: int) -> None:
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)  # type: ignore[arg-type]
        page = context.new_page()
        found = {}
        for status in ERRORS:
            page.goto(f"{site.url}/error/{status}")
            context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text()})
            found[status] = page.evaluate(
                f"axe.run(document, {RULES}).then((run) => run.violations.map((one) => one.id))"
            )
        assert found == {status: [] for status in ERRORS}
        context.close()

    @pytest.mark.parametrize("status", ERRORS)
    def test_say_what_happened_and_repeat_nothing(self, status: int) -> None:
        app = create()
        with app.test_request_context("/<script>fire()</script>?q=reflected"):
            html = render_template(f"errors/{status}.html")
        assert "reflected" not in html
        assert "<script" not in html
        words = re.sub(r"<[^>]+>", " ", html).lower()
        assert not re.search(
            r"\b(oops|please|successfully|invalid|sorry)\b|!(?!doctype)", words.replace("<!doctype", "")
        )


class TestIcons:
    def test_every_icon_a_template_draws_is_in_the_sprite(self) -> None:
        listed = set((ROOT / "frontend" / "icons.txt").read_text().split())
        drawn = set(CHANNEL_ICONS.values())
        for template in [*(ROOT / "templates").rglob("*.html"), *(Path(__file__).parent / "pages").glob("*.html")]:
            drawn |= set(re.findall(r"""\bicon\(["']([a-z0-9-]+)["']""", template.read_text()))
            drawn |= set(re.findall(r"""icon_name=["']([a-z0-9-]+)["']""", template.read_text()))
        assert drawn - listed == set()
