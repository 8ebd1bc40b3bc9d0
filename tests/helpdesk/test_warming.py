"""What is done before the fork: pages for agents and for nobody, and nothing of it stays but what was learned."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request
from sqlalchemy import func, select
from sqlalchemy.pool import QueuePool

from channels.plugin import plugin as channels
from helpdesk import warming
from helpdesk.access.models import Session
from helpdesk.app import create_app
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.plugin import plugin as sla


@pytest.fixture
def app(fresh_database_url: str) -> Iterator[Flask]:
    """Somebody works here; nothing was shown yet."""
    app = create_app([channels, sla], url=fresh_database_url)
    with app.app_context():
        db.session.add(Agent(email="ada@meridian.example", name="Ada Berg", role="admin", created_at=now()))
        db.session.commit()
    yield app
    gc.unfreeze()
    with app.app_context():
        db.engine.dispose()


def test_pages_for_agents_and_for_nobody_are_shown_over_and_over(app: Flask) -> None:
    """In a house without a ticket, too."""
    shown: dict[str, int] = {}

    @app.after_request
    def note(response: Response) -> Response:
        shown[request.path] = response.status_code
        return response

    warming.warm(app)
    ready = shown.pop("/readyz")
    assert shown == dict.fromkeys(
        ("/healthz", "/sign-in", "/inbox/next-up", "/inbox/mine", "/inbox/counts", "/tickets/new"), 200
    )
    assert ready in {200, 503}, "nothing leads here, which is silence once this process is a minute old"


def test_no_session_connection_or_thread_stays(app: Flask) -> None:
    before = threading.active_count()
    warming.warm(app)
    assert threading.active_count() == before
    with app.app_context():
        assert isinstance(db.engine.pool, QueuePool)
        assert db.engine.pool.checkedin() == db.engine.pool.checkedout() == 0
        assert db.session.scalar(select(func.count()).select_from(Session)) == 0
