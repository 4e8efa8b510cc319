"""Repetitions of anything counted in RepCount's videos, live and recorded, against the annotations.

python benchmarks/repcount.py [--data ../shared/data/repcount-blazepose] [--videos]

Every video goes through the public machine twice: pose by pose (``Coach("any")``, causal: what is counted at the
end was counted from the past alone) and as a recording (``review("any", poses)``). The exercise is not given.
Prints mean absolute error as a share of the count (MAE), the share of counts within one (OBO) and exact (OBZ) with
bootstrap 95 % intervals over videos, F1 of the repetitions at an overlap (IoU) of 0.5, how late a repetition is
counted after its annotated end, the same by class, and milliseconds a pose. ``--videos`` adds a line a video.

The tracks are BlazePose's, but their authors stretched every frame so that x and y each go from 0 to 1 over the
body: lengths and angles are lost. Here they are laid out in a square picture; nothing else is done to them. Columns
other than the 33 keypoints are left alone, and annotations are looked at only when the counting is over.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine

from poise import PoseSequence, review
from poise.body import BLAZEPOSE33, Array
from poise.coach import ANY, Coach, Rep

#: Pixels that the body of every frame is wide and high.
SQUARE = 400.0
#: RepCount's classes, which it spells in several ways.
CLASSES = {
    "bench": "bench press",
    "front": "front raise",
    "jump": "jumping jack",
    "pommel": "pommel horse",
    "pull": "pull up",
    "push": "push up",
    "sit": "sit up",
    "squ": "squat",
}
#: The least overlap of a counted repetition and an annotated one, intersection over union.
OVERLAP = 0.5
#: How often videos are drawn again for the intervals.
DRAWS = 10_000

Span = tuple[float, float]


@dataclass(frozen=True)
class Video:
    """A video: its class, its poses, its count and the annotated repetitions, seconds."""

    name: str
    kind: str
    poses: PoseSequence
    count: int
    reps: tuple[Span, ...]


@dataclass(frozen=True)
class Outcome:
    """What was counted in a video, one way."""

    video: Video
    count: int
    matched: int
    told: int
    late: tuple[float, ...]
    seconds: float


def videos(folder: Path) -> Iterator[Video]:
    """The videos of a folder, as ``dev.csv`` and ``dev_fps.csv`` describe them."""
    with (folder / "dev_fps.csv").open(newline="") as table:
        rates = {row["name"]: float(row["fps"]) for row in csv.DictReader(table)}
    with (folder / "dev.csv").open(newline="") as table, np.load(folder / "dev_poses_f16.npz") as tracks:
        for row in csv.DictReader(table):
            name, rate = row["name"], rates[row["name"]]
            marks = [int(value) / rate for column, value in row.items() if column[0] == "L" and value]
            yield Video(
                name=Path(name).stem,
                kind=next(words for start, words in CLASSES.items() if row["type"].startswith(start)),
                poses=laid_out(tracks[Path(name).stem], rate),
                count=int(row["count"]),
                reps=tuple(zip(marks[::2], marks[1::2], strict=True)),
            )


def laid_out(track: Array, rate: float) -> PoseSequence:
    """A track ``(T, 104)`` as poses in a square picture; frames without a detection, all 0, are unseen."""
    points = track[:, :99].reshape(len(track), 33, 3)[..., :2].astype(np.float64) * SQUARE
    seen = np.broadcast_to((track != 0).any(1)[:, None], points.shape[:2])
    points[~seen] = np.nan
    return PoseSequence(BLAZEPOSE33, np.arange(len(track)) / rate, points, seen.astype(np.float64))


def streamed(video: Video) -> Outcome:
    """What is counted while the poses come, and when."""
    began = time.perf_counter()
    coach = Coach(ANY)
    told: list[tuple[Rep, float]] = []
    for pose in video.poses:
        told += [(event, pose.t) for event in coach.update(pose).events if isinstance(event, Rep)]
    told += [(event, float(video.poses.t[-1])) for event in coach.finish() if isinstance(event, Rep)]
    took = time.perf_counter() - began
    full = [(rep, t) for rep, t in told if rep.kind == "full"]
    pairs = matches([(rep.start, rep.end) for rep, _ in full], video.reps)
    late = tuple(full[i][1] - video.reps[j][1] for i, j in pairs)
    return Outcome(video, coach.counts.full, len(pairs), len(full), late, took)


def recorded(video: Video) -> Outcome:
    """What is counted once the whole recording is there."""
    began = time.perf_counter()
    reviewed = review(ANY, video.poses)
    took = time.perf_counter() - began
    full = [(rep.start, rep.end) for rep in reviewed.reps if rep.kind == "full"]
    return Outcome(video, reviewed.counts.full, len(matches(full, video.reps)), len(full), (), took)


def matches(counted: list[Span], annotated: tuple[Span, ...]) -> list[tuple[int, int]]:
    """Pairs of counted and annotated repetitions that overlap enough, best first, each in one pair at most."""
    overlaps = sorted(
        ((overlap(a, b), i, j) for i, a in enumerate(counted) for j, b in enumerate(annotated)), reverse=True
    )
    pairs: list[tuple[int, int]] = []
    for share, i, j in overlaps:
        if share < OVERLAP:
            break
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return pairs


def overlap(a: Span, b: Span) -> float:
    """Intersection over union of two stretches of time."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return max(0.0, shared) / max(max(a[1], b[1]) - min(a[0], b[0]), 1e-9)


def summary(outcomes: list[Outcome]) -> list[str]:
    """MAE, OBO and OBZ with their intervals, F1 and lateness."""
    truth = np.array([o.video.count for o in outcomes], dtype=np.float64)
    off = np.abs(np.array([o.count for o in outcomes]) - truth)
    drawn = np.random.default_rng(0).integers(0, len(off), (DRAWS, len(off)))
    lines = []
    for name, values in (("MAE", off / truth), ("OBO", off <= 1), ("OBZ", off == 0)):
        low, high = np.percentile(values[drawn].mean(1), (2.5, 97.5))
        lines.append(f"{name} {values.mean():.3f} [{low:.3f}, {high:.3f}]")
    lines.append(f"F1 {f1(outcomes):.3f}")
    late = [seconds for o in outcomes for seconds in o.late]
    if late:
        median, p95 = np.percentile(late, (50, 95))
        lines.append(
            f"counted {median:+.2f} s (median), {p95:+.2f} s (95 % of {len(late)}) after the annotated end"
        )
    return lines


def f1(outcomes: list[Outcome]) -> float:
    """F1 of the repetitions of several videos together."""
    matched = sum(o.matched for o in outcomes)
    return 2 * matched / max(1, sum(o.told + len(o.video.reps) for o in outcomes))


def by_class(outcomes: list[Outcome]) -> None:
    """A line a class."""
    for kind in CLASSES.values():
        of = [o for o in outcomes if o.video.kind == kind]
        if of:
            off = np.array([abs(o.count - o.video.count) for o in of])
            share = float(np.mean(off / np.array([o.video.count for o in of])))
            print(
                f"  {kind:13s} n = {len(of):2d}  MAE {share:.3f}  OBO {np.mean(off <= 1):.3f}"
                f"  OBZ {np.mean(off == 0):.3f}  F1 {f1(of):.3f}"
            )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--data", type=Path, default=here.parent / "shared" / "data" / "repcount-blazepose")
    parser.add_argument("--videos", action="store_true", help="print a line a video")
    asked = parser.parse_args()
    if not (asked.data / "dev.csv").exists():
        raise SystemExit(f"There is no {asked.data / 'dev.csv'}; give the folder of tracks with --data.")
    print(machine())
    for name, way in (("causal", streamed), ("recorded", recorded)):
        outcomes = [way(video) for video in videos(asked.data)]
        poses = sum(len(o.video.poses) for o in outcomes)
        spent = 1000 * sum(o.seconds for o in outcomes) / poses
        print(f"{name}: n = {len(outcomes)}, {', '.join(summary(outcomes))}; {spent:.3f} ms a pose")
        by_class(outcomes)
        for o in outcomes if asked.videos else ():
            mark = " " if o.count == o.video.count else "*" if abs(o.count - o.video.count) > 1 else "~"
            print(
                f"  {mark} {o.video.name:12s} {o.video.kind:13s} counted {o.count:3d}, annotated {o.video.count:3d}"
            )


if __name__ == "__main__":
    main()
