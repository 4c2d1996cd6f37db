"""How much is measured: the sizes that figures are quoted for, or small ones for a look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pgrota.output import progress


@dataclass
class Scale:
    rounds: int = 5
    share: float = 1
    workers: tuple[int, ...] = (1, 2, 4)
    longest: bool = False
    say: Callable[[str], None] = progress

    def of(self, size: int, least: int = 100) -> int:
        """So many of what is counted."""
        return max(least, round(size * self.share))

    def lengths(self, *sizes: int) -> list[int]:
        """So many, growing; the last only where that has been asked for."""
        return [self.of(size) for size in (sizes if self.longest else sizes[:-1])]

    def seconds(self, length: float) -> float:
        """So much of what is timed."""
        return max(2, length * self.share)


FULL = Scale()
QUICK = Scale(rounds=1, share=0.2, workers=(1, 2))
