"""A browser and the running product with the demo story, shared by the stories of one worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from helpdesk import database
from tests.journeys.desk import DEV, MAYA, Desk
from tests.journeys.post import Post
from tests.journeys.product import Product
from tests.plugins.database import cloned

_PUT_AWAY = """
    UPDATE ticket SET status = 4, resolved_at = now() FROM contact
     WHERE contact.id = contact_id AND contact.name = %s AND status < 4 RETURNING ticket.id
"""
Sit = Callable[..., Desk]
"""Opens a window: `sit()` signed in as Maya, `sit(DEV)` as somebody else, `sit("")` as nobody; options are the context's."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def chromium(browser: Browser) -> Browser:
    return browser


@pytest.fixture(scope="session")
def product(server: database.Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product on the demo story, for all stories of this worker: each brings its own tickets."""
    with cloned(server, template) as url:
        prepared = Product(url, tmp_path_factory.mktemp("var"))
        prepared.flask("seed", "demo")
        with prepared as running:
            yield running


@pytest.fixture(scope="session")
def _doors() -> dict[str, object]:
    """Cookies of who has signed in already: hashing passwords again and again proves nothing."""
    return {}


@pytest.fixture
def sit(chromium: Browser, product: Product, _doors: dict[str, object]) -> Iterator[Sit]:
    desks: list[Desk] = []
    with ExitStack() as windows:

        def open_desk(email: str = MAYA, **options: object) -> Desk:
            known = {"storage_state": _doors[email]} if email in _doors else {}
            desk = windows.enter_context(window(chromium, product, **known, **options))
            desks.append(desk)
            if email and not known:
                desk.sign_in(email)
                _doors[email] = desk.context.storage_state()
            return desk

        yield open_desk
        problems = [problem for desk in desks for problem in desk.problems]
    assert problems == []


@contextmanager
def window(chromium: Browser, product: Product, **options: object) -> Iterator[Desk]:
    """A browser of its own: no cookie, no storage of another window."""
    context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(20_000)
    yield Desk(context, context.new_page(), product)
    context.close()


@pytest.fixture
def maya(sit: Sit) -> Desk:
    return sit(MAYA)


@pytest.fixture
def dev(sit: Sit) -> Desk:
    return sit(DEV)


@pytest.fixture
def post(product: Product) -> Iterator[Post]:
    """Mails of one story; when it is told its tickets leave the lists, so that these stay short."""
    writer = Post(product)
    yield writer
    product.ask(_PUT_AWAY, "Zoe Quill")
