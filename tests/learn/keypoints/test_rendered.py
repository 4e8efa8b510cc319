"""People drawn for learning: laid out as COCO's, exact, each another, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poise.learn.keypoints.coco import read_coco, read_picture

rendered = pytest.importorskip("poise.learn.keypoints.rendered")


def test_people_are_drawn_where_their_keypoints_are(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = rendered.render(tmp_path / "a", 2, seed=3, progress=lambda done, total: told.append((done, total)))
    drawn = read_coco(path)
    assert told == [(1, 2), (2, 2)]
    assert len(drawn.trainable) == 2
    first, second = drawn.people
    assert not np.allclose(first.keypoints, second.keypoints)
    for person in drawn.people:
        picture = read_picture(path.parent / drawn.files[person.image])
        assert max(picture.shape) == rendered.SIDE
        seen = person.keypoints[:, 2] > 0
        places = person.keypoints[seen, :2]
        assert (places >= person.box[:2]).all()
        assert (places <= person.box[:2] + person.box[2:]).all()
        # Somebody stands out from the room: the picture varies more within the box than its floor and wall do.
        left, top, width, height = person.box.astype(int)
        assert picture[top : top + height, left : left + width].std() > 15

    picture_file = path.parent / drawn.files[0]
    before = picture_file.stat().st_mtime_ns
    again = read_coco(rendered.render(tmp_path / "a", 2, seed=3))
    assert picture_file.stat().st_mtime_ns == before, "what is there is kept"
    assert np.array_equal(again.people[0].keypoints, first.keypoints)
    other = read_coco(rendered.render(tmp_path / "b", 1, seed=4))
    assert not np.allclose(other.people[0].keypoints, first.keypoints)
