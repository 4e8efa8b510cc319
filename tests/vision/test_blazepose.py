"""BlazePose with its real networks, on the shipped film."""

from __future__ import annotations

import gc
import hashlib
import os
import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import interpreter

from poise.body import Array, Pose
from poise.body.geometry import distance
from poise.errors import UnknownName
from poise.sim.shipped import ShippedClip
from poise.vision import weights
from poise.vision.estimators import _blazepose as blaze
from poise.vision.estimators import check_estimator, open_estimator
from poise.vision.estimators._tflite import Network, pruned
from poise.vision.estimators.blazepose import measure
from poise.vision.frame import Frame
from poise.vision.video import open_film

pytestmark = pytest.mark.models

LEGACY = Path(__file__).parent / "data" / "legacy_squat.npz"


def frames(film: Path, count: int, every: int) -> list[Frame]:
    """Frames of a film, taken to be a thirtieth of a second apart."""
    with open_film(film) as source:
        return [Frame(frame.image, i / 30) for i, frame in enumerate(islice(source, 0, count * every, every))]


@pytest.fixture(scope="module")
def squatting(squat: ShippedClip) -> list[Frame]:
    return frames(squat.path, 20, 3)


def track(shown: list[Frame], **options: object) -> list[Pose]:
    """Who is seen in each frame, exactly one."""
    with open_estimator("blazepose", **options) as estimator:  # type: ignore[arg-type]
        return [pose for (pose,) in estimator.estimate(shown)]


def torso(points: Array) -> float:
    middle = [points[:, [a, b]].mean(1) for a, b in ((11, 12), (23, 24))]
    return float(np.median(distance(*middle)))


@pytest.mark.parametrize(("model", "people"), [("full", 1), ("lite", 2)])
def test_it_keeps_the_contract_of_estimators(squatting: list[Frame], model: str, people: int) -> None:
    check_estimator(lambda: open_estimator("blazepose", model=model, people=people), squatting[:6])


def test_it_agrees_with_the_vendors_own_runtime(squat: ShippedClip) -> None:
    """The same frames through ``mp.solutions.pose`` 0.10.21, recorded by ``benchmarks/agreement.py --keep``."""
    with np.load(LEGACY) as recorded:
        theirs, every, film = recorded["points"].astype(float), int(recorded["every"]), str(recorded["film"])
    assert film == hashlib.sha256(squat.path.read_bytes()).hexdigest(), "recorded of another film: record it again"
    ours = np.array([pose.points for pose in track(frames(squat.path, len(theirs), every))])
    off = distance(ours, theirs) / torso(theirs)
    assert np.median(off) < 0.005
    assert np.percentile(off, 90) < 0.02


def test_two_threads_see_what_one_sees(squatting: list[Frame]) -> None:
    one, two = track(squatting[:5]), track(squatting[:5], threads=2)
    for a, b in zip(one, two, strict=True):
        assert np.allclose(a.points, b.points, atol=0.05)


def test_world_coordinates_are_a_body_of_human_size_standing_upright(squatting: list[Frame]) -> None:
    for pose in track(squatting[:3]):
        height = pose.world_at("mid_ankle")[1] - pose.world_at("nose")[1]
        assert 1.2 < height < 1.9, "metres, y down"
        assert np.abs(pose.world_at("mid_hip")).max() < 0.1


def test_a_turned_film_shows_the_same_body_turned(squatting: list[Frame]) -> None:
    """Found lying by another view of the search; points turn with the picture, world coordinates too."""
    upright = track(squatting[:5])[-1]
    turned = [Frame(np.ascontiguousarray(np.rot90(frame.image, -1)), frame.t) for frame in squatting[:5]]
    with open_estimator() as estimator:
        seen = [poses for poses in estimator.estimate(turned) if poses]
    (lying,) = seen[-1]
    height = squatting[0].size[1]
    expected = np.stack([height - upright.points[:, 1], upright.points[:, 0]], axis=1)
    assert np.median(distance(lying.points, expected)) < 0.1 * torso(upright.points[None])
    assert upright.world is not None
    head = lying.world_at("nose") - lying.world_at("mid_hip")
    assert head[0] > 0.4
    assert abs(head[1]) < 0.3


def test_smoothing_steadies_somebody_who_stands_still(squatting: list[Frame]) -> None:
    grain = np.random.default_rng(0)
    still = squatting[0].image.astype(float)
    grainy = [
        Frame((still + grain.normal(0, 25, still.shape)).clip(0, 255).astype(np.uint8), i / 30) for i in range(20)
    ]
    raw, smooth = (np.array([p.points for p in track(grainy, smooth=flag)]) for flag in (False, True))
    assert np.array_equal(raw[0], smooth[0])
    shake_raw, shake_smooth = (points[10:].std(0).mean() for points in (raw, smooth))
    assert shake_smooth < 0.7 * shake_raw


def test_two_people_are_two(squatting: list[Frame]) -> None:
    pair = [Frame(np.concatenate([f.image, f.image], axis=1), f.t) for f in squatting[:4]]
    width = squatting[0].size[0]
    with open_estimator(people=2) as estimator:
        for poses in estimator.estimate(pair):
            hips = {pose.person: float(pose.at("mid_hip")[0]) for pose in poses}
            assert set(hips) == {0, 1}
            assert abs(hips[0] - hips[1]) == pytest.approx(width, abs=0.03 * width)
    with open_estimator(people=1) as estimator:
        assert [len(poses) for poses in estimator.estimate(pair)] == [1, 1, 1, 1]


def test_an_unknown_model_is_said_with_what_is_known() -> None:
    with pytest.raises(UnknownName, match="Known: full, heavy, lite"):
        open_estimator("blazepose", model="fulll")


def test_estimators_in_two_threads_do_not_disturb_one_another(squatting: list[Frame]) -> None:
    seen: dict[int, list[Pose]] = {}

    def work(number: int) -> None:
        seen[number] = track(squatting[:8])

    workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for a, b in zip(seen[0], seen[1], strict=True):
        assert np.array_equal(a.points, b.points)


def test_pruning_cuts_the_mask_and_nothing_else_changes() -> None:
    model = weights.load("blazepose-lite")
    mask = (1, 256, 256, 1)
    whole = Network(model, (*blaze.LANDMARK_OUTPUTS, mask), (0.0, 1.0), threads=1)
    cut = Network(model, blaze.LANDMARK_OUTPUTS, (0.0, 1.0), threads=1)
    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    *expected, segmentation = whole.run(picture)
    assert segmentation.shape == mask
    for a, b in zip(cut.run(picture), expected, strict=True):
        assert np.array_equal(a, b)
    kept, whole_model = (pruned(model, outputs) for outputs in (blaze.LANDMARK_OUTPUTS, (mask,)))
    assert len(kept) == len(whole_model) == len(model)


def test_an_output_the_network_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no outputs shaped \[\(1, 7\)\]"):
        pruned(weights.load("blazepose-lite"), ((1, 7),))


def test_opening_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    open_estimator().close()
    assert capfd.readouterr() == ("", "")


def test_opening_several_at_once_leaves_standard_error_where_it_was() -> None:
    before = os.fstat(2)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: open_estimator(model="lite").close(), range(8)))
    assert os.path.samestat(os.fstat(2), before)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="asks Linux how much memory is used, and is about glibc"
)
def test_closing_gives_the_memory_back() -> None:
    def used() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1])

    open_estimator().close()  # what is loaded once and stays
    before = used()
    estimators = [open_estimator() for _ in range(2)]
    opened = used()
    for estimator in estimators:
        estimator.close()
    assert used() - before < 0.3 * (opened - before)


def test_what_it_runs_on_is_measured() -> None:
    one = measure("lite")
    assert one.runtime == "litert"
    assert one.delegated
    assert 0.05 < one.ms < 5_000
    assert 0 < one.cores < 1.2


def test_without_its_delegate_a_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor for which LiteRT was built without XNNPACK."""

    class Plain(interpreter.Interpreter):  # type: ignore[misc]
        def __init__(self, **options: object) -> None:
            resolver = interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            super().__init__(**options, experimental_op_resolver_type=resolver)

    monkeypatch.setattr(interpreter, "Interpreter", Plain)
    assert not measure("lite").delegated
