from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poise.body.geometry import angle_sigma, distance, elevation, flexion, interior_angle, lean, signed_offset
from poise.body.pose import Array

angles = st.floats(1.0, 179.0)
turns = st.floats(-180.0, 180.0)
lengths = st.floats(0.1, 1000.0)
places = st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)).map(np.array)


def ray(degrees: float, length: float = 1.0) -> Array:
    """A step in that direction: 0 to the right, 90 up in the picture (y down)."""
    return length * np.array([np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))])


@given(places, turns, angles, lengths, lengths)
def test_the_angle_between_two_rays_is_the_angle_they_were_drawn_with(
    b: Array, turn: float, angle: float, to_a: float, to_c: float
) -> None:
    a, c = b + ray(turn, to_a), b + ray(turn + angle, to_c)
    assert interior_angle(a, b, c) == pytest.approx(angle, abs=1e-6)
    assert interior_angle(c, b, a) == pytest.approx(angle, abs=1e-6)
    assert flexion(a, b, c) == pytest.approx(180 - angle, abs=1e-6)


def test_a_straight_joint_is_not_flexed_and_a_closed_one_is_flexed_by_180() -> None:
    hip, knee = np.array([0.0, 0.0]), np.array([0.0, 1.0])
    assert flexion(hip, knee, np.array([0.0, 2.0])) == pytest.approx(0.0)
    assert flexion(hip, knee, np.array([0.0, 0.5])) == pytest.approx(180.0)


@given(places, turns, lengths, st.floats(0.1, 10))
def test_points_on_a_line_are_straight_whatever_the_rounding(
    b: Array, turn: float, length: float, k: float
) -> None:
    step = ray(turn, length)
    assert interior_angle(b + step, b, b - k * step) == pytest.approx(180.0, abs=1e-3)
    assert interior_angle(b + step, b, b + k * step) == pytest.approx(0.0, abs=1e-3)


def test_angles_are_the_same_in_three_dimensions() -> None:
    x, y, z = np.eye(3)
    assert interior_angle(x, np.zeros(3), y + z) == pytest.approx(90.0)
    assert interior_angle(x, np.zeros(3), x + z) == pytest.approx(45.0)


def test_leading_axes_are_kept() -> None:
    a, b, c = (np.random.default_rng(i).normal(size=(5, 3, 2)) for i in range(3))
    got = interior_angle(a, b, c)
    assert got.shape == (5, 3)
    assert got[4, 2] == pytest.approx(float(interior_angle(a[4, 2], b[4, 2], c[4, 2])))
    assert distance(a, b).shape == lean(a, b).shape == elevation(a, b).shape == (5, 3)
    assert signed_offset(a, b, c).shape == angle_sigma(a, b, c, 1.0).shape == (5, 3)


def test_unseen_in_unknown_out_and_points_that_coincide_have_no_angle() -> None:
    o, p, q, nan = np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 2.0]), np.full(2, np.nan)
    for unknown in (
        interior_angle(nan, o, p),
        interior_angle(o, o, p),
        flexion(p, o, nan),
        lean(nan, o),
        elevation(p, nan),
        signed_offset(nan, o, p),
        signed_offset(p, q, q),
        angle_sigma(p, p, q, 1.0),
        angle_sigma(nan, p, q, 1.0),
        distance(p, nan),
    ):
        assert np.isnan(unknown)


@given(places, st.floats(-179, 179), lengths)
def test_a_lean_is_measured_from_the_vertical_towards_where_one_faces(
    bottom: Array, degrees: float, length: float
) -> None:
    top = bottom + ray(90 - degrees, length)  # to the right of the vertical by that much
    assert lean(top, bottom) == pytest.approx(degrees, abs=1e-6)
    assert lean(top, bottom, facing=-1) == pytest.approx(-degrees, abs=1e-6)


@given(places, st.floats(-90, 90), lengths, st.booleans())
def test_an_elevation_is_the_same_to_the_left_and_to_the_right(
    near: Array, degrees: float, length: float, leftwards: bool
) -> None:
    far = near + ray(180 - degrees if leftwards else degrees, length)
    assert elevation(far, near) == pytest.approx(degrees, abs=1e-6)


@given(places, turns, lengths, st.floats(-2, 2), st.floats(-2, 2))
def test_an_offset_is_a_share_of_the_line_and_positive_on_the_right_hand(
    start: Array, turn: float, length: float, along: float, aside: float
) -> None:
    line = ray(turn, length)
    right_hand = ray(turn - 90, length)  # facing along the line, y down
    point = start + along * line + aside * right_hand
    assert signed_offset(point, start, start + line) == pytest.approx(aside, abs=1e-6)


def test_the_error_of_a_right_angle_between_equal_limbs() -> None:
    # |u| = |v| = 0.25, right angle: var = sigma² (16 + 16 + 16 + 16), so sigma 0.012 gives 0.096 rad.
    a, b, c = np.array([0.25, 0.0]), np.zeros(2), np.array([0.0, 0.25])
    assert angle_sigma(a, b, c, 0.012) == pytest.approx(np.degrees(0.096))


@pytest.mark.parametrize("angle", [30.0, 90.0, 150.0])
def test_the_error_of_an_angle_is_what_shaking_its_points_gives(angle: float) -> None:
    rng = np.random.default_rng(7)
    a, b, c = ray(0, 1.0), np.zeros(2), ray(angle, 0.6)
    shaken = [point + rng.normal(0, 0.01, (20_000, 2)) for point in (a, b, c)]
    assert angle_sigma(a, b, c, 0.01) == pytest.approx(interior_angle(*shaken).std(), rel=0.03)
