"""What X's refusals mean, by status and, where one status means many things, by words of `detail` and `title`.

Source: docs.x.com/x-api/fundamentals/response-codes-and-errors. 429 says by x-rate-limit-reset (epoch seconds) when the
quarter of an hour is over, and by x-user-limit-24hour-reset or x-app-limit-24hour-reset when the day is; there is no
Retry-After. Nothing makes a second request harmless: what broke off after it began is `Uncertain`, as is a 5xx other
than 503 to something that writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import requests
import tweepy

from channels import provider
from channels.adapter import AuthExpired, Permanent, RateLimited, SendError, WindowClosed
from channels.provider import Answer
from helpdesk.now import now

_A_DAY, _A_QUARTER = 86400.0, 900.0
_CREDIT_SECONDS = 3600.0
_TWICE = "X refuses the same words twice. Change a word and send it again."
_NOT_NAMED = (
    "X lets us answer in public only who names us, and says that they did not. Ask them to name us, or reach them "
    "another way."
)
_NO_DIRECT = "They take no direct messages from us. Answer where they wrote in public, or reach them another way."
_GONE = "The post that this answers is gone, or they do not let us see it. Reach them another way."
_SUSPENDED = "X has suspended our account, or locked it. Somebody must sign in at X and look."
_SCOPE = (
    "Our app may not do this at X. Give it the right to read, write and direct messages, make new tokens and enter "
    "them."
)
_CREDIT = "X says that our credit is used up. Somebody must add credit in X's developer console."
_TOO_LONG = "X says that it is too long. Shorten it, or send two."
_KNOWN: tuple[tuple[str, type[SendError], str], ...] = (
    ("duplicate content", Permanent, _TWICE),
    ("have not been mentioned", WindowClosed, _NOT_NAMED),
    ("reply to this conversation is not allowed", WindowClosed, _NOT_NAMED),
    ("cannot reply to this conversation", WindowClosed, _NOT_NAMED),
    ("deleted or not visible", WindowClosed, _GONE),
    ("cannot send messages to this user", WindowClosed, _NO_DIRECT),
    ("who are not following you", WindowClosed, _NO_DIRECT),
    ("not a participant", WindowClosed, _NO_DIRECT),
    ("blocked from", WindowClosed, _NO_DIRECT),
    ("user has been suspended", WindowClosed, "X has suspended their account. Reach them another way."),
    ("your account is suspended", AuthExpired, _SUSPENDED),
    ("account is suspended and is not permitted", AuthExpired, _SUSPENDED),
    ("temporarily locked", AuthExpired, _SUSPENDED),
    ("oauth1 app permissions", AuthExpired, _SCOPE),
    ("oauth1-permissions", AuthExpired, _SCOPE),
    ("unsupported-authentication", AuthExpired, _SCOPE),
    ("client-not-enrolled", AuthExpired, _SCOPE),
    ("client forbidden", AuthExpired, _SCOPE),
    ("too long", Permanent, _TOO_LONG),
    ("longer than", Permanent, "X takes no video of this length from our account."),
)


def ask(call: Callable[[], Any], *, is_read: bool = False) -> Answer:
    """What a method of tweepy's client answers. `is_read` may be asked twice, so a cut is no doubt about anything.

    Raises:
        SendError: it was refused, or may not have arrived.
    """
    with provider.asked("X", is_read=is_read):
        return provider.Answer(_said(call), "X", is_read=is_read)


def refuse(response: requests.Response) -> NoReturn:
    """Raise what a refusal means.

    Raises:
        SendError: always.
    """
    status, words, code = int(response.status_code), _words(response), str(response.status_code)
    if status == 402 or "creditsdepleted" in words:
        raise RateLimited(_CREDIT, code=code, retry_after=_CREDIT_SECONDS)
    if status == 429:
        raise RateLimited("X asks us to wait.", code=code, retry_after=_wait(response))
    if status == 401:
        raise AuthExpired("X does not know our keys any more. Make new tokens there and enter them.", code=code)
    provider.check_works(status, "X")
    kind, sentence = _meaning(status, words)
    raise kind(sentence, code=code)


def _meaning(status: int, words: str) -> tuple[type[SendError], str]:
    unknown = _GONE if status == 404 else f"X refused it. Its code is {status}."
    return next(((kind, sentence) for known, kind, sentence in _KNOWN if known in words), (Permanent, unknown))


def _said(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        said = call()
    except tweepy.HTTPException as error:
        refuse(error.response)
    except (ValueError, TypeError, AttributeError, RecursionError, tweepy.TweepyException) as error:
        raise provider.unread("X") from error
    if not isinstance(said, dict):
        raise provider.unread("X")
    return said


def _wait(response: requests.Response) -> float:
    """Seconds until the limit that is used up begins anew."""
    headers = response.headers
    for whose in ("user", "app"):
        if headers.get(f"x-{whose}-limit-24hour-remaining") == "0":
            return _until(headers.get(f"x-{whose}-limit-24hour-reset", ""), _A_DAY)
    return _until(headers.get("x-rate-limit-reset", ""), _A_QUARTER)


def _until(stamp: str, most: float) -> float:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
        return _A_QUARTER
    return min(most, max(1.0, math.ceil(int(stamp) - now().timestamp()) + 1.0))


def _words(response: requests.Response) -> str:
    """All it says of why, in small letters; nothing of it is shown."""
    return response.content[:4000].decode("utf-8", "replace").lower()
