"""Being coached, in a real browser: one whole set, and all that was said, drawn, sent and kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from poise.sim.shipped import ShippedClip
from poise.web import PAGE
from tests.web.conftest import Served, Visit, until


@dataclass
class Set:
    """What was seen of a set of six squats, of which the fourth and the fifth are shallow."""

    visit: Visit
    server: Served
    said: list[dict[str, Any]]
    ring: float
    awake: bool
    loudest: float
    summary: str


LOOK = """() => ({
  state: document.documentElement.dataset.state, count: document.getElementById('count').textContent,
  cue: document.getElementById('cue').hidden ? '' : document.getElementById('cue').textContent,
  kind: document.getElementById('cue').dataset.kind ?? '', doing: document.getElementById('doing').textContent,
  aloud: document.getElementById('aloud').textContent, tempo: document.getElementById('tempo').textContent,
  classified: document.getElementById('classified').textContent, faults: [...(poise.live.stage?.faults ?? [])],
  ghost: poise.live.stage?.corrected?.length ?? 0,
})"""


SESSIONS = "fetch('/api/sessions').then((answer) => answer.json())"


@pytest.fixture(scope="module")
def done(server: Served, visit: Callable[..., Visit]) -> Set:
    """Start pressed, and nothing touched until all six are done; then Stop."""
    visited = visit(server.url)
    page = visited.page
    visited.begin()
    said: list[dict[str, Any]] = []
    ring = loudest = 0.0
    awake = False

    def all_six() -> bool:
        nonlocal ring, loudest, awake
        now = page.evaluate(LOOK)
        if not said or said[-1] != now:
            said.append(now)
        if now["state"] == "waiting":
            ring = max(ring, page.evaluate("poise.live.stage.gesturing.still"))
        elif now["state"] == "work":
            loudest = max(loudest, page.evaluate("poise.live.voice.loudness"))
            awake = awake or page.evaluate("poise.live.stage.awake")
        assert now["state"] != "form", visited.text("#problem")
        return bool(now["count"] == "6")

    until(all_six, 90, "six are counted")
    page.wait_for_timeout(2500)  # for a seventh that should not come
    said.append(page.evaluate(LOOK))
    page.keyboard.press("Escape")
    until(lambda: visited.state() == "form", 10, "it is summed up")
    return Set(visited, server, said, ring, awake, loudest, visited.text("#done"))


def test_a_whole_set_is_counted_exactly(done: Set) -> None:
    counts = [int(now["count"]) for now in done.said if now["state"] == "work"]
    assert sorted(set(counts)) == [0, 1, 2, 3, 4, 5, 6]
    assert counts == sorted(counts)
    assert done.said[-1]["count"] == "6"
    assert {now["doing"] for now in done.said if now["state"] == "work"} == {"Squat"}


def test_it_began_because_the_athlete_held_still(done: Set) -> None:
    assert done.ring > 0.5
    assert next(now["state"] for now in done.said if now["state"] in ("waiting", "work")) == "waiting"


CUE = "Sit lower, until your thighs are level with the floor."


def test_a_fault_is_marked_at_once_but_said_when_it_comes_again(done: Set) -> None:
    """The coach's cue: after two of the last three repetitions, and one at a time."""
    marked = [now for now in done.said if now["faults"]]
    assert {now["count"] for now in marked} >= {"4", "5"}
    assert all(any("knee" in name or "hip" in name for name in now["faults"]) for now in marked)
    cues = {(now["count"], now["cue"]) for now in done.said if now["kind"] == "cue" and now["cue"]}
    assert {cue for _, cue in cues} == {CUE}
    assert "5" in {count for count, _ in cues}
    assert "4" not in {count for count, _ in cues}


def test_after_a_fault_the_corrected_pose_is_there_to_be_drawn(done: Set) -> None:
    ghosts = {now["count"] for now in done.said if now["ghost"] == 33}
    assert ghosts & {"4", "5"}
    assert not ghosts & {"1", "2", "3"}


def test_what_is_said_is_written_for_screen_readers_too(done: Set) -> None:
    assert CUE in {now["aloud"] for now in done.said}
    assert done.visit.page.get_attribute("#aloud", "aria-live") == "assertive"


def test_the_tempo_is_shown(done: Set) -> None:
    assert any(now["tempo"].count("s") == 3 for now in done.said)


def test_what_a_classifier_of_ones_own_says_is_shown(done: Set) -> None:
    said = {now["classified"] for now in done.said if now["state"] == "work"}
    assert {one.split()[0] for one in said if one} <= {"up", "down"}
    assert any(one.endswith(" %") and int(one.split()[1]) >= 50 for one in said)


def test_without_a_voice_it_beeps(done: Set) -> None:
    """This browser has no voices."""
    assert done.visit.page.evaluate("speechSynthesis.getVoices().length") == 0
    assert done.visit.page.evaluate("poise.live.voice.speaks") == "beeps"
    assert done.loudest > 0.01


def test_the_screen_stays_on_until_the_end(done: Set) -> None:
    assert done.awake
    assert not done.visit.page.evaluate("poise.live.stage.awake")


def test_every_frame_on_the_socket_is_keypoints_or_an_order(done: Set) -> None:
    messages = [json.loads(frame) for frame in done.visit.sent]
    poses = [message for message in messages if message["type"] == "pose"]
    assert len(poses) > 60
    assert {message["type"] for message in messages} == {"start", "pose", "stop"}
    assert all(len(frame) < 4096 for frame in done.visit.sent)
    for pose in poses:
        assert set(pose) == {"type", "t", "keypoints", "world", "width", "height"}
        assert (pose["width"], pose["height"]) == (640, 480)
        for points in (pose["keypoints"], pose["world"]):
            assert points is None or [len(point) for point in points] == [3] * 33
            assert points is None or all(isinstance(value, int | float) for point in points for value in point)
    assert sum(pose["keypoints"] is not None for pose in poses) > 0.95 * len(poses)


def test_no_request_leaves_the_origin(done: Set) -> None:
    assert {url.split("/")[2] for _, url in done.visit.requests} == {f"localhost:{done.server.port}"}
    assert {method for method, _ in done.visit.requests} == {"GET"}
    assert done.visit.problems == []


def test_the_policy_stops_the_page_from_speaking_to_anybody_else(done: Set) -> None:
    answer = done.visit.page.evaluate(
        "fetch('https://odml.pa.googleapis.com/v1/log').then(() => 'sent', e => e.name)"
    )
    assert answer == "TypeError"
    done.visit.problems.clear()  # it was told on the console


def test_the_end_sums_up(done: Set) -> None:
    words = " ".join(done.summary.split())
    for expected in ("repetitions 6", "without a fault 67 %", "Squat: 6", "Not deep enough, 2 times"):
        assert expected in words


def test_the_history_holds_it_and_lets_it_go(done: Set) -> None:
    page = done.visit.page
    page.click("text=Look at it closely")
    page.wait_for_selector("#session .reps li")
    assert page.locator("#session .reps > li").count() == 6
    assert page.locator("#session .reps > li.off").count() == 2
    assert "Not deep enough" in page.locator("#session .reps > li").nth(3).inner_text()
    until(lambda: page.locator("#session .player button").is_enabled(), 10, "the keypoints are here")
    page.locator("#session .reps > li summary").nth(3).click()
    page.locator("#session li.off").first.locator("text=Show it").click()
    playing = page.inner_text("#session output")
    until(lambda: page.inner_text("#session output") != playing, 5, "it plays")
    drawn = """() => { const canvas = document.querySelector('#session canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value); }"""
    assert page.evaluate(drawn)
    page.click("text=All sessions")
    page.wait_for_selector("#sessions li")
    assert page.locator("#sessions li").count() == 1, "positioning oneself leaves no session"
    assert page.inner_text("#figures dd >> nth=0") == "1"
    assert page.locator("#calendar a.day").count() == 1
    assert "6 repetitions" in (page.get_attribute("#progress-charts svg", "aria-label") or "")
    with page.expect_download() as download:
        page.click("#all-csv")
    lines = download.value.path().read_text("utf-8").strip().splitlines()
    assert len(lines) >= 2
    page.click("#sessions a")
    page.click("#session .danger")
    page.click("dialog .danger")
    page.wait_for_selector("#none:not([hidden])")
    assert page.locator("#sessions li").count() == 0
    assert done.visit.problems == []


def test_a_server_that_is_killed_and_comes_back_goes_on(server: Served, visit: Callable[..., Visit]) -> None:
    visited = visit(server.url)
    page = visited.page
    visited.begin()
    until(lambda: visited.state() == "work" and visited.text("#count") == "1", 60, "it counts")
    session = page.evaluate("poise.live.ready.session")
    server.kill()
    page.wait_for_selector("#away", state="visible")
    assert "not counted" in visited.text("#away")
    server.start()
    page.wait_for_selector("#away", state="hidden", timeout=30_000)
    until(lambda: page.evaluate("poise.live.ready.resumed"), 20, "it goes on with the session")
    assert page.evaluate("poise.live.ready.session") == session
    heard = page.evaluate("poise.live.feedback.t")
    until(lambda: page.evaluate("poise.live.feedback.t") > heard, 20, "it is coached again")
    page.click("#stop")
    until(lambda: visited.state() == "form", 10)
    assert "repetition" in visited.text("#done")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [("NotAllowedError", "not allowed"), ("NotFoundError", "No camera"), ("NotReadableError", "busy")],
)
def test_a_camera_that_is_refused_is_explained(
    server: Served, visit: Callable[..., Visit], refusal: str, words: str
) -> None:
    script = f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{refusal}'))"
    visited = visit(server.url, script)
    visited.begin()
    visited.page.wait_for_selector("#problem:not(:empty)")
    assert words in visited.text("#problem")
    assert "try again" in visited.text("#problem")
    assert visited.state() == "form"
    assert visited.page.is_enabled("#start")


BUSY = """() => {
  const busy = () => { const end = performance.now() + 3000; while (performance.now() < end); };
  document.addEventListener('seeked', busy, {capture: true, once: true});
  busy();
}"""


def test_without_a_camera_a_drawn_athlete_shows_how_it_counts(
    server: Served, visit: Callable[..., Visit], squat: ShippedClip
) -> None:
    """To the last repetition, also on a machine that has no time for the page during two of them.

    The fourth is so shallow that what it is called hangs on the pictures that were looked at.
    """
    refuse = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))"
    visited = visit(server.url, refuse)
    kept = visited.page.evaluate(SESSIONS)
    visited.page.click("#athlete")
    counts: list[int] = []
    odd = ""

    def over() -> bool:
        nonlocal odd
        if visited.state() == "work":
            counts.append(int(visited.text("#count") or 0))
            odd = visited.text("#odd") or odd
        if counts.count(2) == 1:
            visited.page.evaluate(BUSY)
        return visited.state() == "form"

    until(lambda: visited.state() == "work", 60, "the athlete is there")
    until(over, 90, "the film is over")
    reps = len(squat.performance.reps)
    full = reps - (odd == "1 not counted")
    assert sorted(set(counts)) == list(range(full + 1)), odd
    assert counts == sorted(counts)
    assert f"{full} squats counted" in visited.text("#done")
    assert visited.page.evaluate("fetch('/api/sessions').then((answer) => answer.json())") == kept, (
        "nothing is kept"
    )
    assert not visited.page.evaluate("poise.live.stage.awake")


TWO_CAMERAS = """
  const listed = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  navigator.mediaDevices.enumerateDevices = async () =>
    [...await listed(), { kind: 'videoinput', deviceId: 'gone', label: 'Another camera' }];
"""


def test_camera_mirror_sound_and_size_can_be_changed_while_it_goes_on(
    server: Served, visit: Callable[..., Visit]
) -> None:
    """The other camera is gone when it is chosen, so that whatever there is takes its place."""
    visited = visit(server.url, TWO_CAMERAS)
    page = visited.page
    visited.begin()
    until(lambda: page.evaluate("poise.live.stage?.poses ?? 0") > 5, 60, "it sees")
    assert "Another camera" in page.locator("#lens option").all_text_contents()
    before = page.evaluate("poise.live.stage.stream.id")
    page.select_option("#lens", "gone")
    until(lambda: page.evaluate("poise.live.stage.stream.id") != before, 20, "there is another stream")
    poses = page.evaluate("poise.live.stage.poses")
    until(lambda: page.evaluate("poise.live.stage.poses") > poses + 10, 20, "poses go on")
    page.focus("#go")
    mirrored = page.evaluate("poise.live.stage.mirror")
    page.keyboard.press("m")
    assert page.evaluate("poise.live.stage.mirror") is not mirrored
    for said in ("Beeps only", "Silent"):
        page.keyboard.press("v")
        assert page.text_content("#aloud") == said
    assert page.evaluate("poise.live.voice.speaks") == "off"
    page.keyboard.press("f")
    until(lambda: page.evaluate("document.fullscreenElement?.id") == "stage", 10, "it fills the screen")
    page.click("#stop")
    until(lambda: visited.state() == "form", 10)
    assert page.evaluate("document.fullscreenElement") is None
    assert visited.problems == []


def test_unless_told_it_finds_out_what_is_done_and_counts_it(server: Served, visit: Callable[..., Visit]) -> None:
    visited = visit(server.url)
    page = visited.page
    visited.begin("auto")
    names: list[str] = []

    def all_six() -> bool:
        now = page.evaluate(LOOK)
        if now["state"] == "work" and (not names or names[-1] != now["doing"]):
            names.append(now["doing"])
        return names[-1:] == ["Squat"] and now["count"] == "6"

    until(all_six, 90, "six squats are counted")
    assert set(names) <= {"Watching", "Counting", "Resting", "Squat"}
    assert names[0] != "Squat"
    page.keyboard.press("Escape")
    until(lambda: visited.state() == "form", 10, "it is summed up")
    assert "Squat: 6" in visited.text("#done")


def test_a_workout_is_sets_with_a_rest_between_them(server: Served, visit: Callable[..., Visit]) -> None:
    visited = visit(server.url)
    page = visited.page
    for name, value in (("sets", "2"), ("target", "1"), ("rest", "5")):
        page.fill(f"#{name}", value)
    visited.begin()
    states: list[str] = []

    def over() -> bool:
        now = visited.state()
        if not states or states[-1] != now:
            states.append(now)
        return now == "form" and "work" in states

    until(over, 90, "both sets are done")
    assert [state for state in states if state in ("work", "rest")] == ["work", "rest", "work"]
    assert "Squat:" in visited.text("#done")


def test_where_frames_do_not_stream_the_worker_asks_for_pictures(
    server: Served, visit: Callable[..., Visit]
) -> None:
    visited = visit(server.url, "delete window.MediaStreamTrackProcessor")
    visited.begin()
    until(lambda: visited.state() == "work", 60, "it sees")
    page = visited.page
    assert page.evaluate("poise.live.stage.source") == "bitmap"
    before = page.evaluate("poise.live.stage.poses")
    until(lambda: page.evaluate("poise.live.stage.poses") > before + 10, 20, "poses go on")
    assert visited.problems == []
    page.click("#stop")


def test_the_next_frame_waits_for_the_answer_to_the_last_but_not_for_long(
    server: Served, visit: Callable[..., Visit]
) -> None:
    """Frames come without a pause, and while the worker looks at one it hears nothing."""
    overheard = """
        window.heard = [];
        window.Worker = class extends Worker {
          constructor(...all) {
            super(...all);
            this.addEventListener('message', ({ data: { type, t, sent, ms, message } }) => {
              if (type === 'pose' && sent) heard.push([t, performance.now(), ms]);
              if (message?.type === 'feedback') heard.push([message.t]);
            });
          }
        };
    """
    visited = visit(f"{server.url}/?fps=60&model=full", overheard)
    visited.begin()
    until(lambda: visited.page.evaluate("heard.length") > 160, 90, "poses are answered")
    heard = visited.page.evaluate("heard")[-100:]
    at_once = 0
    poses = [i for i, one in enumerate(heard) if len(one) == 3]
    for one, other in pairwise(poses):
        (t, told, _), (_, then, took) = heard[one], heard[other]
        answered = any(len(what) == 1 and abs(what[0] - t) < 0.002 for what in heard[one:other])
        at_once += not answered and then - took - told < 10  # the least that a wait of 20 ms looks like from here
    assert at_once < 0.5 * len(poses)
    visited.page.click("#stop")


def test_a_device_too_slow_for_the_full_network_takes_the_light_one(
    server: Served, visit: Callable[..., Visit]
) -> None:
    """As if every look of the full network had taken too long."""
    visited = visit(server.url, service_workers="block")
    page = visited.page
    eyes = (PAGE / "eyes.js").read_text("utf-8")
    hasty = eyes.replace("const SLOW_MS = 45", "const SLOW_MS = 0")
    assert hasty != eyes
    page.route("**/eyes.js", lambda route: route.fulfill(body=hasty, content_type="text/javascript"))
    visited.begin()
    until(lambda: page.evaluate("poise.live.stage?.model") == "full", 30, "it begins with the full network")
    until(lambda: page.evaluate("poise.live.stage?.model") == "lite", 60, "it takes the light one")
    before = page.evaluate("poise.live.stage.poses")
    until(lambda: page.evaluate("poise.live.stage.poses") > before + 10, 20, "poses go on")
    assert page.evaluate("poise.live.stage.pose.length") == 33
    assert visited.problems == []
    page.click("#stop")


def test_offline_the_page_opens_and_sees_and_says_what_needs_the_server(
    server: Served, visit: Callable[..., Visit]
) -> None:
    visited = visit(server.url)
    page = visited.page
    page.wait_for_selector("html[data-kept=yes]", timeout=60_000)
    visited.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#offline", state="visible")
    assert "counting, judging, recording and history need it" in visited.text("#offline")
    page.click("#start")
    until(lambda: page.evaluate("poise.live.stage?.poses ?? 0") > 10, 60, "poses are found")
    assert page.evaluate("poise.live.stage.pose.length") == 33
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/#/history")
    page.wait_for_selector("#history-problem", state="visible")
    assert "kept by the server" in visited.text("#history-problem")
    visited.context.set_offline(False)
    page.click("#history-problem button")
    page.wait_for_selector("#overview", state="visible")
