"""A door to knock at: an app of the web face and the pages of access over one database, and a browser-like client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from helpdesk.access.guards import admins_only, agents_only, current_agent
from helpdesk.access.passwords import hashed
from helpdesk.db import db, engine_options
from helpdesk.live import Hub
from helpdesk.now import now
from helpdesk.people.models import Agent, Brand
from helpdesk.plugins import Registry
from helpdesk.web import profile, signin, site, team

ROOT = Path(__file__).parents[2]
PASSWORD = "narrow river crossing 7"
_HASH: list[str] = []
_TABLES = "session, one_time_link, throttle, agent, brand, delivery, procrastinate_jobs"


def build(url: str) -> Flask:
    app = Flask("helpdesk", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    options = engine_options(url)
    app.config.update(SQLALCHEMY_DATABASE_URI=options.pop("url"), SQLALCHEMY_ENGINE_OPTIONS=options)
    app.extensions["plugins"] = Registry([])
    app.extensions["live"] = Hub("", limit=0)
    db.init_app(app)
    site.install(app)
    for bp in (signin.bp, team.bp, profile.bp):
        app.register_blueprint(bp)
    app.add_url_rule("/", "home", agents_only(lambda: current_agent().email))
    app.add_url_rule("/change", "change", agents_only(lambda: "changed"), methods=["POST"])
    app.add_url_rule("/tickets/<int:number>", "ticket", agents_only("{number}".format), methods=["GET", "POST"])
    app.add_url_rule("/vault", "vault", admins_only(lambda: "gold"))
    return app


def people() -> None:
    """Ada runs the house, Ben answers, Mei is invited, Gil has left."""
    _HASH[:] = _HASH or [hashed(PASSWORD)]
    everyone = [
        Agent(email="ada@meridian.example", name="Ada Berg", role="admin", password_hash=_HASH[0]),
        Agent(email="Ben@Meridian.example", name="Ben Osei", role="agent", password_hash=_HASH[0]),
        Agent(email="mei@meridian.example", name="Mei Tanaka", role="manager", password_hash=""),
        Agent(
            email="gil@meridian.example", name="Gil Novak", role="agent", password_hash=_HASH[0], deactivated_at=now()
        ),
    ]
    for person in everyone:
        person.created_at = now()
    if db.session.scalar(select(Brand.id).limit(1)) is None:
        db.session.add(Brand(name="Meridian Cooling"))
    db.session.add_all(everyone)
    db.session.commit()


class Visitor:
    """A browser without script: keeps cookies, fills the forms it was shown."""

    def __init__(self, app: Flask, *, address: str = "192.0.2.10", **headers: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.headers = {"Accept": "text/html", "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0", **headers}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._open("GET", path, {}, headers)

    def post(
        self, path: str, form: dict[str, Any] | None = None, *, on: str = "/sign-in", **headers: str
    ) -> TestResponse:
        """Send a form with the token that the page `on` shows."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(on).text)
        return self._open("POST", path, {"csrf_token": token[1] if token else "", **(form or {})}, headers)

    def bare_post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        return self._open("POST", path, form or {}, headers)

    def sign_in(self, email: str = "ada@meridian.example", password: str = PASSWORD, **form: str) -> TestResponse:
        return self.post("/sign-in", {"email": email, "password": password, **form})

    def cookie(self, name: str = "kept") -> str:
        found = self.client.get_cookie(name)
        return found.value if found is not None else ""

    def _open(self, method: str, path: str, form: dict[str, Any], headers: dict[str, str]) -> TestResponse:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.client.open(
            path,
            method=method,
            data=form or None,
            headers={**self.headers, **named},
            environ_overrides={"REMOTE_ADDR": self.address},
        )


@pytest.fixture(scope="session")
def _door(database_url: str) -> Iterator[Flask]:
    app = build(database_url)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def house(_door: Flask) -> Flask:
    """The house with its four people in it; what the test before committed is gone."""
    with _door.app_context():
        db.session.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE"))
        db.session.commit()
        people()
    return _door


@pytest.fixture
def visitor(house: Flask) -> Visitor:
    return Visitor(house)


@pytest.fixture
def ada(house: Flask) -> Visitor:
    known = Visitor(house)
    assert known.sign_in().status_code == 303
    return known


@pytest.fixture
def ben(house: Flask) -> Visitor:
    known = Visitor(house, address="192.0.2.20")
    assert known.sign_in("ben@meridian.example").status_code == 303
    return known
