"""From pictures to examples: crops lie where they should, whatever is turned, scaled or mirrored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from poise.body import COCO17
from poise.errors import UnreadableMedia, UnreadableRecording
from poise.learn.keypoints.coco import read_coco
from poise.learn.keypoints.data import DISC_RADIUS, People, Recipe, View, targets, varied, view_of
from poise.learn.keypoints.evaluate import found_by, precision, read_boxes, write_results
from poise.learn.keypoints.oks import Labelled, evaluate

SIZE = (192, 256)
BOX = np.array([100.0, 60.0, 120.0, 200.0])


def dots(points: np.ndarray, size: tuple[int, int] = (400, 320)) -> np.ndarray:
    """A dark picture with a soft white dot at every point, at pixel centres."""
    y, x = np.mgrid[: size[1], : size[0]]
    value = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / 18.0) for px, py in points)
    return np.repeat((np.clip(value, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def somebody(image: int = 1) -> Labelled:
    k = np.arange(17)
    places = np.column_stack([110 + 6 * k, 70 + 11 * k, np.full(17, 2.0)])
    return Labelled(image, places, BOX, 0.5 * 120 * 200)


def test_a_view_is_the_box_widened_to_the_aspect_and_by_a_quarter() -> None:
    view = view_of(BOX, SIZE)
    assert (view.roi.x, view.roi.y, view.roi.side, view.roi.rotation) == (160.0, 160.0, 250.0, 0.0)
    wide = view_of(np.array([0.0, 0.0, 300.0, 100.0]), SIZE)
    assert wide.roi.side == pytest.approx(300 / 0.75 * 1.25)


@pytest.mark.parametrize("seed", range(12))
def test_a_keypoint_is_where_its_dot_is_however_the_view_varies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = varied(somebody(), SIZE, rng)
    point = np.array([160.0, 150.0])
    cut = view.of(dots(point[None]))[..., 0].astype(float)
    assert cut.shape == (256, 192)
    (x, y) = view.to_network(point)
    rows, columns = np.nonzero(cut > 100)
    seen = np.average(np.column_stack([columns, rows]), axis=0, weights=cut[rows, columns])
    assert seen == pytest.approx((x, y), abs=1.2)
    assert view.to_picture(view.to_network(point)) == pytest.approx(point)


def test_views_are_turned_scaled_mirrored_and_halved_as_often_as_in_the_paper() -> None:
    rng = np.random.default_rng(0)
    views = [varied(somebody(), SIZE, rng) for _ in range(2000)]
    turned = np.mean([v.roi.rotation != 0 for v in views])
    halved = np.mean([abs(v.roi.y - 160) > 1 or abs(v.roi.x - 160) > 1 for v in views])
    assert turned == pytest.approx(0.6, abs=0.04)
    assert np.mean([v.mirrored for v in views]) == pytest.approx(0.5, abs=0.04)
    assert halved == pytest.approx(0.3, abs=0.04)
    whole = [v.roi.side / 250 for v in views if abs(v.roi.y - 160) < 1e-9]
    assert 0.65 <= min(whole) < 0.7
    assert 1.3 < max(whole) <= 1.35


def test_views_may_be_varied_less() -> None:
    rng = np.random.default_rng(0)
    views = [varied(somebody(), SIZE, rng, 0.2) for _ in range(1000)]
    whole = [v for v in views if abs(v.roi.y - 160) < 1e-9]
    assert np.mean([v.mirrored for v in views]) == pytest.approx(0.5, abs=0.06)
    assert 1 - len(whole) / len(views) == pytest.approx(0.2 * 0.3, abs=0.03)
    assert 1.06 < max(v.roi.side / 250 for v in whole) <= 1.0701
    assert 0.3 < max(v.roi.rotation for v in whole) <= 0.2 * np.pi / 2 + 1e-9


def test_a_gaussian_stands_exactly_where_its_keypoint_is() -> None:
    places = np.full((17, 2), -500.0)
    places[0], places[1] = (81.0, 119.0), (95.9, 0.4)
    maps, counts = targets(places, np.ones(17, bool), SIZE, "gaussian")
    assert maps.shape == (17, 64, 48)
    assert np.unravel_index(maps[0].argmax(), (64, 48)) == (30, 20)
    assert maps[0, 30, 22] == pytest.approx(np.exp(-(1.75**2 + 0.25**2) / 8))
    assert np.unravel_index(maps[1].argmax(), (64, 48)) == (0, 24)
    assert counts.tolist() == [1, 1] + [0] * 15
    assert not maps[2:].any()


def test_a_disc_is_ones_within_six_cells() -> None:
    maps, _ = targets(np.full((17, 2), 100.0), np.ones(17, bool), SIZE, "disc")
    assert set(np.unique(maps)) == {0.0, 1.0}
    assert maps[0].sum() == sum(x * x + y * y <= DISC_RADIUS**2 for x in range(-6, 7) for y in range(-6, 7))
    assert maps[0, 25, 25 + 6] == 1
    assert maps[0, 25, 25 + 7] == 0


def test_what_is_not_labelled_does_not_count() -> None:
    labelled = np.arange(17) % 2 == 0
    maps, counts = targets(np.full((17, 2), 100.0), labelled, SIZE, "gaussian")
    assert counts.tolist() == labelled.astype(float).tolist()
    assert not maps[1].any()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of dotted people, the last a crowd, laid out as COCO's."""
    annotations = []
    for n in (1, 2, 3):
        person = somebody(n)
        Image.fromarray(dots(person.keypoints[:, :2])).save(tmp_path / f"{n}.png")
        annotations.append(
            {
                "id": n,
                "image_id": n,
                "category_id": 1,
                "keypoints": person.keypoints.ravel().tolist(),
                "num_keypoints": 17,
                "bbox": BOX.tolist(),
                "area": person.area,
                "iscrowd": int(n == 3),
            }
        )
    images = [{"id": n, "file_name": f"{n}.png"} for n in (1, 2, 3)]
    said = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}
    (tmp_path / "people.json").write_text(json.dumps(said))
    return tmp_path


def test_examples_are_the_same_every_time_and_others_every_epoch(folder: Path) -> None:
    people = People(read_coco(folder / "people.json"), folder, Recipe(SIZE))
    assert len(people) == 2
    picture, heatmaps, counts = people[0]
    assert (picture.shape, heatmaps.shape, counts.shape) == ((3, 256, 192), (17, 64, 48), (17,))
    assert torch.equal(people[0][0], picture)
    people.epoch = 1
    assert not torch.equal(people[0][0], picture)


def test_mirrored_people_keep_their_left_and_right(folder: Path) -> None:
    people = People(read_coco(folder / "people.json"), folder, Recipe(SIZE))
    for epoch in range(20):
        people.epoch = epoch
        view = varied(people.people[0], SIZE, np.random.default_rng((0, epoch, 0)))
        if view.mirrored:
            break
    _, heatmaps, counts = people[0]
    left, right = COCO17.index("left_ear"), COCO17.index("right_ear")
    if counts[right]:
        row, column = np.unravel_index(int(heatmaps[right].argmax()), (64, 48))
        true = view.to_network(people.people[0].keypoints[left, :2]) / 4
        assert (column, row) == pytest.approx(tuple(true), abs=0.51)


def sees_targets(people: People) -> object:
    """A network that knows the answer: it gives the targets of plain views, in order."""
    waiting = [
        torch.from_numpy(
            targets(view_of(p.box, SIZE).to_network(p.keypoints[:, :2]), p.keypoints[:, 2] > 0, SIZE, "gaussian")[0]
        )
        for p in people.people
    ]

    def run(pictures: torch.Tensor) -> np.ndarray:
        return np.stack([waiting.pop(0).numpy() for _ in range(len(pictures))])

    return run


def test_a_network_that_knows_the_answer_has_precision_one(folder: Path) -> None:
    people = People(read_coco(folder / "people.json"), folder, Recipe(SIZE, vary=0.0))
    scores = precision(sees_targets(people), people)  # type: ignore[arg-type]
    assert scores.ap == pytest.approx(1.0)
    (first, _) = found_by(sees_targets(people), people)  # type: ignore[arg-type]
    off = np.abs(first.keypoints - people.people[0].keypoints[:, :2])
    assert off.max() < 0.02, "what is learnt from and how it is read are each other's inverse"


def test_mirror_images_are_turned_back_before_the_mean_is_taken(folder: Path) -> None:
    people = People(read_coco(folder / "people.json"), folder, Recipe(SIZE, vary=0.0))
    plain = [view_of(person.box, SIZE) for person in people.people]
    turned = [View(view.roi, SIZE, mirrored=True) for view in plain]
    orders, looks = [np.arange(17), COCO17.mirror], iter([plain, turned])

    def network(pictures: torch.Tensor) -> np.ndarray:
        order = orders.pop(0)
        shown = [(view, p.keypoints[order]) for view, p in zip(next(looks), people.people, strict=True)]
        maps = [targets(view.to_network(k[:, :2]), k[:, 2] > 0, SIZE, "gaussian")[0] for view, k in shown]
        return np.stack(maps)

    for found, person in zip(found_by(network, people, flip=True), people.people, strict=True):
        off = np.linalg.norm(found.keypoints - person.keypoints[:, :2], axis=1)
        assert off.max() < 0.6, "an eighth of a cell, for they are counted from the first pixel"


def test_how_surely_somebody_is_found_is_the_mean_of_the_keypoints_that_count(folder: Path) -> None:
    people = People(read_coco(folder / "people.json"), folder, Recipe(SIZE, vary=0.0))

    def network(pictures: torch.Tensor) -> np.ndarray:
        maps = np.zeros((len(pictures), 17, 64, 48), np.float32)
        maps[:, :2, 30, 20] = np.array([0.9, 0.5])
        maps[:, 2:, 30, 20] = 0.1
        return maps

    assert [one.score for one in found_by(network, people)] == pytest.approx([0.7, 0.7])


def test_detected_boxes_are_looked_into_instead(folder: Path) -> None:
    (folder / "boxes.json").write_text(
        json.dumps([{"image_id": 1, "category_id": 1, "bbox": BOX.tolist(), "score": 0.9}])
    )
    people = People(read_coco(folder / "people.json"), folder, Recipe(SIZE, vary=0.0))
    found = list(found_by(sees_targets(people), people, read_boxes(folder / "boxes.json")))  # type: ignore[arg-type]
    assert [one.image for one in found] == [1]
    write_results(folder / "results.json", found)
    (row,) = json.loads((folder / "results.json").read_text())
    assert len(row["keypoints"]) == 51
    assert evaluate(people.people, found).ar == pytest.approx(0.5)
    with pytest.raises(UnreadableRecording, match="holds no boxes"):
        read_boxes(folder / "people.json")


def test_what_is_missing_is_said(folder: Path) -> None:
    with pytest.raises(UnreadableRecording, match="cannot be opened"):
        read_coco(folder / "none.json")
    (folder / "words.json").write_text("[]")
    with pytest.raises(UnreadableRecording, match="no COCO keypoints file"):
        read_coco(folder / "words.json")
    (folder / "1.png").unlink()
    with pytest.raises(UnreadableMedia, match=r"1\.png cannot be read"):
        People(read_coco(folder / "people.json"), folder, Recipe(SIZE))[0]
