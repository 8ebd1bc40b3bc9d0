"""Every route has exactly one guard, the public ones are counted by name, and nothing is open by accident."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from helpdesk.access.guards import agents_only, guard_of, public
from tests.plugins.world import Browser, World

PUBLIC = {
    "/.well-known/kept-statement-keys.json",
    "/calendars/on-call/<token>.ics",
    "/chat/<key>/frame",
    "/chat/<key>/theme.css",
    "/chat/<key>/widget.js",
    "/f/<key>",
    "/healthz",
    "/on-it/<token>",
    "/push/worker.js",
    "/readyz",
    "/sign-in",
    "/sign-in/forgotten",
    "/password/<token>",
    "/proof/<token>",
    "/statements/verify_statement.py",
    "/static/<path:filename>",
}
"""What anybody may open."""

ADMINS = "/settings/channels", "/settings/mailboxes", "/settings/people"
"""What exists for administrators alone."""


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def filled(rule: Rule) -> str:
    """A path the rule matches, naming things that do not exist."""
    samples = {"number": 999999, "message_id": 999999, "place": 0, "kind": "reply", "view": "next-up", "key": "next-up"}
    values = {name: samples.get(name, 999999 if "Integer" in type(converter).__name__ else "x")
              for name, converter in rule._converters.items()}  # fmt: skip
    built = rule.build(values)
    assert built is not None, rule.rule
    return built[1]


def unsafe(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})


class TestGuards:
    def test_every_route_has_one(self, product: Flask):
        bare = {
            rule.rule
            for rule in rules(product)
            if rule.endpoint != "static" and not guard_of(product.view_functions[rule.endpoint])
        }
        assert not bare

    def test_two_are_refused(self):
        with pytest.raises(TypeError, match="has a guard already"):
            agents_only(public(lambda: ""))

    def test_the_public_routes_are_these(self, product: Flask):
        opened = {
            rule.rule
            for rule in rules(product)
            if rule.endpoint == "static" or guard_of(product.view_functions[rule.endpoint]) == "public"
        }
        assert opened <= PUBLIC | {
            rule for rule in opened if rule.startswith(("/sign-in", "/password", "/forgot", "/invitation"))
        }


class TestMatrix:
    """Every route x {nobody, agent, admin}."""

    def test_nobody_gets_in(self, world: World):
        visitor = Browser(world.app)
        let_in = {}
        for rule in rules(world.app):
            view = world.app.view_functions[rule.endpoint]
            if rule.endpoint == "static" or guard_of(view) == "public":
                continue
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                answer = visitor._open(method, filled(rule), {}, {})
                if answer.status_code not in {303, 401, 404}:
                    let_in[method, rule.rule] = answer.status_code
                if answer.status_code == 303:
                    assert answer.location.startswith("/sign-in?next=")
        assert not let_in

    def test_agents_find_no_page_of_administrators(self, world: World):
        browser = world.browser(world.ben)
        found = {}
        for rule in rules(world.app):
            if guard_of(world.app.view_functions[rule.endpoint]) == "admins":
                for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                    answer = browser.get(filled(rule)) if method == "GET" else browser.post(filled(rule))
                    if answer.status_code != 404:
                        found[method, rule.rule] = answer.status_code
        assert not found

    def test_administrators_do(self, world: World):
        browser = world.browser(world.ada)
        opened = {
            rule.rule: browser.get(rule.rule).status_code
            for rule in rules(world.app)
            if guard_of(world.app.view_functions[rule.endpoint]) == "admins"
            and "GET" in (rule.methods or set())
            and not rule.arguments
        }
        assert opened
        assert all(status < 500 and status != 404 for status in opened.values()), opened

    @pytest.mark.parametrize("who", ["ben", "ada"])
    def test_no_form_is_taken_without_its_token(self, world: World, who: str):
        browser = world.browser(getattr(world, who))
        taken = {}
        for rule in rules(world.app):
            if rule.endpoint == "static":
                continue
            for method in unsafe(rule):
                status = browser._open(method, filled(rule), {"body": "x"}, {}).status_code
                signed = guard_of(world.app.view_functions[rule.endpoint]) == "signed"
                if status != (401 if signed else 400):
                    taken[method, rule.rule] = status
        assert not taken

    def test_no_form_of_another_site_is_taken(self, world: World):
        browser = world.browser(world.ben)
        ticket = world.ticket()
        for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = browser.post(f"/tickets/{ticket.number}/resolution", **headers)
            assert answer.status_code == 400
        assert ticket.is_active

    def test_nothing_that_is_not_there_breaks_a_page(self, world: World):
        """Names of things that do not exist: a plain answer, never a 500."""
        broken = {}
        for person in (world.ben, world.ada):
            browser = world.browser(person)
            for rule in rules(world.app):
                if rule.endpoint in {"static", "live.stream"}:
                    continue
                for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                    path = filled(rule)
                    answer = browser.get(path) if method == "GET" else browser.post(path)
                    if answer.status_code >= 500 and answer.status_code != 503:
                        broken[person.name, method, rule.rule] = answer.status_code
        assert not broken
