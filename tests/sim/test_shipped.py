"""The films that come with poise: small, readable, and just what their recipes say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from poise.sim import Camera, Performance, ShippedClip, perform, shipped
from poise.sim.__main__ import main
from poise.sim.film import film_video, instants
from poise.sim.shipped import read_clip
from poise.vision.video import open_film

CLIPS = {clip.name: clip for clip in shipped()}


@pytest.fixture(params=sorted(CLIPS))
def clip(request: pytest.FixtureRequest) -> ShippedClip:
    return CLIPS[request.param]


def test_there_are_two_and_they_are_small() -> None:
    assert sorted(CLIPS) == ["push_up", "squat"]
    assert sum(clip.path.stat().st_size for clip in CLIPS.values()) < 500_000


def test_each_has_one_faulty_repetition_among_good_ones() -> None:
    assert [rep.faults for rep in CLIPS["squat"].performance.reps] == [(), (), (), ("shallow",), ()]
    assert [rep.faults for rep in CLIPS["push_up"].performance.reps] == [(), (), ("hip_sag",), ()]


def test_the_film_has_the_frames_of_its_recipe(clip: ShippedClip) -> None:
    with open_film(clip.path) as film:
        frames = [(frame.t, frame.size) for frame in film]
    assert [t for t, _ in frames] == pytest.approx(instants(clip.performance, clip.rate), abs=0.001)
    assert {size for _, size in frames} == {clip.camera.size}


def test_the_film_shows_what_its_recipe_says(clip: ShippedClip) -> None:
    render = pytest.importorskip("poise.sim.render", reason="the renderer's extra is not installed")
    (turn,) = (rep.turn for rep in clip.performance.reps if rep.faults)
    with open_film(clip.path) as film:
        frame = min(film, key=lambda frame: abs(frame.t - turn))
    drawn = render.draw(clip.performance, clip.camera, frame.t, clip.look, samples=1).astype(float)
    assert np.abs(drawn - frame.image).mean() < 4  # of 255: coding and fewer rays to the pixel
    elsewhere = render.draw(clip.performance, clip.camera, 0.0, clip.look, samples=1).astype(float)
    assert np.abs(elsewhere - frame.image).mean() > 8


def test_the_athlete_is_in_the_picture_all_along(clip: ShippedClip) -> None:
    poses = clip.poses(instants(clip.performance, 5))
    assert (poses.points > 0).all()
    assert (poses.points < clip.camera.size).all()
    assert poses.at("left_knee").shape == (len(poses), 2)
    assert clip.measures(poses.t)["left_knee_flexion"].shape == (len(poses),)


def test_recipes_say_everything_about_a_film(tmp_path: Path) -> None:
    recipe = {
        "performance": {"exercise": "lunge", "reps": 2, "tempo": [1, 0.2, 1, 0.3], "form": {"depth": 90}},
        "body": {"stature": 1.6, "thigh": 1.05},
        "camera": {"yaw": 45, "size": [32, 48], "target": [0, 0.8, 0]},
        "rate": 10,
        "look": "red",
    }
    (tmp_path / "mine.json").write_text(json.dumps(recipe))
    clip = read_clip(tmp_path / "mine.json")
    assert (clip.name, clip.path, clip.exercise) == ("mine", tmp_path / "mine.mp4", "lunge")
    assert (clip.rate, clip.look, clip.camera.size, clip.camera.yaw) == (10, "red", (32, 48), 45)
    assert clip.performance.body.thigh == pytest.approx(0.245 * 1.6 * 1.05)
    assert [rep.turn for rep in clip.performance.reps] == pytest.approx([2.1, 4.6])


def test_a_film_can_be_drawn_and_read_back(tmp_path: Path) -> None:
    pytest.importorskip("poise.sim.render", reason="the renderer's extra is not installed")
    nod = perform("standing", lead=0.3, tail=0.1)
    camera = read_clip(CLIPS["squat"].path.with_suffix(".json")).camera
    told: list[tuple[int, int]] = []
    small = type(camera)(**{**camera.__dict__, "size": (48, 64)})
    film_video(
        nod, small, tmp_path / "nod.mp4", 10, samples=1, progress=lambda done, total: told.append((done, total))
    )
    with open_film(tmp_path / "nod.mp4") as film:
        assert [frame.t for frame in film] == pytest.approx([0.0, 0.1, 0.2, 0.3], abs=0.001)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    for what, words in (("sqaut", "Did you mean 'squat'?"), ("nowhere.json", "No such file")):
        with pytest.raises(SystemExit) as stopped:
            main([what, "--out", "x.mp4"])
        assert stopped.value.code == 2
        assert words in capsys.readouterr().err


def test_the_command_films_an_exercise_framed_from_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Performance, Camera, str]] = []
    monkeypatch.setattr("poise.sim.__main__.film_video", lambda p, c, out, *_, **__: asked.append((p, c, out)))
    main(["push_up", "--out", "x.mp4", "--yaw", "80", "--reps", "2"])
    ((performance, camera, out),) = asked
    assert (performance.move.name, len(performance.reps), camera.yaw, out) == ("push_up", 2, 80, "x.mp4")
    points = camera.project(performance.joints(instants(performance, 10)))
    assert (points > 0).all()
    assert (points < camera.size).all()
