"""Gauges for a monitoring system, in the formats of Prometheus and OpenMetrics; whoever has the token reads them."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from flask import Blueprint, Response, request

from helpdesk.access.guards import signed
from helpdesk.gauges import Gauge
from helpdesk.plugins import installed
from helpdesk.settings import settings

bp = Blueprint("metrics", __name__)


def _has_token() -> bool:
    """Nobody has it where none is set."""
    token = settings().metrics_token
    given = request.authorization
    said = (given.token or "") if given is not None and given.type == "bearer" else ""
    return bool(token) and hmac.compare_digest(said.encode(), token.encode())


@bp.get("/metrics")
@signed(_has_token)
def metrics() -> Response:
    """All of it is asked for at once; each label's values are few, and no customer is among them."""
    library = import_module("prometheus_client.exposition")
    write, mime = library.choose_encoder(request.headers.get("Accept", ""))
    return Response(write(_Collected(list(installed().gauges()))), content_type=mime)


class _Collected:
    """Gauges as the library asks a registry for them."""

    def __init__(self, gauges: list[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Any]:
        family = import_module("prometheus_client.core").GaugeMetricFamily
        for one in self._gauges:
            told = family(one.name, one.help, labels=one.labels)
            for labels, value in one.values.items():
                told.add_metric(labels, value)
            yield told
