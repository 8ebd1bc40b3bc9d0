"""How a chat is connected: the form, what can be wrong in it, a test that writes to nobody, and what a site needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from channels.chat import identity
from channels.chat.connection import SECRET, Connection
from channels.doors import Field, Form, Snippet, Step
from channels.sites import ADVICE, are_sites
from helpdesk.text.numbers import whole

_ACCENT = re.compile(r"#[0-9a-fA-F]{6}\Z")
_LEAST_SECRET = 32

FORM = Form(
    title="web chat",
    intro="A chat on your own site. Connect it, then copy one line into the pages where it shall stand.",
    icon="message-circle",
    address_label="Site",
    address_hint="Where it stands, such as https://www.example.com.",
    fields=(
        Field("sites", "Further sites", "With spaces between them. It shows itself nowhere else.", optional=True),
        Field("accent", "Colour", "Of the button and the visitor's own words, such as #1853a5.", preset="#1853a5"),
        Field("side", "Corner", choices=(("right", "Bottom right"), ("left", "Bottom left")), preset="right"),
        Field("greeting", "Greeting", "Above the first words. Such as: Ask us about your cold rooms.", optional=True),
        Field(
            "fallback_minutes", "Minutes until mail",
            "An answer nobody read for so long goes by mail as well, where an address is known.", preset="10",
        ),
        Field("mailbox", "Mailbox", "Whose address such mail has. Empty takes the first.", optional=True),
        Field(
            SECRET, "Secret for signed visitors",
            "Your server signs with it who a visitor is. 32 characters at least.",
            secret=True, optional=True,
        ),
    ),
)  # fmt: skip


def check_form(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = {}
    if len(values.get("address", "").split()) != 1 or not are_sites(values["address"]):
        errors["address"] = "Enter one address without a path, such as https://www.example.com."
    if not are_sites(values.get("sites", "")):
        errors["sites"] = ADVICE
    if not _ACCENT.match(values.get("accent", "")):
        errors["accent"] = "Enter a colour such as #1853a5."
    if not 1 <= (whole(values.get("fallback_minutes", "")) or 0) <= 1440:
        errors["fallback_minutes"] = "Enter a number from 1 to 1440."
    if secrets.get(SECRET) and len(secrets[SECRET]) < _LEAST_SECRET:
        errors[SECRET] = f"This is too short to be safe. Take {_LEAST_SECRET} random characters or more."
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Where it may stand, and whether a visitor who is signed in can be known."""
    sites = ", ".join(connection.sites)
    yield Step("Sites", ok=bool(connection.sites), sentence=f"It may stand on {sites}.")
    signed = (
        "The site's server can say who a visitor is." if connection.secret else "Visitors say themselves who they are."
    )
    yield Step("Visitors", ok=True, sentence=signed)


def embed(connection: Connection) -> Sequence[Snippet]:
    """One line for the site, and how its server signs a visitor."""
    line = f'<script src="{connection.place}/widget.js" async></script>'
    found = [Snippet("Copy this line into every page where the chat shall stand.", line)]
    if connection.secret:
        signed = f'<script src="{connection.place}/widget.js" data-identity="TOKEN" async></script>'
        hours = int(identity.LONGEST.total_seconds() // 3600)
        words = (
            "For visitors who are signed in, put a token in it that your server makes for each page: a JWT with HS256, "
            f"the secret of this chat, and email, name and exp, which is at most {hours} hours ahead."
        )
        found.append(Snippet(words, signed))
    return found
