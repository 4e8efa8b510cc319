"""The annotated film and the pictures of its faults: the film again, with what the coach made of it drawn on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from poise.body import Pose, PoseSequence
from poise.coach import WHOLE, Coach, Correction, Event, Exercise, Fault, Feedback, Review, Timeline
from poise.coach.measures import Measure
from poise.language import words
from poise.report.checks import Shot
from poise.vision.ahead import ahead
from poise.vision.frame import Frame, Picture
from poise.vision.overlay import Captions, JointAngle, Overlay, picture
from poise.vision.video import open_film
from poise.vision.writer import open_writer

#: Seconds for which a cue stands after the repetition it is about, and a fault is marked around its moment.
CUE_S, MARK_S = 4.0, 0.5
#: Seconds after the last repetition of a set from which on the rest is shown.
PAUSE_S = 3.0
#: The most pictures of faults, and how wide they are.
MOST_SHOTS, SHOT_WIDTH = 12, 640

Tell = Callable[[str, float, float | None], None]


def annotate(
    source: Path,
    path: Path,
    review: Review,
    poses: PoseSequence,
    exercise: str | Exercise | Timeline,
    tell: Tell,
    body: str = WHOLE,
) -> None:
    """Write the film again with skeleton, angle, count and cues drawn on, at its own pace and with its own sound.

    Args:
        source: the film the poses are of.
        path: the film to write.
        review: what the coach made of it.
        poses: the person coached, at every instant.
        exercise: what they were doing, as the coach was told for the review.
        tell: told how far it has got.
        body: what of the body exercises.

    Raises:
        UnreadableMedia: when the film cannot be read again.
        PoiseError: when the new film cannot be written.

    """
    begin, end = float(poses.t[0]), float(poses.t[-1])
    drawn = _drawn(source, review, poses, exercise, body)
    with open_film(source) as film, open_writer(path, film.size, audio_from=film) as writer:
        for frame in ahead(drawn):
            writer.write(frame)
            tell(words("Drawing the film"), frame.t - begin, end - begin)


def _drawn(
    source: Path, review: Review, poses: PoseSequence, exercise: str | Exercise | Timeline, body: str
) -> Iterator[Frame]:
    coach = Coach(exercise, body=body)
    story = _Story(review)
    with open_film(source, float(poses.t[0])) as film:
        overlay = Overlay(film.size)
        for frame, pose in _paired(ahead(film), poses):
            feedback = coach.update(pose)
            yield Frame(story.told(overlay, frame, feedback, coach.exercise), frame.t)


def _paired(frames: Iterator[Frame], poses: PoseSequence) -> Iterator[tuple[Frame, Pose]]:
    """Each pose with the frame of its instant."""
    rest = iter(poses)
    pose = next(rest, None)
    for frame in frames:
        while pose is not None and pose.t < frame.t - 1e-4:
            pose = next(rest, None)
        if pose is None:
            return
        if pose.t <= frame.t + 1e-4:
            yield frame, pose


class _Story:
    """What is to be shown when: the set and its count so far, the cue of the last repetition, the fault of now."""

    def __init__(self, review: Review) -> None:
        self._sets = review.sets
        self._ends = {
            one.number: [rep.end for rep in review.reps if rep.kind == "full" and rep.number in one.numbers]
            for one in review.sets
        }
        events: tuple[Event, ...] = (*review.reps, *review.holds)
        self._cues = [(event.end, _worst(event.faults)) for event in events]
        self._faults = [f for event in events for f in event.faults if f.state == "fault"]
        self._ghosts = [one for event in events for one in event.corrections]

    def told(self, overlay: Overlay, frame: Frame, feedback: Feedback, exercise: Exercise | None) -> Picture:
        """The frame with all that drawn on."""
        now = [fault for fault in self._faults if abs(fault.t - frame.t) <= MARK_S]
        title, count = self._set(frame.t, feedback, exercise)
        captions = Captions(
            title=title,
            count=count,
            progress=feedback.progress,
            cue=self._cue(frame.t, now),
            note=feedback.advice[0].text if feedback.advice else "",
        )
        return overlay.draw(
            frame.image,
            feedback.pose,
            captions=captions,
            angles=joint_angles(exercise, feedback),
            highlight={name for fault in now for name in fault.keypoints},
            ghost=self._ghost(frame.t),
        )

    def _ghost(self, t: float) -> Pose | None:
        """The corrected pose of a fault of now, so that one sees oneself miss it."""
        near = [one for one in self._ghosts if abs(one.t - t) <= MARK_S]
        return min(near, key=lambda one: abs(one.t - t)).pose if near else None

    def _set(self, t: float, feedback: Feedback, exercise: Exercise | None) -> tuple[str, str]:
        """The title of what is done at a time, and its count or the seconds of rest so far."""
        begun = [one for one in self._sets if one.start <= t]
        current = begun[-1] if begun else None
        following = len(self._sets) > len(begun)
        if current and following and t > current.end + PAUSE_S:
            return "Rest", f"{t - current.end:.0f} s"
        title = exercise.title if exercise else "Counting"
        if exercise and exercise.kind == "hold":
            return title, f"{feedback.counts.held_s:.0f} s"
        if current and len(self._sets) > 1:
            title = f"{title}, set {current.number}"
        return title, str(bisect_right(self._ends[current.number], t) if current else 0)

    def _cue(self, t: float, now: Sequence[Fault]) -> str:
        if now:
            return now[0].title
        for end, fault in reversed(self._cues):
            if end <= t <= end + CUE_S and fault:
                return fault.cue
        return ""


def _worst(faults: Sequence[Fault]) -> Fault | None:
    """The fault furthest beyond its limit, in standard errors."""
    found = [fault for fault in faults if fault.state == "fault"]
    return max(found, key=lambda f: abs(f.value - f.limit) / max(f.sigma, 1e-6), default=None)


def joint_angles(exercise: Exercise | None, feedback: Feedback) -> list[JointAngle]:
    """The angles measured now, at their joints: of the exercise's shown angle, those sides that were measured."""
    if exercise is None:
        return []
    measure = exercise.shown_angle
    angles = []
    for side in _shown_sides(measure, feedback):
        degrees = feedback.measured.get(f"{side}_{measure.name}".strip("_"))
        ends = measure.keypoints(side)
        if degrees is not None and degrees == degrees and len(ends) == 3:
            flexion = "flexion" in measure.name and "shoulder" not in measure.name
            angles.append(JointAngle(ends[1], (ends[0], ends[2]), degrees, flexion))
    return angles


def _shown_sides(measure: Measure, feedback: Feedback) -> tuple[str, ...]:
    """Both sides from the front, the nearer from the side, where the other lies behind it."""
    sides = measure.sides()
    if feedback.view.name != "side" or len(sides) == 1:
        return sides
    body = feedback.pose
    return (max(sides, key=lambda side: float(body.scores_at(measure.keypoints(side)).min())),)


def stills(source: Path, review: Review, poses: PoseSequence) -> list[Shot]:
    """Pictures of the faults of a film, the worst of each rule first, at most `MOST_SHOTS`.

    Raises:
        UnreadableMedia: when the film cannot be read again.

    """
    events: tuple[Event, ...] = (*review.reps, *review.holds)
    found = [(fault, event) for event in events for fault in event.faults if fault.state == "fault"]
    worst = sorted(found, key=lambda one: -one[0].probability)[:MOST_SHOTS]
    shots = [
        _still(source, fault, corrected(event, fault), poses)
        for fault, event in sorted(worst, key=lambda one: one[0].t)
    ]
    return [shot for shot in shots if shot]


def corrected(event: Event, fault: Fault) -> Correction | None:
    """What mends a fault of a repetition or hold."""
    return next((one for one in event.corrections if fault.name in one.faults), None)


def _still(source: Path, fault: Fault, correction: Correction | None, poses: PoseSequence) -> Shot | None:
    ghost = correction.pose if correction else None
    at = ghost.t if ghost else fault.t
    with open_film(source, max(0.0, at - 0.02)) as film:
        for frame in film:
            index = int(abs(poses.t - frame.t).argmin())
            pose = next(iter(poses[index : index + 1]))
            overlay, marked = Overlay(film.size), set(fault.keypoints)
            wrong = picture(overlay.draw(frame.image, pose, highlight=marked), SHOT_WIDTH)
            right = picture(overlay.draw(frame.image, pose, ghost=ghost), SHOT_WIDTH) if ghost else b""
            return Shot(fault.t, fault.title, wrong, fault.name, right)
    return None
