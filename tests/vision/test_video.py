from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from poise.errors import InputError, UnreadableMedia
from poise.vision.frame import Frame
from poise.vision.video import open_film
from tests.vision import homemade
from tests.vision.homemade import bar_at, bar_seen, board, corners_seen, even, film


def frames_of(path: Path, **window: float) -> list[Frame]:
    with open_film(path, **window) as opened:
        return list(opened)


def times_of(path: Path, **window: float) -> list[float]:
    return [frame.t for frame in frames_of(path, **window)]


# Time ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times",
    [even(30, 1), even(240, 0.5), even(8, 2), even(23.976, 1), [0, 0.03, 0.05, 0.4, 0.41, 1.2, 1.9]],
    ids=["30 fps", "240 fps", "8 fps", "23.976 fps", "variable"],
)
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_every_picture_comes_with_its_own_time(tmp_path: Path, times: list[float], ending: str) -> None:
    frames = frames_of(film(tmp_path / f"film.{ending}", times))
    assert [f.t for f in frames] == pytest.approx(times, abs=6e-4)  # mkv counts in milliseconds
    assert [bar_seen(f.image) for f in frames] == pytest.approx([bar_at(t) for t in times], abs=0.75)


def test_the_clock_of_a_film_starts_at_its_first_picture(tmp_path: Path) -> None:
    path = film(tmp_path / "late.ts", even(25, 1), start=7.0, sound="aac")
    with open_film(path) as opened:
        assert [f.t for f in opened] == pytest.approx(even(25, 1), abs=1e-4)
        assert opened.origin > 6.9


def joined(tmp_path: Path, *parts: Path) -> Path:
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def test_joined_films_whose_clock_starts_anew_go_on_in_one_time(tmp_path: Path) -> None:
    one = film(tmp_path / "one.ts", even(10, 3))
    frames = frames_of(joined(tmp_path, one, one))
    assert [f.t for f in frames] == pytest.approx(even(10, 6), abs=0.02)
    assert [bar_seen(f.image) for f in frames] == pytest.approx([bar_at(t) for t in even(10, 3) * 2], abs=0.75)


def test_pictures_whose_time_has_passed_are_dropped(tmp_path: Path) -> None:
    one = film(tmp_path / "one.ts", even(10, 1))
    again = film(tmp_path / "again.ts", even(10, 1), start=0.5)  # half a second of it was there before
    assert times_of(joined(tmp_path, one, again)) == pytest.approx(even(10, 1.5), abs=1e-4)


def test_a_window_keeps_the_clock_of_the_whole(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", even(30, 4), start=1.0)
    frames = frames_of(path, start=1.05, end=2.0)
    assert [f.t for f in frames] == pytest.approx([t for t in even(30, 4) if 1.05 <= t < 2.0], abs=1e-4)
    assert [bar_seen(f.image) for f in frames] == pytest.approx([bar_at(f.t) for f in frames], abs=0.75)
    with open_film(path, start=3.0) as rest, open_film(path, 1.0, 2.0) as part:
        assert rest.duration == pytest.approx(1.0, abs=0.01)
        assert part.duration == pytest.approx(1.0)
        assert part.frame_count == 30
        assert len(list(rest)) == 30
        assert not rest.notes


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.0), (1.0, 1.0), (-1.0, 1.0)])
def test_a_window_must_go_forward(tmp_path: Path, start: float, end: float) -> None:
    with pytest.raises(InputError, match="cannot be read from"):
        open_film(film(tmp_path / "film.mp4", even(10, 1)), start, end)


def test_a_window_must_lie_within_the_film(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'film\.mp4' is 1\.0 s long; nothing lies after 5 s"):
        open_film(film(tmp_path / "film.mp4", even(10, 1)), start=5.0)


# What is seen --------------------------------------------------------------------------------------------

UPRIGHT = ["red", "green", "blue", "yellow"]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_film_is_turned_as_its_display_matrix_says(tmp_path: Path, turn: int, mirrored: bool) -> None:
    path = film(tmp_path / "film.mp4", even(10, 0.3), turned=turn, mirrored=mirrored)
    shown = np.rot90(board(), -turn // 90)
    shown = shown[:, ::-1] if mirrored else shown
    with open_film(path) as opened:
        frames = list(opened)
        assert opened.size == frames[0].size == shown.shape[1::-1]
        assert opened.rotation == turn
    assert corners_seen(frames[0].image) == corners_seen(shown)


def test_a_film_is_turned_as_the_older_rotate_tag_says(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", even(10, 0.3), tags={"rotate": "90"})
    with open_film(path) as opened:
        assert (opened.rotation, opened.size) == (90, (64, 96))
        assert corners_seen(next(iter(opened)).image) == corners_seen(np.rot90(board(), -1))


@pytest.mark.parametrize(
    ("aspect", "size"), [((4, 3), (128, 64)), ((3, 4), (96, 85)), ((1, 5), (96, 64)), ((9, 1), (96, 64))]
)
def test_pixels_that_are_not_square_are_made_square(
    tmp_path: Path, aspect: tuple[int, int], size: tuple[int, int]
) -> None:
    path = film(tmp_path / "film.mp4", even(10, 0.3), pixel_aspect=Fraction(*aspect))
    with open_film(path) as opened:
        image = next(iter(opened)).image
    assert opened.size == size
    assert image.shape == (size[1], size[0], 3)
    assert corners_seen(image) == UPRIGHT


def test_a_turned_film_has_its_pixels_squared_before(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", even(10, 0.3), pixel_aspect=Fraction(4, 3), turned=90)
    with open_film(path) as opened:
        assert opened.size == next(iter(opened)).size == (64, 128)


@pytest.mark.parametrize("size", [(97, 63), (64, 96), (16, 16), (720, 1280)])
@pytest.mark.parametrize("pix_fmt", ["yuv444p", "gray", "yuva420p", "yuv420p10le", "bgr0"])
def test_any_size_and_pixel_format_becomes_contiguous_rgb(
    tmp_path: Path, size: tuple[int, int], pix_fmt: str
) -> None:
    path = film(tmp_path / "film.mkv", [0.0, 0.1], size, codec="ffv1", pix_fmt=pix_fmt)
    image = frames_of(path)[0].image
    assert image.flags.c_contiguous
    truth = board(0.0, size).astype(float)
    if pix_fmt == "gray":
        truth[...] = (truth @ [0.299, 0.587, 0.114])[..., None]
    middle = np.s_[2:-2, 12:-2]  # chroma of half resolution bleeds over edges; the bar is one
    assert np.median(np.abs(image[middle] - truth[middle])) < 6


def test_a_moving_gif_is_a_film(tmp_path: Path) -> None:
    pictures = [Image.fromarray(board(t)).quantize() for t in even(10, 1)]
    path = tmp_path / "moving.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    frames = frames_of(path)
    assert [f.t for f in frames] == pytest.approx(even(10, 1))
    assert [bar_seen(f.image) for f in frames] == pytest.approx([bar_at(t) for t in even(10, 1)], abs=0.75)


def test_a_picture_of_another_size_is_fitted_in_without_distortion(tmp_path: Path) -> None:
    wide, tall = film(tmp_path / "a.ts", even(10, 2), (96, 64)), film(tmp_path / "b.ts", even(10, 2), (64, 64))
    frames = frames_of(joined(tmp_path, wide, tall))
    assert {f.size for f in frames} == {(96, 64)}
    last = frames[-1].image
    assert last[:, :14].max() < 40  # black borders on both sides
    assert last[:, -14:].max() < 40
    assert corners_seen(last[:, 16:80]) == UPRIGHT


def test_frames_stay_as_they_were_when_later_ones_are_read(tmp_path: Path) -> None:
    frames = frames_of(film(tmp_path / "film.mp4", even(30, 1), (128, 64)))
    assert [bar_seen(f.image) for f in frames] == pytest.approx([bar_at(f.t, 128) for f in frames], abs=0.75)


# What a film says about itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_a_film_says_how_long_it_is_before_it_is_read(tmp_path: Path, ending: str) -> None:
    with open_film(film(tmp_path / f"my film.{ending}", even(25, 2), sound="aac")) as opened:
        assert (opened.kind, opened.stem, opened.name) == ("film", "my film", f"my film.{ending}")
        assert opened.duration == pytest.approx(2.0, abs=0.1)
        assert opened.frame_count == pytest.approx(50, abs=2)
        assert opened.has_audio


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    with open_film(film(tmp_path / "film.mp4", even(25, 1))) as opened:
        assert not opened.has_audio


def test_a_film_can_be_read_again(tmp_path: Path) -> None:
    with open_film(film(tmp_path / "film.mp4", even(25, 1))) as opened:
        assert [f.t for f in opened] == [f.t for f in opened]


def test_two_readers_do_not_disturb_each_other(tmp_path: Path) -> None:
    with open_film(film(tmp_path / "film.mp4", even(25, 1))) as opened:
        pairs = list(zip(opened, itertools.islice(opened, 5, None), strict=False))
    assert len(pairs) == 20
    assert all(later.t - frame.t == pytest.approx(0.2, abs=1e-3) for frame, later in pairs)


def test_closing_ends_what_is_being_read_and_forbids_more(tmp_path: Path) -> None:
    opened = open_film(film(tmp_path / "film.mp4", even(25, 1)))
    reading = iter(opened)
    next(reading)
    opened.close()
    assert list(reading) == []
    with pytest.raises(ValueError, match="has been closed"):
        next(iter(opened))


@pytest.mark.parametrize("name", ["a:b.mp4", "50%d.mp4", "-x.mp4", "übung 1.mp4", "http:x.mp4"])
def test_odd_names_are_names(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "film.mp4", even(10, 0.5)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(frames_of(Path(name))) == 5


# What is damaged -----------------------------------------------------------------------------------------


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * share)])
    return path


def test_a_film_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = cut(film(tmp_path / "film.mp4", even(30, 10), faststart=True), 0.5)
    with open_film(path) as opened:
        times = [f.t for f in opened]
    assert times == pytest.approx(even(30, 10)[: len(times)], abs=1e-4)
    assert 30 < len(times) < 200
    assert opened.notes[-1] == f"The film ends early: {times[-1] + 1 / 30:.1f} s of 10.0 s could be read."


def test_a_whole_film_has_no_notes(tmp_path: Path) -> None:
    with open_film(film(tmp_path / "film.mp4", even(30, 3), sound="aac")) as opened:
        assert len(list(opened)) == 90
    assert opened.notes == []


def test_a_film_cut_off_before_its_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match=r"is cut off: the index at its end is missing.*Copy it again"):
        open_film(cut(film(tmp_path / "film.mp4", even(30, 3)), 0.6))


def test_damage_in_the_middle_is_left_out_and_noted(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", even(30, 10), faststart=True)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = np.random.default_rng(0).bytes(300)
    path.write_bytes(data)
    with open_film(path) as opened:
        times = [f.t for f in opened]
    assert 250 < len(times) < 300
    assert times[-1] == pytest.approx(even(30, 10)[-1], abs=1e-4)
    assert (np.diff(times) > 0).all()
    gap = times[int(np.argmax(np.diff(times)))]
    assert opened.notes == [f"The film is damaged at {gap:.1f} s; what could not be decoded is left out."]


# What cannot be read -------------------------------------------------------------------------------------


def no_frames(path: Path) -> Path:
    return film(path, [])


def text(path: Path) -> Path:
    path.write_text("hello world\n" * 50)
    return path


def nothing(path: Path) -> Path:
    path.touch()
    return path


def noise(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    return path


def song_with_cover(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1, width=96, height=64, pix_fmt="yuvj420p")
        cover.disposition = av.stream.Disposition.attached_pic
        audio = container.add_stream("aac", rate=44_100)
        container.start_encoding()
        container.mux(cover.encode(av.VideoFrame.from_ndarray(board()).reformat(format="yuvj420p")))
        for packet in homemade._tone(audio, 0.0, 1.0):
            container.mux(packet)
    return path


@pytest.mark.parametrize(
    ("make", "name", "sentence"),
    [
        (lambda path: path, "squat.mp4", r"There is no file '.*squat\.mp4'\. Check the spelling"),
        (nothing, "squat.mp4", r"squat\.mp4' is empty \(0 bytes\)"),
        (text, "squat.mp4", r"squat\.mp4' is not a film or a picture that can be read \(Invalid data.*convert it"),
        (text, "squat.txt", r"squat\.txt' is a text, not a film"),
        (text, "squat.jpg", r"squat\.jpg' holds no picture that can be decoded"),
        (noise, "squat.mp4", r"squat\.mp4' is not a film or a picture"),
        (no_frames, "squat.mp4", r"squat\.mp4' holds no pictures"),
        (no_frames, "squat.avi", r"squat\.avi' holds no picture that can be decoded \(h264, zero frames"),
        (lambda path: homemade.tone(path, 1.0), "squat.m4a", r"squat\.m4a' holds sound but no pictures"),
        (song_with_cover, "squat.mp4", r"squat\.mp4' holds sound but no pictures"),
    ],
    ids=[
        "missing",
        "empty",
        "text as film",
        "text",
        "text as picture",
        "noise",
        "no pictures",
        "no frames",
        "sound",
        "cover",
    ],
)
def test_what_is_not_a_film_is_said_in_a_sentence(
    tmp_path: Path, make: Callable[[Path], Path], name: str, sentence: str
) -> None:
    with pytest.raises(UnreadableMedia, match=sentence):
        open_film(make(tmp_path / name))


def test_a_missing_film_is_guessed(tmp_path: Path) -> None:
    nothing(tmp_path / "squat_side.mp4")
    with pytest.raises(UnreadableMedia, match=r"Did you mean '.*squat_side\.mp4'\?"):
        open_film(tmp_path / "squat_sied.mp4")


def test_an_address_is_no_film() -> None:
    for given in ("https://example.org/squat.mp4", Path("https://example.org/squat.mp4")):
        with pytest.raises(UnreadableMedia, match="is an address, not a file"):
            open_film(given)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read anything")
def test_a_forbidden_film_says_so(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", even(10, 0.5))
    path.chmod(0)
    with pytest.raises(UnreadableMedia, match="may not be read by this user"):
        open_film(path)


def test_a_heic_picture_is_refused_rather_than_read_in_part(tmp_path: Path) -> None:
    path = film(tmp_path / "photo.heic.mp4", even(10, 0.5))
    path.write_bytes(path.read_bytes().replace(b"ftypisom", b"ftypmif1", 1))
    with pytest.raises(UnreadableMedia, match=r"HEIC picture.*Save it as JPEG"):
        open_film(path)
