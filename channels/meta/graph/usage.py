"""How long to wait when Meta wants nothing more, from the headers of its answer.

X-Business-Use-Case-Usage says it in minutes for each business, X-App-Usage only how much is used up
(developers.facebook.com/docs/graph-api/overview/rate-limiting#headers).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from channels import provider

_USED_UP = 300.0
"""Seconds, where all that is known is that the rolling hour is used up."""
_LEAST = 5.0
_LONGEST = 6 * 3600.0


def seconds_to_wait(headers: Mapping[str, str], least: float = _LEAST) -> float:
    """As many as Meta says, or as is sensible where it does not say."""
    told = [provider.seconds_to_wait(headers) or 0.0, *_business(headers), *_app(headers), least]
    return min(max(told), _LONGEST)


def _business(headers: Mapping[str, str]) -> Iterator[float]:
    for limits in _read(headers.get("x-business-use-case-usage", "")).values():
        for one in limits if isinstance(limits, list) else ():
            minutes = one.get("estimated_time_to_regain_access") if isinstance(one, dict) else None
            if isinstance(minutes, (int, float)) and minutes > 0:
                yield minutes * 60.0


def _app(headers: Mapping[str, str]) -> Iterator[float]:
    used = _read(headers.get("x-app-usage", "")).values()
    if any(isinstance(percent, (int, float)) and percent >= 100 for percent in used):
        yield _USED_UP


def _read(header: str) -> dict[str, Any]:
    try:
        found = json.loads(header) if header else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
