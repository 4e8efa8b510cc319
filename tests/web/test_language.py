"""The page in other languages: a made one, in which a text that nobody translates stands out, and German."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Route

from poise.cli.words import collect
from poise.coach.desk.signatures import TITLES
from poise.language import translator
from tests.web.conftest import Served, Visit, until

#: Names, units and code, which are the same in every language.
ANYWHERE = re.compile(r"\b(poise|CSV|JSON|NPZ|min|cm|s)\b|\b[vmf]\b")
#: Days and months, which the browser names.
DATES = re.compile(
    r"\b((Mon|Diens|Donners|Frei|Sams|Sonn)tag|Mittwoch|(Mo|Di|Mi|Do|Fr|Sa|So)\b\.?|Januar|Februar|März|April|Mai|Juni"
    r"|Juli|August|September|Oktober|November|Dezember|(Jan|Feb|Apr|Aug|Sept?|Okt|Nov|Dez)\b\.?)"
)
#: All that can be seen, heard by a screen reader, or comes from the style sheet, of what is visible.
SAID = """() => [...document.querySelectorAll('body *')].filter((node) =>
    !node.matches('script, style, option, #language *') && (node.checkVisibility() || node.matches('[aria-live]'))
  ).flatMap((node) => [
  ...[...node.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data),
  ...['title', 'aria-label', 'placeholder'].map((name) => node.getAttribute(name) ?? ''),
  ...(node.matches('select:not(#language)') ? [...node.options].map(({ text }) => text) : []),
  ...['::before', '::after'].map((part) => getComputedStyle(node, part).content.replace(/^(none|normal)$/, '')),
]).map((text) => text.trim()).filter(Boolean)"""
#: Every state the page passes through, those included that last a moment, with all that was said when it came.
PASSING = f"""
window.passed = {{ states: new Set(), texts: new Set() }};
new MutationObserver((changes) => {{
  const now = document.documentElement.dataset.state;
  for (const state of [...changes.map(({{ oldValue }}) => oldValue), now]) passed.states.add(state);
  for (const text of ({SAID})()) passed.texts.add(text);
}}).observe(document, {{ subtree: true, attributeFilter: ['data-state'], attributeOldValue: true }});
"""
SAYING = """([text, sound]) => {
  document.documentElement.dataset.state = 'work';
  for (const id of ['stage', 'cue', 'awake']) document.getElementById(id).hidden = false;
  document.getElementById('cue').textContent = text;
  document.getElementById('quiet').textContent = sound;
}"""
COUNTING = """([all, odd]) => {
  const texts = { count: '12', of: all, tempo: '2 s · 1 s · 2 s', odd, classified: 'up 98 %' };
  for (const [id, text] of Object.entries(texts)) document.getElementById(id).textContent = text;
}"""
SPEECH = """
window.spoken = [];
speechSynthesis.getVoices = () => ['en-GB', 'de-DE', 'fr-FR']
  .map((lang) => ({ lang, localService: true, name: lang }));
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
speechSynthesis.cancel = () => {};
speechSynthesis.speak = (words) => {
  const said = [words.lang, words.text, ''];
  window.spoken.push(said);
  const written = () => { said[2] += document.body.innerText; };
  queueMicrotask(written); // before the coach says the next thing
  setTimeout(written, 100);
  setTimeout(() => words.onstart?.(), 0);
};
"""


def verdict(state: str, reason: str = "") -> dict[str, Any]:
    """One rule of a repetition that came out like this."""
    knees = {"title": "Knees falling in", "cue": "Push your knees out, over your toes.", "keypoints": []}
    measured = {"unit": "torso", "value": None if reason else 0.5, "sigma": 0.1, "limit": 0.65, "probability": 0.9}
    why = "Knees that fall in load the ligaments of the knee sideways."
    return {**knees, **measured, "why": why, "state": state, "reason": reason}


def rep(kind: str, *faults: dict[str, Any], reasons: tuple[str, ...] = ()) -> dict[str, Any]:
    when = {"number": 1, "exercise": "squat", "start": 1.0, "end": 3.0, "tempo": "1.0-0.2-1.0"}
    return {**when, "kind": kind, "rom": 80.0, "unit": "deg", "reasons": reasons, "faults": faults}


def done(exercise: str, title: str, **faults: int) -> dict[str, Any]:
    measured = {"full": 2, "held_s": 0, "rom": 80.0, "unit": "deg", "tempo_s": 2.2}
    return {"exercise": exercise, "title": title, **measured, "faults": faults}


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ko"])
@pytest.mark.parametrize(("width", "height"), [(360, 640), (740, 360), (1100, 720)])
def test_what_is_said_stands_clear_of_the_buttons(
    server: Served, visit: Callable[..., Visit], language: str, width: int, height: int
) -> None:
    page = visit(server.url, locale=language, viewport={"width": width, "height": height}).page
    say = translator(language)
    page.evaluate(SAYING, [say("Sit lower, until your thighs are level with the floor."), say("Sound: voice")])
    said, bar = (page.locator(what).bounding_box() for what in ("#cue", ".foot .bar"))
    assert said
    assert bar
    assert said["y"] + said["height"] <= bar["y"]
    assert bar["y"] + bar["height"] <= height
    assert said["x"] >= 0
    assert said["x"] + said["width"] <= width


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("width", "height"), [(740, 360), (1100, 720), (1100, 900), (1920, 1080), (390, 844)])
def test_what_is_said_stands_clear_of_the_count(
    server: Served, visit: Callable[..., Visit], language: str, width: int, height: int
) -> None:
    page = visit(server.url, locale=language, viewport={"width": width, "height": height}).page
    say = translator(language)
    page.evaluate(SAYING, [say("Push your knees out, over your toes."), ""])
    page.evaluate(COUNTING, [say("of {all}").replace("{all}", "12"), say("{n} not counted").replace("{n}", "1")])
    said, count = (page.locator(what).bounding_box() for what in ("#cue", ".score"))
    assert said
    assert count
    assert count["y"] >= 0
    assert count["y"] + count["height"] <= said["y"] or count["x"] + count["width"] <= said["x"]


#: A session as the server keeps it, with a repetition of every kind.
SESSION = {
    "id": "kept",
    "started_at": datetime.now(UTC).isoformat(),
    "duration_s": 60.0,
    "state": "interrupted",
    "source": "film",
    "job": "x",
    "done": [done("squat", "Squat", knees=1), done("any", "")],
    "sets": [
        {"number": 1, "exercise": "squat", "counts": {"held_s": 0, "full": 1}, "start": 1, "end": 9, "rest_s": None}
    ],
    "holds": [{"number": 1, "exercise": "plank", "start": 20.0, "end": 30.0, "held_s": 9.0, "faults": []}],
    "reps": [
        rep("full", verdict("fault"), verdict("ok"), verdict("unsure")),
        rep("full", verdict("not_observable", "It could not be measured in this picture.")),
        rep("partial", reasons=("you came back only 43 % of the way",)),
        rep("invalid"),
    ],
}


def made_language() -> dict[str, Any]:
    """A catalogue in which every text is put between ⟦ and ⟧."""
    entries = list(collect())
    return {
        "texts": {entry.msgid: f"⟦{entry.msgid}⟧" for entry in entries if not entry.msgid_plural},
        "plurals": [
            [entry.msgid, entry.msgid_plural, [f"⟦{entry.msgid}⟧", f"⟦{entry.msgid_plural}⟧"]]
            for entry in entries
            if entry.msgid_plural
        ],
    }


#: How films sent before went, and the diary of a desk.
FILMS: list[dict[str, Any]] = [
    {
        "state": "done",
        "verdict": {
            "headline": "2 squats",
            "score": 0.5,
            "passed": False,
            "tips": ["Push your knees out, over your toes."],
        },
    },
    {"state": "done", "verdict": {"headline": "2 squats", "score": 1.0, "passed": True, "tips": []}},
    {"state": "failed", "problem": {"message": "The film is not here any more.", "hint": ""}},
    *({"state": state} for state in ("queued", "running", "uploading")),
]
ABOUT: dict[str, Any] = {
    "name": "A name",
    "created_at": datetime.now(UTC).isoformat(),
    "difficulty": 0.8,
    "session": "kept",
}
MINUTES = {"good_s": 600.0, "bad_s": 60.0, "away_s": 60.0, "unseen_s": 0.0, "breaks": 1, "reps": 3}
SAT = {**MINUTES, "signatures": {"slump": 60.0}, "nudges": {"slump": 1}}
DIARY = {
    "hours": [{"when": "09:00", **SAT}],
    "days": [{"when": "2026-11-21", **SAT}],
    "titles": {"slump": TITLES["slump"]},
}
REPLAY = {"keypoints": ["nose"], "width": 640, "height": 480, "t": [0, 9], "points": [[[1, 1]]] * 2, "more": False}
ANSWERS = {
    "**/api/sessions?*": [SESSION],
    "**/api/sessions/kept": SESSION,
    "**/api/sessions/kept/keypoints?*": REPLAY,
    "**/api/jobs?*": [{"id": str(i), "results": [], **ABOUT, **film} for i, film in enumerate(FILMS)],
    "**/api/desk/diary?*": DIARY,
}


def _tell(told: Any, route: Route) -> None:
    route.fulfill(body=json.dumps(told), content_type="application/json")


def untranslated(page: Any, *names: str, texts: str = SAID) -> set[str]:
    """What is said outside of ⟦ and ⟧; `names` are the user's own."""
    found = set()
    for text in page.evaluate(texts):
        rest = text
        while (less := re.sub(r"⟦[^⟦⟧]*⟧", "", rest)) != rest:
            rest = less
        for name in names:
            rest = rest.replace(name, "")
        if re.search(r"[^\W\d_]", DATES.sub("", ANYWHERE.sub("", rest))):
            found.add(text)
    return found


#: What the server's own classifier tells apart.
CLASSES = ("up", "down")
#: What opens more of a view: dialogs, and what came of films.
OPENING = {
    "record": ("#films button:not(.danger)", "#films .danger"),
    "desk": ("#sit-erase",),
    "history": ("#profile-new", "#profile-name", "#erase"),
    "history/kept": ("#session .player button", "#session .danger"),
}


@pytest.fixture(scope="module")
def made(server: Served, visit: Callable[..., Visit]) -> Visit:
    """The page in the made language, which stands in for German."""
    refuse = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))"
    visited = visit("about:blank", refuse, locale="de-DE", service_workers="block")
    body = json.dumps(made_language())
    visited.context.route(
        "**/words/de.json", lambda route: route.fulfill(body=body, content_type="application/json")
    )
    for address, answer in ANSWERS.items():
        visited.context.route(address, partial(_tell, answer))
    visited.page.goto(server.url)
    page = visited.page
    until(lambda: page.locator("#exercise option[value=squat]").count(), 20, "the exercises are known")
    return visited


def test_every_text_of_every_view_is_translated(made: Visit, server: Served) -> None:
    page = made.page
    assert page.evaluate("document.documentElement.lang") == "de"
    left: dict[str, set[str]] = {}
    for view in ("", "record", "desk", "history", "privacy", "history/kept"):
        page.goto(f"{server.url}/#/{view}")
        page.wait_for_timeout(400)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        left[view] = untranslated(page, "Me", "You", "A name")
        for button in OPENING.get(view, ()):
            for i in range(page.locator(button).count()):
                page.locator(button).nth(i).click()
                page.wait_for_timeout(100)
                left[f"{view}: {button} {i}"] = untranslated(page, "Me", "You", "A name")
                page.keyboard.press("Escape")
    page.goto(f"{server.url}/#/")
    for exercise in page.eval_on_selector_all("#exercise option", "all => all.map(({ value }) => value)"):
        page.select_option("#exercise", exercise)
        left[exercise] = untranslated(page)
    page.select_option("#body", "seated,left-arm")
    until(
        lambda: not page.locator("#exercise option[value=squat]").count(), 20, "it is known what that body can do"
    )
    for exercise in page.eval_on_selector_all("#exercise option", "all => all.map(({ value }) => value)"):
        page.select_option("#exercise", exercise)
        left[f"{exercise}, seated"] = untranslated(page)
    page.select_option("#body", "whole")
    page.click("#start")
    page.wait_for_selector("#problem:not(:empty)")
    left["no camera"] = untranslated(page)
    page.goto(f"{server.url}/watch.html")
    page.wait_for_timeout(400)
    left["watch"] = untranslated(page)
    assert {view: texts for view, texts in left.items() if texts} == {}


def test_every_text_of_being_coached_is_translated(made: Visit, server: Served) -> None:
    page = made.page
    page.goto(f"{server.url}/#/")
    until(lambda: page.locator("#exercise option[value=squat]").count(), 20, "the exercises are known")
    page.click("#athlete")
    until(lambda: made.state() == "work", 60, "the athlete is there")
    left: set[str] = set()

    def over() -> bool:
        left.update(untranslated(page, *CLASSES))
        return made.state() == "form"

    until(over, 90, "the film is over")
    left |= untranslated(page, *CLASSES)
    assert left == set()
    assert re.fullmatch(r"⟦\d+ squats counted⟧", page.inner_text("#done h2"))


def test_what_is_said_in_the_gym_is_written_too_and_translated(server: Served, visit: Callable[..., Visit]) -> None:
    """Two sets of two before the camera: every word spoken stands on the screen, and none of it in English."""
    visited = visit("about:blank", SPEECH + PASSING, locale="de-DE", service_workers="block")
    page, body = visited.page, json.dumps(made_language())
    visited.context.route(
        "**/words/de.json", lambda route: route.fulfill(body=body, content_type="application/json")
    )
    page.goto(server.url)
    until(lambda: page.locator("#exercise option[value=squat]").count(), 20, "the exercises are known")
    for field, value in {"sets": "2", "target": "2", "rest": "5"}.items():
        page.fill(f"#{field}", value)
    visited.begin()
    left: set[str] = set()

    def over() -> bool:
        left.update(untranslated(page, *CLASSES))
        return visited.state() == "form"

    until(lambda: visited.state() == "work", 60, "the athlete is there")
    until(over, 120, "both sets are done")
    left |= untranslated(page, *CLASSES) | untranslated(page, *CLASSES, texts="() => [...passed.texts]")
    assert left == set()
    assert {"waiting", "work", "rest", "ending"} <= {*page.evaluate("[...passed.states]")}
    spoken = page.evaluate("window.spoken")
    assert len(spoken) > 8
    told = [(text, shown) for _, text, shown in spoken if not text.isdigit()]  # a count goes with its set
    unwritten = [text for text, shown in told if not all(one in shown for one in re.findall(r"[^.:⟦⟧]+", text))]
    assert unwritten == []


def test_a_text_that_nobody_translates_is_found(made: Visit, server: Served) -> None:
    """The test of the tests: one text taken out of the made language stands out."""
    catalogue = made_language()
    del catalogue["texts"]["Start coaching"]
    page = made.context.new_page()
    page.route("**/words/de.json", partial(_tell, catalogue))
    page.goto(server.url)
    until(lambda: page.locator("#exercise option[value=squat]").count(), 20, "the exercises are known")
    assert untranslated(page) == {"Start coaching"}
    page.close()


def test_a_cue_is_spoken_by_a_german_voice(server: Served, visit: Callable[..., Visit]) -> None:
    page = visit(f"{server.url}/#/privacy", SPEECH, locale="de-AT").page
    until(lambda: page.inner_text("#privacy h1") == "Was aufgehoben wird, und wo", 20, "it is in German")
    page.click("#privacy h1")  # sound needs a click
    cue = "Push your knees out, over your toes."
    spoken = page.evaluate(
        """async (cue) => {
          const { Voice } = await import('/voice.js');
          const { told } = await import('/words.js');
          const voice = new Voice(() => {});
          await voice.open();
          voice.say('cue', told(cue));
          return window.spoken;
        }""",
        cue,
    )
    assert [said[:2] for said in spoken] == [["de-DE", translator("de")(cue)]]


def test_what_the_server_filled_in_is_told_as_python_tells_it(server: Served, visit: Callable[..., Visit]) -> None:
    page = visit(f"{server.url}/#/privacy", locale="ko-KR").page
    until(lambda: page.evaluate("document.documentElement.lang") == "ko", 20, "it is in Korean")
    said = [
        "Good, that is mended: knees falling in.",
        "you came back only 43 % of the way",
        "Your head is tilted about 12° to the left.",
        "Nobody knows this one.",
    ]
    told = page.evaluate("(said) => import('/words.js').then(({ told }) => said.map(told))", said)
    assert told == [translator("ko")(text) for text in said]
    headline = page.evaluate("import('/words.js').then(({ told }) => told('8 squats, knees falling in on 2'))")
    assert headline == "스쿼트 8회, 2회에서 무릎이 안쪽으로 무너짐"


def test_the_language_that_is_chosen_stays(server: Served, visit: Callable[..., Visit]) -> None:
    page = visit(server.url).page
    until(lambda: page.locator("#language option").count(), 20, "it offers languages")
    assert page.inner_text("#start") == "Start coaching"
    page.select_option("#language", "fr")
    until(lambda: page.inner_text("#start") == "Commencer le coaching", 20, "it is in French")
    page.reload()
    until(lambda: page.inner_text("#start") == "Commencer le coaching", 20, "it still is")
    assert page.evaluate("document.documentElement.lang") == "fr"


@pytest.mark.parametrize("locale", ["de-DE", "es-ES", "fr-FR", "ko-KR"])
def test_every_language_fits_a_phone(server: Served, visit: Callable[..., Visit], locale: str) -> None:
    page = visit(server.url, viewport={"width": 360, "height": 740}, locale=locale).page
    until(lambda: page.evaluate("document.documentElement.lang") == locale[:2], 20, "it is translated")
    for view in ("", "record", "desk", "history", "privacy"):
        page.goto(f"{server.url}/#/{view}")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
