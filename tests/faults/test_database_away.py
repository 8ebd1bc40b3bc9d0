"""The database is stopped without warning under light use: nobody sees an error page, nothing acknowledged is lost."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from tests.faults.browser import Browser, Stream
from tests.faults.rig import Product, until
from tests.faults.scene import Scene

pytestmark = pytest.mark.fault
_STOPS = 4


class Visitor:
    """Writes notes and looks at pages, a few times a second, and remembers every answer."""

    def __init__(self, browser: Browser, number: int) -> None:
        self.browser, self.number = browser, number
        self.answers: list[tuple[float, int, str | None]] = []
        self.acknowledged: list[str] = []
        self.stop = threading.Event()
        self._token = browser.token(f"/tickets/{number}")

    def run(self) -> None:
        count = 0
        while not self.stop.wait(0.1):
            count += 1
            words = f"note-{id(self)}-{count}-end"
            form = {"csrf_token": self._token, "body": words, "client_id": words}
            answer = self.browser.ask("POST", f"/tickets/{self.number}/notes", form)
            self.answers.append((time.monotonic(), answer.status, answer.headers.get("Retry-After")))
            if answer.status < 400:
                self.acknowledged.append(words)
            page = self.browser.ask("GET", f"/tickets/{self.number}")
            self.answers.append((time.monotonic(), page.status, page.headers.get("Retry-After")))


class TestDatabaseAway:
    def test_says_so_comes_back_soon_and_loses_nothing(self) -> None:
        with Product(Scene(replies=3)) as product:
            browser = Browser(product.port)
            browser.sign_in()
            number = product.value("SELECT min(number) FROM ticket")
            stream = Stream(browser)
            visitors = [Visitor(browser, number) for _ in range(2)]
            threads = [threading.Thread(target=visitor.run) for visitor in visitors]
            for thread in threads:
                thread.start()
            recoveries = [_stop_and_wait(product, visitors, stream) for _ in range(_STOPS)]
            for visitor in visitors:
                visitor.stop.set()
            for thread in threads:
                thread.join()
            stream.close()
            answers = [answer for visitor in visitors for answer in visitor.answers]
            broken = [line for line in product.log.splitlines() if '"request_failed"' in line]
            assert broken == []
            assert {status for _, status, _ in answers} <= {200, 303, 503}
            assert all(wait for _, status, wait in answers if status == 503)
            assert any(status == 503 for _, status, _ in answers)
            assert max(recoveries) <= 5
            kept = {body for (body,) in product.rows("SELECT body_text FROM message WHERE direction = 'note'")}
            assert not {words for visitor in visitors for words in visitor.acknowledged} - kept
            _the_worker_still_works(product)


def _stop_and_wait(product: Product, visitors: list[Visitor], stream: Stream) -> float:
    """Seconds from the stop until every visitor's pages work again; the live stream resyncs by then."""
    resyncs = stream.events.count("resync")
    began = time.monotonic()
    assert product.kill("database", signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
    until(lambda: all(_works_since(visitor, began + 0.5) for visitor in visitors), 30, "pages to work again")
    took = time.monotonic() - began
    until(lambda: stream.events.count("resync") > resyncs, 10, "the live stream to resync")
    time.sleep(1)
    return took


def _works_since(visitor: Visitor, moment: float) -> bool:
    last = visitor.answers[-2:]
    return len(last) == 2 and all(at > moment and status < 400 for at, status, _ in last)


def _the_worker_still_works(product: Product) -> None:
    """Jobs run again, whether the worker lived through it or its supervisor started another."""
    product.rows("UPDATE delivery SET state = 'queued', attempts = 0, not_before = now() RETURNING id")
    until(lambda: product.value("SELECT count(*) FROM delivery WHERE state <> 'sent'") == 0, 40, "the outbox to drain")
