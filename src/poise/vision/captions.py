"""Words on a picture: what is counted, what to change; readable from three metres on a television.

Sizes are shares of the picture's shorter side, so that they fill a television and a phone alike. Letters of the
cue are 6.5 % of it, about 4 cm high on a 50 inch screen; a reader at three metres needs 1 cm.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from poise.vision.frame import Picture

Colour = tuple[int, int, int, int]

PANEL: Colour = (14, 17, 23, 210)
WHITE: Colour = (255, 255, 255, 255)
DIM: Colour = (214, 220, 230, 255)
TRACK: Colour = (255, 255, 255, 56)
#: Everything is drawn this many times larger and shrunk, which smooths its edges.
FINE = 2
#: What the built-in font has.
_FONT = frozenset(map(chr, range(32, 127))) | set("°’“”…")
#: What it lacks and a common sentence has, in letters that it has.
_SPELLED = str.maketrans({"–": "-", "—": "-", "−": "-", "×": "x", "‘": "’", "ß": "ss", "½": "1/2", "\n": " "})


@dataclass(frozen=True)
class Captions:
    """What is written on a picture; empty texts and None are left out.

    Args:
        title: the exercise.
        count: repetitions, or seconds held, as text.
        progress: 0..1 how far into the repetition; None for no bar.
        cue: one line on what to change.
        note: something small on the side, such as how to set up the camera.

    """

    title: str = ""
    count: str = ""
    progress: float | None = None
    cue: str = ""
    note: str = ""


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The built-in font in a size of pixels."""
    face = ImageFont.load_default(size)
    assert isinstance(face, ImageFont.FreeTypeFont)
    return face


def spelled(text: str) -> str:
    """The text in letters that the built-in font has: accents fall, strange signs become question marks."""
    return "".join(c if c in _FONT else _ascii(c) for c in text.translate(_SPELLED)).strip()


def _ascii(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter)
    return "".join(c for c in plain if c in _FONT) or ("" if unicodedata.combining(letter) else "?")


@dataclass(frozen=True)
class Line:
    """A line of text in a size of pixels; bold letters are drawn with a rim of their own colour."""

    text: str
    size: int
    bold: bool = False

    @property
    def _rim(self) -> float:
        return self.size / 45 if self.bold else 0.0

    @property
    def width(self) -> int:
        """From its left end to its right."""
        return math.ceil(font(self.size).getlength(self.text) + 2 * self._rim)

    @property
    def height(self) -> int:
        """From the baseline to the top of the capitals."""
        return round(0.7 * self.size)

    def draw(
        self, canvas: ImageDraw.ImageDraw, x: float, baseline: float, colour: Colour, anchor: str = "l"
    ) -> None:
        """Write it with its left end, middle or right end (``l``, ``m``, ``r``) at x."""
        face = font(self.size)
        canvas.text(
            (x, baseline), self.text, colour, face, anchor + "s", stroke_width=self._rim, stroke_fill=colour
        )


def set_text(text: str, size: int, width: int, most: int, bold: bool = False) -> list[Line]:
    """The text broken into at most so many lines of a width; smaller, and in the end cut off, when it is long."""
    smallest = round(0.65 * size)
    while True:
        lines = _broken(text, size, width, bold)
        if len(lines) <= most:
            return _balanced(lines, width) if lines else []
        if size <= smallest:
            break
        size = max(smallest, round(0.92 * size))
    last = lines[most - 1].text
    while last and Line(last + "…", size, bold).width > width:
        last = last[:-1].rstrip()
    return [*lines[: most - 1], Line(last + "…", size, bold)]


def _balanced(lines: list[Line], width: int) -> list[Line]:
    """The same text in as many lines, none much longer than another."""
    first, text = lines[0], " ".join(line.text for line in lines)
    for narrower in range(sum(line.width for line in lines) // len(lines), width, first.size // 2):
        even = _broken(text, first.size, narrower, first.bold)
        if len(even) == len(lines):
            return even
    return lines


def _broken(text: str, size: int, width: int, bold: bool) -> list[Line]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if Line(longer, size, bold).width <= width:
            lines[-1] = longer
            continue
        lines.append(word)
        while Line(lines[-1], size, bold).width > width and len(lines[-1]) > 1:  # a word wider than the picture
            fits = max(1, int(len(lines[-1]) * width / Line(lines[-1], size, bold).width) - 1)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    return [Line(line, size, bold) for line in lines if line]


class Layout:
    """Where captions go on pictures of one size, and how large."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.width, self.height = size
        self.unit = min(size) / 100
        self.margin = round(3 * self.unit)

    def draw(self, image: Picture, captions: Captions) -> int:
        """Write the captions onto a picture of that size, in place; gives the row at which the cue begins."""
        note_top, note_width = self.margin, self.width // 2
        if captions.title or captions.count or captions.progress is not None:
            barred = captions.progress is not None
            panel = _tally(spelled(captions.title), spelled(captions.count), barred, self.unit, self.width)
            put(image, panel, (self.margin, self.margin))
            if captions.progress is not None:
                pad = _fine(2.6, self.unit) // FINE
                bar = _bar(panel.width - 2 * pad, captions.progress, self.unit)
                put(image, bar, (self.margin + pad, self.margin + panel.height - pad - bar.height))
            beside = self.width - 3 * self.margin - panel.width
            if beside < 40 * self.unit:
                note_top, note_width = 2 * self.margin + panel.height, self.width - 2 * self.margin
            else:
                note_width = min(note_width, beside)
        if note := spelled(captions.note):
            panel = words(note, 3.6, note_width, self.unit, most=4)
            put(image, panel, (self.width - self.margin - panel.width, note_top))
        if cue := spelled(captions.cue):
            most = 3 if self.height > self.width else 2
            panel = words(cue, 6.5, self.width - 2 * self.margin, self.unit, most, bold=True)
            top = self.height - self.margin - panel.height
            put(image, panel, ((self.width - panel.width) // 2, top))
            return top
        return self.height


def put(image: Picture, panel: Image.Image, corner: tuple[int, int]) -> None:
    """Lay a panel over a picture, in place, its top left at ``corner``; what does not fit is cut off."""
    left, top = max(corner[0], 0), max(corner[1], 0)
    part = image[top : top + panel.height, left : left + panel.width]
    if not part.size:
        return
    blend = Image.fromarray(part)
    blend.paste(panel, (0, 0), panel)
    part[...] = np.asarray(blend)


def _fine(units: float, unit: float) -> int:
    """Pixels of the fine grid for a length in units."""
    return max(1, round(units * unit)) * FINE


def _letters(units: float, unit: float) -> int:
    """Pixels of the fine grid for a size of letters: never too small to be read."""
    return max(9, round(units * unit)) * FINE


def _panel(width: int, height: int, unit: float) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    panel = Image.new("RGBA", (-(-width // FINE) * FINE, -(-height // FINE) * FINE), (*PANEL[:3], 0))
    canvas = ImageDraw.Draw(panel)
    canvas.rounded_rectangle((0, 0, panel.width - 1, panel.height - 1), _fine(2, unit), PANEL)
    return panel, canvas


@lru_cache(maxsize=8)
def _tally(title: str, count: str, barred: bool, unit: float, width: int) -> Image.Image:
    """The panel with the exercise and the count, and room for the bar."""
    pad, gap = _fine(2.6, unit), _fine(3, unit)
    widest = width * FINE - 2 * _fine(3, unit) - 2 * pad
    lines = [
        *((line, DIM) for line in set_text(title, _letters(4.6, unit), widest, 1)),
        *((line, WHITE) for line in set_text(count, _letters(17, unit), widest, 1, bold=True)),
    ]
    heights = [line.height for line, _ in lines] + [_fine(1.3, unit)] * barred
    panel, canvas = _panel(
        max([line.width for line, _ in lines] + [_fine(22, unit)]) + 2 * pad,
        sum(heights) + gap * (len(heights) - 1) + 2 * pad,
        unit,
    )
    y = pad
    for line, colour in lines:
        y += line.height
        line.draw(canvas, pad, y, colour)
        y += gap
    return panel.reduce(FINE)


def _bar(width: int, progress: float, unit: float) -> Image.Image:
    """How far into the repetition: a track, filled from the left."""
    height = _fine(1.3, unit)
    bar = Image.new("RGBA", (width * FINE, height), (*WHITE[:3], 0))
    canvas = ImageDraw.Draw(bar)
    canvas.rounded_rectangle((0, 0, bar.width - 1, height - 1), height / 2, TRACK)
    filled = min(max(progress, 0.0), 1.0) * (bar.width - 1)
    if filled >= height:
        canvas.rounded_rectangle((0, 0, filled, height - 1), height / 2, WHITE)
    return bar.reduce(FINE)


@lru_cache(maxsize=256)
def words(
    text: str, units: float, width: int, unit: float, most: int = 1, bold: bool = False, pad: float = 0.62
) -> Image.Image:
    """A panel around at most so many centred lines of text, no wider than ``width`` pixels: RGBA.

    ``units`` is the size of the letters in units, ``pad`` the room around them as a share of that size.
    """
    size = _letters(units, unit)
    pad = round(pad * size)
    lines = set_text(text, size, max(width * FINE - 2 * pad, size), most, bold)
    leading = round(1.28 * lines[0].size)
    panel, canvas = _panel(
        max(line.width for line in lines) + 2 * pad, lines[0].height + (len(lines) - 1) * leading + 2 * pad, unit
    )
    for i, line in enumerate(lines):
        line.draw(canvas, panel.width / 2, pad + line.height + i * leading, WHITE, "m")
    return panel.reduce(FINE)
