"""PoseNet: several people at once, from raw heads; 17 keypoints each.

The network gives, on a grid, a heatmap for each keypoint, the short way from a cell to the keypoint nearby, and
the middle-range way from a keypoint to its neighbours in the body. Decoding grows a body from each sure keypoint
along those ways (Papandreou et al. 2018, PersonLab, section 3; the fast greedy variant without segments).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from poise.body import COCO17, Array, Pose
from poise.errors import UnsuitableModel
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators.runtime import Floats, open_network
from poise.vision.estimators.stream import Opener, Stream
from poise.vision.frame import Frame
from poise.vision.tracking import Identities
from poise.vision.weights import ModelFile

#: From what probability a keypoint may be the root of a body, and from what mean of all a body is one.
ROOT, SOMEBODY = 0.5, 0.25
#: Within how many pixels of a body's keypoint the same keypoint is not another body's.
_SAME_PX = 20.0
#: How often a keypoint is moved along the short way after it was reached (as in Coral's decoder).
_STEPS = 5

#: From each keypoint the ways to its neighbours: the channel of the way's y, and the neighbour. The channels are
#: four blocks: y and x of the ways outwards, from the nose to the ankles, then y and x of the same ways back.
_CHAIN = (
    *(("nose", "left_eye"), ("left_eye", "left_ear"), ("nose", "right_eye"), ("right_eye", "right_ear")),
    *(("nose", "left_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")),
    *(("left_shoulder", "left_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle")),
    *(("nose", "right_shoulder"), ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist")),
    *(("right_shoulder", "right_hip"), ("right_hip", "right_knee"), ("right_knee", "right_ankle")),
)
_WAYS: list[list[tuple[int, int]]] = [[] for _ in COCO17.keypoints]
for _channel, (_start, _end) in enumerate(_CHAIN):
    _WAYS[COCO17.index(_start)].append((_channel, COCO17.index(_end)))
    _WAYS[COCO17.index(_end)].append((_channel + 2 * len(_CHAIN), COCO17.index(_start)))


@dataclass(frozen=True, eq=False)
class Heads:
    """The raw outputs on a grid of ``H x W`` cells, `stride` pixels of the network's picture apart.

    Args:
        heat: ``(H, W, 17)`` the probability of each keypoint.
        short: ``(H, W, 34)`` pixels to each keypoint, all y before all x.
        mid: ``(H, W, 64)`` pixels along each way: y and x outwards, y and x back.
        stride: pixels from a cell to the next.

    """

    heat: Floats
    short: Floats
    mid: Floats
    stride: float


class PoseNet(Stream):
    """Finds people in a stream of frames and tells them apart from frame to frame."""

    def __init__(self, file: ModelFile, *, people: int = 1, threads: int = 1, runtime: str = "") -> None:
        self._people = people
        super().__init__(COCO17)
        self._net = open_network(file, threads=threads, runtime=runtime)
        made = {tensor.shape[-1]: i for i, tensor in enumerate(self._net.made)}
        if not {17, 34, 64} <= made.keys() or len(self._net.given.shape) != 4:
            raise UnsuitableModel(
                f"The file is no PoseNet with raw heads: its outputs have {sorted(made)} channels.",
                "One has heatmaps (17), short (34) and middle-range offsets (64), without a decoder inside.",
            )
        self._heads = made[17], made[34], made[64]

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another."""
        super().reset()
        self._identities = Identities(self._people)

    def see(self, frame: Frame) -> list[Pose]:
        """Who is in the next frame."""
        _, height, width, _ = self._net.given.shape
        w, h = frame.size
        view = Roi(w / 2, h / 2, max(w, h * width / height) if width >= height else max(h, w * height / width))
        side = max(width, height)
        cut = cut_out(frame.image, view, side, repeat_edge=False)
        top, left = (side - height) // 2, (side - width) // 2
        values = cut[top : top + height, left : left + width].astype(np.float32) / np.float32(127.5) - 1
        made = self._net.run(values[None])
        heat, short, mid = (made[i][0] for i in self._heads)
        stride = (height - 1) / (len(heat) - 1)
        corner = np.array([left, top])
        bodies = decode(Heads(1 / (1 + np.exp(-heat)), short, mid, stride))
        poses = [
            Pose(self.skeleton, frame.t, view.to_picture((points + corner) / side), score, size=frame.size)
            for points, score in bodies
        ]
        return self._identities.update(poses)


def decode(heads: Heads) -> list[tuple[Array, Array]]:
    """The bodies in the heads, surest first: keypoints ``(17, 2)`` in pixels, x before y, and probabilities."""
    found: list[tuple[Array, Array]] = []
    for row, column, keypoint in _roots(heads.heat):
        cell = np.array([row, column], dtype=np.float64)
        root = cell * heads.stride + _sampled(heads.short, cell, [keypoint, keypoint + len(COCO17)])
        if any(np.linalg.norm(points[keypoint] - root) <= _SAME_PX for points, _ in found):
            continue
        points, score = _grown(heads, keypoint, root, float(heads.heat[row, column, keypoint]))
        own = [
            all(np.linalg.norm(others[k] - points[k]) > _SAME_PX for others, _ in found) for k in range(len(points))
        ]
        if float((score * own).mean()) >= SOMEBODY:
            found.append((points, score))
    found.sort(key=lambda body: -float(body[1].mean()))
    return [(points[:, ::-1], score) for points, score in found]


def _roots(heat: Floats) -> list[tuple[int, int, int]]:
    """Row, column and keypoint of every local maximum that is sure enough, surest first."""
    padded = np.pad(heat, ((1, 1), (1, 1), (0, 0)), constant_values=-1.0)
    height, width = heat.shape[:2]
    around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    rows, columns, keypoints = np.nonzero((heat >= ROOT) & (heat >= np.max(around, axis=0)))
    order = np.argsort(-heat[rows, columns, keypoints], kind="stable")
    return [(int(rows[i]), int(columns[i]), int(keypoints[i])) for i in order]


def _sampled(maps: Floats, place: Array, channels: list[int]) -> Array:
    """Maps ``(H, W, C)`` between cells at a place, row before column, for some channels."""
    height, width = maps.shape[:2]
    row, column = place.clip(0, (height - 1, width - 1))
    top, left = min(int(row), height - 2), min(int(column), width - 2)
    dy, dx = row - top, column - left
    corner = maps[top : top + 2, left : left + 2, channels].astype(np.float64)
    upper, lower = corner[:, 0] * (1 - dx) + corner[:, 1] * dx
    return np.asarray(upper * (1 - dy) + lower * dy)


def _grown(heads: Heads, keypoint: int, root: Array, probability: float) -> tuple[Array, Array]:
    """The body grown from one keypoint, surest first: ``(17, 2)`` y before x, and probabilities."""
    points, score = np.zeros((len(COCO17), 2)), np.zeros(len(COCO17))
    waiting = [(-probability, keypoint, tuple(root.tolist()))]
    reached: set[int] = set()
    while waiting:
        negative, here, place = heappop(waiting)
        if here in reached:
            continue
        reached.add(here)
        points[here], score[here] = place, -negative
        for channel, there in _WAYS[here]:
            if there not in reached:
                at = points[here] / heads.stride
                at = at + _sampled(heads.mid, at, [channel, channel + len(_CHAIN)]) / heads.stride
                for _ in range(_STEPS):
                    at = at + _sampled(heads.short, at, [there, there + len(COCO17)]) / heads.stride
                (sure,) = _sampled(heads.heat, at, [there])
                heappush(waiting, (-float(sure), there, tuple((at * heads.stride).tolist())))
    return points, score


open_posenet = Opener("posenet", ("353x481", "481x641"), PoseNet)
