"""How fast a library of films is worked through, and whether it survives being killed.

python benchmarks/batch.py [FILM ...] [--films 8] [--model full] [--rounds 3] [--only one two ray tasks decoding]
python benchmarks/batch.py --kill [--films 200] [--bad 10]

The library is so many different pieces of each FILM, their packets copied as they are. Each contender starts
anew every round and takes turns with the others: ``poise batch`` with one process, with two, and with Ray on
this machine; a plain loop over MediaPipe Tasks in two processes, half of the films each; decoding alone; and
(``again``) a library judged again from its keypoints as another exercise, by two processes. Printed are frames
a second from the start of the command to its end, how many times as fast two processes are in the same round,
and the processor's milliseconds a frame and hours an hour of film. (What Ray starts is not waited for by the
command, so its processor time is not known.)

With ``--kill`` it is a library of short films of the drawn athletes, some of them broken: once undisturbed, once
with the command or one of its processes killed again and again, at the start, or once so many more films are done.
Printed is whether the results are the same to the byte, whether anything was made twice, and whether the broken
ones are listed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from machine import machine
from peers import SHARED, TASKS, Contender, Running, task_file
from speed import DISTURBED, Run, ended, processors, spread

from poise.sim.shipped import shipped
from poise.vision.estimators._openvino import installed
from poise.vision.frame import Frame
from poise.vision.video import open_film
from poise.vision.writer import open_writer


def pieces(film: Path, count: int, folder: Path) -> list[Path]:
    """The film in so many pieces, each from one whole picture to another, without its sound."""
    with av.open(str(film)) as source:
        video = source.streams.video[0]
        packets = [packet for packet in source.demux(video) if packet.dts is not None]
        starts = [i for i, packet in enumerate(packets) if packet.is_keyframe]
        wanted = [round(i * len(packets) / count) for i in range(count)]
        cuts = sorted({min(starts, key=lambda start: abs(start - at)) for at in wanted})
        made = []
        for i, (first, last) in enumerate(zip(cuts, [*cuts[1:], len(packets)], strict=True)):
            made.append(folder / f"{film.stem}-{i:02d}.mp4")
            with av.open(str(made[-1]), "w") as target:
                stream = target.add_stream_from_template(video)
                shift = packets[first].dts or 0
                for packet in packets[first:last]:
                    assert packet.pts is not None
                    assert packet.dts is not None
                    packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                    target.mux(packet)
    return made


def batch(films: Path, model: str, *options: str) -> Run:
    """``poise batch``, as a user starts it."""
    with TemporaryDirectory() as store:
        return _batch(films, store, model, "squat", *options)


def again(films: Path, model: str) -> Run:
    """A library that was followed before, judged as another exercise."""
    with TemporaryDirectory() as store:
        _batch(films, store, model, "squat")
        return _batch(films, store, model, "lunge")


def _batch(films: Path, store: str, model: str, exercise: str, *options: str) -> Run:
    command = [sys.executable, "-m", "poise", "batch", str(films), "--out", store, "--json", "--model", model]
    began, before = time.perf_counter(), processors()
    done = subprocess.run([*command, "--exercise", exercise, *options], check=True, capture_output=True)
    return ended(json.loads(done.stdout)["frames"], began, began, before)


def loop(contender: Contender, films: list[Path]) -> Run:
    """A contender in a plain loop, in two processes with half of the films each."""
    began, before = time.perf_counter(), processors()
    both = [Running(contender) for _ in range(2)]
    for part, one in enumerate(both):
        one.ask("films", *films[part::2])
    frames = sum(one.answer()["frames"] for one in both)
    for one in both:
        one.close()
    return ended(frames, began, began, before)


#: Contenders by the word for them on the command line.
LABELS = {
    "one": "poise batch, 1 process",
    "two": "poise batch, 2 processes",
    "ray": "poise batch, ray, 2 actors",
    "tasks": "Tasks, plain loop in two processes",
    "decoding": "decoding alone, two processes",
    "again": "poise batch, judged again",
}


def race(given: list[Path], count: int, model: str, rounds: int, only: list[str]) -> None:
    """Time the contenders, and print a line for each."""
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    with TemporaryDirectory() as folder:
        library = Path(folder)
        films = [piece for film in given for piece in pieces(film, count, library)]
        tasks = Contender(LABELS["tasks"], "tasks", task_file(model), (), TASKS)
        decoding = Contender(LABELS["decoding"], "nobody", "", (), TASKS)
        contenders: dict[str, Callable[[], Run]] = {
            "one": lambda: batch(library, model, "--workers", "1"),
            "two": lambda: batch(library, model, "--workers", "2"),
            "ray": lambda: batch(library, model, "--workers", "2", "--engine", "ray"),
            "tasks": lambda: loop(tasks, films),
            "decoding": lambda: loop(decoding, films),
            "again": lambda: again(library, model),
        }
        for turn in range(rounds):
            for name in only:
                runs[name].append(contenders[name]())
            others = max(runs[name][-1].others for name in only if name != "ray")
            print(f"round {turn + 1}: others used {others:.2f} cores at most", flush=True)
        with open_film(films[0]) as one:
            width, height = one.size
        seconds = sum(open_film(path).duration or 0.0 for path in films)

    kept = [i for i in range(rounds) if max(runs[name][i].others for name in only if name != "ray") <= DISTURBED]
    left_out = rounds - len(kept)
    kept = kept or list(range(rounds))
    n = runs["two"][0].frames
    names = ", ".join(film.name for film in given)
    print(f"\n{len(films)} pieces of {names}, {width}x{height}, {n} frames, {seconds:.0f} s; {model}")
    print(f"poise follows films on {'OpenVINO' if installed() else 'LiteRT'} here; Tasks is {TASKS}")
    print(f"{left_out} of {rounds} rounds had others use more than {DISTURBED} cores", end="")
    print(", and are left out" if left_out < rounds else ": all of them, so all are kept")
    took = {name: np.array([each[i].whole_s / each[i].frames for i in kept]) for name, each in runs.items()}
    ours = took["two"]
    print(
        f"{'':38s} {'frames a second':>22s} {'CPU ms a frame':>15s} {'CPU h an hour':>14s} {'2 processes are':>22s}"
    )
    for name, each in took.items():
        cpu = float(np.median([runs[name][i].cpu_s / runs[name][i].frames for i in kept]))
        told = f"{1e3 * cpu:15.1f} {cpu * n / seconds:14.2f}" if name != "ray" else f"{'':30s}"
        print(f"{LABELS[name]:38s} {spread(1 / each):>22s} {told} {spread(each / ours, 2):>22s} times as fast")


#: Pictures of a film of a drawn athlete, ten a second.
_PICTURES = 15


def drawn(folder: Path, count: int, bad: int) -> None:
    """So many films, no two alike, of a second and a half of a drawn athlete; some broken in one of five ways."""
    clips = []
    for clip in shipped():
        with open_film(clip.path) as film:
            clips.append([frame for i, frame in enumerate(film) if i % 2 == 0])
    for i in range(count):
        frames = clips[i % 2]
        first = 7 * i % (len(frames) - _PICTURES)
        path = folder / f"{i:03d}.mp4"
        with open_writer(path, frames[0].size) as writer:
            for frame in frames[first : first + _PICTURES]:
                image = (frame.image if i % 4 < 2 else frame.image[:, ::-1]).copy()
                image[:16, :16] = i % 256
                writer.write(Frame(image, frame.t - frames[first].t))
        if i < bad:
            data = path.read_bytes()
            broken = (b"", b"no film", data[:2000], b"\0" * 5000, data[:100] + bytes(len(data) - 100))[i % 5]
            path.write_bytes(broken + (bytes([i]) if broken else b""))


def contents(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def children(pid: int) -> list[int]:
    """The processes a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def whole_files(store: Path) -> list[Path]:
    """The results that are whole, but for those at the top, which are of the store and not of a film."""
    return [
        path
        for path in store.rglob("*")
        if path.parent != store and not path.name.startswith(".") and path.is_file()
    ]


def killed(count: int, bad: int, seed: int) -> None:
    """Kill it again and again, and hold what comes of it to an undisturbed run."""
    chance = random.Random(seed)
    with TemporaryDirectory() as name:
        films, quiet, torn = (Path(name) / part for part in ("films", "quiet", "torn"))
        films.mkdir()
        drawn(films, count, bad)
        command = [sys.executable, "-m", "poise", "batch", str(films), "--quiet", "--model", "lite", "--out"]
        began = time.perf_counter()
        subprocess.run([*command, str(quiet)], check=True)
        print(f"undisturbed: {time.perf_counter() - began:.0f} s", flush=True)
        kills, workers, twice, made = 0, 0, 0, dict[Path, tuple[int, int]]()
        began = time.perf_counter()
        while True:
            process = subprocess.Popen([*command, str(torn)])
            more = chance.randrange(40)
            enough = len(whole_files(torn)) + more
            moment = chance.uniform(0.0, 5.0 if not more else 0.2)
            while process.poll() is None and len(whole_files(torn)) < enough:
                time.sleep(0.01)
            try:
                process.wait(moment)
                break
            except subprocess.TimeoutExpired:
                pass
            one = chance.choice([process.pid, *children(process.pid)])
            os.kill(one, signal.SIGKILL)
            if one == process.pid:
                kills += 1
            else:
                workers += 1
                time.sleep(chance.uniform(0.0, 3.0))
                process.kill()
            process.wait()
            for path in whole_files(torn):
                about = path.stat()
                made.setdefault(path, (about.st_ino, about.st_mtime_ns))
        for path, (number, at) in made.items():
            about = path.stat()
            twice += (about.st_ino, about.st_mtime_ns) != (number, at)
        if process.returncode:
            raise SystemExit("The last run failed.")
        said = json.loads((torn / "summary.json").read_text())
        print(f"killed {kills} times whole, {workers} times a process first: {time.perf_counter() - began:.0f} s")
        print(f"{len(made)} files were there at some kill; made twice: {twice}")
        print(f"the same to the byte: {contents(quiet) == contents(torn)} ({len(contents(torn))} files)")
        print(f"{said['judged']} of {said['films']} films judged, {len(said['quarantine'])} set aside:")
        for one in said["quarantine"]:
            print(f"  {one['film']}: {one['message'].replace(str(films) + '/', '')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "films", type=Path, nargs="*", metavar="FILM", default=[SHARED / "clips" / "mrpose_squat.mp4"]
    )
    parser.add_argument("--films", type=int, dest="count")
    parser.add_argument("--model", default="full", choices=("lite", "full"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=LABELS, default=list(LABELS))
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--bad", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    print(machine())
    if asked.kill:
        killed(asked.count or 200, asked.bad, asked.seed)
    else:
        race(asked.films, asked.count or 8, asked.model, asked.rounds, list(dict.fromkeys(["two", *asked.only])))


if __name__ == "__main__":
    main()
