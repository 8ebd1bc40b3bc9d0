"""How far a text message or a call has got, in the provider's words; it never goes back.

The words are of twilio.com/docs/messaging/api/message-resource#message-status-values and of
twilio.com/docs/voice/api/call-resource#call-status-values. News may come twice and in any order.
"""

from __future__ import annotations

_ORDER = {
    "accepted": 1, "scheduled": 1, "queued": 1, "initiated": 2, "sending": 2, "ringing": 3, "sent": 3,
    "in-progress": 4, "delivered": 9, "undelivered": 9, "failed": 9, "completed": 9, "busy": 9, "no-answer": 9,
    "canceled": 9, "read": 10,
}  # fmt: skip
"""Of two with the same number the first that came stays: both are ends. Only "read" goes beyond one."""


def is_known(word: str) -> bool:
    return word in _ORDER


def further(before: str, news: str) -> str:
    """Where it stands once `news` came."""
    return news if _ORDER.get(news, 0) > _ORDER.get(before, 0) else before
