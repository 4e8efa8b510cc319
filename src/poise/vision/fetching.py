"""Getting published files onto this machine: over HTTP, resumably, and with the package clients it has."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import queue
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path

#: Called as bytes arrive: how many are here, and how many it will be (0 when not known).
Arrived = Callable[[int, int], None]

#: Seconds a host may take to answer at all, and to go on sending.
ANSWER_S, SILENCE_S = 4.0, 30.0

_CHUNK = 1 << 16
_POLL_S = 0.2

# The wheel is unpacked, never installed: any platform's will do, on any platform and any Python.
_ANY_WHEEL = ("--only-binary=:all:", "--platform=manylinux_2_28_x86_64", "--python-version=3.11")


class FetchFailed(Exception):
    """Something could not be had, and why, in a few words."""


def download(url: str, part: Path, sha256: str, arrived: Arrived) -> None:
    """Download into the file `part`, going on from what is already in it; afterwards it is whole and checked.

    After a broken connection it tries again for as long as that brings anything.

    Raises:
        FetchFailed: when the host does not answer within `ANSWER_S` seconds, refuses, the connection stays
            broken, or the bytes are not those of `sha256`.
        OSError: when `part` cannot be written; it is gone then.

    """
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            total = _download_rest(url, part, before, arrived)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            if refusal.code != 416:  # 416: there is nothing after what is already here
                raise FetchFailed(f"it answered {refusal.code} {refusal.reason}") from None
            total = before
        size = part.stat().st_size if part.exists() else 0
        if size >= total:
            break
        if size <= before:
            raise FetchFailed(f"the connection broke after {size} of {total} bytes")
    with part.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
            return
    part.unlink()
    raise FetchFailed("it sent other bytes than the published ones")


def _download_rest(url: str, part: Path, have: int, arrived: Arrived) -> int:
    """Append what follows the first `have` bytes; how many bytes the whole is. A broken connection just ends it."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with _answer(request) as response:
        if response.status != 206:
            have = 0
        total = have + int(response.headers.get("Content-Length") or 0)
        try:
            with part.open("ab" if have else "wb") as file:
                while chunk := _next_chunk(response):
                    file.write(chunk)
                    have += len(chunk)
                    arrived(have, total)
        except OSError:  # a full disk is not made fuller
            part.unlink(missing_ok=True)
            raise
    return total


def _next_chunk(response: HTTPResponse) -> bytes:
    """The next bytes of a response; none at its end, and none when the connection breaks."""
    try:
        return response.read(_CHUNK)
    except (OSError, HTTPException):
        return b""


def _answer(request: urllib.request.Request) -> HTTPResponse:
    """The response to a request; the host has `ANSWER_S` seconds for it, however many addresses it has."""
    outcome: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            outcome.put(urllib.request.urlopen(request, timeout=SILENCE_S))
        except Exception as problem:
            outcome.put(problem)

    threading.Thread(target=ask, daemon=True).start()
    try:
        got = outcome.get(timeout=ANSWER_S)
    except queue.Empty:
        raise FetchFailed(f"no answer within {ANSWER_S:g} s") from None
    if isinstance(got, urllib.error.HTTPError):
        raise got
    if isinstance(got, Exception):
        raise FetchFailed(f"cannot be reached ({getattr(got, 'reason', got)})") from None
    return got


def pip_download(requirement: str, folder: Path, arrived: Callable[[int], None]) -> Path:
    """The wheel of a requirement, downloaded into an empty `folder` by pip; nothing is installed.

    Raises:
        FetchFailed: when there is no pip, or it could not get the wheel.

    """
    module, program = importlib.util.find_spec("pip"), shutil.which("pip") or shutil.which("pip3")
    if not module and not program:
        raise FetchFailed("there is no pip on this machine")
    pip = [sys.executable, "-m", "pip"] if module else [str(program)]
    _run([*pip, "download", requirement, "--no-deps", "--quiet", "--retries=1", *_ANY_WHEEL], folder, arrived)
    return _only(folder, "*.whl")


def npm_pack(package: str, folder: Path, arrived: Callable[[int], None]) -> Path:
    """The tarball of a package, downloaded into an empty `folder` by npm; nothing is installed or run.

    Raises:
        FetchFailed: when there is no npm, or it could not get the package.

    """
    npm = shutil.which("npm")
    if not npm:
        raise FetchFailed("there is no npm on this machine")
    _run([npm, "pack", package, "--loglevel=error", "--ignore-scripts", "--fetch-retries=1"], folder, arrived)
    return _only(folder, "*.tgz")


def _run(command: Sequence[str], folder: Path, arrived: Callable[[int], None]) -> None:
    """Run a package client in `folder`, telling how the folder grows."""
    scratch = {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    log = folder / "log"
    with log.open("w+b") as output:
        client = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **scratch},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while client.poll() is None:
                arrived(_size(folder))
                time.sleep(_POLL_S)
        finally:
            client.kill()
            client.wait()
    if client.returncode:
        lines = log.read_text("utf-8", "replace").splitlines()
        said = next((line.strip()[:200] for line in lines if "error" in line.lower()), "it did not say why")
        raise FetchFailed(f"it ended with {client.returncode} ({said})")


def _size(folder: Path) -> int:
    """How many bytes are in a folder, which others may be changing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise FetchFailed(f"it left {len(found)} files {pattern}")
    return found[0]


def member(archive: Path, path: str) -> bytes:
    """A file of a wheel or a tarball.

    Raises:
        FetchFailed: when there is no such file in it.

    """
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(path)
        with tarfile.open(archive) as tarball:
            file = tarball.extractfile(path)
            if file is None:
                raise FetchFailed(f"its {path} is no file")
            return file.read()
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as problem:
        raise FetchFailed(f"it holds no {path} ({problem})") from None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is inside; a process that dies inside leaves it by that."""
    with (folder / ".lock").open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with suppress(OSError):  # it gives up after ten seconds
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
