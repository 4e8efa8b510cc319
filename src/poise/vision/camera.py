"""Live cameras in: the newest frame wins, there is never a queue.

A thread of its own takes every picture off the camera as it comes and keeps the last one; whoever iterates
gets that, turned into RGB on the spot. A coach that lags is worse than one that skips.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Self

import av
from av.container import InputContainer

from poise.errors import CameraUnavailable
from poise.vision.decode import Display, Upright, decoded
from poise.vision.frame import Frame

#: For each system FFmpeg's name for its cameras, and how a numbered one is written.
_SYSTEMS = {
    "linux": ("v4l2", "/dev/video{}"),
    "darwin": ("avfoundation", "{}:none"),
    "win32": ("dshow", "video={}"),
}
#: What sends the pictures of a Raspberry Pi's own camera, newest first; they come as JPEGs on its standard output.
_LIBCAMERA = ("rpicam-vid", "libcamera-vid")
#: Seconds to wait for a camera to open and for any one picture.
_PATIENCE = 10.0


@dataclass(frozen=True)
class CameraInfo:
    """A camera of this machine: what to give to `open_camera`, and what it is called."""

    device: str
    name: str


def cameras() -> list[CameraInfo]:
    """The cameras of this machine, as far as the system tells; may be empty although there is one."""
    system, _ = _SYSTEMS.get(sys.platform, ("", ""))
    try:
        found = av.enumerate_input_devices(system)
    except (ValueError, av.FFmpegError):
        return []
    return [CameraInfo(info.name, info.description) for info in found if "audio" not in info.media_types]


class Camera:
    """An open camera; iterating gives its newest `Frame`, each at most once, until the camera ends or is closed.

    Times are seconds on the monotonic clock from opening to the picture's arrival. ``size`` is width and height
    in pixels. ``skipped`` counts pictures that were replaced by a newer one before anybody took them. Set ``pace``
    to the seconds between pictures when fewer will do: those between cost next to nothing.
    """

    def __init__(self, name: str, container: InputContainer, sender: subprocess.Popen[bytes] | None = None) -> None:
        self.name = name
        self._sender = sender
        self.skipped = 0
        self.pace = 0.0
        self._wanted_at = 0.0
        self._container = container
        self._pictures = (
            p for s in container.streams.video[:1] for p in decoded(container, s, self._wanted) if p is not None
        )
        first = next(self._pictures, None)
        if first is None:
            raise CameraUnavailable(f"The camera {name!r} sends no pictures.", "Is this the right one?")
        stream = container.streams.video[0]
        self.size = Display.of(first, stream).size
        self._upright = Upright(stream, self.size)
        self._opened = time.monotonic()
        self._newest: tuple[av.VideoFrame, float] | None = (first, 0.0)
        self._error: av.FFmpegError | None = None
        self._ended = False
        self._news = Condition()
        self._thread = Thread(target=self._watch, name="poise-camera", daemon=True)
        self._thread.start()

    def _wanted(self) -> bool:
        return time.monotonic() >= self._wanted_at

    def _watch(self) -> None:
        try:
            for picture in self._pictures:
                if not self._wanted():
                    continue
                self._wanted_at = time.monotonic() + self.pace
                with self._news:
                    if self._ended:
                        break
                    self.skipped += self._newest is not None
                    self._newest = picture, time.monotonic() - self._opened
                    self._news.notify_all()
        except av.FFmpegError as error:
            self._error = error
        finally:
            self._container.close()
            with self._news:
                self._ended = True
                self._news.notify_all()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._newest or self._ended)
                newest, self._newest = self._newest, None
            if newest is None:
                if self._error:
                    raise CameraUnavailable(
                        f"The camera {self.name!r} was lost ({_reason(self._error)}).", "Check its cable."
                    ) from self._error
                return
            picture, t = newest
            yield Frame(self._upright(picture), t)

    def close(self) -> None:
        """Let go of the camera; iterations end."""
        with self._news:
            self._ended, self._newest = True, None
            self._news.notify_all()
        if self._sender:
            self._sender.kill()
        self._thread.join(1.0)
        if self._sender:
            _end(self._sender)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_camera(device: int | str = 0, size: tuple[int, int] | None = None, rate: float | None = None) -> Camera:
    """The camera, sending, to be closed.

    ``device`` is its number, its name or path, the address of a stream (``rtsp://…``, ``http://…``), ``libcamera``
    for a Raspberry Pi's own, or ``lavfi:`` and an FFmpeg test source to rehearse without a camera. ``size`` (width,
    height) and ``rate`` (pictures per second) are wishes; the camera decides.

    Raises:
        CameraUnavailable: when it is missing, busy, forbidden or sends nothing.

    """
    name = str(device)
    if name == "libcamera":
        return _open_libcamera(size or (640, 480), rate or 30.0)
    failures: list[av.FFmpegError] = []
    for file, system, options in _ways_in(name, size, rate):
        try:
            return Camera(name, av.open(file, format=system, options=options, timeout=_PATIENCE))
        except av.FFmpegError as error:
            failures.append(error)
    raise _unavailable(name, failures[0]) from failures[0]


def _open_libcamera(size: tuple[int, int], rate: float) -> Camera:
    """The camera that libcamera knows, by the program that comes with it: it has no V4L2 device one could read."""
    program = next((found for name in _LIBCAMERA if (found := shutil.which(name))), None)
    if program is None:
        raise CameraUnavailable(
            f"Neither {' nor '.join(_LIBCAMERA)} is here, which give libcamera's pictures.",
            "Install it: sudo apt install rpicam-apps",
        )
    wishes = ["--width", str(size[0]), "--height", str(size[1]), "--framerate", f"{rate:g}"]
    sender = subprocess.Popen(
        [program, "--timeout", "0", "--nopreview", "--codec", "mjpeg", *wishes, "--output", "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,  # a picture is there when it is there, and not when a buffer is full
    )
    try:
        options = {"probesize": "65536", "fflags": "nobuffer"}
        pictures = av.open(sender.stdout, "r", format="mjpeg", options=options)
        return Camera("libcamera", pictures, sender)
    except (av.FFmpegError, CameraUnavailable) as error:
        _end(sender)
        raise CameraUnavailable(
            "The camera 'libcamera' sends no pictures.", f"What does this say? {Path(program).name} --list-cameras"
        ) from error


def _end(sender: subprocess.Popen[bytes]) -> None:
    sender.kill()
    sender.wait()
    if sender.stdout:
        sender.stdout.close()


def _ways_in(
    name: str, size: tuple[int, int] | None, rate: float | None
) -> Iterator[tuple[str, str | None, dict[str, str]]]:
    """What to open, as what, and with which options, in the order to try."""
    if name.startswith("lavfi:"):
        yield name.removeprefix("lavfi:"), "lavfi", {}
        return
    if "://" in name:
        yield name, None, {"rtsp_transport": "tcp", "flags": "low_delay"}
        return
    system, numbered = _SYSTEMS.get(sys.platform, _SYSTEMS["linux"])
    wishes = {}
    if size is not None:
        wishes["video_size"] = f"{size[0]}x{size[1]}"
    if rate is not None:
        wishes["framerate"] = f"{rate:g}"
    if system == "dshow" and name.isdecimal():
        known = cameras()
        name = known[int(name)].device if int(name) < len(known) else name
    file = numbered.format(name) if name.isdecimal() or system == "dshow" else name
    if system == "v4l2":
        # Over USB only compressed pictures come large and fast.
        yield file, system, {**wishes, "input_format": "mjpeg"}
    elif system == "avfoundation":
        wishes.setdefault("framerate", "30")
    yield file, system, wishes


def _unavailable(name: str, error: av.FFmpegError) -> CameraUnavailable:
    number = error.errno
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        known = ", ".join(f"{camera.device} ({camera.name})" for camera in cameras())
        hint = f"Cameras here: {known}." if known else "No camera was found here; plug one in."
        return CameraUnavailable(f"There is no camera {name!r}.", hint)
    if number == errno.EBUSY:
        return CameraUnavailable(
            f"The camera {name!r} is in use.",
            "Close the program that uses it (a call, a browser tab) and try again.",
        )
    if number in (errno.EACCES, errno.EPERM):
        hints = {
            "linux": "Join the group that may: sudo usermod -aG video $USER, then log in again.",
            "darwin": "Allow it in System Settings > Privacy & Security > Camera, for your terminal.",
        }
        hint = hints.get(sys.platform, "Allow it in Settings > Privacy & security > Camera.")
        return CameraUnavailable(f"The camera {name!r} may not be used by this user.", hint)
    hint = (
        "Is the address right, and the camera on?"
        if "://" in name
        else "Is it plugged in, allowed and not in use elsewhere?"
    )
    return CameraUnavailable(f"The camera {name!r} cannot be opened ({_reason(error)}).", hint)


def _reason(error: av.FFmpegError) -> str:
    return f"no answer for {_PATIENCE:g} s" if isinstance(error, av.error.ExitError) else str(error.strerror)
