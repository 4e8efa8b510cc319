"""From pictures, films and other people's data to what a network is shown.

::

    pictures, films, a camera ─► extract, capture ─┐                         ┌─► split, leaks
    MM-Fit, COCO, OpenPose, ML Kit ─► read_data ───┼─► LandmarkTable ─► Examples
    simulated squats ─► simulate_squats ───────────┘    + labels
"""

from poise.learn.data.examples import Examples, examples_of
from poise.learn.data.labels import Interval, labelled, read_labels, write_labels
from poise.learn.data.readers import read_data
from poise.learn.data.splits import LeakySplit, Split, check, folds, leaks, split
from poise.learn.data.table import LandmarkTable, read_table, write_table

__all__ = [
    "Examples",
    "Interval",
    "LandmarkTable",
    "LeakySplit",
    "Split",
    "check",
    "examples_of",
    "folds",
    "labelled",
    "leaks",
    "read_data",
    "read_labels",
    "read_table",
    "split",
    "write_labels",
    "write_table",
]
