"""Watching a camera within a budget, saying what there is to say, and keeping little."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from poise.coach import Feedback, Rep, exercises, load_exercise
from poise.coach.events import Event
from poise.coach.workout import sets_of
from poise.errors import ResultsUnwritable
from poise.language import words
from poise.session import Session
from poise.vision.camera import Camera
from poise.vision.frame import Frame

#: How much of a new cost is believed at once: a second or so of pictures until it is known.
_NEWS = 0.1
#: Seconds between two lines of the journal at the least: cards wear out by being written.
JOURNAL_S = 300.0
#: Seconds between two sayings without news, for screens.
_SHOW_S = 0.5


class Budget:
    """How long to wait from one picture to the next, so that work takes no more than its share of the time.

    Args:
        rate: pictures a second at most.
        share: of the time that may be spent on them, 0 to 1.

    """

    def __init__(self, rate: float, share: float) -> None:
        self._least, self._share = 1.0 / rate, share
        self._cost = 0.0

    def spent(self, seconds: float) -> float:
        """Seconds from this picture to the next, after this one took so many."""
        self._cost = seconds if not self._cost else self._cost + _NEWS * (seconds - self._cost)
        return max(self._least, self._cost / self._share)


@dataclass(frozen=True)
class Saying:
    """What is so now, and what is new: ``text`` is to be said, when there is something to be said.

    ``exercise`` is its title, "" without one; ``count`` full repetitions, ``held_s`` seconds held; ``kind`` says
    what the text is: a repetition that counts or not, a hold, something to mend, praise, or advice on the set-up.
    """

    t: float
    exercise: str
    count: int
    held_s: float
    kind: str = ""
    text: str = ""


class Sayings:
    """Turns feedback into sayings: of what is new one, and now and then one of what is."""

    def __init__(self) -> None:
        self._shown = -_SHOW_S
        self._advised: tuple[str, ...] = ()

    def of(self, feedback: Feedback) -> list[Saying]:
        """What is to be shown or said now, the most urgent last."""
        name = feedback.exercise
        title = load_exercise(name).title if name in exercises() else ""
        counts = feedback.counts

        def saying(kind: str = "", text: str = "") -> Saying:
            return Saying(round(feedback.t, 3), title, counts.full, round(counts.held_s, 1), kind, text)

        new = [saying(*_event(event, counts.full)) for event in feedback.events]
        advised = tuple(advice.name for advice in feedback.advice)
        if advised != self._advised and feedback.advice:
            new.append(saying("advice", feedback.advice[0].text))
        self._advised = advised
        if feedback.cue:
            new.append(saying(feedback.cue.kind, feedback.cue.text))
        if not new and feedback.t - self._shown < _SHOW_S:
            return []
        self._shown = feedback.t
        return new or [saying()]


def _event(event: Event, count: int) -> tuple[str, str]:
    if not isinstance(event, Rep):
        return "hold", words("{seconds} seconds", seconds=f"{event.held_s:.0f}")
    return ("rep", str(count)) if event.kind == "full" else (event.kind, "")


class Journal:
    """What was done, a line of JSON for each set; written seldom, only ever added to, and flushed when it is."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._events: list[Event] = []
        self._last = clock()

    def add(self, events: Sequence[Event]) -> None:
        """Take in what was completed; it is written once that is due and nothing was done for a while."""
        now = self._clock()
        self._events += events
        if events:
            self._last = now
        elif self._events and now - self._last >= JOURNAL_S:
            self.close()

    def close(self) -> None:
        """Write what is not written yet.

        Raises:
            ResultsUnwritable: when it cannot be written.

        """
        if not self._events:
            return
        at = datetime.now().isoformat(timespec="seconds")
        lines = [
            {
                "written": at,
                "exercise": one.exercise,
                "seconds": round(one.end - one.start, 1),
                **asdict(one.counts),
            }
            for one in sets_of(self._events)
        ]
        self._events = []
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(line) + "\n" for line in lines))
        except OSError as error:
            raise ResultsUnwritable(
                f"The journal {self._path} cannot be written ({error.strerror}).",
                "Free some space, or set POISE_DATA to a folder that can be written.",
            ) from error


def watch(
    frames: Camera | Iterable[Frame],
    session: Session,
    budget: Budget,
    tell: Callable[[Saying], None],
    journal: Journal | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Coach what the camera sees until it ends or one is told to stop; how many pictures that took.

    Films are paced by their own clock.

    Raises:
        CameraUnavailable: when the camera is lost.
        ResultsUnwritable: when the journal cannot be written.

    """
    sayings, due, pictures = Sayings(), 0.0, 0
    _notify("READY=1")
    try:
        for frame in frames:
            if stop():
                break
            if frame.t < due and not isinstance(frames, Camera):
                continue
            began, pictures = time.perf_counter(), pictures + 1
            feedback = session.on_frame(frame)
            for saying in sayings.of(feedback):
                tell(saying)
            if journal:
                journal.add(feedback.events)
            _notify("WATCHDOG=1")
            pace = budget.spent(time.perf_counter() - began)
            if isinstance(frames, Camera):
                frames.pace = pace
            due = frame.t + pace - 1e-6
        if journal:
            journal.add(session.coach.finish())
    except KeyboardInterrupt:  # how it is ended
        pass
    finally:
        if journal:
            journal.close()
    return pictures


def _notify(state: str) -> None:
    """Tell systemd, where it started this and wants to know (sd_notify(3)): a watchdog restarts what is stuck."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.connect("\0" + address[1:] if address.startswith("@") else address)
        to.send(state.encode())
