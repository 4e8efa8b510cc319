"""The runtimes behind one door, on networks made on the spot."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from poise.errors import MissingExtra, UnknownName, UnsuitableModel
from poise.vision.estimators import runtime
from poise.vision.estimators.runtime import ORDER, expect, fastest, open_network
from poise.vision.weights import ModelFile
from tests.vision.networks import adder, doubler, told

ANSWER = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


@pytest.mark.parametrize("name", ORDER["onnx"])
def test_every_runtime_of_onnx_files_gives_the_networks_answer(name: str) -> None:
    network = open_network(told((1, 4, 4, 3), [ANSWER], [-ANSWER], 0.5), runtime=name)
    assert (network.runtime, network.given.shape) == (name, (1, 4, 4, 3))
    assert [made.shape for made in network.made] == [(1, 2, 3)]
    for value, expected in ((1, ANSWER), (0, -ANSWER)):
        (found,) = network.run(np.full((1, 4, 4, 3), value, np.uint8))
        assert found.dtype == np.float32
        assert np.array_equal(found, expected)


def test_whole_numbers_stand_for_real_ones_in_and_out() -> None:
    network = open_network(doubler(scale=0.5, zero=100))
    assert (network.runtime, network.given.scale, network.given.zero) == ("litert", 0.5, 100)
    (found,) = network.run(np.array([[0.0, 3.0, -10.0]]))
    assert found.tolist() == [[0.0, 6.0, -20.0]]


def test_what_is_beyond_the_whole_numbers_ends_there() -> None:
    (found,) = open_network(doubler(scale=0.5, zero=100)).run(np.array([[1000.0, -1000.0, 0.0]]))
    assert found.tolist() == [[155.0, -100.0, 0.0]]


def test_the_fastest_installed_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = told((1, 2), [ANSWER], [ANSWER], 0.5)
    assert fastest("onnx") == open_network(file).runtime == ORDER["onnx"][0]
    first = runtime._RUNTIMES[ORDER["onnx"][0]].package
    there = find_spec
    monkeypatch.setattr(runtime, "find_spec", lambda name: None if name == first else there(name))
    assert open_network(file).runtime == ORDER["onnx"][1]
    assert not runtime.installed()[ORDER["onnx"][0]]


def test_without_any_runtime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"onnx file.*pip install 'poise\[onnx\]'"):
        open_network(told((1, 2), [ANSWER], [ANSWER], 0.5))
    with pytest.raises(MissingExtra, match=r"poise\[openvino\]"):
        open_network(ModelFile(b"<?xml version='1.0'?>"))


def test_a_runtime_that_does_not_run_such_files_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"runtime of tflite files.*'openvino'.*litert"):
        open_network(doubler(0.5, 0), runtime="openvino")


@pytest.mark.parametrize("file", [ModelFile(b"no network at all"), ModelFile(b"1234TFL3 and nothing after it")])
def test_what_is_no_network_is_refused_in_words(file: ModelFile) -> None:
    with pytest.raises(UnsuitableModel, match=r"cannot open the (onnx|tflite) file"):
        open_network(file)


@pytest.mark.parametrize("name", ORDER["onnx"])
def test_a_network_of_two_inputs_is_refused(name: str) -> None:
    with pytest.raises(UnsuitableModel, match="takes 2 inputs"):
        open_network(adder(), runtime=name)


def test_outputs_are_held_to_shapes() -> None:
    network = open_network(told((1, 2), [ANSWER], [ANSWER], 0.5))
    expect(network, [(1, 2, 3)], "thing")
    expect(network, [(1, 0, 3)], "thing")
    for shapes in ([(1, 2, 4)], [(1, 2)], [(1, 2, 3), (1,)]):
        with pytest.raises(UnsuitableModel, match="no thing"):
            expect(network, shapes, "thing")
