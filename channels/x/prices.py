"""What X takes, in dollars (docs.x.com/x-api/getting-started/pricing, 2026): for each thing read, sent or posted."""

from __future__ import annotations

from decimal import Decimal

from helpdesk.text.weighing import has_link

MENTION_READ = Decimal("0.001")
DIRECT_READ = Decimal("0.010")
DIRECT_SENT = Decimal("0.015")
REPLY = Decimal("0.010")
"""To somebody who named us."""
LINK = Decimal("0.200")
"""A post with a link in it, instead."""

PUBLIC_HINT = f"It costs ${REPLY:.2f}, and with a link in it ${LINK:.2f}."
DIRECT_HINT = f"It costs ${DIRECT_SENT:.3f}, and as much again for each further file."
TABLE = (
    f"X takes ${MENTION_READ} for each post read, ${DIRECT_READ} for each direct message read, ${DIRECT_SENT} for each "
    f"one sent, ${REPLY} for an answer in public and ${LINK} for one with a link."
)


def of_reply(text: str) -> Decimal:
    return LINK if has_link(text) else REPLY
