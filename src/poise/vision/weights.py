"""Model files: which there are, where they are, and getting them. What is known of them is in ``weights.toml``.

A model is looked for in the folder named by ``$POISE_MODELS``, in what a release brings along and in poise's cache.
When it is in none of them it is fetched into the cache: from its publisher's address, else by the package clients
already on the machine, ``pip`` and ``npm``, with whatever index they are set up for. A file is taken only if its
sha256 is a published one. A file of the user's own, of which poise knows nothing, is taken only when the user says
that it is trusted.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import platformdirs

from poise.errors import ModelCorrupt, ModelUnavailable, ModelUntrusted, UnknownName
from poise.vision.fetching import FetchFailed, alone_in, download, member, npm_pack, pip_download

#: Called while something is fetched: what, how many bytes are here, how many it will be (0 when not known).
Progress = Callable[[str, int, int], None]

FOLDER_VARIABLE = "POISE_MODELS"

#: What a release brings along; not there otherwise.
_BUNDLED = Path(__file__).parent / "models"


@dataclass(frozen=True)
class ModelInfo:
    """One model: its licence, and its file where it is here, else the one that would be fetched first.

    ``size`` is bytes, 0 when not known; ``path`` is None when the model is not here. ``file`` and ``sha256`` are
    empty when no published file is known; ``source`` is where people find it, empty when poise fetches it.
    """

    name: str
    licence: str
    file: str
    size: int
    sha256: str
    path: Path | None
    source: str = ""


Kind = Literal["tflite", "onnx", "openvino"]


@dataclass(frozen=True)
class ModelFile:
    """A network as it lies on disk: the bytes of a ``.tflite``, ``.onnx`` or ``.xml`` file, and of its ``.bin``."""

    data: bytes = field(repr=False)
    parameters: bytes = field(default=b"", repr=False)

    @property
    def kind(self) -> Kind:
        """What kind of file it is, by its first bytes."""
        if self.data[4:8] == b"TFL3":
            return "tflite"
        return "openvino" if self.data.lstrip()[:1] == b"<" else "onnx"


@dataclass(frozen=True)
class _Row:
    """What is known of a model: its licence, the model that holds its parameters, and where people get it."""

    licence: str
    parameters: str = ""
    source: str = ""


@dataclass(frozen=True)
class _File:
    """A published file. `holds` maps each model in it to the member of the bundle, or "" when it is no bundle."""

    name: str
    sha256: str
    holds: Mapping[str, str]
    size: int = 0
    url: str = ""
    within: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class _Archive:
    """A package with published files inside, and the client that gets it: either `pip` or `npm` is given."""

    name: str
    size: int
    pip: str = ""
    npm: str = ""

    def __str__(self) -> str:
        return f"pip download {self.pip}" if self.pip else f"npm pack {self.npm}"


@dataclass(frozen=True)
class _Catalogue:
    models: Mapping[str, _Row]
    files: tuple[_File, ...]
    archives: tuple[_Archive, ...]


@cache
def _catalogue() -> _Catalogue:
    table = tomllib.loads(resources.files("poise.vision").joinpath("weights.toml").read_text("utf-8"))
    return _Catalogue(
        {name: _Row(**row) for name, row in table["model"].items()},
        tuple(_File(within=row.pop("in", {}), **row) for row in table["file"]),
        tuple(_Archive(name, **row) for name, row in table["archive"].items()),
    )


def _cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("poise")) / "models"


def own_folder() -> Path | None:
    """The folder of the user's own copies, named by ``$POISE_MODELS``; None when there is none."""
    return Path(given).expanduser() if (given := os.environ.get(FOLDER_VARIABLE)) else None


def models() -> list[ModelInfo]:
    """Every model poise can fetch, and whether it is here."""
    known = _catalogue()
    listed = []
    for name, row in known.models.items():
        try:
            found = _find(name)
        except ModelCorrupt:
            found = None
        files = _files_of(name)
        file = found.file if found else files[0] if files else _File("", "", {})
        size = found.path.stat().st_size if found else file.size
        listed.append(
            ModelInfo(name, row.licence, file.name, size, file.sha256, found.path if found else None, row.source)
        )
    return listed


def locate(name: str) -> Path | None:
    """The checked file that holds a model, or None when it is not here; a ``.task`` file is a bundle of several.

    Raises:
        UnknownName: when no model is called that.
        ModelCorrupt: when the user's own folder has the file, but not the published bytes.

    """
    found = _find(name)
    return found.path if found else None


def load(name: str, progress: Progress | None = None) -> bytes:
    """The network itself, fetched first when it is not here: the bytes of a ``.tflite`` file.

    Raises:
        UnknownName: when no model is called that.
        ModelUnavailable: when it is not here and could not be fetched.

    """
    found = _find(name) or _fetch(name, progress)
    inside = found.file.holds[name]
    return zipfile.ZipFile(io.BytesIO(found.data)).read(inside) if inside else found.data


def network(
    backend: str, model: str, known: Collection[str], trust: bool = False, progress: Progress | None = None
) -> ModelFile:
    """The network of a backend's model, fetched first when it is not here; or of the user's own file.

    Args:
        backend: the backend's name: its models are called ``BACKEND-MODEL`` in the catalogue.
        model: which of `known`, or the path of a ``.tflite``, ``.onnx`` or ``.xml`` file.
        known: the backend's models.
        trust: whether to take a file of which poise knows nothing.
        progress: told about model files as they arrive.

    Raises:
        UnknownName: when it is neither a model nor a file.
        ModelUntrusted: when it is a file that poise does not know, and not trusted.
        ModelUnavailable: when it is not here and could not be fetched.

    """
    if model in known:
        name = f"{backend}-{model}"
        parameters = _catalogue().models[name].parameters
        return ModelFile(load(name, progress), load(parameters, progress) if parameters else b"")
    path = Path(model).expanduser()
    if path.suffix.lower() not in (".tflite", ".onnx", ".xml"):
        raise UnknownName(f"{backend} model", model, [*known, "a .tflite, .onnx or .xml file"])
    data = _own_file(path, trust)
    beside = path.with_suffix(".bin")
    return ModelFile(data, _own_file(beside, trust) if path.suffix.lower() == ".xml" else b"")


def _own_file(path: Path, trust: bool) -> bytes:
    """The bytes of a file of the user's, if it is a published one or trusted."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ModelUnavailable(f"{path} cannot be opened: {problem.strerror}.", "Check the path.") from problem
    sha256 = hashlib.sha256(data).hexdigest()
    if not trust and all(sha256 != file.sha256 for file in _catalogue().files):
        raise ModelUntrusted(
            f"Nobody vouches for {path}: its sha256, {sha256}, is that of no published model.",
            "If you know where it comes from, say so with --trust.",
        )
    return data


def fetch(name: str, progress: Progress | None = None) -> Path:
    """The checked file that holds a model, fetched into the cache when it is not here.

    Raises:
        UnknownName: when no model is called that.
        ModelUnavailable: when nothing it can be fetched from could be reached; says what was tried.
        ModelCorrupt: when the user's own folder has the file, but not the published bytes.

    """
    return (_find(name) or _fetch(name, progress)).path


def _files_of(name: str) -> list[_File]:
    known = _catalogue()
    if name not in known.models:
        raise UnknownName("model", name, known.models)
    return [file for file in known.files if name in file.holds]


@dataclass(frozen=True)
class _Found:
    path: Path
    file: _File
    data: bytes = field(repr=False)


def _find(name: str) -> _Found | None:
    """The model among the files that are here, if it is."""
    files = _files_of(name)
    own = own_folder()
    wrong = []
    for folder in (own, _BUNDLED, _cache_folder()):
        if folder is None:
            continue
        for path in dict.fromkeys(folder / file.name for file in files):
            if not path.is_file():
                continue
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            for file in files:
                if (file.name, file.sha256) == (path.name, sha256):
                    return _Found(path, file, data)
            if folder == own:
                wrong.append(path)
    if wrong:
        published = ", ".join(file.sha256 for file in files if file.name == wrong[0].name)
        raise ModelCorrupt(
            f"{str(wrong[0])!r} is not the published file: its sha256 is not {published}.",
            f"Delete it, or unset {FOLDER_VARIABLE}, then: poise models fetch {name}",
        )
    return None


def _fetch(name: str, progress: Progress | None) -> _Found:
    """The model, brought into the cache from the first source that has it."""
    whence = _catalogue().models[name].source
    if not _files_of(name):
        raise ModelUnavailable(
            f"Of the model {name!r} poise knows no published file.",
            f"Get it from {whence}, and give the file: --model FILE --trust",
        )
    report = progress or (lambda what, done, total: None)
    folder = _cache_folder()
    failures: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        report(name, 0, 0)  # another process may be at it already
        with alone_in(folder):
            if found := _find(name):  # another process was faster
                return found
            for source in _sources(name):
                if str(source) in failures:  # this host failed with another file already
                    continue
                try:
                    _bring(source, folder, report)
                except FetchFailed as failure:
                    failures[str(source)] = str(failure)
                if found := _find(name):
                    return found
    except OSError as problem:  # the cache cannot be written, or is full
        failures[str(folder)] = problem.strerror or str(problem)
    first = _files_of(name)[0]
    by_hand = f"put {first.name} (sha256 {first.sha256}) into a folder and set {FOLDER_VARIABLE} to that folder."
    if not failures:
        raise ModelUnavailable(
            f"The model {name!r} is not here, and poise knows no address to fetch it from.",
            f"Get it{f' from {whence}' if whence else ''}, and {by_hand}",
        )
    raise ModelUnavailable(
        f"The model {name!r} is not here and could not be fetched. Tried "
        + "; ".join(f"{source}: {reason}" for source, reason in failures.items())
        + ".",
        f"Once there is a network: poise models fetch {name}. Or {by_hand}",
    )


def _sources(name: str) -> Iterator[_File | _Archive]:
    """Where the model is to be had, in the order to try."""
    files = _files_of(name)
    yield from (file for file in files if file.url)
    yield from (archive for archive in _catalogue().archives if any(archive.name in file.within for file in files))


def _bring(source: _File | _Archive, folder: Path, report: Progress) -> None:
    """Put what the source has into `folder`, each file whole and checked, or not at all.

    Raises:
        FetchFailed: when the source does not have it.
        OSError: when `folder` cannot be written or is full.

    """
    unfinished = folder / "unfinished"
    unfinished.mkdir(exist_ok=True)
    if isinstance(source, _File):
        part = unfinished / source.sha256
        download(source.url, part, source.sha256, lambda done, total: report(source.name, done, total))
        part.replace(folder / source.name)
        return
    package = unfinished / source.name
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir()
    try:
        get, what = (pip_download, source.pip) if source.pip else (npm_pack, source.npm)
        archive = get(what, package, lambda done: report(what, min(done, source.size), source.size))
        for file in _catalogue().files:
            if path := file.within.get(source.name):
                data = member(archive, path)
                if hashlib.sha256(data).hexdigest() != file.sha256:
                    raise FetchFailed(f"its {path} is not the published file")
                (package / file.name).write_bytes(data)
                (package / file.name).replace(folder / file.name)
    finally:
        shutil.rmtree(package, ignore_errors=True)
