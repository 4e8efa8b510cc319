"""What pages run on and is not ours: runtimes of browsers, and poise's own networks bundled for one.

Nothing of it is in git. ``assets.lock.json`` pins each package by its integrity and each file used of it
by its sha256. It is looked for in poise's cache, in what a release brings along and in the user's folder
(``$POISE_MODELS``; as files, or as ``npm pack`` leaves the package); else it is fetched, from its publisher's
address or by ``npm``.
The networks are those that Python runs (`poise.vision.weights`), so page and Python see alike. ::

    python -m poise.web.assets FOLDER       gathers all of it in a folder, to be put into a wheel (POISE_BUNDLE)
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs

from poise.errors import ModelUnavailable
from poise.vision import weights
from poise.vision.fetching import FetchFailed, alone_in, download, member, npm_pack
from poise.vision.weights import Progress
from poise.web import bundle

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Package:
    """A package of npm, pinned: its integrity, its size, where its files are, and the sha256 of those used."""

    package: str
    version: str
    licence: str
    size: int
    integrity: str
    address: str
    files: dict[str, str]

    @property
    def name(self) -> str:
        """What npm calls it."""
        return f"{self.package}@{self.version}"

    @property
    def tarball(self) -> str:
        """What ``npm pack`` calls the file it leaves."""
        return f"{self.package.lstrip('@').replace('/', '-')}-{self.version}.tgz"


_LOCK: dict[str, Any] = json.loads((_HERE / "assets.lock.json").read_text("utf-8"))
#: What finds poses in a browser, and which of poise's networks it is given.
_EYES, _MODELS = Package(**_LOCK["eyes"]), tuple(_LOCK["models"])
#: What runs a classifier there.
_CLASSIFIER = Package(**_LOCK["classifier"])


@dataclass(frozen=True)
class Assets:
    """A folder of everything the page needs that is not ours.

    ``id`` names its content: another byte is another id, so what is served under it may be kept for ever.
    """

    folder: Path
    id: str


def assets(progress: Progress | None = None) -> Assets:
    """Everything the page needs that is not ours, fetched and built first where it is not here.

    Raises:
        ModelUnavailable: when something is not here and could not be fetched; says what was tried.

    """
    report = progress or (lambda what, done, total: None)
    networks = {name: weights.load(f"blazepose-{name}", progress) for name in ("detector", *_MODELS)}
    made_of = [*_EYES.files.values(), *map(_sha256, networks.values()), _sha256(Path(bundle.__file__).read_bytes())]
    id_ = _sha256("".join(made_of).encode())[:12]

    def bring(unfinished: Path) -> None:
        _bring(_EYES, unfinished, report)
        for name in _MODELS:
            task = bundle.task_file(networks["detector"], networks[name])
            (unfinished / f"pose_{name}.task").write_bytes(task)

    return Assets(_kept(id_, bring), id_)


def classifier_runtime(progress: Progress | None = None) -> Path:
    """The folder of what runs a classifier in a browser, fetched first where it is not here.

    Raises:
        ModelUnavailable: when it is not here and could not be fetched; says what was tried.

    """
    report = progress or (lambda what, done, total: None)
    id_ = _sha256("".join(_CLASSIFIER.files.values()).encode())[:12]
    return _kept(id_, lambda unfinished: _bring(_CLASSIFIER, unfinished, report))


def _kept(id_: str, bring: Callable[[Path], None]) -> Path:
    """The folder of that id in the cache, filled first where it is not there."""
    cache = Path(platformdirs.user_cache_dir("poise")) / "web"
    folder = cache / id_
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with alone_in(cache):
            if not folder.is_dir():
                unfinished = cache / f"{id_}.unfinished"
                unfinished.mkdir(exist_ok=True)
                bring(unfinished)
                unfinished.replace(folder)
    except OSError as problem:
        raise ModelUnavailable(
            f"The page's runtime cannot be kept in {str(cache)!r}: {problem.strerror or problem}.",
            "Make room or set XDG_CACHE_HOME to a folder that can be written.",
        ) from problem
    return folder


def _bring(package: Package, folder: Path, report: Progress) -> None:
    """Put a package's files into a folder, each whole and checked."""
    missing = {path: sha256 for path, sha256 in package.files.items() if not (folder / Path(path).name).is_file()}
    for path in list(missing):
        for place in _own_places():
            own = place / Path(path).name
            if own.is_file() and _sha256(own.read_bytes()) == missing[path]:
                shutil.copyfile(own, folder / own.name)
                del missing[path]
                break
    failures = []
    for source in (_from_own_tarball, _from_address, _from_npm):
        if not missing:
            return
        try:
            source(package, missing, folder, report)
            return
        except FetchFailed as failure:
            failures.append(str(failure))
    raise ModelUnavailable(
        f"The page's runtime {package.name} is not here and could not be fetched. Tried {'; '.join(failures)}.",
        f"On a machine with a network, run: npm pack {package.name}; then put {package.tarball} into a folder and "
        f"set {weights.FOLDER_VARIABLE} to it.",
    )


def _own_places() -> Iterator[Path]:
    """Where the runtime may lie already: what came with the wheel, and the user's folder."""
    yield _HERE / "vendor"
    if own := weights.own_folder():
        yield own


def _from_own_tarball(package: Package, missing: dict[str, str], folder: Path, report: Progress) -> None:
    own = weights.own_folder()
    if own is None or not (own / package.tarball).is_file():
        raise FetchFailed(f"the user's folder ({weights.FOLDER_VARIABLE}): it has no {package.tarball}")
    _unpack(package, own / package.tarball, missing, folder)


def _from_address(package: Package, missing: dict[str, str], folder: Path, report: Progress) -> None:
    for path, sha256 in missing.items():
        name = Path(path).name
        part = folder / f"{name}.part"
        try:
            download(package.address + path, part, sha256, partial(report, name))
        except FetchFailed as failure:
            raise FetchFailed(f"{package.address}: {failure}") from None
        part.replace(folder / name)


def _from_npm(package: Package, missing: dict[str, str], folder: Path, report: Progress) -> None:
    scratch = folder / "npm"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        arrived = npm_pack(
            package.name, scratch, lambda done: report(package.name, min(done, package.size), package.size)
        )
        _unpack(package, arrived, missing, folder)
    except FetchFailed as failure:
        raise FetchFailed(f"npm pack {package.name}: {failure}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _unpack(package: Package, tarball: Path, missing: dict[str, str], folder: Path) -> None:
    with tarball.open("rb") as file:
        sha512 = hashlib.file_digest(file, "sha512").digest()
    if f"sha512-{base64.b64encode(sha512).decode()}" != package.integrity:
        raise FetchFailed(f"{tarball.name} is not the published package")
    for path, sha256 in missing.items():
        data = member(tarball, f"package/{path}")
        if _sha256(data) != sha256:
            raise FetchFailed(f"the {path} of {tarball.name} is not the published file")
        (folder / Path(path).name).write_bytes(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def gather(folder: Path) -> None:
    """Put the runtime and the networks, fetched where they are not here, into a folder to make a wheel with."""
    vendor, models = folder / "web" / "vendor", folder / "vision" / "models"
    for place in (vendor, models):
        place.mkdir(parents=True, exist_ok=True)
    for package, here in ((_EYES, assets().folder), (_CLASSIFIER, classifier_runtime())):
        for path in package.files:
            shutil.copyfile(here / Path(path).name, vendor / Path(path).name)
    for name in ("detector", *_MODELS):
        file = weights.fetch(f"blazepose-{name}")
        shutil.copyfile(file, models / file.name)


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
