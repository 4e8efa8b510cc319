"""HRNet's structure against the paper and the authors' names."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from poise.errors import UnknownName, UnsuitableModel
from poise.learn.keypoints.hrnet import KEYPOINTS, SHAPES, load_checkpoint, open_hrnet, plain_names


def authors_list(width: int) -> dict[str, tuple[int, ...]]:
    """Every key and shape of the authors' checkpoints (pose_hrnet_w32, pose_hrnet_w48), told by their structure."""
    keys: dict[str, tuple[int, ...]] = {}

    def both(conv: str, norm: str, out: int, into: int, size: int) -> None:
        keys[f"{conv}.weight"] = (out, into, size, size)
        for part in ("weight", "bias", "running_mean", "running_var"):
            keys[f"{norm}.{part}"] = (out,)
        keys[f"{norm}.num_batches_tracked"] = ()

    def step(path: str, out: int, into: int, size: int) -> None:
        both(f"{path}.0", f"{path}.1", out, into, size)

    both("conv1", "bn1", 64, 3, 3)
    both("conv2", "bn2", 64, 64, 3)
    for block in range(4):
        at = f"layer1.{block}"
        both(f"{at}.conv1", f"{at}.bn1", 64, 256 if block else 64, 1)
        both(f"{at}.conv2", f"{at}.bn2", 64, 64, 3)
        both(f"{at}.conv3", f"{at}.bn3", 256, 64, 1)
    step("layer1.0.downsample", 256, 64, 1)
    step("transition1.0", width, 256, 3)
    step("transition1.1.0", 2 * width, 256, 3)
    step("transition2.2.0", 4 * width, 2 * width, 3)
    step("transition3.3.0", 8 * width, 4 * width, 3)
    for stage, modules in ((2, 1), (3, 4), (4, 3)):
        for module in range(modules):
            at = f"stage{stage}.{module}"
            for branch in range(stage):
                c = width * 2**branch
                for block in range(4):
                    inside = f"{at}.branches.{branch}.{block}"
                    both(f"{inside}.conv1", f"{inside}.bn1", c, c, 3)
                    both(f"{inside}.conv2", f"{inside}.bn2", c, c, 3)
            for to in range(1 if (stage, module) == (4, 2) else stage):
                for source in range(stage):
                    path = f"{at}.fuse_layers.{to}.{source}"
                    a, b = width * 2**source, width * 2**to
                    if source > to:
                        step(path, b, a, 1)
                    for n in range(to - source):
                        step(f"{path}.{n}", b if n == to - source - 1 else a, a, 3)
    keys["final_layer.weight"] = (17, width, 1, 1)
    keys["final_layer.bias"] = (17,)
    return keys


@pytest.mark.parametrize(("name", "width"), [("w32", 32), ("w48", 48)])
def test_every_parameter_is_called_and_shaped_as_in_the_authors_checkpoints(name: str, width: int) -> None:
    with torch.device("meta"):
        ours = {key: tuple(value.shape) for key, value in open_hrnet(name).state_dict().items()}
    assert ours == authors_list(width)


def multiply_adds(net: nn.Module, size: tuple[int, int]) -> int:
    """Multiplications of one picture in convolutions."""
    total = 0

    def count(layer: nn.Module, _: object, made: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        total += made.numel() * layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.device("meta"), torch.no_grad():
        net.to("meta").eval()(torch.zeros(1, 3, size[1], size[0]))
    return total


@pytest.mark.parametrize(
    ("name", "millions", "at_256", "at_384"), [("w32", 28.5, 7.1, 16.0), ("w48", 63.6, 14.6, 32.9)]
)
def test_it_is_as_large_and_costs_as_much_as_in_the_paper(
    name: str, millions: float, at_256: float, at_384: float
) -> None:
    """Table 1 of Sun et al. 2019; their counting divides by 2**30."""
    with torch.device("meta"):
        net = open_hrnet(name)
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)
    for size, giga in (((192, 256), at_256), ((288, 384), at_384)):
        assert multiply_adds(net, size) / 2**30 == pytest.approx(giga, abs=0.06)


@pytest.mark.parametrize("size", [(192, 256), (288, 384)])
def test_heatmaps_have_a_quarter_of_the_picture(size: tuple[int, int]) -> None:
    with torch.no_grad():
        made = open_hrnet("small").eval()(torch.zeros(2, 3, size[1], size[0]))
    assert made.shape == (2, 17, size[1] // 4, size[0] // 4)


def test_the_branches_tell_each_other() -> None:
    """Whatever one branch sees changes what all of them say."""
    torch.manual_seed(0)
    exchange = open_hrnet("small").stage3[0].eval()
    for layer in exchange.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    branches = [torch.rand(1, 24 * 2**i, 16 // 2**i, 16 // 2**i) for i in range(3)]
    with torch.no_grad():
        before = exchange(branches)
        for source in range(3):
            changed = [b + (1.0 if i == source else 0.0) for i, b in enumerate(branches)]
            after = exchange(changed)
            assert [a.shape for a in after] == [b.shape for b in branches]
            assert all(not torch.allclose(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("wrapped", ["plain", "parallel", "state_dict", "compiled", "toolbox", "ours"])
def test_checkpoints_load_however_they_are_wrapped(tmp_path: Path, wrapped: str) -> None:
    torch.manual_seed(1)
    net, other = open_hrnet("small"), open_hrnet("small")
    for parameter in net.parameters():
        nn.init.normal_(parameter)
    state: dict[str, object] = OrderedDict(net.state_dict())
    said = {
        "plain": state,
        "parallel": OrderedDict((f"module.{k}", v) for k, v in state.items()),
        "state_dict": {"epoch": 3, "state_dict": OrderedDict((f"module.{k}", v) for k, v in state.items())},
        "compiled": OrderedDict((f"_orig_mod.{k}", v) for k, v in state.items()),
        "toolbox": {
            "state_dict": OrderedDict(
                ((k.replace("final_layer", "keypoint_head.final_layer") if "final" in k else f"backbone.{k}"), v)
                for k, v in state.items()
            )
        },
        "ours": {"net": state},
    }[wrapped]
    torch.save(said, tmp_path / "net.pth")
    load_checkpoint(other, tmp_path / "net.pth")
    for (name, a), b in zip(net.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_older_checkpoints_without_counters_load(tmp_path: Path) -> None:
    net = open_hrnet("small")
    torch.save({k: v for k, v in net.state_dict().items() if "num_batches" not in k}, tmp_path / "net.pth")
    load_checkpoint(open_hrnet("small"), tmp_path / "net.pth")


def test_another_network_and_what_is_none_are_refused(tmp_path: Path) -> None:
    torch.save(open_hrnet("small").state_dict(), tmp_path / "small.pth")
    with pytest.raises(UnsuitableModel, match=r"holds another network.*missing or of another"):
        load_checkpoint(open_hrnet("w32"), tmp_path / "small.pth")
    (tmp_path / "words.pth").write_text("no checkpoint")
    with pytest.raises(UnsuitableModel, match="read safely"):
        load_checkpoint(open_hrnet("small"), tmp_path / "words.pth")
    with pytest.raises(UnknownName, match="w32"):
        open_hrnet("w33")
    assert plain_names({"nothing": 3}) == {}
    assert set(SHAPES) == {"w32", "w48", "small"}


@pytest.mark.parametrize("name", SHAPES)
def test_no_network_is_too_narrow_to_tell_keypoints_apart(name: str) -> None:
    """A heatmap is a sum of the last channels: with fewer of them than heatmaps some heatmap is made of others."""
    net = open_hrnet(name)
    assert torch.linalg.matrix_rank(net.final_layer.weight[:, :, 0, 0].double()) == KEYPOINTS
