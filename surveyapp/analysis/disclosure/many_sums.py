"""Sums over unknowns, very many of them for one solution at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


class ManySums:
    """For each place the unknowns that are added and those that are taken off."""

    def __init__(self, plus: Sequence[Sequence[int]], minus: Sequence[Sequence[int]] = ()) -> None:
        # Loaded where it is used, as the solver is.
        import numpy as np

        self._np, self._count = np, len(plus)
        owners: list[int] = []
        unknowns: list[int] = []
        signs: list[float] = []
        for parts, sign in ((plus, 1.0), (minus, -1.0)):
            for place, each in enumerate(parts):
                owners += [place] * len(each)
                unknowns += each
                signs += [sign] * len(each)
        self._owners, self._unknowns = np.array(owners, dtype=np.int64), np.array(unknowns, dtype=np.int64)
        self._signs = np.array(signs)

    def add_up(self, values: Numbers) -> Numbers:
        """The sum of each place. Exact: floating-point numbers hold whole ones up to 2**53."""
        weights = self._signs * values[self._unknowns]
        return self._np.bincount(self._owners, weights, minlength=self._count).astype(self._np.int64)
