"""Repetitions counted in real films against counts made by hand, with the exercise given or to be recognised.

python benchmarks/clips.py [--auto] [--clips ../shared/clips] [--model full] [--keypoints FOLDER]

Prints a line a film, then exact counts, counts within one and the mean absolute error over the films whose count is
certain and whose exercise is in the library, with n and a 95 % Wilson interval; then the uncertain ones, and what
is counted in the film without any exercise. With ``--auto`` nobody says what the exercise is, and how often it was
recognised is printed too. ``--keypoints`` keeps the keypoints there and uses them again.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

from intervals import wilson
from machine import machine

from poise import PoseSequence, open_estimator, review
from poise.body.formats import read_recording, write_recording
from poise.coach import AUTO, Counts, exercises
from poise.vision.follow import follow

#: How the exercises of the table are called in the library, first match first; None when it is not in it.
NAMES = {
    "bench press": None,
    "squat": "squat",
    "lunge": "lunge",
    "push-up": "push_up",
    "sit-up": "sit_up",
    "curl": "biceps_curl",
    "shoulder press": "shoulder_press",
    "front raise": "front_raise",
    "jumping jack": "jumping_jack",
    "deadlift": "deadlift",
}


@dataclass(frozen=True)
class Clip:
    """A film, its exercise as poise calls it, and how many repetitions were counted by hand."""

    path: Path
    exercise: str | None
    reps: int
    certain: bool
    negative: bool


def clips(folder: Path) -> list[Clip]:
    """The films of a folder, as its ``clips.csv`` describes them."""
    with (folder / "clips.csv").open(newline="") as table:
        return [
            Clip(
                path=folder / row["file"],
                exercise=next((name for word, name in NAMES.items() if word in row["exercise"]), None),
                reps=int(row["reps_hand_counted"]),
                certain=row["uncertain"] == "0",
                negative=row["exercise"].startswith("NEGATIVE"),
            )
            for row in csv.DictReader(table)
        ]


def poses_of(clip: Clip, model: str, keypoints: Path | None) -> PoseSequence:
    """The poses in a film, looked for or read from an earlier run."""
    saved = keypoints / f"{clip.path.stem}.{model}.npz" if keypoints else None
    if saved and saved.exists():
        return read_recording(saved)
    poses = follow(clip.path, lambda: open_estimator(model=model, people=2), workers=2).poses
    if saved:
        saved.parent.mkdir(parents=True, exist_ok=True)
        write_recording(saved, poses)
    return poses


def told(counts: Counts) -> str:
    """Counts in short."""
    return f"{counts.full:3d} full {counts.partial:2d} partial {counts.invalid:2d} invalid"


def summary(name: str, errors: list[int]) -> str:
    """Exact, within one and mean absolute error of a list of count errors."""
    n = len(errors)
    parts = [f"{name}: n = {n}"]
    for words, k in (("exact", errors.count(0)), ("within one", sum(abs(e) <= 1 for e in errors))):
        low, high = wilson(k, n)
        parts.append(f"{words} {k}/{n} = {k / n:.1%} [{low:.0%}, {high:.0%}]")
    return ", ".join([*parts, f"MAE {sum(map(abs, errors)) / n:.3f} reps"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--clips", type=Path, default=here.parent / "shared" / "clips")
    parser.add_argument("--model", default="full")
    parser.add_argument("--keypoints", type=Path)
    parser.add_argument("--auto", action="store_true")
    asked = parser.parse_args()
    if not (asked.clips / "clips.csv").exists():
        raise SystemExit(f"There is no {asked.clips / 'clips.csv'}; give the folder of films with --clips.")
    print(machine())
    films = clips(asked.clips)
    (unaided if asked.auto else given)([(clip, poses_of(clip, asked.model, asked.keypoints)) for clip in films])


def given(films: list[tuple[Clip, PoseSequence]]) -> None:
    """Count with the exercise given, and print."""
    certain: list[int] = []
    uncertain: list[int] = []
    for clip, poses in films:
        if clip.negative:
            for name in exercises():
                print(f"  {clip.path.stem:32s} {name:18s} {told(review(name, poses).counts)}")
        elif clip.exercise:
            counts = review(clip.exercise, poses).counts
            error = counts.full - clip.reps
            (certain if clip.certain else uncertain).append(error)
            mark = " " if error == 0 else "*"
            sure = "" if clip.certain else " (uncertain)"
            print(f"{mark} {clip.path.stem:32s} {clip.exercise:18s} {told(counts)}, by hand {clip.reps}{sure}")
        else:
            print(f"- {clip.path.stem:32s} not in the library")
    print(summary("certain", certain))
    print(summary("uncertain", uncertain))


def unaided(films: list[tuple[Clip, PoseSequence]]) -> None:
    """Recognise and count, and print."""
    certain: list[int] = []
    uncertain: list[int] = []
    right = known = 0
    for clip, poses in films:
        found = review(AUTO, poses)
        error = found.counts.full - clip.reps
        if clip.exercise:
            known += 1
            right += found.exercise == clip.exercise
            (certain if clip.certain else uncertain).append(error)
        wrong = clip.exercise is not None and (error or found.exercise != clip.exercise)
        sets = ", ".join(f"{one.counts.full} {one.exercise}" for one in found.sets)
        hand = (
            f"by hand {clip.reps} {clip.exercise or 'not in the library'}{'' if clip.certain else ' (uncertain)'}"
        )
        name = f"{found.exercise} ({found.confidence:.0%})"
        print(f"{'*' if wrong else ' '} {clip.path.stem:32s} {name:26s} {told(found.counts)}, {hand}; sets: {sets}")
    low, high = wilson(right, known)
    print(f"exercise right: {right}/{known} = {right / known:.1%} [{low:.0%}, {high:.0%}]")
    print(summary("certain", certain))
    print(summary("uncertain", uncertain))
    both = certain + uncertain
    print(summary("both", both))


if __name__ == "__main__":
    main()
