"""The signatures of sitting badly: what each is, how it is measured, how long it may last, and what is said of it.

Sizes that must be found (`Signature.fault`) and sizes from which a signature is bad (three spreads of its measure,
`poise.coach.desk.baseline.MEASURES`) are against the own baseline. No signature is a diagnosis: the angle of the
neck differs by 3 to 5 degrees between groups with and without neck pain, under a spread of 7 within each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from poise.coach.desk.baseline import SLOUCHES, Baseline
from poise.coach.desk.sight import DeskView
from poise.language import words

#: Seconds for which a signature must have been bad, of so many seconds watched; and for how long it must have been
#: good to be over. A turned or bent head is ordinary for minutes: a second screen, a book.
DWELL_S, OF_S, CLEAR_S = 20.0, 30.0, 10.0
LONG_DWELL_S, LONG_OF_S = 240.0, 300.0
#: Distances to the screen, cm, at which one is too near and too far (52 to 73 is the best compromise, Rempel 2007);
#: but never within a fifth nearer and a quarter farther of where the user sits well.
NEAR, FAR, NEARER, FARTHER = 45.0, 90.0, 0.8, 1.25
#: Degrees of turning and of bending the face beyond which lengths in the picture say nothing, and centimetres of
#: leaning beyond which heights do not. Ours; BlazePose tells 70 % of a turn and 40 % of a bend.
TURNED, BENT, LEANT = 15.0, 10.0, 10.0
#: The share of the shown slouch that is slouching, and that is not any more. Ours.
SLOUCHED, UNSLOUCHED = 0.7, 0.45


@dataclass(frozen=True)
class Signature:
    """One way of sitting badly.

    ``measure`` is held to its bounds, in the direction of ``sign`` (0: either); ``fault`` is the size at which it
    must be found. ``while_bent`` and ``while_turned`` say whether it can be judged then, ``still`` that it cannot
    while leaning. ``sees`` says what of it a camera can see and what it cannot, ``says`` what the user is told,
    with ``{value}`` and ``{side}`` filled in.
    """

    name: str
    title: str
    measure: str
    unit: str
    sign: int
    fault: float
    says: str
    sees: str
    source: str
    dwell_s: float = DWELL_S
    of_s: float = OF_S
    while_bent: bool = False
    while_turned: bool = False
    still: bool = False

    def text(self, value: float, raw: float, distance: float) -> str:
        """What to say of it; ``raw`` is the measure with its sign."""
        side = words("left") if raw > 0 else words("right")  # the face turned to the left, or the left side lower
        return self.says.format(value=f"{value:.0f}", side=side, distance=f"{distance:.0f}")


_OURS = "ours"
SIGNATURES: Mapping[DeskView, tuple[Signature, ...]] = {
    "front": (
        Signature(
            "near",
            "Close to the screen",
            "nearer",
            "cm",
            1,
            20.0,
            "You are about {distance} cm from the camera, {value} cm nearer than when you sat well.",
            "Well, as change; in centimetres as well as the distance at calibration was known (by itself ±20 %).",
            "45 cm is ours; 52 to 73 cm is the best compromise (Rempel 2007)",
            while_bent=True,
        ),
        Signature(
            "far",
            "Far from the screen",
            "nearer",
            "cm",
            -1,
            30.0,
            "You are about {distance} cm from the camera, {value} cm farther than when you sat well.",
            "As near.",
            "90 cm is ours; 52 to 73 cm is the best compromise (Rempel 2007)",
            while_bent=True,
        ),
        Signature(
            "forward_head",
            "Head forward",
            "forward_head",
            "cm",
            1,
            5.0,
            "Your head has come forward about {value} cm.",
            "As change, when the shoulders stay: the face grows and they do not (4 cm at 60 cm are 7 %). A turned "
            "trunk looks alike. The angle of the neck itself cannot be seen from the front.",
            "size ratio as in our derivation; the limit is ours",
            still=True,
        ),
        Signature(
            "slump",
            "Slumped",
            "drop",
            "cm",
            1,
            5.0,
            "You have sunk by about {value} cm.",
            "As change, as long as chair and camera stay where they are. Whether the back is round cannot be seen.",
            _OURS,
            still=True,
        ),
        Signature(
            "hike",
            "Shoulders drawn up",
            "hike",
            "cm",
            1,
            4.0,
            "Your shoulders have come up about {value} cm: let them drop.",
            "As change, when the head stays.",
            _OURS,
            still=True,
        ),
        Signature(
            "head_tilt",
            "Head tilted",
            "head_tilt",
            "deg",
            0,
            12.0,
            "Your head is tilted about {value}° to the {side}.",
            "Well.",
            "7 to 12 degrees; ours",
            while_bent=True,
        ),
        Signature(
            "shoulder_tilt",
            "Leaning to a side",
            "shoulder_tilt",
            "deg",
            0,
            8.0,
            "You are leaning {side}: that shoulder is about {value}° lower.",
            "Well; whether the trunk leans or one shoulder hangs cannot be told apart.",
            "5 to 8 degrees; ours (EN 1005-4: 10 degrees to a side)",
            while_bent=True,
        ),
        Signature(
            "head_turn",
            "Head turned",
            "head_turn",
            "deg",
            0,
            30.0,
            "Your head has been turned about {value}° to the {side} for some minutes: can that screen come to the "
            "middle?",
            f"Coarsely, to ±5°; beyond {TURNED:g}° most else cannot be judged.",
            "EN 1005-4: 10 degrees; the limit and the minutes are ours",
            LONG_DWELL_S,
            LONG_OF_S,
            while_bent=True,
            while_turned=True,
        ),
        Signature(
            "look_down",
            "Looking down",
            "look_down",
            "deg",
            1,
            25.0,
            "You have been looking down by about {value}° for some minutes: raise what you look at.",
            "Coarsely, to ±6°.",
            "RULA neck: above 20 degrees; the minutes are ours",
            LONG_DWELL_S,
            LONG_OF_S,
            while_bent=True,
        ),
    ),
    "side": (
        Signature(
            "forward_head",
            "Head forward",
            "neck",
            "deg",
            1,
            12.0,
            "Your head has come forward: the line from shoulder to ear leans {value}° more than when you sat well.",
            "As change against the own upright, to 4 to 5 degrees.",
            "change of the craniovertebral angle; the limit is ours",
        ),
        Signature(
            "lean",
            "Leaning forward",
            "lean",
            "deg",
            1,
            20.0,
            "You lean {value}° further forward than when you sat well.",
            "Well, when the hip is in the picture.",
            "RULA trunk: 0 to 20 degrees is the second best class; ours in between",
        ),
        Signature(
            "slump",
            "Slumped",
            "shorter",
            "%",
            1,
            10.0,
            "You have sunk: from hip to shoulder you are {value} % shorter than when you sat well.",
            "As change, when the hip is in the picture.",
            _OURS,
        ),
        Signature(
            "rounded_shoulders",
            "Shoulders rolled forward",
            "round",
            "%",
            1,
            10.0,
            "Your shoulders have come forward, by {value} % of the line from hip to ear.",
            "As a proxy: the shoulder against the line from hip to ear. An arm that reaches looks alike.",
            _OURS,
        ),
        Signature(
            "look_down",
            "Looking down",
            "look_down",
            "deg",
            1,
            25.0,
            "You have been looking down by about {value}° for some minutes: raise what you look at.",
            "Well.",
            "RULA neck: above 20 degrees; the minutes are ours",
            LONG_DWELL_S,
            LONG_OF_S,
            while_bent=True,
        ),
    ),
}

#: What the user's own slouch is called, when they showed it.
SLOUCH = Signature(
    "slouch",
    "Your slouch",
    "slouch",
    "%",
    1,
    100.0,
    "You are {value} % of the way to the slouch you showed.",
    "As well as what it is made of.",
    _OURS,
)

#: What everything that may be bad is called, the second opinion included.
TITLES: Mapping[str, str] = {
    **{signature.name: signature.title for view in SIGNATURES.values() for signature in (*view, SLOUCH)},
    "opinion": "Second opinion",
}


def bounds(signature: Signature, baseline: Baseline) -> tuple[float, float]:
    """From which value on a signature is bad, and below which it is over."""
    if signature is SLOUCH:
        return 100 * SLOUCHED, 100 * UNSLOUCHED
    if signature.name in ("near", "far"):
        d = baseline.distance
        limit = d - min(NEAR, NEARER * d) if signature.name == "near" else max(FAR, FARTHER * d) - d
        return limit, 0.8 * limit
    spread = baseline.spread[signature.measure]
    return 3.0 * spread, 2.0 * spread


def signatures_of(baseline: Baseline) -> tuple[Signature, ...]:
    """What is watched for with a baseline."""
    return (*SIGNATURES[baseline.view], *((SLOUCH,) if baseline.slouch else ()))


def value_of(signature: Signature, measures: Mapping[str, float], baseline: Baseline) -> tuple[float, str]:
    """How large a signature is, growing towards the fault; NaN and why when it cannot be seen."""
    turned = measures.get("head_turn", 0.0)
    if abs(turned) > TURNED and not signature.while_turned:
        return math.nan, words("your face is turned away")
    if abs(measures["look_down"]) > BENT and not signature.while_bent:
        return math.nan, words("your face is bent up or down")
    if signature.still and abs(measures.get("nearer", 0.0)) > LEANT:
        return math.nan, words("you are leaning in or back")
    value = _slouching(measures, baseline) if signature is SLOUCH else measures[signature.measure]
    if math.isnan(value):
        return value, words("what it takes is not in the picture")
    return (abs(value) if signature.sign == 0 else signature.sign * value), ""


def _slouching(measures: Mapping[str, float], baseline: Baseline) -> float:
    """How far along the way to the shown slouch the body is, percent, in units of the spread of each measure."""
    names = [name for name in SLOUCHES[baseline.view] if name in baseline.slouch]
    shown = [baseline.slouch[name] / baseline.spread[name] for name in names]
    now = [measures[name] / baseline.spread[name] for name in names]
    return 100 * sum(a * b for a, b in zip(shown, now, strict=True)) / sum(a * a for a in shown)
