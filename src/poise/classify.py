"""A trained classifier at work: keypoints in, a label out.

::

    poses ─► arranged ─► the last seconds on a regular grid ─► the network in a file ─► Verdict
             by name      (of a classifier of single poses: the pose)

What `poise.learn` writes says about itself which keypoints it reads, how many seconds, how often, and its labels;
its network takes them as they are, in pixels. Files that say nothing are known by the size of their input:
``[1, 51]`` of TensorFlow's MoveNet tutorial, and ``[1, 36]`` of DeepFit.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poise.body import COCO17, OPENPOSE18, Array, Keypoints, Pose, PoseSequence
from poise.coach.descriptor import interpolated
from poise.errors import InputError, UnsuitableModel
from poise.vision.estimators.runtime import open_network
from poise.vision.weights import ModelFile

Floats = NDArray[np.float32]

#: The name under which a file says what it is.
METADATA = "poise"
#: Seconds without a sight of somebody after which a window is not filled any more.
GAP_S = 0.75
#: The share of a window that must have been there for it to be looked at.
LEAST_OF_WINDOW = 0.9
#: Seconds that are remembered of somebody whose repetitions are classified.
HELD_S = 30.0


@dataclass(frozen=True)
class About:
    """What a classifier says about itself.

    Args:
        labels: its classes, in the order of its outputs.
        keypoints: what it reads, by name, in order; midpoints such as ``mid_hip`` too.
        seconds: of movement it looks at, 0 for a single pose.
        rate: poses a second in a window; 0 for a single pose.
        recipe: what it was made by.
        title: what it is called.
        data: the sha256 of what it was trained on.
        card: what it is for, what it was measured to do, and what it is not for.
        measures: its figures by name.
        layout: "poise" when it takes keypoints as they are; "movenet" or "deepfit" for others' files.
        centred: the moment of a window it was taught with: "part" for the middle of a repetition, else "".

    """

    labels: tuple[str, ...]
    keypoints: tuple[str, ...]
    seconds: float = 0.0
    rate: float = 0.0
    recipe: str = ""
    title: str = ""
    data: str = ""
    card: str = ""
    measures: dict[str, float] = field(default_factory=dict)
    layout: str = "poise"
    centred: str = ""

    @property
    def frames(self) -> int:
        """Poses in a window."""
        return max(1, round(self.seconds * self.rate))

    def text(self) -> str:
        """What is written into a file."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> About:
        """What is read from one.

        Raises:
            ValueError: when it is not what `text` writes.

        """
        said = json.loads(text)
        try:
            return cls(**{**said, "labels": tuple(said["labels"]), "keypoints": tuple(said["keypoints"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"it lacks {error}") from error


@dataclass(frozen=True)
class Verdict:
    """What somebody was seen to do at ``t``, seconds, how likely that is, and how likely every label is."""

    t: float
    label: str
    probability: float
    all: dict[str, float] = field(repr=False)


def arranged(poses: Pose | PoseSequence | Keypoints, names: Sequence[str]) -> Array:
    """The x, y and score of keypoints by name: ``(..., N, 3)``, NaN and 0 where unseen.

    A neck that a skeleton lacks is the middle of the shoulders; other keypoints it lacks are unseen.
    """
    known = [_stand_in(poses, name) for name in names]
    have = tuple(name for name in known if name)
    out = np.full((*poses.score.shape[:-1], len(names), 3), np.nan)
    out[..., 2] = 0.0
    rows = [i for i, name in enumerate(known) if name]
    if have:
        out[..., rows, :2] = poses.all_at(have)
        out[..., rows, 2] = poses.scores_at(have)
    out[..., 2] = np.where(np.isfinite(out[..., 0]), out[..., 2], 0.0)
    return out


def _stand_in(poses: Pose | PoseSequence | Keypoints, name: str) -> str:
    if poses.skeleton.has(name):
        return name
    return "mid_shoulder" if name == "neck" and poses.skeleton.has("mid_shoulder") else ""


def given(values: NDArray[Any]) -> Floats:
    """Keypoints ``(..., K, 3)`` as a network takes them: what was not seen is 0, 0 and scores 0."""
    unseen = ~np.isfinite(values).all(-1, keepdims=True)
    return np.where(unseen, 0.0, values).astype(np.float32)


def grid(end: float, about: About) -> Array:
    """The instants of a window that ends at ``end``: ``(about.frames,)`` seconds."""
    return np.asarray(end - np.arange(about.frames - 1, -1, -1) / max(about.rate, 1e-9))


def window_of(poses: PoseSequence, middle: float, about: About) -> Floats:
    """The window of a recording around ``middle``, seconds, as a network takes it: ``(frames, K, 3)``."""
    end = middle + (about.frames - 1) / max(about.rate, 1e-9) / 2
    return given(interpolated(poses.t, arranged(poses, about.keypoints), grid(end, about)))


def gravity(body: Array) -> Array:
    """DeepFit's numbers of OpenPose's 18 keypoints ``(N, 18, 2)``: ``(N, 18, 2)``, 0 where unseen (NaN).

    Moved to the mean of what is seen and divided by the length of the body: the longest line of the head, of the
    trunk and of a leg (github.com/namanarora42/DeepFit; lines to what is not seen are 0).
    """
    at = {name: body[:, i] for i, name in enumerate(OPENPOSE18.keypoints)}

    def apart(a: str, b: str) -> Array:
        return np.asarray(np.nan_to_num(np.linalg.norm(at[a] - at[b], axis=-1)))

    faces = [f"{side}_{part}" for side in ("left", "right") for part in ("ear", "eye")]
    head = np.max([apart(top, face) for top in ("neck", "nose") for face in faces], axis=0)
    trunk = np.maximum(apart("neck", "left_hip"), apart("neck", "right_hip"))
    legs = [apart(f"{s}_hip", f"{s}_knee") + apart(f"{s}_knee", f"{s}_ankle") for s in ("left", "right")]
    length = head + trunk + np.maximum(*legs)
    seen = np.asarray(np.isfinite(body).all(-1))
    middle = np.where(seen[..., None], body, 0.0).sum(1) / np.maximum(seen.sum(1), 1)[:, None]
    out = (body - middle[:, None]) / np.where(length > 0, length, 1.0)[:, None, None]
    return np.where(seen[..., None] & (length > 0)[:, None, None], out, 0.0)


def _deepfit(values: NDArray[Any]) -> Floats:
    """What DeepFit's own file is given, ``(N, 36)``: as it was taught, every x and then every y, taken for pairs.

    Its training hands `gravity` a row of eighteen x and eighteen y as if they took turns; a file that learned that
    wants it (DeepFit_training.ipynb, ``prepare_dataset`` and ``norm_X``).
    """
    flat = np.moveaxis(given(values)[:, 0, :, :2], -1, 1).reshape(len(values), 18, 2).astype(np.float64)
    flat[(flat == 0).any(-1)] = np.nan
    return gravity(flat).reshape(len(values), -1).astype(np.float32)


class Classifier:
    """A classifier opened from a file; see `open_classifier`."""

    def __init__(self, network: Any, about: About) -> None:
        self._network = network
        self.about = about

    def __call__(self, values: NDArray[Any]) -> Floats:
        """How likely each label is, ``(N, labels)``, for windows ``(N, frames, K, 3)`` of its keypoints."""
        if self.about.layout == "movenet":
            rows = given(values).reshape(len(values), -1)
        elif self.about.layout == "deepfit":
            rows = _deepfit(values)
        else:
            rows = given(values)
        return np.concatenate([self._network.run(row[None])[0] for row in rows]).reshape(len(values), -1)

    def verdicts(self, poses: PoseSequence, hop: float = 0.5) -> list[Verdict]:
        """What is seen in a recording, every `hop` seconds."""
        live = Live(self, hop)
        return [verdict for pose in poses if (verdict := live.update(pose))]

    def verdict(self, poses: PoseSequence, middle: float) -> Verdict:
        """What is seen in the window of a recording around ``middle``, seconds."""
        return self.told(middle, window_of(poses, middle, self.about))

    def told(self, t: float, window: NDArray[Any]) -> Verdict:
        """The verdict about a window ``(frames, K, 3)``."""
        likely = self(window[None])[0]
        best = int(likely.argmax())
        each = {name: float(p) for name, p in zip(self.about.labels, likely, strict=True)}
        return Verdict(t, self.about.labels[best], float(likely[best]), each)


class Live:
    """Classifies a stream: `update` takes poses in order and answers every `hop` seconds."""

    def __init__(self, classifier: Classifier, hop: float = 0.25) -> None:
        self._classifier, self._hop = classifier, hop
        self._seen: deque[tuple[float, Array]] = deque()
        self._due = -math.inf

    def update(self, pose: Pose) -> Verdict | None:
        """The verdict as of this pose; None between two, and where too little was seen."""
        about = self._classifier.about
        if pose.seen:
            if self._seen and pose.t - self._seen[-1][0] > GAP_S:
                self._seen.clear()
            self._seen.append((pose.t, arranged(pose, about.keypoints)))
            while self._seen[0][0] < pose.t - about.seconds - 0.5 / max(about.rate, 1.0):
                self._seen.popleft()
        if not self._seen or pose.t < self._due or pose.t - self._seen[-1][0] > GAP_S:
            return None
        t = np.array([at for at, _ in self._seen])
        if t[-1] - t[0] < LEAST_OF_WINDOW * about.seconds - 1e-9:
            return None
        self._due = pose.t + self._hop - 1e-6
        values = np.array([value for _, value in self._seen])
        if about.frames == 1:
            return self._classifier.told(pose.t, values[-1:])
        return self._classifier.told(pose.t, interpolated(t, values, grid(float(t[-1]), about)))


class Beside:
    """Classifies what somebody does while a coach counts, as the classifier was taught to look.

    One that was taught with repetitions (`About.centred`) is asked about each of them, as soon as what surrounds it
    was seen; any other every `hop` seconds.
    """

    def __init__(self, classifier: Classifier, hop: float = 0.25) -> None:
        self._classifier = classifier
        self._live = None if classifier.about.centred else Live(classifier, hop)
        self._seen: deque[Pose] = deque()
        self._asked: list[float] = []

    def update(self, pose: Pose, middles: Iterable[float] = ()) -> Verdict | None:
        """The verdict as of this pose, which completes repetitions with these ``middles``; None without."""
        if self._live:
            return self._live.update(pose)
        self._seen.append(pose)
        while pose.t - self._seen[0].t > HELD_S:
            self._seen.popleft()
        self._asked += middles
        whole = [middle for middle in self._asked if pose.t - middle >= self._classifier.about.seconds / 2]
        self._asked = [middle for middle in self._asked if middle not in whole]
        return self._classifier.verdict(PoseSequence.of(self._seen), whole[-1]) if whole else None


def open_classifier(path: Path | str, labels: Iterable[str] = (), runtime: str = "") -> Classifier:
    """The classifier in a ``.tflite`` or ``.onnx`` file.

    Args:
        path: the file.
        labels: what its outputs are called, for files that do not say; numbers if nobody does.
        runtime: what runs it; the fastest installed if empty.

    Raises:
        UnsuitableModel: when it is no file, no network, or not a classifier poise can feed.
        MissingExtra: when nothing that runs it is installed.

    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnsuitableModel(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    network = open_network(ModelFile(data), runtime=runtime)
    said = metadata(data)
    if said:
        try:
            return Classifier(network, About.parse(said))
        except ValueError as error:
            raise UnsuitableModel(
                f"{path} does not say what it is: {error}.",
                "Export it again: poise learn export RUN --out NAME.onnx",
            ) from error
    return Classifier(network, _foreign(path, network, tuple(labels)))


def _foreign(path: Path, network: Any, labels: tuple[str, ...]) -> About:
    """What a file that says nothing must be, by its sizes."""
    size, count = math.prod(n for n in network.given.shape if n), network.made[0].shape[-1] if network.made else 0
    kinds = {51: ("movenet", COCO17), 36: ("deepfit", OPENPOSE18)}
    if size not in kinds or len(network.made) != 1:
        raise UnsuitableModel(
            f"{path} takes {list(network.given.shape)} and does not say what they are.",
            "Known without saying: [1, 51] of the MoveNet tutorial and [1, 36] of DeepFit.",
        )
    if labels and len(labels) != count:
        raise InputError(f"{path} has {count} outputs, and {len(labels)} labels were given.", "Name each one.")
    layout, skeleton = kinds[size]
    named = labels or tuple(str(i) for i in range(count))
    return About(named, skeleton.keypoints, title=path.stem, layout=layout)


def metadata(data: bytes) -> str:
    """What a ``.tflite`` or ``.onnx`` file of poise says about itself; "" when it says nothing."""
    if data[4:8] == b"TFL3":
        from ai_edge_litert import schema_py_generated as schema

        model = schema.Model.GetRootAs(data, 0)
        for i in range(model.MetadataLength()):
            note = model.Metadata(i)
            if note is not None and note.Name() == METADATA.encode():
                return bytes(model.Buffers(note.Buffer()).DataAsNumpy()).decode("utf-8")
        return ""
    from poise.coach.network import onnx_metadata

    return onnx_metadata(data).get(METADATA, "")
