"""Keypoints that others made: OpenPose, MMPose and COCO results as JSON, Sports2D and Pose2Sim as TRC.

They are read, never written. All but TRC have frame numbers and no times, so the film's rate must be said; and
all but TRC may hold several people, whose order changes from frame to frame: who is who is for a tracker to find
out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from poise.body.formats import json_text, trc
from poise.body.pose import Array, Pose, levelled
from poise.body.skeleton import BODY25, COCO17, HALPE26, OPENPOSE18, Skeleton
from poise.errors import UnreadableRecording

#: The scores from which OpenPose's, MMPose's and COCO's keypoints are believed (the first and the last ours).
OPENPOSE_SCORE, MMPOSE_SCORE, COCO_SCORE = 0.2, 0.3, 0.3

#: What ends the names of OpenPose's files, one a picture.
_OPENPOSE = "_keypoints.json"

_SKELETONS = {len(skeleton): skeleton for skeleton in (COCO17, OPENPOSE18, BODY25, HALPE26)}
#: Of COCO's whole body (133) the body and the feet; the rest are faces and fingers.
_WHOLE_BODY = (
    *COCO17.keypoints,
    *(f"{side}_{part}" for side in ("left", "right") for part in ("foot_index", "small_toe", "heel")),
)


class Instant(NamedTuple):
    """One picture of a film: its time in seconds, and the people in it."""

    t: float
    poses: list[Pose]


class _Seen(NamedTuple):
    """Somebody in one picture: ``(K, 3)`` x, y and score."""

    frame: int
    keypoints: Array


def holds_people(path: Path) -> bool:
    """Whether a path is a file or folder of keypoints that others made, by its name and first bytes."""
    if path.is_dir():
        return next(path.glob(f"*{_OPENPOSE}"), None) is not None
    suffix = path.suffix.lower()
    return suffix == ".trc" or (suffix == ".json" and not json_text.is_recording(path))


def read_people(path: Path | str, rate: float | None = None) -> list[Instant]:
    """The people in every picture of a film, as somebody else's estimator saw them.

    Args:
        path: a folder of OpenPose's files, one a picture; a ``.json`` file of OpenPose, MMPose or COCO results; or
            a ``.trc`` file of Sports2D or Pose2Sim.
        rate: how many pictures a second the film had; not needed for TRC, which has times.

    Raises:
        UnreadableRecording: when there is no such file, it holds no keypoints or is damaged, or has no rate.

    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".trc":
            poses = trc.read(path.read_text("utf-8-sig", "replace"))
            return [Instant(pose.t, [pose] if pose.seen else []) for pose in poses]
        seen, usual, frames = _read(path)
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    except ValueError as error:
        known = "Known: OpenPose, MMPose and COCO results as .json, Sports2D and Pose2Sim as .trc."
        raise UnreadableRecording(f"{path} cannot be read as keypoints: {error}.", known) from error
    if rate is None or not rate > 0:
        raise UnreadableRecording(
            f"{path} numbers its pictures and has no times.",
            "Say how many pictures a second the film had, for example: --rate 30",
        )
    people: dict[int, list[Pose]] = {frame: [] for frame in frames}
    for frame, keypoints in seen:
        pose = _pose(frame / rate, keypoints, usual)
        if pose.seen:
            people[frame].append(pose)
    if len({pose.skeleton.name for poses in people.values() for pose in poses}) > 1:
        raise UnreadableRecording(
            f"{path} mixes people of different skeletons.",
            "Make a file of each skeleton, and give them one by one.",
        )
    return [Instant(frame / rate, people[frame]) for frame in sorted(people)]


def _read(path: Path) -> tuple[list[_Seen], float, range]:
    """Who was seen, the usual score, and which pictures there are."""
    if path.is_dir():
        files = sorted(path.glob(f"*{_OPENPOSE}"))
        seen = [one for i, file in enumerate(files) for one in _openpose(_number(file.name, i), _json(file))]
        numbers = [_number(file.name, i) for i, file in enumerate(files)]
        if not numbers:
            raise ValueError(f"it holds no files *{_OPENPOSE}")
        return seen, OPENPOSE_SCORE, range(min(numbers), max(numbers) + 1)
    said = _json(path)
    for reader, usual in ((_one_openpose, OPENPOSE_SCORE), (_mmpose, MMPOSE_SCORE), (_coco, COCO_SCORE)):
        found = reader(said)
        if found is not None:
            frames = [one.frame for one in found]
            if not frames:
                raise ValueError("nobody is in it")
            return found, usual, range(min(frames), max(frames) + 1)
    raise ValueError("it is laid out like none of those that are known")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ValueError(f"{path.name} is not JSON, or is cut short") from None


def _number(name: str, otherwise: int) -> int:
    """The number in a picture's name: the last one that is not part of the ending."""
    found: list[str] = re.findall(r"\d+", name.removesuffix(_OPENPOSE).split(".")[0])
    return int(found[-1]) if found else otherwise


def _one_openpose(said: Any) -> list[_Seen] | None:
    return _openpose(0, said) if isinstance(said, dict) and "people" in said else None


def _openpose(frame: int, said: Any) -> list[_Seen]:
    if not isinstance(said, dict) or not isinstance(said.get("people"), list):
        raise ValueError("it lists no people")
    return [_Seen(frame, _triples(_of(person, "pose_keypoints_2d"))) for person in said["people"]]


def _mmpose(said: Any) -> list[_Seen] | None:
    frames = said.get("instance_info") if isinstance(said, dict) else said
    if not isinstance(frames, list) or not all(isinstance(f, dict) and "instances" in f for f in frames):
        return None
    seen = []
    for i, frame in enumerate(frames):
        for person in _listed(frame["instances"]):
            points = _numbers(_of(person, "keypoints"))
            score = _numbers(_of(person, "keypoint_scores"))
            if points.ndim != 2 or score.shape != points.shape[:1]:
                raise ValueError("its keypoints and their scores differ in number")
            number = frame.get("frame_id", i)
            seen.append(_Seen(number if isinstance(number, int) else i, np.column_stack([points[:, :2], score])))
    return seen


def _coco(said: Any) -> list[_Seen] | None:
    rows = said.get("annotations") if isinstance(said, dict) else said
    if not isinstance(rows, list) or not all(
        isinstance(r, dict) and {"image_id", "keypoints"} <= r.keys() for r in rows
    ):
        return None
    return [_Seen(_number(str(row["image_id"]), i), _triples(row["keypoints"])) for i, row in enumerate(rows)]


def _of(person: Any, key: str) -> Any:
    if not isinstance(person, dict) or key not in person:
        raise ValueError(f"somebody in it has no {key!r}")
    return person[key]


def _listed(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ValueError("a picture in it has no list of people")
    return value


def _numbers(values: Any) -> Array:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("its keypoints are not numbers") from None


def _triples(values: Any) -> Array:
    flat = _numbers(values)
    if flat.ndim != 1 or len(flat) % 3:
        raise ValueError("its keypoints are not x, y and score in turn")
    return flat.reshape(-1, 3)


def _pose(t: float, keypoints: Array, usual: float) -> Pose:
    """The pose of somebody: what is at the origin, scores nothing or is no number was not seen."""
    skeleton, keypoints = _skeleton(keypoints)
    points, score = keypoints[:, :2].copy(), keypoints[:, 2]
    if np.isin(score, (0.0, 1.0, 2.0)).all():  # COCO's visibility: not labelled, hidden, visible
        score = score / 2
    score = levelled(np.nan_to_num(score).clip(0.0, 1.0), usual)
    unseen = (score <= 0) | ~np.isfinite(points).all(1) | (points == 0).all(1)
    points[unseen], score[unseen] = np.nan, 0.0
    return Pose(skeleton, t, points, score)


def _skeleton(keypoints: Array) -> tuple[Skeleton, Array]:
    """Whose keypoints those are, by their number."""
    if len(keypoints) in _SKELETONS:
        return _SKELETONS[len(keypoints)], keypoints
    if len(keypoints) == 133:
        order = [_WHOLE_BODY.index(name) if name in _WHOLE_BODY else -1 for name in HALPE26.keypoints]
        none = np.array([[np.nan, np.nan, 0.0]])
        return HALPE26, np.concatenate([keypoints[: len(_WHOLE_BODY)], none])[order]
    raise UnreadableRecording(
        f"Somebody has {len(keypoints)} keypoints.", f"Known are {', '.join(map(str, _SKELETONS))} and 133."
    )
