"""BlazePose on LiteRT, the default backend: any CPU, 33 keypoints with world coordinates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from poise.body import BLAZEPOSE33, Array, Pose
from poise.errors import UnknownName
from poise.vision import weights
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators import _blazepose as blaze
from poise.vision.estimators._following import DOUBT_S, Follower, Sight
from poise.vision.estimators._openvino import OpenVINONetwork, installed
from poise.vision.estimators._tflite import Network, Shape, give_back_memory
from poise.vision.estimators.stream import Stream
from poise.vision.frame import Frame, Picture

#: How well it sees against how long it takes.
MODELS = ("lite", "full", "heavy")
DEFAULT_MODEL = "full"

#: Of each network, the outputs that are read, and what black and white are to it.
_DETECTOR = blaze.DETECTOR_OUTPUTS, (-1.0, 1.0)
_LANDMARKS = blaze.LANDMARK_OUTPUTS, (0.0, 1.0)

#: How many inferences a measurement takes.
_RUNS = 10


def open_blazepose(
    *,
    model: str = "",
    people: int = 1,
    threads: int = 1,
    progress: weights.Progress | None = None,
    trust: bool = False,
    smooth: bool = False,
    doubt_s: float = DOUBT_S,
    hurry: bool = False,
) -> BlazePose:
    """BlazePose with its networks, fetched when they are not here.

    Args:
        model: one of `MODELS`, by default full.
        people: how many people to follow at most.
        threads: how many threads a network may use.
        progress: told about model files as they arrive.
        trust: not looked at: all its models are published.
        smooth: steady the keypoints as MediaPipe does, for what has no smoothing of its own.
        doubt_s: seconds from one search to the next while somebody is seen badly, as with legs under a desk.
        hurry: use OpenVINO where it is installed: faster for more memory, which pays for films.

    Raises:
        UnknownName: when there is no such model.
        ModelUnavailable: when a network is not here and cannot be fetched.

    """
    landmarks = weights.load(_name(model), progress)
    detector = weights.load("blazepose-detector", progress)
    return BlazePose(
        detector, landmarks, people=people, threads=threads, smooth=smooth, doubt_s=doubt_s, hurry=hurry
    )


def _name(model: str) -> str:
    """What the weights of a model are called."""
    model = model or DEFAULT_MODEL
    if model not in MODELS:
        raise UnknownName("BlazePose model", model, MODELS)
    return f"blazepose-{model}"


@dataclass(frozen=True)
class Running:
    """How a landmark network really runs here.

    ``runtime`` is ``litert`` or ``openvino``, ``delegated`` whether LiteRT has XNNPACK run it, ``ms`` is
    milliseconds of one inference at the median, ``cores`` how many cores it kept busy meanwhile.
    """

    runtime: str
    delegated: bool
    ms: float
    cores: float


def measure(model: str = "", threads: int = 1) -> Running:
    """How the landmark network of a model runs on this machine in a hurry, measured.

    It is fetched when it is not here.

    Raises:
        UnknownName: when there is no such model.
        ModelUnavailable: when the network is not here and cannot be fetched.

    """
    network = _network(weights.load(_name(model)), *_LANDMARKS, threads, hurry=True)
    picture = np.full((network.pixels, network.pixels, 3), 127, np.uint8)
    network.run(picture)  # the first inference also allocates
    wall, cpu = [], -time.process_time()
    for _ in range(_RUNS):
        wall.append(-time.perf_counter())
        network.run(picture)
        wall[-1] += time.perf_counter()
    cpu += time.process_time()
    return Running(network.runtime, network.delegated, 1e3 * float(np.median(wall)), cpu / sum(wall))


class BlazePose(Stream):
    """Follows one person or several through a stream of frames.

    Args:
        detector: the detector network, the bytes of a ``.tflite`` file.
        landmarks: the landmark network, likewise.
        people: how many people to follow at most.
        threads: how many threads a network may use.
        smooth: steady the keypoints as MediaPipe does.
        doubt_s: seconds from one search to the next while somebody is seen badly.
        hurry: use OpenVINO where it is installed.

    """

    def __init__(
        self,
        detector: bytes,
        landmarks: bytes,
        *,
        people: int = 1,
        threads: int = 1,
        smooth: bool = False,
        doubt_s: float = DOUBT_S,
        hurry: bool = False,
    ) -> None:
        self._networks = _Networks(detector, landmarks, threads, hurry)
        self._people, self._doubt_s, self._smooth = people, doubt_s, smooth
        super().__init__(BLAZEPOSE33)

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another."""
        super().reset()
        self._follower = Follower(self._networks, self._people, self._doubt_s)
        self._smoothers: dict[int, _Smoother] = {}

    def see(self, frame: Frame) -> list[Pose]:
        """Who is in the next frame, longest followed first."""
        seen = self._follower.update(frame)
        if self._smooth:
            self._smoothers = {person: self._smoothers.get(person) or _Smoother() for person, _ in seen}
        return [self._pose(frame, person, sight) for person, sight in seen]

    def _pose(self, frame: Frame, person: int, sight: Sight) -> Pose:
        points = sight.roi.to_picture(sight.seen.points)
        score, world = sight.seen.visibility, sight.roi.turned(sight.seen.world)
        if self._smooth:
            points, score, world = self._smoothers[person].update(frame.t, sight.span, points, score, world)
        return Pose(self.skeleton, frame.t, points, score, world, frame.size, person)

    def close(self) -> None:
        """Let go of the networks; it cannot estimate afterwards."""
        super().close()
        give_back_memory()


def _network(
    model: bytes, outputs: Sequence[Shape], values: tuple[float, float], threads: int, hurry: bool
) -> Network | OpenVINONetwork:
    """A network on LiteRT; in a hurry on OpenVINO, where that is installed and can be used."""
    if hurry and installed():
        with suppress(OSError):
            return OpenVINONetwork(model, outputs, values, threads)
    return Network(model, outputs, values, threads)


class _Networks:
    """The detector and the landmark network, as eyes to follow people with."""

    def __init__(self, detector: bytes, landmarks: bytes, threads: int, hurry: bool) -> None:
        self._detector = _network(detector, *_DETECTOR, threads, hurry)
        self._landmarks = _network(landmarks, *_LANDMARKS, threads, hurry)

    def detect(self, image: Picture, view: Roi) -> list[Roi]:
        cut = cut_out(image, view, self._detector.pixels, repeat_edge=False)
        found = blaze.detections(*self._detector.run(cut))
        return [blaze.region(*view.to_picture(np.stack([one.hips, one.edge]))) for one in found]

    def look(self, image: Picture, roi: Roi) -> Sight | None:
        cut = cut_out(image, roi, self._landmarks.pixels, repeat_edge=True)
        raw, presence, heatmaps, world = self._landmarks.run(cut)
        if presence.item() < blaze.MIN_SCORE:
            return None
        return Sight(roi, blaze.landmarks(raw, heatmaps, world))


class _Smoother:
    """MediaPipe's smoothing of one person's landmarks, with the constants of its graphs."""

    _VISIBILITY_GAIN = 0.1

    def __init__(self) -> None:
        self._points = blaze.OneEuro(min_cutoff=0.05, beta=80.0)
        self._world = blaze.OneEuro(min_cutoff=0.1, beta=40.0)
        self._score: Array | None = None

    def update(
        self, t: float, span: float, points: Array, score: Array, world: Array
    ) -> tuple[Array, Array, Array]:
        before = score if self._score is None else self._score
        self._score = before + self._VISIBILITY_GAIN * (score - before)
        return self._points.update(t, points, span), self._score, self._world.update(t, world)
