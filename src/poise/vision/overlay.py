"""Drawing on a picture: the skeleton, the angle of a joint, what is at fault, how it would be right, and captions.

Left is blue, right is amber, what is at fault is magenta and wider: three colours that stay apart for every kind
of colour vision (the palette published by IBM Design). Everything has a dark rim, to be seen on any ground. The
body as it would be right is a ghost: a pale shape that one sees through, behind the skeleton.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from poise.body import Array, Pose
from poise.body.skeleton import MIDPOINTS
from poise.vision.captions import FINE, WHITE, Captions, Colour, Layout, put, words
from poise.vision.frame import Picture

__all__ = ["Captions", "JointAngle", "Overlay", "picture"]

LEFT, RIGHT, MIDDLE, FAULT = (100, 143, 255), (255, 176, 0), (236, 239, 244), (255, 45, 125)
RIM, GHOST = (10, 12, 18), (140, 255, 205)
#: What scores less than the first is not drawn, less than the second faintly.
UNSEEN, UNSURE = 0.3, 0.6
#: Opacity, of 255, of what is drawn faintly, and of the inside of a ghost.
FAINT, PALE = 110, 120


_TRUNK = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")


@dataclass(frozen=True)
class JointAngle:
    """The angle to show at a joint.

    Args:
        name: the keypoint it is at.
        ends: the keypoints at the other ends of its two bones, the nearer to the trunk first.
        degrees: the number to show; an angle that is NaN is left out.
        flexion: whether the number counts from a straight joint (0 for a knee when standing), or is what lies
            between the two bones (0 for a shoulder when the arm hangs).

    """

    name: str
    ends: tuple[str, str]
    degrees: float
    flexion: bool = True


class Overlay:
    """Draws on pictures of one size (width, height in pixels)."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._layout = Layout(size)

    def draw(
        self,
        image: Picture,
        pose: Pose | None = None,
        captions: Captions | None = None,
        angles: Iterable[JointAngle] = (),
        highlight: Collection[str] = (),
        ghost: Pose | None = None,
    ) -> Picture:
        """A copy of the picture with all of it drawn on: ``(H, W, 3)`` uint8 RGB.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            pose: the body, in the picture's pixels.
            captions: what to write.
            angles: the joints at which to show an angle.
            highlight: the keypoints and midpoints at fault; bones between two of them are marked, too.
            ghost: the body as it would look right, in the picture's pixels.

        Raises:
            ValueError: when the picture has another size.

        """
        if image.shape[1::-1] != self.size:
            raise ValueError(f"the overlay is for {self.size}, the picture is {image.shape[1::-1]}")
        drawn = image.copy()
        if ghost is not None:
            _Figure(ghost, self._layout.unit).draw_ghost(drawn)
        figure = _Figure(pose, self._layout.unit) if pose is not None else None
        shown = [angle for angle in angles if figure is not None and figure.shows(angle)]
        if figure is not None:
            figure.draw(drawn, shown, set(highlight))
        bottom = self._layout.draw(drawn, captions or Captions())
        for angle in shown:
            assert figure is not None
            label = words(f"{angle.degrees:.0f}°", 4.4, self.size[0], self._layout.unit, bold=True, pad=0.42)
            corner = figure.beside(angle, label.size) - np.array(label.size) / 2
            room = np.maximum(np.array((self.size[0], bottom)) - label.size, 0)
            x, y = np.clip(corner, 0, room).round().astype(int).tolist()
            put(drawn, label, (x, y))
        return drawn


class _Figure:
    """A body to be drawn: where its keypoints and midpoints are, in pixels, and how surely each was seen."""

    def __init__(self, pose: Pose, unit: float) -> None:
        names = (*pose.skeleton.keypoints, *(name for name in MIDPOINTS if pose.skeleton.has(name)))
        places = pose.all_at(names)
        scores = np.where(np.isfinite(places).all(-1), pose.scores_at(names), 0.0)
        self._place: dict[str, Array] = dict(zip(names, places, strict=True))
        self._score: dict[str, float] = dict(zip(names, scores.tolist(), strict=True))
        self._joints = [name for name in pose.skeleton.keypoints if not (_is_face(name) or _is_finger(name))]
        self._bones = [bone for bone in pose.skeleton.bones if not _is_face(bone[0])]
        if pose.skeleton.has("mid_ear"):  # a neck and a head say more than eyes and lips
            self._joints.append("mid_ear")
            self._bones.append(("mid_shoulder", "mid_ear"))
        seen = places[scores >= UNSEEN]
        self._low: Array = seen.min(0) if len(seen) else np.zeros(2)
        self._high: Array = seen.max(0) if len(seen) else np.zeros(2)
        self._span = max(float((self._high - self._low).max()), 1.0)
        self._unit = unit
        #: How thick a bone is: as suits the body, within what suits the picture.
        self._thick = float(np.clip(0.011 * self._span, 0.35 * unit, 1.1 * unit))

    def shows(self, angle: JointAngle) -> bool:
        """Whether there is a number, and its keypoints were seen."""
        names = (angle.name, *angle.ends)
        return not math.isnan(angle.degrees) and min(self._score[name] for name in names) >= UNSEEN

    def draw(self, image: Picture, angles: Iterable[JointAngle], highlight: set[str]) -> None:
        """Draw wedges, bones and joints onto the picture, in place."""
        if pen := self._pen(image):
            for angle in angles:
                self._draw_wedge(pen, angle)
            self._draw_bones(pen, highlight)
            self._draw_joints(pen, highlight)
            pen.finish()

    def draw_ghost(self, image: Picture) -> None:
        """Draw the body as a pale shape with an outline onto the picture, in place."""
        thick = 3.0 * self._thick
        bones = [
            (*bone, thick * (0.6 if {"heel", "index"} & {*bone[1].split("_")} else 1.0)) for bone in self._bones
        ]
        limbs = [
            (self._place[a], self._place[b], wide)
            for a, b, wide in bones
            if min(self._score[a], self._score[b]) >= UNSEEN and not _is_finger(b)
        ]
        if self._score.get("mid_ear", 0.0) >= UNSEEN:
            limbs.append((self._place["mid_ear"], self._place["mid_ear"], 2.4 * thick))
        trunk = [self._place[name] for name in _TRUNK if self._score.get(name, 0.0) >= UNSEEN]
        if len(trunk) == len(_TRUNK):
            limbs.append((self._place["mid_shoulder"], self._place["mid_hip"], 1.6 * thick))
        if pen := self._pen(image):
            pen.veil(limbs, trunk, 0.45 * self._thick, GHOST, PALE)
            pen.finish()

    def _pen(self, image: Picture) -> _Pen | None:
        """A pen for the part of the picture that the body is in; None where it is outside."""
        margin = 10 * self._unit
        left, top = np.maximum(self._low - margin, 0).astype(int).tolist()
        right, bottom = np.minimum(self._high + margin, image.shape[1::-1]).astype(int).tolist()
        return _Pen(image[top:bottom, left:right], (left, top)) if left < right and top < bottom else None

    def beside(self, angle: JointAngle, size: tuple[int, int]) -> Array:
        """Where the middle of a label of that size goes: beside the joint, away from the middle of the body."""
        joint, near, far = self._corners(angle)
        aside = np.array([near[1] - far[1], far[0] - near[0]]) / max(float(np.hypot(*(far - near))), 1.0)
        # A limb right in the middle of the body keeps to its own side, so that its label does not flicker.
        own = 0.25 if "left" in angle.name.split("_") else -0.25
        off_middle = (joint - (self._low + self._high) / 2) / self._span
        if aside @ off_middle + own * aside[0] < 0:
            aside = -aside
        return np.asarray(joint + aside * (np.abs(aside) @ size / 2 + 2.2 * self._thick))

    def _corners(self, angle: JointAngle) -> tuple[Array, Array, Array]:
        near, far = angle.ends
        return self._place[angle.name], self._place[near], self._place[far]

    def _draw_wedge(self, pen: _Pen, angle: JointAngle) -> None:
        joint, near, far = self._corners(angle)
        first, second = (joint - near if angle.flexion else near - joint), far - joint
        radius = np.clip(0.45 * min(np.hypot(*first), np.hypot(*second)), 3 * self._unit, 10 * self._unit)
        start = math.degrees(math.atan2(first[1], first[0]))
        sweep = (math.degrees(math.atan2(second[1], second[0])) - start + 180) % 360 - 180
        pen.wedge(joint, float(radius), min(start, start + sweep), max(start, start + sweep), 0.6 * self._thick)

    def _draw_bones(self, pen: _Pen, highlight: set[str]) -> None:
        lines = []
        for a, b in self._bones:
            score = min(self._score[a], self._score[b])
            if score >= UNSEEN:
                fault = a in highlight and b in highlight
                thick = self._thick * (1.5 if fault else 0.5 if _is_finger(b) else 1.0)
                opacity = 255 if fault or score >= UNSURE else FAINT
                lines.append((self._place[a], self._place[b], thick, opacity, FAULT if fault else _colour(a, b)))
        rim = max(0.35 * self._thick, 1.0)
        for start, end, thick, opacity, _ in lines:  # all rims first: none is to cut another bone's colour
            pen.line(start, end, thick + 2 * rim, (*RIM, opacity * 3 // 4))
        for start, end, thick, opacity, colour in lines:
            pen.line(start, end, thick, (*colour, opacity))

    def _draw_joints(self, pen: _Pen, highlight: set[str]) -> None:
        for name in self._joints:
            if self._score[name] >= UNSURE:
                pen.dot(self._place[name], 0.95 * self._thick, (*RIM, 255))
                pen.dot(self._place[name], 0.65 * self._thick, WHITE)
        for name in highlight:
            if self._score.get(name, 0.0) >= UNSEEN:
                pen.dot(self._place[name], 2.3 * self._thick, (*RIM, 190))
                pen.dot(self._place[name], 1.9 * self._thick, (*FAULT, 255))
                pen.dot(self._place[name], 1.0 * self._thick, WHITE)


class _Pen:
    """Draws smooth shapes on a part of a picture; everything is in the picture's pixels.

    The part is enlarged by repeating its pixels, drawn on, and shrunk again by averaging: what was not drawn on
    comes back as it was.
    """

    def __init__(self, part: Picture, corner: tuple[int, int]) -> None:
        size = part.shape[1] * FINE, part.shape[0] * FINE
        self._sheet = Image.fromarray(part).resize(size, Image.Resampling.NEAREST)
        self._canvas = ImageDraw.Draw(self._sheet, "RGBA")
        self._corner, self._part = corner, part

    def line(self, start: Array, end: Array, thick: float, colour: Colour) -> None:
        """A line with round ends; one that can be seen through has none, since they would show twice."""
        self._canvas.line((*self._fine(start), *self._fine(end)), colour, round(thick * FINE))
        if colour[3] == WHITE[3]:
            self.dot(start, thick / 2, colour)
            self.dot(end, thick / 2, colour)

    def dot(self, at: Array, radius: float, colour: Colour) -> None:
        """A filled circle."""
        self._canvas.ellipse(self._box(at, radius), colour)

    def wedge(self, at: Array, radius: float, start: float, end: float, thick: float) -> None:
        """A shaded slice of a circle with a white arc, from one angle clockwise to another."""
        self._canvas.pieslice(self._box(at, radius), start, end, (*RIM, 120))
        self._canvas.arc(self._box(at, radius), start, end, WHITE, max(round(thick * FINE), FINE))

    def veil(
        self,
        limbs: Sequence[tuple[Array, Array, float]],
        trunk: Sequence[Array],
        rim: float,
        colour: tuple[int, int, int],
        opacity: int,
    ) -> None:
        """Limbs (from, to, how thick) and the trunk they are at as one shape: seen through inside, with a rim."""
        inside, outside, beyond = (Image.new("L", self._sheet.size) for _ in range(3))
        for sheet, grown in ((inside, 0.0), (outside, 2 * rim), (beyond, 3.5 * rim)):
            canvas = ImageDraw.Draw(sheet)
            for start, end, thick in limbs:
                canvas.line((*self._fine(start), *self._fine(end)), 255, round((thick + grown) * FINE))
                for at in (start, end):
                    canvas.ellipse(self._box(at, (thick + grown) / 2), 255)
            if len(trunk) > 2:
                canvas.polygon([self._fine(at) for at in trunk], 255)
        self._sheet.paste(RIM, mask=ImageChops.subtract(beyond, outside).point(lambda level: level // 2))
        self._sheet.paste(colour, mask=inside.point(lambda level: level * opacity // 255))
        self._sheet.paste(colour, mask=ImageChops.subtract(outside, inside))

    def finish(self) -> None:
        """Put all that onto the picture."""
        self._part[...] = np.asarray(self._sheet.reduce(FINE))

    def _fine(self, at: Array) -> tuple[float, float]:
        return (float(at[0]) - self._corner[0]) * FINE, (float(at[1]) - self._corner[1]) * FINE

    def _box(self, at: Array, radius: float) -> tuple[float, float, float, float]:
        (x, y), r = self._fine(at), radius * FINE
        return x - r, y - r, x + r, y + r


def _is_face(name: str) -> bool:
    return not {"eye", "ear", "nose", "mouth"}.isdisjoint(name.split("_"))


def _is_finger(name: str) -> bool:
    parts = name.split("_")
    return not {"thumb", "pinky", "index"}.isdisjoint(parts) and "foot" not in parts


def _colour(a: str, b: str) -> tuple[int, int, int]:
    """Left, right, or neither for a bone across the body."""
    for side, colour in (("left", LEFT), ("right", RIGHT)):
        if side in a.split("_") and side in b.split("_"):
            return colour
    return MIDDLE


def picture(image: Picture, width: int | None = None, quality: int = 85) -> bytes:
    """The image as a JPEG file, made smaller to be at most ``width`` pixels wide.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        width: pixels, or None to keep the size.
        quality: 1 (smallest) to 95 (best).

    """
    packed = Image.fromarray(image)
    if width is not None and width < packed.width:
        packed = packed.resize((width, max(1, round(packed.height * width / packed.width))))
    file = BytesIO()
    packed.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()
