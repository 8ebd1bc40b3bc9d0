"""What a push service's answers mean (RFC 8030, sections 5 and 7.3; RFC 8292, section 4.2), in words for an agent."""

from __future__ import annotations

from channels.adapter import Outcome, Result, Retryable
from channels.provider import seconds_to_wait
from helpdesk.http import Response

_GONE = "This browser takes no notifications from us any more."
_WORDS = {
    400: "The push service did not understand the notification.",
    401: "The push service does not take our key for this browser. Take it away, and add it again from that browser.",
    403: "The push service does not take our key for this browser. Take it away, and add it again from that browser.",
    413: "The push service found the notification too long.",
}


def read(answer: Response, address: str) -> Result:
    """What an answer other than success means for this browser.

    Raises:
        Retryable: 429 and 5xx; not before the time the service names.
    """
    if answer.status == 429 or answer.status >= 500:
        words = "The push service asks us to wait." if answer.status == 429 else "The push service is out of order."
        raise Retryable(words, code=str(answer.status), retry_after=seconds_to_wait(answer.headers) or 0)
    if answer.status in {404, 410}:
        return Result(address, Outcome.GONE, str(answer.status), _GONE)
    words = _WORDS.get(answer.status, f"The push service refused it with {answer.status}.")
    return Result(address, Outcome.REFUSED, str(answer.status), words)
