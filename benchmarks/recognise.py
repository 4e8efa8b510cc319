"""Which exercise it is, from simulation alone: in RepCount's videos and in real films, beside DeepFit's network.

python benchmarks/recognise.py [--data ../shared/data/repcount-blazepose] [--clips ../shared/clips]
                               [--keypoints FOLDER] [--model full] [--lines]
                               [--network FILE] [--simulated]

RepCount: of the classes that RepCount and poise share, every video goes through the coach's smoothing and, pose by
pose, through the `Recogniser`. A *window* is one look of it at 3 seconds, three quarters of which lie within
annotated repetitions; it is right when the likeliest of all classes (15 exercises, rest, unknown) is: by the
network alone, and by what the recogniser believes once it has held that against the windows before (causal). A
*video* is right when the mean of its windows is; *said* is what the recogniser said for the longest time, and the
delay is from the first annotated repetition to saying it. DeepFit's network answers frame by frame among its ten
exercises, the most frequent answer counts. Of the videos of other classes the share that is given a name is told.
RepCount's "front raise" is not among the shared classes: lateral raises, presses, rows and curls are labelled so.
Where the film of a video is there as well (``esc_NAME``), poise follows it itself; how many videos are right with
these poses in place of the data set's is told beside.

Films: what was said for the longest time is right when it is the exercise; the same for DeepFit.

``--network`` judges another training than the one that ships. ``--simulated`` takes simulated people instead, whom
no training has seen, three from each of eight sides: of each exercise, how often it was said for the longest time
and what else was said; of idling and of movements that have no name in the library, how often no exercise was said.

The tracks of RepCount are stretched so that every frame fills the unit cube. `unstretched` undoes that without
looking at labels: bones keep their length, which gives the three stretches of a frame by least squares.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from pathlib import Path

import clips as films
import numpy as np
import repcount
from intervals import wilson
from machine import machine

from poise import Pose, PoseSequence
from poise.body import BLAZEPOSE33, Array
from poise.coach import ANY, Coach, exercises
from poise.coach.descriptor import KEYPOINTS, RATE, SAMPLES
from poise.coach.network import Network
from poise.coach.recognise import MODEL, REST, UNKNOWN, Recogniser
from poise.coach.stretch import Judged
from poise.learn import deepfit
from poise.sim import MOVES, Body, Camera, Noise, film_poses, perform
from poise.sim.moves.others import OTHERS

#: RepCount's classes that poise knows, as poise calls them.
SHARED = {"jumping jack": "jumping_jack", "push up": "push_up", "sit up": "sit_up", "squat": "squat"}
#: Classes of RepCount that poise does not know.
FOREIGN = ("bench press", "pommel horse", "pull up")
#: What simulated people do between exercises.
IDLE = ("standing", "walking", "fidgeting", "stooping")
#: How many simulated people do something, from each side.
PEOPLE = 3
#: What the names of films that are RepCount's videos begin with.
OF_REPCOUNT = "esc_"
#: The least share of a window that annotated repetitions cover.
INSIDE = 0.75
#: Pixels of a torso in an unstretched track.
TORSO = 100.0
#: How often the stretch of a track is solved for, in how many steps, and how much a body's own proportions count in
#: all but the first. They bring films back best (`restored`).
ROUNDS, STEPS, OWN = 4, 120, 0.8
#: Bones and their usual length in torsos (fractions of stature after Drillis & Contini).
_BONES = (
    ("mid_shoulder", "mid_hip", 1.0),
    ("left_shoulder", "right_shoulder", 0.74),
    ("left_hip", "right_hip", 0.40),
    *(
        (f"{side}_{a}", f"{side}_{b}", length)
        for side in ("left", "right")
        for a, b, length in (
            ("shoulder", "hip", 1.02),
            ("shoulder", "elbow", 0.62),
            ("elbow", "wrist", 0.54),
            ("hip", "knee", 0.84),
            ("knee", "ankle", 0.86),
        )
    ),
)
_FEET = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("ankle", "heel", "foot_index"))
#: How often videos are drawn again for the interval of windows, which are not independent of each other.
DRAWS = 2000


@dataclass
class Answers:
    """What was said of one recording; windows and frames only where they lie within ``reps``."""

    reps: tuple[repcount.Span, ...]
    windows: list[Array] = field(default_factory=list)
    beliefs: list[Array] = field(default_factory=list)
    deepfit: Counter[str] = field(default_factory=Counter)
    said: list[tuple[float, str, float]] = field(default_factory=list)
    end: float = 0.0
    poses: int = 0
    seconds: float = 0.0

    def mean(self, classes: int) -> Array:
        """How likely each of so many classes is over all windows."""
        return np.mean(self.windows, axis=0) if self.windows else np.ones(classes)

    def within(self, start: float, end: float) -> bool:
        """Whether most of that time is within repetitions."""
        inside = sum(max(min(end, b) - max(start, a), 0.0) for a, b in self.reps)
        return inside >= INSIDE * (end - start)

    def longest(self) -> str:
        """The exercise said for the longest time; "" when none was."""
        seconds = dict.fromkeys((name for _, name, _ in self.said), 0.0)
        ends = [since for _, _, since in self.said[1:]] + [self.end]
        for (_, name, since), end in zip(self.said, ends, strict=True):
            seconds[name] += max(end - since, 0.0)
        named = seconds.keys() - {REST, UNKNOWN}
        return max(sorted(named), key=seconds.__getitem__, default="")

    def first(self, name: str) -> float:
        """When that was first said; NaN for never."""
        return next((t for t, said, _ in self.said if said == name), float("nan"))


def judged(poses: Iterable[Pose]) -> Iterator[Judged]:
    """The judgement track of a recording."""
    coach = Coach(ANY)
    for pose in poses:
        coach.update(pose)
        yield from coach.judged
    coach.finish()
    yield from coach.judged


def answers(poses: PoseSequence, reps: tuple[repcount.Span, ...], reference: Network, network: Path) -> Answers:
    """What the recogniser and DeepFit's network say of a recording."""
    recogniser, out = Recogniser(network), Answers(reps)
    looked = recogniser.looked
    for item in judged(poses):
        began = time.process_time()
        now = recogniser.update(item)
        out.seconds += time.process_time() - began
        out.poses += 1
        t = out.end = item.pose.t
        if not out.said or now.name != out.said[-1][1]:
            out.said.append((t, now.name, now.since))
        if recogniser.looked != looked:
            looked = recogniser.looked
            if out.within(looked - (SAMPLES - 1) / RATE, looked):
                out.windows.append(recogniser.seen)
                out.beliefs.append(recogniser.belief)
        if any(a <= t <= b for a, b in reps) and item.pose.seen:
            frame = deepfit.frames_of(item.pose.all_at(KEYPOINTS)[None])
            if np.isfinite(frame).all():
                out.deepfit[deepfit.CLASSES[int(reference(frame).argmax())]] += 1
    last = recogniser.finish()
    if out.said and last.name != out.said[-1][1]:
        out.said.append((out.end, last.name, last.since))
    return out


def unstretched(track: Array, rate: float) -> PoseSequence:
    """A track ``(T, 104)`` as poses whose bones keep their usual length, feet on one level.

    The square of a bone's length is a sum of squares over x, y and z, each times the square of its stretch: linear
    in the three unknowns of a frame, none of which is negative. They are found by multiplicative least squares
    (Lee & Seung 2001) over five frames, first with everybody's proportions, then mostly with those this body has
    over the whole track. `restored` says how well.
    """
    cube = track[:, :99].reshape(len(track), 33, 3).astype(np.float64)
    seen = (track != 0).any(1)
    cube[~seen] = np.nan
    t = np.arange(len(track)) / rate
    stretched = PoseSequence(BLAZEPOSE33, t, cube[..., :2], np.ones(cube.shape[:2]), cube)
    squares = np.stack([(stretched.world_at(a) - stretched.world_at(b)) ** 2 for a, b, _ in _BONES], axis=1)
    usual = length = np.array([length for _, _, length in _BONES])
    for _ in range(ROUNDS):
        rows = np.nan_to_num(squares) / (length**2)[None, :, None]
        gram, right = _summed(np.einsum("tsi,tsj->tij", rows, rows)), _summed(rows.sum(1))
        stretch = np.ones((len(track), 3))
        for _ in range(STEPS):
            stretch *= right / np.maximum(np.einsum("tij,tj->ti", gram, stretch), 1e-9)
        own = np.nanmedian(np.sqrt(np.einsum("tsi,ti->ts", squares, stretch)), axis=0)
        length = usual ** (1 - OWN) * own**OWN
        length = length / length[0]
    points = TORSO * cube[..., :2] * np.sqrt(stretch)[:, None, :2]
    feet = [BLAZEPOSE33.index(name) for name in _FEET]
    points[..., 0] -= points[:, feet, 0].mean(1, keepdims=True)
    points[..., 1] -= points[..., 1].max(1, keepdims=True)
    return PoseSequence(BLAZEPOSE33, t, points, np.broadcast_to(seen[:, None], points.shape[:2]).astype(np.float64))


def restored(poses: PoseSequence) -> Array:
    """How far joints lie from where they were once a film's poses are stretched like RepCount's and `unstretched`.

    In torso lengths, both bodies with their hips in one place and of one size: the root of the mean square over
    twelve joints, ``(T,)``, NaN where nobody was seen.
    """
    cube = np.concatenate([poses.points, poses.all_world_at(BLAZEPOSE33.keypoints)[..., 2:]], axis=-1)
    cube -= cube.min(1, keepdims=True)
    cube /= cube.max(1, keepdims=True)
    track = np.nan_to_num(np.concatenate([cube.reshape(len(cube), -1), np.zeros((len(cube), 5))], axis=-1))
    back = unstretched(track, (len(poses) - 1) / poses.duration)
    was, now = (p.all_at(KEYPOINTS[2:]) - p.at("mid_hip")[:, None] for p in (poses, back))
    size, sized = (np.linalg.norm(joints, axis=-1).sum(-1) for joints in (was, now))
    error = was - now * np.nanmedian(size / sized)
    torso = np.nanmedian(np.linalg.norm(was[:, :2].mean(1), axis=-1))
    return np.asarray(np.sqrt((error**2).sum(-1).mean(-1)) / torso)


def _summed(values: Array) -> Array:
    """Sums over the five frames around each."""
    total = np.cumsum(np.concatenate([np.zeros((1, *values.shape[1:])), values]), axis=0)
    at = np.arange(len(values))
    return np.asarray(total[np.minimum(at + 3, len(values))] - total[np.maximum(at - 2, 0)])


def share(right: int, count: int) -> str:
    """A share in words, with its Wilson interval."""
    low, high = wilson(right, count)
    return f"{right}/{count} = {right / max(count, 1):.1%} [{low:.0%}, {high:.0%}]"


def resampled(right: Array, count: Array) -> str:
    """A share of windows in words, with the interval that drawing videos again gives."""
    drawn = np.random.default_rng(0).integers(0, len(count), (DRAWS, len(count)))
    low, high = np.percentile(right[drawn].sum(1) / count[drawn].sum(1), (2.5, 97.5))
    return f"{right.sum():.0f}/{count.sum():.0f} = {right.sum() / count.sum():.1%} [{low:.0%}, {high:.0%}]"


def on_repcount(
    folder: Path, reference: Network, network: Path, lines: bool, seen: Mapping[str, PoseSequence]
) -> None:
    """Print what is right in RepCount's videos; ``seen`` are poses of some of them, from their films."""
    classes = Recogniser(network).classes
    named_ones = [i for i, name in enumerate(classes) if name not in (REST, UNKNOWN)]
    right: Counter[str] = Counter()
    videos = named = others = films_seen = 0
    windows: list[tuple[str, Answers]] = []
    wrong: Counter[tuple[str, str]] = Counter()
    delays: list[float] = []
    seconds, poses = 0.0, 0
    with np.load(folder / "dev_poses_f16.npz") as tracks:
        for video in repcount.videos(folder):
            wanted = SHARED.get(video.kind)
            if wanted is None and video.kind not in FOREIGN:
                continue
            rate = (len(video.poses) - 1) / video.poses.duration
            told = answers(unstretched(tracks[video.name], rate), video.reps, reference, network)
            seconds, poses = seconds + told.seconds, poses + told.poses
            if wanted is None:
                others += 1
                named += told.longest() != ""
                continue
            videos += 1
            windows.append((wanted, told))
            mean = told.mean(len(classes))
            best = classes[int(mean.argmax())]
            right["video"] += best == wanted
            right["closed"] += classes[named_ones[int(mean[named_ones].argmax())]] == wanted
            if video.name in seen:
                own = answers(seen[video.name], video.reps, reference, network).mean(len(classes))
                films_seen += 1
                right["own eyes"] += classes[int(own.argmax())] == wanted
            else:
                right["own eyes"] += best == wanted
            right["said"] += told.longest() == wanted
            right["deepfit"] += max(told.deepfit, key=told.deepfit.__getitem__, default="") == wanted
            delays.append(told.first(wanted) - video.reps[0][0])
            wrong.update((wanted, classes[int(w.argmax())]) for w in told.windows)
            if lines:
                print(f"  {video.name:10s} {wanted:13s} {best:18s}", [(n, round(s, 1)) for _, n, s in told.said])
    counts = np.array([len(told.windows) for _, told in windows])
    hits = {
        "all classes, held against what came before": [
            sum(classes[int(b.argmax())] == wanted for b in told.beliefs) for wanted, told in windows
        ],
        "all classes": [sum(classes[int(w.argmax())] == wanted for w in told.windows) for wanted, told in windows],
        "exercises only": [
            sum(classes[named_ones[int(w[named_ones].argmax())]] == wanted for w in told.windows)
            for wanted, told in windows
        ],
    }
    print(f"RepCount, four shared classes, {videos} videos")
    for words, hit in hits.items():
        print(f"  windows right among {words}: {resampled(np.array(hit), counts)}")
    print(f"  videos right among all classes: {share(right['video'], videos)}")
    print(f"  the same, {films_seen} of them followed in their films by poise: {share(right['own eyes'], videos)}")
    print(f"  videos right among exercises only: {share(right['closed'], videos)}")
    print(f"  videos of which the exercise was said for the longest time: {share(right['said'], videos)}")
    frames, good = sum(sum(a.deepfit.values()) for _, a in windows), sum(a.deepfit[w] for w, a in windows)
    print(f"  DeepFit's network: frames {good / frames:.1%} of {frames}, videos {share(right['deepfit'], videos)}")
    known = np.array([delay for delay in delays if np.isfinite(delay)])
    print(
        f"  said after (n = {len(known)}): median {np.median(known):.1f} s, 90 % {np.percentile(known, 90):.1f} s"
    )
    print("  wrong windows:", ", ".join(f"{a} as {b} {n}" for (a, b), n in wrong.most_common() if a != b))
    print(f"  videos of other movements that are given a name: {share(named, others)}")
    print(f"  cost: {1e3 * seconds / poses:.3f} ms of one core a pose")


def on_films(followed: Sequence[tuple[films.Clip, PoseSequence]], reference: Network, network: Path) -> None:
    """Print what is right in real films."""
    right = deep = count = 0
    delays = []
    for clip, poses in followed:
        told = answers(poses, ((poses.t[0], poses.t[-1]),), reference, network)
        named = told.longest()
        mark = " " if named == (clip.exercise or "") else "*"
        said = ", ".join(f"{name} from {since:.1f} s" for _, name, since in told.said)
        print(f"{mark} {clip.path.stem:32s} {clip.exercise or '-':18s} {named or '-':18s} {said}")
        if clip.exercise:
            count += 1
            right += named == clip.exercise
            deep += max(told.deepfit, key=told.deepfit.__getitem__, default="") == clip.exercise
            delays.append(told.first(clip.exercise))
    known = np.array([delay for delay in delays if np.isfinite(delay)])
    off = [np.nanmean(restored(poses)) for clip, poses in followed if clip.exercise]
    print(f"Their joints, stretched and unstretched: {np.mean(off):.3f} torsos off, median {np.median(off):.3f}")
    print(f"Films whose exercise is in the library: {share(right, count)}; DeepFit's network {share(deep, count)}")
    print(f"  said after (from the first frame): median {np.median(known):.1f} s")


def on_simulation(reference: Network, network: Path) -> None:
    """Print what is said of simulated people."""
    right: Counter[str] = Counter()
    besides: dict[str, Counter[str]] = {}
    sides = range(0, 360, 45)
    groups = {"exercises": exercises(), "idling": IDLE, "movements without a name": tuple(OTHERS)}
    for name in chain.from_iterable(groups.values()):
        for yaw, person in product(sides, range(PEOPLE)):
            rng = np.random.default_rng((4242, yaw, person, *name.encode()))
            named = name in exercises()
            move = OTHERS.get(name) or MOVES[name]
            performance = perform(
                move,
                form={} if named else {"mood": float(rng.uniform(0.0, 1000.0))},
                body=Body.random(rng),
                variation=0.3 if named else 0.0,
                sway=1.0,
                lead=0.5 if move.reps else 15.0,
                seed=yaw + person,
            )
            poses = film_poses(performance, Camera(yaw=yaw), rate=15, noise=Noise(), seed=yaw + person)
            told = answers(poses, (), reference, network)
            right[name] += told.longest() == (name if named else "")
            besides.setdefault(name, Counter()).update({said for _, said, _ in told.said} - {name, REST, UNKNOWN})
    for name, count in right.items():
        print(f"  {name:18s} {count:2d} of {PEOPLE * len(sides)}, also said: {dict(besides[name])}")
    for words, names in groups.items():
        people = PEOPLE * len(names) * len(sides)
        print(f"Simulated people, {words}: {share(sum(right[name] for name in names), people)}")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(__file__).resolve().parents[2] / "shared"
    parser.add_argument("--data", type=Path, default=shared / "data" / "repcount-blazepose")
    parser.add_argument("--clips", type=Path, default=shared / "clips")
    parser.add_argument("--model", default="full")
    parser.add_argument("--keypoints", type=Path)
    parser.add_argument("--lines", action="store_true", help="a line for every video of RepCount")
    parser.add_argument("--network", type=Path, default=MODEL, help="another training of the recogniser")
    parser.add_argument("--simulated", action="store_true", help="simulated people instead")
    asked = parser.parse_args()
    reference = Network(MODEL.with_name("deepfit.onnx"))
    if asked.simulated:
        print(machine())
        on_simulation(reference, asked.network)
        return
    if not (asked.data / "dev.csv").exists() or not (asked.clips / "clips.csv").exists():
        raise SystemExit("Give the folders of the labelled data with --data and --clips.")
    print(machine())
    followed = [(clip, films.poses_of(clip, asked.model, asked.keypoints)) for clip in films.clips(asked.clips)]
    of_repcount = {
        clip.path.stem.removeprefix(OF_REPCOUNT): poses
        for clip, poses in followed
        if clip.path.stem.startswith(OF_REPCOUNT)
    }
    on_repcount(asked.data, reference, asked.network, asked.lines, of_repcount)
    on_films(followed, reference, asked.network)


if __name__ == "__main__":
    main()
