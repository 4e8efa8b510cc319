"""MoveNet, single pose: the fastest of all; 17 keypoints of one person, looked for where they were last seen.

The crop follows the last pose as in the tutorial of its publisher (TensorFlow Hub, "MoveNet: Ultra fast and
accurate pose detection model", 2021). Files of int8, float16 and float32 weights run alike.
"""

from __future__ import annotations

import numpy as np

from poise.body import COCO17, Array, Pose, levelled
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators.runtime import expect, open_network
from poise.vision.estimators.stream import Opener, Stream
from poise.vision.frame import Frame, Picture
from poise.vision.weights import ModelFile

#: The score from which its publisher believes a keypoint.
USUAL_SCORE = 0.2
#: The mean score of all keypoints from which somebody is there (ours: empty pictures stay below 0.1).
SOMEBODY = 0.2

#: How much further than the hips' distance to the shoulders and hips, and to all keypoints, the crop reaches.
_TORSO, _BODY = 1.9, 1.2


class MoveNet(Stream):
    """Follows one person through a stream of frames, however many are asked for."""

    def __init__(self, file: ModelFile, *, people: int = 1, threads: int = 1, runtime: str = "") -> None:
        super().__init__(COCO17)
        self._net = open_network(file, threads=threads, runtime=runtime)
        expect(self._net, [(1, 1, len(COCO17), 3)], "MoveNet for a single pose")

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another."""
        super().reset()
        self._roi: Roi | None = None

    def see(self, frame: Frame) -> list[Pose]:
        """The person in the next frame, if there is one."""
        whole = Roi(frame.size[0] / 2, frame.size[1] / 2, max(frame.size))
        seen = self._look(frame.image, self._roi) if self._roi else None
        seen = seen or self._look(frame.image, whole)
        if seen is None:
            self._roi = None
            return []
        points, score = seen
        self._roi = next_crop(points, score, frame.size)
        return [Pose(self.skeleton, frame.t, points, levelled(score, USUAL_SCORE), size=frame.size)]

    def _look(self, image: Picture, roi: Roi) -> tuple[Array, Array] | None:
        """Keypoints in pixels of the picture, and the network's scores, if somebody is in that region."""
        cut = cut_out(image, roi, self._net.given.shape[1], repeat_edge=False)
        (found,) = self._net.run(cut[None])
        table = found[0, 0].astype(np.float64)
        score = table[:, 2].clip(0.0, 1.0)
        if score.mean() < SOMEBODY:
            return None
        return roi.to_picture(table[:, 1::-1]), score


def next_crop(points: Array, score: Array, size: tuple[int, int]) -> Roi | None:
    """Where to look next: a square around the hips that holds the body; None for the whole picture.

    It is None while a hip or a shoulder is not seen, and when the square would be as large as the picture.
    """
    seen = score > USUAL_SCORE
    torso = [[COCO17.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("hip", "shoulder")]
    if not all(seen[pair].any() for pair in torso):
        return None
    x, y = points[torso[0]].mean(0).tolist()
    reach = np.abs(points - (x, y)).max(1)
    half = max(_TORSO * float(reach[np.ravel(torso)].max()), _BODY * float(reach[seen].max()))
    half = min(half, max(x, size[0] - x, y, size[1] - y))
    return Roi(x, y, 2 * half) if 0 < 2 * half < max(size) else None


open_movenet = Opener("movenet", ("lightning", "thunder"), MoveNet)
