"""The networks as the browser's runtime takes them: the same answers, without the mask."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from poise.body import Array
from poise.vision import weights
from poise.web.bundle import task_file

LANDMARKS = "pose_landmarks_detector.tflite"


@pytest.fixture(scope="module")
def networks() -> tuple[bytes, bytes]:
    return weights.load("blazepose-detector"), weights.load("blazepose-lite")


def inside(task: bytes) -> dict[str, bytes]:
    bundle = zipfile.ZipFile(io.BytesIO(task))
    assert {entry.compress_type for entry in bundle.infolist()} == {zipfile.ZIP_STORED}
    return {entry.filename: bundle.read(entry) for entry in bundle.infolist()}


def answers(network: bytes) -> list[Array]:
    net = Interpreter(model_content=network, num_threads=1)
    net.allocate_tensors()
    (given,) = net.get_input_details()
    noise = np.random.default_rng(0).random(given["shape"], dtype=np.float32)
    net.set_tensor(given["index"], noise)
    net.invoke()
    return [net.get_tensor(output["index"]) for output in net.get_output_details()]


def layers(network: bytes) -> int:
    net = Interpreter(model_content=network, num_threads=1)
    return len([op for op in net._get_ops_details() if op["op_name"] != "DELEGATE"])


def test_the_landmarks_are_bit_for_bit_those_of_the_network_and_the_mask_is_gone(
    networks: tuple[bytes, bytes],
) -> None:
    original = answers(networks[1])
    bundled = inside(task_file(*networks))[LANDMARKS]
    cut = answers(bundled)
    assert [out.shape for out in original] == [(1, 195), (1, 1), (1, 256, 256, 1), (1, 64, 64, 39), (1, 117)]
    assert len(cut) == 5
    for i in (0, 1, 3, 4):
        assert np.array_equal(cut[i], original[i])
    assert np.array_equal(cut[2], original[1])
    assert layers(bundled) < layers(networks[1]) - 10


def test_with_the_mask_every_output_is_the_networks(networks: tuple[bytes, bytes]) -> None:
    whole = answers(inside(task_file(*networks, mask=True))[LANDMARKS])
    assert all(np.array_equal(a, b) for a, b in zip(whole, answers(networks[1]), strict=True))


def test_both_networks_say_what_their_values_mean(networks: tuple[bytes, bytes]) -> None:
    bundled = inside(task_file(*networks))
    assert set(bundled) == {"pose_detector.tflite", LANDMARKS}
    for network in bundled.values():
        assert network.count(b"TFLITE_METADATA") == 1
        assert b"M001" in network
    assert np.array([255.0], np.float32).tobytes() in bundled[LANDMARKS][bundled[LANDMARKS].index(b"M001") - 4 :]


def test_the_same_networks_make_the_same_file(networks: tuple[bytes, bytes]) -> None:
    assert task_file(*networks) == task_file(*networks)


def test_a_network_that_finds_no_landmarks_is_refused(networks: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="5 outputs, not 2"):
        task_file(networks[0], networks[0])
