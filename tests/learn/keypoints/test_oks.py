"""Our OKS average precision against pycocotools, on the same predictions."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.learn.keypoints.coco import read_coco
from poise.learn.keypoints.oks import Found, Labelled, evaluate, interval, similarity

coco = pytest.importorskip("pycocotools.coco")
cocoeval = pytest.importorskip("pycocotools.cocoeval")

MINI = Path(__file__).parents[4] / "shared" / "data" / "coco-mini" / "annotations" / "person_keypoints_val2017.json"


def invented(seed: int) -> dict[str, Any]:
    """Pictures with people of all sizes, some without keypoints, some crowds, in COCO's words."""
    rng = np.random.default_rng(seed)
    annotations = []
    for n in range(40):
        size = float(rng.choice([20, 60, 150, 300])) * rng.uniform(0.8, 1.2)
        x, y = rng.uniform(0, 400, 2)
        seen = rng.integers(0, 3, 17) * int(rng.random() > 0.15)
        keypoints = np.column_stack([rng.uniform(x, x + size, 17), rng.uniform(y, y + size, 17), seen])
        keypoints[seen == 0] = 0
        annotations.append(
            {
                "id": n + 1,
                "image_id": int(rng.integers(1, 13)),
                "category_id": 1,
                "keypoints": keypoints.ravel().tolist(),
                "num_keypoints": int((seen > 0).sum()),
                "bbox": [x, y, size, size],
                "area": 0.6 * size * size,
                "iscrowd": int(rng.random() < 0.05),
            }
        )
    return {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 640, "height": 480} for i in range(1, 13)],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }


def guesses(truth: dict[str, Any], seed: int) -> list[Found]:
    """What somebody might find: most of the people, somewhat off, some twice, some who are not there; with ties."""
    rng = np.random.default_rng(seed)
    found = []
    for row in truth["annotations"]:
        for _ in range(rng.integers(0, 3)):
            places = np.array(row["keypoints"]).reshape(17, 3)[:, :2]
            off = rng.normal(0, rng.choice([0.01, 0.04, 0.15]) * np.sqrt(row["area"]), (17, 2))
            found.append(Found(row["image_id"], places + off, round(float(rng.random()), 1)))
    images = [row["id"] for row in truth["images"]]
    found += [Found(int(rng.choice(images)), rng.uniform(0, 600, (17, 2)), float(rng.random())) for _ in range(8)]
    return found


def theirs(path: Path, found: list[Found]) -> list[float]:
    rows = [
        {
            "image_id": f.image,
            "category_id": 1,
            "keypoints": np.column_stack([f.keypoints, np.ones(17)]).ravel().tolist(),
            "score": f.score,
        }
        for f in found
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO(str(path))
        done = cocoeval.COCOeval(truth, truth.loadRes(rows), "keypoints")
        done.evaluate()
        done.accumulate()
        done.summarize()
    return [float(v) if v >= 0 else float("nan") for v in done.stats[:6]]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_that_of_pycocotools(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(invented(seed)))
    found = guesses(invented(seed), seed + 100)
    ours = evaluate(read_coco(path).people, found)
    figures = [ours.ap, ours.ap50, ours.ap75, ours.medium, ours.large, ours.ar]
    assert figures == pytest.approx(theirs(path, found), abs=1e-9, nan_ok=True)
    assert 0.05 < ours.ap < 0.95


@pytest.mark.skipif(not MINI.exists(), reason="the COCO pictures are not at hand")
def test_it_is_that_of_pycocotools_on_coco() -> None:
    found = guesses(json.loads(MINI.read_text()), 1)
    ours = evaluate(read_coco(MINI).people, found)
    figures = [ours.ap, ours.ap50, ours.ap75, ours.medium, ours.large, ours.ar]
    assert figures == pytest.approx(theirs(MINI, found), abs=1e-9, nan_ok=True)


def person(**changes: Any) -> Labelled:
    keypoints = np.column_stack([np.full((17, 2), 100.0), np.full(17, 2.0)])
    return Labelled(
        **{"image": 1, "keypoints": keypoints, "box": np.array([50, 50, 100, 100]), "area": 1e4, **changes}
    )


def test_similarity_falls_as_a_gaussian_of_the_annotators_spread() -> None:
    assert similarity(person(), np.full((17, 2), 100.0)) == pytest.approx(1.0, abs=1e-12)
    only_nose = np.zeros((17, 3))
    only_nose[0] = (100, 100, 2)
    # Two sigma (0.052) of a person of 100 pixels: e ** -0.5.
    found = np.full((17, 2), 100.0) + np.array([5.2, 0.0])
    assert similarity(person(keypoints=only_nose), found) == pytest.approx(np.exp(-0.5))


def test_nothing_to_find_is_nan_and_nothing_found_is_zero() -> None:
    assert np.isnan(evaluate([], [Found(1, np.zeros((17, 2)), 0.5)]).ap)
    nothing = evaluate([person()], [])
    assert (nothing.ap, nothing.ar) == (0.0, 0.0)


def test_the_interval_is_of_pictures_drawn_again() -> None:
    """Of n pictures with one person each, a share p of them found, AP is about as sure as a share is."""
    n, p = 100, 0.8
    places = np.full((17, 2), 100.0)
    truth = [person(image=i) for i in range(n)]
    found = [Found(i, places + (0.0 if i < p * n else 500.0), 0.5) for i in range(n)]
    low, high = interval(truth, found)
    assert low < evaluate(truth, found).ap < high
    four = interval([person(image=i) for i in range(4 * n)], [replace(found[i % n], image=i) for i in range(4 * n)])
    assert four[1] - four[0] == pytest.approx((high - low) / 2, rel=0.2)
    assert interval(truth, [replace(one, keypoints=places) for one in found]) == pytest.approx((1.0, 1.0))
    assert all(np.isnan(interval([], found)))
    alone = [person(image=1)], [Found(i, places, 0.5) for i in range(2)]  # half of the draws have nobody to find
    assert interval(*alone) == pytest.approx((0.5, 1.0), abs=0.05)
