"""How large an installation is, and how quickly it starts.

python benchmarks/install.py [--extras none web onnx ...] [--times 9]

For each extra alone (``none`` is the base install) an environment is made from nothing and the wheel of this tree
is installed into it. Printed are its size without pip's own (as ``du -m`` counts, in units of 1024 x 1024 bytes),
whether its parts fit each other (``pip check``), whether ``poise doctor`` runs, and the time to import poise beside
that of starting Python: the median with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
import tomllib
import venv
from pathlib import Path

import numpy as np
from machine import machine

ROOT = Path(__file__).parents[1]


def size_mb(folder: Path) -> float:
    """What lies in a folder, as a disk keeps it; files with two names count once."""
    kept = {(at.st_dev, at.st_ino): at.st_blocks * 512 for path in folder.rglob("*") if (at := path.lstat())}
    return sum(kept.values()) / 2**20


def seconds(python: Path, code: str, times: int) -> np.ndarray:
    """How long Python takes to start and run some code."""
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        subprocess.run([python, "-I", "-c", code], check=True)
        took.append(time.perf_counter() - began)
    return np.array(took[1:])  # the first compiles


def installed(extra: str, wheel: Path, times: int) -> str:
    """A row about an installation with one extra."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python, before = Path(folder) / "bin" / "python", size_mb(Path(folder))
        what = str(wheel) if extra == "none" else f"{wheel}[{extra}]"
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        pinned = ["--constraint", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, "install", *pinned, what], check=True, stderr=subprocess.DEVNULL)
        fits = subprocess.run([*pip, "check"], capture_output=True).returncode == 0
        runs = subprocess.run([python, "-I", "-m", "poise", "doctor"], capture_output=True).returncode == 0
        alone, both = seconds(python, "pass", times), seconds(python, "import poise", times)
        whole = size_mb(Path(folder)) - before
    took = 1e3 * (both - alone)
    yes = {True: "yes", False: "no"}
    speed = f"{np.median(took):.0f} ms ({took.min():.0f}-{took.max():.0f}) beside {1e3 * np.median(alone):.0f}"
    return f"{extra:12s} {whole:6.0f} MB  fits: {yes[fits]:3s}  doctor: {yes[runs]:3s}  import poise {speed}"


def main() -> None:
    extras = list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extras", nargs="+", default=["none"], choices=["none", *extras])
    parser.add_argument("--times", type=int, default=9)
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        pip = ["python3", "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", "--no-deps"]
        subprocess.run([*pip, "--wheel-dir", folder, ROOT], check=True, env=os.environ | {"PYTHONPATH": ""})
        (wheel,) = Path(folder).glob("poise-*.whl")
        print(f"wheel {wheel.stat().st_size / 1e6:.1f} MB")
        for extra in asked.extras:
            print(installed(extra, wheel, asked.times), flush=True)


if __name__ == "__main__":
    main()
