"""One socket, one session: poses come in, feedback goes out, and all of it is kept.

::

    socket ─► reading ─► the newest pose ─► judging ─► feedback ─► socket
                         (one slot)        (in turn)    └─► Keeping ─► store, every KEEP_S

Reading never waits for judging: a pose that comes while others are judged takes the place of the one that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import time
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from pydantic import BaseModel, ValidationError
from starlette.websockets import WebSocket

from poise.body import BLAZEPOSE33, Array, Pose, PoseSequence
from poise.classify import Beside, Classifier, Verdict
from poise.coach import ANY, AUTO, Coach, Feedback, exercises, own_exercises
from poise.coach.correct import Correction
from poise.coach.events import Cue, Event
from poise.coach.events import Rep as RepEvent
from poise.coach.workout import sets_of
from poise.errors import InputError, PoiseError, UnknownName
from poise.report.schema import Counts, Hold, Rep, Set, View
from poise.server.limits import Limits
from poise.server.messages import (
    REQUEST,
    CueTold,
    Error,
    FeedbackTold,
    HoldDone,
    Ping,
    PoseGiven,
    Ready,
    RepDone,
    Skeleton,
    Start,
    Stop,
    Summary,
)
from poise.server.talk import Talk, what_is_wrong
from poise.server.turns import Turns
from poise.session import Session
from poise.store.store import Store

#: Seconds between what is kept of a session that goes on: as much as a crash can lose.
KEEP_S = 10.0
#: Seconds between measurings of the shown angles: nobody reads faster, and they cost as much as half of all else.
SHOWN_S = 0.4
#: Seconds a pose must be later than the last one: a camera's pictures are 4 ms apart at the least.
STEP_S = 0.002
#: Seconds of keypoints a session may have for it to be gone on with.
RESUME_S = 3600.0

_log = logging.getLogger("poise.server")
Points = list[tuple[float, float] | None]
Triple = tuple[float, float, float]

#: How poses begin as pages write them.
_POSE = ('{"type":"pose"', '{"type": "pose"')
_SKELETON = Skeleton.model_validate(BLAZEPOSE33)
_NOBODY = Error(code="order", message="No session has begun.", hint="Send a start first.")


@dataclass(eq=False)
class Keeping:
    """What a session has that is not kept yet, and keeping it."""

    store: Store
    thread: Executor
    id: str
    events: list[Event] = field(default_factory=list)
    seen: bool = False
    told: int = 0
    _poses: list[Pose] = field(default_factory=list)
    _kept_at: float = field(
        default_factory=lambda: time.monotonic() - random.uniform(0, KEEP_S / 2)
    )  # not all at once

    def add(self, pose: Pose, events: tuple[Event, ...]) -> None:
        """Take in a pose as it came, and what it completed; corrected poses are not kept, and weigh the most."""
        self._poses.append(pose)
        self.events += [replace(event, corrections=()) for event in events]
        self.seen = self.seen or pose.seen
        if time.monotonic() - self._kept_at >= KEEP_S:
            self.keep()

    def keep(self) -> asyncio.Future[None]:
        """Hand all that is new to the thread that writes."""
        poses, new, self._poses = self._poses, self.events[self.told :], []
        self.told, self._kept_at = len(self.events), time.monotonic()
        every = list(self.events) if new else None
        return asyncio.get_running_loop().run_in_executor(self.thread, self._write, poses, new, every)

    def _write(self, poses: list[Pose], new: list[Event], every: list[Event] | None) -> None:
        told = [_report_part(event) for event in new]
        sets = None if every is None else [Set.of(one) for one in sets_of(every)]
        self.store.append(self.id, PoseSequence.of(poses) if poses else None, told, sets)

    async def end(self) -> None:
        """Keep the rest and sum up; a session in which nobody was seen is none."""
        await self.keep()
        last = self.store.finish if self.seen else self.store.remove
        await asyncio.get_running_loop().run_in_executor(self.thread, last, self.id)


class Unkept(Keeping):
    """While somebody gets into the picture nothing is kept."""

    def add(self, pose: Pose, events: tuple[Event, ...]) -> None:
        """Let it go."""

    async def end(self) -> None:
        """There is nothing to keep."""


@dataclass(eq=False)
class Going:
    """A session that goes on: its coach, its clock, the picture its poses lie in."""

    start: Start
    session: Session
    keeping: Keeping
    size: tuple[int, int]
    resumed: bool = False
    t: float = -1.0
    began: float | None = None
    shift: float | None = None
    beside: Beside | None = None
    classified: Verdict | None = None

    def judge(self, given: PoseGiven) -> Feedback | None:
        """What there is to say about a pose; None when it is not later than the last."""
        if self.shift is None:
            self.shift = max(0.0, self.t + 1.0 - given.t) if self.resumed else 0.0
        t = given.t + self.shift
        if t < self.t + STEP_S:
            return None
        self.size = (given.width or self.size[0], given.height or self.size[1])
        pose = pose_of(given, t, self.size)
        with np.errstate(all="ignore"):  # bodies nobody has, too, may come: what cannot be reckoned is NaN
            feedback = self.session.on_pose(pose)
            if self.beside:
                reps = [event for event in feedback.events if isinstance(event, RepEvent)]
                self.classified = self.beside.update(pose, [(rep.start + rep.end) / 2 for rep in reps])
        self.t = t
        self.began = t if self.began is None else self.began
        self.keeping.add(pose, feedback.events)
        return feedback


class Conversation(Talk):
    """What is said on the socket of somebody who works out."""

    def __init__(
        self,
        socket: WebSocket,
        store: Store,
        thread: Executor,
        turns: Turns,
        limits: Limits,
        classifier: Classifier | None = None,
    ) -> None:
        super().__init__(socket, limits, REQUEST)
        self._classifier = classifier
        self._store = store
        self._thread = thread
        self._turns = turns
        self._going: Going | None = None
        self._newest: tuple[str | PoseGiven, float] | None = None
        self._came = asyncio.Event()
        self._skipped = 0
        self._shown: tuple[float, str, dict[str, float]] = (-math.inf, "", {})
        self._ghost: tuple[Correction, asyncio.Future[Points | None]] | None = None
        self._as_told: dict[type[BaseModel], tuple[object, BaseModel]] = {}
        self._judging = asyncio.create_task(self._judge())

    async def _ended(self) -> None:
        self._judging.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._judging
        await self._end()

    def _later(self, text: str) -> bool:
        return self._going is not None and text.startswith(_POSE) and self._take(text)

    async def _asked(self, said: Start | PoseGiven | Stop | Ping) -> bool:
        if isinstance(said, PoseGiven) and self._going:
            return self._take(said)
        if isinstance(said, Start):
            await self._start(said)
        elif isinstance(said, Stop) and self._going:
            await self._stop()
        else:
            return await self._mistake(_NOBODY.message, "order", _NOBODY.hint)
        return True

    def _take(self, pose: str | PoseGiven) -> bool:
        """Let a pose wait in the place of the one that waits; it is read when its turn comes, if it does."""
        self._skipped += self._newest is not None
        self._newest = pose, time.monotonic()
        self._came.set()
        return True

    async def _start(self, start: Start) -> None:
        await self._end()
        self._skipped = 0
        try:
            self._going = going = await asyncio.get_running_loop().run_in_executor(self._thread, self._begun, start)
        except PoiseError as problem:
            self._mistakes += 1
            return await self._say(Error(code="name", message=problem.message, hint=problem.hint))
        exercise, classifier = going.session.coach.exercise, self._classifier
        going.beside = Beside(classifier) if classifier else None
        return await self._say(
            Ready(
                session=going.keeping.id,
                resumed=going.resumed,
                exercise=start.exercise,
                title=exercise.title if exercise else "",
                kind=exercise.kind if exercise else "reps",
                setup=exercise.setup if exercise else "",
                notes=tuple(going.session.coach.body.notes([exercise] if exercise else [])),
                skeleton=_SKELETON,
                classifier=classifier.about.title if classifier else "",
            )
        )

    def _begun(self, start: Start) -> Going:
        """In the thread that writes: the coach made, and the session begun or gone on with."""
        known = (AUTO, ANY, *exercises(), *own_exercises())
        if start.exercise not in known:
            raise UnknownName("exercise", start.exercise, known)
        profile = self._store.find_profile(start.profile)
        if profile is None:
            raise InputError("There is no such profile.", "Choose one of /api/profiles.")
        session = Session(Coach(start.exercise, body=start.body or profile.body))
        size = (start.width, start.height)
        if start.mode == "setup":
            return Going(start, session, Unkept(self._store, self._thread, ""), size)
        if start.resume is None:
            kept = self._store.begin(profile.id, start.exercise)
            return Going(start, session, Keeping(self._store, self._thread, kept), size)
        return self._resumed(start, session, profile.id, size)

    def _resumed(self, start: Start, session: Session, profile: str, size: tuple[int, int]) -> Going:
        assert start.resume is not None
        before = self._store.session(start.resume)
        mine = before is not None and (before.profile, before.asked) == (profile, start.exercise)
        if before is None or not mine or before.duration_s > RESUME_S or not self._store.reopen(start.resume):
            raise InputError("That session cannot be gone on with.", "Send a start without resume.")
        keeping = Keeping(self._store, self._thread, start.resume)
        going = Going(start, session, keeping, size, resumed=True)
        for pose in self._store.poses(start.resume) or ():
            keeping.events += session.on_pose(pose).events
            keeping.seen = keeping.seen or pose.seen
            going.t = pose.t
            going.began = pose.t if going.began is None else going.began
        keeping.told = len(keeping.events)
        return going

    async def _stop(self) -> None:
        going = self._going
        assert going is not None
        with contextlib.suppress(ValidationError):
            if self._newest:
                going.judge(_read(self._newest[0]))
        going.keeping.events += going.session.coach.finish()
        await self._end()
        events = going.keeping.events
        await self._say(
            Summary(
                session=going.keeping.id if going.keeping.seen else "",
                duration_s=going.t - going.began if going.began is not None else 0.0,
                sets=tuple(Set.of(one) for one in sets_of(events)),
                reps=tuple(Rep.model_validate(event) for event in events if isinstance(event, RepEvent)),
                holds=tuple(Hold.model_validate(event) for event in events if not isinstance(event, RepEvent)),
            )
        )

    async def _end(self) -> None:
        going, self._going, self._newest = self._going, None, None
        if going:
            await going.keeping.end()

    async def _judge(self) -> None:
        """Judge the newest pose, again and again, when it is this conversation's turn."""
        least, last = 1.0 / self._limits.poses_s, -math.inf
        while True:
            await self._came.wait()
            if (early := last + least - time.monotonic()) > 0:
                await asyncio.sleep(early)
            await self._turns.take()
            self._came.clear()
            if self._newest is None or self._going is None:
                continue
            (pose, came), self._newest = self._newest, None
            last = time.monotonic()
            try:
                given = _read(pose)
                feedback = self._going.judge(given)
            except ValidationError as wrong:
                await self._mistake(what_is_wrong(wrong))
                continue
            except Exception:  # a bug of ours: said, logged, and the session goes on with the next pose
                _log.exception("a pose could not be judged")
                await self._say(Error(code="fault", message="That pose could not be judged.", hint=""))
                continue
            if feedback is not None:
                await self._say(self._told(feedback, given, came))

    def _told(self, feedback: Feedback, given: PoseGiven, came: float) -> FeedbackTold:
        assert self._going
        exercise = self._going.session.coach.exercise
        return FeedbackTold.model_validate(
            {
                "t": given.t,
                "exercise": feedback.exercise,
                "title": exercise.title if exercise else "",
                "phase": feedback.phase,
                "progress": feedback.progress,
                "counts": self._same(Counts, feedback.counts),
                "measured": self._measured(feedback),
                "view": self._same(View, feedback.view),
                "advice": feedback.advice,
                "events": [_event(event) for event in feedback.events],
                "cue": _cue(feedback.cue),
                "corrected": self._corrected(feedback.corrected),
                "classified": self._going.classified,
                "skipped": self._skipped,
                "server_ms": round(1e3 * (time.monotonic() - came), 3),
            }
        )

    def _same(self, kind: type[BaseModel], said: object) -> BaseModel:
        """Part of a feedback as it is told, made anew only when the coach's is a new one, which is seldom."""
        of, told = self._as_told.get(kind, (None, None))
        if told is None or of is not said:
            self._as_told[kind] = said, (told := kind.model_validate(said))
        return told

    def _measured(self, feedback: Feedback) -> dict[str, float]:
        at, name, values = self._shown
        if name != feedback.exercise or not 0 <= feedback.t - at < SHOWN_S:
            values = dict(feedback.measured)
            self._shown = feedback.t, feedback.exercise, values
        return values

    def _corrected(self, correction: Correction | None) -> Points | None:
        """The corrected pose, once it has been worked out: beside, for that takes longer than a pose may."""
        if correction is None:
            return None
        if self._ghost is None or self._ghost[0] is not correction:
            working = asyncio.get_running_loop().run_in_executor(self._thread, _ghost, correction)
            self._ghost = correction, working
        working = self._ghost[1]
        return working.result() if working.done() and working.exception() is None else None


def _ghost(correction: Correction) -> Points | None:
    """In the thread: where every keypoint would be; None where there is no corrected pose."""
    if correction.pose is None:
        return None
    points = correction.pose.points.round(1).tolist()
    return [(x, y) if math.isfinite(x) and math.isfinite(y) else None for x, y in points]


def _read(pose: str | PoseGiven) -> PoseGiven:
    return PoseGiven.model_validate_json(pose) if isinstance(pose, str) else pose


def _event(event: Event) -> RepDone | HoldDone:
    return (RepDone if isinstance(event, RepEvent) else HoldDone).model_validate(event)


def _cue(cue: Cue | None) -> CueTold | None:
    if cue is None:
        return None
    return CueTold(
        t=cue.t, kind=cue.kind, name=cue.name, text=cue.text, exercise=cue.exercise, keypoints=cue.fault.keypoints
    )


def _report_part(event: Event) -> Rep | Hold:
    return (Rep if isinstance(event, RepEvent) else Hold).model_validate(event)


_UNSEEN = (math.nan, math.nan, 0.0)
_NOWHERE = (math.nan, math.nan, math.nan)


def pose_of(given: PoseGiven, t: float, size: tuple[int, int]) -> Pose:
    """The pose a page has seen, at time ``t``, in a picture of ``size``."""
    if given.keypoints is None:
        return Pose.missing(BLAZEPOSE33, t, size)
    seen = _array(given.keypoints, _UNSEEN)
    world = None if given.world is None else _array(given.world, _NOWHERE)
    return Pose(BLAZEPOSE33, t, seen[:, :2], seen[:, 2], world, size)


def _array(points: list[Triple | None], unseen: Triple) -> Array:
    """Rows of three; numpy reads one flat run of numbers in half the time of a list of lists."""
    rows = [point or unseen for point in points]
    return np.fromiter(chain.from_iterable(rows), float, 3 * len(rows)).reshape(-1, 3)
