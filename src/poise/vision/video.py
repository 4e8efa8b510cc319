"""Films and pictures in: frames in true time, upright, with square pixels.

::

    open_film ── Film ── iterate ── Frame, Frame, …       a film file, a picture or a folder of pictures

The clock of a film starts at 0 with its first readable picture and only ever moves forward: presentation
times as recorded (variable rate included), a picture whose time has already passed is dropped, and a clock
that jumps back by more than a second (joined films do) goes on where it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from threading import Event
from typing import Literal, Self

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from poise.errors import InputError, UnreadableMedia
from poise.vision.decode import Display, Upright, decoded, opened
from poise.vision.frame import Frame
from poise.vision.pictures import FOLDER_SUFFIXES, fitted, is_picture, pictures_in, read_picture

#: Pictures up to this many pixels are decoded one at a time: that costs the least CPU and memory, and is faster
#: than any estimator. Of larger ones, which would hold the estimator up, several are decoded at once.
_ONE_AT_A_TIME_PIXELS = 1920 * 1088
#: Seconds a film may fall short of its stated duration before it counts as cut off.
_SHORT = 0.5
#: How the note begins that says so.
ENDS_EARLY = "The film ends early"
#: Seconds a clock must jump back by to count as started anew.
_RESTART = 1.0


@dataclass(eq=False)
class Film:
    """A film, a picture or a folder of pictures; iterating gives every `Frame` in time order, each time anew.

    ``size`` is width and height in pixels of every frame, after turning it upright and squaring its pixels;
    ``duration`` is in seconds and, like ``frame_count``, an estimate from the file's header for what lies
    between ``start`` and ``end``, or None when the file does not say; ``whole`` is the duration of all of it.
    ``rotation`` is how many degrees clockwise the pictures were turned to be upright. ``origin`` is the first
    picture's time in seconds on the file's own clock, on which its sound lies, too. ``notes`` are sentences
    about what could not be read, complete after an iteration.
    """

    path: Path
    kind: Literal["film", "picture", "folder"]
    size: tuple[int, int]
    duration: float | None
    frame_count: int | None
    has_audio: bool = False
    rotation: int = 0
    start: float = 0.0
    end: float = math.inf
    origin: float = 0.0
    whole: float | None = None
    notes: list[str] = field(default_factory=list)
    _read: Callable[[Film], Iterator[Frame]] = field(kw_only=True, repr=False)
    _closed: Event = field(default_factory=Event, init=False, repr=False)

    @property
    def name(self) -> str:
        """The name of the file or folder."""
        return (self.path.resolve() if self.kind == "folder" else self.path).name

    @property
    def stem(self) -> str:
        """The name of the file without its ending; of a folder, its name."""
        return self.name if self.kind == "folder" else Path(self.name).stem

    def __iter__(self) -> Iterator[Frame]:
        if self._closed.is_set():
            raise ValueError(f"{self.name!r} has been closed")
        for frame in self._read(self):
            if self._closed.is_set():
                return
            yield frame

    def note(self, sentence: str) -> None:
        """Add to the notes, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def close(self) -> None:
        """End every iteration at its next frame, from whatever thread."""
        self._closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_film(source: str | Path, start: float | None = None, end: float | None = None, rate: float = 30.0) -> Film:
    """The film, picture or folder of pictures at a path, ready to be iterated over and to be closed.

    Frames keep the film's own clock when only the part from ``start`` until before ``end`` (seconds) is read.
    The pictures of a folder come in the natural order of their names (2 before 10), ``rate`` to the second;
    a single picture has the time 0.

    Raises:
        UnreadableMedia: when there is nothing there, or nothing in it that can be read.
        InputError: when ``start`` does not lie before ``end``, or not within the film.

    """
    path = Path(source)
    first, last = start or 0.0, math.inf if end is None else end
    if not 0 <= first < last:
        raise InputError(
            f"A film cannot be read from {first:g} s to {last:g} s.",
            "Give a start of 0 or more that lies before the end.",
        )
    if path.is_dir():
        film = _open_folder(path, rate)
    elif not path.exists():
        raise _missing(path, str(source))
    elif path.stat().st_size == 0:
        raise UnreadableMedia(f"{str(path)!r} is empty (0 bytes).", "Copy or record it again.")
    elif is_picture(path):
        height, width = read_picture(path).shape[:2]
        film = Film(path, "picture", (width, height), 0.0, 1, _read=partial(_read_pictures, [path], rate))
    else:
        film = _open_video(path)
    return _trimmed(film, first, last)


def _trimmed(film: Film, start: float, end: float) -> Film:
    """The film with its window set, and its estimates cut down to it."""
    film.start, film.end = start, end
    if film.duration is not None:
        if start > film.duration:
            raise InputError(
                f"{film.name!r} is {film.duration:.1f} s long; nothing lies after {start:g} s.",
                "Give an earlier start.",
            )
        film.whole, film.duration = film.duration, min(end, film.duration) - start
        if film.frame_count is not None and film.whole > 0:
            film.frame_count = math.ceil(film.frame_count * film.duration / film.whole)
    return film


def _missing(path: Path, given: str) -> UnreadableMedia:
    if re.match(r"[a-z]{2,}:/", given):  # a path has made one stroke of two
        return UnreadableMedia(
            f"{given!r} is an address, not a file.", "Download it first, or open it as a camera."
        )
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, siblings, n=1)
    hint = f"Did you mean {str(path.parent / close[0])!r}?" if close else "Check the spelling and the folder."
    return UnreadableMedia(f"There is no file {str(path)!r}.", hint)


# Pictures ------------------------------------------------------------------------------------------------


def _open_folder(path: Path, rate: float) -> Film:
    paths = pictures_in(path)
    notes: list[str] = []
    for i, candidate in enumerate(paths):
        try:
            height, width = read_picture(candidate).shape[:2]
        except UnreadableMedia as error:
            notes.append(error.message)
            continue
        rest = paths[i:]
        read = partial(_read_pictures, rest, rate)
        return Film(path, "folder", (width, height), len(rest) / rate, len(rest), notes=notes, _read=read)
    raise UnreadableMedia(
        f"The folder {str(path)!r} holds no pictures that can be read.",
        f"Pictures end in {', '.join(sorted(FOLDER_SUFFIXES))}; films are given one by one.",
    )


def _read_pictures(paths: list[Path], rate: float, film: Film) -> Iterator[Frame]:
    for i, path in enumerate(paths):
        t = i / rate
        if not film.start <= t < film.end:
            continue
        try:
            image = read_picture(path)
        except UnreadableMedia as error:
            film.note(error.message)
            continue
        if image.shape[1::-1] != film.size:
            film.note(f"Pictures of another size than {film.size[0]}x{film.size[1]} were fitted into it.")
            image = fitted(image, film.size)
        yield Frame(image, t)


# Films ---------------------------------------------------------------------------------------------------


def _open_video(path: Path) -> Film:
    with _container(path) as container:
        stream = _video_stream(container, path)
        first = None
        with suppress(av.FFmpegError):
            first = next(filter(None, decoded(container, stream)), None)
        if first is None:
            codec = stream.codec_context.name
            raise UnreadableMedia(
                f"{str(path)!r} holds no picture that can be decoded ({codec}, zero frames).",
                "Copy or record it again.",
            )
        display = Display.of(first, stream)
        duration = None
        if stream.duration is not None and stream.time_base is not None:
            duration = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            duration = container.duration / av.time_base
        frame_count = stream.frames or None
        if frame_count is None and duration is not None and stream.average_rate:
            frame_count = round(duration * stream.average_rate)
        return Film(
            path,
            "film",
            display.size,
            duration,
            frame_count,
            has_audio=bool(container.streams.audio),
            rotation=display.degrees,
            origin=first.time or 0.0,
            _read=_read_video,
        )


def _read_video(film: Film) -> Iterator[Frame]:
    damaged: float | None = None
    try:
        with _container(film.path) as container:
            stream = _video_stream(container, film.path)
            upright = Upright(stream, film.size)
            clock = _Clock(film.origin, step=float(1 / (stream.average_rate or 30)))
            if film.start > 0:
                with suppress(av.FFmpegError):  # what cannot jump is read from its beginning
                    container.seek(int((film.start + film.origin) * av.time_base))
            for picture in decoded(container, stream):
                if picture is None:
                    damaged = max(clock.now, 0.0) if damaged is None else damaged
                elif (t := clock.read(picture.time)) is not None and t >= film.start:
                    if t >= film.end:
                        return
                    yield Frame(upright(picture), t)
    except av.FFmpegError as error:
        film.note(f"The film is damaged and breaks off ({error.strerror}).")
    finally:
        if damaged is not None:
            film.note(f"The film is damaged at {damaged:.1f} s; what could not be decoded is left out.")
    seen, asked = max(clock.now + clock.step, film.start), film.start + (film.duration or 0.0)
    if seen < asked - _SHORT:
        film.note(f"{ENDS_EARLY}: {seen:.1f} s of {film.whole or asked:.1f} s could be read.")


def _container(path: Path) -> InputContainer:
    try:
        container = opened(path)
    except av.FFmpegError as error:
        raise _unreadable(path, error) from error
    if container.format.name == "tty":
        container.close()
        raise UnreadableMedia(f"{str(path)!r} is a text, not a film or a picture.", "Give a film or a picture.")
    return container


def _unreadable(path: Path, error: av.FFmpegError) -> UnreadableMedia:
    if isinstance(error, PermissionError):
        return UnreadableMedia(f"{str(path)!r} may not be read by this user.", "Change its permissions.")
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return UnreadableMedia(
            f"{str(path)!r} is cut off: the index at its end is missing.",
            "Copy it again from where it was recorded.",
        )
    return UnreadableMedia(
        f"{str(path)!r} is not a film or a picture that can be read ({error.strerror}).",
        "If a player shows it, convert it to an .mp4 first.",
    )


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    if container.metadata.get("major_brand", "").strip() in ("heic", "heix", "mif1"):
        raise UnreadableMedia(f"{str(path)!r} is a HEIC picture, which cannot be read.", "Save it as JPEG first.")
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        what = "holds sound but no pictures" if container.streams.audio else "holds no pictures"
        raise UnreadableMedia(f"{str(path)!r} {what}.", "Give a film.")
    stream = streams[0]
    if stream.codec_context is None:
        raise UnreadableMedia(
            f"{str(path)!r} is coded in a way nothing here can decode.", "Convert it to H.264 in an .mp4 first."
        )
    if stream.width * stream.height > _ONE_AT_A_TIME_PIXELS:
        stream.thread_type = "AUTO"
    return stream


class _Clock:
    """Film time from presentation times: from 0, strictly increasing."""

    def __init__(self, origin: float, step: float) -> None:
        self.step = step
        self.now = -math.inf
        self._origin = origin

    def read(self, time: float | None) -> float | None:
        """Seconds on the film's clock at a presentation time, or None when that time has already passed."""
        t = max(self.now + self.step, 0.0) if time is None else time - self._origin
        if t < self.now - _RESTART:
            self._origin += t - self.now - self.step
            t = self.now + self.step
        if t <= self.now:
            return None
        self.now = t
        return t
