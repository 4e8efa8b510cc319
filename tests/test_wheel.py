"""The wheel holds all that poise needs, and works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from poise.errors import ModelUnavailable
from poise.sim.shipped import ShippedClip
from poise.web.assets import gather

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("poise-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "unpacked")
    return folder / "unpacked"


def from_wheel(unpacked: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=unpacked, check=True)
    return done.stdout


def test_every_file_of_the_package_that_is_in_git_is_in_the_wheel(unpacked: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "src/poise"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    missing = [name for name in listed if not (unpacked / name.removeprefix("src/")).exists()]
    assert not missing


def test_the_wheel_carries_its_licence_and_types(unpacked: Path) -> None:
    assert (unpacked / "poise" / "py.typed").exists()
    assert list(unpacked.glob("poise-*.dist-info/licenses/LICENSE"))


def test_the_wheel_runs_from_anywhere(unpacked: Path) -> None:
    place = from_wheel(unpacked, "-c", "import poise; print(poise.__file__)").strip()
    assert Path(place).is_relative_to(unpacked)
    assert "squat" in from_wheel(unpacked, "-m", "poise", "exercises")
    assert "Not deep enough" in from_wheel(unpacked, "-m", "poise", "exercises", "show", "squat")


def test_a_release_brings_along_what_was_gathered_for_it(tmp_path: Path) -> None:
    gathered = tmp_path / "bundle" / "web" / "vendor" / "runtime.mjs"
    gathered.parent.mkdir(parents=True)
    gathered.write_text("export {}")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    environment = os.environ | {"POISE_BUNDLE": str(tmp_path / "bundle")}
    subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True, env=environment
    )
    (wheel,) = tmp_path.glob("poise-*.whl")
    assert zipfile.ZipFile(wheel).read("poise/web/vendor/runtime.mjs") == b"export {}"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, freshly built."""
    folder = tmp_path_factory.mktemp("sdist")
    build = f"import hatchling.build; print(hatchling.build.build_sdist({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True, text=True)
    return folder / done.stdout.strip()


def test_the_source_distribution_holds_what_is_in_git_and_nothing_else(source: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    of_the_forge = {name for name in listed if name.startswith(".")}
    with tarfile.open(source) as packed:
        held = {member.name.partition("/")[2] for member in packed.getmembers() if member.isfile()}
    assert held - {"PKG-INFO", ".gitignore"} == {name for name in listed if (ROOT / name).exists()} - of_the_forge
    assert source.stat().st_size < 4_000_000


def test_the_wheel_of_the_source_distribution_is_the_same(unpacked: Path, source: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("poise-*.whl")
    of_it = zipfile.ZipFile(wheel)
    theirs = {name: of_it.read(name) for name in of_it.namelist() if not name.endswith("RECORD")}
    ours = {str(path.relative_to(unpacked)): path for path in unpacked.rglob("*") if path.is_file()}
    ours = {name: path for name, path in ours.items() if not name.endswith(("RECORD", ".pyc"))}
    assert set(theirs) == set(ours)
    assert [name for name, path in ours.items() if path.read_bytes() != theirs[name]] == []


@pytest.mark.models
def test_a_release_needs_no_network(tmp_path: Path, squat: ShippedClip) -> None:
    """With what is gathered for it inside, nothing of the user around it, and every way out refused."""
    try:
        gather(tmp_path / "bundle")
    except ModelUnavailable as problem:
        pytest.skip(f"what the page runs on is not here: {problem}")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    own = {"POISE_BUNDLE": str(tmp_path / "bundle")}
    subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True, env=os.environ | own
    )
    (wheel,) = tmp_path.glob("poise-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    code = (
        "from poise.server.offline import forbid_network; forbid_network();"
        "from poise.web.assets import assets; print(assets().folder);"
        "import poise; settings = poise.Settings('squat', film=False, workers=1, end=5.0);"
        f"print(poise.analyze({str(squat.path)!r}, 'results', settings).review.counts.full)"
    )
    kept = {name: value for name, value in os.environ.items() if name not in ("POISE_MODELS", "POISE_DATA")}
    environment = kept | {
        "PYTHONPATH": str(tmp_path / "unpacked"),
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    folder, count = done.stdout.split()
    assert list(Path(folder).glob("*.wasm"))
    assert int(count) >= 1
