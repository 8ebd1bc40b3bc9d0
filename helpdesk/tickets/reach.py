"""Where an answer on a ticket goes and what goes there: asked for the composer, and again when Send is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.errors import Invalid
from helpdesk.plugins import installed
from helpdesk.text.weighing import weighed
from helpdesk.tickets.models import Attachment, Ticket


@dataclass(frozen=True, slots=True)
class Reach:
    """What goes in one conversation. Sentences are for the agent; None and empty: nothing stands against it."""

    to: str = ""
    """Where it goes, such as "Telegram, to @meridian_bot’s chat"."""
    closed: str = ""
    """Why nothing can be sent now, and what to do instead."""
    hint: str = ""
    """What to know before sending: that the time to answer ends soon, that it costs money."""
    most: int | None = None
    """How long one message may be, counted in `unit`: characters, utf16, bytes or weighed."""
    unit: str = "characters"
    files: int | None = None
    file_bytes: int | None = None
    immediate: bool = False
    """It is said at once, so there is no time to take it back."""
    typing: bool = False
    """They are shown that somebody is writing."""
    file_types: tuple[str, ...] = ()
    """Beginnings of media types that go; none: any."""
    templates: str = ""
    """Where a text that was approved before is chosen, when nothing free goes; a path."""

    def length(self, body: str) -> int:
        """How long `body` is in the unit."""
        if self.unit == "utf16":
            return len(body.encode("utf-16-le", "surrogatepass")) // 2
        if self.unit == "weighed":
            return weighed(body)
        return len(body.encode("utf-8", "surrogatepass")) if self.unit == "bytes" else len(body)


def of(ticket: Ticket) -> Reach:
    """What goes on this ticket; everything, where no channel says otherwise."""
    told = installed().reach(ticket)
    return told if isinstance(told, Reach) else Reach()


def check(reach: Reach, body: str, files: Sequence[Attachment], *, prepared: bool = False) -> None:
    """Refuse what would not arrive; nothing is lost, the words are still there.

    Raises:
        Invalid: and what to do instead.
    """
    if prepared and reach.templates:
        return
    if reach.closed:
        raise Invalid(reach.closed, {"body": reach.closed})
    over = reach.length(body) - reach.most if reach.most is not None else 0
    if over > 0:
        sentence = f"That is {over} characters too long for {reach.to or 'this channel'}. Shorten it, or send two."
        raise Invalid(sentence, {"body": sentence})
    _check_files(reach, files)


def _check_files(reach: Reach, files: Sequence[Attachment]) -> None:
    if reach.files is not None and len(files) > reach.files:
        sentence = f"{len(files)} files are too many for {reach.to}: {reach.files or 'none'} go with one message."
        raise Invalid(sentence, {"body": sentence})
    large = next((file for file in files if reach.file_bytes is not None and file.size > reach.file_bytes), None)
    if large is not None:
        sentence = f"{large.filename} is too large for {reach.to}, which takes {(reach.file_bytes or 0) // 10**6} MB."
        raise Invalid(sentence, {"body": sentence})
    other = next(
        (file for file in files if reach.file_types and not file.content_type.startswith(reach.file_types)), None
    )
    if other is not None:
        sentence = f"{other.filename} is of a kind that {reach.to} does not take."
        raise Invalid(sentence, {"body": sentence})
