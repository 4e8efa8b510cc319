"""The page's own parts, each tried in the browser by itself; and what its files may not hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from poise.body import BLAZEPOSE33
from poise.web import PAGE
from tests.web.conftest import Served, Visit, until

FILES = sorted(path for path in PAGE.iterdir() if path.is_file())
TEXT = {path.name: path.read_text("utf-8") for path in FILES}


@pytest.fixture(scope="module")
def page(server: Served, visit: Callable[..., Visit]) -> Page:
    return visit(f"{server.url}/#/privacy").page


def test_no_file_names_another_origin() -> None:
    for name, text in TEXT.items():
        assert re.findall(r"https?://(?!www\.w3\.org/)[\w.]+", text) == [], name


def test_nothing_is_inline_and_every_import_is_of_our_own_files() -> None:
    html = TEXT["index.html"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
    for name, text in TEXT.items():
        if name.endswith(".js"):
            for source in re.findall(r"from '([^']+)'", text):
                assert source.startswith("./"), name
                assert source[2:] in TEXT, name


def test_all_of_the_page_is_kept_for_offline() -> None:
    kept = set(re.findall(r"'\./([\w.]+)'", TEXT["sw.js"]))
    assert kept | {"index.html", "sw.js"} == set(TEXT)


def test_every_id_that_is_looked_for_is_there_once() -> None:
    ids = re.findall(r'\sid="([\w-]+)"', TEXT["index.html"])
    assert len(ids) == len(set(ids))
    for name, text in TEXT.items():
        if name.endswith(".js"):
            assert set(re.findall(r"\$\('([\w-]+)'\)", text)) <= set(ids), name
            assert {f"sit-{part}" for part in re.findall(r"\bpart\('([\w-]+)'\)", text)} <= set(ids), name


def test_the_keypoints_are_those_of_python(page: Page) -> None:
    names, bones = page.evaluate("import('/body.js').then(({KEYPOINTS, BONES}) => [KEYPOINTS, BONES])")
    assert tuple(names) == BLAZEPOSE33.keypoints
    assert {tuple(bone) for bone in bones} <= set(BLAZEPOSE33.bones)


def test_every_control_has_a_name(page: Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, a[href]')].filter((control) =>
          !(control.textContent.trim() && control.matches('button, a')) && !control.getAttribute('aria-label')
          && !control.labels?.length && !control.querySelector('img[alt]')).map((control) => control.outerHTML)"""
    )
    assert nameless == []


def test_the_form_can_be_reached_and_sent_with_the_keyboard(server: Served, visit: Callable[..., Visit]) -> None:
    refuse = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    page = visit(server.url, refuse).page
    focused = []
    for _ in range(16):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        if focused[-1] == "start":
            break
    assert focused[0] == "Skip to the content"
    for name in ("exercise", "sets", "target", "rest", "voice", "hands", "start"):
        assert name in focused
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem:not(:empty)")
    assert page.evaluate("document.activeElement.id") == "problem"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen_and_words_can_be_read(
    server: Served, visit: Callable[..., Visit], width: int, scheme: Any
) -> None:
    page = visit(server.url, viewport={"width": width, "height": 740}, color_scheme=scheme).page
    for view in ("", "record", "desk", "history", "privacy"):
        page.goto(f"{server.url}/#/{view}")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
    assert page.evaluate(CONTRAST) >= 4.5


CONTRAST = """() => {
  const sheet = getComputedStyle(document.documentElement);
  const light = (name) => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = sheet.getPropertyValue(name).trim();
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const pairs = [['--ink', '--paper'], ['--ink', '--card'], ['--soft', '--paper'], ['--soft', '--card'],
    ['--blue', '--paper'], ['--blue', '--card'], ['--blue-ink', '--blue'], ['--off', '--paper'],
    ['--off', '--card'], ['--ink', '--off-soft'], ['--ink', '--blue-soft'], ['--card', '--off']];
  return Math.min(...pairs.map(([a, b]) => ratio(a, b)));
}"""

PLAN = """async (steps) => {
  const { Workout } = await import('/workout.js');
  const workout = new Workout({ sets: 2, target: 3, rest: 10 });
  return steps.map(([t, full, held = 0, kind = 'reps', exercise = 'squat']) => {
    const happened = workout.update(t, { counts: { full, held_s: held }, kind, exercise });
    return [happened, workout.stage, workout.set, workout.done, workout.left];
  });
}"""


def test_a_workout_goes_from_set_to_rest_to_set_to_its_end(page: Page) -> None:
    went = page.evaluate(PLAN, [[0, 0], [5, 2], [8, 3], [9, 4], [15.5, 4], [16.5, 4], [18, 4], [20, 6], [22, 7]])
    assert [step[0] for step in went] == [[], [], ["set"], [], ["tick"], ["tick"], ["go"], [], ["done"]]
    assert [step[1] for step in went] == ["work", "work", "rest", "rest", "rest", "rest", "work", "work", "done"]
    assert [step[2] for step in went] == [1, 1, 1, 1, 1, 1, 2, 2, 2]
    assert [step[3] for step in went][-3:] == [0, 2, 3]
    assert went[3][4] == 9


def test_when_the_coach_begins_to_count_anew_so_does_the_set(page: Page) -> None:
    went = page.evaluate(PLAN, [[0, 0], [5, 2], [6, 0, 0, "reps", "lunge"], [8, 1, 0, "reps", "lunge"]])
    assert [step[3] for step in went] == [0, 2, 0, 1]


def test_holds_are_counted_in_whole_seconds(page: Page) -> None:
    went = page.evaluate(PLAN, [[0, 0, 0.4, "hold"], [2, 0, 2.9, "hold"], [3, 0, 3.0, "hold"]])
    assert [step[3] for step in went] == [0, 2, 3]
    assert went[-1][0] == ["set"]


GESTURE = """async ({ script, seconds }) => {
  const { Gestures, KEYPOINTS } = await import('/body.js');
  const gestures = new Gestures();
  const told = [];
  for (let i = 0; i <= seconds * 10; i += 1) {
    const t = i / 10;
    const body = { nose: [100, 50], left_shoulder: [120, 80], right_shoulder: [80, 80], left_hip: [110, 180],
      right_hip: [90, 180], left_ankle: [110, 340], right_ankle: [90, 340], left_wrist: [125, 180],
      right_wrist: [75, 180] };
    const sway = script === 'sway' ? 30 * Math.sin(t * 2) : 0;
    if (script === 'hand' || script === 'both') body.left_wrist = [130, 5];
    if (script === 'both') body.right_wrist = [70, 5];
    if (script === 'wave') body.left_wrist = [130 + (i % 4 < 2 ? 60 : 0), 5];
    const place = (name) => (body[name] ? [body[name][0] + sway, body[name][1], 0.9] : [0, 0, 0.1]);
    const gesture = gestures.update(t, script === 'nobody' ? null : KEYPOINTS.map(place));
    if (gesture) told.push([gesture, t]);
  }
  return told;
}"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("hand", [["hand", 1.0]]),
        ("still", [["still", 3.0]]),
        ("both", [["still", 3.0]]),  # as in a press: no sign by hand
        ("wave", []),
        ("sway", []),
        ("nobody", []),
    ],
)
def test_gestures(page: Page, script: str, expected: list[list[Any]]) -> None:
    assert page.evaluate(GESTURE, {"script": script, "seconds": 6}) == expected


SPEECH = """
const voice = { lang: 'en-GB', localService: LOCAL, name: 'Ann' };
window.spoken = [];
speechSynthesis.getVoices = () => [voice];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } set voice(v) {} set lang(l) {} };
speechSynthesis.cancel = () => {};
speechSynthesis.speak = (words) => { window.spoken.push(words.text); setTimeout(() => FATE, 0); };
"""
SAY = """async () => {
  const { Voice } = await import('/voice.js');
  const shown = [];
  const voice = new Voice((text, kind) => shown.push([kind, text]));
  await voice.open();
  voice.say('cue', 'Sit lower.');
  await new Promise((done) => setTimeout(done, 1300));
  const first = voice.speaks;
  voice.say('cue', 'Chest up.');
  await new Promise((done) => setTimeout(done, 100));
  return { first, shown, spoken: window.spoken, loud: voice.loudness > 0.01 };
}"""


@pytest.mark.parametrize(
    ("local", "fate", "speaks", "spoken"),
    [
        ("true", "words.onstart()", "voice", ["Sit lower.", "Chest up."]),
        ("true", "words.onerror({ error: 'synthesis-failed' })", "beeps", ["Sit lower."]),
        ("true", "0", "beeps", ["Sit lower."]),  # it never begins
        ("false", "0", "beeps", []),  # such a voice would send the words to its maker
    ],
)
def test_voices(
    server: Served, visit: Callable[..., Visit], local: str, fate: str, speaks: str, spoken: list[str]
) -> None:
    page = visit(f"{server.url}/#/privacy", SPEECH.replace("LOCAL", local).replace("FATE", fate)).page
    page.click("#privacy h1")  # sound needs a click
    heard = page.evaluate(SAY)
    assert heard["first"] == speaks
    assert heard["spoken"] == spoken
    assert heard["shown"] == [["cue", "Sit lower."], ["cue", "Chest up."]]
    assert heard["loud"] == (speaks == "beeps")


def test_it_can_be_installed(page: Page) -> None:
    manifest = page.evaluate("fetch('/manifest.webmanifest').then((answer) => answer.json())")
    assert manifest["display"] == "standalone"
    assert manifest["icons"][0]["sizes"] == "any"
    until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 60, "the page is kept")


ASK = """async (answers) => {
  const { upload } = await import('/api.js');
  const said = [];
  let received = 0;
  globalThis.fetch = async (url, { method, body }) => {
    said.push([method, url]);
    const answer = (status, value) => new Response(JSON.stringify(value), { status });
    if (method === 'GET') return answer(200, {});
    if (method === 'POST') return answer(201, { id: 'a', chunk: 4, state: 'queued' });
    const fate = answers.shift() ?? 'ok';
    if (fate === 'lost') { received += 4; throw new TypeError('network'); }
    if (fate === 'busy') return answer(429, { message: 'later', hint: '' });
    if (fate === 'full') return answer(507, { message: 'no room', hint: 'make some' });
    const offset = Number(new URL(url, location).searchParams.get('offset'));
    if (offset !== received) return answer(409, { message: 'not there', hint: '', received });
    received += body.size;
    return answer(200, { id: 'a', received });
  };
  try {
    await upload(new Blob(['0123456789']), { name: 'film' }, () => {});
    return said.map(([method, url]) => `${method} ${url}`);
  } catch ({ message }) { return message; }
}"""


def test_an_upload_goes_on_where_it_was_after_a_lost_answer(server: Served, visit: Callable[..., Visit]) -> None:
    page = visit(f"{server.url}/#/privacy").page
    said = page.evaluate(ASK, ["ok", "lost", "busy"])
    offsets = [line.split("offset=")[1] for line in said if line.startswith("PUT")]
    assert offsets == ["0", "4", "4", "4", "8"]
    assert said[-1].startswith("POST")
    assert said[-1].endswith("/finish")


def test_a_body_is_chosen_once_and_kept_with_the_profile(server: Served, visit: Callable[..., Visit]) -> None:
    page = visit(server.url).page
    squat = page.locator("#exercise option[value=squat]")
    until(lambda: squat.count(), 20, "the exercises are known")
    page.select_option("#body", "seated")
    until(lambda: not squat.count(), 20, "it is known what that body can do")
    page.select_option("#exercise", "shoulder_press")
    assert page.inner_text("#about").startswith("Sit side-on")
    said = "The rest is neither asked for nor judged. Not judged of this body: Knees driving."
    assert page.inner_text("#body-about") == said
    page.reload()
    until(lambda: page.locator("#exercise option[value=shoulder_press]").count(), 20, "it opens again")
    assert page.input_value("#body") == "seated"
    assert not squat.count()
    page.select_option("#body", "whole")
    until(lambda: squat.count(), 20, "all of it takes part again")
    assert page.inner_text("#body-about") == ""


MOTION = """() => ({
  moves: [...document.querySelectorAll('*')].filter((node) => {
    const { transitionDuration, animationName } = getComputedStyle(node);
    return parseFloat(transitionDuration) > 0 || animationName !== 'none';
  }).length,
})"""


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_nothing_moves_by_itself_for_who_wishes_for_little_motion(
    server: Served, visit: Callable[..., Visit], wish: str
) -> None:
    page = visit(f"{server.url}/#/privacy", reduced_motion=wish).page
    assert (page.evaluate(MOTION)["moves"] > 0) == (wish == "no-preference")


REPLAY = """async () => {
  const { showSession } = await import('/session.js');
  const rep = { number: 1, exercise: 'any', kind: 'full', start: 1, end: 2, rom: 9, unit: 'deg' };
  [rep.reasons, rep.faults] = [[], []];
  const session = { started_at: '2026-01-01', duration_s: 3, state: 'complete', done: [], reps: [rep] };
  [session.sets, session.holds] = [[], []];
  const seen = { keypoints: ['nose'], width: 640, height: 480, t: [0, 1, 2, 3], points: Array(4).fill([[1, 1]]) };
  globalThis.fetch = async (url) => new Response(JSON.stringify(url.includes('keypoints') ? seen : session));
  await showSession('x', () => {});
  const play = document.querySelector('.player button');
  while (play.disabled) await new Promise((done) => setTimeout(done, 20));
  const before = play.textContent;
  document.querySelector('.reps button').click();
  return [before === play.textContent, Number(document.querySelector('.player input').value)];
}"""


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_a_session_is_jumped_into_and_plays_on_unless_little_motion_is_wished_for(
    server: Served, visit: Callable[..., Visit], wish: str
) -> None:
    page = visit(f"{server.url}/#/privacy", reduced_motion=wish).page
    still, at = page.evaluate(REPLAY)
    assert still == (wish == "reduce")
    assert at == 1
