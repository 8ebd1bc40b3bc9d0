"""The contract of a channel: what comes in, what goes out, what may go wrong.

An adapter never touches tickets. It turns raw bytes into an `Envelope` and an
`Outbound` into a sending; `channels.intake` and `channels.dispatch` do the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from helpdesk.tickets.inputs import Prepared, new_key


class Kind(StrEnum):
    """What an incoming message is. Only MESSAGE may be answered automatically or reopen a ticket."""

    MESSAGE = "message"
    """A person's words."""
    EDIT = "edit"
    """`message_id` says something else now: the whole new words."""
    DELETE = "delete"
    """`message_id` was taken back by its author."""
    REACTION = "reaction"
    """A sign such as 👍 at `message_id`; `text` is the sign, empty when it was taken away."""
    DELIVERY = "delivery"
    """News of what we sent: `message_id` is our sending, `news` how far it got."""
    HELLO = "hello"
    """Somebody opened a conversation and has said nothing yet; greeted where the channel has automatic words."""
    CALL = "call"
    """News of a telephone call, `call`, with `message_id` its name; all news of one call are one message about it."""
    MOVED = "moved"
    """Who is known by the addresses `author_before` goes by `author` now; the source says so, nobody spoke."""
    DEVICE = "device"
    """What a machine says of one of its faults, in `report`; `channels.alarming` makes tickets of it."""
    POST = "post"
    """What somebody said elsewhere and not to us, in `post`; `channels.overhearing` keeps it, and no ticket is made."""
    NOTHING = "nothing"
    """Understood, and nothing to do; `suspicion` says why, for the record."""
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LIST = "list"
    LOOP = "loop"


class Direction(StrEnum):
    """Whose words these are: the customer's, or those of somebody of ours who wrote in the channel itself."""

    CUSTOMER = "customer"
    AGENT_ECHO = "agent_echo"


class Progress(StrEnum):
    """How far a sending got behind the provider's yes. It only moves forward: see `channels.progressing`."""

    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Party:
    """A name and a normalised address; `address` is empty when none could be read safely."""

    address: str
    name: str = ""
    kind: str = "email"
    """Of the address: email, phone, telegram; with it `address` names one person."""
    also: tuple[str, ...] = ()
    """Other addresses of this kind that the source says are this person's."""


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment as it arrived. `filename` is already neutral: no path, control or bidi characters."""

    filename: str
    content_type: str
    content: bytes
    inline: bool = False
    cid: str = ""
    key: str = field(default_factory=new_key, compare=False)
    """What names it in our addresses, which `shown_html` holds already."""
    reference: str = ""
    """What the source calls a file that is still there; `content` is empty until it is fetched."""
    missing: str = ""
    """Why the file cannot be had, as a sentence: too large, of a kind we do not take."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report (RFC 3464): who was not reached, why, and which message it is about."""

    recipient: str
    status: str
    action: str
    original_id: str


@dataclass(frozen=True, slots=True)
class CallNews:
    """What one piece of news says of a call, in seconds where it counts; None and empty: it does not say.

    News come in any order, so each only adds to what is known.
    """

    is_first: bool = False
    """It says who calls whom, so that it can be filed when it is the first of its call that comes."""
    answered: bool = False
    """Somebody of ours spoke with them."""
    ended: bool = False
    seconds: int | None = None
    spoken: int | None = None
    """So long somebody of ours spoke with them."""
    recording: str = ""
    """The source's name of what they left; the file is the envelope's attachment."""
    recorded: int | None = None
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the trusted receiving server said of the sender (RFC 8601). Absent when no trusted server spoke."""

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""

    @property
    def failed(self) -> bool:
        return self.dmarc == "fail" or (not self.dmarc and self.spf == "fail" and self.dkim != "pass")

    @property
    def passed(self) -> bool:
        return self.dmarc == "pass"


@dataclass(frozen=True, slots=True)
class Report:
    """What a machine says of one fault: that it is there, or over. Names are the source's, at most 200 characters."""

    device: str
    fault: str
    """What names the fault on this device: a code."""
    title: str
    is_over: bool = False
    serial: str = ""
    """Of the unit; mostly the device's own name."""
    severity: int | None = None
    """1 to 4 as a ticket's priority; None when it does not say."""
    key_id: int | None = None
    """The key it came with."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """Where a post stands that was not said to us. With `is_gone` its author took it back, and nothing else is told."""

    url: str = ""
    """Of the post itself, http or https; empty when its source names none."""
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """One incoming message, parsed. Text is Unicode without NUL; `html` is **not** sanitised, `shown_html` is."""

    message_id: str
    author: Party
    subject: str = ""
    text: str = ""
    html: str = ""
    shown_html: str = ""
    """`html` without its quoted history, made safe by `helpdesk.text.html.sanitise`."""
    remote_images: tuple[str, ...] = ()
    """What `shown_html` keeps back, in order, each once."""
    reply_text: str = ""
    kind: Kind = Kind.MESSAGE
    to: tuple[Party, ...] = ()
    cc: tuple[Party, ...] = ()
    reply_to: tuple[Party, ...] = ()
    delivered_to: tuple[str, ...] = ()
    date: datetime | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Part, ...] = ()
    bounces: tuple[Bounce, ...] = ()
    authentication: Authentication = field(default_factory=Authentication)
    suspicion: str = ""
    """Why the sender cannot be believed as written (ambiguous From, several authors ...); empty when it can."""
    synthetic_id: bool = False
    """True when the message carried no usable Message-ID and `message_id` is a digest of the raw bytes."""
    language: str = ""
    """The code of the one language it says it is in, of `helpdesk.text.languages`; empty when it names none of them."""
    content_key: str = ""
    """The same for the same id with the same content; `with_content_key` makes it."""
    protected: str = ""
    """"signed" or "encrypted" when the message is S/MIME or PGP; empty otherwise."""
    conversation_key: str = ""
    """The chat or thread it was said in, as its source names it; empty for mail, which has references instead.

    With it `message_id` and `in_reply_to` are the source's names of messages in this channel, unique within it.
    """
    facts: tuple[tuple[str, str], ...] = ()
    """What `capabilities` must know of the conversation later, by name."""
    direction: Direction = Direction.CUSTOMER
    news: Progress | None = None
    """With Kind.DELIVERY. Without a `message_id` they are of everything `author` was sent up to `date`."""
    sending: int = 0
    """Our own key of the sending the news are of (`Outbound.key`), where the source repeats it."""
    author_before: tuple[str, ...] = ()
    """With Kind.MOVED."""
    conversation_before: tuple[str, ...] = ()
    """Keys the conversation may be known by from before, the likeliest first; from now on it has its own."""
    joins_only: str = ""
    """Why these words begin no ticket and only go on in a conversation that has one; empty when they may begin one."""
    begins: bool = False
    """They begin a ticket whatever their conversation was about, and it goes on there."""
    call: CallNews | None = None
    """With Kind.CALL."""
    report: Report | None = None
    """With Kind.DEVICE; `date` is when it was so by the machine's clock, `text` its details."""
    post: Overheard | None = None
    """With Kind.POST; `message_id` is what its source calls it, `subject` its title where it has one."""

    @property
    def is_chat(self) -> bool:
        """Whether it came by a channel that has conversations."""
        return bool(self.conversation_key) or self.kind in {Kind.DELIVERY, Kind.NOTHING, Kind.HELLO, Kind.CALL}


def with_content_key(envelope: Envelope) -> Envelope:
    """The envelope with the digest of its id, author, words and files, by which a mail that comes twice is known."""
    digest = hashlib.sha256(envelope.message_id.encode("utf-8", "replace"))
    for piece in (envelope.author.address, envelope.subject, envelope.text, envelope.html):
        digest.update(b"\0" + piece.encode("utf-8", "replace"))
    for part in envelope.attachments:
        digest.update(hashlib.sha256(part.content).digest())
    return replace(envelope, content_key=digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message goes to; `role` is "to" or "cc"."""

    address: str
    name: str = ""
    role: str = "to"
    pending: bool = True
    """False when an earlier try settled it: the message names them, but is not handed over for them again."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send, complete. `external_id` (a Message-ID) was fixed when the delivery was created.

    The last fields are for telephones, Slack and browsers.
    """

    external_id: str
    sender: Party
    recipients: tuple[Recipient, ...]
    subject: str
    text: str
    html: str = ""
    reply_to: Party | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Part, ...] = ()
    automatic: bool = False
    date: datetime | None = None
    key: int = 0
    """Of the delivery; it comes back in what the provider tells of it later."""
    how: str = ""
    """sms or call, where the channel knows both."""
    speech: str = ""
    """What a call says."""
    link: str = ""
    """Where its answer can be given in a browser."""
    answerable: bool = False
    """Whoever gets it may answer with "on it" or "pass on", by button or digit."""
    replaces: str = ""
    """The external id of a message of ours whose place it takes."""
    conversation: str = ""
    """The key of the conversation it is said in, as its source names it."""
    facts: tuple[tuple[str, str], ...] = ()
    """What the source told of that conversation."""
    heard_at: datetime | None = None
    """When the customer last wrote there."""
    prepared: Prepared | None = None
    """The approved text it is, word for word `text`; nothing else goes then."""
    done: tuple[str, ...] = ()
    """What the source calls the pieces of it that arrived in an earlier try, in their order."""
    subscription: str = field(default="", repr=False)
    """How a browser is reached, as `helpdesk.people.subscriptions` seals it."""

    @property
    def recipient(self) -> Recipient | None:
        """Whom a message in a conversation goes to, which has one; None when an earlier try settled it."""
        return next((one for one in self.recipients if one.pending), None)


class Outcome(StrEnum):
    """What became of one recipient in one sending."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"
    GONE = "gone"
    """Refused, and so will be whatever comes later."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recipient, with the server's words for the agent."""

    address: str
    outcome: Outcome
    code: str = ""
    reason: str = ""
    external_id: str = ""
    """What the provider calls this sending, where it tells later what became of it."""
    pieces: tuple[str, ...] = ()
    """The names of all its pieces, where it took more than one message."""
    cost: Decimal = Decimal(0)
    """Dollars its provider takes for it."""


class Quarantine(Exception):
    """What came in could not be read within its limits; `reason` is a sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SendError(Exception):
    """The whole sending failed. `reason` is a sentence an agent can act on; it never holds a secret.

    `results` are the recipients that were refused for good before it did, `done` what the source calls the pieces of
    the message that it took, those of earlier tries included; `cost` are the dollars it takes for this try.
    """

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.results: tuple[Result, ...] = ()
        self.done: tuple[str, ...] = ()
        self.cost = Decimal(0)


class Retryable(SendError):
    """Nothing more was sent, or once more is harmless; try again later, not before `retry_after` seconds.

    The network is down, the server says 4xx, or greylists.
    """

    def __init__(self, reason: str, *, code: str = "", retry_after: float = 0) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after


class RateLimited(Retryable):
    """The other side wants nothing more from this channel for `retry_after` seconds; all of it waits."""


class AuthExpired(SendError):
    """The server refused our sign-in: pause the channel and ask for new credentials."""


class Permanent(SendError):
    """Nothing was sent and trying again would not help (5xx, misconfigured)."""


class WindowClosed(Permanent):
    """The customer wrote too long ago for an answer in this channel; `reason` says what to do instead."""


class Uncertain(SendError):
    """The connection broke after the content was handed over: it may or may not have gone out."""


class Connecting(Protocol):
    """What every kind of channel offers."""

    def connect(self, channel: Any) -> Any:
        """What the other methods need of the channel's row, as values.

        Raises:
            AuthExpired: a stored secret cannot be opened.
        """
        ...


@runtime_checkable
class Adapter(Connecting, Protocol):
    """What a kind of channel by which something is said offers to `dispatch`; one that is only listened to has none."""

    def send(
        self, outbound: Outbound, connection: Any, *, before_content: Callable[[], None] = ...
    ) -> tuple[Result, ...]:
        """Send once to the pending recipients, over what `connect` gave.

        `before_content` is called once, right before the first byte that could reach anybody leaves; when it raises,
        none does.

        Raises:
            Retryable, AuthExpired, Permanent, Uncertain: as their docstrings say.
        """
        ...


@dataclass(frozen=True)
class Arrival:
    """One raw thing as it arrived. With `refusal` it goes straight to quarantine, `raw` being what there is.

    With `heeded` it was understood while its provider waited, and is kept for the record alone; it says how.
    """

    external_id: str
    raw: bytes
    recipient: str = ""
    refusal: str = ""
    size: int | None = None
    heeded: str = ""
    address: str = ""
    """Of the channel it is for, where one call brings what is for several of its kind."""


@runtime_checkable
class Parser(Protocol):
    """What a kind of channel whose messages become tickets offers to `intake` as well."""

    def parse(self, raw: bytes) -> Envelope:
        """Read one raw thing.

        Raises:
            Quarantine: it cannot be read safely.
        """
        ...

    def parse_each(self, raws: Sequence[bytes]) -> Iterator[Any]:
        """An Envelope for each, or the reason it stands in quarantine; the next is read while the caller works."""
        ...
