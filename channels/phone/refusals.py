"""What the provider's refusals mean, in words for an agent: by its error code, else by the HTTP status.

Codes: twilio.com/docs/api/errors. Answers are JSON: {"code", "message", "more_info", "status"}; the message may hold
the number, so it is never shown or logged.
"""

from __future__ import annotations

import json

from channels.adapter import AuthExpired, Outcome, Permanent, RateLimited, Result, Retryable
from channels.provider import check_works, seconds_to_wait
from helpdesk.http import Response

_OF_THE_NUMBER = {
    13223: "This is not a telephone number.",
    13224: "This number cannot be called.",
    21211: "This is not a telephone number.",
    21214: "This number cannot be called.",
    21217: "This is not a telephone number.",
    21265: "This number cannot receive text messages.",
    21610: "Whoever has this number asked for no more messages, by answering STOP.",
    21612: "No text message can be sent from our number to this one.",
    21614: "This is not a mobile number, so it cannot receive text messages.",
    21617: "It is too long for a text message, which takes 1,600 characters.",
    30003: "The telephone is off or cannot be reached.",
    30004: "Whoever has this number, or their network, refuses our text messages.",
    30005: "There is no such number any more.",
    30006: "This number cannot receive text messages.",
    30007: "A network on the way took it for advertising and stopped it.",
    30008: "It was lost on the way. The networks do not say why.",
}
_OF_THE_ACCOUNT = {
    21215: "The account may not call this country. Allow it in the provider's console.",
    21408: "The account may not send text messages to this country. Allow it in the provider's console.",
    21210: "Our number is not verified with the provider.",
    21212: "Our number is not one the provider knows.",
    21219: "A trial account reaches only numbers that were verified with the provider.",
    21606: "Our number belongs to another account, or cannot send text messages.",
    21608: "A trial account reaches only numbers that were verified with the provider.",
    21659: "Our number belongs to another account, or cannot send text messages.",
}
_SIGN_IN = frozenset({20003, 20005, 20006, 20404})
"""No such account, closed or suspended, or the wrong token."""
_REFUSED = "The provider refused it."
_LONGEST_WAIT = 3600


def read(answer: Response, address: str) -> Result:
    """What an answer other than success means for this recipient.

    Raises:
        RateLimited: 429 that says for how long. Retryable: other 429 and 503, nothing was done. Uncertain: any other
        5xx. AuthExpired, Permanent.
    """
    code = _code(answer)
    if answer.status == 429 or code == 20429:
        raise _too_often(answer)
    check_works(answer.status, "The provider")
    if answer.status in {401, 403, 404} and (code in _SIGN_IN or answer.status == 401):
        raise AuthExpired("The provider refused the sign-in. Enter the account and its token again.", code=str(code))
    if code in _OF_THE_NUMBER:
        return Result(address, Outcome.REFUSED, str(code), _OF_THE_NUMBER[code])
    raise Permanent(_OF_THE_ACCOUNT.get(code, f"{_REFUSED} Its code is {code or answer.status}."), code=str(code))


def words_of(code: str) -> str:
    """Why something did not arrive, by the `ErrorCode` of a status webhook; empty when there is none."""
    if not code.isascii() or not code.isdigit() or len(code) > 6 or not int(code):
        return ""
    return _OF_THE_NUMBER.get(int(code)) or _OF_THE_ACCOUNT.get(int(code)) or f"The provider's code is {code}."


def _too_often(answer: Response) -> Retryable:
    """Everything of this number waits when the provider says how long."""
    words, seconds = "The provider is being asked too often.", seconds_to_wait(answer.headers)
    if seconds is not None:
        return RateLimited(words, code="429", retry_after=min(max(seconds, 1), _LONGEST_WAIT))
    return Retryable(words, code="429")


def _code(answer: Response) -> int:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return 0
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, int) else 0
