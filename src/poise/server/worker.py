"""A worker: takes films from the queue, has each analysed in a process of its own, and keeps what came of it.

::

    queue ─ id ─► claim ─► child process: analyse ─► results published ─► complete (session and state at once)
                    └── beats while it works; recovers what dead workers left, and what the queue forgot

``python -m poise.server.worker SETTINGS`` is one; `poise serve` starts as many as it was told to.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from poise.body.formats import read_recording
from poise.coach import WHOLE
from poise.errors import PoiseError
from poise.language import words
from poise.report.schema import Report
from poise.report.verdict import headline, score, tips
from poise.server.analyse import Task
from poise.server.queue import Queue
from poise.server.settings import Settings
from poise.store import open_store
from poise.store.records import Job
from poise.store.store import Store

#: Seconds between signs of life, and between looks for what was left behind.
BEAT_S, LOOK_S = 1.0, 3.0

_log = logging.getLogger("poise.worker")
_GONE = words("The film is not here any more.")
_BROKE = words("The analysis broke off.")
_LOOK = words("The server's log says more.")


class Worker:
    """Analyses the films of a store, one after the other."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid4().hex[:8]}"
        self._settings = settings
        self._store = store
        self._stop = threading.Event()
        self.queue = Queue(settings.queue, settings.data, self.work)

    def run(self) -> None:
        """Work until it is told to stop; what it is at then waits for another."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self._stop.set())
        consumer = self.queue.huey.create_consumer(workers=1, periodic=False, max_delay=1.0, shutdown_timeout=5)
        consumer._set_signal_handlers = lambda: None
        consumer.start()
        while not self._stop.wait(LOOK_S):
            self.look()
        consumer.stop(graceful=True)

    def look(self) -> None:
        """Recover what dead workers left behind, let wait what the queue forgot, and tidy up."""
        try:
            self.queue.put_missing(self._store.jobs.recover())
            self._store.films.remove(*self._store.jobs.remove_unsent())
        except Exception:  # the database may be away for a while
            _log.exception("looking after the jobs failed")

    def work(self, job_id: str) -> None:
        """Analyse one film, if nobody else does or did."""
        job = None if self._stop.is_set() else self._store.jobs.claim(job_id, self.name)
        if job is None:
            return
        try:
            self._analyse(job)
        except PoiseError as problem:
            self._store.jobs.fail(job.id, self.name, problem.message, problem.hint)
        except Exception:
            _log.exception("the analysis of %s went wrong", job.id)
            self._store.jobs.fail(job.id, self.name, _BROKE, _LOOK)

    def _analyse(self, job: Job) -> None:
        films = self._store.films
        results = films.results(job.id)
        if not (results / "report.json").is_file():  # else it was done already, and only not written down
            try:
                film = films.film(job.id, job.name)
            except OSError:
                self._store.jobs.fail(job.id, self.name, _GONE, "Send it again.")
                return
            draft = films.draft(job.id, job.attempt)
            ended = self._in_a_child(job, film, draft)
            if ended is None or not self._store.jobs.beat(job.id, self.name):
                return
            if problem := ended.get("problem"):
                self._store.jobs.fail(job.id, self.name, problem["message"], problem["hint"])
                return
            films.publish(job.id, job.attempt)
        report = Report.model_validate_json((results / "report.json").read_bytes())
        poses = read_recording(results / "keypoints.npz")
        reached = score(report)
        verdict = {
            "headline": headline(report),
            "score": reached,
            "passed": None if reached is None else reached >= job.difficulty,
            "tips": tips(report),
        }
        if self._store.jobs.complete(job.id, self.name, poses, report, verdict):
            films.forget_film(job.id)

    def _body(self, job: Job) -> str:
        profile = self._store.find_profile(job.profile)
        return profile.body if profile else WHOLE

    def _in_a_child(self, job: Job, film: Path, draft: Path) -> Mapping[str, Any] | None:
        """How the analysis ended; None when it was cut off, and may be tried again, or is wanted no more."""
        limits = self._settings.limits
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "poise.server.analyse"],
            cwd=film.parent,  # so that what it says names the film alone, and not where it lies here
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # an interrupt from the keyboard is for the server, which then tells us
        )
        assert child.stdin
        assert child.stdout
        said: queue.Queue[dict[str, Any]] = queue.Queue()
        listener = threading.Thread(target=_listen, args=(child.stdout, said))
        listener.start()
        until = time.monotonic() + limits.work_s
        stage, progress = words("Starting"), None
        ended: dict[str, Any] | None = None
        try:
            task = Task.of(
                film.name, draft, job.exercise, self._body(job), job.person, self._settings.network, limits
            )
            child.stdin.write(task.line())
            child.stdin.flush()
            while child.poll() is None or not said.empty():
                beat_at = time.monotonic() + BEAT_S
                while (left := beat_at - time.monotonic()) > 0 and (child.poll() is None or not said.empty()):
                    try:
                        line = said.get(timeout=min(left, 0.2))
                    except queue.Empty:
                        continue
                    if "stage" in line:
                        stage, progress = line["stage"], line["progress"]
                    else:
                        ended = line
                if not self._store.jobs.beat(job.id, self.name, stage, progress):
                    return None
                if self._stop.is_set():
                    self._store.jobs.release(job.id, self.name)
                    return None
                if time.monotonic() > until:
                    return {
                        "problem": {
                            "message": f"The analysis took longer than {limits.work_s:.0f} s.",
                            "hint": "Send a shorter or smaller film.",
                        }
                    }
        except BrokenPipeError:
            pass
        finally:
            child.kill()
            child.wait()
            listener.join()
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            child.stdout.close()
        if ended is None:
            self._cut_off(job, child.returncode)
        return ended

    def _cut_off(self, job: Job, code: int) -> None:
        """The child died without a word: killed from outside, or by what is in the film."""
        _log.warning("the analysis of %s was cut off (%s), attempt %s", job.id, code, job.attempt)
        if code > 0:
            self._store.jobs.fail(job.id, self.name, _BROKE, _LOOK)
        else:
            self.queue.put_missing(self._store.jobs.recover(self.name))


def _listen(lines: Any, said: queue.Queue[dict[str, Any]]) -> None:
    for line in lines:
        try:
            said.put(json.loads(line))
        except ValueError:
            _log.warning("an analysis said: %s", line[:200])


def _follow_parent() -> None:
    """End when whoever started this process is gone: its standard input closes then."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Work as the settings on the command line say, for as long as whoever started this is there."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    work(Settings.parse(sys.argv[1]))


def work(settings: Settings) -> None:
    """Work until it is told to stop.

    Raises:
        StoreUnavailable: when the history or the queue cannot be opened.

    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    if not settings.network:
        from poise.server.offline import forbid_network

        forbid_network()
    with open_store(settings.database, settings.data) as store:
        worker = Worker(settings, store)
        worker.look()
        worker.run()


if __name__ == "__main__":
    main()
