"""Equipment and agreements as a program sends them: bodies of the JSON face become operations' inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from helpdesk.web.json import Body
from sla.assets.inputs import MOST_MONTHS, STARTS, Part, Place, Rule, Unit
from sla.contracts.inputs import PERIODS, RENEWALS, Agreed, Bought, Line, Outcome
from sla.contracts.models import KINDS
from sla.policies.inputs import Promise
from sla.web.promisejson import promise

_DAYS = ("manufactured_on", "purchased_on", "shipped_on", "installed_on", "serviced_on")


def unit(body: Body) -> Unit:
    """A unit; the body may hold nothing else.

    Raises:
        Invalid: by field, what does not fit.
    """
    found = Unit(
        serial=body.text("serial"),
        model=body.text("model"),
        maker=body.text("maker"),
        kind=body.text("kind"),
        place=body.text("place"),
        site_id=body.identity("site_id"),
        service_months=body.number_or_none("service_months", 1, MOST_MONTHS),
        parts=tuple(body.each("parts", lambda part: Part(part.text("name"), part.text("number"), part.text("note")))),
        **{name: body.day(name) for name in _DAYS},
    )
    body.done()
    return found


def rule(body: Body) -> Rule:
    """A warranty.

    Raises:
        Invalid: by field, what does not fit.
    """
    found = Rule(
        name=body.text("name"),
        starts=body.one_of("starts", STARTS, "install"),
        starts_on=body.day("starts_on"),
        parts_months=body.number_or_none("parts_months", -1, MOST_MONTHS),
        labour_months=body.number_or_none("labour_months", -1, MOST_MONTHS),
        travel_months=body.number_or_none("travel_months", -1, MOST_MONTHS),
        exclusions=body.text("exclusions", most=2000),
        transferable=body.is_on("transferable", default=True),
        restarts_when_replaced=body.is_on("restarts_when_replaced", default=False),
        least_days_when_replaced=body.number("least_days_when_replaced", 0, 3660, 0),
    )
    body.done()
    return found


def agreed(body: Body) -> Agreed:
    """What an agreement says; the caller takes what else the body holds first, since this ends the reading.

    Raises:
        Invalid: by field, what does not fit.
    """
    outcome = body.part("outcome")
    found = Agreed(
        name=body.text("name"),
        kind=body.one_of("kind", KINDS, "support"),
        starts_on=body.day("starts_on") or body.wrong("starts_on", "Send the first day.", date.min),
        ends_on=body.day("ends_on") or body.wrong("ends_on", "Send the last day.", date.max),
        zone=body.text("zone"),
        renewal=body.one_of("renewal", RENEWALS, "never"),
        notice_months=body.number("notice_months", 0, 60, 0),
        value_cents=body.number_or_none("value_cents", 0, 10**12),
        hour_cents=body.number_or_none("hour_cents", 0, 10**12),
        currency=body.text("currency") or "USD",
        period=body.one_of("period", PERIODS, "year"),
        outcome=Outcome(outcome.text("words"), outcome.text("promised"), outcome.text("measured")),
        pauses_when_suspended=body.is_on("pauses_when_suspended", default=False),
        credit_cap_percent=body.number("credit_cap_percent", 0, 100, 100),
        lines=tuple(body.each("lines", _line)) or (Line(),),
        clauses=tuple(body.each("clauses", _clause)),
    )
    body.done()
    return found


def _line(body: Body) -> Line:
    return Line(
        name=body.text("name") or "Everything",
        site_ids=body.identities("site_ids"),
        asset_ids=body.identities("asset_ids"),
        models=body.texts("models"),
        works=body.texts("works"),
        starts_on=body.day("starts_on"),
        ends_on=body.day("ends_on"),
        calendar_id=body.identity("calendar_id"),
        fills_gaps=body.is_on("fills_gaps", default=False),
    )


def _clause(body: Body) -> Promise:
    return replace(promise(body), line=body.number_or_none("line", 0, 100))


def place(body: Body) -> Place:
    """A site; the caller takes what else the body holds first, since this ends the reading.

    Raises:
        Invalid: by field, what does not fit.
    """
    found = Place(body.text("name"), body.text("address", most=2000), body.text("zone"))
    body.done()
    return found


def bought(body: Body, today: date) -> Bought:
    """Incidents or minutes bought ahead.

    Raises:
        Invalid: by field, what does not fit.
    """
    found = Bought(
        unit=body.one_of("unit", ("incidents", "minutes")),
        bought=body.number("bought", 1, 10**6),
        bought_on=body.day("bought_on") or today,
        expires_on=body.day("expires_on"),
        round_to=body.number("round_to", 1, 10**6, 1),
        grace=body.number("grace", 0, 10**6, 0),
        least=body.number("least", 0, 10**6, 0),
        warn_percent=body.number("warn_percent", 1, 100, 80),
        price_cents=body.number_or_none("price_cents", 0, 10**12),
        currency=body.text("currency", most=3),
    )
    body.done()
    return found
