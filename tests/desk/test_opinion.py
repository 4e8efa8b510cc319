from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from poise.body import COCO17, Pose, PoseSequence
from poise.classify import open_classifier
from poise.coach.desk import Desk, DeskFeedback, DeskSettings, Disagreement, Opinion
from poise.desk.diary import Diary, Tally
from poise.desk.opinion import SecondOpinion, drop_opinion, keep_opinion, kept_opinion, open_opinion
from poise.desk.watch import Watch
from poise.errors import InputError, ResultsUnwritable, UnknownName, UnsuitableModel
from poise.learn.data import LandmarkTable
from poise.learn.recipe import load_recipe
from poise.learn.run import Asked, learn, write_run
from poise.sim import Body
from poise.sim.desk import DeskScene, Spell, desk_camera
from tests.coach.desk.sitters import baseline, nobody, sitting
from tests.desk.classifiers import sinking
from tests.desk.test_watch import NOW, Heard

#: Between where the shoulders of somebody who sits well are in the picture, and where those of a slump of 6 cm are.
LIMIT = 308.0
SLUMP = Spell("slump", 20, 999, {"slump": 6})


@pytest.fixture
def sunk(tmp_path: Path) -> SecondOpinion:
    """A second opinion of who has sunk by some centimetres."""
    return SecondOpinion(open_classifier(sinking(tmp_path / "sunk.onnx", LIMIT)))


def heard(
    opinion: SecondOpinion, poses: list[Pose], *, left_out: tuple[str, ...] = (), every: float = 600.0
) -> list[DeskFeedback]:
    """What is said of poses, the second opinion asked."""
    desk = Desk(baseline(), DeskSettings(every_s=every, leave_out=frozenset(left_out)))
    watch = Watch(desk, opinion=opinion)
    return [watch.update(pose, NOW) for pose in poses]


def disagreements(said: list[DeskFeedback]) -> list[Disagreement]:
    return [event for feedback in said for event in feedback.events if isinstance(event, Disagreement)]


def states(said: list[DeskFeedback]) -> list[str]:
    return [feedback.opinion.state for feedback in said if feedback.opinion]


def test_without_one_there_is_none() -> None:
    assert Desk(baseline()).update(sitting(1)[0]).opinion is None


def test_what_both_say_is_no_disagreement(sunk: SecondOpinion) -> None:
    said = heard(sunk, sitting(120, SLUMP))
    assert len(states(said)) == 240
    assert states(said)[30] == "ok"
    assert states(said)[-1] == "bad"
    first = next(f.t for f in said if f.opinion and f.opinion.state == "bad")
    assert first == pytest.approx(42, abs=3), "held as signs are"
    assert "opinion" not in {sign.name for sign in said[-1].signs}
    assert not disagreements(said)


def test_what_only_the_classifier_calls_bad_is_told_once(sunk: SecondOpinion) -> None:
    said = heard(sunk, sitting(900, SLUMP), left_out=("slump",))
    (told,) = disagreements(said)
    assert told.text == "We differ: your classifier calls this bad; I measure nothing off."
    assert told.t == pytest.approx(20 + 20 + 30, abs=4)
    assert said[-1].counts.disagreements == 1
    assert not said[-1].counts.nudges, "nothing is nudged for it"


def test_what_only_is_measured_is_told_too(sunk: SecondOpinion) -> None:
    (told,) = disagreements(heard(sunk, sitting(120, Spell("tilt", 20, 999, {"head_tilt": 15}))))
    assert told.text == "We differ: I measure head tilted; your classifier calls this good."


def test_it_is_told_again_after_they_agreed_and_never_sooner_than_a_nudge(
    sunk: SecondOpinion, tmp_path: Path
) -> None:
    spells = [Spell("slump", start, start + 100, {"slump": 6}) for start in (20, 200, 380, 560)]
    often = disagreements(heard(sunk, sitting(700, *spells), left_out=("slump",), every=60))
    assert len(often) == 4
    other = SecondOpinion(open_classifier(sinking(tmp_path / "other.onnx", LIMIT)))
    seldom = disagreements(heard(other, sitting(700, *spells), left_out=("slump",), every=300))
    assert [round(told.t, -2) for told in seldom] == [100, 400]


def test_what_does_not_last_is_not_told(sunk: SecondOpinion) -> None:
    dips = [Spell("slump", start, start + 30, {"slump": 6}) for start in range(20, 600, 60)]
    assert not disagreements(heard(sunk, sitting(600, *dips), left_out=("slump",)))


@pytest.mark.parametrize("form", [{"hand": 1.0}, {"head_turn": 40.0}, {"stand": 1.0}])
def test_it_has_none_of_who_does_not_sit(sunk: SecondOpinion, form: dict[str, float]) -> None:
    said = heard(sunk, sitting(120, Spell("x", 10, 999, {**form, "slump": 6})), left_out=("slump",))
    last = said[-1].opinion
    assert last
    assert last.state == "not_observable"
    assert last.reason
    assert not disagreements(said)


def test_nobody_has_none_and_who_comes_back_is_heard_anew(sunk: SecondOpinion) -> None:
    said = heard(sunk, [*sitting(60, SLUMP), *nobody(60, 20), *sitting(20, start=80)])
    assert said[-60].opinion is None
    assert states(said)[119] == "bad"
    assert list(dict.fromkeys(states(said)[120:])) == ["not_observable", "ok"]


def test_silence_holds_it_back(sunk: SecondOpinion) -> None:
    watch = Watch(Desk(baseline(), DeskSettings(leave_out=frozenset({"slump"}))), opinion=sunk)
    watch.desk.snooze(100)
    said = [watch.update(pose, NOW) for pose in sitting(160, SLUMP)]
    (told,) = disagreements(said)
    assert told.t >= 100


def test_it_is_told_and_no_alert_and_its_minutes_are_in_the_diary(sunk: SecondOpinion, tmp_path: Path) -> None:
    alerts, diary = Heard(), Diary(tmp_path / "diary")
    watch = Watch(
        Desk(baseline(), DeskSettings(leave_out=frozenset({"slump"}))), Tally(diary), alerts, opinion=sunk
    )
    for pose in sitting(120, SLUMP):
        watch.update(pose, NOW + timedelta(seconds=pose.t))
    watch.close()
    (entry,) = diary.entries()
    assert entry.bad_s == 0
    assert entry.signatures == {"opinion": pytest.approx(78, abs=4)}
    assert alerts.given == []


def told(opinion: Opinion | None) -> tuple[str, float]:
    """What an opinion calls sitting, and how likely badly it is, to five places."""
    assert opinion
    return opinion.label, round(opinion.bad, 5)


def test_one_look_changes_nothing(tmp_path: Path) -> None:
    opinion = SecondOpinion(open_classifier(sinking(tmp_path / "c.onnx", LIMIT)))
    well, slumped = sitting(10)[:10], sitting(10, slump=6)[10]
    assert told([opinion.update(pose) for pose in well][-1]) == ("good", 0.0)
    after = opinion.update(slumped)
    assert after
    assert after.label == "good"
    assert after.bad == pytest.approx(1 / 7, abs=0.01)  # of the looks of three seconds


def test_whatever_is_not_good_is_bad(tmp_path: Path) -> None:
    opinion = SecondOpinion(open_classifier(sinking(tmp_path / "c.onnx", LIMIT, ("slumped", "upright"))), "upright")
    assert told(opinion.update(sitting(1)[0])) == ("slumped", 1.0)


def test_it_is_kept_named_and_switched_off(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    assert kept_opinion(folder) is None
    assert open_opinion(folder) is None
    file = sinking(tmp_path / "c.onnx", LIMIT, ("upright", "slumped"))
    kept = keep_opinion(folder, file, "upright")
    file.unlink()  # a copy is kept
    assert kept_opinion(folder) == kept
    assert (kept.title, kept.good) == ("Sinking", "upright")
    opened = open_opinion(folder)
    assert opened
    assert told(opened.update(sitting(1)[0])) == ("upright", 0.0)
    drop_opinion(folder)
    drop_opinion(folder)
    assert open_opinion(folder) is None
    assert not list(folder.iterdir())


def test_what_cannot_be_one_is_refused_and_the_one_before_stays(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    keep_opinion(folder, sinking(tmp_path / "c.onnx", LIMIT))
    with pytest.raises(UnknownName, match="upright"):
        keep_opinion(folder, tmp_path / "c.onnx", "upright")
    with pytest.raises(UnsuitableModel, match=r"3\.2 s of movement"):
        keep_opinion(folder, sinking(tmp_path / "moving.onnx", LIMIT, seconds=3.2))
    with pytest.raises(UnsuitableModel, match="cannot be opened"):
        keep_opinion(folder, tmp_path / "none.onnx")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ResultsUnwritable):
        keep_opinion(tmp_path / "taken", tmp_path / "c.onnx")
    assert open_opinion(folder)


def test_what_is_damaged_says_what_to_do(tmp_path: Path) -> None:
    keep_opinion(tmp_path, sinking(tmp_path / "c.onnx", LIMIT))
    (tmp_path / "opinion.model").write_bytes(b"nothing")
    with pytest.raises(UnsuitableModel):
        open_opinion(tmp_path)
    (tmp_path / "opinion.json").write_text("[")
    with pytest.raises(InputError, match="poise desk opinion FILE"):
        open_opinion(tmp_path)


def test_a_classifier_learned_from_two_folders_is_asked(tmp_path: Path) -> None:
    """POSCO's recipe, taught with sixteen people who sit well and slumped, about one it never saw."""
    points, labels, people = [], [], []
    rng = np.random.default_rng(1)
    for person in range(16):
        body = Body.random(rng)
        for label, slump in (("good", 0.0), ("bad", 9.0)):
            scene = DeskScene(body, 6, (Spell("x", -9, 99, {"slump": slump}),), 0.2, person)
            (poses,) = scene.film(desk_camera(body), rate=1)
            points.append(poses)
            labels += [label] * len(poses)
            people += [f"p{person}"] * len(poses)
    every = PoseSequence.of(
        [
            Pose(pose.skeleton, float(i), pose.points, pose.score, size=pose.size)
            for i, pose in enumerate(p for ps in points for p in ps)
        ]
    )
    table = LandmarkTable.of(every.to(COCO17), "", picture=True)
    table.__dict__.update(
        file=np.array([f"{label}/{i}.jpg" for i, label in enumerate(labels)]),
        label=np.array(labels),
        subject=np.array(people),
    )
    run = learn(load_recipe("posco").changed(training__epochs=30), table, Asked(quick=True))
    write_run(run, tmp_path / "run")
    keep_opinion(tmp_path / "desk", tmp_path / "run" / "classifier.onnx")
    opinion = open_opinion(tmp_path / "desk")
    assert opinion
    said = heard(opinion, sitting(150, Spell("slump", 40, 999, {"slump": 9})))
    assert {f.opinion.state for f in said if f.opinion and 5 < f.t < 40} == {"ok"}
    assert said[-1].opinion
    assert said[-1].opinion.state == "bad"
