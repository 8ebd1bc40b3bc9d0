"""The figures of a statement, from the promises and credits as it tells them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpdesk.db import Json


def figures(promises: Iterable[Json]) -> Json:
    """Kept, broken and counted; excused ones are among the broken."""
    told = list(promises)
    kept = sum(one["outcome"] == "kept" for one in told)
    excused = sum(one["excused"] is not None for one in told if one["outcome"] == "broken")
    return {
        "kept": kept,
        "broken": len(told) - kept,
        "counted": len(told),
        "excused": excused,
        "percent": percent(kept, len(told)),
    }


def percent(kept: int, counted: int) -> str | None:
    """Two places, rounded half up: "97.62"; None of nothing."""
    if not counted:
        return None
    basis = (20_000 * kept + counted) // (2 * counted)
    return f"{basis // 100}.{basis % 100:02}"


def by_promise(promises: Sequence[Json], clauses: Json) -> list[Json]:
    """Each promise under whatever version, by its key, with the words of the clause it was judged by last."""
    grouped: dict[str, list[Json]] = {}
    for one in promises:
        grouped.setdefault(one["promise"], []).append(one)
    return [
        {
            "promise": key,
            "agreement": each[-1]["agreement"],
            "number": clauses[each[-1]["clause"]]["number"],
            "words": clauses[each[-1]["clause"]]["words"],
            **figures(each),
        }
        for key, each in sorted(grouped.items())
    ]


def credits_of(rows: Iterable[Json]) -> list[Json]:
    """How many, and of what amount, by state and currency."""
    sums: dict[tuple[str, str], list[int]] = {}
    for one in rows:
        sums.setdefault((one["state"], one["currency"]), []).append(one["amount_cents"])
    return [
        {"state": state, "currency": currency, "count": len(each), "amount_cents": sum(each)}
        for (state, currency), each in sorted(sums.items())
    ]
