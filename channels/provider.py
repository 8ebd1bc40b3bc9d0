"""Asking a provider over HTTP: what befalls the request, and an answer of another shape, as errors of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from channels.adapter import Permanent, Quarantine, Retryable, SendError, Uncertain
from channels.payloads import Payload, load
from helpdesk import http
from helpdesk.now import now


class Answer(Payload):
    """What `whom` answered. A field of another kind than it should be tells nothing of what was done."""

    def __init__(self, fields: dict[str, Any], whom: str, *, is_read: bool = False) -> None:
        super().__init__(fields)
        self._whom, self._is_read = whom, is_read

    def _of(self, fields: dict[str, Any]) -> Answer:
        return Answer(fields, self._whom, is_read=self._is_read)

    def _refuse(self) -> NoReturn:
        raise unread(self._whom, is_read=self._is_read)


@contextmanager
def asked(whom: str, *, is_read: bool = False) -> Iterator[None]:
    """Around one request to `whom`, who begins a sentence. One that `is_read` may be made twice: it leaves no doubt.

    Raises:
        Permanent: we do not go there. Retryable: nothing of it left, or it is read. Uncertain: it may have arrived.
    """
    try:
        yield
    except http.Refused as error:
        raise Permanent(f"{error.message} Look at the settings of this channel.") from error
    except http.NotReached as error:
        raise Retryable(f"{whom} could not be reached.") from error
    except http.Unreachable as error:
        raise _doubt(f"{whom} did not answer in time.", is_read=is_read) from error
    except Uncertain as error:
        if not is_read:
            raise
        raise Retryable(error.reason, code=error.code) from error


def read(answer: http.Response, whom: str, *, is_read: bool = False) -> Answer:
    """The object it answers with; a refusal may be without one.

    Raises:
        SendError: it is none, though it is no refusal.
    """
    try:
        return Answer(load(answer.body).fields, whom, is_read=is_read)
    except Quarantine:
        if answer.status >= 400:
            return Answer({}, whom, is_read=is_read)
        raise unread(whom, is_read=is_read) from None


def check_works(status: int, whom: str) -> None:
    """Whether `whom` is able to serve (RFC 9110, section 15.6): only of 503 it is known that nothing was done.

    Raises:
        Retryable: 503. Uncertain: any other 5xx.
    """
    if status == 503:
        raise Retryable(f"{whom} is out of order.", code="503")
    if status >= 500:
        raise Uncertain(f"{whom} broke off.", code=str(status))


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Of Retry-After (RFC 9110, section 10.2.3): seconds, or a date; None where it says nothing that can be read."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, (parsedate_to_datetime(said) - now()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def unread(whom: str, *, is_read: bool = False) -> SendError:
    """That its answer tells nothing of what was done."""
    return _doubt(f"{whom}'s answer could not be read.", is_read=is_read)


def _doubt(sentence: str, *, is_read: bool) -> SendError:
    return Retryable(sentence) if is_read else Uncertain(sentence)
