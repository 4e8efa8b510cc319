"""How a pose estimator errs: jitter, slow bias, outliers, gaps, left and right mixed up.

Levels follow what BlazePose's own smoothed landmarks do in films from the wild: white jitter of 0.3 to 0.5 % of
the side of the body's box depending on the keypoint, some per cent of samples far off, gaps of mostly one and
rarely more than seven frames. The slow bias, as long as 3 % of the box, is our assumption. Left/right mix-ups
persist, as those of PoseFix's error model (Moon et al. 2019) are made to here. Everything happens per second, not
per frame, so the same noise suits any frame rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from poise.body import Array, PoseSequence

#: White jitter of a keypoint as a share of the body's box, by the word its name ends with; others as the wrist.
_JITTER = {
    **dict.fromkeys(("nose", "inner", "eye", "outer", "ear", "shoulder", "mouth"), 0.0033),
    "hip": 0.0040,
    "ankle": 0.0042,
    "heel": 0.0045,
    "elbow": 0.0045,
    "wrist": 0.0045,
    "knee": 0.0050,
}


@dataclass(frozen=True)
class Noise:
    """What is wrong with an estimator, and how much.

    ``jitter`` scales the white noise; ``bias`` is the standard deviation of the slow error as a share of the body's
    box and ``bias_s`` how long it lasts. ``outliers`` is the share of keypoint samples thrown ``outlier_size`` of
    the box away. ``gaps`` is how many times a second the whole body is lost, for ``gap_s`` on average; ``swaps``
    how many times a second left and right legs are mixed up, for ``swap_s`` on average. Keypoints that are hidden
    (score below 0.78) err ``hidden`` times as much, depth ``depth`` times as much as the other two axes.
    """

    jitter: float = 1.0
    bias: float = 0.008
    bias_s: float = 0.5
    outliers: float = 0.004
    outlier_size: float = 0.08
    gaps: float = 0.1
    gap_s: float = 0.1
    swaps: float = 0.0
    swap_s: float = 0.4
    hidden: float = 2.5
    depth: float = 2.5

    @classmethod
    def random(cls, rng: np.random.Generator) -> Noise:
        """An estimator on a good or a bad day."""
        return cls(
            jitter=float(rng.uniform(0.5, 2.5)),
            bias=float(rng.uniform(0.004, 0.025)),
            bias_s=float(rng.uniform(0.2, 1.0)),
            outliers=float(rng.choice((0.0, 0.004, 0.02))),
            gaps=float(rng.choice((0.0, 0.1, 0.5))),
            swaps=float(rng.choice((0.0, 0.0, 0.1))),
        )

    def applied(self, poses: PoseSequence, seed: int = 0) -> PoseSequence:
        """The poses as such an estimator would have seen them; the same for the same seed."""
        rng = np.random.default_rng(seed)
        count, names = len(poses), poses.skeleton.keypoints
        if not count:
            return poses
        hidden = 1.0 + (self.hidden - 1.0) * np.clip((0.98 - poses.score) / 0.2, 0.0, 1.0)[..., None]
        sd = self.jitter * np.array([_JITTER.get(name.split("_")[-1], 0.0045) for name in names])[:, None]
        error = rng.standard_normal((count, len(names), 3)) * sd + self.bias * self._drift(poses.t, len(names), rng)
        error = error * hidden
        far = rng.random((count, len(names))) < self.outliers
        error[far] += rng.standard_normal((int(far.sum()), 3)) * self.outlier_size
        points = poses.points + error[..., :2] * _extent(poses.points)
        world, score = poses.world, poses.score
        if world is not None:
            world = world + error * (1.0, 1.0, self.depth) * _extent(world)
        swapped = self._spells(poses.t, self.swaps, self.swap_s, rng)
        legs = [
            i for i, name in enumerate(names) if name.split("_")[-1] in ("hip", "knee", "ankle", "heel", "index")
        ]
        legs = [i for i in legs if names[i] not in ("left_index", "right_index")]
        order = np.arange(len(names))
        order[legs] = poses.skeleton.mirror[legs]
        points[swapped] = points[swapped][:, order]
        lost = self._spells(poses.t, self.gaps, self.gap_s, rng)
        points[lost] = np.nan
        score = np.where(lost[:, None], 0.0, score)
        if world is not None:
            world[swapped] = world[swapped][:, order]
            world[lost] = np.nan
        return replace(poses, points=points, score=score, world=world)

    def _drift(self, t: Array, keypoints: int, rng: np.random.Generator) -> Array:
        """A first-order autoregressive course of unit variance that forgets within ``bias_s``: ``(T, K, 3)``."""
        out = rng.standard_normal((len(t), keypoints, 3))
        keep = np.exp(-np.diff(t) / self.bias_s)
        for i, k in enumerate(keep):
            out[i + 1] = k * out[i] + np.sqrt(1.0 - k * k) * out[i + 1]
        return out

    @staticmethod
    def _spells(t: Array, per_second: float, seconds: float, rng: np.random.Generator) -> Array:
        """Instants within spells that begin at random and last ``seconds`` on average: ``(T,)`` of bool."""
        inside = np.zeros(len(t), dtype=bool)
        for start in rng.uniform(t[0], t[-1] + 1e-9, rng.poisson(per_second * (t[-1] - t[0]))):
            inside |= (t >= start) & (t < start + max(rng.exponential(seconds), 0.02))
        return inside


def _extent(places: Array) -> Array:
    """The longest side of the box around what was seen, ``(T, 1, 1)``; NaN where nothing was."""
    seen = np.isfinite(places)
    size = np.where(seen, places, -np.inf).max(1) - np.where(seen, places, np.inf).min(1)
    longest = size.max(-1)
    return np.where(longest >= 0, longest, np.nan)[:, None, None]
