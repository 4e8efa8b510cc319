"""How sure a figure of a benchmark is."""

from __future__ import annotations

import math

from poise.learn import scores


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share of ``k`` in ``n``; anything from 0 to 1 when there is none."""
    share = scores.wilson(k, n)
    return share.low, share.high


def poisson(k: int) -> tuple[float, float]:
    """The exact (Garwood) 95 % interval of how many events are to be expected where ``k`` were counted."""

    def expected(most: int, chance: float) -> float:
        """Where no more than ``most`` are seen with that chance."""
        low, high = 0.0, 10.0 * (most + 10)
        for _ in range(60):
            mean = (low + high) / 2
            seen = sum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(most + 1))
            low, high = (mean, high) if seen > chance else (low, mean)
        return low

    return expected(k - 1, 0.975) if k else 0.0, expected(k, 0.025)
