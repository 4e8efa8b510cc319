from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poise.errors import UnknownName
from poise.sim import Body
from poise.sim.body import Figure
from poise.sim.desk import WAYS, DeskScene, Spell, desk_camera


def figure(**form: float) -> Figure:
    return replace(DeskScene.sitting(10, Body.of(), **form), restless=0.0).figure(5.0)


def middle(figure: Figure, name: str) -> np.ndarray:
    return np.asarray((figure.at(f"left_{name}") + figure.at(f"right_{name}"))[0] / 2)


WELL = figure()


def test_each_way_of_sitting_is_what_it_says() -> None:
    eyes, shoulders = middle(WELL, "eye"), middle(WELL, "shoulder")
    poked = figure(forward_head=5)
    assert middle(poked, "eye")[2] - eyes[2] == pytest.approx(0.05, abs=1e-3)
    assert middle(poked, "shoulder") == pytest.approx(shoulders)
    assert shoulders[1] - middle(figure(slump=5), "shoulder")[1] == pytest.approx(0.05, abs=2e-3)
    assert middle(figure(hike=4), "shoulder")[1] - shoulders[1] == pytest.approx(0.04, abs=1e-3)
    assert middle(figure(hike=4), "eye") == pytest.approx(eyes)
    assert middle(figure(near=20), "eye")[2] - eyes[2] == pytest.approx(0.20, abs=0.015)

    def slope(name: str, form: dict[str, float]) -> float:
        line = (figure(**form).at(f"left_{name}") - figure(**form).at(f"right_{name}"))[0]
        return float(np.degrees(np.arctan2(line[1], line[0])))

    assert slope("eye", {"head_tilt": 12}) == pytest.approx(12, abs=0.5)
    assert slope("shoulder", {"shoulder_tilt": 8}) == pytest.approx(8, abs=0.2)
    for name, turn, axis in (("head_turn", 30, 0), ("look_down", 25, 1)):
        nose, ears = figure(**{name: turn}).at("nose")[0], middle(figure(**{name: turn}), "ear")
        was = WELL.at("nose")[0] - middle(WELL, "ear")
        ahead = nose - ears
        angle = np.arccos(ahead @ was / np.linalg.norm(ahead) / np.linalg.norm(was))
        assert np.degrees(angle) == pytest.approx(turn, abs=1.5)
        assert (ahead - was)[axis] * (1 if axis == 0 else -1) > 0


def test_a_spell_comes_and_goes() -> None:
    scene = DeskScene(Body.of(), 60, (Spell("s", 10, 30, {"slump": 4}, 2.0),), restless=0.0)
    slump = scene.form(np.array([5.0, 11.0, 20.0, 29.0, 31.0]))["slump"]
    assert slump == pytest.approx([0, 2, 4, 2, 0])


def test_the_camera_sees_eyes_in_the_upper_half_and_shoulders() -> None:
    (part,) = DeskScene.sitting(10).film(desk_camera(Body.of()))
    assert (part.at("left_eye")[:, 1] < 240).all()
    assert ((part.at("mid_shoulder") > 0) & (part.at("mid_shoulder") < (640, 480))).all()
    assert np.isnan(part.at("left_knee")).all()


def test_a_day_is_ordinary_and_the_same_for_the_same_seed() -> None:
    days = [DeskScene.day(7200, np.random.default_rng(3)) for _ in range(2)]
    assert days[0].spells == days[1].spells
    names = {spell.name for spell in days[0].spells}
    assert {"reaching", "second screen", "talking", "drinking"} <= names
    assert all(spell.start >= 12 for spell in days[0].spells)
    t = np.arange(0, 7200, 0.5)
    form = days[0].form(t)
    for name in ("slump", "hike", "forward_head"):
        assert np.mean(form[name] >= WAYS[name].faulty[0]) < 0.01, f"{name} is a fault too often to be ordinary"


def test_the_parts_of_a_film_join() -> None:
    scene = DeskScene.sitting(100).with_spell(
        Spell("away", 50, 60, who="nobody"), Spell("v", 70, 80, who="visitor")
    )
    parts = list(scene.film(desk_camera(scene.body), part_s=30))
    t = np.concatenate([part.t for part in parts])
    assert t == pytest.approx(np.arange(200) / 2)
    nose = np.concatenate([part.at("nose") for part in parts])
    assert (np.isnan(nose[:, 0]) == ((t >= 50) & (t < 60))).all()
    assert abs(nose[150, 0] - nose[130, 0]) > 20


def test_an_unknown_way_of_sitting_is_refused() -> None:
    with pytest.raises(UnknownName, match="slump"):
        DeskScene.sitting(10, slumpp=3)
