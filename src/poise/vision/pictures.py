"""Single pictures: read from files, and fitted."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from poise.errors import UnreadableMedia
from poise.vision.frame import Picture

#: What is read as a single picture; anything else, moving GIFs included, is a film.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
_TOO_LARGE = (Image.DecompressionBombWarning, Image.DecompressionBombError)
#: Endings of the files that count as pictures in a folder.
FOLDER_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm"})


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture file, with Pillow's warning about too many pixels made an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path, formats=_FORMATS) as image:
            yield image


def is_picture(path: Path) -> bool:
    """Whether a file's content (not its name) is one still picture."""
    try:
        with _opened(path) as image:
            return image.format in ("MPO", "TIFF") or not getattr(image, "is_animated", False)
    except _TOO_LARGE:
        return True
    except OSError:
        return False


def read_picture(path: Path) -> Picture:
    """A picture as a viewer sees it: ``(H, W, 3)`` uint8 RGB, turned by its EXIF orientation.

    Raises:
        UnreadableMedia: when it is not a picture, is damaged, or has too many pixels to be a photograph.

    """
    try:
        with _opened(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I;16"):
                upright = upright.convert("I").point(lambda value: value / 256).convert("L")
            return np.array(upright.convert("RGB"))
    except _TOO_LARGE:
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise UnreadableMedia(
            f"{str(path)!r} is too large: more than {limit} million pixels.", "Make it smaller first."
        ) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableMedia(
            f"{str(path)!r} is not a picture that can be read ({error}).",
            "If a viewer shows it, save it as JPEG or PNG.",
        ) from error


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder in the natural order of their names: 2 before 10."""

    def natural(path: Path) -> list[str | int]:
        return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name.lower())]

    files = (p for p in folder.iterdir() if p.suffix.lower() in FOLDER_SUFFIXES and not p.name.startswith("."))
    return sorted(files, key=natural)


def fitted(image: Picture, size: tuple[int, int]) -> Picture:
    """The picture made to fit into width and height without distortion, on black."""
    return np.array(ImageOps.pad(Image.fromarray(image), size))
