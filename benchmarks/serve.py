"""The server under load: what a pose costs, how many people one process coaches, and what survives kill -9.

``python benchmarks/serve.py`` measures cost and load, on loopback, with client and server in a process each;
``--kill 50`` sends 50 films and kills server and workers at random moments meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import uvloop
from machine import machine

from poise.sim import Camera, Noise, film_poses, perform
from poise.sim.shipped import shipped

RATE = 15.0
#: A pose may be answered this late, and this share of poses may be passed over.
LATE_MS, SKIPPED = 100.0, 0.01
#: Seconds over which people begin: who squats together ends each repetition together, which no gym does.
APART_S = 4.0


class Server:
    """`poise serve` as a process, on a port of its own."""

    def __init__(self, folder: Path, workers: int = 0) -> None:
        self.folder, self.workers = folder, workers
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "poise", "serve", "--port", str(self.port), "--data", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--workers", str(self.workers)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.search(r":(\d+)/", line)
        if not found:
            raise SystemExit(f"the server did not start: {line}")
        self.port = int(found[1])

    def kill(self) -> None:
        """Kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop it as Ctrl+C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def children(self) -> list[int]:
        """Its workers."""
        return [int(pid) for pid in _children(self.process.pid)]

    def cpu_s(self) -> float:
        """Processor seconds it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """The most memory it has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        assert found
        return int(found[1]) / 1024


def _children(pid: int) -> list[str]:
    return [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def messages(seconds: float, world: bool = True) -> list[str]:
    """A drawn athlete squatting, with an estimator's noise, as what a page would send."""
    performance = perform("squat", reps=max(2, int(seconds / 3) + 2))
    poses = film_poses(performance, Camera(yaw=90), rate=RATE, noise=Noise(), seed=1)
    told = []
    for i, t in enumerate(poses.t):
        if t > seconds:
            break
        values = np.concatenate([poses.points[i], poses.score[i][:, None]], axis=1)
        body = [
            None if np.isnan(p).any() else [round(float(v), n) for v, n in zip(p, (1, 1, 3), strict=True)]
            for p in values
        ]
        space = None
        if world and poses.world is not None:
            space = [None if np.isnan(p).any() else [round(float(v), 3) for v in p] for p in poses.world[i]]
        told.append(json.dumps({"type": "pose", "t": float(t), "keypoints": body, "world": space}))
    return told


@dataclass
class Load:
    """What came of so many streams at once."""

    people: int
    sent: list[float] = field(default_factory=list)
    answered: list[tuple[float, float]] = field(default_factory=list)
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    began: float = 0.0
    ended: float = 0.0

    @property
    def late_ms(self) -> list[float]:
        """Milliseconds from sending to answer of the poses sent while everybody was there."""
        return [1e3 * (heard - sent) for sent, heard in self.answered if self.began <= sent < self.ended]

    @property
    def p95(self) -> float:
        """Milliseconds within which 95 % are answered."""
        return float(np.percentile(self.late_ms, 95))

    @property
    def share(self) -> float:
        """Share of poses passed over."""
        return 1 - len(self.late_ms) / sum(self.began <= sent < self.ended for sent in self.sent)

    @property
    def lacks(self) -> str:
        """What is missing for everybody to have every pose answered in time; nothing when that is so."""
        late = f"95 % later than {LATE_MS:g} ms" if self.p95 > LATE_MS else ""
        passed = f"more than {100 * SKIPPED:g} % passed over" if self.share > SKIPPED else ""
        return ", ".join(filter(None, (late, passed)))

    def row(self) -> str:
        """All of it in a line."""
        p50, p95, p99 = np.percentile(self.late_ms, [50, 95, 99])
        core, each = self.cpu_s / (self.ended - self.began), 1e3 * self.cpu_s / len(self.late_ms)
        return (
            f"{self.people:4d} people: {p50:6.1f} {p95:7.1f} {p99:7.1f} ms (p50 p95 p99), n {len(self.late_ms)}, "
            f"passed over {100 * self.share:.1f} %, {core:.2f} cores, {each:.2f} CPU ms"
            f" a pose, {100 * core / self.people:.2f} % of a core a person, peak {self.memory_mb:.0f} MB"
        )


class _Stream(asyncio.Protocol):
    """One page that sends poses on a clock and notes when each is answered; as little work as can be.

    The frames are made beforehand (masked with zero, which leaves them as they are), and of an answer only its time
    is read, so that the load does not slow down what is measured on the core beside it.
    """

    def __init__(self, frames: list[bytes], start: str, begin: float, load: Load) -> None:
        self._frames, self._start, self._begin, self._load = frames, start, begin, load
        self._sent = [0.0] * len(frames)
        self._heard = b""
        self._open = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket."""
        self._out = cast(asyncio.Transport, transport)
        self._out.write(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Note when each pose is answered."""
        self._heard += data
        if not self._open:
            head, found, rest = self._heard.partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head, head
            self._open, self._heard = True, rest
            self._out.write(_frame(self._start))
            self._send(0)
        while len(self._heard) >= 4:
            size, at = self._heard[1], 2
            if size == 126:
                size, at = int.from_bytes(self._heard[2:4], "big"), 4
            if len(self._heard) < at + size:
                return
            told, self._heard = self._heard[at : at + 64], self._heard[at + size :]
            if told.startswith(b'{"type":"feedback","t":'):
                i = round(float(told[23 : told.index(b",", 23)]) * RATE)
                self._load.answered.append((self._sent[i], time.perf_counter()))

    def _send(self, i: int) -> None:
        loop = asyncio.get_running_loop()
        wait = self._begin + i / RATE - time.perf_counter()
        if wait > 0.0005:
            loop.call_later(wait, self._send, i)
        elif i < len(self._frames):
            self._sent[i] = time.perf_counter()
            self._out.write(self._frames[i])
            self._load.sent.append(self._sent[i])
            loop.call_later(self._begin + (i + 1) / RATE - time.perf_counter(), self._send, i + 1)
        else:
            loop.call_later(1.0, self._end)

    def _end(self) -> None:
        self._out.close()
        self.done.set_result(None)


def _frame(text: str) -> bytes:
    data = text.encode()
    assert 20 < len(data) < 65_536
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + data


async def _loaded(server: Server, people: int, exercise: str, told: list[str]) -> Load:
    load = Load(people)
    begin = time.perf_counter() + 2.0 + 0.02 * people
    rng = random.Random(people)
    frames = [_frame(pose) for pose in told]
    start = json.dumps({"type": "start", "exercise": exercise, "width": 1280, "height": 720})
    loop = asyncio.get_running_loop()
    streams = []
    for _ in range(people):
        stream = _Stream(frames, start, begin + APART_S * rng.random(), load)
        await loop.create_connection(lambda made=stream: made, "127.0.0.1", server.port)  # type: ignore[misc]
        streams.append(stream.done)
    running = asyncio.gather(*streams)
    await asyncio.sleep(max(0.0, begin + APART_S - time.perf_counter()))
    cpu, load.began = server.cpu_s(), time.perf_counter()
    await asyncio.sleep(len(told) / RATE - APART_S)
    load.cpu_s, load.ended = server.cpu_s() - cpu, time.perf_counter()
    await running
    load.memory_mb = server.memory_mb()
    return load


def measure(exercise: str, counts: list[int], seconds: float, world: bool) -> None:
    told = messages(seconds, world)
    print(f"{exercise}: {len(told)} poses a stream, {RATE:g}/s, {np.mean([len(m) for m in told]):.0f} bytes each")
    for people in counts:
        with tempfile.TemporaryDirectory() as folder:
            server = Server(Path(folder))
            try:
                load = uvloop.run(_loaded(server, people, exercise, told))
            finally:
                server.stop()
        print("  " + load.row(), f"  <- {load.lacks}" if load.lacks else "")
        if load.lacks:
            break


# Kill -9 -------------------------------------------------------------------------------------------------


def _films(count: int, rng: random.Random) -> list[tuple[str, bytes]]:
    """Drawn films, whole, cut off, damaged, and what is none."""
    whole = [clip.path.read_bytes() for clip in shipped()]
    made = []
    for i in range(count):
        data, kind = rng.choice(whole), rng.random()
        if kind < 0.15:
            data = data[: rng.randrange(100, len(data))]
        elif kind < 0.3:
            spoilt = bytearray(data)
            for _ in range(200):
                spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
            data = bytes(spoilt)
        elif kind < 0.4:
            data = rng.randbytes(rng.randrange(1, 50_000))
        made.append((f"film {i}.mp4", data))
    return made


def _patiently(do: Callable[[], httpx.Response]) -> httpx.Response:
    """As a page does: try again until the server is back."""
    while True:
        try:
            answer = do()
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
        except httpx.HTTPError:
            pass
        time.sleep(0.2)


def _upload(web: httpx.Client, name: str, data: bytes) -> str:
    new = {"name": name, "size": len(data), "exercise": "auto"}
    job = str(_patiently(lambda: web.post("/api/uploads", json=new)).json()["id"])
    at = 0
    while at < len(data):
        piece, offset = data[at : at + 20_000], at
        answer = _patiently(lambda: web.put(f"/api/uploads/{job}", params={"offset": offset}, content=piece))  # noqa: B023
        at = int(answer.json()["received"])
    _patiently(lambda: web.post(f"/api/uploads/{job}/finish"))
    return job


def kill(count: int, seed: int, most_s: float) -> None:
    rng = random.Random(seed)
    films = _films(count, rng)
    killed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), workers=2)
        over = threading.Event()

        def reaper() -> None:
            while not over.wait(rng.uniform(2.0, 20.0)):
                try:
                    workers = server.children()
                    analyses = [int(child) for worker in workers for child in _children(worker)]
                    what = rng.choice(["server", "worker", "worker", "analysis"])
                    if what == "server":
                        server.kill()
                        time.sleep(rng.uniform(0, 1))
                        server.start()
                    elif chosen := (workers if what == "worker" else analyses):
                        os.kill(rng.choice(chosen), signal.SIGKILL)
                    else:
                        continue
                    killed[what] += 1
                except (OSError, ValueError):
                    continue

        thread = threading.Thread(target=reaper)
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=30) as web:
            thread.start()
            began = time.monotonic()
            jobs: list[str] = []
            for name, data in films:
                while sum(_state(web, job) not in ("done", "failed") for job in jobs[-20:]) > 12:
                    time.sleep(0.5)
                jobs.append(_upload(web, name, data))
            print(f"  {count} films sent in {time.monotonic() - began:.0f} s")
            while (left := [job for job in jobs if _state(web, job) not in ("done", "failed")]) and (
                time.monotonic() - began < most_s
            ):
                time.sleep(1.0)
            over.set()
            thread.join()
            while [job for job in left if _state(web, job) not in ("done", "failed")] and (
                time.monotonic() - began < most_s
            ):
                time.sleep(1.0)
            states = Counter(_state(web, job) for job in jobs)
            problems = Counter(
                re.sub(r"'[^']*'", "'…'", job["problem"]["message"])
                for job in _patiently(lambda: web.get("/api/jobs")).json()
                if job["problem"]
            )
            sessions = _patiently(lambda: web.get("/api/sessions", params={"limit": 1000})).json()
            kept = Counter(_job(web, job)["session"] for job in jobs)
        server.stop()
    del kept[None]
    print(f"  killed: {dict(killed)}; {time.monotonic() - began:.0f} s in all")
    print(
        f"  states: {dict(states)}; {len(sessions)} sessions, {len(kept)} of them of a film, none of two: "
        f"{max(kept.values(), default=0) <= 1 and len(sessions) == states['done'] == len(kept)}"
    )
    for message, n in problems.most_common():
        print(f"    {n} x {message}")


def _job(web: httpx.Client, job: str) -> dict[str, Any]:
    found: dict[str, Any] = _patiently(lambda: web.get(f"/api/jobs/{job}")).json()
    return found


def _state(web: httpx.Client, job: str) -> str:
    return str(_job(web, job)["state"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", help="how many streams at once, one load after the other")
    parser.add_argument("--exercise", nargs="+", default=["squat", "auto"])
    parser.add_argument("--seconds", type=float, default=24.0, help="of every stream")
    parser.add_argument("--flat", action="store_true", help="without world coordinates")
    parser.add_argument("--kill", type=int, default=0, metavar="N", help="send N films and kill meanwhile, instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=float, default=560.0, help="give up after so many seconds of killing")
    given = parser.parse_args()
    print(machine())
    if given.kill:
        return kill(given.kill, given.seed, given.most)
    for exercise in given.exercise:
        counts = given.people or (
            [1, 50, 100, 125, 150, 175, 200, 250] if exercise != "auto" else [1, 25, 50, 75, 100]
        )
        measure(exercise, counts, given.seconds, not given.flat)
    return None


if __name__ == "__main__":
    main()
