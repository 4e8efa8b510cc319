"""What poise edge takes: memory, and a share of one slow core.

python benchmarks/edge.py [--model lite] [--seconds 30] [--quota 50] [--serve]

It watches a shipped film, shown over and over as a camera would (640x480, 25 pictures a second), on one core, of
which a cgroup gives it only ``--quota`` percent (as root, on Linux; all of it otherwise). Printed are the
most memory it had, what it used of that core, and how many pictures a second it coached.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine

from poise.sim.shipped import shipped

_PERIOD_US = 100_000


def throttled(pid: int, quota: int) -> Path | None:
    """Give a process only so many percent of a core; the group it is in then, None where that cannot be."""
    group = Path("/sys/fs/cgroup") / f"poise-edge-{pid}"
    try:
        group.mkdir()
        (group / "cpu.max").write_text(f"{quota * _PERIOD_US // 100} {_PERIOD_US}")
        (group / "cgroup.procs").write_text(str(pid))
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
    with TemporaryDirectory() as data:
        command = [
            sys.executable,
            "-m",
            "poise",
            "edge",
            "--camera",
            camera,
            "--model",
            asked.model,
            "--say",
            "none",
        ]
        command += ["--exercise", "squat", "--share", "0.8", *(["--serve", "--port", "0"] if asked.serve else [])]
        environment = os.environ | {"XDG_DATA_HOME": data, "POISE_DATA": data, "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        group = throttled(process.pid, asked.quota)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {0})
        time.sleep(10 + 1000 / asked.quota / 5)  # it starts
        before, began = used(process.pid), time.perf_counter()
        time.sleep(asked.seconds)
        took, cpu = time.perf_counter() - began, used(process.pid) - before
        peak, now = status(process.pid, "VmHWM"), status(process.pid, "VmRSS")
        process.terminate()
        said = process.communicate()[1].decode()
        if group:
            group.rmdir()
    given = f"{asked.quota} % of one core" if group else "one core, not throttled (that takes root)"
    print(f"{asked.model}{', serving' if asked.serve else ''}, {took:.0f} s on {given}")
    print(f"memory: {now / 1024:.0f} MB, {peak / 1024:.0f} MB at most; {100 * cpu / took:.0f} % of the core used")
    print(said.strip().splitlines()[-1] if said.strip() else "")


if __name__ == "__main__":
    main()
