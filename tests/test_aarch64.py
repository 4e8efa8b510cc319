"""Every base dependency is there as a wheel for 64-bit ARM, so that a Raspberry Pi needs no compiler."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def for_aarch64(python: str, glibc: int) -> list[str]:
    """The options with which pip chooses here as it does there: a Python, and the C library it runs on (2.x)."""
    newer = (word for minor in range(17, glibc + 1) for word in ("--platform", f"manylinux_2_{minor}_aarch64"))
    wheels = ("--only-binary=:all:", "--implementation", "cp", "--python-version", python)
    return [*wheels, "--platform", "manylinux2014_aarch64", *newer]


#: 64-bit Raspberry Pi OS on Debian 12, which `deploy/arm64.sh` sets up, and on Debian 13.
BOOKWORM, TRIXIE = for_aarch64("3.11", 36), for_aarch64("3.13", 41)


@pytest.mark.parametrize("system", [BOOKWORM, TRIXIE], ids=["bookworm", "trixie"])
def test_every_base_dependency_is_a_wheel_for_a_raspberry_pi(tmp_path: Path, system: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--target", str(tmp_path), "--constraint", str(ROOT / "constraints.txt"), *system]
    done = subprocess.run([*command, *project["dependencies"]], capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr and "(from versions: none)" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
