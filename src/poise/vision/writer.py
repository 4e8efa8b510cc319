"""Films out: H.264 in MP4 that plays anywhere, in true time, with the sound of the source."""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter

from poise.body.formats import replacing
from poise.errors import PoiseError
from poise.vision.decode import opened
from poise.vision.frame import Frame
from poise.vision.video import Film

#: Unit of the times in the file, as broadcasting uses.
_TICK = Fraction(1, 90_000)
#: Sound that MP4 takes and browsers play as it is; any other is made AAC.
_COPIED = frozenset({"aac", "mp3", "opus"})


class FilmWriter:
    """Writes frames to a film; see `open_writer`, which makes one.

    ``origin`` is the time of the first frame in seconds, or None before it; the written film's own clock starts
    at 0 there.
    """

    def __init__(
        self, path: Path, draft: str, size: tuple[int, int], audio_from: Film | None, preset: str, crf: int
    ) -> None:
        self.path = path
        self.size = size
        self.origin: float | None = None
        self._last = 0.0
        self._to_yuv = VideoReformatter()
        self._container = av.open(f"file:{draft}", "w", format="mp4", options={"movflags": "+faststart"})
        self._video = self._container.add_stream(
            "libx264", rate=30, options={"preset": preset, "crf": str(crf), "g": "60"}
        )
        # H.264 halves the colours' resolution: an odd size loses its last row or column.
        self._video.width, self._video.height = size[0] // 2 * 2, size[1] // 2 * 2
        context = self._video.codec_context
        context.time_base = _TICK
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self._sound = _Sound(audio_from, self._container) if audio_from and audio_from.has_audio else None

    def write(self, frame: Frame) -> None:
        """Add a frame at its time.

        Raises:
            ValueError: when its size is not the writer's, or its time not after the last one's.
            PoiseError: when the disk is full or the file cannot be written.

        """
        if frame.size != self.size:
            raise ValueError(
                f"the film is {self.size[0]}x{self.size[1]}, the frame {frame.size[0]}x{frame.size[1]}"
            )
        if self.origin is None:
            self.origin = frame.t
        elif frame.t <= self._last:
            raise ValueError(f"a frame at {frame.t} s cannot follow one at {self._last} s")
        self._last = frame.t
        image = np.ascontiguousarray(frame.image[: self._video.height, : self._video.width])
        picture = self._to_yuv.reformat(
            av.VideoFrame.from_numpy_buffer(image, "rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        picture.pts, picture.time_base = round((frame.t - self.origin) / _TICK), _TICK
        with _explained(self.path):
            if self._sound:
                self._sound.mux(self.origin, until=frame.t)
            self._container.mux(self._video.encode(picture))

    def _finish(self) -> None:
        if self.origin is None:
            raise ValueError("a film needs at least one frame")
        if self._sound:
            self._sound.mux(self.origin, until=self._last)
        self._container.mux(self._video.encode())
        self._container.close()

    def _let_go(self) -> None:
        if self._sound:
            self._sound.close()
        with suppress(av.FFmpegError):
            self._container.close()


@contextmanager
def open_writer(
    path: str | Path,
    size: tuple[int, int],
    audio_from: Film | None = None,
    preset: str = "veryfast",
    crf: int = 23,
) -> Iterator[FilmWriter]:
    """A writer of frames of one size (width, height in pixels) to an MP4 film, for a ``with``.

    The file appears, whole, when the ``with`` is left; leaving it by an error leaves no file, or the one that
    was there before. Frames keep their times, however irregular. ``audio_from`` is the film the frames come
    from: its sound is copied as it is where MP4 takes it and recoded to AAC where not, in step with the frames.
    ``preset`` and ``crf`` are libx264's: how hard to try, and how coarse the picture may be (lower is finer).

    Raises:
        PoiseError: when the file cannot be written there.
        ValueError: when no frame was written.

    """
    path = Path(path)
    with ExitStack() as stack:
        with _explained(path):
            draft = stack.enter_context(replacing(path)).name
            writer = FilmWriter(path, draft, size, audio_from, preset, crf)
            stack.callback(writer._let_go)
        yield writer
        with _explained(path):
            writer._finish()
            stack.close()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what goes wrong with writing a file into a sentence."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        if error.errno == errno.ENOSPC:
            raise PoiseError(
                f"The disk is full: {str(path)!r} could not be written.", "Free some space and try again."
            ) from error
        raise PoiseError(
            f"{str(path)!r} cannot be written ({error.strerror}).",
            "Choose a folder that exists and may be written to.",
        ) from error


class _Sound:
    """The sound of a film, put into another in step with its frames."""

    def __init__(self, film: Film, output: OutputContainer) -> None:
        self._film = film
        self._output = output
        self._input = opened(film.path)
        self._source = self._input.streams.audio[0]
        self._copied = self._source.codec_context.codec.canonical_name in _COPIED
        self._target = (
            output.add_stream_from_template(self._source) if self._copied else output.add_stream("aac", rate=48_000)
        )
        self._packets = self._read()
        self._next = next(self._packets, None)

    def mux(self, origin: float, until: float) -> None:
        """Write what sounds from ``origin`` to ``until``, seconds on the film's clock, and was not written yet."""
        while (packet := self._next) is not None:
            assert packet.pts is not None
            t = float(packet.pts * packet.time_base) - self._film.origin
            if t > until:
                return
            if t >= origin:
                shift = round((self._film.origin + origin) / packet.time_base)
                packet.pts -= shift
                packet.dts = packet.pts
                packet.stream = self._target
                self._output.mux(packet)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the film."""
        self._packets.close()
        self._input.close()

    def _read(self) -> Generator[av.Packet[AudioStream]]:
        """Packets as they go into the output; what is damaged is left out."""
        if self._film.start > 0:
            with suppress(av.FFmpegError):
                self._input.seek(int((self._film.start + self._film.origin) * av.time_base))
        with suppress(av.FFmpegError):
            for packet in self._input.demux(self._source):
                if self._copied:
                    if packet.pts is not None:
                        yield packet
                else:
                    with suppress(av.InvalidDataError):
                        for frame in packet.decode():
                            # Some files count time in whole packets: too coarse to cut it anew.
                            frame.pts = round((frame.time or 0.0) * frame.sample_rate)
                            frame.time_base = Fraction(1, frame.sample_rate)
                            yield from self._target.encode(frame)
        if not self._copied:
            yield from self._target.encode(None)
