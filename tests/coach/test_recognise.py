"""The recogniser: what it is shown, the network it runs, and what it says of simulated people."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Array, Pose, PoseSequence
from poise.coach import View, exercises
from poise.coach.descriptor import FEWEST, KEYPOINTS, NAMES, RATE, SAMPLES, describe, interpolated
from poise.coach.network import Network
from poise.coach.recognise import COMMIT_S, HOP_S, MODEL, REST, UNKNOWN, Recognised, Recogniser
from poise.coach.stretch import Judged
from poise.errors import InputError
from poise.sim import Body, Camera, Noise, Performance, Tempo, film_poses, perform
from poise.sim.move import Arms
from poise.sim.moves.others import OTHERS

#: Of the networks that ship; `poise.learn.recogniser` makes them.
SHIPPED = {
    "recogniser.onnx": "d3d37676937267ae3654077d8b86b9754e6da08694b76cdb41b29372624e2898",
    "deepfit.onnx": "310a22e70e4d861c529d2b0228fc394e13c20459c94943d9c556fe6daf66e3ec",
}
NOWHERE = View("unknown", math.nan, math.nan, 0)


def said_of(poses: Iterable[Pose]) -> Iterator[tuple[float, Recognised]]:
    """What a recogniser says as of every pose, and at the end."""
    recogniser = Recogniser()
    t = 0.0
    for pose in poses:
        t = pose.t
        yield t, recogniser.update(Judged(pose, math.nan, NOWHERE))
    yield t, recogniser.finish()


def names_of(poses: Iterable[Pose]) -> list[str]:
    """What was said, each thing once."""
    names: list[str] = []
    for _, said in said_of(poses):
        if not names or names[-1] != said.name:
            names.append(said.name)
    return names


def window(rng: np.random.Generator) -> Array:
    """Any window at all."""
    return rng.normal(0.0, 100.0, (SAMPLES, len(KEYPOINTS), 2))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_networks_are_the_ones_described(name: str) -> None:
    data = MODEL.with_name(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHIPPED[name]
    assert len(data) < 1_500_000
    assert SHIPPED[name] in MODEL.with_suffix(".md").read_text()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_network_gives_what_onnx_runtime_gives(name: str) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime, of the extra dev, is not installed")
    path = MODEL.with_name(name)
    network, session = Network(path), runtime.InferenceSession(path)
    x = np.random.default_rng(0).normal(0.0, 2.0, (20, session.get_inputs()[0].shape[1])).astype(np.float32)
    x[3, 5] = np.nan
    np.testing.assert_allclose(network(x), session.run(None, {session.get_inputs()[0].name: x})[0], atol=1e-5)
    np.testing.assert_allclose(network(x).sum(-1), 1.0, atol=1e-5)


@pytest.mark.parametrize("data", [b"", b"nothing of the sort", b"\x3a\x05\x0a"])
def test_what_is_no_network_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(data)
    with pytest.raises(InputError, match="not an ONNX network"):
        Network(path)


def test_operators_nobody_knows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "convolution.onnx"
    path.write_bytes(MODEL.read_bytes().replace(b"Relu", b"Conv"))
    with pytest.raises(InputError, match="needs Conv"):
        Network(path)


def test_the_recogniser_knows_the_library() -> None:
    assert Recogniser().classes == (*exercises(), REST, UNKNOWN)


def test_left_and_right_are_the_same() -> None:
    x = window(np.random.default_rng(1))
    mirrored, swapped = x * (-1.0, 1.0), x.copy()
    swapped[:, 2::2], swapped[:, 3::2] = x[:, 3::2], x[:, 2::2]
    np.testing.assert_allclose(describe(mirrored), describe(x), atol=1e-12)
    np.testing.assert_allclose(describe(swapped), describe(x), atol=1e-12)


def test_size_and_place_are_nothing() -> None:
    x = window(np.random.default_rng(2))
    np.testing.assert_allclose(describe(7.0 * x + (300.0, -50.0)), describe(x), atol=1e-9)


def test_up_is_not_down() -> None:
    x = window(np.random.default_rng(3))
    assert np.abs(describe(x * (1.0, -1.0)) - describe(x)).max() > 0.5


def test_descriptors_of_many_windows_are_those_of_each() -> None:
    rng = np.random.default_rng(4)
    x = np.stack([window(rng) for _ in range(3)])
    np.testing.assert_allclose(describe(x), np.stack([describe(one) for one in x]), atol=1e-12)
    assert describe(x).shape == (3, len(NAMES))


def test_the_descriptor_says_what_it_says() -> None:
    """A body as tall as a ladder, arms level and straight, one of which rises by half a torso and comes back."""
    place = {
        "nose": (0, -130),
        "mid_ear": (0, -130),
        **{f"{side}_shoulder": (30 * sign, -100) for side, sign in (("left", 1), ("right", -1))},
        **{f"{side}_elbow": (90 * sign, -100) for side, sign in (("left", 1), ("right", -1))},
        **{f"{side}_wrist": (140 * sign, -100) for side, sign in (("left", 1), ("right", -1))},
        **{f"{side}_hip": (20 * sign, 0) for side, sign in (("left", 1), ("right", -1))},
        **{f"{side}_knee": (20 * sign, 84) for side, sign in (("left", 1), ("right", -1))},
        **{f"{side}_ankle": (20 * sign, 170) for side, sign in (("left", 1), ("right", -1))},
    }
    x = np.tile(np.array([place[name] for name in KEYPOINTS], dtype=np.float64), (SAMPLES, 1, 1))
    rise = 25.0 * (1.0 - np.cos(np.linspace(0.0, 2.0 * np.pi, SAMPLES)))
    x[:, KEYPOINTS.index("left_wrist"), 1] -= rise
    told = dict(zip(NAMES, describe(x), strict=True))
    assert told["trunk_length_p50"] == pytest.approx(1.0, abs=0.03)
    assert told["trunk_rise_p50"] == pytest.approx(1.0)
    assert told["knee_angle_p50"] == pytest.approx(0.0, abs=1e-6)
    assert told["shoulder_angle_p50"] == pytest.approx(math.atan2(100, -30), abs=0.01)
    assert told["wrist_height_sd_apart"] == pytest.approx(rise.std() / 100, abs=0.01)
    assert told["ankle_height_p50"] == pytest.approx(-1.7, abs=0.03)
    assert told["both~wrist_over_shoulder"] == pytest.approx(0.0, abs=1e-9)
    assert told["both~knee_angle"] == pytest.approx(0.0, abs=1e-9)


def test_gaps_are_bridged_and_ends_held() -> None:
    t = np.array([0.0, 1.0, 2.0, 3.0])
    points = np.array([[0.0, 0.0], [1.0, 10.0], [math.nan, math.nan], [3.0, 30.0]])[:, None]
    never = np.full((4, 1, 2), math.nan)
    out = interpolated(t, np.concatenate([points, never], axis=1), np.array([-1.0, 0.5, 2.0, 9.0]))
    np.testing.assert_allclose(out[:, 0], np.array([[0, 0], [0.5, 5.0], [2.0, 20.0], [3.0, 30.0]]))
    assert np.isnan(out[:, 1]).all()


@pytest.mark.parametrize(
    ("exercise", "yaw"),
    [
        ("squat", 70.0),
        ("squat", 200.0),
        ("push_up", 100.0),
        ("push_up", 320.0),
        ("lunge", 80.0),
        ("sit_up", 250.0),
        ("biceps_curl", 40.0),
        ("shoulder_press", 10.0),
        ("lateral_raise", 0.0),
        ("front_raise", 80.0),
        ("triceps_extension", 60.0),
        ("dumbbell_row", 90.0),
        ("deadlift", 100.0),
        ("jumping_jack", 20.0),
        ("plank", 80.0),
        ("glute_bridge", 80.0),
        ("glute_bridge", 240.0),
    ],
)
def test_exercises_are_recognised(exercise: str, yaw: float) -> None:
    performance = perform(exercise, lead=0.5, sway=1.0, variation=0.3)
    poses = film_poses(performance, Camera(yaw=yaw), rate=25, noise=Noise(), seed=2)
    names = set(names_of(poses)) - {REST}
    assert names == {exercise}


def unseen(rng: np.random.Generator) -> dict[str, Any]:
    """Some body that nobody has seen, and how much it sways."""
    return {"body": Body.random(rng), "sway": float(rng.uniform(0.3, 2.0)), "seed": int(rng.integers(2**31))}


def around(performance: Performance, rng: np.random.Generator) -> list[Pose]:
    """The performance as seen from some side or other."""
    camera = Camera(yaw=float(rng.uniform(0.0, 360.0)), height=float(rng.uniform(0.5, 1.5)))
    return list(film_poses(performance, camera, rate=15, noise=Noise(), seed=int(rng.integers(2**31))))


@pytest.mark.parametrize("arms", ["crossed", "hips", "hanging"])
def test_who_sits_against_a_wall_is_recognised(arms: Arms) -> None:
    """The way down and up is that of a squat, and may be called so."""
    rng = np.random.default_rng(10)
    hold = perform(
        "wall_sit", reps=1, tempo=Tempo(1.5, 15.0, 1.5, 0.0), arms=arms, lead=2.0, tail=2.0, **unseen(rng)
    )
    said = list(said_of(around(hold, rng)))
    assert {now.name for t, now in said if 10.0 < t < 18.0} == {"wall_sit"}
    assert {now.name for _, now in said} <= {"wall_sit", "squat", REST}


@pytest.mark.parametrize("trunk_lean", [0.0, -24.0])
def test_a_slow_squat_is_no_wall_sit(trunk_lean: float) -> None:
    """Not even with a pause at the bottom, or with an upright trunk."""
    rng = np.random.default_rng(11)
    tempo = Tempo(3.5, 1.5, 2.5, 0.5)
    squats = perform("squat", reps=4, tempo=tempo, form={"trunk_lean": trunk_lean}, **unseen(rng))
    names = names_of(around(squats, rng))
    assert "squat" in names
    assert "wall_sit" not in names


@pytest.mark.parametrize("movement", ["standing", "walking", "fidgeting", "stooping"])
def test_doing_nothing_that_counts_is_rest(movement: str) -> None:
    poses = film_poses(perform(movement, lead=20.0), Camera(yaw=30), rate=15, noise=Noise(), seed=3)
    assert names_of(poses) == [REST]


@pytest.mark.parametrize(
    ("movement", "mood"), [("play", 3.0), ("play", 11.0), ("knee_raise", 4.0), ("knee_raise", 9.0)]
)
def test_what_is_not_in_the_library_gets_no_name(movement: str, mood: float) -> None:
    move = OTHERS[movement]
    performance = perform(move, form={"mood": mood}, reps=12 if move.reps else 0, lead=0.0 if move.reps else 15.0)
    poses = film_poses(performance, Camera(yaw=40), rate=20, noise=Noise(), seed=4)
    assert set(names_of(poses)) <= {REST, UNKNOWN}


def sets_of_squats() -> PoseSequence:
    """Ten seconds of standing, eight squats, and ten seconds of standing."""
    performance = perform("squat", reps=8, lead=10.0, tail=10.0, sway=1.0)
    return film_poses(performance, Camera(yaw=60), rate=30, noise=Noise(), seed=5)


def test_a_set_begins_and_ends() -> None:
    performance = perform("squat", reps=8, lead=10.0, tail=10.0, sway=1.0)
    first, last = performance.reps[0].start, performance.reps[-1].end
    changes: dict[tuple[str, float], float] = {}
    for t, said in said_of(sets_of_squats()):
        changes.setdefault((said.name, said.since), t)
    (rest, squat, after) = changes.items()
    assert (rest[0][0], squat[0][0], after[0][0]) == (REST, "squat", REST)
    assert rest[0][1] == 0.0
    assert first - SAMPLES / RATE <= squat[0][1] <= first + 0.5
    assert first < squat[1] < first + 6.0
    assert last - 1.5 < after[0][1] < last + 2.0
    assert last < after[1] < last + 6.0


class Scripted:
    """A network that says what a script says, a look after the other, whatever it is shown."""

    def __init__(self, script: list[str]) -> None:
        self.classes = ("squat", "lunge", REST, UNKNOWN)
        self.metadata = {"classes": ",".join(self.classes)}
        self.script = iter(script)

    def __call__(self, x: Array) -> Array:
        """Nearly sure of one class, ``(1, 4)``."""
        name = next(self.script, REST)
        return np.where(np.array(self.classes) == name, 0.97, 0.01)[None]


def test_a_set_begins_where_rest_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rest, a first repetition that looks like something else, and squats: all that is not rest is the set."""
    script = [REST] * 20 + ["lunge"] * 3 + ["squat"] * 20
    monkeypatch.setattr("poise.coach.recognise.Network", lambda _: Scripted(script))
    poses = film_poses(perform("standing", lead=11.0), Camera(), rate=40)
    told = {said.name: said.since for _, said in said_of(poses)}
    twenty_first = FEWEST / RATE + 20 * HOP_S
    assert told == {REST: 0.0, "squat": pytest.approx(twenty_first - (SAMPLES - 1) / RATE, abs=0.06)}


def test_one_exercise_after_another_begins_where_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    script = ["squat"] * 20 + ["lunge"] * 20
    monkeypatch.setattr("poise.coach.recognise.Network", lambda _: Scripted(script))
    poses = film_poses(perform("standing", lead=11.0), Camera(), rate=40)
    told = {said.name: said.since for _, said in said_of(poses)}
    twenty_first = FEWEST / RATE + 20 * HOP_S
    assert told["squat"] == 0.0
    assert told["lunge"] == pytest.approx(twenty_first - (SAMPLES - 1) / RATE, abs=0.06)


@pytest.mark.parametrize("rate", [8.0, 240.0])
def test_the_frame_rate_does_not_matter(rate: float) -> None:
    performance = perform("squat", reps=4, sway=1.0)
    poses = film_poses(performance, Camera(yaw=60), rate=rate, noise=Noise(outliers=0.0, gaps=0.0), seed=6)
    assert names_of(poses)[-1] == "squat"


def test_irregular_steps_and_gaps_do_not_matter() -> None:
    rng = np.random.default_rng(7)
    performance = perform("jumping_jack", reps=20)
    t = np.cumsum(rng.uniform(0.01, 0.12, 250))
    poses = film_poses(performance, Camera(), t=t[t < performance.seconds], noise=Noise(gaps=0.5), seed=8)
    assert [name for name in names_of(poses) if name != REST] == ["jumping_jack"]


def test_work_is_done_once_a_hop() -> None:
    recogniser = Recogniser()
    looks = set()
    for pose in film_poses(perform("squat", reps=2), Camera(yaw=90), rate=60):
        recogniser.update(Judged(pose, math.nan, NOWHERE))
        looks.add(recogniser.looked)
    times = np.array(sorted(t for t in looks if math.isfinite(t)))
    np.testing.assert_allclose(np.diff(times), HOP_S, atol=1 / 60)
    assert times[0] == pytest.approx(FEWEST / RATE, abs=1 / 60)


def test_nobody_is_at_rest() -> None:
    poses = [Pose.missing(BLAZEPOSE33, t) for t in np.arange(0.0, 10.0, 0.05)]
    assert names_of(poses) == [REST]


def test_who_leaves_stops_exercising() -> None:
    squats = [pose for pose in sets_of_squats() if pose.t < 25.0]
    nobody = [Pose.missing(BLAZEPOSE33, t) for t in np.arange(25.0, 45.0, 0.1)]
    assert names_of([*squats, *nobody]) == [REST, "squat", REST]


def without(poses: PoseSequence, unseen: Iterable[bool]) -> list[Pose]:
    """The poses, nobody being seen at some of the instants."""
    return [Pose.missing(BLAZEPOSE33, pose.t) if gone else pose for pose, gone in zip(poses, unseen, strict=True)]


def test_a_body_that_is_lost_every_other_second_is_recognised() -> None:
    """What is seen on both sides of a gap that is too long to bridge is one window without it."""
    poses = film_poses(perform("squat", reps=8), Camera(yaw=60), rate=25, noise=Noise(), seed=5)
    assert names_of(without(poses, poses.t % 2.0 >= 1.0)) == [REST, "squat"]


def test_a_gap_is_left_out_of_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a body that stood still, was gone and stands elsewhere, nothing between the two places is made up."""
    windows: list[Array] = []

    def watched(window: Array) -> Array:
        windows.append(window)
        return np.zeros(len(NAMES))

    monkeypatch.setattr("poise.coach.recognise.Network", lambda _: Scripted([]))
    monkeypatch.setattr("poise.coach.recognise.describe", watched)
    still = film_poses(perform("standing", lead=4.0, sway=0.0), Camera(), rate=30)
    moved = replace(still, points=still.points + np.where(still.t > 1.5, 300.0, 0.0)[:, None, None])
    for _ in said_of(without(moved, (still.t > 1.0) & (still.t < 2.0))):
        pass
    assert len(windows[0]) <= FEWEST + 1  # nor is anything before the first sight of it
    along = [window[:, 0, 0] - still.at("nose")[0, 0] for window in windows]
    assert any((x < 100.0).any() and (x > 200.0).any() for x in along)
    off = np.concatenate([np.minimum(np.abs(x), np.abs(x - 300.0)) for x in along])
    assert off.max() < 25.0  # somebody who stands sways


def test_a_short_recording_is_named_at_its_end() -> None:
    performance = perform("squat", reps=1, lead=0.0, tail=0.0)
    poses = film_poses(performance, Camera(yaw=80), rate=30, noise=Noise(), seed=9)
    assert poses.duration < FEWEST / RATE + COMMIT_S
    said = [said for _, said in said_of(poses)]
    assert said[-2].name == REST
    assert (said[-1].name, said[-1].since) == ("squat", 0.0)
