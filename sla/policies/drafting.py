"""What a version of a policy says as a value: whom it is for and what it promises, compared and checked."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sla.policies.inputs import PRIORITIES, CreditRule, Mistakes, Promise, promise_of
from sla.policies.matching import FIELDS, Condition, conditions
from sla.policies.models import METRICS, PolicyVersion

COVERS = {"contract": "an agreement", "warranty": "a warranty"}
CHOICES: Mapping[str, tuple[str, ...]] = {"cover": tuple(COVERS), "priority": PRIORITIES}
"""Fields whose values are fixed."""
MOST_CONDITIONS = 20
_MOST_VALUES = 50
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """Conditions that must all hold, and promises, of each metric at most one."""

    conditions: tuple[Condition, ...] = ()
    promises: tuple[Promise, ...] = ()

    def mistakes(self) -> Mistakes:
        """By field, as `conditions-0` and `promises-0-target`."""
        return dict(self._wrong_conditions()) | dict(self._wrong_promises())

    def _wrong_conditions(self) -> Iterator[tuple[str, str]]:
        if len(self.conditions) > MOST_CONDITIONS:
            yield "conditions", f"At most {MOST_CONDITIONS} conditions."
        for place, condition in enumerate(self.conditions):
            wrong = _wrong(condition)
            if wrong:
                yield f"conditions-{place}", wrong

    def _wrong_promises(self) -> Iterator[tuple[str, str]]:
        count = Counter(promise.metric for promise in self.promises)
        for place, promise in enumerate(self.promises):
            for name, words in promise.mistakes().items():
                yield f"promises-{place}-{name}", words
            if count[promise.metric] > 1 and promise.metric in METRICS:
                yield f"promises-{place}-metric", f"“{METRICS[promise.metric]}” is promised twice. Once is enough."


def read(version: PolicyVersion) -> Draft:
    """What a version says; it needs its clauses loaded."""
    return Draft(conditions(version), tuple(map(promise_of, version.clauses)))


def changes(before: Draft, after: Draft) -> int:
    """How many conditions and promises differ."""
    conditions = set(before.conditions) ^ set(after.conditions)
    old, new = _by_metric(before), _by_metric(after)
    promises = sum(old.get(metric) != new.get(metric) for metric in old.keys() | new.keys())
    moved = not promises and [p.metric for p in before.promises] != [p.metric for p in after.promises]
    return len(conditions) + promises + moved


def as_json(draft: Draft) -> dict[str, Any]:
    return {
        "conditions": [condition.stored() for condition in draft.conditions],
        "promises": [promise_as_json(promise) for promise in draft.promises],
    }


def promise_as_json(promise: Promise) -> dict[str, Any]:
    said = asdict(promise)
    del said["line"]
    return said | {
        "pauses": list(promise.pauses),
        "credit": promise.credit.stored() if promise.credit else None,
    }


def promise_from_json(said: Mapping[str, Any]) -> Promise:
    credit = CreditRule(**said["credit"]) if said.get("credit") else None
    return Promise(**{**said, "pauses": tuple(said.get("pauses", ())), "credit": credit})


def fingerprint(draft: Draft) -> str:
    """The same for drafts that say the same."""
    return hashlib.sha256(json.dumps(as_json(draft), sort_keys=True).encode()).hexdigest()[:16]


def _by_metric(draft: Draft) -> dict[str, Promise]:
    return {promise.metric: promise for promise in draft.promises}


def _wrong(condition: Condition) -> str:
    """What is wrong with it, empty when it fits."""
    asked, values = FIELDS.get(condition.field), condition.values
    if asked is None:
        return "Choose what the policy asks."
    choices = CHOICES.get(condition.field, values)
    checks = (
        (1 <= len(values) <= _MOST_VALUES, f"Between 1 and {_MOST_VALUES} values."),
        (all(map(_is_readable, values)), "Use letters, digits and signs on one line."),
        (set(values) <= set(choices), f"Choose {' or '.join(choices)}."),
        (condition.field != "cover" or len(values) < 2, "An agreement or a warranty: make a policy for each."),
        (asked.kind not in {"organization", "team", "site"} or all(map(_is_id, values)), "Choose from the list."),
    )
    return next((words for fits, words in checks if not fits), "")


def _is_readable(value: str) -> bool:
    return bool(value.strip()) and len(value) <= _LONGEST_VALUE and value.isprintable()


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 15
