from __future__ import annotations

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, PoseSequence
from poise.store.packing import BLIND_STEP, STEPS, pack, unpack
from tests.store.made import poses


@pytest.mark.parametrize("world", [False, True])
@pytest.mark.parametrize("size", [(640, 480), (1080, 1920), None])
def test_what_comes_back_is_as_exact_as_promised(world: bool, size: tuple[int, int] | None) -> None:
    sent = poses(50, start=12.345678, world=world, size=size)
    back = unpack(pack(sent))
    step = max(size) / STEPS if size else BLIND_STEP
    assert np.nanmax(np.abs(back.points - sent.points)) <= step / 2 + 1e-9
    assert (np.isnan(back.points) == np.isnan(sent.points)).all()
    assert np.abs(back.score - sent.score).max() <= 0.5 / 255 + 1e-12
    assert np.abs(back.t - sent.t).max() <= 1e-9
    assert (back.size, back.skeleton, back.meta) == (size, BLAZEPOSE33, {"source": "made up"})
    assert (back.world is None) == (not world)
    if back.world is not None and sent.world is not None:
        assert np.abs(back.world - sent.world).max() <= 0.0005 + 1e-12


def test_what_lies_too_far_away_is_cut_not_wrapped_around() -> None:
    sent = poses(2)
    far = PoseSequence(
        BLAZEPOSE33, sent.t, np.where(np.isnan(sent.points), np.nan, -1e6), sent.score, None, (640, 480)
    )
    back = unpack(pack(far))
    assert np.nanmax(back.points) == pytest.approx(-2 * 640, abs=0.1)


def test_an_instant_is_small() -> None:
    rng = np.random.default_rng(1)
    sent = poses(1000)
    noisy = PoseSequence(
        BLAZEPOSE33,
        sent.t,
        sent.points + rng.normal(0, 1, sent.points.shape),
        rng.uniform(0.8, 1, sent.score.shape),
        None,
        (640, 480),
    )
    assert len(pack(noisy)) / 1000 < 165  # of 800


@pytest.mark.parametrize("size", [0, 1])
def test_few_instants_are_instants_too(size: int) -> None:
    assert len(unpack(pack(poses(3)[:size]))) == size


def test_damage_is_said() -> None:
    data = pack(poses())
    with pytest.raises(ValueError, match="damaged"):
        unpack(data[: len(data) // 2])
    import zlib

    with pytest.raises(ValueError, match="cut short"):
        unpack(zlib.compress(zlib.decompress(data)[:-5]))
