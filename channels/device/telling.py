"""What every form of a machine's report comes to: names in bounds, a state by its word, an instant, an envelope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from channels.adapter import Envelope, Kind, Party, Quarantine, Report
from channels.device import severity
from channels.payloads import Payload

LONGEST_NAME = 200
LONGEST_TEXT = 20_000
_OVER = frozenset("recovered recovery resolved ok closed off cleared clear normal inactive".split())
_THERE = frozenset("firing open opened on alarm active problem raised triggered fault".split())


@dataclass(frozen=True, slots=True)
class Words:
    """A report as its form tells it: every field as text, empty when it is not told."""

    device: str
    fault: str
    state: str = ""
    title: str = ""
    text: str = ""
    serial: str = ""
    severity: str = ""
    at: str = ""


def envelope(words: Words, key_id: int | None = None) -> Envelope:
    """The envelope of a report.

    Raises:
        Quarantine: it does not say which device or fault, or in a way that cannot be used.
    """
    device, fault = _named(words.device, "which device it is about"), _named(words.fault, "which fault it is about")
    report = Report(
        device=device,
        fault=fault,
        title=_line(words.title)[:LONGEST_NAME] or fault,
        is_over=is_over(words.state),
        serial=_named(words.serial or device, ""),
        severity=severity.priority(words.severity),
        key_id=key_id,
    )
    return Envelope(
        message_id="",
        author=Party(device, device, kind="device"),
        subject=report.title,
        text=words.text[:LONGEST_TEXT],
        kind=Kind.DEVICE,
        date=instant(words.at),
        report=report,
    )


def is_over(word: str) -> bool:
    """Whether a state's word says that the fault is over; without a word it is there.

    Raises:
        Quarantine: nobody uses this word for it.
    """
    said = word.strip().casefold()
    if said in _OVER:
        return True
    if said in _THERE or not said:
        return False
    raise Quarantine("Its state is none of those that are known, such as firing and recovered.")


def knows(word: str) -> bool:
    return word.strip().casefold() in _OVER | _THERE


def instant(text: str) -> datetime | None:
    """An instant in ISO 8601, in UTC where it names no zone; None when there is none.

    Raises:
        Quarantine: it is no instant.
    """
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Quarantine("It names an instant that is none, such as 2026-11-20T14:05:00Z.") from error


def listed(pairs: Payload) -> str:
    """The plain values of an object, one a line."""
    plain = ((name, value) for name, value in pairs.fields.items() if isinstance(value, str | int | float))
    return "\n".join(f"{_line(str(name))[:80]}: {_line(str(value))[:500]}" for name, value in list(plain)[:50])


def _named(text: str, what: str) -> str:
    name = _line(text)
    if not name:
        raise Quarantine(f"It does not say {what}.")
    if len(name) > LONGEST_NAME:
        raise Quarantine(f"A name in it is longer than {LONGEST_NAME} characters.")
    return name


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
