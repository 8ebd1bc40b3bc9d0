"""What a campaign saw, whatever it was about: its seed and size, whom it killed, how long it took, and what broke."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field

from tests.faults.rig import Product


@dataclass
class Findings(ABC):
    """It passed when `violations` is empty."""

    seed: int
    size: int
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    violations: list[str] = field(default_factory=list)

    @abstractmethod
    def told(self) -> str:
        """What it was about, in numbers."""

    def ended(self, product: Product, seconds: float) -> None:
        self.kills, self.seconds = Counter(name for _, name in product.kills), seconds

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.told()}; {self.seconds:.0f} s, {self.kills.total()} kills {dict(self.kills)}, "
            f"{len(self.violations)} violations"
        )
