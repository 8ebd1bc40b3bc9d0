"""The built front end, a site that serves it, and a browser to look at it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.frontend.site import ROOT, Served


@pytest.fixture
def site() -> Iterator[Served]:
    if not (ROOT / "static" / "dist" / "manifest.json").exists():
        pytest.skip("needs the built front end: npm ci && npm run build, in frontend/")
    served = Served()
    yield served
    served.close()


@pytest.fixture
def page(browser: Browser, site: Served) -> Iterator[Page]:
    """A page on the site; anything the content policy or a script complains of fails the test."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []
