"""No secret comes back: every page and every JSON of the whole story is read by its administrator, looking for planted ones."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from channels import joining, sealing
from channels.device.models import DeviceKey
from channels.models import Channel
from channels.plugin import plugin as channels
from helpdesk.access import sessions
from helpdesk.access.models import OneTimeLink, Session
from helpdesk.app import create_app
from helpdesk.db import db, one
from helpdesk.now import now
from helpdesk.people.models import Agent, Brand
from helpdesk.tickets.models import Attachment, Message, Ticket
from sla.assets.models import Asset
from sla.commitments.models import Commitment
from sla.escalations.models import ContactMethod
from sla.plugin import plugin as sla
from tests.plugins.world import Browser, signed_in

EACH = 2
"""So many addresses of one route are opened: a page of a ticket is like that of the next."""

UNREACHED = {
    # streams, which have no end
    "/live",
    "/chat/<key>/stream",
    # opened by a token that only a letter, a provider or a program has
    "/calendars/on-call/<token>.ics",
    "/hooks/<kind>/<key>",
    "/invitation/<token>",
    "/metrics",
    "/on-it/<token>",
    "/proof/<token>",
    "/settings/mailboxes/oauth",
    "/sign-in/reset/<token>",
    # what visitors get of a chat and a form that are not paused
    "/chat/<key>/files/<file>",
    "/chat/<key>/frame",
    "/chat/<key>/messages",
    "/chat/<key>/theme.css",
    "/chat/<key>/widget.js",
    "/f/<key>",
    # what the story has none of
    "/customers/<int:organization_id>/equipment/<int:asset_id>/photo",
    "/customers/<int:organization_id>/equipment/import/rest/<key>",
    "/messages/<int:message_id>/earlier",
    "/messages/<int:message_id>/images/<int:place>",
    "/messages/<int:message_id>/original",
    "/on-call/asks/<int:request_id>",
    "/promises/saved/<int:report_id>/edit",
    "/promises/saved/<int:report_id>/mail",
    "/promises/saved/mails/<int:schedule_id>",
    "/settings/mailboxes/<int:channel_id>/sign-in",
    "/settings/quarantine/<int:inbound_id>.eml",
    "/tickets/<int:number>/person/joins/<int:join_id>",
    # what takes words in its address, or a draft
    "/api/v1/oncall/schedules/<int:schedule_id>/shifts",
    "/api/v1/policies/<int:policy_id>/draft",
    "/api/v1/policies/<int:policy_id>/draft/moves",
    "/policies/<int:policy_id>/force",
    "/policies/<int:policy_id>/replay",
    "/promises/saved/new",
    "/promises/service/wakes",
    "/tickets/<int:number>/time",
}
"""What reading from link to link does not open; a new route is read, or joins these for a reason."""

PASSWORDS = "imap", "smtp", "oauth_refresh"

HASH = "5ca1ab1e" * 8


@pytest.fixture
def story(fresh_database_url: str) -> Iterator[Flask]:
    """The whole product on the demo story, with a planted secret in every place that keeps one."""
    app = create_app([channels, sla], url=fresh_database_url)
    loaded = app.test_cli_runner().invoke(args=["seed", "demo"])
    assert loaded.exit_code == 0, loaded.output
    with app.app_context():
        plant()
        yield app
        db.session.remove()
        db.engine.dispose()


def canary(*names: object) -> str:
    return "-".join(("CANARY", *map(str, names)))


def plant() -> None:
    """A channel of each kind with all its secrets, somebody's password, link, code and key."""
    brand = one(select(Brand).limit(1))
    kept = {kind: [one.name for one in joining.fields_of(kind) if one.secret] for kind, _ in joining.kinds()}
    for kind in kept:
        place = f"{kind}@canaries.example"
        db.session.add(
            Channel(
                kind=kind,
                brand_id=brand.id,
                name=kind,
                address=place,
                hook_key=f"{kind:x<32}",
                created_at=now(),
                paused_at=now(),
            )
        )
    db.session.flush()
    for channel in db.session.scalars(select(Channel)):
        names = [*kept.get(channel.kind, ()), *(PASSWORDS if channel.kind == "email" else ()), "hook_secret"]
        sealing.seal(channel, {name: canary(channel.id, name) for name in names})
    for agent in db.session.scalars(select(Agent)):
        agent.password_hash = f"$argon2id${canary('password', agent.id)}"
        db.session.add(
            OneTimeLink(
                purpose="reset",
                agent_id=agent.id,
                token_hash=f"{HASH}{agent.id}",
                created_at=now(),
                expires_at=now() + timedelta(hours=1),
            )
        )
    for method in db.session.scalars(select(ContactMethod)):
        method.code_hash = canary("code", method.id)
    for key in db.session.scalars(select(DeviceKey)):
        key.hash = canary("key", key.id)
    db.session.commit()


def planted(cookie: str) -> list[str]:
    """What must not be read anywhere: the secrets, what is stored of them, and the browser's own session."""
    sealed = [text for channel in db.session.scalars(select(Channel)) for text in channel.secrets.values()]
    sessions = db.session.scalars(select(Session.token_hash)).all()
    return ["CANARY", HASH, cookie, *sealed, *sessions]


@dataclass
class Reading:
    """From link to link, each route a few times."""

    browser: Browser
    app: Flask
    found: dict[str, list[str]] = field(default_factory=dict)
    opened: Counter[str] = field(default_factory=Counter)
    waiting: list[str] = field(default_factory=lambda: ["/"])
    seen: set[str] = field(default_factory=set)

    def everything(self, secrets: list[str]) -> None:
        self.waiting += list(self.guesses())
        while self.waiting:
            path = self.waiting.pop(0)
            rule = self.rule_of(path)
            if path in self.seen or rule is None or rule in UNREACHED or self.opened[rule] >= EACH:
                continue
            self.seen.add(path)
            answer = self.browser.get(path)
            unready = answer.status_code == 503 and path == "/readyz"  # nothing ticks here
            assert answer.status_code < 500 or unready, (path, answer.status_code)
            if answer.status_code < 400 or unready:
                self.opened[rule] += 1
            said = str(answer.headers) + answer.get_data().decode(errors="replace")
            if hit := [secret[:12] for secret in secrets if secret in said]:
                self.found[path] = hit
            self.waiting += self.links(path, said)

    def guesses(self) -> Iterator[str]:
        """Addresses of programs are linked nowhere; they name what is there."""
        commitment = one(select(Commitment).where(Commitment.due_at > now()).order_by(Commitment.id).limit(1))
        filed = select(Message.ticket_id).join(Message.attachments).where(~Attachment.inline)
        named = {
            "number": [
                one(select(Ticket.number).where(Ticket.id == commitment.ticket_id)),
                # which tickets the lists show first depends on the hour; one with a file is read at any
                one(select(Ticket.number).where(Ticket.id.in_(filed)).order_by(Ticket.id).limit(1)),
            ],
            "commitment_id": [commitment.id],
            "serial": [one(select(Asset.serial).limit(1))],
            "month": [f"{now() - timedelta(days=31):%Y-%m}"],
            "filename": ["file"],
            "key": [
                *db.session.scalars(select(Channel.hook_key).where(Channel.hook_key.is_not(None))),
                *(export.key for export in sla.exports),
            ],
        }
        for rule in self.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.endpoint != "static":
                for given in product(*[named.get(name, range(1, 25)) for name in rule.arguments]):
                    built = rule.build(dict(zip(rule.arguments, given, strict=True)))
                    yield built[1] if built else ""

    def rule_of(self, path: str) -> str | None:
        try:
            rule, _ = self.app.url_map.bind("localhost").match(urlsplit(path).path, "GET", return_rule=True)
        except HTTPException:
            return None
        return rule.rule

    @staticmethod
    def links(path: str, said: str) -> list[str]:
        named = re.findall(r'(?:href|src|action|hx-get|data-[a-z-]+)="(/[^"]*|\?[^"]*)"', said)
        moved = re.findall(r"^Location: (\S+)", said, re.MULTILINE)
        return [urljoin(path, html.unescape(link)).partition("#")[0] for link in [*named, *moved]]


class TestEveryPageAndEveryJson:
    def test_tells_no_secret_that_is_kept(self, story: Flask):
        browser = signed_in(story, one(select(Agent).where(Agent.email == "maya@halden.example")))
        reading = Reading(browser, story)
        reading.everything(planted(browser.cookie(sessions.cookie_name())))
        assert not reading.found
        rules = [rule for rule in story.url_map.iter_rules() if "GET" in (rule.methods or ())]
        assert {rule.rule for rule in rules if rule.endpoint != "static"} - set(reading.opened) <= UNREACHED
