"""Opening estimators by name, one's own and other people's, and what the contract refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
import pytest

from poise import vision
from poise.body import COCO17, Pose
from poise.errors import InputError, MissingExtra, UnknownName
from poise.vision import estimators
from poise.vision.estimators import (
    PoseEstimator,
    check_estimator,
    known_backends,
    open_estimator,
    read_options,
)
from poise.vision.estimators.stream import Opener, Stream
from poise.vision.frame import Frame


class Stick:
    """An estimator that keeps the contract: it sees one upright body in any picture that is not even."""

    skeleton = COCO17

    def __init__(self) -> None:
        self._now = -np.inf

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        seen = []
        for frame in frames:
            if frame.t <= self._now:
                raise ValueError("time goes on")
            self._now = frame.t
            seen.append([self.pose(frame)] if np.ptp(frame.image) else [])
        return seen

    def pose(self, frame: Frame) -> Pose:
        points = np.linspace((1.0, 2.0), (1.0, 9.0), len(COCO17)) + float(frame.image[0, 0, 0])
        score = np.full(len(COCO17), 0.8)
        points[3], score[3] = np.nan, 0.0
        return Pose(COCO17, frame.t, points, score, size=frame.size)

    def reset(self) -> None:
        self._now = -np.inf

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def frames() -> list[Frame]:
    noise = np.random.default_rng(0)
    return [Frame(noise.integers(0, 256, (48, 64, 3), dtype=np.uint8), i / 10) for i in range(3)]


def test_an_estimator_that_keeps_the_contract_passes() -> None:
    check_estimator(Stick, frames())


class Forgetful(Stick):
    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        return super().estimate(frames)[:-1] if len(frames) > 1 else super().estimate(frames)


class Blind(Stick):
    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        return [[] for _ in super().estimate(frames)]


class Dreamer(Stick):
    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        super().estimate(frames)
        return [[self.pose(frame)] for frame in frames]


class Timeless(Stick):
    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        self._now = -np.inf
        return super().estimate(frames)


class Twins(Stick):
    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        return [poses * 2 for poses in super().estimate(frames)]


class Painter(Stick):
    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        seen = super().estimate(frames)
        for frame in frames:
            frame.image[0] = 0
        return seen


class Batcher(Stick):
    """Sees otherwise when frames come one by one."""

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        seen = super().estimate(frames)
        for i, poses in enumerate(seen):
            for pose in poses:
                pose.points[:] += i
        return seen


class Clinging(Stick):
    """Remembers beyond a reset."""

    resets = 0

    def reset(self) -> None:
        super().reset()
        self.resets += 1

    def pose(self, frame: Frame) -> Pose:
        good = super().pose(frame)
        return replace(good, points=good.points + self.resets)


def spoilt(spoil: Callable[[Frame], dict[str, Any]]) -> type[Stick]:
    """An estimator whose poses differ from a good one's in what `spoil` gives."""

    class Spoilt(Stick):
        def pose(self, frame: Frame) -> Pose:
            good = super().pose(frame)
            return replace(good, **spoil(frame))

    return Spoilt


K = len(COCO17)


@pytest.mark.parametrize(
    ("estimator", "promise"),
    [
        (Forgetful, "one list of poses for each frame"),
        (Blind, "somebody is seen"),
        (Dreamer, "nobody is seen in a blank picture"),
        (Timeless, "refused with a ValueError"),
        (Twins, "told apart"),
        (Painter, "left alone"),
        (Batcher, "sees the same"),
        (Clinging, "before a reset makes no difference"),
        (spoilt(lambda f: {"t": f.t + 1}), "time of its frame"),
        (spoilt(lambda f: {"size": None}), "size of its picture"),
        (spoilt(lambda f: {"score": np.full(K, 1.1)}), "0..1"),
        (spoilt(lambda f: {"score": np.full(K, 0.5)}), "unseen has score 0"),
        (spoilt(lambda f: {"points": np.full((K, 2), np.inf)}), "finite"),
        (spoilt(lambda f: {"points": np.tile([1.0, np.nan], (K, 1))}), "in x and y alike"),
        (spoilt(lambda f: {"points": np.full((K, 2), np.nan), "score": np.zeros(K)}), "without any keypoint"),
    ],
)
def test_a_broken_promise_is_named(estimator: type[Stick], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_estimator(estimator, frames())


def opener(**options: object) -> PoseEstimator:
    estimator = Stick()
    vars(estimator)["options"] = options
    return estimator


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's package with a backend called ``stick``."""
    module = ModuleType("somebody")
    vars(module)["open_stick"] = opener
    monkeypatch.setitem(sys.modules, "somebody", module)
    points = EntryPoints([EntryPoint("stick", "somebody:open_stick", estimators.ENTRY_POINTS)])
    monkeypatch.setattr(estimators, "entry_points", lambda **which: points.select(**which))


@pytest.mark.usefixtures("installed")
def test_other_peoples_backends_are_known_and_opened_with_the_options_given() -> None:
    assert known_backends() == sorted([*estimators.BACKENDS, "stick"])
    estimator = open_estimator("stick", model="m", people=3, threads=2, colour="red")
    assert vars(estimator)["options"] == {
        "model": "m",
        "people": 3,
        "threads": 2,
        "progress": None,
        "trust": False,
        "colour": "red",
    }


def test_a_backend_of_one_network_is_opened_with_its_usual_model_and_all_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched: list[tuple[object, ...]] = []
    built: list[dict[str, object]] = []
    monkeypatch.setattr("poise.vision.weights.network", lambda *given: fetched.append(given))

    def build(_: object, **options: object) -> Stream:
        built.append(options)
        return Stream(COCO17)

    opener = Opener("stick", ("usual", "other"), build)
    opener(people=3, threads=2, runtime="litert")
    opener(model="other", trust=True)
    models = ("usual", "other")
    assert fetched == [("stick", "usual", models, False, None), ("stick", "other", models, True, None)]
    assert built[0] == {"people": 3, "threads": 2, "runtime": "litert"}


def test_options_are_read_as_they_are_typed() -> None:
    pytest.importorskip("onnxruntime")
    given = ["flip", "detector=rtmdet-nano", "runtime=onnx"]
    assert read_options("hrnet", given) == {"flip": True, "detector": "rtmdet-nano", "runtime": "onnx"}
    assert read_options("hrnet", ["flip=no"]) == {"flip": False}
    assert read_options("blazepose", ["doubt_s=0.5", "smooth=YES"]) == {"doubt_s": 0.5, "smooth": True}
    assert read_options("movenet", ["runtime=litert"]) == {"runtime": "litert"}
    assert read_options("no such backend", []) == {}


def test_an_option_that_is_none_is_said_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match=r"No option of blazepose is called 'smoth'\. Did you mean 'smooth'\?"):
        read_options("blazepose", ["smoth"])
    with pytest.raises(InputError, match=r"'smooth=perhaps' does not say yes or no\. Write it as smooth=VALUE"):
        read_options("blazepose", ["smooth=perhaps"])
    with pytest.raises(InputError, match=r"'doubt_s' does not say a number"):
        read_options("blazepose", ["doubt_s"])
    with pytest.raises(UnknownName):  # what every backend takes has options of its own
        read_options("blazepose", ["people=3"])
    with pytest.raises(UnknownName, match="No backend"):
        read_options("blazepoze", ["smooth"])


def test_an_unknown_backend_is_said_with_what_is_known() -> None:
    with pytest.raises(UnknownName, match=r"No backend is called 'blazepoze'\. Did you mean 'blazepose'\?"):
        open_estimator("blazepoze")


def test_a_backend_whose_parts_are_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(estimators.BACKENDS, "crystal", ("poise.no_such_module:open_crystal", "crystal"))
    with pytest.raises(MissingExtra, match=r"backend 'crystal'.*pip install 'poise\[crystal\]'"):
        open_estimator("crystal")


def test_the_contract_is_a_public_name_that_loads_nothing_by_itself() -> None:
    script = "import sys; import poise.vision as v; assert 'poise.vision.estimators' not in sys.modules"
    script += "; v.check_estimator"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert vision.check_estimator is check_estimator
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        vision.chek  # noqa: B018
