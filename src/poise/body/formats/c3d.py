"""``.c3d``: markers in the file of motion laboratories; written by ezc3d (extra ``export``), never read.

The names of the keypoints are its labels, its lengths are millimetres (pixels, where there is no world), and as in
most laboratories z points up: x right, y away from whoever looks.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import numpy as np

from poise.body.formats.motion import motion_of
from poise.body.pose import PoseSequence
from poise.errors import MissingExtra


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write the keypoints of a recording as markers at even times; what is unseen has a residual of -1.

    Raises:
        ValueError: when it holds nobody at two times.
        MissingExtra: without ezc3d.

    """
    try:
        import ezc3d
    except ImportError as missing:
        raise MissingExtra("Writing C3D", "export") from missing
    motion = motion_of(sequence)
    x, y, z = np.moveaxis(motion.places * motion.metres * 1e3, -1, 0)
    seen = np.isfinite(x)
    made = ezc3d.c3d()
    points = made["parameters"]["POINT"]
    points["RATE"]["value"] = [motion.rate]
    points["LABELS"]["value"] = list(motion.skeleton.keypoints)
    points["UNITS"]["value"] = ["mm" if motion.unit == "m" else "px"]
    axes = np.stack([x, -z, y, np.ones_like(x)])
    made["data"]["points"] = np.nan_to_num(axes).transpose(0, 2, 1)
    made["data"]["meta_points"]["residuals"] = np.where(seen, 0.0, -1.0).T[None]
    with TemporaryDirectory() as folder:  # the library writes to a path only
        path = Path(folder) / "motion.c3d"
        made.write(str(path))
        file.write(path.read_bytes())
