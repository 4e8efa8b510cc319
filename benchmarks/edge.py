"""What poise edge takes: memory, and a share of one slow core.

python benchmarks/edge.py [--model lite] [--seconds 30] [--quota 50] [--serve]

It watches a shipped film, shown over and over as a camera would (640x480, 25 pictures a second), on one core, of
which a cgroup gives it only ``--quota`` percent (as root, on Linux; all of it otherwise). Printed are the
most memory it had, what it used of that core, how many pictures a second it coached (each tells the watchdog), and
whether other runtimes than LiteRT are in its memory.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine

from poise.sim.shipped import shipped

_PERIOD_US = 100_000
#: Seconds to wait for it to start, and until it has settled.
_PATIENCE_S, _SETTLING_S = 120.0, 5.0


def throttled(pid: int, quota: int) -> Path | None:
    """Give a process only so many percent of a core; the group it is in then, None where that cannot be."""
    groups, time_us = Path("/sys/fs/cgroup"), str(quota * _PERIOD_US // 100)
    if (groups / "cgroup.controllers").exists():
        limits = {"cpu.max": f"{time_us} {_PERIOD_US}"}
    else:  # the first version of them
        groups, limits = groups / "cpu", {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": time_us}
    group = groups / f"poise-edge-{pid}"
    try:
        group.mkdir()
        for name, limit in {**limits, "cgroup.procs": str(pid)}.items():
            with (group / name).open("r+") as file:  # which is there in a group, and nowhere else
                file.write(limit)
    except OSError:
        return None
    return group


def status(pid: int, name: str) -> int:
    """A line of a process's status, kilobytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def used(pid: int) -> float:
    """Processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def held_up(group: Path | None) -> int:
    """In how many periods so far a group had used up what it is given."""
    lines = (group / "cpu.stat").read_text().splitlines() if group else []
    return next((int(line.split()[1]) for line in lines if line.startswith("nr_throttled")), 0)


def foreign(pid: int) -> list[str]:
    """Other runtimes than LiteRT that a process has loaded."""
    loaded = Path(f"/proc/{pid}/maps").read_text().lower()
    return [name for name in ("onnxruntime", "openvino", "torch", "mediapipe", "opencv") if name in loaded]


def heard(notices: socket.socket, word: bytes, until: float) -> int:
    """How often the process said a word as if to systemd (sd_notify) until then; READY ends the wait."""
    count = 0
    while (left := until - time.perf_counter()) > 0:
        notices.settimeout(left)
        try:
            said = notices.recv(64) == word
        except TimeoutError:
            break
        count += said
        if said and word == b"READY=1":
            break
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lite", choices=("lite", "full"))
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--quota", type=int, default=50)
    parser.add_argument("--serve", action="store_true")
    asked = parser.parse_args()

    print(machine())
    (clip,) = (one for one in shipped() if one.exercise == "squat")
    camera = f"lavfi:movie={clip.path}:loop=0,setpts=N/25/TB,scale=640:480,realtime"
    command = [sys.executable, "-m", "poise", "edge", "--camera", camera, "--model", asked.model, "--say", "none"]
    command += ["--exercise", "squat", "--share", "0.8", *(["--serve", "--port", "0"] if asked.serve else [])]
    with TemporaryDirectory() as data, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(f"{data}/notify")
        environment = os.environ | {
            **{"XDG_DATA_HOME": data, "POISE_DATA": data},
            **{"OMP_NUM_THREADS": "1", "NOTIFY_SOCKET": f"{data}/notify"},
        }
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        group = throttled(process.pid, asked.quota)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {0})
        started = time.perf_counter()
        if not heard(notices, b"READY=1", started + _PATIENCE_S):
            process.kill()
            raise SystemExit(f"It did not start in {_PATIENCE_S:g} s: {process.communicate()[1].decode()}")
        heard(notices, b"WATCHDOG=1", time.perf_counter() + _SETTLING_S)
        before, began, held = used(process.pid), time.perf_counter(), held_up(group)
        pictures = heard(notices, b"WATCHDOG=1", began + asked.seconds)
        took, cpu, held = time.perf_counter() - began, used(process.pid) - before, held_up(group) - held
        peak, now = status(process.pid, "VmHWM"), status(process.pid, "VmRSS")
        modules = foreign(process.pid)
        process.terminate()
        process.communicate()
        if group:
            group.rmdir()
    given = f"{asked.quota} % of one core" if group else "one core, not throttled (that takes root)"
    print(f"{asked.model}{', serving' if asked.serve else ''}, {took:.0f} s on {given}")
    print(f"memory: {now / 1024:.0f} MB, {peak / 1024:.0f} MB at most")
    print(f"{100 * cpu / took:.0f} % of a core used; held up in {held} of {took * 1e6 / _PERIOD_US:.0f} periods")
    print(f"{pictures / took:.1f} pictures a second of 25 were coached")
    print(f"ONNX Runtime, OpenVINO and the like in its memory: {', '.join(modules) or 'none'}")


if __name__ == "__main__":
    main()
