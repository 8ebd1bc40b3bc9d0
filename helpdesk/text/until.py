"""A day and time by which something is done, as each of our languages says it: "by Monday 30 November, 10:30"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
}
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "pl": "poniedziałek wtorek środę czwartek piątek sobotę niedzielę",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
}
"""In the case that follows the word for "by"."""


def until(wall: datetime, language: str) -> str:
    """Of a wall time, in a code of `helpdesk.text.languages`, to be put into a sentence of that language."""
    day, month = _DAYS[language].split()[wall.weekday()], _MONTHS[language].split()[wall.month - 1]
    return _SAYS[language](wall, day, month)


def _english(wall: datetime, day: str, month: str) -> str:
    return f"by {day} {wall.day} {month}, {wall:%H:%M}"


def _german(wall: datetime, day: str, month: str) -> str:
    # Not "bis": with what is rather than happens it would say how long.
    return f"spätestens am {day}, {wall.day}. {month}, um {wall.hour}:{wall:%M} Uhr"


def _french(wall: datetime, day: str, month: str) -> str:
    number = "1er" if wall.day == 1 else str(wall.day)
    return f"au plus tard le {day} {number} {month} à {wall.hour} h {wall:%M}"


def _spanish(wall: datetime, day: str, month: str) -> str:
    at = "a la" if wall.hour == 1 else "a las"
    return f"a más tardar el {day} {wall.day} de {month} {at} {wall.hour}:{wall:%M}"


def _italian(wall: datetime, day: str, month: str) -> str:
    number = "1º" if wall.day == 1 else str(wall.day)
    return f"entro {day} {number} {month}, ore {wall.hour}:{wall:%M}"


def _dutch(wall: datetime, day: str, month: str) -> str:
    return f"uiterlijk {day} {wall.day} {month} om {wall.hour}.{wall:%M} uur"


def _portuguese(wall: datetime, day: str, month: str) -> str:
    at = "à" if wall.hour == 1 else "às"
    return f"até {day}, {wall.day} de {month}, {at} {wall.hour}:{wall:%M}"


def _polish(wall: datetime, day: str, month: str) -> str:
    on = "we" if day.startswith("wt") else "w"
    return f"najpóźniej {on} {day} {wall.day} {month} o godz. {wall.hour}:{wall:%M}"


def _swedish(wall: datetime, day: str, month: str) -> str:
    return f"senast {day} {wall.day} {month} kl. {wall.hour}.{wall:%M}"


_SAYS: dict[str, Callable[[datetime, str, str], str]] = {
    "en": _english,
    "de": _german,
    "fr": _french,
    "es": _spanish,
    "it": _italian,
    "nl": _dutch,
    "pt": _portuguese,
    "pl": _polish,
    "sv": _swedish,
}
