"""Each hostile message, cleaned and opened in a browser without any content policy: nothing fires or is fetched."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from helpdesk.text.html import original_document, sanitise
from helpdesk.text.plain import to_html

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "hostile_html.toml").read_text())["case"]
PICTURES = {"pic@x": "/attachments/5"}
ALLOWED = ["http:", "https:", "mailto:", "tel:"]
INSPECT = """() => {
  const all = [...document.querySelector('article').querySelectorAll('*')];
  const kinds = ['click', 'mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart'];
  for (const one of all) for (const kind of kinds)
    one.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true }));
  return {
    fired: window.fired ?? 0,
    tags: [...new Set(all.map((one) => one.localName))],
    attributes: [...new Set(all.flatMap((one) => one.getAttributeNames()))],
    schemes: [...new Set(all.filter((one) => one.matches('a[href]')).map((one) => one.protocol))],
    shadowed: typeof window.htmx + typeof window.csrf_token,
  };
}"""
FORBIDDEN = {
    "script",
    "style",
    "svg",
    "math",
    "form",
    "input",
    "button",
    "select",
    "textarea",
    "option",
    "iframe",
    "frame",
    "object",
    "embed",
    "applet",
    "base",
    "meta",
    "link",
    "template",
    "video",
    "audio",
    "source",
    "picture",
    "map",
    "area",
    "canvas",
    "marquee",
    "details",
    "noscript",
    "dialog",
}
FORBIDDEN_ATTRIBUTES = {
    "style",
    "id",
    "name",
    "class",
    "srcset",
    "background",
    "ping",
    "tabindex",
    "autofocus",
    "srcdoc",
}

pytestmark = pytest.mark.journey


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("window.fire = () => { window.fired = (window.fired ?? 0) + 1; }")
    yield page
    context.close()


def opened(page: Page, body: str) -> tuple[dict[str, object], list[str]]:
    """Show a body in a page of ours; gives what is in it and which foreign addresses were asked for."""
    asked: list[str] = []
    html = f"<!doctype html><title>t</title><article>{body}</article>"

    def answer(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.url == "http://kept.test/":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
            return
        if not route.request.url.startswith("http://kept.test/attachments/"):
            asked.append(route.request.url)
        route.abort()

    page.route("**/*", answer)
    page.goto("http://kept.test/", wait_until="load")
    page.wait_for_timeout(20)
    return page.evaluate(INSPECT), asked


class TestInTheInbox:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_nothing_fires_and_nothing_is_fetched(self, page: Page, case: dict[str, str]) -> None:
        found, asked = opened(page, sanitise(case["html"], cids=PICTURES).html)
        assert found["fired"] == 0
        assert asked == []
        assert not FORBIDDEN.intersection(found["tags"])  # type: ignore[arg-type]
        attributes = found["attributes"]
        assert isinstance(attributes, list)
        assert not [one for one in attributes if one.startswith(("on", "data-", "hx-")) or one in FORBIDDEN_ATTRIBUTES]
        assert set(found["schemes"]) <= set(ALLOWED)  # type: ignore[arg-type]
        assert found["shadowed"] == "undefinedundefined"

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_the_same_as_plain_text_is_only_words_and_links(self, page: Page, case: dict[str, str]) -> None:
        found, asked = opened(page, to_html(case["html"]))
        assert (found["fired"], asked) == (0, [])
        assert set(found["tags"]) <= {"p", "br", "a"}  # type: ignore[arg-type]
        assert set(found["schemes"]) <= set(ALLOWED)  # type: ignore[arg-type]


class TestOriginalFormatting:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_nothing_fires_and_nothing_is_fetched(self, page: Page, case: dict[str, str]) -> None:
        body = original_document(case["html"], cids=PICTURES).split("<body>")[1].split("</body>")[0]
        found, asked = opened(page, body)
        assert (found["fired"], asked) == (0, [])
        assert not FORBIDDEN.intersection(found["tags"])  # type: ignore[arg-type]


class TestTheWire:
    @pytest.mark.parametrize("case", [case for case in CASES if case.get("fires")], ids=lambda case: case["name"])
    def test_trips_when_nothing_is_cleaned(self, page: Page, case: dict[str, str]) -> None:
        found, _ = opened(page, case["html"])
        assert found["fired"] != 0

    def test_sees_foreign_requests(self, page: Page) -> None:
        assert opened(page, "<img src=https://other.test/p.gif>")[1] == ["https://other.test/p.gif"]
