"""How a web form is connected: its own form in Settings, a test that writes to nobody, and what a site needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from channels.doors import Field, Form, Snippet, Step
from channels.models import Channel
from channels.sites import ADVICE, are_sites
from helpdesk.settings import settings

_TITLE = 80

FORM = Form(
    title="web form",
    intro="A page where anybody writes to you without mail or an account. Answers go to them by mail.",
    icon="panel-top",
    address_label="Title",
    address_hint="Above the form, such as Ask our service.",
    fields=(
        Field("mailbox", "Mailbox", "Whose address the answers have. Empty takes the first.", optional=True),
        Field("sites", "Sites", "Where it may stand inside a page, with spaces between them.", optional=True),
        Field("intro", "Words above it", "Such as: For a running fault, call us.", optional=True),
        Field(
            "serial", "Serial number", "Of the unit it is about. What we know of it stays here.",
            choices=(("ask", "Ask for it"), ("", "Leave it out")), preset="ask",
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Connection:
    """A form's place and words; `sites` are origins."""

    key: str
    title: str
    intro: str
    mailbox: str
    sites: tuple[str, ...]
    asks_serial: bool

    @property
    def place(self) -> str:
        return settings().address(f"/f/{self.key}")


def read(channel: Channel) -> Connection:
    """The connection of a channel; it has no secret."""
    config = channel.config
    return Connection(
        key=channel.hook_key or "",
        title=channel.address,
        intro=str(config.get("intro", "")),
        mailbox=str(config.get("mailbox", "")),
        sites=tuple(str(config.get("sites", "")).split()),
        asks_serial=config.get("serial") == "ask",
    )


def check_form(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = {}
    if len(values.get("address", "")) > _TITLE:
        errors["address"] = f"{_TITLE} characters at most."
    if not are_sites(values.get("sites", "")):
        errors["sites"] = ADVICE
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Where it is, and where it may stand."""
    yield Step("Page", ok=True, sentence=f"It is at {connection.place}.")
    on = ", ".join(connection.sites)
    yield Step("Sites", ok=True, sentence=f"It may stand inside {on}." if on else "It stands on its own page alone.")


def embed(connection: Connection) -> Sequence[Snippet]:
    """Its address, and itself inside another page."""
    title = escape(connection.title, quote=True)
    frame = f'<iframe src="{connection.place}" title="{title}" width="100%" height="900" loading="lazy"></iframe>'
    own = Snippet("Its own page. Link to it from wherever you like.", connection.place)
    inside = Snippet("Or inside a page of a site named above.", frame)
    return [own, inside] if connection.sites else [own]
