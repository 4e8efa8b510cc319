"""What FFmpeg decodes, as a viewer sees it: RGB, upright, with square pixels, always of one size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.sidedata.sidedata import Type
from av.video.stream import VideoStream

from poise.vision.frame import Picture

#: Filters for every way to hold a camera: degrees clockwise, then mirrored left to right.
_FILTERS: dict[tuple[int, bool], tuple[tuple[str, str], ...]] = {
    (0, False): (),
    (90, False): (("transpose", "clock"),),
    (180, False): (("hflip", ""), ("vflip", "")),
    (270, False): (("transpose", "cclock"),),
    (0, True): (("hflip", ""),),
    (90, True): (("transpose", "cclock_flip"),),
    (180, True): (("vflip", ""),),
    (270, True): (("transpose", "clock_flip"),),
}
#: Pixel aspect ratios beyond this are a broken header, not a lens.
_WIDEST_PIXEL = 4.0


#: Tags that are not UTF-8 must not keep a film from being opened; PyAV 19 sees to that by itself.
_LENIENT: dict[str, Any] = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}


def opened(path: Path) -> InputContainer:
    """The opened container of a film file; ``file:`` keeps odd names from being taken for addresses.

    Raises:
        av.FFmpegError: when FFmpeg cannot read it.

    """
    container: InputContainer = av.open(f"file:{path}", **_LENIENT)
    return container


def decoded(
    container: InputContainer, stream: VideoStream, wanted: Callable[[], bool] = lambda: True
) -> Iterator[av.VideoFrame | None]:
    """Every picture of a stream, and None for each piece that is too damaged to decode.

    Where each picture stands for itself (as most webcams send them) those that are not ``wanted`` are not decoded.

    Raises:
        av.FFmpegError: when the stream breaks off.

    """
    each_alone = stream.codec_context.codec.intra_only
    for packet in container.demux(stream):
        if each_alone and packet.size and not wanted():
            continue
        try:
            yield from packet.decode()
        except av.FFmpegError:
            yield None


@dataclass(frozen=True)
class Display:
    """How a decoded picture is meant to be shown: turned, mirrored, and of which size in square pixels."""

    degrees: int
    mirrored: bool
    size: tuple[int, int]

    @classmethod
    def of(cls, picture: av.VideoFrame, stream: VideoStream) -> Display:
        """How this picture is meant to be shown.

        A display matrix (or the older ``rotate`` tag) gives the turn. Pixels that are not square are made so by
        stretching their shorter side: angles would be wrong otherwise, and no detail is lost.
        """
        matrix = picture.side_data.get(Type.DISPLAYMATRIX.name)
        if matrix is None:
            tag = next((value for name, value in stream.metadata.items() if name.lower() == "rotate"), "0")
            degrees, mirrored = (int(tag) % 360 if tag in ("90", "180", "270", "-90") else 0), False
        else:
            (a, b, _), (c, d, _), _ = np.frombuffer(cast(bytes, matrix), np.int32).reshape(3, 3).tolist()
            if abs(a) + abs(d) >= abs(b) + abs(c):
                degrees, mirrored = (180 if d < 0 else 0), a * d < 0
            else:
                degrees, mirrored = (90 if b > 0 else 270), b * c > 0
        width, height = picture.width, picture.height
        aspect = float(stream.sample_aspect_ratio or 1)
        if 1 < aspect <= _WIDEST_PIXEL:
            width = round(width * aspect)
        elif 1 / _WIDEST_PIXEL <= aspect < 1:
            height = round(height / aspect)
        return cls(degrees, mirrored, (height, width) if degrees in (90, 270) else (width, height))


class Upright:
    """Turns the decoded pictures of a stream into RGB arrays of one size.

    A picture that has another size than the rest (it happens in joined films) is fitted into theirs with black
    borders. The work is done by one FFmpeg filter graph: its pooled buffers save a page fault per 4 kB of
    every picture, which cost a third of the whole decoding otherwise.
    """

    def __init__(self, stream: VideoStream, size: tuple[int, int]) -> None:
        self._stream = stream
        self._size = size
        self._graph: Graph | None = None
        self._made_for: tuple[int, int, str] | None = None

    def __call__(self, picture: av.VideoFrame) -> Picture:
        """What a viewer sees of it: ``(H, W, 3)`` uint8 RGB, C-contiguous."""
        made_for = (picture.width, picture.height, picture.format.name)
        if self._graph is None or self._made_for != made_for:
            self._graph, self._made_for = self._make_graph(picture), made_for
        self._graph.vpush(picture)
        return np.ascontiguousarray(self._graph.vpull().to_ndarray(), dtype=np.uint8)

    def _make_graph(self, picture: av.VideoFrame) -> Graph:
        display = Display.of(picture, self._stream)
        (width, height), (shown_width, shown_height) = self._size, display.size
        shrink = min(width / shown_width, height / shown_height)
        filters = [
            *_FILTERS[display.degrees, display.mirrored],
            ("scale", f"{round(shown_width * shrink)}:{round(shown_height * shrink)}"),
            ("pad", f"{width}:{height}:-1:-1"),
            ("format", "rgb24"),
        ]
        graph = Graph()
        source = graph.add_buffer(
            width=picture.width,
            height=picture.height,
            format=picture.format,
            time_base=self._stream.time_base,
        )
        graph.link_nodes(source, *(graph.add(name, args) for name, args in filters), graph.add("buffersink"))
        graph.configure()
        return graph
