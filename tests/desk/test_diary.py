from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from poise.coach.desk import BreakTaken, DeskFeedback, Nudge, Sign
from poise.desk.diary import Diary, Entry, Tally, by_day, by_hour, csv_text
from poise.errors import ResultsUnwritable

NOON = datetime(2026, 5, 4, 12, 0)
BAD = Sign("slump", "Slumped", "bad", 5.0, "cm", 3.0, 2.0, 1.0)


def feedback(t: float, presence: str = "sitting", bad: bool = False, *events: object) -> DeskFeedback:
    return DeskFeedback(t, presence, (BAD,) if bad else (), events=events)  # type: ignore[arg-type]


def test_minutes_are_added_up_by_what_was_so(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "new" / "diary.jsonl")
    tally = Tally(diary, "home")
    states = [("sitting", False)] * 61 + [("sitting", True)] * 30 + [("away", False)] * 20 + [("other", False)] * 10
    for t, (presence, bad) in enumerate(states):
        said = (Nudge(t, "slump", 1, 5.0, "cm", "..."),) if t == 80 else ()
        done = (BreakTaken(t, 60.0, "", "squat", 9),) if t == 100 else ()
        tally.add(feedback(t, presence, bad, *said, *done), NOON + timedelta(seconds=t))
    tally.close()
    tally.close()  # nothing is written twice
    (entry,) = diary.entries()
    assert entry == Entry(NOON, 60, 30, 20, 10, {"slump": 30}, {"slump": 1}, 1, 9, "home")
    assert entry.seconds == 120


def test_a_line_holds_five_minutes_and_never_two_days(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary.jsonl")
    tally = Tally(diary)
    late = datetime(2026, 5, 4, 23, 53)
    for t in range(0, 900):
        tally.add(feedback(t), late + timedelta(seconds=t))
    tally.close()
    entries = list(diary.entries())
    assert [e.start.day for e in entries] == [4, 4, 5, 5]
    assert max(e.seconds for e in entries) <= 301
    assert sum(e.seconds for e in entries) == 899
    assert len(list(diary.entries(since=date(2026, 5, 5)))) == 2


def test_time_that_nobody_looked_is_not_counted(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary.jsonl")
    tally = Tally(diary)
    for t in (0.0, 1.0, 3601.0):  # the machine slept for an hour
        tally.add(feedback(t), NOON + timedelta(seconds=t))
    tally.close()
    assert sum(e.seconds for e in diary.entries()) == 6.0


def test_a_torn_line_loses_only_itself(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary.jsonl")
    diary.append(Entry(NOON, good_s=1))
    with diary.path.open("ab") as file:
        file.write(b'{"start": "2026-05-04T12\n')
    diary.append(Entry(NOON, good_s=2))
    assert [e.good_s for e in diary.entries()] == [1, 2]
    assert not list(Diary(tmp_path / "none").entries())


def test_a_diary_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsUnwritable, match="cannot be written"):
        Diary(tmp_path / "file" / "diary.jsonl").append(Entry(NOON))


def test_hours_and_days_are_added_up() -> None:
    entries = [
        Entry(NOON, 10, 1, signatures={"slump": 1}, nudges={"slump": 1}),
        Entry(NOON + timedelta(minutes=5), 20, 2, signatures={"near": 2}, nudges={"slump": 1}, breaks=1, reps=8),
        Entry(NOON + timedelta(hours=1), 5),
        Entry(NOON - timedelta(days=2), 7),
    ]
    hours = by_hour(entries[:3])
    assert {hour: entry.good_s for hour, entry in hours.items()} == {12: 30, 13: 5}
    assert hours[12].signatures == {"slump": 1, "near": 2}
    assert (hours[12].nudges, hours[12].breaks, hours[12].reps) == ({"slump": 2}, 1, 8)
    days = by_day(entries, NOON.date(), 3)
    assert [entry.good_s for entry in days.values()] == [7, 0, 35]


def test_the_table_has_a_column_for_each_signature() -> None:
    text = csv_text([Entry(NOON, 10, 1, signatures={"slump": 1}, nudges={"near": 2}), Entry(NOON, 3)])
    head, first, second = text.splitlines()
    assert head == "start,good_s,bad_s,away_s,unseen_s,breaks,reps,profile,near_s,slump_s,near_nudges,slump_nudges"
    assert first == "2026-05-04T12:00:00,10,1,0.0,0.0,0,0,,0.0,1,2,0"
    assert second.startswith("2026-05-04T12:00:00,3,")
