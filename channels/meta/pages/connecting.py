"""How a page or an account is connected: the test that writes to nobody, and the subscription that makes Meta call us.

Sources: messenger-platform/webhooks#subscribe, graph-api/reference/page/subscribed_apps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from channels.adapter import AuthExpired, Permanent, SendError
from channels.doors import Step
from channels.meta.graph import calls, forms
from channels.meta.graph.asking import get, post
from channels.meta.graph.connection import Connection
from channels.meta.pages.flavours import Flavour
from channels.payloads import Payload

_FIELDS = {
    "page": (
        "messages", "message_echoes", "message_edits", "message_reactions", "messaging_postbacks",
        "messaging_referrals", "message_deliveries", "message_reads",
    ),
    "instagram": ("messages", "message_reactions", "messaging_postbacks", "messaging_referral", "messaging_seen"),
}  # fmt: skip


def check_form(values: Mapping[str, str], secrets: Mapping[str, str], flavour: Flavour) -> dict[str, str]:
    """What is wrong, by field."""
    errors = forms.check(secrets)
    if not (values.get("address", "").isdecimal() and 5 <= len(values["address"]) <= 25):
        what = "page" if flavour.about == "page" else "account"
        errors["address"] = f"Enter the id of the {what}, a long number without letters."
    return errors


def test(connection: Connection, flavour: Flavour) -> Iterator[Step]:
    """Is the token right, whose is it, and does Meta call us."""
    words = "Meta answers"
    try:
        me = _me(connection, flavour)
        yield Step(words, ok=True, sentence="Meta answered and takes the token and the app's secret.")
        words = "The right account"
        yield Step(words, ok=True, sentence=_owner(connection, me, flavour))
        words = "The way in"
        yield Step(words, ok=True, sentence=calls.are_told(connection, "me"))
    except SendError as error:
        yield Step(words, ok=False, sentence=error.reason)


def arrange(connection: Connection, flavour: Flavour) -> str:
    """Have the page's events sent to the app; a token of another page is not used.

    Raises:
        SendError: it is another's, or was refused.
    """
    _owner(connection, _me(connection, flavour), flavour)
    fields = ",".join(_FIELDS["page"])  # an Instagram account is told of by its page
    post(connection, "me/subscribed_apps", {"subscribed_fields": fields}, is_harmless=True)
    return "Meta calls us when something comes in."


def _me(connection: Connection, flavour: Flavour) -> Payload:
    fields = "id,name" if flavour.about == "page" else "id,name,instagram_business_account{id,username}"
    return get(connection, "me", {"fields": fields})


def _owner(connection: Connection, me: Payload, flavour: Flavour) -> str:
    account = me if flavour.about == "page" else me.part("instagram_business_account")
    name = account.text("username") or account.text("name")
    if not account.text("id"):
        raise Permanent("No Instagram account is linked to the page this token is of. Link it in the page's settings.")
    if account.text("id") != connection.address:
        raise AuthExpired(f"The token is of {name[:60]}, whose id is {account.text('id')[:30]}, not of this account.")
    return f"The token is of {name[:60]}."
