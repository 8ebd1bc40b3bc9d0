"""What an adapter may offer beside sending and parsing: each is a protocol of its own, and none is a must.

The product asks `registry.offers(kind, Hooked)` and the like; an adapter that has the methods has the feature.
`connection` is always what the adapter's own `connect` gave, so no method here touches the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Event as Stop
from typing import Any, Protocol, runtime_checkable

from channels.adapter import Arrival, Envelope, SendError
from channels.capabilities import Capabilities, Talk
from channels.templates import Template

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A provider's request. Header names are lower case; `url` is ours from the settings, with its query."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes = field(repr=False)


@runtime_checkable
class Aware(Protocol):
    """It reads differently by whose channel it is: whether words were said to us, or by us."""

    def seen_from(self, envelope: Envelope, address: str) -> Envelope:
        """The envelope as the channel with this address (`Channel.address`) has it."""
        ...


@runtime_checkable
class Choosing(Protocol):
    """The settings of its channel say which words become tickets, and whose they are."""

    def choose(self, envelope: Envelope, config: Mapping[str, Any]) -> Envelope:
        """The envelope as these settings (`Channel.config`) have it; asked after `seen_from`."""
        ...


@runtime_checkable
class Hooked(Protocol):
    """Its provider calls /hooks/<kind>/<channel key>; what it brings is stored before it is answered."""

    def check(self, call: Call, connection: Any) -> bool:
        """Whether the provider sent these very bytes. Compare in constant time; nothing was parsed before."""
        ...

    def split(self, raw: bytes) -> Sequence[Arrival]:
        """The events of one request, each with the id the provider will give it again if it comes again.

        Raises:
            Quarantine: it is not what this provider sends; the whole request is kept aside.
        """
        ...


@runtime_checkable
class Headed(Protocol):
    """Part of what its callers say stands in the headers of the call; it is asked in place of `Hooked.split`."""

    def take_apart(self, call: Call, connection: Any) -> Sequence[Arrival]:
        """The events of a genuine call.

        Raises:
            Quarantine: as in `Hooked.split`.
        """
        ...


@runtime_checkable
class Challenged(Protocol):
    """Its provider asks by GET whether the address is ours."""

    def challenge(self, call: Call, connection: Any) -> str:
        """What to answer, text or a JSON object; empty: the question was not the provider's, and gets a 401."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider's call is answered with."""

    body: str = "ok"
    mimetype: str = "text/plain"


@runtime_checkable
class Replying(Protocol):
    """Its provider reads what its calls are answered with."""

    def reply(self, raw: bytes) -> Reply:
        """The answer to a genuine call, once what it holds is stored."""
        ...


@dataclass(frozen=True, slots=True)
class Press:
    """An answer to a page, given by a button. `key` names it among the answers to that page, so that it counts once."""

    delivery_id: int
    key: str
    address: str
    words: str
    replaces: str = ""
    """The message with the button, as its source names it: what is said back takes its place."""


@runtime_checkable
class Pressed(Protocol):
    """Pages that leave by it are answered with buttons."""

    how: str
    """What an answer given so is called: "slack"."""

    def presses(self, raw: bytes) -> Sequence[Press]:
        """The presses in a genuine call. They are heard before it is answered, so that nothing waits before them."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look brought, the cursor behind it, after how many seconds to look again, and the dollars it cost."""

    arrivals: Sequence[Arrival]
    cursor: Json
    pause: float = 0
    cost: Decimal = Decimal(0)
    told: str = ""
    """How it stands now, for its page; empty: nothing to say."""
    trouble: SendError | None = None
    """What stood in the way of this look; the cursor says already when the next one is."""


class House(Protocol):
    """What an adapter may ask of the product while its provider waits for an answer; it has no database of its own."""

    def answered(self, delivery_id: int | None, address: str, words: str, *, how: str, key: str) -> str | None:
        """Hand over what may answer a page; without its id: the last that went to this address. What to say back.

        None when nothing of ours takes answers from there; empty when this one counted before.
        """
        ...

    def told(self, delivery_id: int, name: str, word: str, code: str) -> bool:
        """How far a sending of ours got, in the provider's word; True when nothing more need be done about it."""
        ...

    def asks(self, delivery_id: int) -> str:
        """What a call of ours says, once more; empty when it is none of this channel's."""
        ...

    def language(self, address: str) -> str:
        """The code of the language of who has this address, of `helpdesk.text.languages`."""
        ...

    def on_duty(self, rota: str) -> str:
        """The telephone number of whoever is on call there now; empty when nobody can be rung."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider is told to do, and how its events were heeded already: sentences by the events' names."""

    body: str
    content_type: str
    heeded: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Prompted(Protocol):
    """Its provider asks with its calls what to do: what to say to who rang, what to say back."""

    def prompt(self, call: Call, connection: Any, house: House) -> Prompt:
        """What to answer a genuine call; the same again for the same call. It never fails: what cannot be read is
        answered with nothing to do.
        """
        ...


@runtime_checkable
class Polled(Protocol):
    """It is asked for what is new, when its channel says so: `config["incoming"]` is "poll".

    With "both" its provider calls as well, and asking finds what no call told of.
    """

    def poll(self, connection: Any, cursor: Json) -> Batch:
        """What is new behind `cursor` ({} at first). May wait at the provider, for half a minute at most.

        Raises:
            SendError: as for sending.
        """
        ...


@runtime_checkable
class Observing(Protocol):
    """It is only listened to, by schedule: what it reads was not said to us, and nothing can be said there."""

    said: str
    """Where what it reads was said: "on Mastodon", "in a forum"."""


Take = Callable[[Sequence[Arrival], Json], None]
"""Stores what arrived with the cursor behind it; when it returns both are committed."""


@runtime_checkable
class Subscribed(Protocol):
    """It keeps a subscription and acknowledges what comes, one by one, when `config["incoming"]` is "stream"."""

    def subscribe(self, connection: Any, cursor: Json, take: Take, end: Stop, say: Callable[[str], None]) -> None:
        """Hand over what comes in until told to end; nothing is acknowledged before `take` returned.

        `cursor` is what was taken last ({} at first); `say` tells in a sentence that it is connected.

        Raises:
            SendError: as for sending; the connection is made again, later each time.
        """
        ...


@runtime_checkable
class Streamed(Protocol):
    """It holds a line open on which it is told, when its channel says so: `config["incoming"]` is "stream"."""

    def stream(self, connection: Any, take: Callable[[bytes], Reply], opened: Callable[[], None], end: Stop) -> None:
        """Say `opened` once the line is, and hand over what comes until `end` is set or the line is lost.

        `take` is as for a call: what it returned for is stored; when it raises, the provider must send it again.

        Raises:
            SendError: the line did not open, or broke and did not come back.
        """
        ...


@runtime_checkable
class Arranged(Protocol):
    """Its provider must be told how we want to be told: once when a channel starts, then every few minutes."""

    def arrange(self, connection: Any) -> str:
        """Make it so, and say in a sentence how it stands. Twice is harmless.

        Raises:
            SendError: it cannot be made so, or the provider says that calls to us fail.
        """
        ...


@runtime_checkable
class Fetching(Protocol):
    """Its files come as names and are fetched after their message was filed."""

    def fetch(self, reference: str, connection: Any) -> bytes:
        """The file.

        Raises:
            SendError: Permanent when it will never come; its reason says why.
        """
        ...


@runtime_checkable
class Capable(Protocol):
    """It says what goes in a conversation."""

    def capabilities(self, talk: Talk) -> Capabilities: ...


@runtime_checkable
class Introducing(Protocol):
    """Its messages do not say what their authors are called; the provider does."""

    def name_of(self, address: str, connection: Any) -> str:
        """What they call themselves; empty: they are not told of.

        Raises:
            SendError: it does not say.
        """
        ...


@runtime_checkable
class Preparing(Protocol):
    """It has texts that were approved before, for when nothing free goes."""

    def templates(self, connection: Any) -> Sequence[Template]:
        """Those that can be sent now, asked of the provider.

        Raises:
            SendError: it does not say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form that connects a channel. A secret is write-only."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    optional: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    """Values with their words; none: a line to type in."""
    preset: str = ""
    is_url: bool = False
    needed_with: tuple[str, str] = ("", "")
    """Another field and its value with which an optional one is needed after all."""


_VOWELS = ("A", "E", "I", "O", "X ", "a", "e", "i", "o")
"""How titles begin that are spoken with a vowel."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of channel is connected, in words. `address` and `name` are asked for by every form."""

    title: str
    """What one is called: "Telegram bot"."""
    intro: str
    icon: str
    address_label: str
    address_hint: str
    fields: tuple[Field, ...]
    is_answered: bool = True
    """False where nobody reads an answer, so that no automatic one is offered."""
    elsewhere: frozenset[str] = frozenset()
    """Fields that lead to another place: secrets are typed again when one changes."""
    name_hint: str = "What customers see, such as the name of your firm."
    known_by_name: bool = False
    """Its address is a number nobody knows it by: agents are told its name instead."""

    @property
    def called(self) -> str:
        """With its article: "a Telegram bot", "an X account"."""
        return f"{'an' if self.title.startswith(_VOWELS) else 'a'} {self.title}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test, and in a sentence what happened or what to do."""

    words: str
    ok: bool
    sentence: str


@runtime_checkable
class Connectable(Protocol):
    """It is connected in Settings, Channels, by a form of the product's."""

    form: Form

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong, by field; `address` may be judged too. Secrets that were not typed are not in there."""
        ...

    def test(self, connection: Any) -> Iterator[Step]:
        """Each step as it is done, nothing behind the first that fails; nobody is written to."""
        ...


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to copy, and in words what it is for."""

    words: str
    code: str


@runtime_checkable
class Embedded(Protocol):
    """It stands on somebody's own site; its page in Settings says how it gets there."""

    def embed(self, connection: Any) -> Sequence[Snippet]: ...


@runtime_checkable
class HandedOver(Protocol):
    """What comes in by it is answered by mail: the conversation is handed to a mailbox."""

    def mailbox(self, config: Mapping[str, Any]) -> str:
        """The address of that mailbox; empty for the first there is."""
        ...
