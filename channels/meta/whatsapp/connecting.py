"""How a number is connected: its form, the test that writes to nobody, and the subscription that makes Meta call us.

Sources: business-messaging/whatsapp/business-phone-numbers/phone-numbers and
/reference/whatsapp-business-account/subscribed-apps-api.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from channels.adapter import AuthExpired, SendError
from channels.doors import Field, Form, Step
from channels.meta.graph import calls, forms
from channels.meta.graph.asking import get, post
from channels.meta.graph.connection import Connection
from channels.meta.whatsapp import templates
from channels.payloads import Payload

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_ID = re.compile(r"[0-9]{5,25}\Z")

FORM = Form(
    title="WhatsApp number",
    intro="Customers write to your number in WhatsApp, and answers go back to them there.",
    icon="phone",
    address_label="Number",
    address_hint="With country code and without spaces, such as +4930123456.",
    fields=forms.fields(
        "Of a system user, with whatsapp_business_messaging and whatsapp_business_management.",
        Field("number_id", "Phone number ID", "A long number: in WhatsApp Manager, or the app's WhatsApp settings."),
        Field("business", "WhatsApp Business account ID", "A long number beside it. Its templates are offered."),
    ),
    elsewhere=forms.ELSEWHERE,
)


def check_form(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = forms.check(secrets)
    if not _NUMBER.match(values.get("address", "")):
        errors["address"] = "Enter the number with its country code, such as +4930123456."
    for name in ("number_id", "business"):
        if values.get(name) and not _ID.match(values[name]):
            errors[name] = "This is a long number without letters."
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Is the token right, is it this number, does Meta call us, and which templates are there."""
    words = "Meta answers"
    try:
        number = _number(connection)
        yield Step(words, ok=True, sentence="Meta answered and takes the token and the app's secret.")
        words = "The right number"
        yield Step(words, ok=True, sentence=_owner(connection, number))
        words = "The way in"
        yield Step(words, ok=True, sentence=calls.are_told(connection, connection.business))
        words = "Templates"
        count = len(templates.listed(connection))
        yield Step(words, ok=True, sentence=f"{count} approved templates can be sent from here.")
    except SendError as error:
        yield Step(words, ok=False, sentence=error.reason)


def arrange(connection: Connection) -> str:
    """Have the account's events sent to the app; a token that leads to another number is not used.

    Raises:
        SendError: it is another's, or was refused.
    """
    _owner(connection, _number(connection))
    post(connection, f"{connection.business}/subscribed_apps", {}, is_harmless=True)
    return "Meta calls us when something comes in."


def _number(connection: Connection) -> Payload:
    return get(connection, connection.number_id, {"fields": "display_phone_number,verified_name,quality_rating"})


def _owner(connection: Connection, number: Payload) -> str:
    shown = number.text("display_phone_number")
    if "+" + "".join(one for one in shown if one in "0123456789") != connection.address:
        raise AuthExpired(f"The phone number ID is of {shown[:30]}, not of {connection.address}.")
    return f"It is {number.text('verified_name')[:60]}, {shown[:30]}."
