"""How a number is connected: the form, what can be wrong in it, where the provider sends what comes in, and a test.

GET /IncomingPhoneNumbers.json?PhoneNumber=... lists the account's numbers with `sms_url`, `voice_url` and
`capabilities`; POST /IncomingPhoneNumbers/{Sid}.json changes SmsUrl, VoiceUrl and StatusCallback
(twilio.com/docs/phone-numbers/api/incomingphonenumber-resource).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode, urlsplit

from channels.adapter import AuthExpired, Permanent, SendError
from channels.doors import Field, Form, Step
from channels.payloads import Payload
from channels.phone.asking import look
from channels.phone.connection import SECRET, TWILIO, Connection
from helpdesk.settings import settings
from helpdesk.text import telephone

_ACCOUNT = re.compile(r"[A-Za-z0-9-]{2,64}\Z")
_NOT_OURS = "The sign-in works, but the number does not belong to this account."

FORM = Form(
    title="telephone number",
    intro=(
        "Customers call it and write text messages to it, people on call are rung by it. Any provider that speaks "
        "Twilio's language will do."
    ),
    icon="phone",
    address_label="Number",
    address_hint="With the country's code and without spaces, such as +13125550100.",
    fields=(
        Field("account", "Account", "Its id. At Twilio it begins with AC."),
        Field(SECRET, "Auth Token", "It opens the whole account, and signs what the provider tells us.", secret=True),
        Field(
            "incoming",
            "Where calls and messages go",
            "We can tell the provider to bring them here, in place of what it does with them now.",
            choices=(("manual", "I enter our address at the provider"), ("arranged", "Tell the provider")),
            preset="manual",
        ),
        Field(
            "forward",
            "Calls ring first at",
            "A number, or the name of a rota: whoever is first there now. Empty: callers leave a message at once.",
            optional=True,
        ),
        Field(
            "greeting",
            "What callers hear",
            "In place of our own words, which are in the caller's language where it is known.",
            optional=True,
        ),
        Field(
            "transcribe",
            "Voicemail as text",
            "The provider writes down what it understands, for a price. Twilio does so for English alone.",
            choices=(("no", "No"), ("yes", "Yes")),
            preset="no",
        ),
        Field(
            "base_url", "Provider's address", "Leave it as it is, unless your provider is not Twilio.",
            preset=TWILIO, is_url=True,
        ),
    ),
    elsewhere=frozenset({"account", "base_url"}),
)  # fmt: skip


def check_form(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - any token
    """What is wrong, by field."""
    errors = {}
    address = values.get("address", "")
    if address and telephone.e164(address) != address:
        errors["address"] = "Enter it with the country's code and without spaces, such as +13125550100."
    if values.get("account") and not _ACCOUNT.match(values["account"]):
        errors["account"] = "This is not the id of an account."
    if not _is_address(values.get("base_url", "")):
        errors["base_url"] = "Enter the address alone, such as https://api.twilio.com."
    forward = values.get("forward", "")
    if forward[:1] in {"+", "0"} and not telephone.e164(forward):
        errors["forward"] = "Enter the number with the country's code, such as +13125550100, or the name of a rota."
    if forward and telephone.e164(forward) == address:
        errors["forward"] = "This is the number itself."
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Is the account ours, does the number belong to it, and does what comes in come here. Nobody is rung."""
    words = "The account"
    try:
        look(connection, ".json")
        yield Step(words, ok=True, sentence="The provider took the sign-in.")
        words = "The number"
        number = _number(connection)
        yield Step(words, ok=True, sentence="The number belongs to the account.")
        words = "The way in"
        yield Step(words, ok=True, sentence=_way_in(connection, number))
    except SendError as error:
        yield Step(words, ok=False, sentence=error.reason)


def arrange(connection: Connection) -> str:
    """Have calls and messages brought here, where that is wanted, and say how it stands.

    Raises:
        SendError: it cannot be made so.
    """
    if connection.is_arranged and not settings().base_url.startswith("https://"):
        raise Permanent("The provider only calls https addresses, and ours is not one.")
    if not connection.is_arranged:
        look(connection, ".json")  # a sign-in that is refused is said before somebody must be rung
        return "The provider takes our sign-in; our address is entered there by hand."
    number = _number(connection)
    if not _comes_here(connection, number):
        there = {"SmsUrl": connection.hooks, "VoiceUrl": connection.hooks, "StatusCallback": connection.hooks}
        methods = {"SmsMethod": "POST", "VoiceMethod": "POST", "StatusCallbackMethod": "POST"}
        look(connection, f"/IncomingPhoneNumbers/{number.text('sid')}.json", {**there, **methods})
    return "The provider brings calls and messages here."


def _is_address(url: str) -> bool:
    try:
        return not url or bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _number(connection: Connection) -> Payload:
    """The provider's word on the number.

    Raises:
        AuthExpired: it is another account's.
    """
    asked = urlencode({"PhoneNumber": connection.number})
    found = look(connection, f"/IncomingPhoneNumbers.json?{asked}").parts("incoming_phone_numbers")
    ours = next((one for one in found if one.text("phone_number") == connection.number), None)
    if ours is None:
        raise AuthExpired(_NOT_OURS)
    return ours


def _comes_here(connection: Connection, number: Payload) -> bool:
    return all(number.text(name) == connection.hooks for name in ("sms_url", "voice_url", "status_callback"))


def _way_in(connection: Connection, number: Payload) -> str:
    if _comes_here(connection, number):
        return "Calls and messages come here."
    if connection.is_arranged:
        return "The provider is told within minutes to bring calls and messages here."
    return (
        "Not all of calls, messages and call status changes come here. People on call are rung all the same; enter our "
        "address at the provider for the rest."
    )
