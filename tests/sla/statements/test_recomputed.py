"""The stand-alone script agrees with every statement the product writes, and with none that somebody altered."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.db import Json, db
from helpdesk.now import travel
from sla.calendars import reading
from sla.calendars.hours import Hours
from sla.statements import issuing, keys, verify_statement
from sla.statements.models import SigningKey
from tests.plugins.world import World
from tests.sla.statements import life
from tests.sla.statements.life import Life

SCRIPT = Path(verify_statement.__file__)
LATER = life.END + timedelta(hours=1)
TEXTS = {"id", "ticket", "cycle", "excused", "broken_on_change"}
"""Of a promise: which one it is, and words. That it broke by a change only lets it break later than it had to."""


@pytest.fixture
def lived(world: World) -> Life:
    return life.lived(world)


def run(folder: Path, document: Json, *more: str, python: tuple[str, ...] = ()) -> tuple[int, str]:
    """What the script ends with, and what it says."""
    file = folder / "statement.json"
    file.write_text(json.dumps(document))
    done = subprocess.run(
        [sys.executable, *python, str(SCRIPT), str(file), *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def published(folder: Path, rows: list[SigningKey]) -> str:
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": [{"kid": one.name, "x": one.public} for one in rows]}))
    return str(file)


def altered(value: Any) -> Any:
    """Something near that is not the same."""
    if value is None:
        return "2026-10-09T10:00:00+00:00"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and value[:2] == "20" and "T" in value:
        return (datetime.fromisoformat(value) + timedelta(seconds=1)).isoformat()
    words = {"kept": "broken", "broken": "kept", "runs": "done", "done": "runs", "customer": "runs", "USD": "EUR"}
    return words.get(value, f"{value}0")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))
    else:
        yield path


def with_one_altered(statement: Json, path: tuple[Any, ...]) -> Json:
    found = copy.deepcopy(statement)
    at = found
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = altered(at[path[-1]])
    return found


def is_refused(statement: Json) -> bool:
    try:
        return bool(verify_statement.Check(statement).all())
    except (ValueError, KeyError, IndexError):
        return True


def of_promises(statement: Json) -> Iterator[tuple[Any, ...]]:
    """Every leaf of a dozen promises, those with the most stretches among them."""
    rows = list(enumerate(statement["promises"]))
    chosen = sorted(rows, key=lambda row: -len(row[1]["stretches"]))[:8] + rows[:2] + rows[-2:]
    for place, one in chosen:
        for name, value in one.items():
            if name not in TEXTS:
                yield from (path for path in leaves(value, ("promises", place, name)) if not _is_since(path))


def is_idle(statement: Json, path: tuple[Any, ...], tables: dict[str, verify_statement.Calendar]) -> bool:
    """Whether it says why a clock stood still, or that it ran, while nothing was open anyway."""
    if path[2] != "stretches" or path[-1] != 2:
        return False
    one = statement["promises"][path[1]]
    start, end, _ = one["stretches"][path[3]]
    table = tables[one["calendar"]]
    return not table.between(verify_statement.instant(start), verify_statement.instant(end))


def _is_since(path: tuple[Any, ...]) -> bool:
    """When a target was set is told, not worked out."""
    return path[2] == "targets" and path[-1] == 0


def of_figures(statement: Json) -> Iterator[tuple[Any, ...]]:
    """Every figure that is not of one promise."""
    yield from leaves(statement["figures"], ("figures",))
    for place, one in enumerate(statement["by_promise"]):
        yield from ((*("by_promise", place), name) for name in ("promise", *statement["figures"]) if name in one)
    yield from leaves(statement["credit_sums"], ("credit_sums",))
    yield from ((*("credits", 0), name) for name in ("promise", "amount_cents", "currency", "state"))
    yield from ((*("credits", 0, "rule"), name) for name in ("kind", "value"))
    for name in ("bought", "drawn_before", "drawn", "left"):
        yield ("prepaid", 0, name)
    yield ("prepaid", 0, "entries", 0, 2)
    yield from (("period", name) for name in ("month", "from", "until"))


class TestScript:
    def test_agrees_with_what_happened_and_refuses_every_altered_figure(self, lived: Life, tmp_path: Path) -> None:
        """One history for all of it, since living through it takes a while."""
        with travel(to=LATER):
            document = issuing.draft(lived.october)
        told = document["statement"]
        self._tells_of_everything(told)
        status, said = run(tmp_path, document)
        share = f"{told['figures']['kept']} of {told['figures']['counted']} promises kept in 2026-10"
        assert (status, said) == (0, f"This is a draft: nobody has signed it.\nAdds up: {share}.\n")
        for path in of_figures(told):
            status, said = run(tmp_path, {"statement": with_one_altered(told, path), "signature": None})
            assert status, (path, said)
        tables = verify_statement.Check(told).calendars
        paths = [path for path in of_promises(told) if not is_idle(told, path, tables)]
        unseen = [path for path in paths if not is_refused(with_one_altered(told, path))]
        assert unseen == []
        self._left_out(told)
        self._rules(told)

    def _tells_of_everything(self, told: Json) -> None:
        figures = told["figures"]
        assert figures["kept"] > 20
        assert figures["broken"] > 20
        assert figures["excused"] == 2
        assert {one["state"] for one in told["credits"]} == {"proposed", "posted", "excused"}
        reasons = {why for one in told["promises"] for _, _, why in one["stretches"]}
        assert reasons >= {"runs", "customer", "done"}
        assert any(len(one["targets"]) > 1 for one in told["promises"])
        assert any(len(each) > 1 for each in told["calendars"].values())
        assert (told["prepaid"][0]["drawn_before"], told["prepaid"][0]["drawn"], told["prepaid"][0]["left"]) == (
            1,
            2,
            9,
        )

    def _left_out(self, told: Json) -> None:
        """A promise, or how its clock ran, is not there any more."""
        without = copy.deepcopy(told)
        del without["promises"][-1]
        assert is_refused(without)
        silent = copy.deepcopy(told)
        silent["promises"][0]["stretches"] = None
        assert "does not say how its clock ran" in verify_statement.Check(silent).all()[0]
        twice = copy.deepcopy(told)
        twice["promises"].append(twice["promises"][0])
        assert is_refused(twice)

    def _rules(self, told: Json) -> None:
        """What promises are judged by was made laxer."""
        for change in (_longer_target, _shorter_hours, _no_holiday):
            falsified = copy.deepcopy(told)
            change(falsified)
            assert is_refused(falsified), change


def _longer_target(told: Json) -> None:
    for clause in told["clauses"].values():
        clause["target_seconds"] *= 2


def _shorter_hours(told: Json) -> None:
    for versions in told["calendars"].values():
        for one in versions:
            one["hours"]["wed"] = []


def _no_holiday(told: Json) -> None:
    for versions in told["calendars"].values():
        for one in versions:
            one["holidays"] = []


class TestSignature:
    def test_is_checked_with_the_published_key_and_tells_what_was_not(self, world: World, tmp_path: Path) -> None:
        lived = life.lived(world, tickets=6)
        with travel(to=LATER):
            row = issuing.issue(lived.october, by=world.mei)
            db.session.commit()
        document = json.loads(issuing.document(row))
        known = published(tmp_path, keys.published())
        status, said = run(tmp_path, document, "--keys", known)
        assert (status, "by a key the issuer publishes" in said) == (0, True)
        status, said = run(tmp_path, document)
        assert (status, "was NOT checked: compare it" in said) == (0, True)
        status, said = run(tmp_path, document, python=("-I", "-S"))
        assert (status, "signature was NOT checked" in said, "Adds up" in said) == (0, True, True)
        for falsify, words in self._falsified(tmp_path):
            changed, more = falsify(copy.deepcopy(document), known)
            status, said = run(tmp_path, changed, "--keys", more)
            assert (status, words in said) == (1, True), said

    def _falsified(self, folder: Path) -> list[tuple[Callable[[Json, str], tuple[Json, str]], str]]:
        def words(document: Json, known: str) -> tuple[Json, str]:
            document["statement"]["customer"]["name"] = "Somebody Else"
            return document, known

        def value(document: Json, known: str) -> tuple[Json, str]:
            document["signature"]["value"] = "A" * 86
            return document, known

        def own_key(document: Json, _: str) -> tuple[Json, str]:
            other = folder / "others.json"
            other.write_text(json.dumps({"keys": [{"kid": "another", "x": document["signature"]["public_key"]}]}))
            return document, str(other)

        wrong = "The signature is not right"
        return [(words, wrong), (value, wrong), (own_key, "none of those the issuer publishes")]

    @pytest.mark.parametrize(
        "content", ["", "[]", "{}", '{"statement": 1.5}', '{"a": 1, "a": 2}', '{"statement": {"format": "other/1"}}']
    )
    def test_of_a_file_that_is_no_statement_says_so(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / "statement.json"
        file.write_text(content)
        done = subprocess.run([sys.executable, str(SCRIPT), str(file)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (2, "")
        assert done.stdout.startswith("This statement cannot be recomputed: ")


ZONES = [
    "America/New_York",
    "Europe/Oslo",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
]
WALLS = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
WINDOW = st.tuples(WALLS, WALLS).filter(lambda one: one[0] != one[1]).map(list)


class TestCalendar:
    @given(
        zone=st.sampled_from(ZONES),
        hours=st.dictionaries(
            st.sampled_from(verify_statement.DAYS), st.lists(WINDOW, min_size=1, max_size=1), min_size=2
        ),
        first=st.dates(date(2011, 12, 20), date(2026, 12, 1)),
    )
    def test_opens_when_the_product_says(self, zone: str, hours: dict[str, list[list[str]]], first: date) -> None:
        given_rules = {"zone": zone, "hours": hours, "holidays": [str(first + timedelta(days=4)), "12-25"]}
        try:
            rules = reading.rules(given_rules)
        except ValueError:
            return
        last = first + timedelta(days=25)
        begin = int(datetime.combine(first, datetime.min.time(), UTC).timestamp())
        end = begin + 20 * 86_400
        told = {**issuing.writing._rules(rules), "since": None}
        table = verify_statement.Calendar([told], first - timedelta(days=3), last)
        product = Hours(rules, around=first)
        found = [
            (max(begin, start // 10**6), min(end, stop // 10**6))
            for start, stop in zip(table.starts, table.ends, strict=True)
            if stop // 10**6 > begin and start // 10**6 < end
        ]
        assert found == [(one.start, one.end) for one in product.intervals(begin, until=end)], ZoneInfo(zone)
