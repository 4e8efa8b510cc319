from __future__ import annotations

from pathlib import Path

import pytest

from poise.desk.profiles import desk_folder, load_profile, profiles, save_profile
from poise.errors import InputError, ResultsUnwritable, UnknownName, UnreadableRecording
from tests.coach.desk.sitters import baseline


def test_a_baseline_is_kept_under_its_name(tmp_path: Path) -> None:
    assert profiles(tmp_path) == []
    for name in ("home", "work"):
        save_profile(tmp_path, name, baseline())
    assert profiles(tmp_path) == ["home", "work"]
    assert load_profile(tmp_path, "home") == baseline()


def test_unknown_odd_and_damaged_profiles_are_sentences(tmp_path: Path) -> None:
    save_profile(tmp_path, "home", baseline()).write_text("{")
    with pytest.raises(UnreadableRecording):
        load_profile(tmp_path, "home")
    with pytest.raises(UnknownName, match="home"):
        load_profile(tmp_path, "hone")
    for name in ("../x", "", ".x", "a/b"):
        with pytest.raises(InputError, match="no name"):
            save_profile(tmp_path, name, baseline())
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsUnwritable):
        save_profile(tmp_path / "file", "home", baseline())


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_DATA", str(tmp_path))
    assert desk_folder() == tmp_path / "desk"
    monkeypatch.delenv("POISE_DATA")
    assert desk_folder().name == "desk"
