"""An exercise taught by showing it, then counted: simulated people who never showed it, and real films of others.

python benchmarks/teach.py [--people 8] [--lessons 3] [--real] [--clips ../shared/clips] [--keypoints FOLDER]

*Simulated.* Every exercise of the simulator, and the movements it has that the library does not know, is shown by
one person in good form, three to five repetitions, to a level camera somewhere around them. Then ten repetitions of
each of ``--people`` other people in good form, of other build, tempo and view, are counted with what was taught.
*Level* cameras stand 0.6 to 1.4 m high and hardly lean; *any* camera stands 0.1 to 1.8 m high, and leans by 3 degr.
(one standard deviation). Of the exercises of the library, the library's own count of the same people stands beside
it. Printed: how often the number of repetitions shown was found, how often ten were counted, with 95 % Wilson
intervals over counts; these share lessons, so the intervals are narrower than they would be over lessons.

*Real* (``--real``). Every film with two repetitions or more teaches, and the other films of that exercise, all by
other people, are counted with it: those whose number of repetitions is certain.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from clips import clips, poses_of
from intervals import wilson
from machine import machine

from poise import PoseSequence, review
from poise.coach import exercises
from poise.coach.teach import Lesson, teach
from poise.errors import PoiseError
from poise.sim import Body, Camera, Noise, Performance, Tempo, film_poses, perform
from poise.sim.move import Move
from poise.sim.moves import MOVES
from poise.sim.moves.others import OTHERS

#: Repetitions to be counted.
TEN = 10
#: How high level cameras stand, metres, and how far they lean, degrees (one standard deviation).
HEIGHT, LEAN = (0.6, 1.4), 1.0
#: What is shown: the library's exercises; and what it does not know, each in this many of its endless variations.
KNOWN = tuple(name for name in exercises() if MOVES[name].amplitude and name != "plank")
UNKNOWN = ("pull_up", "bench_press", "knee_raise", "swing", "bend", "boxing", "lying_legs")


def somebody(move: Move, rng: np.random.Generator, reps: int, mood: float) -> Performance:
    """Somebody or other doing a movement in good form."""
    if move.name in MOVES:
        while True:
            performance = Performance.random(move.name, rng, reps=reps)
            if not any(rep.faults for rep in performance.reps):
                return performance
    tempo = move.tempo
    parts = np.array([tempo.towards, tempo.turn, tempo.back, tempo.rest]) * np.exp(rng.uniform(-0.5, 0.6))
    return perform(
        move,
        reps=reps,
        tempo=Tempo(*(float(part) for part in parts * np.exp(rng.normal(0.0, 0.2, 4)))),
        form={"mood": mood},
        body=Body.random(rng),
        shape=float(rng.uniform(0.7, 1.5)),
        sway=float(rng.uniform(0.3, 2.0)),
        lead=float(rng.uniform(0.0, 2.0)),
        tail=float(rng.uniform(0.0, 2.0)),
        seed=int(rng.integers(2**31)),
    )


def filmed(move: Move, seed: tuple[int, ...], reps: int, level: bool, mood: float) -> PoseSequence:
    """What an estimator would see of somebody, whole in the picture."""
    rng = np.random.default_rng(seed)
    performance = somebody(move, rng, reps, mood)
    camera = Camera.random(rng)
    if level:
        camera = replace(camera, height=float(rng.uniform(*HEIGHT)), roll=float(rng.normal(0.0, LEAN)))
    camera = camera.framing(performance.joints(np.linspace(0.0, performance.seconds, 40)))
    return film_poses(performance, camera, rate=25, noise=Noise(), seed=seed[0])


def share(name: str, right: int, n: int) -> str:
    """A share with its interval."""
    low, high = wilson(right, n)
    return f"{name} {right}/{n} = {right / n:.1%} [{low:.0%}, {high:.0%}]"


class Tally:
    """How often each thing was right."""

    def __init__(self) -> None:
        self.right: dict[str, int] = {}
        self.n: dict[str, int] = {}

    def add(self, what: str, right: bool) -> None:
        """Count one more of something, right or wrong."""
        self.right[what] = self.right.get(what, 0) + right
        self.n[what] = self.n.get(what, 0) + 1

    def __str__(self) -> str:
        return ", ".join(share(what, self.right[what], n) for what, n in self.n.items())


def simulated(names: tuple[str, ...], lessons: int, people: int) -> Tally:
    """Teach and count every movement; a line each."""
    whole = Tally()
    for number, name in enumerate(names):
        move = MOVES.get(name) or OTHERS[name]
        tally = Tally()
        signals = []
        for one in range(lessons):
            shown = 3 + one % 3
            mood = float(np.random.default_rng((7, number, one)).uniform(0, 1000))
            try:
                lesson = teach("taught", [filmed(move, (1, number, one), shown, True, mood)])
            except PoiseError:
                lesson = None
            signals.append(lesson.exercise.signal.measure if lesson else "-")
            tally.add("shown", lesson is not None and lesson.reps == (shown,))
            for other in range(people):
                for level in (True, False):
                    poses = filmed(move, (2 + level, number, one, other), TEN, level, mood)
                    which = "level" if level else "any"
                    full = review(lesson.exercise, poses).counts.full if lesson else -1
                    tally.add(which, full == TEN)
                    if name in exercises():
                        tally.add(f"library, {which}", review(name, poses).counts.full == TEN)
        print(f"{name:18s} {tally}; counted by {', '.join(signals)}", flush=True)
        for what, n in tally.n.items():
            whole.right[what] = whole.right.get(what, 0) + tally.right[what]
            whole.n[what] = whole.n.get(what, 0) + n
    return whole


def real(folder: Path, model: str, keypoints: Path | None) -> None:
    """Teach with every film, count the others of its exercise, and print."""
    films = [(clip, poses_of(clip, model, keypoints)) for clip in clips(folder) if clip.exercise]
    tally = Tally()
    for clip, poses in films:
        if clip.reps < 2:
            continue
        lesson: Lesson | None = None
        try:
            lesson = teach("taught", [poses])
        except PoiseError as problem:
            print(f"{clip.path.stem}: {problem}")
        if clip.certain:
            tally.add("shown", lesson is not None and lesson.reps == (clip.reps,))
        told = []
        for other, seen in films:
            if other is clip or other.exercise != clip.exercise or lesson is None:
                continue
            full = review(lesson.exercise, seen).counts.full
            told.append(f"{other.path.stem} {full}/{other.reps}{'' if other.certain else ' (uncertain)'}")
            if other.certain:
                tally.add("counted", full == other.reps)
                tally.add("library", review(str(other.exercise), seen).counts.full == other.reps)
        if lesson:
            print(f"{clip.path.stem} ({clip.reps}, found {lesson.reps[0]}), by {lesson.exercise.signal.measure}: ")
            print(f"    {'; '.join(told)}", flush=True)
    print(f"real films: {tally}")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--lessons", type=int, default=3)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--clips", type=Path, default=here.parent / "shared" / "clips")
    parser.add_argument("--model", default="full")
    parser.add_argument("--keypoints", type=Path)
    asked = parser.parse_args()
    print(machine())
    if asked.real:
        if not (asked.clips / "clips.csv").exists():
            raise SystemExit(f"There is no {asked.clips / 'clips.csv'}; give the folder of films with --clips.")
        real(asked.clips, asked.model, asked.keypoints)
        return
    for words, names in (("in the library", KNOWN), ("not in the library", UNKNOWN)):
        print(f"{words}: {simulated(names, asked.lessons, asked.people)}", flush=True)


if __name__ == "__main__":
    main()
