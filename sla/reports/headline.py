"""The one figure of a page: kept of counted, against the same days a year before or the days before, and the weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sla.reports import figures, movements, trends
from sla.reports.asking import Question
from sla.reports.figures import Few, Share
from sla.reports.movements import Movement
from sla.reports.periods import Period
from sla.reports.trends import Week

_A_YEAR = 365


@dataclass(frozen=True)
class Headline:
    share: Share
    compared: Period | None
    """The days it is compared with; None where nothing was counted as long."""
    before: Share
    movements: tuple[Movement, ...]
    weeks: tuple[Week, ...]
    since: date | None
    """The first day anything was ever decided on."""
    few: Few

    @property
    def is_a_year(self) -> bool:
        """Whether it is compared with the same days a year before."""
        return self.compared is not None and self.compared.is_a_year_before

    @property
    def points(self) -> float | None:
        """How many percentage points more were kept than in the days it is compared with."""
        now, before = self.share.percent, self.before.percent
        return None if now is None or before is None else now - before


def headline(question: Question) -> Headline:
    """Three statements, or two where nothing was ever counted."""
    since = figures.first_day()
    period = question.period
    compared = _compared(period, since)
    spans = [period, *trends.spans(period), *([compared] if compared else [])]
    days = figures.by_day(spans, question.filters)
    few = figures.few([period, *([compared] if compared else [])], question.filters)
    return Headline(
        share=figures.total(days, period),
        compared=compared,
        before=figures.total(days, compared) if compared else Share(),
        movements=tuple(movements.largest(few, period.closed())),
        weeks=tuple(trends.weeks(days, period.until)),
        since=since,
        few=few,
    )


def _compared(period: Period, since: date | None) -> Period | None:
    """The same days a year before, the days before, or nothing: only days that were counted from their beginning."""
    year = [period.year_before()] if period.days <= _A_YEAR else []
    choices = [*year, period.before()]
    return next((one for one in choices if since is not None and since <= one.since), None)
