"""Somebody who may see everything reads pages through the whole application, at an instant that stands still."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg
from flask import Flask

from helpdesk.access.sessions import hashed
from helpdesk.now import now

_TOKEN = "m" * 43
_HTML = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


class Manager:
    """Signed in as the first of the agents."""

    def __init__(self, app: Flask, connection: psycopg.Connection[Any]) -> None:
        at = now()
        connection.execute(
            "INSERT INTO session (token_hash, agent_id, created_at, seen_at, expires_at, address, browser)"
            " VALUES (%s, 1, %s, %s, %s, '127.0.0.1', 'recount') ON CONFLICT DO NOTHING",
            [hashed(_TOKEN), at, at, at + timedelta(days=1)],
        )
        connection.commit()
        self._client = app.test_client()
        self._client.set_cookie("kept", _TOKEN)

    def json(self, address: str) -> Any:
        return json.loads(self._get(address, {"Accept": "application/json"}))

    def page(self, address: str) -> str:
        return self._get(address, _HTML)

    def _get(self, address: str, headers: dict[str, str]) -> str:
        answer = self._client.get(address, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code} {answer.get_data(as_text=True)[:300]}")
        return answer.get_data(as_text=True)
