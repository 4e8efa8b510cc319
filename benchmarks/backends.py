"""Every backend on the same films and pictures: how right, how far from BlazePose full, at what cost.

python benchmarks/backends.py [BACKEND ...] [--films 12] [--keypoints FOLDER] [--runtimes [FILE ...]]

Of each backend in a process of its own, on one thread: OKS average precision and PCK on COCO's pictures;
repetitions counted in real films against counts by hand; how far joint angles, counts and faults are from
BlazePose full's; time, processor time and peak memory; the size of the files. Films are those whose count is
certain and whose exercise is in the library, the shortest first. ``--keypoints`` keeps keypoints there and uses
them again (their times are then those of the run that made them). ``--runtimes`` times each runtime on each model
file instead, and on any other that is named.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from clips import Clip, clips
from intervals import wilson
from machine import machine

from poise import PoseSequence, review
from poise.body import COCO17, Array, Pose
from poise.body.formats import read_recording, write_recording
from poise.coach import Hold, Rep, Review
from poise.coach.measures import MEASURES, Body
from poise.learn.keypoints.coco import read_coco, read_picture
from poise.learn.keypoints.oks import Found, Labelled, evaluate, similarity
from poise.sim.shipped import shipped
from poise.vision.estimators import PoseEstimator, open_estimator
from poise.vision.estimators.runtime import ORDER, open_network
from poise.vision.follow import follow
from poise.vision.frame import Frame
from poise.vision.weights import FOLDER_VARIABLE, ModelFile

SHARED = Path(__file__).resolve().parents[2] / "shared"
FILES = SHARED / "weights"
TOPDOWN = FILES / "ultralight_simplepose_256x192.onnx"

#: What each backend is opened with here, and the files it takes.
BACKENDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "blazepose": ({}, ("pose_landmarker_full.task",)),
    "movenet": ({}, ("movenet_single_pose_lightning_ptq.tflite",)),
    "posenet": ({}, ("posenet_mobilenet_v1_075_353_481_quant.tflite",)),
    "openpose": (
        {},
        ("human-pose-estimation-0001_FP16-INT8.xml", "human-pose-estimation-0001_FP16-INT8.bin"),
    ),
    "hrnet": ({"model": str(TOPDOWN), "trust": True}, ("yolox_nano.onnx", TOPDOWN.name)),
}

ANGLES = ("knee_flexion", "hip_flexion", "elbow_flexion")


def opened(backend: str, people: int) -> PoseEstimator:
    return open_estimator(backend, people=people, **BACKENDS[backend][0])


def on_coco(backend: str) -> dict[str, float]:
    """Average precision over COCO's pictures, each looked at once, and PCK of the annotated people."""
    folder = SHARED / "data" / "coco-mini"
    truth = read_coco(folder / "annotations" / "person_keypoints_val2017.json")
    found: list[Found] = []
    for image, name in truth.files.items():
        with opened(backend, 20) as eyes:
            (poses,) = eyes.estimate([Frame(read_picture(folder / "val2017" / name), 0.0)])
        found += [Found(image, _coco(pose), float(pose.score.mean())) for pose in poses]
    scores = evaluate(truth.people, found)
    right, labelled = pck(truth.trainable, found)
    return {"ap": scores.ap, "ap50": scores.ap50, "right": right, "labelled": labelled}


def _coco(pose: Pose) -> Array:
    """COCO's keypoints of a pose; what is missing lies at the mean of the others, as results must have a place."""
    places = PoseSequence.of([pose]).to(COCO17).points[0]
    return np.asarray(np.where(np.isnan(places), np.nanmean(places, axis=0), places))


def pck(people: Sequence[Labelled], found: Sequence[Found]) -> tuple[int, int]:
    """How many labelled keypoints, of all, lie within a tenth of the box's longer side in who is most similar."""
    right = labelled = 0
    for person in people:
        seen = person.keypoints[:, 2] > 0
        labelled += int(seen.sum())
        there = [one for one in found if one.image == person.image]
        if there:
            best = max(there, key=lambda one: similarity(person, one.keypoints))
            off = np.linalg.norm(best.keypoints - person.keypoints[:, :2], axis=1)
            right += int((off[seen] <= 0.1 * person.box[2:].max()).sum())
    return right, labelled


def poses_of(path: Path, backend: str, keypoints: Path) -> tuple[PoseSequence, float, float]:
    """The poses in a film, milliseconds of estimation and of the processor a frame; kept for the next time."""
    saved = keypoints / f"{path.stem}.{backend}.npz"
    cost = saved.with_suffix(".json")
    if not (saved.exists() and cost.exists()):
        saved.parent.mkdir(parents=True, exist_ok=True)
        cpu = -time.process_time()
        followed = follow(path, lambda: opened(backend, 2), workers=1)
        cpu += time.process_time()
        write_recording(saved, followed.poses)
        cost.write_text(json.dumps([followed.ms["pose"], 1e3 * cpu / len(followed.poses)]))
    ms, cpu_ms = json.loads(cost.read_text())
    return read_recording(saved), ms, cpu_ms


def chosen(count: int) -> list[Clip]:
    """The films to look at, the shortest first."""
    films = [c for c in clips(SHARED / "clips") if c.exercise and c.certain and not c.negative]
    return sorted(films, key=lambda c: c.path.stat().st_size)[:count]


def one(backend: str, films: int, keypoints: Path) -> None:
    """Look at everything with one backend, and leave a line of JSON."""
    counted = {}
    for clip in chosen(films):
        poses, ms, cpu = poses_of(clip.path, backend, keypoints)
        assert clip.exercise
        counted[clip.path.stem] = [review(clip.exercise, poses).counts.full, clip.reps, ms, cpu, len(poses)]
    squat = next(clip for clip in shipped() if clip.name == "squat")
    counts = review("squat", poses_of(squat.path, backend, keypoints)[0]).counts
    answer = {
        "coco": on_coco(backend),
        "films": counted,
        "squat": [counts.full, counts.partial],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "mb": sum((FILES / name).stat().st_size for name in BACKENDS[backend][1]) / 1e6,
    }
    print(json.dumps(answer))


def angles_apart(ours: PoseSequence, theirs: PoseSequence) -> Array:
    """Differences of joint angles in the picture, degrees, of keypoints both saw."""
    off = []
    for name in ANGLES:
        values = []
        for poses in (ours, theirs):
            seen = np.where(poses.score[..., None] >= 0.5, poses.points, np.nan)
            t = len(poses)
            shown = PoseSequence(poses.skeleton, poses.t, seen, poses.score)
            values.append(MEASURES[name].each(Body(shown, np.ones(t), np.full(t, 90.0), np.ones(t))))
        off.append(np.abs(values[0] - values[1]).ravel())
    both = np.concatenate(off)
    return np.asarray(both[np.isfinite(both)])


def faults(found: Review) -> set[tuple[str, str]]:
    """The faults of a film and what was fine, by name: what is said of most repetitions."""
    said: dict[str, list[str]] = {}
    judged: list[Rep | Hold] = [*found.reps, *found.holds]
    for event in judged:
        for fault in event.faults:
            if fault.state in ("fault", "ok"):
                said.setdefault(fault.name, []).append(fault.state)
    return {(name, max(set(states), key=states.count)) for name, states in said.items()}


def tell(backend: str, answer: dict[str, Any], films: int, keypoints: Path) -> None:
    """Print what came of one backend."""
    rows = answer["films"]
    errors = [full - hand for full, hand, *_ in rows.values()]
    n, exact = len(errors), errors.count(0)
    low, high = wilson(exact, n)
    frames = np.array([row[4] for row in rows.values()], dtype=float)
    ms, cpu = (float(np.average([row[i] for row in rows.values()], weights=frames)) for i in (2, 3))
    coco = answer["coco"]
    right = wilson(coco["right"], coco["labelled"])
    print(
        f"\n{backend}: OKS AP {coco['ap']:.3f}, AP50 {coco['ap50']:.3f}, PCK "
        f"{coco['right'] / coco['labelled']:.3f} [{right[0]:.2f}, {right[1]:.2f}] of {coco['labelled']} keypoints"
    )
    print(
        f"  films exact {exact}/{n} [{low:.0%}, {high:.0%}], within one {sum(abs(e) <= 1 for e in errors)}/{n}, "
        f"MAE {np.abs(errors).mean():.2f}; shipped squats {answer['squat'][0]} full {answer['squat'][1]} partial"
    )
    print(
        f"  {ms:.1f} ms a frame, {cpu:.1f} ms of the processor with decoding (n = {frames.sum():.0f} frames), "
        f"peak {answer['peak_mb']:.0f} MB, files {answer['mb']:.1f} MB"
    )
    print("  " + ", ".join(f"{name} {row[0]}/{row[1]}" for name, row in rows.items()))
    if backend == "blazepose":
        return
    off, same, said, counts = [], 0, 0, 0
    for clip in chosen(films):
        assert clip.exercise
        ours, theirs = (poses_of(clip.path, name, keypoints)[0] for name in (backend, "blazepose"))
        off.append(angles_apart(ours, theirs))
        mine, reference = review(clip.exercise, ours), review(clip.exercise, theirs)
        counts += mine.counts.full == reference.counts.full
        both = {name for name, _ in faults(mine)} & {name for name, _ in faults(reference)}
        said += len(both)
        same += sum((name, state) in faults(reference) for name, state in faults(mine) if name in both)
    degrees = np.concatenate(off)
    print(
        f"  against BlazePose full: angles {np.median(degrees):.1f} deg at the median, "
        f"{np.percentile(degrees, 90):.1f} at the 90th percentile (n = {len(degrees)}), "
        f"same count in {counts}/{n}, same verdict in {same} of {said} said by both"
    )


def runtimes(others: Sequence[Path]) -> None:
    """Time every runtime on every model file it can run, and on others."""
    names = {name for _, files in BACKENDS.values() for name in files if not name.endswith((".bin", ".task"))}
    for path in [*(FILES / name for name in sorted(names)), *others]:
        parameters = path.with_suffix(".bin").read_bytes() if path.suffix == ".xml" else b""
        file = ModelFile(path.read_bytes(), parameters)
        line = []
        for runtime in ORDER[file.kind]:
            network = open_network(file, runtime=runtime)
            given = np.random.default_rng(0).integers(0, 255, network.given.shape).astype(np.float32)
            took = []
            for _ in range(60):
                began = time.perf_counter()
                network.run(given)
                took.append(1e3 * (time.perf_counter() - began))
            quick = np.percentile(took, (25, 50, 75))
            line.append(f"{runtime} {quick[1]:.2f} ms (quartiles {quick[0]:.2f} to {quick[2]:.2f})")
        print(f"{path.name}: {', '.join(line)}, n = 60 runs on one thread")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backends", nargs="*", default=list(BACKENDS))
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--keypoints", type=Path, default=Path("build") / "backends")
    parser.add_argument("--runtimes", type=Path, nargs="*", metavar="FILE")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ[FOLDER_VARIABLE] = str(FILES)
    if asked.one:
        one(asked.one, asked.films, asked.keypoints)
        return
    print(machine())
    if asked.runtimes is not None:
        runtimes(asked.runtimes)
        return
    for backend in asked.backends:
        given = [sys.executable, __file__, "--one", backend]
        given += ["--films", str(asked.films), "--keypoints", str(asked.keypoints)]
        done = subprocess.run(given, stdout=subprocess.PIPE, text=True, check=True)
        tell(backend, json.loads(done.stdout.splitlines()[-1]), asked.films, asked.keypoints)


if __name__ == "__main__":
    main()
