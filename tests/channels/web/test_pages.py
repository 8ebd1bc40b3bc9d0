"""The pages of mailboxes and the quarantine in a real browser: for everybody, in both themes, on small screens."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from channels import health
from channels.email.watching import State
from channels.intake import Arrival, accept
from channels.models import Channel
from helpdesk.access import sessions
from helpdesk.db import db
from helpdesk.people.models import Agent
from tests.channels.web.conftest import FORM, HERE

pytestmark = pytest.mark.journey

AXE = Path(__file__).parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PATHS = (HERE, f"{HERE}/new", f"{HERE}/2", f"{HERE}/2/edit", f"{HERE}/test", "/settings/quarantine")
QUARANTINED = (
    b"From: =?utf-8?q?J=C3=B8rn?= <jorn@customer.example>\r\nSubject: Compressor\r\n\r\nhello",
    b"no header at all",
)


@pytest.fixture
def site(product: Flask, admin, listening) -> Iterator[str]:
    """The product on a port, with a mailbox that is well, one in trouble and two mails in quarantine."""
    assert admin.send(HERE, FORM | {"aliases": "help@halden.example"}).status_code == 303
    with product.app_context():
        health.report(2, State.NEEDS_SIGN_IN, "imap.halden.example refused the sign-in of agent.")
        channel = db.session.get_one(Channel, listening)
        reason = "The message names several senders."
        accept(channel, [Arrival(f"k{n}", raw, refusal=reason) for n, raw in enumerate(QUARANTINED)])
    server = make_server("127.0.0.1", 0, product, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def opened(
    browser: Browser, product: Flask, site: str, *, width: int = 1440, theme: str = "light", script=True
) -> Page:
    """A signed-in administrator's page."""
    with product.test_request_context():
        ada = db.session.scalars(select(Agent).where(Agent.role == "admin")).one()
        ada.theme = theme
        token = sessions.begin(ada, request)
        db.session.commit()
    context = browser.new_context(viewport={"width": width, "height": 960}, java_script_enabled=script)
    context.add_cookies([{"name": "kept", "value": token, "url": site}])
    return context.new_page()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_is_for_everybody(browser, product, site, width, theme):
    page = opened(browser, product, site, width=width, theme=theme)
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    for path in PATHS:
        page.goto(site + path)
        page.wait_for_load_state("load")
        if shots := os.environ.get("KEPT_SHOTS"):
            page.screenshot(path=f"{shots}/{path.strip('/').replace('/', '-')}-{width}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
        assert found == [], path
    assert complaints == []
    page.context.close()


def test_a_test_shows_its_steps_without_script_and_keeps_what_was_typed(browser, product, site):
    page = opened(browser, product, site, script=False)
    page.goto(f"{site}{HERE}/2/edit")
    page.fill("[name=name]", "Another name")
    page.fill("[name=imap_password]", "typed")
    page.click("text=Test it")
    steps = page.frame_locator("iframe[name=trial]")
    steps.locator("text=Reach failed.").wait_for()
    assert "Nobody answers at 127.0.0.1:1" in steps.locator("body").inner_text()
    assert steps.locator(".checks__doing:visible").count() == 0
    assert page.input_value("[name=name]") == "Another name"
    assert page.input_value("[name=imap_password]") == "typed"
    page.context.close()


def test_the_form_shows_only_what_the_choice_needs(browser, product, site):
    page = opened(browser, product, site, script=False)
    page.goto(f"{site}{HERE}/2/edit")
    assert not page.is_visible("[name=oauth_client_id]")
    page.check("[name=sign_in][value=microsoft]")
    assert page.is_visible("[name=oauth_tenant]")
    assert not page.is_visible("[name=imap_password]")
    page.check("[name=incoming][value=listener]")
    assert not page.is_visible("[name=imap_host]")
    page.context.close()
