"""The rules of form against what people labelled, and the angles of three models against each other.

python benchmarks/form_real.py labelled | clips | agreement [--data ../shared/data] [--clips ../shared/clips]

labelled   single frames of Exercise-Correction, the view and size of the body found as the coach does: curl
           lean-back against its limit, planks (fine, low, high) against the limits about ten frames of the
           recording's own and about the neutral of most people. A recording lasts until the body is elsewhere in
           the picture. The frames are shares of a picture of unknown shape: 16:9 is taken (for planks 4:3 too)
clips      Pose Trainer's clips, good or bad by their name: bad is what a rule calls a fault on some repetition.
           What OpenPose found at all counts as seen: of a side view it scores hips 0.1 to 0.5
agreement  the shown angle of BlazePose lite and heavy against full, in real films

The limits were chosen with the labelled frames and the clips in sight: expect a little less elsewhere.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from clips import NAMES
from intervals import wilson
from machine import machine

from poise import open_estimator, review
from poise.body import BLAZEPOSE33, OPENPOSE18, Array, PoseSequence
from poise.coach import load_exercise
from poise.coach.form import judge, neutral_of
from poise.coach.measures import find_measure
from poise.coach.stretch import Judged, Stretch
from poise.coach.view import Scale, ViewTracker
from poise.vision.follow import follow

WIDE, TALL = (1280, 720), (960, 720)
NEUTRAL_FRAMES = 10
#: Frames a second of what does not tell.
RATE = 30
PLANKS = ("plank_dataset4", "plank_bad_low_back", "plank_bad_high_hip", "plank_dataset2")
#: What a clip of the wrong form is told by.
FORM = {"bicep": "biceps_curl", "frontraise": "front_raise"}


def share(n: int, of: int) -> str:
    low, high = wilson(n, of)
    return f"{n} of {of}, {100 * n / max(of, 1):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def frames(file: Path, size: tuple[int, int]) -> tuple[list[str], PoseSequence]:
    """Labels and poses of a file of single frames."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        head, *rows = csv.reader(text)
    values = np.array([row[1:] for row in rows], dtype=float).reshape(len(rows), -1, 4)
    space = np.full((len(rows), len(BLAZEPOSE33), 3), np.nan)
    score = np.zeros(space.shape[:2])
    for i, name in enumerate(column.removesuffix("_x") for column in head[1::4]):
        space[:, BLAZEPOSE33.index(name)] = values[:, i, :3] * (size[0], size[1], size[0])  # depth as x is
        score[:, BLAZEPOSE33.index(name)] = values[:, i, 3]
    t = np.arange(len(rows)) / RATE
    return [row[0] for row in rows], PoseSequence(BLAZEPOSE33, t, space[..., :2], score, space, size)


def judgeable(poses: PoseSequence) -> list[Judged]:
    """Frames of one recording as the coach comes to see them: how large the body is, and from where it is seen."""
    scale, view = Scale(), ViewTracker()
    looked = ((pose, scale.update(pose)) for pose in poses)
    return [Judged(pose, size, view.update(pose, size)) for pose, size in looked]


def recordings(labels: Sequence[str], poses: PoseSequence) -> Iterator[tuple[Array, list[Judged]]]:
    """The stretches of frames in which somebody stays where he is, whatever the label: labels and frames."""
    girdles = (poses.at("mid_hip") + poses.at("mid_shoulder")) / 2
    jumps = np.flatnonzero(np.hypot(*np.diff(girdles, axis=0).T) > 0.2 * _torso(poses)) + 1
    for part in np.split(np.arange(len(labels)), jumps):
        if len(part):
            yield np.array(labels)[part], judgeable(poses[part[0] : part[-1] + 1])


def _torso(poses: PoseSequence) -> float:
    return float(np.median(np.linalg.norm(poses.at("mid_shoulder") - poses.at("mid_hip"), axis=-1)))


def curls(data: Path) -> None:
    """Curl lean-back, frame by frame, about the neutral of most people; from the front it cannot be measured."""
    rule = next(rule for rule in load_exercise("biceps_curl").fault if rule.name == "lean_back")
    told: Counter[tuple[str, str]] = Counter()
    right = 0
    labels, poses = frames(data / "exercise-correction/history/bicep_train_prev_5434rows.csv.gz", WIDE)
    for names, judged in recordings(labels, poses):
        for name, one in zip(names, judged, strict=True):
            verdict = judge(rule, Stretch.of([one], one.pose.t), None)
            told[name, verdict.state] += 1
            right += (verdict.probability > 0.5) == (name == "L") and verdict.state != "not_observable"
    n = sum(count for (_, state), count in told.items() if state != "not_observable")
    print(f"curl lean-back, where it can be judged: {share(right, n)} on the right side of the limit")
    said = {name: told[name, "fault"] + told[name, "ok"] for name in "CL"}
    true = told["C", "ok"] + told["L", "fault"]
    print(f"  where poise speaks: {share(true, sum(said.values()))}")
    for name, words in (("C", "fine"), ("L", "leaning back")):
        states = {state: told[name, state] for state in ("fault", "unsure", "ok", "not_observable")}
        print(f"  {words:14s}" + "".join(f" {state} {n}" for state, n in states.items()))


def planks(data: Path) -> None:
    """Planks, frame by frame, about the neutral of most people, and about ten frames of the recording's own."""
    rules = {rule.name: rule for rule in load_exercise("plank").fault}
    sag, pike = rules["hip_sag"], rules["hip_pike"]
    usual = neutral_of(sag, None, "left")[0]
    for size in (WIDE, TALL):
        all_right: Counter[str] = Counter()
        total = owned = 0
        for file in PLANKS:
            labels, poses = frames(data / f"exercise-correction/history/{file}.csv.gz", size)
            right: Counter[str] = Counter()
            n = 0
            for names, judged in recordings(labels, poses):
                whole = Stretch.of(judged, 0.0)
                values = sag.quantity.each(whole.body)[sag.quantity.scores(whole.body).mean(-1).argmax()]
                fine = np.flatnonzero(names == "C")[:NEUTRAL_FRAMES]
                own = float(np.median(values[fine])) if len(fine) == NEUTRAL_FRAMES else usual
                rest = np.setdiff1d(np.arange(len(names)), fine if own != usual else [])
                n, owned = n + len(rest), owned + len(rest) * (own != usual)
                for whose, neutral in (("own", own), ("most people's", usual)):
                    off = values[rest] - neutral
                    called = np.where(off > sag.limit, "L", np.where(off < pike.limit, "H", "C"))
                    right[whose] += int((called == names[rest]).sum())
            total, all_right = total + n, all_right + right
            told = ", ".join(f"{whose} {share(count, n)}" for whose, count in right.items())
            print(f"  {size[0]}x{size[1]} {file:20s} {told}")
        for whose, count in all_right.items():
            print(f"plank at {size[0]}x{size[1]}, neutral {whose} ({owned} have one): {share(count, total)}")


def clips(data: Path) -> None:
    """Good and bad clips, each a few repetitions, as OpenPose saw them."""
    for folder, exercise in FORM.items():
        right = total = 0
        lines = []
        for file in sorted((data / "pose-trainer" / folder).glob("*.npy")):
            seen = np.load(file, allow_pickle=False)
            points = np.where(seen[..., 2:] > 0, seen[..., :2], np.nan)
            score = 1.0 * (seen[..., 2] > 0)
            told = review(exercise, PoseSequence(OPENPOSE18, np.arange(len(seen)) / RATE, points, score))
            faults = {f.name for rep in told.reps for f in rep.faults if f.state == "fault"}
            bad = "_bad_" in file.name
            right, total = right + (bool(faults) == bad), total + 1
            n = told.counts.full + told.counts.partial
            said = ", ".join(sorted(faults)) or "no fault"
            lines.append(f"  {'bad' if bad else 'good':5s} {n} repetitions, {said}")
        print(f"{exercise}: {share(right, total)} of the clips")
        for line, n in sorted(Counter(lines).items()):
            print(f"{line} ({n} clips)")


def agreement(folder: Path, seconds: float) -> None:
    """The shown angles of lite and heavy against full."""
    off: dict[str, list[Array]] = {"lite": [], "heavy": []}
    with (folder / "clips.csv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        exercise = next((name for start, name in NAMES.items() if start in row["exercise"]), None)
        if exercise is None or float(row["seconds"]) > 12:
            continue
        angles = {
            model: angle(folder / row["file"], model, exercise, seconds) for model in ("lite", "full", "heavy")
        }
        for model, differences in off.items():
            n = min(len(angles[model]), len(angles["full"]))
            differences.append(angles[model][:n] - angles["full"][:n])
            known = differences[-1][np.isfinite(differences[-1])]
            print(f"  {row['file']:36s} {exercise:15s} {model:6s} {_spread(known)}")
    for model, differences in off.items():
        known = np.concatenate(differences)
        print(f"{model} against full: {_spread(known[np.isfinite(known)])}")


def angle(film: Path, model: str, exercise: str, seconds: float) -> Array:
    """The exercise's shown angle in a film, on the side seen best, degrees."""
    poses = follow(film, lambda: open_estimator("blazepose", model=model), workers=1, end=seconds).poses
    measure = find_measure(load_exercise(exercise).angle)
    return measure.value(Stretch.of(judgeable(poses), 0.0).body)


def _spread(off: Array) -> str:
    if not len(off):
        return "nothing seen"
    low, high = np.quantile(off, (0.025, 0.975))
    middle, mean = np.median(off), np.abs(off).mean()
    return f"n = {len(off)}, median {middle:+.1f}, mean absolute {mean:.1f}, 95 % {low:+.1f} to {high:+.1f} deg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("labelled", "clips", "agreement"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", type=Path, default=Path("../shared/clips"))
    parser.add_argument("--seconds", type=float, default=4.0, help="how much of each film is compared")
    asked = parser.parse_args()

    print(machine())
    if asked.what == "labelled":
        curls(asked.data)
        planks(asked.data)
    elif asked.what == "clips":
        clips(asked.data)
    else:
        agreement(asked.clips, asked.seconds)


if __name__ == "__main__":
    main()
