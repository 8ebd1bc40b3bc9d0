"""Texts a provider approved before they are sent, with gaps to fill: what goes where nothing free does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_GAP = re.compile(r"\{\{([A-Za-z0-9_:]+)\}\}")


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap; `key` is unique in its template."""

    key: str
    label: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """`text` is all the customer will read, each gap as its key in double braces."""

    name: str
    language: str
    category: str
    text: str
    gaps: tuple[Gap, ...] = ()

    @property
    def key(self) -> str:
        """What names it among those of its channel."""
        return f"{self.name}/{self.language}"

    def written(self, values: Mapping[str, str]) -> str:
        """The words with the gaps filled; one without a value stays in sight."""
        return _GAP.sub(lambda found: values.get(found[1]) or f"[{self._label(found[1])}]", self.text)

    def _label(self, key: str) -> str:
        return next((gap.label for gap in self.gaps if gap.key == key), key)
