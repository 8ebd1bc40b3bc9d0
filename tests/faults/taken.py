"""The mails a server took, by their Message-ID, and how many copies of one an ambiguous ending explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from tests.fakes.smtp_sink import Mail, SmtpSink


@dataclass(frozen=True)
class Taken:
    """`is_answered` is False where the line was cut before the server said that it has it."""

    mail: Message
    raw: bytes
    to: tuple[str, ...]
    at: datetime
    is_answered: bool


def by_name(sink: SmtpSink) -> dict[str, list[Taken]]:
    found: dict[str, list[Taken]] = defaultdict(list)
    for one in sink.mails:
        taken = _taken(one)
        found[str(taken.mail["Message-ID"])].append(taken)
    return found


def explained(copies: Sequence[Taken], *, was_resent: bool) -> int:
    """How many copies there may be: one, one more for each end nobody heard of, and for a sender that was killed."""
    return 1 + sum(not one.is_answered for one in copies) + was_resent


def _taken(one: Mail) -> Taken:
    at = datetime.fromisoformat(one.entry.at)
    return Taken(message_from_bytes(one.raw), one.raw, one.entry.rcpt_tos, at, one.entry.answered)
