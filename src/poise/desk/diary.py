"""The diary: minutes sat well, badly, away and unseen, and what was said; no pictures and no keypoints.

A file to which only lines of JSON are added, some minutes each, so that a crash loses no more than those; a line
that is torn is left out. Whoever keeps it elsewhere needs `append` and `entries`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from poise.coach.desk import BreakTaken, DeskFeedback, Nudge
from poise.errors import ResultsUnwritable

Key = TypeVar("Key")

#: Seconds that a line of the diary holds at most.
LINE_S = 300.0


@dataclass(frozen=True)
class Entry:
    """What was so from ``start`` on, local time: seconds of each and of each signature, and what was said."""

    start: datetime
    good_s: float = 0.0
    bad_s: float = 0.0
    away_s: float = 0.0
    unseen_s: float = 0.0
    signatures: Mapping[str, float] = field(default_factory=dict)
    nudges: Mapping[str, int] = field(default_factory=dict)
    breaks: int = 0
    reps: int = 0
    profile: str = ""

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.good_s + self.bad_s + self.away_s + self.unseen_s


_ENTRY = TypeAdapter(Entry)
_ENTRIES = TypeAdapter(list[Entry])


class Diary:
    """The diary in a file; nothing is written before something is appended."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Entry) -> None:
        """Add an entry.

        Raises:
            ResultsUnwritable: when it cannot be written.

        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(_ENTRY.dump_json(entry) + b"\n")
        except OSError as error:
            raise ResultsUnwritable(
                f"The diary {self.path} cannot be written ({error.strerror}).",
                "Free some space, or set POISE_DATA to a folder that can be written.",
            ) from error

    def entries(self, since: date | None = None) -> Iterator[Entry]:
        """Every entry that can be read, from a day on."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            for line in file:
                try:
                    entry = _ENTRY.validate_json(line)
                except ValidationError:
                    continue
                if since is None or entry.start.date() >= since:
                    yield entry

    def remove(self, profile: str = "") -> int:
        """Delete the entries of whose profile begins so (all of them: ""), and what cannot be read; how many.

        Raises:
            ResultsUnwritable: when it cannot be written.

        """
        if not self.path.is_file():
            return 0
        every = list(self.entries())
        kept = [entry for entry in every if not entry.profile.startswith(profile)]
        part = self.path.with_suffix(".part")
        try:
            part.write_bytes(b"".join(_ENTRY.dump_json(entry) + b"\n" for entry in kept))
            part.replace(self.path)
        except OSError as error:
            raise ResultsUnwritable(
                f"The diary {self.path} cannot be written ({error.strerror}).",
                "Free some space, or set POISE_DATA to a folder that can be written.",
            ) from error
        return len(every) - len(kept)


class Tally:
    """Adds up what the desk coach says, and gives entries to the diary."""

    def __init__(self, diary: Diary, profile: str = "") -> None:
        self._diary, self._profile = diary, profile
        self._start: datetime | None = None
        self._last_t = 0.0
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._signatures: defaultdict[str, float] = defaultdict(float)
        self._nudges: Counter[str] = Counter()
        self._breaks = self._reps = 0

    def add(self, feedback: DeskFeedback, now: datetime) -> None:
        """Count what was so since the last feedback; ``now`` is local time."""
        if self._start is None:
            self._start, self._last_t = now, feedback.t
        elif now.date() != self._start.date() or sum(self._seconds.values()) >= LINE_S:
            self.close()
            self._start = now
        dt, self._last_t = min(max(feedback.t - self._last_t, 0.0), 5.0), feedback.t
        if feedback.presence in ("away", "standing"):
            self._seconds["away"] += dt
        elif feedback.presence in ("unclear", "other", "moved"):
            self._seconds["unseen"] += dt
        else:
            self._seconds["bad" if feedback.bad else "good"] += dt
            for sign in (*feedback.signs, *([feedback.opinion] if feedback.opinion else [])):
                if sign.state == "bad":
                    self._signatures[sign.name] += dt
        for event in feedback.events:
            if isinstance(event, Nudge):
                self._nudges[event.signature] += 1
            elif isinstance(event, BreakTaken):
                self._breaks += 1
                self._reps += event.reps

    def close(self) -> None:
        """Write what has been added up."""
        if self._start is None or not (self._seconds or self._nudges or self._breaks):
            return
        s = {name: round(self._seconds[name], 1) for name in ("good", "bad", "away", "unseen")}
        self._diary.append(
            Entry(
                self._start,
                s["good"],
                s["bad"],
                s["away"],
                s["unseen"],
                {name: round(seconds, 1) for name, seconds in self._signatures.items()},
                dict(self._nudges),
                self._breaks,
                self._reps,
                self._profile,
            )
        )
        self._seconds.clear()
        self._signatures.clear()
        self._nudges.clear()
        self._breaks = self._reps = 0


def by_hour(entries: Iterable[Entry]) -> dict[int, Entry]:
    """The entries of one day added up for each hour of it that has any."""
    return _added(entries, lambda start: start.hour)


def by_day(entries: Iterable[Entry], until: date, days: int) -> dict[date, Entry]:
    """The entries added up for each of the last ``days`` days up to ``until``; empty ones for days without any."""
    found = _added(entries, datetime.date)
    wanted = [until - timedelta(days=back) for back in reversed(range(days))]
    return {day: found.get(day) or Entry(datetime.combine(day, datetime.min.time())) for day in wanted}


def _added(entries: Iterable[Entry], key: Callable[[datetime], Key]) -> dict[Key, Entry]:
    out: dict[Key, Entry] = {}
    for entry in entries:
        at = key(entry.start)
        out[at] = _sum(out[at], entry) if at in out else entry
    return out


def _sum(a: Entry, b: Entry) -> Entry:
    return Entry(
        min(a.start, b.start),
        a.good_s + b.good_s,
        a.bad_s + b.bad_s,
        a.away_s + b.away_s,
        a.unseen_s + b.unseen_s,
        {n: a.signatures.get(n, 0.0) + b.signatures.get(n, 0.0) for n in {**a.signatures, **b.signatures}},
        dict(Counter(a.nudges) + Counter(b.nudges)),
        a.breaks + b.breaks,
        a.reps + b.reps,
        a.profile if a.profile == b.profile else "",
    )


def json_text(entries: Iterable[Entry]) -> str:
    """The entries as a JSON list."""
    return _ENTRIES.dump_json(list(entries), indent=1).decode()


def csv_text(entries: Iterable[Entry]) -> str:
    """The entries as a table, one line each; signatures and nudges as columns."""
    rows = list(entries)
    names = sorted({name for row in rows for name in (*row.signatures, *row.nudges)})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    plain = ["good_s", "bad_s", "away_s", "unseen_s", "breaks", "reps", "profile"]
    writer.writerow(["start", *plain, *(f"{n}_s" for n in names), *(f"{n}_nudges" for n in names)])
    for row in rows:
        values = asdict(row)
        writer.writerow(
            [
                row.start.isoformat(timespec="seconds"),
                *(values[name] for name in plain),
                *(row.signatures.get(n, 0.0) for n in names),
                *(row.nudges.get(n, 0) for n in names),
            ]
        )
    return out.getvalue()
