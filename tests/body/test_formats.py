from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poise.body import BLAZEPOSE33, COCO17, SKELETONS, PoseSequence
from poise.body.formats import FORMATS, read_recording, replacing, write_recording
from poise.errors import UnknownName, UnreadableRecording

every_format = pytest.mark.parametrize("suffix", FORMATS)
same_folder = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

numbers = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def sequences(draw: st.DrawFn) -> PoseSequence:
    """Any sequence at all: any skeleton, none to a few instants, any numbers, any words about it."""
    skeleton = draw(st.sampled_from(list(SKELETONS.values())))
    t = sorted(draw(st.sets(st.floats(-1e6, 1e6), max_size=4)))
    shape = (len(t), len(skeleton))
    return PoseSequence(
        skeleton,
        np.array(t),
        draw(arrays(np.float64, (*shape, 2), elements=numbers)),
        draw(arrays(np.float64, shape, elements=st.floats(0, 1))),
        draw(st.none() | arrays(np.float64, (*shape, 3), elements=numbers)),
        draw(st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999))),
        draw(st.integers(0, 9)),
        draw(st.dictionaries(st.text(), st.text(), max_size=3)),
    )


def walk(instants: int = 20, world: bool = True) -> PoseSequence:
    """Somebody drifting to the right at 30 pictures a second, one wrist never seen."""
    rng = np.random.default_rng(5)
    points = rng.normal(300, 80, (instants, 33, 2)) + np.arange(instants)[:, None, None]
    score = rng.random((instants, 33))
    wrist = BLAZEPOSE33.index("left_wrist")
    points[:, wrist], score[:, wrist] = np.nan, 0
    metres = rng.normal(0, 0.4, (instants, 33, 3)) if world else None
    meta = {"source": 'film "a", b.mp4', "model": "sha256:" + "0" * 64, "é": "→\n"}
    return PoseSequence(BLAZEPOSE33, np.arange(instants) / 30, points, score, metres, (1920, 1080), 1, meta)


def assert_same(a: PoseSequence, b: PoseSequence) -> None:
    for this, that in ((a.t, b.t), (a.points, b.points), (a.score, b.score), (a.world, b.world)):
        if this is None or that is None:
            assert this is that
        else:
            np.testing.assert_array_equal(this, that)
            np.testing.assert_array_equal(np.signbit(this), np.signbit(np.where(np.isnan(that), this, that)))
    assert a.skeleton is b.skeleton
    assert (a.size, a.person, dict(a.meta)) == (b.size, b.person, dict(b.meta))


def why(path: Path) -> str:
    """What a reader says about a file it cannot read."""
    with pytest.raises(UnreadableRecording) as caught:
        read_recording(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value.message


@every_format
@same_folder
@given(sequence=sequences())
def test_what_is_written_is_read_number_for_number(tmp_path: Path, suffix: str, sequence: PoseSequence) -> None:
    path = tmp_path / f"recording{suffix}"
    write_recording(path, sequence)
    assert_same(read_recording(path), sequence)


@every_format
def test_the_suffix_may_be_in_capitals_and_the_path_a_string(tmp_path: Path, suffix: str) -> None:
    path = str(tmp_path / f"RECORDING{suffix.upper()}")
    write_recording(path, walk())
    assert_same(read_recording(path), walk())


def test_an_unknown_suffix_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    known = r"'.pickle'.*Known: .csv, .json, .npz, .parquet"
    with pytest.raises(UnknownName, match=known):
        read_recording(tmp_path / "recording.pickle")
    with pytest.raises(UnknownName, match=known):
        write_recording(tmp_path / "recording.pickle", walk())


@every_format
def test_a_file_that_is_missing_or_a_folder_is_said_to_be(tmp_path: Path, suffix: str) -> None:
    assert "No such file" in why(tmp_path / f"nowhere{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    assert "Is a directory" in why(tmp_path / f"folder{suffix}")


@every_format
@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a note\n", b"\xff\xfe\x00", b"PAR1", b"PK\x03\x04", b"# {}\n", b"#" + b"[" * 9999]
)
def test_a_file_of_something_else_is_refused_in_words(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"recording{suffix}"
    path.write_bytes(content)
    assert "cannot be read as a recording" in why(path)


@every_format
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"recording{suffix}"
    write_recording(path, walk(3, world=False))
    whole = path.read_bytes()
    for length in {*range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1, len(whole) - 2}:
        path.write_bytes(whole[:length])
        why(path)
    path.write_bytes(whole[:-1])
    assert "cut short" in why(path)


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_single_wrong_byte_is_noticed(tmp_path: Path, suffix: str) -> None:
    """Text has no checksum, the other two have; a byte that matters to nobody may change (zip has some)."""
    path = tmp_path / f"recording{suffix}"
    write_recording(path, walk(3, world=False))
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            got = read_recording(path)
        except UnreadableRecording:
            continue
        assert suffix == ".npz"
        assert_same(got, walk(3, world=False))


@every_format
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "shopping list"}, "does not say that it is a recording"),
        ({"version": 2}, "version 2, and this poise reads version 1"),
        ({"skeleton": "centaur6"}, "skeleton is 'centaur6', and this poise knows blazepose33, body25, coco17"),
        ({"skeleton": ["nose"]}, "this poise knows blazepose33, body25, coco17"),
        ({"skeleton": "coco17"}, "coco17"),
        ({"instants": 21}, "it holds 20 instants of 21"),
        ({"instants": "20"}, "header is damaged"),
        ({"size": [1920]}, "header is damaged"),
        ({"size": [1920, -1]}, "header is damaged"),
        ({"person": True}, "header is damaged"),
        ({"meta": {"a": 1}}, "header is damaged"),
        ({"meta": None}, "header is damaged"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, change: dict[str, Any], complaint: str
) -> None:
    from poise.body.formats.layout import Header

    honest = Header.text
    monkeypatch.setattr(Header, "text", lambda header: json.dumps(json.loads(honest(header)) | change))
    path = tmp_path / f"recording{suffix}"
    write_recording(path, walk())
    assert complaint in why(path)


def test_an_archive_of_other_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recording.npz"
    np.savez(path, a=np.zeros(3))
    assert "no array called 'header'" in why(path)


def test_an_archive_that_holds_python_objects_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "recording.npz"
    np.savez(path, header=np.array([{"any": "object"}], dtype=object))
    assert "damaged" in why(path)


@pytest.mark.parametrize(
    ("name", "wrong", "complaint"),
    [
        ("t", np.zeros(20), "strictly increasing"),
        ("t", np.float64(1.0), "one axis"),
        ("points", np.zeros((20, 17, 2)), "must have shape"),
        ("score", np.zeros((20, 33), np.float32), "64-bit"),
        ("world", np.zeros((20, 33, 2)), "must have shape"),
    ],
)
def test_an_archive_whose_arrays_do_not_fit_is_refused(
    tmp_path: Path, name: str, wrong: Any, complaint: str
) -> None:
    path = tmp_path / "recording.npz"
    write_recording(path, walk())
    with np.load(path) as archive:
        held = dict(archive)
    np.savez(path, **(held | {name: wrong}))
    assert complaint in why(path)


def test_an_archive_is_compressed_and_holds_no_pickle(tmp_path: Path) -> None:
    path = tmp_path / "recording.npz"
    write_recording(path, walk())
    with zipfile.ZipFile(path) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    with np.load(path, allow_pickle=False) as archive:
        assert set(archive.files) == {"header", "t", "points", "score", "world"}


def foreign_table(path: Path) -> None:
    from arro3.core import Array, Table
    from arro3.io import write_parquet

    write_parquet(Table.from_arrays([Array.from_numpy(np.arange(3.0))], names=["t"]), str(path))


def test_a_table_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recording.parquet"
    foreign_table(path)
    assert "was not written by poise, or another program rewrote it" in why(path)


def test_a_table_is_an_ordinary_one_with_a_row_per_instant(tmp_path: Path) -> None:
    from arro3.io import read_parquet

    path = tmp_path / "recording.parquet"
    write_recording(path, walk())
    table = read_parquet(str(path)).read_all()
    assert table.num_rows == 20
    assert table.column_names[:7] == ["t", *(f"nose_{axis}" for axis in ("x", "y", "score", "wx", "wy", "wz"))]
    assert table.num_columns == 1 + 33 * 6
    assert {str(field) for field in (table.schema.field(i).type for i in range(199))} == {
        str(table.schema.field("t").type)
    }
    np.testing.assert_array_equal(table.column("left_knee_y").to_numpy(), walk().at("left_knee")[:, 1])
    assert json.loads(table.schema.metadata_str["poise"])["skeleton"] == "blazepose33"


def test_text_has_a_row_per_instant_and_blanks_for_what_was_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "recording.csv"
    write_recording(path, walk(2, world=False))
    about, names, *rows = path.read_text().splitlines()
    assert json.loads(about.removeprefix("# "))["size"] == [1920, 1080]
    assert names.split(",")[:4] == ["t", "nose_x", "nose_y", "nose_score"]
    assert len(rows) == 2
    first = dict(zip(names.split(","), rows[0].split(","), strict=True))
    assert (first["t"], first["left_wrist_x"], first["left_wrist_score"]) == ("0.0", "", "0.0")


def edited(path: Path, old: str, new: str) -> str:
    write_recording(path, walk(2, world=False))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return why(path)


def test_text_that_was_edited_badly_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "recording.csv"
    assert "lacks columns of blazepose33: nose_x" in edited(path, "nose_x", "nase_x")
    assert "two columns of one name" in edited(path, "nose_x", "nose_y")
    assert "line 3 holds no number" in edited(path, "\n0.0,", "\nnought,")
    assert "line 4 has 101 cells, and there are 100 columns" in edited(path, "\n0.03", "\n0.0,3")


def test_text_saved_by_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    """With a byte-order mark, Windows line ends and quotes around every cell."""
    path = tmp_path / "recording.csv"
    write_recording(path, walk())
    about, *table = path.read_text().splitlines()
    quoted = ['"' + line.replace(",", '","') + '"' for line in table]
    path.write_bytes("\r\n".join([about, *quoted, ""]).encode("utf-8-sig"))
    assert_same(read_recording(path), walk())


def test_a_table_with_a_column_too_many_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recording.csv"
    write_recording(path, walk(1, world=False))
    about, names, row = path.read_text().splitlines()
    path.write_text(f"{about}\n{names},mood\n{row},1\n")
    assert "has unknown columns of blazepose33: mood" in why(path)


def test_a_long_list_of_missing_columns_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "recording.csv"
    write_recording(path, walk(1, world=False))
    about = path.read_text().splitlines()[0]
    path.write_text(f"{about}\nt\n0.0\n")
    assert "left_ankle_score, left_ankle_x, left_ankle_y and 96 more" in why(path)


def test_a_recording_replaces_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "recording.npz"
    write_recording(path, walk(5))
    write_recording(path, walk(9))
    assert len(read_recording(path)) == 9
    assert [found.name for found in tmp_path.iterdir()] == ["recording.npz"]


def test_a_failure_half_way_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with replacing(path) as file:
            file.write(b"new, but n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert [found.read_text() for found in tmp_path.iterdir()] == ["old"]


def test_nothing_bears_the_name_before_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    with replacing(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


def test_formats_pass_the_numbers_of_another_skeleton(tmp_path: Path) -> None:
    coco = walk().to(COCO17)
    for suffix, form in FORMATS.items():
        held = io.BytesIO()
        form.write(held, coco)
        held.seek(0)
        assert_same(form.read(held), coco)
        assert suffix == suffix.lower()


def test_looking_at_recordings_loads_no_table_library_until_one_is_read() -> None:
    code = "import poise.body.formats, sys; print([m for m in sys.modules if m.startswith('arro3')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_same_recording_makes_the_same_bytes(tmp_path: Path) -> None:
    for i in range(8):  # what has no order comes in one of several by chance
        write_recording(tmp_path / f"{i}.parquet", walk(5))
    assert len({(tmp_path / f"{i}.parquet").read_bytes() for i in range(8)}) == 1
