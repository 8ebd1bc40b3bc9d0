"""What Meta's error codes mean, as errors of the contract with a sentence each.

Sources: developers.facebook.com/docs/graph-api/guides/error-handling, /docs/messenger-platform/error-codes and
/documentation/business-messaging/whatsapp/support/error-codes. Codes decide; titles are announced to change. Of the
codes in `_BUSY` they say to wait and ask again; a 5xx that names none of them tells nothing of what was done, but 503.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable, SendError, Uncertain, WindowClosed
from channels.meta.graph.usage import seconds_to_wait
from channels.payloads import Payload

_WAIT = "Meta asks us to wait."
_LIMITS = {
    4: 60, 17: 60, 32: 60, 613: 60, 80002: 60, 80006: 60, 80007: 60, 80008: 60, 130429: 30, 131056: 6, 133016: 3600,
    131048: 3600,
}  # fmt: skip
"""Seconds to wait at least; one person gets a WhatsApp message every six seconds (131056)."""
_SIGN_IN = frozenset({3, 10, 102, 190, 463, 467, 131005, 133010, 133015})
_BUSY = frozenset({1, 2, 1200, 131000, 131016, 131057, 133004, 133005, 133006})
_WINDOW = frozenset({131047})
_WINDOW_DETAILS = frozenset({2018278, 2018065, 2018108, 2534022})
"""Subcodes of 10 and 200: sent outside of the allowed window."""
_SENT_ALL_THE_SAME = frozenset({1357046})
"""Meta says of it that the messages were all sent."""
_NOBODY = "They cannot be reached there: they blocked us, or have no account any more. Reach them another way."
_TEMPLATE = "WhatsApp does not take this template as it is now. Choose another one, or look at it in WhatsApp Manager."
_SENTENCES = {
    551: _NOBODY,
    1545041: _NOBODY,
    2018001: _NOBODY,
    2018027: "The message is too long for Messenger.",
    100: "Meta did not understand the message. Write it again, differently.",
    131026: "WhatsApp cannot reach this number: it has no WhatsApp, an old one, or blocked us. Reach them another way.",
    131021: "This is our own number.",
    131030: "Our WhatsApp number is a test number, and this one is not on its list.",
    131031: "Meta locked our WhatsApp Business account. Look at it in WhatsApp Manager.",
    131037: "Our WhatsApp number has no approved name yet. Look at it in WhatsApp Manager.",
    131042: "Meta wants a way to be paid. Look at the payment settings in WhatsApp Manager.",
    131049: "Meta chose not to deliver it, so that people do not get too many. Reach them another way.",
    131050: "They do not want messages of this sort from us.",
    131051: "WhatsApp does not take a message of this kind.",
    131052: "WhatsApp could not give us the file.",
    131053: "WhatsApp does not take a file of this kind. Send it as a PDF or a picture.",
    131062: "WhatsApp does not tell their number, and this message needs it. Reach them another way.",
    130472: "Meta holds this message back in a test of its own. Reach them another way.",
    130497: "WhatsApp does not let us write to numbers of their country.",
    132000: "The template has other gaps by now. Choose it again.",
    132001: "WhatsApp knows no such template in this language any more. Choose another one.",
    132005: "With what was filled in, the template is too long. Write less.",
    132007: "What was filled in is against WhatsApp’s rules for templates. Write it differently.",
    132012: "What was filled in is not of the kind the template wants.",
    132015: _TEMPLATE,
    132016: _TEMPLATE,
    368: "Meta restricted us for breaking a rule. Look at the account’s quality page.",
}  # fmt: skip
_PERMISSION = "Meta says that our app lacks a permission. Look at the app and get a new token."
_TOKEN = "Meta does not take our token any more. Get a new one and enter it."  # noqa: S105 - a sentence
_IN_DOUBT = "Meta did not say whether it was sent."
_OVER = "They wrote too long ago for an answer here. Reach them another way, or wait until they write."


def refuse(status: int, error: Payload, headers: Mapping[str, str]) -> NoReturn:
    """Raise what a refusal means.

    Raises:
        SendError: always.
    """
    code, detail = error.number("code") or 0, error.number("error_subcode") or 0
    if code == 10 and "allowed window" in error.text("message").lower():
        raise WindowClosed(_OVER, code="10")  # the subcode is not always there
    raise _meant(status, code, detail, headers)


def words_of(code: int) -> str:
    """The sentence of a code that comes later, in news of a sending."""
    if code in _WINDOW:
        return _OVER
    return _SENTENCES.get(code) or f"It was taken, but did not arrive. Meta’s code is {code}."


def _meant(status: int, code: int, detail: int, headers: Mapping[str, str]) -> SendError:
    named = str(code or status)
    if code in _WINDOW or detail in _WINDOW_DETAILS:
        return WindowClosed(_OVER, code=named)
    if detail in _SENTENCES:
        return Permanent(_SENTENCES[detail], code=named)
    if code in _LIMITS or (status == 429 and not code):
        return RateLimited(_WAIT, code=named, retry_after=seconds_to_wait(headers, _LIMITS.get(code, 5)))
    return _of_code(status, code, detail, named)


def _of_code(status: int, code: int, detail: int, named: str) -> SendError:
    if code in _SIGN_IN or 200 <= code < 300 or (status == 401 and not code):
        return AuthExpired(_TOKEN if code in {102, 190, 463, 467, 0} else _PERMISSION, code=named)
    if code in _SENTENCES:
        return Permanent(_SENTENCES[code], code=named)
    if detail in _SENT_ALL_THE_SAME:
        return Uncertain(_IN_DOUBT, code=named)
    if code in _BUSY or status == 503:
        return Retryable("Meta is out of order.", code=named)
    if status >= 500:
        return Uncertain(_IN_DOUBT, code=named)
    return Permanent(f"Meta refused it. Its code is {named}.", code=named)
