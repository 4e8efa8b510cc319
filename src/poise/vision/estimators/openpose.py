"""OpenPose: several people at once, grouped by part affinity fields; 18 keypoints each.

The network gives a heatmap for each keypoint and, for each limb, a field of vectors that point along it. Peaks of
the heatmaps are joined where the field runs from one to the other (Cao et al. 2017, sections 2.2 to 2.4; limbs
and channels of the lightweight network of Osokin 2018, whose contract is: BGR 0..255 in, 38 fields and 19
heatmaps out).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poise.body import OPENPOSE18, Array, Pose, levelled
from poise.errors import UnsuitableModel
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators.runtime import Floats, open_network
from poise.vision.estimators.stream import Opener, Stream
from poise.vision.frame import Frame
from poise.vision.tracking import Identities
from poise.vision.weights import ModelFile

#: From what height a peak is a keypoint, and the height from which the coach believes it (ours).
PEAK, USUAL_SCORE = 0.1, 0.2
#: How far apart, in cells, peaks of one keypoint are.
_APART = 1.5
#: How many places along a limb are looked at, what the field must be at one, and at which share of them.
_SAMPLES, _FIELD, _SHARE = 10, 0.05, 0.8
#: Peaks nearer than this, in cells, need no field between them: seen from the side, a shoulder is where the neck
#: is, and the way from one to the other has no direction (ours).
_NEAR = 2.0
#: How many keypoints, and what mean score, make a body.
_FEWEST, _MEAN = 3, 0.2

#: Limbs, and the channels of their fields' x (y follows).
_LIMBS: tuple[tuple[str, str, int], ...] = (
    *(("neck", "right_shoulder", 12), ("neck", "left_shoulder", 20)),
    *(("right_shoulder", "right_elbow", 14), ("right_elbow", "right_wrist", 16)),
    *(("left_shoulder", "left_elbow", 22), ("left_elbow", "left_wrist", 24)),
    *(("neck", "right_hip", 0), ("right_hip", "right_knee", 2), ("right_knee", "right_ankle", 4)),
    *(("neck", "left_hip", 6), ("left_hip", "left_knee", 8), ("left_knee", "left_ankle", 10)),
    *(("neck", "nose", 28), ("nose", "right_eye", 30), ("right_eye", "right_ear", 34)),
    *(("nose", "left_eye", 32), ("left_eye", "left_ear", 36)),
    *(("right_shoulder", "right_ear", 18), ("left_shoulder", "left_ear", 26)),
)


class OpenPose(Stream):
    """Finds people in a stream of frames and tells them apart from frame to frame."""

    def __init__(self, file: ModelFile, *, people: int = 1, threads: int = 1, runtime: str = "") -> None:
        self._people = people
        super().__init__(OPENPOSE18)
        self._net = open_network(file, threads=threads, runtime=runtime)
        made = {tensor.shape[1]: i for i, tensor in enumerate(self._net.made) if len(tensor.shape) == 4}
        if not {38, 19} <= made.keys():
            raise UnsuitableModel(
                f"The file is no OpenPose network: its outputs are {[tensor.shape for tensor in self._net.made]}.",
                "One has 38 channels of part affinity fields and 19 heatmaps.",
            )
        self._fields, self._heatmaps = made[38], made[19]

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another."""
        super().reset()
        self._identities = Identities(self._people)

    def see(self, frame: Frame) -> list[Pose]:
        """Who is in the next frame."""
        _, _, height, width = self._net.given.shape
        w, h = frame.size
        view = Roi(w / 2, h / 2, max(w, h * width / height) if width >= height else max(h, w * height / width))
        side = max(width, height)
        top, left = (side - height) // 2, (side - width) // 2
        cut = cut_out(frame.image, view, side, repeat_edge=False)[top : top + height, left : left + width, ::-1]
        made = self._net.run(cut.transpose(2, 0, 1)[None].astype(np.float32))
        stride = height / made[self._heatmaps].shape[2]
        poses = []
        for points, score in decode(made[self._heatmaps][0, :-1], made[self._fields][0]):
            pixels = (points + 0.5) * stride - 0.5 + np.array([left, top])
            seen = levelled(score, USUAL_SCORE)
            poses.append(Pose(self.skeleton, frame.t, view.to_picture(pixels / side), seen, size=frame.size))
        return self._identities.update(poses)


@dataclass(eq=False)
class _Peaks:
    """The peaks of one heatmap: ``(N, 2)`` cells, x before y, and heights."""

    places: Array
    heights: Array


def decode(heatmaps: Floats, fields: Floats) -> list[tuple[Array, Array]]:
    """The bodies in the maps: keypoints ``(18, 2)`` in cells, NaN where there is none, and scores ``(18,)``.

    Args:
        heatmaps: ``(18, H, W)``.
        fields: ``(38, H, W)``.

    """
    peaks = [_peaks(heatmap) for heatmap in heatmaps]
    bodies: list[_Body] = []
    for start, end, channel in _LIMBS:
        a, b = OPENPOSE18.index(start), OPENPOSE18.index(end)
        for i, j in _joined(peaks[a], peaks[b], fields[channel : channel + 2]):
            _attach(bodies, (a, i), (b, j))
    found = []
    for body in bodies:
        points, score = np.full((len(OPENPOSE18), 2), np.nan), np.zeros(len(OPENPOSE18))
        for keypoint, i in body.has.items():
            points[keypoint], score[keypoint] = peaks[keypoint].places[i], peaks[keypoint].heights[i]
        if len(body.has) >= _FEWEST and score.sum() / len(body.has) >= _MEAN:
            found.append((points, score.clip(0.0, 1.0)))
    return found


def _peaks(heatmap: Floats) -> _Peaks:
    """Local maxima, each moved to the top of the parabola through its neighbours."""
    padded = np.pad(heatmap, 1, constant_values=-1.0)
    height, width = heatmap.shape
    around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    rows, columns = np.nonzero((heatmap >= PEAK) & (heatmap >= np.max(around, axis=0)))
    order = np.argsort(-heatmap[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    places = np.stack(
        [
            columns + _vertex(padded[rows + 1, columns], heatmap[rows, columns], padded[rows + 1, columns + 2]),
            rows + _vertex(padded[rows, columns + 1], heatmap[rows, columns], padded[rows + 2, columns + 1]),
        ],
        axis=-1,
    ).reshape(-1, 2)
    kept: list[int] = []
    for i, place in enumerate(places):
        if all(np.linalg.norm(places[k] - place) > _APART for k in kept):
            kept.append(i)
    return _Peaks(places[kept], heatmap[rows, columns][kept].astype(np.float64))


def _vertex(before: Floats, top: Floats, after: Floats) -> Array:
    """How far from the middle one the top of the parabola through three neighbours is, at most half a cell."""
    before, after = np.maximum(before, 0.0), np.maximum(after, 0.0)
    bend = 2 * top - before - after
    off = np.where(bend > 1e-6, (after - before) / np.where(bend > 1e-6, 2 * bend, 1.0), 0.0)
    return np.asarray(off.clip(-0.5, 0.5), dtype=np.float64)


def _joined(one: _Peaks, other: _Peaks, limb: Floats) -> list[tuple[int, int]]:
    """Which peaks a limb joins, each at most once: first those between which its field runs best."""
    if not len(one.places) or not len(other.places):
        return []
    way = other.places[None] - one.places[:, None]
    length = np.linalg.norm(way, axis=-1)
    steps = np.linspace(0.0, 1.0, _SAMPLES)
    along = one.places[:, None, None] + way[:, :, None] * steps[:, None]
    field = _sampled(limb, along)
    run = (field * (way / np.maximum(length, 1e-6)[..., None])[:, :, None]).sum(-1)
    fits = ((run > _FIELD).mean(-1) >= _SHARE) | (length < _NEAR)
    pairs = [(int(i), int(j), float(run[i, j].mean())) for i, j in np.argwhere(fits)]
    taken: tuple[set[int], set[int]] = set(), set()
    joined = []
    for i, j, _ in sorted(pairs, key=lambda pair: -pair[2]):
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            joined.append((i, j))
    return joined


def _sampled(limb: Floats, places: Array) -> Array:
    """The field ``(2, H, W)`` at places ``(..., 2)`` between cells: ``(..., 2)``."""
    height, width = limb.shape[1:]
    x, y = places[..., 0].clip(0, width - 1), places[..., 1].clip(0, height - 1)
    left, top = np.floor(x).astype(int).clip(0, width - 2), np.floor(y).astype(int).clip(0, height - 2)
    dx, dy = x - left, y - top
    upper = limb[:, top, left] * (1 - dx) + limb[:, top, left + 1] * dx
    lower = limb[:, top + 1, left] * (1 - dx) + limb[:, top + 1, left + 1] * dx
    return np.moveaxis(np.asarray(upper * (1 - dy) + lower * dy, dtype=np.float64), 0, -1)


@dataclass(eq=False)
class _Body:
    """Which peak of which keypoint a body has."""

    has: dict[int, int] = field(default_factory=dict)


def _attach(bodies: list[_Body], one: tuple[int, int], other: tuple[int, int]) -> None:
    """Join two peaks: in a body that has one of them, as one of two bodies that have one each, or as a new body."""
    first, second = (next((b for b in bodies if b.has.get(k) == i), None) for k, i in (one, other))
    if first is not None and second is not None:
        if first is not second and not first.has.keys() & second.has.keys():
            first.has |= second.has
            bodies.remove(second)
        return
    body, (keypoint, peak) = (first, other) if first is not None else (second, one)
    if body is None:
        bodies.append(_Body(dict((one, other))))
    else:
        body.has.setdefault(keypoint, peak)


open_openpose = Opener("openpose", ("lightweight",), OpenPose)
