"""COCO's keypoint files: who is in which picture, and where to look for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from poise.errors import UnreadableRecording
from poise.learn.keypoints.oks import Labelled


@dataclass(frozen=True, eq=False)
class Annotations:
    """The people of a file, and the names of its pictures by number."""

    people: tuple[Labelled, ...]
    files: Mapping[int, str]

    @property
    def trainable(self) -> list[Labelled]:
        """The people one can learn from: no crowds, nobody without a keypoint or a box."""
        return [person for person in self.people if not person.ignored and person.box[2:].min() > 0]


def read_coco(path: Path | str) -> Annotations:
    """The people annotated in a COCO keypoints file.

    Raises:
        UnreadableRecording: when it is no such file.

    """
    path = Path(path)
    try:
        said = json.loads(path.read_bytes())
        people = tuple(
            Labelled(
                image=int(row["image_id"]),
                keypoints=np.array(row["keypoints"], dtype=np.float64).reshape(17, 3),
                box=np.array(row["bbox"], dtype=np.float64),
                area=float(row["area"]),
                crowd=bool(row.get("iscrowd", 0)),
            )
            for row in said["annotations"]
        )
        files = {int(row["id"]): str(row["file_name"]) for row in said["images"]}
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableRecording(
            f"{path} is no COCO keypoints file: {error}.", "It is called person_keypoints_*.json."
        ) from error
    return Annotations(people, files)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """The picture in a file: ``(H, W, 3)`` uint8 RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
