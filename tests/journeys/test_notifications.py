"""Somebody adds the browser they sit at; a test page goes through the product to a push service, and its worker shows it.

The one thing a test cannot have is a subscription of a push service outside: the browser is handed one of the service on
loopback. What that service took, and read as a browser does, is delivered to the real worker by the DevTools protocol.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, Worker, expect

from tests.fakes.push import Pushed, PushService
from tests.frontend.test_behaviours import eventually
from tests.journeys.conftest import Sit
from tests.journeys.desk import DEV, Desk

HERE = "/settings/on-call"
SUBSCRIBE = """
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
      if (!userVisibleOnly) throw new Error("a browser wants to show everything");
      const key = btoa(String.fromCharCode(...applicationServerKey));
      localStorage.setItem("subscription", await window.subscribed(key));
      return PushManager.prototype.getSubscription();
    };
    PushManager.prototype.getSubscription = async () => {
      const said = JSON.parse(localStorage.getItem("subscription"));
      return said && { ...said, toJSON: () => said };
    };
"""


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as there:
        yield there


def subscribing(desk: Desk, service: PushService) -> None:
    """The browser gets its subscription from the service on loopback."""

    def subscribed(key: str) -> str:
        return service.subscribe(key.replace("+", "-").replace("/", "_").rstrip("=")).told()

    desk.context.expose_function("subscribed", subscribed)
    desk.context.add_init_script(SUBSCRIBE)


def pushed(service: PushService, place: int) -> Pushed:
    eventually(lambda: len(service.taken) > place, 30)
    return service.taken[place]


def delivery(desk: Desk) -> Callable[[str], None]:
    """Hands the worker a message as the browser does when its push service brings one; returns when it is displayed."""
    session: CDPSession = desk.context.new_cdp_session(desk.page)
    known: list[str] = []
    displayed: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: known.extend(one["registrationId"] for one in told["registrations"]),
    )
    session.on(
        "BackgroundService.backgroundServiceEventReceived",
        lambda told: displayed.append(told["backgroundServiceEvent"]["eventName"]),
    )
    session.send("ServiceWorker.enable")
    session.send("BackgroundService.setRecording", {"shouldRecord": True, "service": "notifications"})
    session.send("BackgroundService.startObserving", {"service": "notifications"})

    def waited(over: Callable[[], bool]) -> None:
        for _ in range(400):
            if over():
                return
            desk.page.wait_for_timeout(50)
        raise AssertionError("the worker showed nothing in 20 s")

    def deliver(said: str) -> None:
        waited(lambda: bool(known))
        before = displayed.count("Notification displayed")
        message = {"origin": desk.product.url, "registrationId": known[-1], "data": said}
        session.send("ServiceWorker.deliverPushMessage", message)
        # Chromium forgets a notification somebody asks for between its being kept and its being displayed.
        waited(lambda: displayed.count("Notification displayed") > before)

    return deliver


def worker_of(context: BrowserContext) -> Worker:
    eventually(lambda: bool(context.service_workers))
    return context.service_workers[0]


def shown(page: Page, count: int) -> list[dict[str, Any]]:
    """What the browser shows just now."""
    ask = """async () => {
      const registration = await navigator.serviceWorker.getRegistration("/push/worker.js");
      const shown = await registration.getNotifications();
      return shown.map(({ title, body, tag, data, requireInteraction, actions }) =>
        ({ title, body, tag, link: data.link, stays: requireInteraction, actions: actions.map((one) => one.title) }));
    }"""
    for _ in range(100):
        found: list[dict[str, Any]] = page.evaluate(ask)
        if len(found) == count:
            break
        page.wait_for_timeout(50)
    return found


def test_a_browser_is_added_proven_and_rung(sit: Sit, service: PushService) -> None:
    desk = sit(DEV)
    desk.context.grant_permissions(["notifications"], origin=desk.product.url)
    subscribing(desk, service)
    page = desk.open(HERE)
    page.get_by_role("button", name="Reach me in this browser").click()
    expect(page.get_by_text("A code is on its way.")).to_be_visible()

    # The code arrives as a notification and is typed in from there.
    deliver = delivery(desk)
    deliver(json.dumps(pushed(service, 0).said))
    [code] = shown(page, 1)
    assert (code["stays"], code["actions"]) == (False, [])
    one = page.get_by_role("listitem").filter(has_text="Chrome on Linux")
    one.get_by_label("Code").fill(re.findall(r"\d{6}", code["title"])[0])
    one.get_by_role("button", name="Prove it").click()
    expect(page.get_by_text("Proven. You are reached there from now on.")).to_be_visible()

    # A test page: title, words, two buttons; the same page again takes its own place.
    page.get_by_role("button", name="Send a test page").click()
    said = pushed(service, 1).said
    for _ in range(2):
        deliver(json.dumps(said))
    test_page = next(one for one in shown(page, 2) if one["title"] == "Test page")
    assert test_page["actions"] == ["On it", "Pass on"]
    assert test_page["stays"]
    assert test_page["link"] == said["link"]

    # Pressing a button opens the page where it is pressed for good; nothing has been said by then.
    pressed = worker_of(desk.context).evaluate("""async () => {
      const opened = [];
      self.clients.openWindow = async (address) => { opened.push(address); };
      for (const notification of await self.registration.getNotifications())
        for (const action of notification.title === "Test page" ? ["", "pass-on"] : [])
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
      return opened;
    }""")
    assert pressed == [said["link"], said["link"] + "#pass-on"]
    page.goto(pressed[1])
    expect(page.get_by_role("heading", name="The test page arrived.")).to_be_visible()

    # What cannot be read shows something all the same, and taking the browser away ends it.
    page = desk.open(HERE)
    deliver("nonsense")
    assert {one["title"] for one in shown(page, 2)} == {code["title"], "On call"}
    expect(page.locator("[data-browser]", has_text="this browser")).to_be_visible()
    page.get_by_role("button", name=re.compile("Take Chrome on Linux.* away")).click()
    expect(page.get_by_text("You are not reached there any more.")).to_be_visible()


def test_who_blocks_notifications_reads_what_to_do(sit: Sit) -> None:
    desk = sit(DEV)
    desk.context.clear_permissions()
    desk.context.add_init_script("""
        Object.defineProperty(Notification, "permission", { get: () => "denied" });
        Notification.requestPermission = async () => "denied";
    """)
    page = desk.open(HERE)
    expect(page.get_by_text("This browser blocks notifications from here")).to_be_visible()
    page.get_by_role("button", name="Reach me in this browser").click()
    expect(page.get_by_text("This browser blocks notifications from here")).to_be_visible()


def test_a_browser_that_cannot_is_not_asked(sit: Sit) -> None:
    desk = sit(DEV)
    desk.context.add_init_script("delete window.PushManager;")
    page = desk.open(HERE)
    expect(page.get_by_text("This browser takes no notifications from websites")).to_be_visible()
    expect(page.get_by_role("button", name="Reach me in this browser")).to_be_hidden()


def test_without_a_push_service_says_so_and_saves_nothing(sit: Sit) -> None:
    desk = sit(DEV)
    desk.context.grant_permissions(["notifications"], origin=desk.product.url)
    desk.context.add_init_script(
        "PushManager.prototype.subscribe = async () => { throw new DOMException('', 'AbortError'); };"
    )
    page = desk.open(HERE)
    kept = page.get_by_role("listitem").filter(has_text="Chrome on Linux")
    before = kept.count()  # another journey of the same person may have left one
    page.get_by_role("button", name="Reach me in this browser").click()
    expect(page.get_by_text("This browser got no address at its push service.")).to_be_visible()
    page.reload()
    expect(kept).to_have_count(before)
