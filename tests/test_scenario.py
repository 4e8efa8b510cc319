"""An afternoon with poise, as somebody types it: everything after everything else, and then all of it once more."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from browser import CHROMIUM, fake_camera, flags
from playwright.sync_api import Browser, Playwright
from websockets.sync.client import connect

from poise.body import Pose, PoseSequence
from poise.body.formats import read_recording, write_recording
from poise.learn.data import write_table
from poise.sim.desk import Spell
from poise.sim.shipped import ShippedClip
from tests.coach.desk.sitters import sitting
from tests.coach.teach.shows import shows
from tests.learn.data.made import pictures
from tests.processes import end
from tests.web.conftest import until

ROOT = Path(__file__).parents[1]


class Home:
    """Somebody's machine: poise freshly installed, a folder to work in, and one for what poise keeps of them."""

    def __init__(self, folder: Path, poise: Path) -> None:
        self.folder, self.poise = folder, poise
        self.env = os.environ | {"POISE_DATA": str(folder / "data"), "COLUMNS": "200", "BROWSER": "true"}
        self.env.pop("PYTHONPATH", None)

    def types(self, *words: str | Path, expect: int = 0) -> str:
        """Run a command to its end; what it printed."""
        command = [str(self.poise), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.env, cwd=self.folder, check=False)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert done.returncode == expect, (words, said)
        return done.stdout

    @contextmanager
    def serves(self, *words: str) -> Iterator[str]:
        """A server while it is needed; its address."""
        command = [str(self.poise), *words, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.env, cwd=self.folder) as process:
            assert process.stdout
            said = ""
            try:
                while "Ctrl+C" not in said:
                    line = process.stdout.readline()
                    assert line, f"it ended: {said}"
                    said += line
                yield re.findall(r"http://127\.0\.0\.1:\d+/", said)[0]
            finally:
                end(process, signal.SIGINT)
            assert process.returncode == 0, "Ctrl+C is how it is ended"


def installed(folder: Path) -> Path:
    """The command, of a wheel just built and put into an environment of its own, to which what is here is lent."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("poise-*.whl")
    venv.create(folder / "venv")
    python, here = folder / "venv" / "bin" / "python", sysconfig.get_path("purelib")
    theirs = "import sysconfig, poise; print(sysconfig.get_path('purelib'), poise.__file__)"
    put = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*put, str(wheel)], check=True, capture_output=True)
    asked = subprocess.run([python, "-I", "-c", theirs], check=True, capture_output=True, text=True)
    site, found = map(Path, asked.stdout.split())
    assert found.is_relative_to(site)
    (site / "lent.pth").write_text(here)
    return python.with_name("poise")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, squat: ShippedClip) -> Home:
    folder = tmp_path_factory.mktemp("home")
    (folder / "films").mkdir()
    shutil.copy(squat.path, folder / "films" / "monday.mp4")
    (folder / "films" / "broken.mp4").write_bytes(b"no film")
    write_recording(folder / "sitting.npz", PoseSequence.of(sitting(80, Spell("slump", 20, 999, {"slump": 6}))))
    write_recording(folder / "kick.npz", shows("lateral_raise", 4))
    write_recording(folder / "more.npz", shows("lateral_raise", 6, seed=3, tall=1.6))
    return Home(folder, installed(tmp_path_factory.mktemp("installed")))


@pytest.fixture(scope="module")
def browser(
    playwright: Playwright, squat: ShippedClip, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser | None]:
    """Chromium, before whose camera somebody stands, then squats; None where there is none."""
    if not CHROMIUM:
        yield None
        return
    film = fake_camera(squat, tmp_path_factory.mktemp("camera") / "squat.mjpeg")
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags(film))
    yield chromium
    chromium.close()


@pytest.mark.models
@pytest.mark.parametrize("time", ["first", "again"])
def test_an_afternoon(home: Home, browser: Browser | None, time: str) -> None:
    here = home.folder
    looks(home)
    is_coached(home, here / "results" / "squat" / "keypoints.parquet")
    if browser:
        is_coached_on_the_page(home, browser)
    sits(home)
    teaches(home, again=time == "again")
    trains(home)
    works_through_a_library(home, again=time == "again")
    takes_along_and_deletes(home)


def looks(home: Home) -> None:
    """The demo, and a film of one's own judged again from its keypoints."""
    assert "poise" in home.types("doctor")
    said = home.types("demo", "--out", "results")
    assert "5 squats" in said
    for name in ("report.html", "report.json", "reps.csv", "annotated.mp4", "keypoints.parquet"):
        assert (home.folder / "results" / "squat" / name).stat().st_size > 200
    again = json.loads(home.types("analyze", "results/squat/keypoints.parquet", "-e", "squat", "--json"))
    assert again["counts"]["full"] == 5
    off = [{fault["name"] for fault in rep["faults"] if fault["state"] == "fault"} for rep in again["reps"]]
    assert off == [set(), set(), set(), {"shallow"}, set()], "the fourth is shallow"
    assert home.types("convert", "results/squat/keypoints.parquet", "squat.bvh").startswith("squat.bvh")


def is_coached(home: Home, keypoints: Path) -> None:
    """The page opens, and its socket counts what it is shown."""
    poses = read_recording(keypoints)
    width, height = poses.size or (0, 0)
    with (
        home.serves("serve", "--workers", "0", "--no-network") as url,
        connect(url.replace("http", "ws") + "ws", proxy=None) as socket,
    ):
        assert "<h1>" in httpx.get(url, trust_env=False).text
        socket.send(json.dumps({"type": "start", "exercise": "squat", "width": width, "height": height}))
        counts = {}
        for pose in poses:
            socket.send(json.dumps({"type": "pose", "t": pose.t, "keypoints": body(pose)}))
            while (told := json.loads(socket.recv()))["type"] != "feedback":
                pass
            counts = told["counts"]
        socket.send(json.dumps({"type": "stop"}))
        while (told := json.loads(socket.recv()))["type"] != "summary":
            pass
    assert counts["full"] == 5
    assert told["session"]


def is_coached_on_the_page(home: Home, browser: Browser) -> None:
    """`poise live`, and in the browser nothing but an exercise chosen and Start pressed."""
    with home.serves("live", "--no-network") as url:
        page = browser.new_page()
        page.goto(url)
        page.select_option("#exercise", "squat")
        page.click("#start")
        until(lambda: page.inner_text("#count") == "2", 90, "two squats are counted")
        page.keyboard.press("Escape")
        until(lambda: page.evaluate("document.documentElement.dataset.state") == "form", 20, "it is summed up")
        assert "Squat: 2" in page.inner_text("#done")
        page.close()


def body(pose: Pose) -> list[list[float] | None]:
    rows = np.column_stack([pose.points, pose.score])
    return [[round(float(n), 2) for n in row] if np.isfinite(row).all() else None for row in rows]


def sits(home: Home) -> None:
    lines = [json.loads(line) for line in home.types("desk", "--film", "sitting.npz", "--json").splitlines()]
    assert [line["signature"] for line in lines if line["type"] == "Nudge"] == ["slump"]
    home.types("desk", "diary")


def teaches(home: Home, again: bool) -> None:
    home.types("teach", "wings", "kick.npz", *(["--replace"] if again else []))
    assert "Wings" in home.types("exercises")
    counted = json.loads(home.types("analyze", "more.npz", "-e", "wings", "--json", "--out", "wings"))
    assert counted["counts"]["full"] == 6


def trains(home: Home) -> None:
    """A classifier of sitting well and badly, of ten people; then asked of one more."""
    write_table(home.folder / "posture.csv", pictures(80, people=10))
    home.types("learn", "train", "posco", "posture.csv", "--out", "posture", "--set", "training.epochs=6")
    assert (home.folder / "posture" / "report.html").stat().st_size > 1000
    home.types("learn", "export", "posture", "--out", "posture.onnx")
    answers = [
        json.loads(line) for line in home.types("classify", "posture.onnx", "sitting.npz", "--json").splitlines()
    ]
    assert answers


def works_through_a_library(home: Home, again: bool) -> None:
    """One film and one that is none; the second time there is nothing left to do."""
    words = ("batch", "films", "--out", "library", "-e", "squat", "--model", "lite", "--json")
    kept = [path.stat().st_mtime_ns for path in home.folder.glob("library/keypoints/*/*.parquet")]
    done = json.loads(home.types(*words))
    assert (done["distinct"], done["judged"], done["frames"]) == (2, 1, 277)
    quarantine = (home.folder / "library" / "quarantine.csv").read_text()
    assert "broken.mp4" in quarantine
    now = [path.stat().st_mtime_ns for path in home.folder.glob("library/keypoints/*/*.parquet")]
    assert len(now) == 1
    assert now == kept or not again


def takes_along_and_deletes(home: Home) -> None:
    """What the coach kept is listed, exported and gone."""
    listed = home.types("history", "list")
    session, *others = re.findall(r"^.*?\b([0-9a-f]{8,})\b.*Squat", listed, re.MULTILINE)
    assert len(others) == bool(CHROMIUM)
    assert "Squat" in home.types("history", "show", session)
    home.types("history", "export", session, "--out", "mine.json")
    assert json.loads((home.folder / "mine.json").read_text())["sessions"]
    home.types("history", "delete", "--all", "--yes")
    assert "Nothing is kept" in home.types("history", "list")
