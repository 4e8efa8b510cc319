"""What is known of a movement as the tables and plots of notebooks (extra ``notebook``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poise.body import PoseSequence
from poise.body.formats.layout import to_columns
from poise.coach import Event, Rep, Review, exercises, load_exercise, own_exercises
from poise.coach.measures import MEASURES
from poise.errors import MissingExtra, UnknownName
from poise.report import REP_COLUMNS, rep_row

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

#: Inches of a plot: its width, and the height of each quantity.
_WIDE, _HIGH = 9.0, 1.8
#: Colours of repetitions by kind, told apart by the colour-blind as well (Okabe & Ito 2008).
_COLOURS = {"full": "#009E73", "partial": "#E69F00", "invalid": "#999999", "fault": "#D55E00", "curve": "#0072B2"}


def to_pandas(known: PoseSequence | Review) -> pd.DataFrame:
    """A table: of poses a row each, as in a recording's file; of a review a row for each repetition.

    Of poses the index is ``t`` in seconds and the columns are ``NAME_x, NAME_y`` (pixels, y down), ``NAME_score``
    and, where there is a world, ``NAME_wx, NAME_wy, NAME_wz`` (metres). Of a review they are those of ``reps.csv``.

    Raises:
        MissingExtra: without pandas.

    """
    try:
        import pandas as pd
    except ImportError as missing:
        raise MissingExtra("Making tables", "notebook") from missing
    if isinstance(known, PoseSequence):
        return pd.DataFrame(to_columns(known)).set_index("t")
    rows = [rep_row(rep) for rep in known.reps]
    return pd.DataFrame(rows, columns=list(REP_COLUMNS)).set_index("number")


def to_xarray(poses: PoseSequence) -> xr.Dataset:
    """Poses as a data set with named axes, laid out as the package ``movement`` has them.

    ``position`` has the axes time (seconds), space (x and y, pixels, y down), keypoints and individuals;
    ``confidence`` is 0..1; ``world``, where there is one, has x, y and z in metres.

    Raises:
        MissingExtra: without xarray.

    """
    try:
        import xarray as xr
    except ImportError as missing:
        raise MissingExtra("Making data sets", "notebook") from missing
    names = {
        "time": poses.t,
        "keypoints": list(poses.skeleton.keypoints),
        "individuals": [f"person_{poses.person}"],
    }
    axes = ("time", "space", "keypoints", "individuals")
    made = xr.Dataset(
        {
            "position": (axes, np.swapaxes(poses.points, 1, 2)[..., None]),
            "confidence": (("time", "keypoints", "individuals"), poses.score[..., None]),
        },
        coords={**names, "space": ["x", "y"]},
        attrs={"ds_type": "poses", "time_unit": "seconds", "source_software": "poise", **poses.meta},
    )
    if poses.world is None:
        return made
    depth = ("time", "world_space", "keypoints", "individuals")
    return made.assign(world=(depth, np.swapaxes(poses.world, 1, 2)[..., None])).assign_coords(
        world_space=["x", "y", "z"]
    )


def plot(review: Review, *measures: str) -> Figure:
    """A figure of what was measured over time, with its repetitions and the moments of their faults.

    Args:
        review: what the coach says of a recording.
        measures: which of ``review.measured``, one below the other; by default what it was counted by and all that
            a fault was found in.

    Raises:
        UnknownName: when one of them was not measured.
        MissingExtra: without matplotlib.

    """
    try:
        from matplotlib import pyplot
    except ImportError as missing:
        raise MissingExtra("Plotting", "notebook") from missing
    for name in measures:
        if name not in review.measured:
            raise UnknownName("measure of this review", name, review.measured)
    of = _measured_by(review)
    events: list[Event] = [*review.reps, *review.holds]
    faults = [fault for event in events for fault in event.faults if fault.state == "fault" and fault.name in of]
    names = measures or tuple(dict.fromkeys([review.signal, *(of[fault.name] for fault in faults)]))
    names = tuple(name for name in names if name in review.measured) or tuple(review.measured)
    figure, rows = pyplot.subplots(
        len(names), figsize=(_WIDE, _HIGH * len(names)), sharex=True, squeeze=False, layout="constrained"
    )
    for axes, name in zip(rows[:, 0], names, strict=True):
        axes.plot(review.t, review.measured[name], color=_COLOURS["curve"], linewidth=1.2)
        axes.set_ylabel(f"{name.replace('_', ' ')}\n({MEASURES[name].unit if name in MEASURES else review.unit})")
        for event in events:
            axes.axvspan(
                event.start,
                event.end,
                color=_COLOURS[event.kind if isinstance(event, Rep) else "full"],
                alpha=0.2,
                lw=0,
            )
        here = [fault for fault in faults if of[fault.name] == name]
        axes.plot(
            [fault.t for fault in here], [_at(review, name, fault.t) for fault in here], "v", c=_COLOURS["fault"]
        )
        for fault in here:
            where = (fault.t, _at(review, name, fault.t))
            axes.annotate(fault.title, where, xytext=(4, 6), textcoords="offset points", fontsize="x-small")
    rows[-1, 0].set_xlabel("seconds")
    counts = review.counts
    held = f", {counts.held_s:.0f} s held" if counts.held_s else ""
    rows[0, 0].set_title(
        f"{review.exercise}: {counts.full} full, {counts.partial} partial, {counts.invalid} invalid{held}"
    )
    return figure


def _measured_by(review: Review) -> dict[str, str]:
    """The measure of each rule of what was done, where the library or the user's own exercises have it."""
    names = {review.exercise, *(one.exercise for one in review.sets)}
    known = names.intersection((*exercises(), *own_exercises()))
    return {rule.name: rule.measure for name in known for rule in load_exercise(name).fault}


def _at(review: Review, name: str, t: float) -> float:
    return float(np.interp(t, review.t, review.measured[name]))
