"""Whether Meta can call us, and does: it calls https addresses alone, and there is no asking in its place.

Sources: messenger-platform/webhooks#setup (a certificate that is valid, none that signed itself), and the apps that are
told of a page or a WhatsApp Business account, under its /subscribed_apps.
"""

from __future__ import annotations

from channels.adapter import Permanent
from channels.meta.graph.asking import get
from channels.meta.graph.connection import Connection
from helpdesk.settings import settings


def obstacle() -> str:
    """Why it cannot; empty when it can, as far as we see from here."""
    if settings().base_url.startswith("https://"):
        return ""
    return "Meta only calls https addresses, and ours is not one. Set HELPDESK_BASE_URL to an https one first."


def are_told(connection: Connection, of: str) -> str:
    """That Meta tells us of `of`, a page or an account, or will once the channel is saved.

    Raises:
        SendError: it cannot call us, or does not answer.
    """
    if wrong := obstacle():
        raise Permanent(wrong)
    apps = get(connection, f"{of}/subscribed_apps").parts("data")
    return "Meta sends what comes in to our app." if apps else "Meta is told to call us once this is saved."
