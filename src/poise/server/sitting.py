"""The desk coach on a socket: keypoints of somebody who sits come in, what the desk coach says goes out.

::

    start ─► known before? ── no ─► Calibration ─► (Slouching) ─► Baseline, kept
                   └─ yes ─────────────────────────────────────────► Watch ─► diary
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel
from starlette.websockets import WebSocket

from poise.body import Pose
from poise.coach import load_exercise
from poise.coach.desk import (
    PRESENCES,
    Baseline,
    BreakDue,
    BreakTaken,
    Calibration,
    Desk,
    DeskEvent,
    DeskFeedback,
    DeskSettings,
    Disagreement,
    Nudge,
    Praise,
    Recalibrate,
    Slouching,
)
from poise.coach.desk.signatures import signatures_of
from poise.desk.diary import Diary, Tally
from poise.desk.opinion import SecondOpinion, open_opinion
from poise.desk.profiles import DIARY, load_profile, profiles, save_profile
from poise.desk.watch import Quiet, Watch
from poise.errors import InputError, PoiseError
from poise.server.desk_messages import (
    DESK_REQUEST,
    DeskCountsTold,
    DeskEnded,
    DeskEventTold,
    DeskReady,
    DeskStart,
    DeskTold,
    Exercising,
    LearningTold,
    SignTold,
    Snooze,
    Watched,
    Watching,
)
from poise.server.limits import Limits
from poise.server.live import STEP_S, pose_of
from poise.server.messages import Error, Ping, PoseGiven, Stop
from poise.server.talk import Talk
from poise.server.turns import Turns
from poise.store.store import Store

Result = TypeVar("Result")
_KINDS: dict[type[DeskEvent], str] = {
    Nudge: "nudge",
    Praise: "praise",
    BreakDue: "break_due",
    BreakTaken: "break_taken",
    Disagreement: "disagreement",
    Recalibrate: "recalibrate",
}


class Sitting(Talk):
    """What is said on the socket of somebody who sits.

    Args:
        socket: accepted already.
        store: who has a profile.
        folder: where baselines and the diary are kept.
        thread: what reads and writes.
        turns: whose it is to be looked at.
        limits: how much anybody may ask.

    """

    def __init__(
        self, socket: WebSocket, store: Store, folder: Path, thread: Executor, turns: Turns, limits: Limits
    ) -> None:
        super().__init__(socket, limits, DESK_REQUEST)
        self._store, self._folder, self._thread, self._turns = store, folder, thread, turns
        self._start: DeskStart | None = None
        self._name = ""
        self._learner: Calibration | Slouching | None = None
        self._watch: Watch | None = None
        self._opinion: SecondOpinion | None = None
        self._t = -1.0

    async def _asked(self, said: DeskStart | PoseGiven | Snooze | Stop | Ping) -> bool:
        if isinstance(said, DeskStart):
            await self._begin(said)
        elif self._start is None:
            return await self._mistake("Nobody has sat down.", "order", "Send a start first.")
        elif isinstance(said, PoseGiven):
            await self._turns.take()
            await self._look(said)
        elif isinstance(said, Snooze):
            if self._watch:
                self._watch.desk.snooze(60 * said.minutes)
        elif isinstance(said, Stop):
            await self._ended()
            await self._say(DeskEnded())
        return True

    async def _ended(self) -> None:
        watch, self._watch, self._learner, self._start = self._watch, None, None, None
        if watch:
            await self._aside(watch.close)

    async def _aside(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _begin(self, start: DeskStart) -> None:
        await self._ended()
        try:
            self._name, known, self._opinion = await self._aside(partial(self._known, start))
        except PoiseError as problem:
            self._mistakes += 1
            return await self._say(Error(code="name", message=problem.message, hint=problem.hint))
        self._start, self._t = start, -1.0
        await self._say(DeskReady())
        if known is None:
            self._learner = Calibration(start.distance)
            return None
        return await self._watch_from(start, known)

    def _known(self, start: DeskStart) -> tuple[str, Baseline | None, SecondOpinion | None]:
        """In the thread: under what name this baseline is kept, what it is, and whose second opinion is on."""
        profile = self._store.find_profile(start.profile)
        if profile is None:
            raise InputError("There is no such profile.", "Choose one of /api/profiles.")
        _settings(start), _quiet(start)
        name = f"{profile.id}.{start.place}"
        known = None if start.calibrate or name not in profiles(self._folder) else load_profile(self._folder, name)
        return name, known, open_opinion(self._folder)

    async def _watch_from(self, start: DeskStart, baseline: Baseline) -> None:
        tally = Tally(Diary(self._folder / DIARY), self._name)
        desk, quiet = Desk(baseline, _settings(start)), _quiet(start)
        self._learner, self._watch = None, Watch(desk, tally, quiet=quiet, opinion=self._opinion)
        watched = [
            Watched.model_validate(one) for one in signatures_of(baseline) if one.name not in start.leave_out
        ]
        await self._say(
            Watching(
                view=baseline.view,
                distance=baseline.distance,
                measured=baseline.measured,
                signatures=tuple(Watched.model_validate(one) for one in watched),
            )
        )

    async def _look(self, given: PoseGiven) -> None:
        assert self._start is not None
        if given.t < self._t + STEP_S:
            return
        self._t = given.t
        size = (given.width or self._start.width, given.height or self._start.height)
        pose = pose_of(given, given.t, size)
        with np.errstate(all="ignore"):  # bodies nobody has, too, may come: what cannot be reckoned is NaN
            if self._learner:
                await self._learn(self._start, pose, self._learner)
            elif self._watch:
                feedback = self._watch.update(pose, datetime.now())
                await self._say(_told(feedback, self._watch))

    async def _learn(self, start: DeskStart, pose: Pose, learner: Calibration | Slouching) -> None:
        what = "slouch" if isinstance(learner, Slouching) else "well"
        step = learner.update(pose)
        if not isinstance(step, Baseline):
            return await self._say(LearningTold(what=what, share=step.share, problem=step.problem))  # type: ignore[arg-type]
        if start.slouch and what == "well":
            self._learner = Slouching(step)
            return await self._say(LearningTold(what="slouch", share=0.0, problem=""))
        await self._aside(partial(save_profile, self._folder, self._name, step))
        return await self._watch_from(start, step)


def _settings(start: DeskStart) -> DeskSettings:
    return DeskSettings(
        every_s=60 * start.nudge_minutes, break_s=60 * start.break_minutes, leave_out=frozenset(start.leave_out)
    )


def _quiet(start: DeskStart) -> Quiet | None:
    return Quiet.of(start.quiet) if start.quiet else None


def _told(feedback: DeskFeedback, watch: Watch) -> BaseModel:
    counts = feedback.counts
    return DeskTold(
        t=feedback.t,
        presence=feedback.presence,
        words=PRESENCES[feedback.presence],
        signs=tuple(SignTold.model_validate(sign) for sign in feedback.signs),
        distance=feedback.distance,
        sat_s=feedback.sat_s,
        streak_s=feedback.streak_s,
        silent=feedback.silent,
        opinion=SignTold.model_validate(feedback.opinion) if feedback.opinion else None,
        counts=DeskCountsTold(
            nudges=dict(counts.nudges),
            praises=counts.praises,
            breaks_due=counts.breaks_due,
            breaks_taken=counts.breaks_taken,
            disagreements=counts.disagreements,
        ),
        events=tuple(_event(event) for event in feedback.events),
        exercise=_exercising(watch),
    )


def _event(event: DeskEvent) -> DeskEventTold:
    kind = _KINDS[type(event)]
    if isinstance(event, Nudge):
        return DeskEventTold(type=kind, text=event.text, level=event.level, signature=event.signature)  # type: ignore[arg-type]
    return DeskEventTold(type=kind, text=event.text)  # type: ignore[arg-type]


def _exercising(watch: Watch) -> Exercising | None:
    if watch.exercise is None:
        return None
    name, reps, left_s = watch.exercise
    return Exercising(exercise=name, title=load_exercise(name).title, reps=reps, left_s=left_s)
