"""Reads the fields of one form, strictly: what is unknown, doubled, overlong or malformed is named, never used."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from werkzeug.datastructures import MultiDict

from channels.email.addresses import normal
from helpdesk.errors import Invalid
from helpdesk.text.numbers import whole

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?")


class Reader:
    """Collects `errors` by field while values are taken; `done()` raises them together."""

    def __init__(self, form: MultiDict[str, str], known: Collection[str]) -> None:
        strangers = [name for name in form if name not in known]
        doubled = [name for name in form if len(form.getlist(name)) > 1]
        if strangers or doubled:
            raise Invalid("This form has a field it should not have, so nothing was saved. Load the page again.")
        self._form = form
        self.errors: dict[str, str] = {}

    def text(self, name: str, missing: str = "", most: int = 200) -> str:
        """One line without the spaces around it; `missing` is what to say when it is empty."""
        return self._checked(name, self._form.get(name, "").strip(), missing, most)

    def secret(self, name: str) -> str:
        """As typed, spaces included."""
        return self._checked(name, self._form.get(name, ""), "", 1000)

    def lines(self, name: str, most: int = 50) -> list[str]:
        """One value a line, or between commas or spaces."""
        found = re.split(r"[\s,;]+", self._form.get(name, "").strip())
        if len(found) > most:
            self.errors[name] = f"These are more than {most}."
            return []
        return [one for one in found if one]

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        value = self._form.get(name, "")
        if value not in allowed:
            self.errors[name] = "Choose one of these."
            return next(iter(allowed))
        return value

    def is_on(self, name: str) -> bool:
        value = self._form.get(name, "")
        if value not in {"", "on"}:
            self.errors[name] = "This is either on or off."
        return value == "on"

    def number(self, name: str, least: int, most: int, wrong: str) -> int:
        value = whole(self._form.get(name, "").strip())
        if value is not None and least <= value <= most:
            return value
        self.errors[name] = wrong
        return least

    def address(self, name: str, value: str) -> str:
        """A mail address in its normal form."""
        address = normal(value)
        if not address and name not in self.errors:
            self.errors[name] = f"“{value[:80]}” is not a mail address." if value else "Enter the address."
        return address

    def host(self, name: str) -> str:
        """The bare name or address of a server; private ones are allowed, they are the administrator's own."""
        value = self.text(name, "Enter the name of the server.", 253)
        if value and not _HOST.fullmatch(value) and not _is_ip(value) and name not in self.errors:
            self.errors[name] = "Enter the name of the server alone, such as imap.example.com."
        return value

    def done(self) -> None:
        """Raise what was found.

        Raises:
            Invalid: something was.
        """
        if self.errors:
            raise Invalid("Nothing was saved. Look at the fields marked below.", self.errors)

    def _checked(self, name: str, value: str, missing: str, most: int) -> str:
        if not value and missing:
            self.errors[name] = missing
        elif len(value) > most:
            self.errors[name] = f"This is longer than {most} characters."
        elif _CONTROL.search(value):
            self.errors[name] = "This holds a character that cannot be typed here."
        return value


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True
