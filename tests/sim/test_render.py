"""The renderer, on pictures of a few pixels; compiling its kernels takes most of the time."""

from __future__ import annotations

import builtins
import importlib
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from poise.errors import MissingExtra, UnknownName
from poise.sim import Camera, film_poses, perform

numba = pytest.importorskip("numba", reason="the renderer's extra is not installed: pip install 'poise[render]'")

from poise.sim.render import LOOKS, draw  # noqa: E402
from poise.sim.render.surface import GROUP, MATERIAL, WIDTH, Material, dressed  # noqa: E402

FRONT = Camera(yaw=0, distance=3.2, height=1.0, fov=45, size=(48, 64))
STANDING = perform("standing", lead=1.0)


def brightness(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(image.astype(np.float64).mean(-1))


def test_the_athlete_is_drawn_where_the_camera_projects_it() -> None:
    image = draw(STANDING, FRONT, t=0.5, samples=1).astype(int)
    poses = film_poses(STANDING, FRONT, t=np.array([0.5]))
    assert image.shape == (64, 48, 3)

    def colour(place: NDArray[np.float64]) -> NDArray[np.int_]:
        x, y = np.floor(place).astype(int)
        return np.asarray(image[y, x])

    red, green, blue = colour(poses.at("mid_shoulder")[0] + (0, 4))  # a blue shirt
    assert blue > red + 30
    red, green, blue = colour(poses.at("left_knee")[0] + (0, 2))  # skin
    assert red > blue + 20
    red, green, blue = colour(poses.at("left_foot_index")[0])  # a red shoe
    assert red > green + 60
    wall = image[4, 4]
    assert np.ptp(wall) < 20


def test_the_same_instant_is_the_same_picture_and_another_is_not() -> None:
    squat = perform("squat", reps=1)
    top, again, turn = (draw(squat, FRONT, t=t, samples=1) for t in (0.5, 0.5, squat.reps[0].turn))
    assert (top == again).all()
    assert np.abs(brightness(top) - brightness(turn)).mean() > 3


def test_looks_change_colours() -> None:
    means = {name: draw(STANDING, FRONT, 0.5, look=name, samples=1).reshape(-1, 3).mean(0) for name in LOOKS}
    assert means["red"][0] - means["red"][2] > means["blue"][0] - means["blue"][2]
    with pytest.raises(UnknownName, match="No look is called 'bleu'"):
        draw(STANDING, FRONT, 0.5, look="bleu")


def test_the_chest_throws_a_shadow_away_from_the_sun() -> None:
    camera = Camera(yaw=0, distance=4, height=2.5, fov=60, size=(64, 64))
    image = brightness(draw(STANDING, camera, 0.5, samples=1))
    # The sun is over the camera's left shoulder: 0.42 to the left and 0.60 back for every 0.80 up.
    shade, mirrored = camera.project(1.2 / 0.80 * np.array([(0.42, 0, -0.60), (-0.42, 0, -0.60)])).astype(int)
    assert image[shade[1], shade[0]] < 0.8 * image[mirrored[1], mirrored[0]]


def test_every_exercise_has_a_surface_that_can_be_drawn() -> None:
    for exercise in ("squat", "push_up", "sit_up", "jumping_jack"):
        performance = perform(exercise)
        rows = dressed(performance.figure(performance.reps[0].turn), performance.body.scale)
        assert rows.shape[1] == WIDTH
        assert np.isfinite(rows).all()
        assert (np.diff(rows[:, GROUP]) >= 0).all()
        assert set(rows[:, MATERIAL]) == {float(material) for material in Material}


def test_without_numba_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_numba(name: str, *args: object, **kwargs: object) -> object:
        if name == "numba":
            raise ModuleNotFoundError("No module named 'numba'", name="numba")
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    for module in [name for name in sys.modules if name.startswith(("poise.sim.render", "numba"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", without_numba)
    with pytest.raises(MissingExtra, match=r"pip install 'poise\[render\]'"):
        importlib.import_module("poise.sim.render")
