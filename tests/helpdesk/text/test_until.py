"""A time by which something is done, as somebody who speaks the language would write it."""

from __future__ import annotations

from datetime import datetime

import pytest

from helpdesk.text.languages import LANGUAGES
from helpdesk.text.until import until

MONDAY = datetime(2026, 11, 30, 10, 30)


class TestUntil:
    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", "by Monday 30 November, 10:30"),
            ("de", "spätestens am Montag, 30. November, um 10:30 Uhr"),
            ("fr", "au plus tard le lundi 30 novembre à 10 h 30"),
            ("es", "a más tardar el lunes 30 de noviembre a las 10:30"),
            ("it", "entro lunedì 30 novembre, ore 10:30"),
            ("nl", "uiterlijk maandag 30 november om 10.30 uur"),
            ("pt", "até segunda-feira, 30 de novembro, às 10:30"),
            ("pl", "najpóźniej w poniedziałek 30 listopada o godz. 10:30"),
            ("sv", "senast måndag 30 november kl. 10.30"),
        ],
    )
    def test_is_written_as_there(self, language, said):
        assert until(MONDAY, language) == said

    @pytest.mark.parametrize(
        ("language", "wall", "said"),
        [
            ("en", datetime(2026, 11, 30, 9, 5), "by Monday 30 November, 09:05"),
            ("de", datetime(2026, 11, 30, 9, 5), "spätestens am Montag, 30. November, um 9:05 Uhr"),
            ("fr", datetime(2027, 1, 1, 0, 0), "au plus tard le vendredi 1er janvier à 0 h 00"),
            ("es", datetime(2027, 1, 1, 1, 15), "a más tardar el viernes 1 de enero a la 1:15"),
            ("it", datetime(2027, 1, 1, 1, 15), "entro venerdì 1º gennaio, ore 1:15"),
            ("pt", datetime(2027, 1, 2, 1, 15), "até sábado, 2 de janeiro, à 1:15"),
            ("pl", datetime(2026, 12, 1, 8, 0), "najpóźniej we wtorek 1 grudnia o godz. 8:00"),
            ("pl", datetime(2026, 12, 2, 8, 0), "najpóźniej w środę 2 grudnia o godz. 8:00"),
        ],
    )
    def test_heeds_what_is_written_another_way(self, language, wall, said):
        assert until(wall, language) == said

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_has_a_name_of_its_own_for_each_day_and_month(self, language):
        days = {until(MONDAY.replace(day=n), language).partition(str(n))[0] for n in range(10, 17)}
        months = {until(MONDAY.replace(month=n, day=15), language).partition("15")[2] for n in range(1, 13)}
        assert (len(days), len(months)) == (7, 12)
