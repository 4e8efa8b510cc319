"""Getting what the page runs on: from where, in which order, and never other bytes than the pinned ones."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from poise.errors import ModelUnavailable
from poise.vision import weights
from poise.web import assets as room
from poise.web import bundle
from poise.web.assets import Package, assets, classifier_runtime
from tests.vision.test_weights import Server

RUNTIME = {"bundle.mjs": b"export const a = 1", "wasm/a.wasm": b"\0asm"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Path:
    """A toy runtime that is nowhere yet, toy networks, an empty cache; the package as ``npm pack`` leaves it."""
    package = tmp_path / "made" / "toy-runtime-1.0.tgz"
    package.parent.mkdir()
    with tarfile.open(package, "w:gz") as archive:
        for path, data in RUNTIME.items():
            (tmp_path / "member").write_bytes(data)
            archive.add(tmp_path / "member", f"package/{path}")
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    files = {path: sha256(data) for path, data in RUNTIME.items()}
    toy = Package("toy-runtime", "1.0", "MIT", 9, integrity, f"{server.url}/", files)
    monkeypatch.setattr(room, "_EYES", toy)
    monkeypatch.setattr(room, "_CLASSIFIER", toy)
    monkeypatch.setattr(room, "_MODELS", ("full",))
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "load", lambda name, progress=None: name.encode())
    monkeypatch.setattr(bundle, "task_file", lambda detector, landmarks: detector + b"+" + landmarks)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(weights.FOLDER_VARIABLE, raising=False)
    return package


def whole(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


EXPECTED = {"bundle.mjs": RUNTIME["bundle.mjs"], "a.wasm": b"\0asm"} | {
    "pose_full.task": b"blazepose-detector+blazepose-full"
}


def test_the_runtime_comes_from_its_address_once(server: Server) -> None:
    server.files.update({f"/{path}": data for path, data in RUNTIME.items()})
    seen: list[str] = []
    first = assets(lambda what, done, total: seen.append(what))
    assert whole(first.folder) == EXPECTED
    assert set(seen) == {"bundle.mjs", "a.wasm"}
    server.files.clear()
    assert assets() == first


def test_other_bytes_are_another_id(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files.update({f"/{path}": data for path, data in RUNTIME.items()})
    first = assets()
    monkeypatch.setattr(weights, "load", lambda name, progress=None: b"another " + name.encode())
    second = assets()
    assert second.id != first.id
    assert whole(second.folder)["pose_full.task"] == b"another blazepose-detector+another blazepose-full"


def test_the_users_folder_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(toys.parent))
    assert whole(assets().folder) == EXPECTED


def test_files_of_the_users_folder_are_taken_if_they_are_the_pinned_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "bundle.mjs").write_bytes(b"something else")
    (own / "a.wasm").write_bytes(RUNTIME["wasm/a.wasm"])
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(own))
    server.files["/bundle.mjs"] = RUNTIME["bundle.mjs"]  # and only that
    assert whole(assets().folder) == EXPECTED


def test_npm_is_the_last_to_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\n[ "$2" = toy-runtime@1.0 ] && /bin/cp {toys} .\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))
    assert whole(assets().folder) == EXPECTED


def test_a_package_with_other_bytes_is_refused(monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    toys.write_bytes(toys.read_bytes() + b"\0")
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(toys.parent))
    with pytest.raises(ModelUnavailable, match="not the published package"):
        assets()


def test_a_file_of_the_package_with_other_bytes_is_refused(monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    other = replace(room._EYES, files={"bundle.mjs": sha256(b"what was published")})
    monkeypatch.setattr(room, "_EYES", other)
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(toys.parent))
    with pytest.raises(ModelUnavailable, match="not the published file"):
        assets()


def test_what_cannot_be_had_is_told_with_what_was_tried_and_what_to_do(server: Server) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        assets()
    for words in ("POISE_MODELS", server.url, "no npm on this machine", "npm pack toy-runtime@1.0"):
        assert words in str(caught.value)


def test_the_real_lock_pins_a_runtime_that_does_not_report_home() -> None:
    """From 1.0.0 on the runtime sends usage reports to its vendor."""
    lock = json.loads((Path(room.__file__).parent / "assets.lock.json").read_text("utf-8"))
    assert lock["eyes"]["version"] == "0.10.35"
    for package in (Package(**lock["eyes"]), Package(**lock["classifier"])):
        assert all(len(sha) == 64 for sha in package.files.values())
        assert package.integrity.startswith("sha512-")


def test_what_runs_a_classifier_comes_the_same_way(server: Server) -> None:
    server.files.update({f"/{path}": data for path, data in RUNTIME.items()})
    folder = classifier_runtime()
    assert whole(folder) == {"bundle.mjs": RUNTIME["bundle.mjs"], "a.wasm": RUNTIME["wasm/a.wasm"]}
    server.files.clear()
    assert classifier_runtime() == folder
