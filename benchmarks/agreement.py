"""How far BlazePose in poise is from MediaPipe's own runtimes, on the same frames.

python benchmarks/agreement.py [FILM] [--model full] [--frames 400] [--every 1] [--keep FILE]

Prints the distance of each keypoint in each frame in which both see somebody, in percent of the median torso
length: median, mean and 95th percentile, with n; and in how many frames only one of them sees somebody. ``--keep``
stores what the older interface sees, unsmoothed: so was made what the tests hold poise to, of the shipped squat,
with ``--frames 20 --every 3``.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import machine
from peers import LEGACY, SHARED, TASKS, Contender, Frames, Running, frames_of, task_file

from poise.body import BLAZEPOSE33, Array
from poise.body.geometry import distance


def track(contender: Contender, frames: Frames) -> Array:
    """What a contender sees: ``(T, 33, 2)`` pixels, NaN where nobody."""
    with TemporaryDirectory() as folder:
        running = Running(contender)
        running.do("track", *frames.given, f"{folder}/track.npz")
        running.close()
        with np.load(f"{folder}/track.npz") as stored:
            points: Array = stored["points"]
    return points


def torso(points: Array) -> float:
    """The median distance from mid shoulder to mid hip, pixels."""
    middle = {
        part: (points[:, BLAZEPOSE33.index(f"left_{part}")] + points[:, BLAZEPOSE33.index(f"right_{part}")]) / 2
        for part in ("shoulder", "hip")
    }
    return float(np.nanmedian(distance(middle["shoulder"], middle["hip"])))


def compare(label: str, ours: Array, theirs: Array) -> None:
    """Print a line of distances."""
    seen, seen_too = np.isfinite(ours[:, 0, 0]), np.isfinite(theirs[:, 0, 0])
    both = seen & seen_too
    off = 100 * distance(ours[both], theirs[both]) / torso(theirs)
    print(
        f"{label:36s} median {np.median(off):5.2f}  mean {off.mean():5.2f}  p95 {np.percentile(off, 95):5.2f}  "
        f"n = {off.size} keypoints in {both.sum()} frames; seen by one only: {(seen & ~seen_too).sum()} here, "
        f"{(seen_too & ~seen).sum()} there"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?", default=SHARED / "clips" / "mrpose_squat.mp4")
    parser.add_argument("--model", default="full", choices=("lite", "full"))
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()

    print(machine())
    print(f"{asked.film.name}, BlazePose {asked.model}; percent of torso length")
    with frames_of(asked.film, asked.frames, asked.every) as frames:
        raw, smooth = (Contender("poise", "poise", asked.model, (f"smooth={flag}",)) for flag in (0, 1))
        pairs = [
            (raw, Contender(f"{LEGACY}, unsmoothed both", "legacy", asked.model, ("smooth=0",), LEGACY)),
            (smooth, Contender(f"{LEGACY}, smoothed both", "legacy", asked.model, (), LEGACY)),
            (smooth, Contender(f"{TASKS}, smoothed both", "tasks", task_file(asked.model), (), TASKS)),
            (raw, Contender(f"{TASKS}, smoothed there", "tasks", task_file(asked.model), (), TASKS)),
        ]
        for ours, theirs in pairs:
            seen = track(theirs, frames)
            compare(theirs.label, track(ours, frames), seen)
            if asked.keep and theirs is pairs[0][1]:
                sha256 = hashlib.sha256(asked.film.read_bytes()).hexdigest()
                np.savez_compressed(asked.keep, points=seen.astype(np.float32), every=asked.every, film=sha256)


if __name__ == "__main__":
    main()
