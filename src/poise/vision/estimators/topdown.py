"""Top-down: a detector finds people, a second network looks at each closely. RTMPose, HRNet and all like them.

The second network takes ImageNet-normalised RGB, upright and three by four or of any other shape, and ends in
heatmaps (Sun et al. 2019) or in two axes (SimCC, Li et al. 2022; RTMPose, Jiang et al. 2023). Between searches
people are followed by their own keypoints, as in BlazePose, so the detector costs little.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from poise.body import COCO17, HALPE26, Array, Pose, Skeleton, levelled
from poise.errors import ModelUnavailable, UnsuitableModel
from poise.vision import weights
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators._blazepose import Landmarks, region
from poise.vision.estimators._following import Follower, Sight
from poise.vision.estimators.heads import from_heatmaps, from_simcc, turned_back
from poise.vision.estimators.runtime import ORDER, Floats, Network, open_network
from poise.vision.estimators.stream import Stream
from poise.vision.frame import Frame, Picture
from poise.vision.weights import ModelFile

#: The detectors poise knows.
DETECTORS = ("yolox-nano", "rtmdet-nano")
#: The networks whose publishers poise knows; any other file will do.
MODELS = ("rtmpose-s", "rtmpose-m", "hrnet-w32", "hrnet-w48")

#: The score from which RTMPose's and HRNet's demos draw a keypoint.
USUAL_SCORE = 0.3
#: The mean score, once levelled, from which somebody is in a region (ours).
SOMEBODY = 0.25

#: Mean and standard deviation of ImageNet's red, green and blue, 0..255.
MEAN, SPREAD = np.array([123.675, 116.28, 103.53], np.float32), np.array([58.395, 57.12, 57.375], np.float32)

#: From what score a box holds a person, and how much two of one person overlap.
_BOX, _SAME_BOX = 0.35, 0.45
#: How much larger than its keypoints' box a body is: the box ends at the eyes and the ankles (ours).
_AROUND = 1.15


def open_topdown(
    *,
    model: str = "",
    people: int = 1,
    threads: int = 1,
    progress: weights.Progress | None = None,
    trust: bool = False,
    runtime: str = "",
    detector: str = DETECTORS[0],
    flip: bool = False,
) -> TopDown:
    """A top-down estimator with its detector, fetched when it is not here, and the network in a file.

    Args:
        model: one of `MODELS`, or the file of a network that looks closely: ``.onnx``, ``.tflite`` or ``.xml``.
        people: how many people to follow at most.
        threads: how many threads a network may use.
        progress: told about model files as they arrive.
        trust: whether a model file may be used that poise does not know.
        runtime: which runtime runs the networks; "" for the fastest of each.
        detector: one of `DETECTORS`, or a file.
        flip: look at the mirror image too, and take the mean: more exact, and half as fast.

    Raises:
        MissingExtra: when nothing is installed that runs a network.
        ModelUnavailable: when there is no file, a file is not trusted, or not such a network.

    """
    if not model:
        raise ModelUnavailable(
            "This backend has no model of its own: say which file to use.",
            "For example: --model rtmpose-m.onnx --trust. RTMPose's are at "
            "https://github.com/open-mmlab/mmpose/tree/main/projects/rtmpose; an HRNet is made by "
            "python -m poise.learn.keypoints export",
        )
    body = weights.network("topdown", model, MODELS, trust, progress)
    finder = weights.network("people", detector, DETECTORS, trust, progress)
    return TopDown(finder, body, people=people, threads=threads, runtime=runtime, flip=flip)


class TopDown(Stream):
    """Finds people in a stream of frames, looks at each closely, and follows them."""

    def __init__(
        self,
        detector: ModelFile,
        body: ModelFile,
        *,
        people: int = 1,
        threads: int = 1,
        runtime: str = "",
        flip: bool = False,
    ) -> None:
        self._eyes = _Eyes(
            Detector(detector, threads, _if_able(runtime, detector)),
            Body(body, threads, _if_able(runtime, body), flip=flip),
        )
        self._people = people
        super().__init__(self._eyes.body.skeleton)

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another."""
        super().reset()
        self._follower = Follower(self._eyes, self._people)

    def see(self, frame: Frame) -> list[Pose]:
        """Who is in the next frame, longest followed first."""
        return [
            Pose(
                self.skeleton,
                frame.t,
                sight.roi.to_picture(sight.seen.points),
                sight.seen.visibility,
                size=frame.size,
                person=person,
            )
            for person, sight in self._follower.update(frame)
        ]


def _if_able(runtime: str, file: ModelFile) -> str:
    """The runtime asked for, unless the file is of a kind that another one runs: there are two files."""
    return runtime if runtime in ORDER[file.kind] else ""


class Detector:
    """Finds the boxes of people in square pictures.

    Two contracts are known by their outputs: YOLOX's (one, undecoded; BGR 0..255) and that of detectors exported
    with suppression inside, such as RTMDet (boxes with scores, and labels; normalised BGR).
    """

    def __init__(self, file: ModelFile, threads: int = 1, runtime: str = "") -> None:
        self._net = open_network(file, threads=threads, runtime=runtime)
        self._decoded = len(self._net.made) == 2
        if not self._decoded and (len(self._net.made) != 1 or len(self._net.made[0].shape) != 3):
            raise UnsuitableModel(
                f"The file is no detector: its outputs are {[tensor.shape for tensor in self._net.made]}.",
                "One has a single output as YOLOX has, or boxes and labels.",
            )
        self.pixels = self._net.given.shape[2] or 320

    def boxes(self, picture: Picture) -> Array:
        """People in a picture ``(pixels, pixels, 3)``: ``(N, 5)`` left, top, right, bottom, score, best first."""
        values = picture[..., ::-1].astype(np.float32)
        if self._decoded:
            values = (values - MEAN[::-1]) / SPREAD[::-1]
        made = self._net.run(np.ascontiguousarray(values.transpose(2, 0, 1))[None])
        if self._decoded:
            boxes = made[0].reshape(-1, 5)[made[1].ravel() == 0].astype(np.float64)
        else:
            boxes = unfolded(made[0][0], self.pixels)
        return suppressed(boxes[boxes[:, 4] >= _BOX])


def unfolded(raw: Floats, pixels: int) -> Array:
    """What YOLOX's output ``(N, 5 + classes)`` says of people, its first class: ``(N, 5)`` as in `Detector`."""
    grids, strides = [], []
    for stride in (8, 16, 32):
        cells = pixels // stride
        y, x = np.mgrid[:cells, :cells]
        grids.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full(cells * cells, float(stride)))
    grid, step = np.concatenate(grids), np.concatenate(strides)[:, None]
    centre = (raw[:, :2] + grid) * step
    half = np.exp(raw[:, 2:4].astype(np.float64)) * step / 2
    return np.concatenate([centre - half, centre + half, (raw[:, 4] * raw[:, 5])[:, None]], axis=1)


def suppressed(boxes: Array) -> Array:
    """The boxes without those that overlap a better one of the same person: best first."""
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    area = (boxes[:, 2:4] - boxes[:, :2]).prod(1)
    kept: list[int] = []
    for i in range(len(boxes)):
        low, high = np.maximum(boxes[kept, :2], boxes[i, :2]), np.minimum(boxes[kept, 2:4], boxes[i, 2:4])
        shared = (high - low).clip(0).prod(1)
        if not (shared > _SAME_BOX * (area[kept] + area[i] - shared)).any():
            kept.append(i)
    return boxes[kept]


class Body:
    """Finds the keypoints of one body in an upright region of a picture."""

    def __init__(self, file: ModelFile, threads: int = 1, runtime: str = "", *, flip: bool = False) -> None:
        self._net = open_network(file, threads=threads, runtime=runtime)
        self._flip = flip
        self.skeleton = _skeleton(self._net)
        shape = self._net.given.shape
        self._planes_first = shape[1] == 3
        self._height, self._width = shape[2:] if self._planes_first else shape[1:3]

    @property
    def aspect(self) -> float:
        """Width over height of what the network looks at."""
        return self._width / self._height

    def keypoints(self, image: Picture, roi: Roi) -> tuple[Array, Array]:
        """Keypoints as shares of the region ``(K, 2)``, and scores ``(K,)``; of the region it sees the middle."""
        side = max(self._height, self._width)
        left, top = (side - self._width) // 2, (side - self._height) // 2
        cut = cut_out(image, roi, side, repeat_edge=False)[top : top + self._height, left : left + self._width]
        made = self._run(cut)
        if self._flip:
            other = self._run(cut[:, ::-1])
            made = [np.mean(both, axis=0) for both in zip(made, _mirrored(other, self.skeleton), strict=True)]
        if len(made) == 2:
            places, score = from_simcc(made[0], made[1], made[0].shape[-1] / self._width)
        else:
            places, score = from_heatmaps(made[0], self._height / made[0].shape[1])
        return (places + np.array([left, top])) / side, score

    def _run(self, cut: Picture) -> list[Floats]:
        values = (cut.astype(np.float32) - MEAN) / SPREAD
        values = values.transpose(2, 0, 1) if self._planes_first else values
        return [made[0] for made in self._net.run(np.ascontiguousarray(values)[None])]


def _skeleton(net: Network) -> Skeleton:
    """The skeleton a network sees, by its heads; two axes or a stack of heatmaps."""
    ranks = [len(tensor.shape) for tensor in net.made]
    keypoints = net.made[0].shape[1]
    known = {len(skeleton): skeleton for skeleton in (COCO17, HALPE26)}
    if ranks not in ([4], [3, 3]) or keypoints not in known:
        raise UnsuitableModel(
            f"The file is no top-down network: its outputs are {[tensor.shape for tensor in net.made]}.",
            f"One has heatmaps, or SimCC's two axes, of {' or '.join(map(str, known))} keypoints.",
        )
    return known[keypoints]


def _mirrored(made: list[Floats], skeleton: Skeleton) -> list[Floats]:
    """What a network said of a mirror image, as said of the picture."""
    if len(made) == 2:
        return [made[0][skeleton.mirror][..., ::-1], made[1][skeleton.mirror]]
    return [turned_back(made[0], skeleton.mirror)]


class _Eyes:
    """The two networks, as eyes to follow people with."""

    def __init__(self, detector: Detector, body: Body) -> None:
        self._detector, self.body = detector, body

    def detect(self, image: Picture, view: Roi) -> list[Roi]:
        pixels = self._detector.pixels
        found = self._detector.boxes(cut_out(image, view, pixels, repeat_edge=False))
        return [self._around(view.to_picture(box[:4].reshape(2, 2) / pixels)) for box in found]

    def look(self, image: Picture, roi: Roi) -> Sight | None:
        places, score = self.body.keypoints(image, roi)
        seen = levelled(score, USUAL_SCORE)
        if seen.mean() < SOMEBODY:
            return None
        sure = places[seen >= 0.5] if (seen >= 0.5).sum() > 1 else places[np.isfinite(places[:, 0])]
        low, high = sure.min(0), sure.max(0)
        middle, size = (low + high) / 2, (high - low) * _AROUND
        half = max(float(size[1]), float(size[0]) / self.body.aspect, 1e-3) / 2
        edge = middle - (0.0, half)
        return Sight(roi, Landmarks(places, seen, np.full((len(places), 3), math.nan), middle, edge))

    def _around(self, corners: NDArray[np.float64]) -> Roi:
        """The region around a box, upright whatever view it was found in."""
        low, high = corners.min(0), corners.max(0)
        size = high - low
        half = max(float(size[1]), float(size[0]) / self.body.aspect) / 2
        middle = (low + high) / 2
        return region(middle, middle - (0.0, half))
