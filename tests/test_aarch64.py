"""Every base dependency is there as a wheel for 64-bit ARM, so that a Raspberry Pi needs no compiler."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: As pip on 64-bit Raspberry Pi OS (Debian 12: glibc 2.36, Python 3.11) chooses; also used by deploy/arm64.sh.
FOR_AARCH64 = [
    *("--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"),
    *("--platform", "manylinux2014_aarch64"),
    *(word for glibc in range(17, 37) for word in ("--platform", f"manylinux_2_{glibc}_aarch64")),
]


def test_every_base_dependency_is_a_wheel_for_a_raspberry_pi(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--target", str(tmp_path), "--constraint", str(ROOT / "constraints.txt"), *FOR_AARCH64]
    done = subprocess.run([*command, *project["dependencies"]], capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr and "(from versions: none)" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
