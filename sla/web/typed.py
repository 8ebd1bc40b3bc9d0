"""What somebody typed into a form, read field by field; what does not fit is named by field and raised at the end."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal, InvalidOperation

from werkzeug.datastructures import MultiDict

from helpdesk.errors import Invalid

_TIME = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)\s*(h|hours?|min|minutes?|m)\b\.?", re.IGNORECASE)
_MOST_TYPED = 5000


class Typed:
    """The fields of one form. Each reader gives a value that can be gone on with, and remembers what was wrong."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        self.form = form
        self.mistakes: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self.form.get(name, "")[:_MOST_TYPED].replace("\r\n", "\n").strip()

    def is_on(self, name: str) -> bool:
        return name in self.form

    def one_of(self, name: str, allowed: Collection[str], instead: str) -> str:
        value = self.text(name) or instead
        if value not in allowed:
            self.mistakes[name] = "Choose one of the list."
        return value

    def day(self, name: str) -> date | None:
        """A day as `YYYY-MM-DD`, None when the field is empty."""
        value = self.text(name)
        if not value:
            return None
        try:
            found = date.fromisoformat(value)
        except ValueError:
            self.mistakes[name] = "There is no such day. One looks like 2026-02-28."
            return None
        if not 1900 <= found.year <= 2200:
            self.mistakes[name] = "Choose a day between 1900 and 2200."
        return found

    def needed_day(self, name: str, words: str) -> date:
        found = self.day(name)
        if found is None:
            self.mistakes.setdefault(name, words)
        return found or date.min

    def number(self, name: str) -> int | None:
        """A whole number, None when the field is empty."""
        value = self.text(name)
        if not value:
            return None
        if not re.fullmatch(r"-?\d{1,12}", value, re.ASCII):
            self.mistakes[name] = "Enter a whole number."
            return None
        return int(value)

    def number_or(self, name: str, instead: int) -> int:
        found = self.number(name)
        return instead if found is None else found

    def amount(self, name: str) -> Decimal | None:
        """A number with a point: "58,200.50", "2.5". None when the field is empty."""
        value = self.text(name).replace(",", "").replace(" ", "").replace("\N{NO-BREAK SPACE}", "").lstrip("$€£")
        if not value:
            return None
        try:
            found = Decimal(value)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) > 10**10:
            self.mistakes[name] = "Enter a number, like 58200 or 58,200.50."
            return None
        return found

    def cents(self, name: str) -> int | None:
        found = self.amount(name)
        return None if found is None else round(found * 100)

    def seconds(self, name: str) -> int | None:
        """A length of time: "30 min", "4 h", "1 h 30 min". None when the field is empty."""
        value = self.text(name)
        if not value:
            return None
        parts = _TIME.findall(value)
        if not parts or _TIME.sub("", value).strip():
            self.mistakes[name] = "Enter a time like 30 min, 4 h or 1 h 30 min."
            return None
        factors = ((Decimal(count.replace(",", ".")), 3600 if unit[0] in "hH" else 60) for count, unit in parts)
        return int(sum(count * factor for count, factor in factors))

    def ids(self, name: str) -> tuple[int, ...]:
        """Ids of rows chosen from a list; what is none is none of ours."""
        chosen = dict.fromkeys(self.form.getlist(name))
        if not all(re.fullmatch(r"\d{1,15}", one, re.ASCII) for one in chosen):
            self.mistakes[name] = "Choose from the list."
            return ()
        return tuple(int(one) for one in chosen)

    def id(self, name: str) -> int | None:
        value = self.text(name)
        if value and not re.fullmatch(r"\d{1,15}", value, re.ASCII):
            self.mistakes[name] = "Choose from the list."
            return None
        return int(value) if value else None

    def listed(self, name: str) -> tuple[str, ...]:
        """Several words, one a line or with commas between."""
        return tuple(dict.fromkeys(filter(None, (one.strip() for one in re.split(r"[\n,]", self.text(name))))))

    def done(self) -> None:
        """The end of reading.

        Raises:
            Invalid: something did not fit.
        """
        if self.mistakes:
            raise Invalid("That does not fit yet.", dict(self.mistakes))
