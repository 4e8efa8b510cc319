"""How long a stranger waits for the first result: a fresh clone, ``make demo``, step by step.

python benchmarks/first.py [--python python3]

Nothing is taken from caches: neither pip's nor poise's own, so packages and networks are downloaded. Printed are
the seconds of every step; the last is from an installed poise to the reports of the films that ship with it. The
exit status says whether all of it took less than five minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from machine import machine

ROOT = Path(__file__).parents[1]
#: Seconds within which the first result is to be there.
MOST_S = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--python", default="python3")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, clone = Path(folder) / "home", Path(folder) / "poise"
        home.mkdir()
        own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PIP_NO_CACHE_DIR": "1"}
        env = {
            name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "POISE_MODELS")
        } | own
        make = ["make", "--directory", str(clone), f"PYTHON={asked.python}"]
        steps = {
            "clone": ["git", "clone", "--quiet", str(ROOT), str(clone)],
            "make .venv/.installed (packages)": [*make, ".venv/.installed"],
            "make demo (networks, films, report)": [*make, "demo"],
        }
        total = 0.0
        for name, command in steps.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            took = time.perf_counter() - began
            total += took
            print(f"{name:36s} {took:6.1f} s")
        assert (clone / "poise-results" / "squat" / "report.html").exists()
    print(f"{'all, to the report of a first film':36s} {total:6.1f} s (n = 1) on {machine()}")
    raise SystemExit(0 if total < MOST_S else 1)


if __name__ == "__main__":
    main()
