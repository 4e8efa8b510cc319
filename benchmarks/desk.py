"""Does the desk coach find what it must, stay silent else, and cost little?

python benchmarks/desk.py [--people 40] [--days 4] [--hours 8] [--seed 0]   simulated: recall, false nudges
python benchmarks/desk.py --drawn [--models lite full]                      drawn people, seen by BlazePose
python benchmarks/desk.py --cost [--models lite full] [--seconds 60]        CPU of `poise desk` before a camera

People, cameras (0.50 to 0.75 m away, 15 cm below to 20 cm above the eyes, 15 degrees to either side) and days are
drawn at random. A fault is found when the first nudge names it within `FOUND_S` after it began. Each person is
learnt first, sitting still, with the same noise. ``--noise 2`` doubles the noise, whose size is what BlazePose lite
shows on drawn people times 1.3. Too near is who has the eyes 36 cm from the camera in truth; who sinks too low
before a high camera to come so near by leaning is not asked to.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from intervals import poisson, wilson
from machine import machine
from PIL import Image

from poise.body import Pose
from poise.coach.desk import SIGNATURES, Baseline, Calibration, Desk, Nudge, Recalibrate
from poise.coach.desk.sight import glance
from poise.sim import Body, Camera, Noise
from poise.sim.desk import WAYS, DeskScene, Spell, desk_camera
from poise.sim.render import draw
from poise.vision.estimators import open_estimator
from poise.vision.frame import Frame

#: Seconds within which a nudge must come; looking down and turning away may last minutes.
FOUND_S, LONG_S = 90.0, 330.0
LONG = ("head_turn", "look_down")
#: How far the eyes of somebody who is too near are from the camera.
NEAR_CM = 36.0
ASIDE = ("head_tilt", "shoulder_tilt", "head_turn")


def noise(times: float) -> Noise:
    """An estimator's error at a desk."""
    return Noise(jitter=0.5 * times, bias=0.002 * times, bias_s=1.0, outliers=0.004, gaps=0.02)


#: Cameras by how far they are above the eyes, metres.
HEIGHTS = {"below": (-1.0, -0.04), "level with": (-0.04, 0.08), "above": (0.08, 1.0)}


def somebody(rng: np.random.Generator) -> tuple[Body, Camera]:
    """A person and a camera."""
    body, distance = Body.random(rng), float(rng.uniform(0.50, 0.75))
    above, aside = float(rng.uniform(-0.15, 0.20)), float(rng.uniform(-15, 15))
    return body, desk_camera(body, distance=distance, above=above, aside=aside)


def leaning(body: Body, camera: Camera) -> float | None:
    """How far somebody must lean, cm, for the eyes to be `NEAR_CM` from the camera; None if they sink too low."""
    for size in np.arange(10.0, 60.0, 0.5):
        leant = replace(DeskScene.sitting(1, body, near=float(size)), restless=0.0).figure(0.0)
        eyes = (leant.at("left_eye")[0] + leant.at("right_eye")[0]) / 2
        if 100 * np.linalg.norm(eyes - camera.position) <= NEAR_CM:
            return float(size)
    return None


def _height(body: Body, camera: Camera) -> str:
    eyes = replace(DeskScene.sitting(1, body), restless=0.0).figure(0.0).at("left_eye")[0]
    above = float(camera.position[1] - eyes[1])
    return next(name for name, (low, high) in HEIGHTS.items() if low <= above < high)


def learnt(body: Body, camera: Camera, err: Noise, seed: int) -> tuple[Baseline | None, float]:
    """The baseline, and the seconds it took."""
    calibration = Calibration()
    for pose in next(DeskScene(body, 120, (), 0.1, seed).film(camera, noise=err, seed=seed)):
        step = calibration.update(pose)
        if isinstance(step, Baseline):
            return step, pose.t
    return None, 120.0


def watched(scene: DeskScene, camera: Camera, desk: Desk, err: Noise, seed: int) -> Iterator[tuple[Pose, object]]:
    """Every event of a scene, with the pose it came at."""
    for part in scene.film(camera, noise=err, seed=seed):
        for pose in part:
            for event in desk.update(pose).events:
                yield pose, event


def recall(people: int, rng: np.random.Generator, err: Noise) -> None:
    took, refused, cannot, by_height = [], 0, 0, {height: Counter[bool]() for height in HEIGHTS}
    print(f"{'fault':16s} {'size':>8s}  found")
    for name, way in WAYS.items():
        found, said = 0, Counter[str]()
        for _ in range(people):
            size, (body, camera) = way.faulty[0], somebody(rng)
            if name == "near":
                while (leant := leaning(body, camera)) is None:
                    cannot, (body, camera) = cannot + 1, somebody(rng)
                size = leant
            seed = int(rng.integers(2**31))
            base, seconds = learnt(body, camera, err, seed)
            took.append(seconds)
            if base is None:
                refused += 1
                continue
            if name in ASIDE:
                size *= float(rng.choice((-1.0, 1.0)))
            lasts = LONG_S if name in LONG else FOUND_S
            scene = DeskScene(body, 20 + lasts, (Spell(name, 20, 1e5, {name: size}, 1.5),), 0.3, seed + 1)
            nudges = [e for _, e in watched(scene, camera, Desk(base), err, seed) if isinstance(e, Nudge)]
            first = nudges[0].signature if nudges else "nothing"
            found += first == name
            by_height[_height(body, camera)][first == name] += 1
            said[first] += 1
        low, high = wilson(found, people)
        at = f"{NEAR_CM:g} cm" if name == "near" else f"{way.faulty[0]:g} {way.unit}"
        other = ", ".join(f"{what} {n}" for what, n in said.items() if what != name)
        print(
            f"{name:16s} {at:>8s}  {found} of {people} ({100 * low:.0f} to {100 * high:.0f} %) {other}", flush=True
        )
    for height, hits in by_height.items():
        print(f"cameras {height} the eyes: {hits[True]} of {hits.total()} found")
    print(
        f"learning took {np.median(took):.1f} s at the median, 95 % within {np.percentile(took, 95):.1f} s; "
        f"{refused} of {len(took)} people were not learnt within 120 s; {cannot} others cannot come within "
        f"{NEAR_CM:g} cm of a high camera by leaning, and were not asked to"
    )


def false_nudges(days: int, hours: float, rng: np.random.Generator, err: Noise) -> None:
    total, cpu = 0, -time.process_time()
    for day in range(days):
        body, camera = somebody(rng)
        seed = int(rng.integers(2**31))
        base, _ = learnt(body, camera, err, seed)
        if base is None:
            print(f"day {day + 1}: not learnt")
            continue
        scene = DeskScene.day(3600 * hours, rng, body=body)
        desk, said, memory = Desk(base), Counter[str](), {}
        for pose, event in watched(scene, camera, desk, err, seed):
            said[type(event).__name__] += 1
            if isinstance(event, Nudge | Recalibrate):
                about = [s.name for s in scene.spells if s.start - 30 < pose.t < s.end + 30]
                print(f"  {pose.t / 3600:.2f} h: {event.text} ({', '.join(dict.fromkeys(about))})")
                total += 1
            memory[int(pose.t // 3600)] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        first, last = memory[min(memory)], memory[max(memory)]
        print(
            f"day {day + 1}: {dict(said)}; peak memory {first:.0f} MB early, {last:.0f} MB at the end", flush=True
        )
    cpu += time.process_time()
    looks = 2 * 3600 * hours * days
    low, high = (8 * n / (days * hours) for n in poisson(total))
    print(
        f"{total} false nudges in {days * hours:g} hours: {8 * total / (days * hours):.2f} in eight "
        f"[{low:.2f}, {high:.2f}]"
    )
    print(f"{1e3 * cpu / looks:.2f} ms of CPU a look, simulating it included")


def drawn(models: list[str]) -> None:
    """How much of each fault BlazePose tells of a drawn person, before a camera at eye height, 62 cm away."""
    body = Body.of()
    camera = desk_camera(body)
    well = replace(DeskScene.sitting(8), restless=0.25)
    base = _exact(body, camera)
    print("share of each fault that is measured (bad from the share in the last column on); n = 6 looks each")
    pictures = {name: [draw(_bad(name), camera, t, "blue", 1) for t in _TIMES] for name in WAYS}
    still = [draw(well, camera, t / 2, "blue", 1) for t in range(20)]
    for model in models:
        eyes = open_estimator("blazepose", model=model)
        poses = [eyes.estimate([Frame(image, t / 2)])[0][0] for t, image in enumerate(still)]
        eyes.close()
        seen = np.array([_seen(pose) for pose in poses])
        own = replace(base, seen=dict(zip(base.seen, np.median(seen, 0).tolist(), strict=True)))
        for name, images in pictures.items():
            eyes = open_estimator("blazepose", model=model)
            poses = [eyes.estimate([Frame(image, t)])[0][0] for t, image in zip(_TIMES, images, strict=True)]
            eyes.close()
            signature = next(s for s in SIGNATURES["front"] if s.name == name)
            told = abs(own.measures(np.median([_seen(pose) for pose in poses], 0))[signature.measure])
            limit = 3 * base.spread[signature.measure] if name != "near" else base.distance - 45
            size = WAYS[name].faulty[0]
            print(f"  {model:5s} {name:14s} {100 * told / size:4.0f} %   {100 * limit / size:4.0f} %", flush=True)


_TIMES = tuple(t / 2 for t in range(6))


def _bad(name: str) -> DeskScene:
    return replace(DeskScene.sitting(8, **{name: WAYS[name].faulty[0]}), restless=0.25)


def _seen(pose: Pose) -> np.ndarray:
    seen = glance(pose, "front")
    assert seen is not None
    return seen.seen


def _exact(body: Body, camera: Camera) -> Baseline:
    base, _ = learnt(body, camera, Noise(jitter=0, bias=0, outliers=0, gaps=0), 0)
    assert base is not None
    return base


def cost(models: list[str], seconds: float) -> None:
    """CPU of the whole command, learning included, before a camera of 640x480 at 30 pictures a second (MJPEG)."""
    scene = replace(DeskScene.sitting(20), restless=0.25)
    camera = desk_camera(scene.body)
    pictures = []
    for i in range(10):
        jpeg = io.BytesIO()
        Image.fromarray(draw(scene, camera, i / 2, "blue", 1)).save(jpeg, "JPEG", quality=85)
        pictures.append(jpeg.getvalue())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _street(pictures))
    child = Process(target=server.serve_forever, daemon=True)
    child.start()
    try:
        for model in models:
            with TemporaryDirectory() as data:
                address = f"http://127.0.0.1:{server.server_port}/"
                options = ["--camera", address, "--model", model, "--alert", "none"]
                process = subprocess.Popen(
                    [sys.executable, "-m", "poise", "desk", *options],
                    env={**os.environ, "POISE_DATA": data},
                    stdout=subprocess.DEVNULL,
                )
                began = _cpu(process.pid, 20.0)
                time.sleep(seconds)
                spent = _cpu(process.pid, 0.0) - began
                peak = _peak(process.pid)
                process.send_signal(signal.SIGTERM)
                process.wait()
                print(
                    f"{model:5s} {100 * spent / seconds:.1f} % of one core over {seconds:g} s, two looks a second; "
                    f"peak memory {peak:.0f} MB",
                    flush=True,
                )
    finally:
        child.terminate()


def _cpu(pid: int, after: float) -> float:
    """Seconds of CPU a process has used, all threads."""
    time.sleep(after)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    """The most memory a process has had, MB; what it was forked from, not counted."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _street(pictures: list[bytes]) -> type[BaseHTTPRequestHandler]:
    """A camera on the network: pictures to and fro, 30 a second."""

    class Street(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=p")
            self.end_headers()
            began, sent = time.monotonic(), 0
            while True:
                turn = sent // 15 % (2 * len(pictures) - 2)
                data = pictures[turn if turn < len(pictures) else 2 * len(pictures) - 2 - turn]
                head = f"--p\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
                try:
                    self.wfile.write(head + data + b"\r\n")
                except OSError:
                    return
                sent += 1
                time.sleep(max(0.0, sent / 30 - (time.monotonic() - began)))

    return Street


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--days", type=int, default=4)
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--drawn", action="store_true")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--models", nargs="+", default=["lite", "full"])
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    print(machine())
    if asked.drawn:
        drawn(asked.models)
    elif asked.cost:
        cost(asked.models, asked.seconds)
    else:
        rng, err = np.random.default_rng(asked.seed), noise(asked.noise)
        print(f"seed {asked.seed}, noise {asked.noise:g} times")
        if asked.people:
            recall(asked.people, rng, err)
        if asked.days:
            false_nudges(asked.days, asked.hours, rng, err)


if __name__ == "__main__":
    main()
