from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from poise.vision.captions import FINE, Captions, Layout, set_text, spelled
from poise.vision.frame import Picture

Mask = NDArray[np.bool_]

EVERYTHING = Captions(
    title="Triceps extension",
    count="108",
    progress=0.5,
    cue="Press the bar straight over the middle of your feet, and do not lean back while you do so",
    note="Turn side-on to the camera, so that the depth of the squat can be judged",
)
SIZES = [(1280, 720), (720, 1280), (640, 360), (368, 656), (160, 120), (120, 160), (1920, 1080)]


def drawn(captions: Captions, size: tuple[int, int] = (1280, 720), shade: int = 255) -> Picture:
    image = np.full((size[1], size[0], 3), shade, np.uint8)
    Layout(size).draw(image, captions)
    return image


def touched(captions: Captions, size: tuple[int, int] = (1280, 720)) -> Mask:
    return np.asarray((drawn(captions, size) != 255).any(-1))


def white(captions: Captions, size: tuple[int, int] = (1280, 720)) -> Mask:
    return np.asarray((drawn(captions, size, shade=0) > 250).all(-1))


def extent(captions: Captions, size: tuple[int, int] = (1280, 720)) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what was drawn."""
    rows, columns = np.nonzero(touched(captions, size))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", ["title", "count", "cue", "note"])
def test_captions_keep_a_margin_to_the_edges(size: tuple[int, int], part: str) -> None:
    for text in (getattr(EVERYTHING, part), "W" * 80, "word " * 40):
        changes: Any = {part: text}
        left, top, right, bottom = extent(replace(Captions(), **changes), size)
        margin = round(0.02 * min(size))
        assert left >= margin
        assert top >= margin
        assert right < size[0] - margin
        assert bottom < size[1] - margin


@pytest.mark.parametrize("size", SIZES)
def test_captions_do_not_cover_each_other(size: tuple[int, int]) -> None:
    count = touched(Captions(title="Squat", count="12", progress=0.5), size)
    cue = touched(Captions(cue=EVERYTHING.cue), size)
    together = touched(Captions("Squat", "12", 0.5, note=EVERYTHING.note), size)
    note = together & ~count
    assert note.any()
    assert not (count & cue).any()
    if size[0] > size[1] or size[0] > 200:  # on a thumbnail held upright there is no room for all of it
        assert not (note & cue).any()


@pytest.mark.parametrize("size", SIZES)
def test_a_long_cue_leaves_the_picture_to_the_body(size: tuple[int, int]) -> None:
    _, top, _, bottom = extent(Captions(cue=EVERYTHING.cue * 3), size)
    assert bottom - top < 0.3 * min(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_note_is_not_squeezed_beside_the_count(size: tuple[int, int]) -> None:
    count = Captions("Triceps extension", "108")
    note = touched(replace(count, note="word " * 30), size) & ~touched(count, size)
    assert np.nonzero(note.any(0))[0].size > 0.35 * min(size)


def test_nothing_to_say_draws_nothing() -> None:
    assert not touched(Captions()).any()
    assert not touched(Captions(cue=" ", note="\n")).any()


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (1920, 1080)])
def test_letters_are_large_enough_to_be_read_from_three_metres(size: tuple[int, int]) -> None:
    # Good eyes read letters 4.4 mm high at 3 m (5 minutes of arc); signs are set three times as large, which is
    # 2 % of the height of a 50 inch screen.
    def letters(captions: Captions) -> float:
        """The height of the white letters as a share of the picture's shorter side."""
        rows = np.nonzero(white(captions, size).any(1))[0]
        return float(rows.max() - rows.min() + 1) / min(size)

    assert letters(Captions(count="8")) > 0.11
    assert letters(Captions(cue="H")) > 0.04
    assert letters(Captions(note="H")) > 0.02


def test_the_cue_says_where_it_begins() -> None:
    image = np.full((720, 1280, 3), 255, np.uint8)
    assert Layout((1280, 720)).draw(image, Captions(cue="Sink lower")) == extent(Captions(cue="Sink lower"))[1]
    assert Layout((1280, 720)).draw(image, Captions(count="3")) == 720


@pytest.mark.parametrize(("progress", "filled"), [(0.25, 0.25), (0.5, 0.5), (1.0, 1.0), (1.7, 1.0), (-1.0, 0.0)])
def test_the_bar_is_filled_as_far_as_the_repetition_is(progress: float, filled: float) -> None:
    full = white(Captions(progress=1.0))
    row = int(full.sum(1).argmax())
    assert white(Captions(progress=progress))[row].sum() / full[row].sum() == pytest.approx(filled, abs=0.02)


def test_progress_that_is_unknown_shows_an_empty_bar() -> None:
    assert (drawn(Captions(progress=float("nan"))) == drawn(Captions(progress=0.0))).all()


def test_the_panel_does_not_jump_from_nine_to_ten() -> None:
    assert extent(Captions("Squat", "9")) == extent(Captions("Squat", "10"))


def test_one_text_does_not_stand_in_for_another() -> None:
    assert (drawn(Captions(count="1")) != drawn(Captions(count="2"))).any()
    assert (drawn(Captions(cue="Lower")) != drawn(Captions(cue="Higher"))).any()


# Setting text --------------------------------------------------------------------------------------------


@given(
    st.text(st.sampled_from("abc iW"), min_size=1, max_size=120).filter(str.strip),
    st.integers(9, 60),
    st.integers(60, 900),
    st.integers(1, 4),
    st.booleans(),
)
def test_lines_fit_and_nothing_is_lost_unless_it_says_so(
    text: str, size: int, width: int, most: int, bold: bool
) -> None:
    lines = set_text(text, size, width, most, bold)
    assert 1 <= len(lines) <= most
    assert all(line.width <= width for line in lines)
    assert {line.size for line in lines} == {lines[0].size}
    whole = "".join(line.text for line in lines).replace(" ", "")
    if whole.endswith("…"):
        assert text.replace(" ", "").startswith(whole[:-1])
        assert lines[0].size <= round(0.65 * size)
    else:
        assert whole == text.replace(" ", "")


def test_text_that_fits_keeps_its_size() -> None:
    (line,) = set_text("Squat", 40, 400, 2)
    assert (line.text, line.size) == ("Squat", 40)


def test_lines_are_about_as_long_as_each_other() -> None:
    one, two = set_text("Press the bar over your feet and do not lean back", 40, 800, 2)
    assert one.width / two.width == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Übung – 12 × 3", "Ubung - 12 x 3"),
        ("90° “deep”…", "90° “deep”…"),
        ("深い squat", "?? squat"),
        ("a\nb", "a b"),
    ],
)
def test_text_is_spelled_in_letters_that_the_font_has(text: str, plain: str) -> None:
    assert spelled(text) == plain


def test_edges_are_smooth() -> None:
    assert FINE == 2
    shades = {int(v) for v in np.unique(drawn(Captions(count="8"), shade=255)[..., 0])}
    assert len(shades) > 20
