"""Sessions as files that outlive poise: a table of repetitions, or everything as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict

from pydantic import BaseModel

from poise.report import REP_COLUMNS, rep_row
from poise.store.records import WholeSession


def to_csv(sessions: Iterable[WholeSession]) -> str:
    """A table: one row for each repetition, and for each hold, with its session and when that began (UTC)."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["session", "started_at", "source", *REP_COLUMNS, "held_s"])
    for session in sessions:
        lead = [session.id, session.started_at.isoformat(timespec="seconds"), session.source]
        rows.writerows([*lead, *rep_row(rep), None] for rep in session.reps)
        for hold in session.holds:
            faults = ";".join(fault.name for fault in hold.faults if fault.state == "fault")
            known = {"kind": "hold", "faults": faults} | {
                name: getattr(hold, name) for name in ("number", "exercise", "start", "end")
            }
            rows.writerow([*lead, *(known.get(name) for name in REP_COLUMNS), hold.held_s])
    return text.getvalue()


def to_json(sessions: Iterable[WholeSession]) -> str:
    """Everything but the keypoints, under ``sessions``; repetitions and holds as in ``report.json``."""

    def plain(value: object) -> object:
        return value.model_dump(mode="json") if isinstance(value, BaseModel) else value

    listed = []
    for session in sessions:
        fields = asdict(session)
        fields["started_at"] = session.started_at.isoformat()
        for name in ("sets", "reps", "holds"):
            fields[name] = [plain(one) for one in getattr(session, name)]
        listed.append(fields)
    return json.dumps({"kind": "poise history", "version": 1, "sessions": listed}, indent=1) + "\n"
