"""Where we only listen nothing can be said: one way out that has GET alone, no way to send, and a planted violation of each."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import pytest

from channels import registry
from channels.adapter import Adapter
from channels.capabilities import Capabilities, Talk
from channels.doors import Capable, Observing, Pressed, Prompted, Replying, Streamed, Subscribed
from tests.architecture.source import modules

FOLDER = "channels/observe/"
WAY_OUT = "channels/observe/asking.py"
ALLOWED = {
    "channels.adapter", "channels.capabilities", "channels.doors", "channels.models", "channels.payloads",
    "channels.provider",    "channels.sealing", "channels", "helpdesk", "helpdesk.db", "helpdesk.now", "helpdesk.text", "helpdesk.text.html",
    "helpdesk.text.markup", "helpdesk.text.plain",
}  # fmt: skip
"""Of ours. Neither the outbox nor a client of HTTP is among them; `helpdesk.http` is for the way out alone."""
LIBRARIES = {
    "__future__", "ast", "calendar", "collections.abc", "dataclasses", "datetime", "email.utils", "feedparser", "hashlib",
    "io", "json", "logging", "re", "sqlalchemy", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "typing", "abc",
    "urllib.parse", "xml.sax",
}  # fmt: skip
HARMLESS = {"request", "Response", "Refused", "Unreachable"}
"""Of `helpdesk.http`: how `request` is called is looked at apart."""
SPEAKING = {"send", "reply", "prompt", "presses", "stream", "subscribe", "arrange", "post", "put", "patch", "delete"}


def violations(tree: Mapping[str, ast.Module]) -> Iterator[str]:
    """What in these modules could let something out."""
    for path, module in tree.items():
        if path.startswith(FOLDER):
            yield from (
                f"{path}: {found}" for found in (*_imports(path, module), *_methods(module), *_requests(module))
            )


def _imports(path: str, module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            if "helpdesk.http" in whole and path != WAY_OUT:
                yield "a way out of its own"
            yield from (one for one in whole if one in {"helpdesk.outbox", "helpdesk.jobs", "channels.dispatch"})
        yield from (name for name in names if not (name in ALLOWED | LIBRARIES or name.startswith("channels.observe")))


def _methods(module: ast.Module) -> Iterator[str]:
    defined = (node.name for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    yield from (f"a way to speak: {name}" for name in defined if name in SPEAKING)


def _requests(module: ast.Module) -> Iterator[str]:
    """Every use of `http` but a `request("GET", ...)` without a body, or one of its errors and answers."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "http.request":
            method = node.args[0] if node.args else None
            if not (isinstance(method, ast.Constant) and method.value == "GET"):
                yield "a request that is no GET"
            yield from (
                f"a request with {one.arg}" for one in node.keywords if one.arg in {"body", "json", "form", None}
            )
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "http" and node.attr not in HARMLESS:
            yield f"another way out: http.{node.attr}"
    calls = {id(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "http.request" and id(node) not in calls:
            yield "the way out under another name"


PLANTED = {
    "a post": 'http.request("POST", "https://x.example")',
    "a method that is known at run time alone": 'http.request(method, "https://x.example")',
    "a body": 'http.request("GET", "https://x.example", body=b"hello")',
    "a form": 'http.request("GET", "https://x.example", form={})',
    "whatever is in there": 'http.request("GET", "https://x.example", **more)',
    "a client of one's own": "http.client().request",
    "another name": "ask = http.request",
    "another library": "import requests",
    "a socket": "import socket",
    "the outbox": "from helpdesk import outbox",
    "its verbs": "from helpdesk.outbox import enqueue",
    "a second way out": "from helpdesk import http",
    "sending": "class X:\n    def send(self): ...",
    "a dialogue": "def reply(raw): ...",
}


class TestListening:
    def test_has_no_way_to_say_anything(self):
        assert not list(violations(modules()))
        assert any(path.startswith(FOLDER) for path in modules())

    @pytest.mark.parametrize("planted", PLANTED)
    def test_a_violation_is_caught(self, planted: str):
        tree = {**modules(), f"{FOLDER}planted.py": ast.parse(PLANTED[planted])}
        assert list(violations(tree))

    def test_has_one_way_out(self):
        users = {
            path for path, tree in modules().items() if path.startswith(FOLDER) and "http.request" in ast.unparse(tree)
        }
        assert users == {WAY_OUT}

    @pytest.mark.parametrize("kind", ["feed", "discourse", "mastodon", "bluesky"])
    def test_no_source_offers_anything_that_speaks(self, kind: str):
        source = registry.adapter(kind)
        assert isinstance(source, Observing)
        for door in (Adapter, Replying, Prompted, Pressed, Streamed, Subscribed):
            assert not isinstance(source, door), door
        assert isinstance(source, Capable)
        able = source.capabilities(Talk("anything"))
        assert able.closed
        assert able == Capabilities(public=True, closed=able.closed)

    def test_every_other_channel_can_speak_so_that_this_shows_something(self):
        listening = {kind for kind, _ in registry.kinds_with(Observing)}
        assert {kind for kind in registry.ADAPTERS if not isinstance(registry.adapter(kind), Adapter)} == listening
