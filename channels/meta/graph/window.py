"""The customer service window: 24 hours behind the customer's last words everything goes.

Behind that Messenger and Instagram let a person of ours answer for seven days (the human agent tag), WhatsApp lets
only approved templates through (developers.facebook.com/docs/messenger-platform/policy/policy-overview and
/documentation/business-messaging/whatsapp/messages/send-messages#customer-service-windows).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.now import now

FREE = timedelta(hours=24)
HUMAN = timedelta(days=7)


def is_free(heard_at: datetime | None) -> bool:
    """Whether anything may be said to who was heard last at `heard_at`; unknown counts as just now."""
    return heard_at is None or now() < heard_at + FREE


def ends(heard_at: datetime | None, length: timedelta) -> datetime | None:
    return heard_at + length if heard_at is not None else None
