from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from poise.report import Report, reps_csv, write_report
from tests.report import made_up
from tests.report.test_schema import report_of


def write(folder: Path, film: str | None = None) -> Report:
    review = made_up.squats()
    return write_report(
        folder,
        review,
        made_up.film_of(review),
        made_up.exercise(),
        source=Path("squats.mp4"),
        timing=made_up.timing(review),
        notes=["The film is cut short."],
        shots=made_up.shots(review),
        film=film,
    )


def test_three_files_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "squats"
    report = write(folder, film="annotated.mp4")
    assert {file.name for file in folder.iterdir()} == {"report.html", "report.json", "reps.csv"}
    assert Report.model_validate_json((folder / "report.json").read_text(encoding="utf-8")) == report
    assert (folder / "reps.csv").read_text(encoding="utf-8") == reps_csv(report)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "8 squats, 5 of them without a fault" in html
    assert 'src="annotated.mp4"' in html
    assert report.notes[-1] == "The film is cut short."


def test_the_same_film_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "results")


def test_the_table_has_a_row_per_repetition() -> None:
    rows = list(csv.DictReader(io.StringIO(reps_csv(report_of(made_up.squats())))))
    assert [row["number"] for row in rows] == [str(n) for n in range(1, 11)]
    assert [row["kind"] for row in rows].count("full") == 8
    seventh = rows[6]
    assert (seventh["faults"], seventh["reasons"], seventh["unit"]) == ("depth;lean", "", "deg")
    assert float(seventh["turn"]) == pytest.approx(made_up.rep(7).turn)
    assert float(seventh["rom"]) == pytest.approx(78.7)
    assert rows[4]["reasons"] == "It turned at a third of the usual depth."
    assert (rows[9]["rom"], rows[9]["asymmetry"]) == ("", "")


def test_reasons_with_commas_stay_in_their_cell() -> None:
    review = made_up.squats()
    odd = replace(review.reps[0], reasons=('too short, "really"', "too fast"))
    (row,) = csv.DictReader(io.StringIO(reps_csv(report_of(replace(review, reps=(odd,))))))
    assert row["reasons"] == 'too short, "really";too fast'


def test_without_repetitions_the_table_is_its_head() -> None:
    assert reps_csv(report_of(made_up.plank())).count("\n") == 1
