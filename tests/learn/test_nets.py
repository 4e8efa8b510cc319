"""The recipes' networks: what becomes of keypoints in them, and their shapes, as described."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from poise.body import COCO17, OPENPOSE18
from poise.classify import given, gravity
from poise.errors import InputError, UnknownName
from poise.learn.nets import Differences, Embedding, Gravity, Net, Streams, mirror_order
from poise.learn.recipe import Recipe, Vary, load_recipe, recipes
from poise.learn.vary import varied
from tests.learn.data.made import body


def frames(recipe: Recipe, count: int = 2) -> torch.Tensor:
    """Random keypoints of the shape a recipe reads."""
    look = recipe.look
    length = max(1, round(look.seconds * look.rate))
    x = torch.rand(count, length, len(look.keypoints), 3) * 200 + 50
    x[..., 2] = 0.9
    return x


def weights(recipe: str, labels: int = 3) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in Net(load_recipe(recipe), labels).named_parameters()}


def test_there_are_five_recipes_and_each_makes_probabilities_of_raw_keypoints() -> None:
    assert recipes() == ["deepfit", "posco", "posture_model", "snu_squat", "streams"]
    for name in recipes():
        recipe = load_recipe(name)
        net = Net(recipe, 3).eval()
        out = net(frames(recipe))
        assert out.shape == (2, 3)
        torch.testing.assert_close(out.sum(1), torch.ones(2))
        assert recipe.source


def test_posco_is_51_numbers_128_and_64() -> None:
    assert weights("posco") == {
        "dense.0.weight": (128, 34),
        "dense.0.bias": (128,),
        "dense.3.weight": (64, 128),
        "dense.3.bias": (64,),
        "dense.6.weight": (3, 64),
        "dense.6.bias": (3,),
    }
    recipe = load_recipe("posco")
    assert recipe.look.keypoints == COCO17.keypoints
    assert (recipe.layers.activation, recipe.layers.dropout, recipe.training.batch) == ("relu6", 0.5, 16)
    assert recipe.training.patience > 0
    assert recipe.training.test == 0.2


def test_deepfit_has_the_5146_numbers_of_its_makers() -> None:
    net = Net(load_recipe("deepfit"), 10)
    assert sum(value.numel() for value in net.parameters()) == 5146
    recipe = load_recipe("deepfit")
    how = recipe.training
    assert (how.rate, how.epochs, how.batch, recipe.layers.dropout) == (0.01, 20, 64, 0.5)
    assert (recipe.layers.activation, recipe.look.prepare) == ("sigmoid", "gravity")


def test_posture_model_is_linear_on_34_numbers() -> None:
    assert weights("posture_model") == {"dense.0.weight": (3, 34), "dense.0.bias": (3,)}
    net = Net(load_recipe("posture_model"), 3).eval()
    a, b = frames(load_recipe("posture_model"), 1), frames(load_recipe("posture_model"), 1)
    with torch.no_grad():
        torch.testing.assert_close(
            net.logits((a + b) / 2), (net.logits(a) + net.logits(b)) / 2, rtol=1e-4, atol=1e-3
        )


def test_the_snu_network_is_as_described_and_so_are_its_ablations() -> None:
    shapes = weights("snu_squat", 2)
    assert shapes["over_time.convolved.0.weight"] == (32, 20, 5)
    assert shapes["over_time.convolved.3.weight"] == (64, 32, 3)
    assert shapes["over_time.convolved.6.weight"] == (64, 64, 3)
    assert shapes["over_time.lstm.weight_hh_l0_reverse"] == (256, 64)
    assert shapes["dense.0.weight"] == (32, 128)
    assert shapes["dense.3.weight"] == (2, 32)
    recipe = load_recipe("snu_squat")
    assert (recipe.training.rate, recipe.layers.dropout, len(recipe.look.keypoints)) == (0.003, 0.3, 10)
    alone = Net(recipe.changed(layers__convolutions=()), 2)
    assert alone(frames(recipe)).shape == (2, 2)
    assert alone.over_time is not None
    assert alone.over_time.lstm is not None
    assert alone.over_time.lstm.input_size == 20
    convolved = Net(recipe.changed(layers__lstm=0), 2)
    assert convolved.over_time is not None
    assert convolved.over_time.lstm is None
    assert len(list(recipe.searched())) == 6


def test_an_embedding_knows_neither_place_nor_size() -> None:
    net = Embedding(COCO17.keypoints)
    x = torch.tensor(body(noise=0.0), dtype=torch.float32)[None, None]
    x = torch.cat([x, torch.ones(1, 1, 17, 1)], dim=-1)
    moved = x * torch.tensor([3.0, 3.0, 1.0]) + torch.tensor([100.0, -40.0, 0.0])
    torch.testing.assert_close(net(x), net(moved), rtol=1e-4, atol=1e-5)
    out = net(x).reshape(17, 2)
    torch.testing.assert_close(out[11] + out[12], torch.zeros(2), atol=1e-6, rtol=0)
    # 2.5 torsos are 275 px, less than the root of the sum of all squares across the keypoints
    heights = (x[0, 0, :, 1] - 200.0).square().sum().sqrt()
    torch.testing.assert_close(out[0, 1], -150.0 / heights)
    # somebody bent double: all but the shoulders are at the hips, and the torso multiplier counts
    x[..., :2] = 200.0
    x[0, 0, [5, 6], 1] = 90.0
    torch.testing.assert_close(net(x).reshape(17, 2)[5, 1], torch.tensor(-110.0 / (2.5 * 110.0)))


def test_gravity_in_the_graph_is_that_of_numpy() -> None:
    rng = np.random.default_rng(0)
    xy = rng.uniform(50, 300, (6, 18, 2))
    xy[rng.random((6, 18)) < 0.3] = np.nan
    xy[5] = np.nan
    values = np.concatenate([xy, np.where(np.isnan(xy[..., :1]), 0.0, 0.8)], axis=-1)[:, None]
    out = Gravity(OPENPOSE18.keypoints)(torch.from_numpy(given(values))).numpy()
    np.testing.assert_allclose(out, np.moveaxis(gravity(xy), -1, 1).reshape(6, 36), atol=1e-5)
    assert (out[5] == 0).all()


def test_differences_are_of_a_body_mapped_by_its_first_whole_frame() -> None:
    names = load_recipe("snu_squat").look.keypoints
    net = Differences(names, 12)
    still = torch.rand(1, 1, 10, 3).repeat(1, 12, 1, 1) * 100
    still[..., 2] = 1.0
    torch.testing.assert_close(net(still), torch.zeros(1, 11, 20), atol=1e-6, rtol=0)
    # everybody moves down by 5 px a frame: after the Gaussian that is 5 px over the torso, away from the ends
    moving = still.clone()
    moving[..., 1] += 5.0 * torch.arange(12)[None, :, None]
    at = {name: still[0, 0, i, :2] for i, name in enumerate(names)}
    torso = ((at["left_shoulder"] + at["right_shoulder"] - at["left_hip"] - at["right_hip"]) / 2).norm()
    torch.testing.assert_close(net(moving)[0, 5, 1::2], (5.0 / torso).repeat(10), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(net(moving)[0, 5, 0::2], torch.zeros(10), atol=1e-5, rtol=0)
    # a keypoint that jumps by a torso between two frames moves as a Gaussian of sigma 1 falls
    jump = still.clone()
    jump[:, 6:, 0, 0] += torso
    steps = torch.arange(-4, 5)
    bell = torch.exp(-0.5 * steps.float() ** 2)
    torch.testing.assert_close(net(jump)[0, 1:10, 0], bell / bell.sum(), rtol=1e-4, atol=1e-5)
    # a keypoint that is not seen in the first frame: the second one maps the body
    late = moving.clone()
    late[:, 0, 3] = 0.0
    late[:, 2:] = late[:, 1:2]
    other = late.clone()
    other[:, 1:, :, :2] = other[:, 1:, :, :2] * 2 + 7
    torch.testing.assert_close(net(late)[:, 8:], net(other)[:, 8:], atol=1e-5, rtol=0)


def test_streams_know_neither_place_nor_size_and_what_is_unseen_is_nothing() -> None:
    recipe = load_recipe("streams")
    net = Streams(recipe.look.keypoints)
    x = frames(recipe)
    moved = x * torch.tensor([2.0, 2.0, 1.0]) + torch.tensor([30.0, 60.0, 0.0])
    torch.testing.assert_close(net(x), net(moved), rtol=1e-3, atol=1e-3)
    hidden = x.clone()
    hidden[:, :, recipe.look.keypoints.index("nose")] = 0.0
    nose = recipe.look.keypoints.index("nose")
    assert (net(hidden)[..., 2 * nose : 2 * nose + 2] == 0).all()
    assert net(x).shape[-1] == net.numbers


def seen_by(yaw: float) -> torch.Tensor:
    """Somebody who stands still, seen from far away: knees half as wide as the trunk and ahead of the ankles."""
    names = load_recipe("streams").look.keypoints
    high = {"shoulder": -125, "hip": 0, "knee": 80, "ankle": 160, "heel": 165, "foot_index": 165}
    x = torch.zeros(1, 32, len(names), 3)
    x[..., 2] = 0.9
    for i, name in enumerate(names):
        side, _, part = name.partition("_")
        wide = {"left": 30.0, "right": -30.0}.get(side, 0.0) * (0.5 if part == "knee" else 1.0)
        ahead = {"knee": 40.0, "foot_index": 40.0}.get(part, 0.0)
        x[:, :, i, 0] = 300 + wide * math.cos(math.radians(yaw)) + ahead * math.sin(math.radians(yaw))
        x[:, :, i, 1] = 300 + high.get(part, -50)
    return x


@pytest.mark.parametrize("yaw", [-60.0, -30.0, 30.0, 60.0, 150.0])
def test_widths_and_what_is_ahead_are_told_in_units_that_turn_along(yaw: float) -> None:
    net = Streams(load_recipe("streams").look.keypoints)
    pairs = [net.keypoints[i] for i in net.left]
    told = net(seen_by(yaw))[0, 5, -3 * len(pairs) - 2 :]
    knee, others = pairs.index("left_knee"), 2 * len(pairs)
    # the body's size is its torso, 125 px; what is small next to 12 % of it hardly divides
    wide, long = 0.48 * math.cos(math.radians(yaw)), 0.32 * math.sin(math.radians(yaw))
    assert float(told[knee]) == pytest.approx(0.5 / (1 + (0.12 / wide) ** 2) / 2, rel=1e-4)
    assert float(told[others + knee]) == pytest.approx(1.0 / (1 + (0.12 / long) ** 2) / 4, rel=1e-4)
    assert told[-2:].tolist() == pytest.approx([3 * wide, 3 * long], rel=1e-4)
    torch.testing.assert_close(told[len(pairs) : others], torch.zeros(len(pairs)), atol=1e-5, rtol=0)


def test_streams_do_without_feet() -> None:
    recipe = load_recipe("streams").changed(look__keypoints=COCO17.keypoints)
    net = Net(recipe, 2).eval()
    assert net.prepare(frames(recipe)).shape[-1] == net.prepare.numbers
    assert net(frames(recipe)).shape == (2, 2)


def test_a_mirrored_body_is_its_own_mirror_image() -> None:
    names = load_recipe("streams").look.keypoints
    x = frames(load_recipe("streams"), 4)
    once = varied(x, None, names, Vary(mirror=1.0))
    torch.testing.assert_close(once[..., 0], -x[:, :, mirror_order(names), 0])
    torch.testing.assert_close(varied(once, None, names, Vary(mirror=1.0)), x)


def test_a_body_seen_from_elsewhere_keeps_its_heights_and_its_scores() -> None:
    names = load_recipe("streams").look.keypoints
    x = frames(load_recipe("streams"), 3)
    flat = torch.zeros(3, 32, 17, 3)
    flat[..., 1] = torch.linspace(-1, 1, 17)
    flat[..., 0] = 0.2
    torch.manual_seed(0)
    seen = varied(x, flat, names, Vary(turn=1.0))
    torch.testing.assert_close(seen[..., 2], x[..., 2])
    height = seen[0, 0, -1, 1] - seen[0, 0, 0, 1]
    assert float(height) == pytest.approx(300.0, rel=0.1)
    assert float(seen[..., 0].abs().amax()) < 0.2 * 150 * 1.2
    assert len({round(float(v), 3) for v in seen[:, 0, 0, 0]}) == 3


def test_a_camera_that_leans_an_estimator_that_errs_and_keypoints_that_are_lost() -> None:
    names = load_recipe("streams").look.keypoints
    torch.manual_seed(0)
    x = frames(load_recipe("streams"), 400)
    leaning = varied(x, None, names, Vary(lean=4.0))
    torch.testing.assert_close(leaning[..., :2].norm(dim=-1), x[..., :2].norm(dim=-1))
    turned = torch.atan2(leaning[..., 1], leaning[..., 0]) - torch.atan2(x[..., 1], x[..., 0])
    assert float(turned[:, 0, 0].std()) == pytest.approx(math.radians(4.0), rel=0.15)
    high = x[..., 1].amax((1, 2)) - x[..., 1].amin((1, 2))
    off = (varied(x, None, names, Vary(jitter=0.01)) - x)[..., :2] / high[:, None, None, None]
    assert float(off.std()) == pytest.approx(0.01 / math.sqrt(3), rel=0.1)  # each by up to that: uniform
    kept = varied(x, None, names, Vary(lose=0.25))
    gone = (kept == 0).all(-1).all(1)
    assert float(gone.float().mean()) == pytest.approx(0.25, abs=0.03)
    torch.testing.assert_close(kept[:, 0][~gone], x[:, 0][~gone])


def test_a_recipe_of_ones_own_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n')
    with pytest.raises(InputError, match="wrong at title"):
        load_recipe(path)
    path.write_text("name = \n")
    with pytest.raises(InputError, match="not TOML"):
        load_recipe(path)
    with pytest.raises(InputError, match="cannot be opened"):
        load_recipe(path.with_name("none.toml"))
    with pytest.raises(UnknownName, match="Did you mean 'posco'"):
        load_recipe("pocso")
    with pytest.raises(InputError, match="no 'training__epoch'"):
        load_recipe("posco").changed(training__epoch=3)
    with pytest.raises(InputError, match="needs look"):
        load_recipe("posco").changed(layers__lstm=8)
