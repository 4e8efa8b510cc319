"""Pictures of simulated people with exact keypoints, laid out as COCO lays out its own. Needs ``poise[render]``.

Every person is another: body, exercise, moment, camera and colours are drawn at random from a seed and the person's
number, so two seeds never share somebody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from poise.body import COCO17, Array
from poise.sim import MOVES, Camera, Performance, film_poses
from poise.sim.render import Look, draw

#: The longer side of the pictures, pixels.
SIDE = 288
#: What share of its keypoints' box a body's outline fills (COCO's people: about half).
_OUTLINE = 0.53
#: Below this score a keypoint is hidden behind the body.
_HIDDEN = 0.9

#: Told how many of how many people are drawn.
Progress = Callable[[int, int], None]


def render(folder: Path, count: int, seed: int, progress: Progress | None = None, processes: int = 1) -> Path:
    """Draw people into a folder and write ``person_keypoints.json`` beside them; pictures that are there are kept.

    Args:
        folder: where to.
        count: how many people, one a picture.
        seed: of them all.
        progress: told as they are drawn.
        processes: how many draw side by side.

    """
    folder.mkdir(parents=True, exist_ok=True)
    one = partial(_drawn, folder, seed)
    annotations = []
    with ProcessPoolExecutor(processes) as pool:
        for row in pool.map(one, range(count)) if processes > 1 else map(one, range(count)):
            annotations.append(row)
            if progress:
                progress(len(annotations), count)
    said = {
        "images": [{"id": row["image_id"], "file_name": _name(row["image_id"])} for row in annotations],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.keypoints)}],
    }
    path = folder / "person_keypoints.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def _name(number: int) -> str:
    return f"{number:06d}.jpg"


def _drawn(folder: Path, seed: int, number: int) -> dict[str, Any]:
    """Draw one person, unless the picture is there; what is annotated of them."""
    rng = np.random.default_rng((seed, number))
    names = sorted(MOVES)
    performance = Performance.random(names[int(rng.integers(len(names)))], rng, reps=1)
    t = float(rng.uniform(0.0, performance.seconds))
    camera = _camera(rng, performance.joints(np.array([t]))[0])
    look = _look(rng)
    path = folder / _name(number)
    if not path.exists():
        picture = Image.fromarray(draw(performance, camera, t, look, samples=1))
        picture.save(path, quality=int(rng.integers(70, 95)))
    poses = film_poses(performance, camera, t=np.array([t])).to(COCO17)
    return _annotation(number, poses.points[0], poses.score[0], camera.size)


def _camera(rng: np.random.Generator, joints: Array) -> Camera:
    """Any camera, that sees about all of the body; small pictures."""
    any_one = Camera.random(rng)
    width, height = any_one.size
    scale = SIDE / max(width, height)
    small = Camera(
        yaw=any_one.yaw,
        distance=any_one.distance,
        height=any_one.height,
        roll=any_one.roll,
        fov=any_one.fov,
        size=(round(width * scale), round(height * scale)),
    )
    framed = small.framing(joints, fill=float(rng.uniform(0.55, 0.95)))
    return framed.aimed(rng.normal(0.0, 0.06, 3))


def _look(rng: np.random.Generator) -> Look:
    """Colours of anybody: skin from dark to light, clothes of any colour."""
    skin = rng.uniform(0.08, 0.75) * np.array([1.0, rng.uniform(0.5, 0.7), rng.uniform(0.3, 0.55)])
    others = rng.uniform(0.01, 0.7, (4, 3)) ** 1.5
    parts = [tuple(float(v) for v in colour) for colour in (skin, *others)]
    return Look(*((r, g, b) for r, g, b in parts))


def _annotation(number: int, points: Array, score: Array, size: tuple[int, int]) -> dict[str, Any]:
    inside: NDArray[np.bool_] = np.asarray(((points >= 0) & (points < np.array(size))).all(1))  # and no NaN
    seen = np.where(inside, np.where(score >= _HIDDEN, 2, 1), 0)
    places = np.where(inside[:, None], points, 0.0)
    low, high = points[inside].min(0), points[inside].max(0)
    margin = 0.08 * (high - low).max()
    low, high = np.maximum(low - margin, 0), np.minimum(high + margin, size)
    width, height = (high - low).tolist()
    return {
        "id": number,
        "image_id": number,
        "category_id": 1,
        "iscrowd": 0,
        "keypoints": np.column_stack([places.round(2), seen]).ravel().tolist(),
        "num_keypoints": int(inside.sum()),
        "bbox": [float(low[0]), float(low[1]), width, height],
        "area": _OUTLINE * width * height,
    }
