"""How sure a figure of a benchmark is."""

from __future__ import annotations

import math


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share of ``k`` in ``n``; anything from 0 to 1 when there is none."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.96, k / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
