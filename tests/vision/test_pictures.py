from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from poise.errors import UnreadableMedia
from poise.vision.video import open_film
from tests.vision.homemade import board, corners_seen

UPRIGHT = ["red", "green", "blue", "yellow"]
ORIENTATION = 0x0112

#: How a picture lies in the file for each EXIF orientation, made from the upright one.
STORED = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image),
    7: lambda image: np.rot90(image.transpose(1, 0, 2), 2),
    8: lambda image: np.rot90(image, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "photo.jpg"
    Image.fromarray(np.ascontiguousarray(STORED[orientation](board()))).save(path, exif=exif)
    with open_film(path) as film:
        (frame,) = film
    assert (film.kind, film.size, film.frame_count, film.duration) == ("picture", (96, 64), 1, 0.0)
    assert (frame.t, frame.size) == (0.0, (96, 64))
    assert frame.image.flags.c_contiguous
    assert corners_seen(frame.image) == UPRIGHT


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1", "I;16", "LA"])
def test_any_kind_of_picture_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
    if mode == "I;16":
        grey = np.asarray(Image.fromarray(board()).convert("L"))
        Image.fromarray(grey.astype(np.uint16) * 257).save(path)
    else:
        Image.fromarray(board()).convert(mode).save(path)
    with open_film(path) as film:
        (frame,) = film
    assert frame.image.dtype == np.uint8
    if mode in ("L", "LA", "I;16"):
        assert frame.image[5, 5].tolist() == [74, 74, 74]  # red 200, 20, 20 by ITU-R 601
    elif mode != "1":
        assert corners_seen(frame.image) == UPRIGHT


def test_a_picture_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.mp4"
    Image.fromarray(board()).save(path, format="PNG")
    with open_film(path) as film:
        assert film.kind == "picture"


def test_pictures_in_a_folder_come_in_the_order_people_number_them(tmp_path: Path) -> None:
    shades = {"frame2.png": 20, "frame10.png": 100, "frame1.png": 10, "Frame3.PNG": 30, "frame9.png": 90}
    for name, shade in shades.items():
        Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(tmp_path / name)
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not a picture")
    with open_film(tmp_path, rate=20) as film:
        frames = list(film)
    assert [int(f.image[0, 0, 0]) for f in frames] == [10, 20, 30, 90, 100]
    assert [f.t for f in frames] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2])
    assert (film.kind, film.stem, film.frame_count, film.notes) == ("folder", tmp_path.name, 5, [])
    assert film.duration == pytest.approx(0.25)


def test_a_window_of_a_folder(tmp_path: Path) -> None:
    for i in range(10):
        Image.fromarray(board()).save(tmp_path / f"{i}.png")
    with open_film(tmp_path, start=0.2, end=0.5, rate=10) as film:
        assert [f.t for f in film] == pytest.approx([0.2, 0.3, 0.4])
        assert film.frame_count == 3


def test_one_bad_picture_does_not_stop_a_folder(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "4.png"):
        Image.fromarray(board()).save(tmp_path / name)
    (tmp_path / "0.png").write_bytes(b"broken")
    (tmp_path / "3.png").write_bytes((tmp_path / "2.png").read_bytes()[:200])
    with open_film(tmp_path) as film:
        assert [f.t for f in film] == pytest.approx([0, 1 / 30, 3 / 30])
    assert [("0.png" in note, "3.png" in note) for note in film.notes] == [(True, False), (False, True)]


def test_a_folder_of_many_sizes_has_one(tmp_path: Path) -> None:
    Image.fromarray(board(0.0, (96, 64))).save(tmp_path / "1.png")
    Image.fromarray(board(0.0, (64, 96))).save(tmp_path / "2.png")
    with open_film(tmp_path) as film:
        one, two = film
    assert one.size == two.size == (96, 64)
    assert two.image[:, :24].max() == 0
    assert corners_seen(two.image[:, 27:69]) == UPRIGHT
    assert film.notes == ["Pictures of another size than 96x64 were fitted into it."]


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "squat.mp4").write_bytes(b"")
    with pytest.raises(UnreadableMedia, match=r"holds no pictures that can be read.*films are given one by one"):
        open_film(tmp_path)


def test_a_cut_off_picture_says_so(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(board(0.0, (640, 480))).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UnreadableMedia, match=r"photo\.jpg' is not a picture that can be read"):
        open_film(path)


@pytest.mark.parametrize("pixels", [50, 5000], ids=["a bomb", "suspicious"])
def test_a_picture_with_too_many_pixels_is_refused(
    tmp_path: Path, pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(board()).save(path)  # 6144 pixels; Pillow warns above the limit, refuses above its double
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels)
    with pytest.raises(UnreadableMedia, match=r"photo\.png' is too large"):
        open_film(path)
