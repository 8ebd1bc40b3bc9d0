"""Which days a record is of, as the address says: the running term of the agreement, a named period, or two days."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.now import now
from sla.reports import periods
from sla.reports.periods import Period

TERM, DAYS = "term", "days"
WORDS = {TERM: "Term", "month": "Month", "quarter": "Quarter", "year": "Year"}


def asked(address: Mapping[str, str]) -> Period | None:
    """None: the running term, whichever each agreement has.

    Raises:
        Invalid: there is no such period, or no such day.
    """
    if address.get("from") or address.get("to"):
        return periods.between(address.get("from") or address["to"], address.get("to", ""), periods.house())
    said = name(address)
    return None if said == TERM else periods.named(said, now(), periods.house())


def name(address: Mapping[str, str]) -> str:
    """As the choice shows it."""
    if address.get("from") or address.get("to"):
        return DAYS
    return address.get("period") or TERM
