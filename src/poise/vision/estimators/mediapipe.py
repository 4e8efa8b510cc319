"""MediaPipe Tasks' own pose landmarker (extra ``mediapipe``): the vendor's runtime around BlazePose's networks."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from poise.body import BLAZEPOSE33, Pose
from poise.errors import MissingExtra, ModelUnavailable, UnknownName
from poise.vision import weights
from poise.vision.estimators.stream import Stream
from poise.vision.frame import Frame
from poise.vision.tracking import Identities

MODELS = ("lite", "full", "heavy")
DEFAULT_MODEL = "full"


def open_mediapipe(
    *,
    model: str = "",
    people: int = 1,
    threads: int = 1,
    progress: weights.Progress | None = None,
    trust: bool = False,
) -> MediaPipe:
    """MediaPipe's landmarker with its bundle, fetched when it is not here.

    Args:
        model: one of `MODELS`, by default full.
        people: how many people to find at most.
        threads: not looked at: MediaPipe takes as many as it likes.
        progress: told about model files as they arrive.
        trust: not looked at: all its models are published.

    Raises:
        UnknownName: when there is no such model.
        MissingExtra: when MediaPipe is not installed.
        ModelUnavailable: when its bundle is not here and cannot be fetched.

    """
    model = model or DEFAULT_MODEL
    if model not in MODELS:
        raise UnknownName("MediaPipe model", model, MODELS)
    _installed("mediapipe")  # before anything is fetched for it
    path = weights.fetch(f"blazepose-{model}", progress)
    if path.suffix != ".task":
        raise ModelUnavailable(
            f"MediaPipe takes the bundle pose_landmarker_{model}.task, and here is {path.name}.",
            f"Put the bundle into a folder and set {weights.FOLDER_VARIABLE} to that folder.",
        )
    return MediaPipe(path.read_bytes(), people)


def _installed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise MissingExtra("The backend 'mediapipe'", "mediapipe") from problem


class MediaPipe(Stream):
    """Finds people in a stream of frames by the vendor's landmarker, following a video."""

    def __init__(self, bundle: bytes, people: int = 1) -> None:
        self._mediapipe, tasks = _installed("mediapipe"), _installed("mediapipe.tasks.python")
        self._options = tasks.vision.PoseLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_buffer=bundle),
            running_mode=tasks.vision.RunningMode.VIDEO,
            num_poses=people,
        )
        self._open: Any = tasks.vision.PoseLandmarker.create_from_options
        self._people = people
        self._landmarker: Any = None
        super().__init__(BLAZEPOSE33)

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another, and the landmarker a new one."""
        super().reset()
        if self._landmarker:
            self._landmarker.close()
        self._landmarker = self._open(self._options)
        self._identities = Identities(self._people)
        self._stamp = -1

    def see(self, frame: Frame) -> list[Pose]:
        """Who is in the next frame."""
        self._stamp = max(self._stamp + 1, round(1000 * frame.t))
        picture = self._mediapipe.Image(self._mediapipe.ImageFormat.SRGB, np.ascontiguousarray(frame.image))
        found = self._landmarker.detect_for_video(picture, self._stamp)
        poses = []
        for marks, world in zip(found.pose_landmarks, found.pose_world_landmarks, strict=True):
            points = np.array([(mark.x, mark.y) for mark in marks]) * frame.size
            score = np.array([mark.visibility for mark in marks]).clip(0.0, 1.0)
            metres = np.array([(mark.x, mark.y, mark.z) for mark in world])
            poses.append(Pose(self.skeleton, frame.t, points, score, metres, frame.size))
        return self._identities.update(poses)

    def close(self) -> None:
        """Let go of the landmarker; it cannot estimate afterwards."""
        if self.__dict__.get("_landmarker"):
            self._landmarker.close()
        super().close()
