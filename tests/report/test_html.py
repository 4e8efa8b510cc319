from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from poise.coach.events import Advice, Counts, Review
from poise.report import Shot
from poise.report.html import MOST_MOMENTS, render
from tests.report import made_up
from tests.report.test_schema import report_of

VOID = {"meta", "img", "br", "input", "link", "hr"}
ADDRESSES = ("href", "src", "srcset", "xlink:href", "action", "data", "poster", "style", "background")


class Page(HTMLParser):
    """The tags of a page with their attributes, its words, and whether its tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["script"], ["style"]):
            self.words += data

    def having(self, kind: str, **wanted: str) -> list[dict[str, str]]:
        """Attributes of the tags of a kind whose attributes are (or whose class holds) those wanted."""

        def fits(attributes: dict[str, str], name: str, value: str) -> bool:
            held = attributes.get(name.rstrip("_"), "")
            return value in held.split() if name == "class_" else held == value

        return [a for tag, a in self.tags if tag == kind and all(fits(a, n, v) for n, v in wanted.items())]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.words)


def page(review: Review | None = None, film: str | None = "annotated.mp4", **changes: Any) -> str:
    review = review or made_up.squats()
    exercise = changes.pop("exercise", made_up.exercise())
    shots = changes.pop("shots", made_up.shots(review))
    return render(report_of(review, exercise=exercise, **changes), review, exercise, shots, film)


def marathon(n: int = 200) -> Review:
    """The first nine made-up repetitions, over and over."""
    reps = []
    for i in range(n):
        rep = made_up.rep(i % 9 + 1)
        by = made_up.REST_S + 3.2 * i - rep.start
        faults = tuple(replace(fault, t=fault.t + by) for fault in rep.faults)
        moved = {name: getattr(rep, name) + by for name in ("start", "turn", "end")}
        reps.append(replace(rep, number=i + 1, faults=faults, **moved))
    t, down = made_up.motion(tuple(reps), reps[-1].end + 1)
    return made_up.squats(reps=tuple(reps), counts=Counts(n), t=t, measured={"hip_height": 1.9 - 0.8 * down})


@cache
def kind_of_page(name: str) -> str:
    plank = made_up.exercise("plank", "Plank")
    kinds: dict[str, Callable[[], str]] = {
        "film": page,
        "no film": lambda: page(film=None),
        "no pictures": lambda: page(shots=[]),
        "hold": lambda: page(made_up.plank(), exercise=plank),
        "nothing": lambda: page(made_up.nothing(), film=None, shots=[]),
        "any": lambda: page(made_up.squats(exercise="any", measured={}), exercise=None),
        "workout": lambda: page(made_up.workout()),
        "marathon": lambda: page(marathon(40), shots=[]),
    }
    return kinds[name]()


@pytest.fixture(params=["film", "no film", "no pictures", "hold", "nothing", "any", "workout", "marathon"])
def text(request: pytest.FixtureRequest) -> str:
    """Every kind of page there is."""
    return kind_of_page(request.param)


def addresses(text: str) -> Iterator[str]:
    for _, attributes in Page(text).tags:
        for name in ADDRESSES:
            if name in attributes:
                yield attributes[name]
    yield from re.findall(r"url\(([^)]*)\)", text)
    yield from re.findall(r"@import[^;]*", text)


def test_the_page_asks_nobody_for_anything(text: str) -> None:
    for address in addresses(text):
        assert address.startswith(("#", "data:image/jpeg;base64,")) or address == "annotated.mp4", address
    assert not re.search(r"(https?:)?//[a-z0-9]", re.sub(r"^\s*// .*$", "", text, flags=re.MULTILINE))
    assert "fetch(" not in text
    assert "XMLHttpRequest" not in text


def test_only_what_was_written_into_the_page_may_run(text: str) -> None:
    (policy,) = (a["content"] for a in Page(text).having("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; img-src data:; media-src 'self' file:;")
    for kind in ("style", "script"):
        (content,) = re.findall(f"<{kind}>(.*?)</{kind}>", text, flags=re.DOTALL)
        digest = base64.b64encode(sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    for _, attributes in Page(text).tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)


def test_the_page_is_whole(text: str) -> None:
    parsed = Page(text)
    assert len(parsed.having("h1")) == 1
    assert parsed.having("html", lang="en")
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in parsed.tags:
        address = attributes.get("href", "")
        if address.startswith("#"):
            assert address[1:] in ids, address
        assert attributes.get("aria-labelledby", ids[0]) in ids
    assert "None" not in parsed.text
    assert "nan" not in parsed.text.lower().replace("finance", "")
    assert all(image["alt"] for image in parsed.having("img"))


def test_every_repetition_is_there_with_its_kind_and_times() -> None:
    parsed = Page(page())
    rows = {row["id"]: row for row in parsed.having("tr") if "id" in row}
    pills = {pill["href"]: pill for pill in parsed.having("a", class_="pill")}
    for rep in made_up.squats().reps:
        row = rows[f"rep-{rep.number}"]
        assert row["class"] == rep.kind
        assert float(row["data-t"]) == pytest.approx(rep.start, abs=1e-4)
        assert float(row["data-end"]) == pytest.approx(rep.end, abs=1e-4)
        pill = pills[f"#rep-{rep.number}"]
        assert rep.kind in pill["class"].split()
        assert (pill["data-t"], pill["data-end"]) == (row["data-t"], row["data-end"])
    assert len(parsed.having("g", class_="band")) == 10 * 5  # in each of the five curves


def test_a_row_says_how_far_how_fast_and_why_not() -> None:
    text = Page(page()).text
    assert "2 full 0:04.2 – 0:05.4 – 0:07.0 82° 1.2 – 0.3 – 1.2 2° Not deep enough 18 ± 4° 3 fine" in text
    assert "5 partial 0:13.8 – 0:15.0 – 0:16.6 68° 1.2 – 0.3 – 1.2 0°" in text
    assert "It turned at a third of the usual depth." in text
    assert "10 invalid 0:29.8 – 0:31.0 – 0:32.6 – 1.4 – 0.3 – 1.2 – Out of sight." in text


def test_bars_compare_the_range_of_motion_with_the_largest() -> None:
    bars = re.findall(r'<rect class="track"[^>]*/><rect width="([^"]*)"', page())
    assert bars[8] == "100.00%"
    assert bars[1] == f"{100 * 82.4 / 104.4:.2f}%"
    assert len(bars) == 9


def test_bands_lie_over_their_repetitions() -> None:
    review = made_up.squats()
    first = re.search(r'class="band full">\s*<rect x="([\d.]+)%" y="0" width="([\d.]+)%"', page())
    assert first
    assert float(first[1]) == pytest.approx(100 * review.reps[0].start / review.t[-1], abs=0.01)
    assert float(first[2]) == pytest.approx(100 * made_up.REP_S / review.t[-1], abs=0.01)


def test_every_finding_of_every_state_is_there() -> None:
    cells = {cell["title"] for cell in Page(page()).having("span", class_="cell")}
    for rep in made_up.squats().reps:
        for fault in rep.faults:
            assert any(title.startswith(f"Rep {rep.number}: {fault.title}, ") for title in cells)
    assert sum("not visible from here" in title for title in cells) == 9
    assert sum("too close to call" in title for title in cells) == 3
    assert sum(", fault, " in title for title in cells) == 5


def test_every_fault_is_told_with_what_was_measured_the_limit_the_cue_and_the_source() -> None:
    text = Page(page()).text
    for name, value in (("depth", "32 ± 4°"), ("lean", "27 ± 4°"), ("drop", "0.5 ± 0.1 s")):
        _, _, _, _, cue, why, source, evidence = made_up.RULES[name]
        for words in (made_up.TITLES[name], value, cue, why, source, f"Evidence {evidence}"):
            assert words in text
    assert "Rep 5 32 ± 4° Rep 7 21 ± 4° Rep 2 18 ± 4°" in text
    assert "3 of 9 reps fine up to 0°, a fault above 10°" in text


def test_pictures_are_in_the_page_itself() -> None:
    pictures = {image["src"] for image in Page(page()).having("img")}
    for shot in made_up.shots(made_up.squats()):
        assert f"data:image/jpeg;base64,{base64.b64encode(shot.jpeg).decode()}" in pictures
    assert "Standing before the first one." in Page(page()).text


def test_what_could_not_be_judged_and_how_to_set_up_next_time_are_told() -> None:
    text = Page(page()).text
    assert "Not judged on any rep. Face the camera, so that your knees and shoulders can be compared." in text
    assert "Too close to call on rep 4 (9 ± 4°): fine up to 0°, a fault above 10°." in text
    assert "Best set-up: Stand side-on, three metres away, the camera at hip height." in text
    assert "taken from the side, 84° off the way the body faces (± 9°)." in text


def test_some_repetitions_that_could_not_be_judged_are_named() -> None:
    review = made_up.squats()
    hidden = made_up.fault("valgus", 1, 2.0)
    reps = (
        replace(review.reps[0], faults=(hidden,)),
        replace(review.reps[1], faults=(replace(hidden, state="ok"),)),
    )
    assert "Not judged on rep 1. Face the camera" in Page(page(replace(review, reps=reps), shots=[])).text


def test_how_it_was_measured_is_told() -> None:
    text = Page(page(notes=["The film is cut short."])).text
    for words in (
        *("2 people seen; the larger one is coached.", "The film is cut short.", "squats.mp4", "1280 × 720"),
        *("decode 2.1, pose 18.4, coach 0.2; 20.7 in all", "pose_landmark_full", "97 %", "9.7 s"),
    ):
        assert words in text


def test_key_figures() -> None:
    text = Page(page()).text
    for words in (
        "Repetitions 8 1 partial, 1 invalid",
        "Without a fault 5 of 8",
        "Range of motion 98° 79° to 104°",
    ):
        assert re.sub(r"\s+", "", words) in re.sub(r"\s+", "", text)


def test_the_film_is_played_and_moments_lead_into_it() -> None:
    parsed = Page(page())
    (video,) = parsed.having("video")
    assert video["src"] == "annotated.mp4"
    seeks = {float(link["data-t"]) for link in parsed.having("a", class_="seek")}
    for rep in made_up.squats().reps:
        for t in (rep.start, rep.turn, rep.end, *(f.t for f in rep.faults if f.state == "fault")):
            assert round(t, 4) in seeks


def test_without_a_film_nothing_leads_into_it() -> None:
    parsed = Page(page(film=None))
    assert not parsed.having("video")
    assert not any(link["href"] == "#film" for link in parsed.having("a"))
    assert parsed.having("a", href="#rep-3", class_="pill")
    assert parsed.having("a", href="#check-squat-depth", class_="chip")


def test_curves_have_the_signal_first_then_the_angle_and_none_that_was_never_measured() -> None:
    names = re.findall(r"<b>([A-Z][a-z ]+)</b>\s*<span", page())
    assert names[:3] == ["Hip height", "Knee flexion", "Thigh elevation"]
    assert "Knee ankle ratio" not in names
    assert page().count('class="line"') == 5


def test_holds_stand_in_for_repetitions() -> None:
    parsed = Page(page(made_up.plank(), exercise=made_up.exercise("plank", "Plank")))
    assert "Longest hold" in parsed.text
    assert "0:41.0 – 0:59.0" in parsed.text
    assert "1 of 2 holds" in parsed.text
    assert [row["id"] for row in parsed.having("tr") if "id" in row] == ["rep-1", "rep-2"]
    assert not parsed.having("svg", class_="turn")


def test_a_film_in_which_nothing_was_seen_still_has_a_page() -> None:
    text = Page(page(made_up.nothing(), film=None, shots=[])).text
    assert "No squat was counted" in text
    assert "seen well in only 10 % of the film" in text
    assert "What to work on" not in text


def test_a_review_without_a_single_instant_still_has_a_page() -> None:
    empty = made_up.nothing()
    empty = replace(empty, t=empty.t[:0], measured={"hip_height": empty.t[:0]}, seen_share=0.0)
    assert "No squat was counted" in page(empty, film=None, shots=[])


def test_a_long_film_stays_readable() -> None:
    text = page(marathon(), shots=[])
    parsed = Page(text)
    assert len([row for row in parsed.having("tr") if "id" in row]) == 200
    assert parsed.having("div", class_="tall")
    assert f"and {111 - MOST_MOMENTS} more below" in parsed.text
    (drawn,) = re.findall(r'class="line" d="([^"]*)"', text)
    assert 1000 < drawn.count("L") <= 1500
    assert len(text) < 1_500_000
    assert not Page(page()).having("div", class_="tall")


HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}&amp;"


def test_words_from_outside_are_shown_and_never_run() -> None:
    review = made_up.squats()
    changes = dict.fromkeys(("title", "cue", "why", "source", "unit"), HOSTILE)
    bad = made_up.fault("depth", 2, 5.0, name="a\"b'><c", **changes)
    blind = made_up.fault("valgus", 2, 5.0, reason=HOSTILE, title=HOSTILE)
    partial = replace(made_up.rep(5, "partial"), reasons=(HOSTILE,), faults=(bad, blind), unit=HOSTILE)
    sequence = replace(made_up.film_of(review), meta={HOSTILE: HOSTILE})
    hostile = replace(
        review,
        reps=(partial, replace(made_up.rep(2), faults=(bad,))),
        advice=(Advice("x", HOSTILE),),
        measured=dict(review.measured) | {HOSTILE: review.t},
        unit=HOSTILE,
    )
    exercise = made_up.exercise().model_copy(update={"title": HOSTILE, "setup": HOSTILE})
    report = report_of(hostile, exercise=exercise, source=Path(HOSTILE.replace("/", "")), notes=[HOSTILE])
    report = report.model_copy(update={"model": dict(sequence.meta)})
    text = render(report, hostile, exercise, [Shot(5.0, HOSTILE, b"x")], 'a".mp4')
    parsed = Page(text)
    assert len(parsed.having("script")) == 1
    assert not parsed.having("img", src="x")
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    assert "49&amp;" not in text
    assert text.count("&lt;script&gt;alert(1)") > 10
    assert "<script>alert(1)</script>" in parsed.text


def test_a_guessed_exercise_says_how_sure_it_is() -> None:
    assert "recognised with 87 %" in Page(page(made_up.squats(confidence=0.87))).text.replace("\xa0", " ")
    assert "recognised" not in page()


def test_the_sets_of_a_workout_stand_in_a_table_with_their_rests() -> None:
    words = Page(kind_of_page("workout")).text
    assert "The workout SetExerciseFromToDoneNot countedRest before" in words
    assert "2Lunge0:53.81:09.4 4 2 40.4 s" in words
    assert "3Plank1:20.01:51.0 31.0 s – 10.6 s" in words
    assert "Squat, Lunge, Plank" in words
    assert "Sets3 Repetitions8 1 partial, 1 invalid" in re.sub(r"(?<=\d)(?=1 partial)", " ", words)
    assert "Held" not in words
    assert "Seconds per rep" not in words
    assert "Seconds per rep" in Page(kind_of_page("film")).text
    assert "The workout" not in Page(kind_of_page("film")).text


def test_the_corrected_pose_stands_beside_the_picture_of_its_fault() -> None:
    shot, *others = made_up.shots(made_up.squats())
    text = page(shots=[replace(shot, right=b"done right"), *others])
    both = re.findall(r'<div class="both">(.*?)</div>', text, re.DOTALL)
    assert len(both) == 1
    pictures = [base64.b64encode(jpeg).decode() for jpeg in (shot.jpeg, b"done right")]
    assert re.findall(r"base64,([^\"]*)", both[0]) == pictures
    assert "done right" not in page(shots=[shot, *others])
