"""What a few seconds of movement look like, as numbers that know neither left from right nor where the camera is.

A window is the places of fourteen keypoints on a regular grid of time. It is moved so that the middle of the hips
is the origin and measured in torso lengths; gravity stays down, because only gravity tells a push-up from a press.
Of the signals in it (heights, offsets, angles, segment lengths, each left and right) the descriptor keeps where
they lie (10th, 50th and 90th percentile) and how much they move, as the mean of both sides and how far the sides
are apart, so that a mirrored body gives the same numbers; what lies ahead of the body is signed by the way the face
looks. Correlations say which parts move together. How the hips travel through the picture stands for what cannot be
seen when the feet are out of it.
"""

from __future__ import annotations

import numpy as np

from poise.body import Array

#: The keypoints of a window, in order: two of the head, then pairs of left and right.
KEYPOINTS = (
    "nose",
    "mid_ear",
    *(
        f"{side}_{joint}"
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)
#: Samples a second of a window, and how many there are in a whole one (3 seconds) and in the shortest one.
RATE, SAMPLES, FEWEST = 12.0, 37, 15

_SHOULDER, _ELBOW, _WRIST, _HIP, _KNEE, _ANKLE = (slice(i, i + 2) for i in range(2, 14, 2))
#: Segments whose length says how large the body is, and their usual share of the torso.
_FROM = np.array(
    [KEYPOINTS.index(f"{s}_{j}") for s in ("left", "right") for j in ("shoulder", "elbow", "hip", "knee")]
)
_TO = np.array(
    [KEYPOINTS.index(f"{s}_{j}") for s in ("left", "right") for j in ("elbow", "wrist", "knee", "ankle")]
)
_SHARE = np.array([0.62, 0.54, 0.84, 0.86] * 2)
#: Correlations are damped by this much movement, in torso lengths or radians: noise correlates with nothing.
_STILL = 0.05


def interpolated(t: Array, points: Array, grid: Array) -> Array:
    """Points ``(T, K, D)`` known at instants ``t`` as they are on a ``grid`` of time, ``(len(grid), K, D)``.

    NaN is bridged; before the first and after the last sight of a keypoint it is where it was seen first or last.
    What was never seen stays NaN.
    """
    flat, d = points.reshape(len(t), -1), points.shape[-1]
    seen = np.isfinite(flat)
    if seen.all():
        return _between(t, flat, grid).reshape(len(grid), -1, d)
    out = np.full((len(grid), flat.shape[1]), np.nan)
    for k in range(0, flat.shape[1], d):
        known = seen[:, k]
        if known.any():
            out[:, k : k + d] = _between(t[known], flat[known, k : k + d], grid)
    return out.reshape(len(grid), -1, d)


def _between(t: Array, values: Array, grid: Array) -> Array:
    if len(t) == 1:
        return np.broadcast_to(values[0], (len(grid), values.shape[1]))
    after = np.clip(np.searchsorted(t, grid), 1, len(t) - 1)
    share = np.clip((grid - t[after - 1]) / (t[after] - t[after - 1]), 0.0, 1.0)[:, None]
    return np.asarray(values[after - 1] + share * (values[after] - values[after - 1]))


def describe(windows: Array) -> Array:
    """The descriptor of windows ``(..., T, 14, 2)`` in pixels: ``(..., len(NAMES))``; NaN where not seen."""
    x = np.array(windows, dtype=np.float64)
    x[..., 1] *= -1.0
    hips = _mid(x, _HIP)
    x -= hips[..., None, :]
    trunk = _mid(x, _SHOULDER)
    bones = x[..., _TO, :] - x[..., _FROM, :]
    lengths = np.sqrt((bones * bones).sum(-1))
    torso = np.sqrt((trunk * trunk).sum(-1))
    # The second longest of the segments, as `view.Scale` has it, over most of the window.
    bounds = np.concatenate([lengths / _SHARE, torso[..., None]], axis=-1)
    second = np.sort(np.nan_to_num(bounds), axis=-1)[..., -2]
    scale = np.sort(second, axis=-1)[..., int(0.8 * second.shape[-1])][..., None]
    scale = np.where(scale > 0, scale, np.nan)
    x /= scale[..., None, None]
    bones, lengths = bones / scale[..., None, None], lengths / scale[..., None]
    hips, trunk, torso = hips / scale[..., None], trunk / scale[..., None], torso / scale
    sides = _sides(x, bones, lengths)
    centre = _centre(x, hips, trunk, torso)
    both = _spread(sides)
    one, other = both[..., 0::2, :], both[..., 1::2, :]
    lead = windows.shape[:-3]
    return np.concatenate(
        [
            ((one + other) / 2).reshape(*lead, -1),
            np.abs(one - other).reshape(*lead, -1),
            _spread(centre).reshape(*lead, -1),
            _together(sides, centre),
        ],
        axis=-1,
    )


#: Signals there is one of on either side.
SIDED = (
    *(f"{joint}_height" for joint in ("shoulder", "elbow", "wrist", "knee", "ankle")),
    *(f"{bone}_rise" for bone in ("upper_arm", "forearm", "thigh", "shank")),
    *(f"{bone}_length" for bone in ("upper_arm", "forearm", "thigh", "shank")),
    *(f"{joint}_angle" for joint in ("elbow", "shoulder", "hip", "knee")),
    "wrist_over_shoulder",
    "wrist_to_nose",
    *(f"{joint}_ahead" for joint in ("elbow", "wrist", "knee", "ankle")),
)
#: Signals of the body as a whole.
CENTRAL = (
    "nose_height",
    "nose_over_shoulders",
    "trunk_rise",
    "trunk_length",
    "trunk_ahead",
    *(f"{joint}_apart" for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
    *(f"{joint}_aside" for joint in ("shoulder", "wrist", "knee", "ankle")),
    "hips_up",
    "hips_along",
)
_STATISTICS = ("p10", "p50", "p90", "sd")
#: Pairs of signals whose correlation is kept; ``both`` means left with right.
PAIRS = (
    ("both", "wrist_over_shoulder"),
    ("both", "elbow_angle"),
    ("both", "knee_angle"),
    ("both", "hip_angle"),
    ("wrist_over_shoulder", "elbow_angle"),
    ("wrist_over_shoulder", "ankle_apart"),
    ("wrist_over_shoulder", "hips_up"),
    ("wrist_over_shoulder", "knee_angle"),
    ("upper_arm_rise", "elbow_angle"),
    ("elbow_angle", "trunk_rise"),
    ("elbow_angle", "knee_angle"),
    ("knee_angle", "hip_angle"),
    ("knee_angle", "trunk_rise"),
    ("knee_angle", "hips_up"),
    ("trunk_rise", "hips_up"),
    ("ankle_apart", "wrist_apart"),
)

NAMES = (
    *(f"{name}_{statistic}" for name in SIDED for statistic in _STATISTICS),
    *(f"{name}_{statistic}_apart" for name in SIDED for statistic in _STATISTICS),
    *(f"{name}_{statistic}" for name in CENTRAL for statistic in _STATISTICS),
    *(f"{a}~{b}" for a, b in PAIRS),
)


def _sides(x: Array, bones: Array, lengths: Array) -> Array:
    """The signals of `SIDED`, left and right beside each other: ``(..., T, 2 * len(SIDED))``."""
    y = x[..., 1]
    # From (left: upper arm, forearm, thigh, shank; right: the same) to pairs.
    pairs = [0, 4, 1, 5, 2, 6, 3, 7]
    bones, lengths = bones[..., pairs, :], lengths[..., pairs]
    toward = -x[..., _SHOULDER, :]  # from the shoulders to the middle of the hips
    elbow = _angle(bones[..., 0:2, :], bones[..., 2:4, :])
    shoulder = _angle(toward, bones[..., 0:2, :])
    hip = _angle(toward, bones[..., 4:6, :])
    knee = _angle(bones[..., 4:6, :], bones[..., 6:8, :])
    to_nose = x[..., _WRIST, :] - x[..., :1, :]
    facing = _facing(x)[..., None, None]
    shoulders = _mid(x, _SHOULDER)[..., :1]
    knees = x[..., _KNEE, 0]
    ahead = [x[..., _ELBOW, 0] - shoulders, x[..., _WRIST, 0] - shoulders, knees, x[..., _ANKLE, 0] - knees]
    return np.concatenate(
        [
            *(y[..., part] for part in (_SHOULDER, _ELBOW, _WRIST, _KNEE, _ANKLE)),
            bones[..., 1],
            lengths,
            elbow,
            shoulder,
            hip,
            knee,
            y[..., _WRIST] - y[..., _SHOULDER],
            np.sqrt((to_nose * to_nose).sum(-1)),
            *(facing * part for part in ahead),
        ],
        axis=-1,
    )


def _centre(x: Array, hips: Array, trunk: Array, torso: Array) -> Array:
    """The signals of `CENTRAL`: ``(..., T, len(CENTRAL))``."""
    parts = (_SHOULDER, _ELBOW, _WRIST, _HIP, _KNEE, _ANKLE)
    apart = [np.abs(x[..., part.start, 0] - x[..., part.start + 1, 0]) for part in parts]
    shoulder, wrist, knee, ankle = (_mid(x, part)[..., 0] for part in (_SHOULDER, _WRIST, _KNEE, _ANKLE))
    still = hips - np.median(hips, axis=-2, keepdims=True)
    return np.stack(
        [
            x[..., 0, 1],
            x[..., 0, 1] - trunk[..., 1],
            trunk[..., 1] / np.maximum(torso, 0.2),
            torso,
            _facing(x)[..., None] * trunk[..., 0],
            *apart,
            np.abs(shoulder),
            np.abs(wrist - shoulder),
            np.abs(knee),
            np.abs(ankle - shoulder),
            still[..., 1],
            np.abs(still[..., 0]),
        ],
        axis=-1,
    )


def _mid(x: Array, part: slice) -> Array:
    """The middle of a pair of keypoints, ``(..., 2)``."""
    return np.asarray((x[..., part.start, :] + x[..., part.start + 1, :]) / 2)


def _facing(x: Array) -> Array:
    """Which way the face looks along the picture, -1 to 1, over a window: ``(...)``."""
    return np.asarray(np.tanh(8.0 * (x[..., 0, 0] - x[..., 1, 0]).mean(-1)))


def _angle(a: Array, b: Array) -> Array:
    """The angle between directions, radians."""
    cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.asarray(np.arctan2(np.abs(cross), (a * b).sum(-1)))


def _spread(signals: Array) -> Array:
    """10th, 50th and 90th percentile and standard deviation over time: ``(..., T, C)`` to ``(..., C, 4)``."""
    ordered = np.sort(signals, axis=-2)
    last = signals.shape[-2] - 1
    ranks = [ordered[..., round(share * last), :] for share in (0.1, 0.5, 0.9)]
    return np.stack([*ranks, signals.std(-2)], axis=-1)


def _together(sides: Array, centre: Array) -> Array:
    """The correlations of `PAIRS`: ``(..., len(PAIRS))``."""
    left, right = sides[..., 0::2], sides[..., 1::2]
    signals = np.concatenate([left, right, (left + right) / 2, centre], axis=-1)
    signals = signals - signals.mean(-2, keepdims=True)
    size = (signals * signals).mean(-2) + _STILL**2
    one, other = signals[..., _ONE], signals[..., _OTHER]
    return np.asarray((one * other).mean(-2) / np.sqrt(size[..., _ONE] * size[..., _OTHER]))


def _places(which: int) -> list[int]:
    """Where the signals of `PAIRS` are among those of the left, of the right, of both sides and of the centre."""
    names = (*(f"left {n}" for n in SIDED), *(f"right {n}" for n in SIDED), *SIDED, *CENTRAL)
    of_sides = {"both": ("left {}", "right {}")[which]}
    return [names.index(of_sides[a].format(b) if a in of_sides else (a, b)[which]) for a, b in PAIRS]


_ONE, _OTHER = _places(0), _places(1)
