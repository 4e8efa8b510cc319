from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from poise.errors import CameraUnavailable
from poise.vision.camera import cameras, open_camera
from tests.vision.homemade import corners_seen, even, film

#: A camera of 50 pictures a second that shows a test card.
CARD = "lavfi:testsrc=size=160x120:rate=50,realtime"


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name == "poise-camera"] == []


def test_a_camera_sends_frames_in_time() -> None:
    with open_camera(CARD) as camera:
        before = time.monotonic()
        frames = [frame for frame, _ in zip(camera, range(10), strict=False)]
        took = time.monotonic() - before
    assert camera.size == (160, 120)
    assert all(f.image.shape == (120, 160, 3) and f.image.flags.c_contiguous for f in frames)
    steps = np.diff([f.t for f in frames])
    assert (steps > 0).all()
    assert frames[-1].t - frames[0].t <= took + 1e-3


def test_who_comes_late_gets_the_newest_frame() -> None:
    with open_camera(CARD) as camera:
        reading = iter(camera)
        first = next(reading)
        time.sleep(0.5)
        late = next(reading)
        assert late.t - first.t > 0.3, "an old picture was kept"
        assert camera.skipped > 5


def test_no_frame_comes_twice() -> None:
    with open_camera("lavfi:testsrc=size=160x120:rate=10,realtime") as camera:
        times = [frame.t for frame, _ in zip(camera, range(4), strict=False)]
    assert (np.diff(times) > 0.03).all()


def test_a_camera_that_ends_ends_the_iteration() -> None:
    with open_camera("lavfi:testsrc=size=160x120:rate=50:duration=0.2,realtime") as camera:
        assert 1 <= len(list(camera)) <= 10


def test_closing_ends_the_iteration_of_another_thread() -> None:
    camera = open_camera("lavfi:testsrc=size=160x120:rate=2,realtime")
    reader = threading.Thread(target=lambda: list(camera))
    reader.start()
    time.sleep(0.1)
    camera.close()
    reader.join(2.0)
    assert not reader.is_alive()


def test_a_stream_is_a_camera(tmp_path: Path) -> None:
    stream = film(tmp_path / "live.ts", even(30, 1), turned=0).read_bytes()

    class Street(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(stream)))
            self.end_headers()
            self.wfile.write(stream)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Street)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with open_camera(f"http://127.0.0.1:{server.server_port}/live.ts") as camera:
            frames = list(camera)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert corners_seen(frames[-1].image) == ["red", "green", "blue", "yellow"]


def test_a_missing_camera_says_which_there_are() -> None:
    with pytest.raises(CameraUnavailable, match=r"There is no camera '/dev/video987'\. (Cameras here:|No camera)"):
        open_camera("/dev/video987")


def test_an_address_nobody_answers_at_says_so() -> None:
    with pytest.raises(CameraUnavailable, match=r"'http://127\.0\.0\.1:9/' cannot be opened .*address right"):
        open_camera("http://127.0.0.1:9/")


def test_a_camera_without_pictures_says_so() -> None:
    with pytest.raises(CameraUnavailable, match="sends no pictures"):
        open_camera("lavfi:sine=duration=0.1")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (av.error.OSError(errno.EBUSY, "Device or resource busy"), "camera '0' is in use.*Close the program"),
        (av.error.PermissionError(errno.EACCES, "Permission denied"), "may not be used by this user"),
        (av.error.FileNotFoundError(errno.ENOENT, "No such file"), "There is no camera '0'"),
        (
            av.error.ExitError(av.error.tag_to_code(b"EXIT"), "Immediate exit requested"),
            r"cannot be opened \(no answer for 10 s\)",
        ),
        (av.error.OSError(errno.EIO, "Input/output error"), r"cannot be opened \(Input/output error\).*plugged in"),
    ],
    ids=["busy", "forbidden", "missing", "silent", "unknown"],
)
def test_a_camera_that_cannot_be_opened_says_why(
    error: av.FFmpegError, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(CameraUnavailable, match=sentence):
        open_camera(0)


@pytest.mark.parametrize(
    ("system", "opened"),
    [
        ("linux", [("/dev/video1", "v4l2", "mjpeg"), ("/dev/video1", "v4l2", None)]),
        ("darwin", [("1:none", "avfoundation", None)]),
        ("win32", [("video=Rear", "dshow", None)]),
    ],
)
def test_each_system_is_asked_in_its_own_way(
    system: str, opened: list[tuple[str, str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(file: str, options: dict[str, str], **how: Any) -> None:
        asked.append((file, how["format"], options.get("input_format")))
        assert (options["video_size"], options["framerate"]) == ("1280x720", "60")
        raise av.error.OSError(errno.EIO, "Input/output error")

    def two_cameras(_: str) -> list[av.device.DeviceInfo]:
        return [av.device.DeviceInfo(name, name, False, ["video"]) for name in ("Front", "Rear")]

    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(av, "open", refuse)
    monkeypatch.setattr(av, "enumerate_input_devices", two_cameras)
    with pytest.raises(CameraUnavailable):
        open_camera(1, size=(1280, 720), rate=60)
    assert asked == opened


def test_cameras_are_listed_without_microphones(monkeypatch: pytest.MonkeyPatch) -> None:
    def devices(_: str) -> list[av.device.DeviceInfo]:
        return [
            av.device.DeviceInfo("/dev/video0", "Front", True, ["video"]),
            av.device.DeviceInfo("hw:0", "Microphone", False, ["audio"]),
        ]

    monkeypatch.setattr(av, "enumerate_input_devices", devices)
    assert [(c.device, c.name) for c in cameras()] == [("/dev/video0", "Front")]


def test_a_system_that_cannot_list_cameras_lists_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "plan9")
    assert cameras() == []


def test_a_camera_at_its_own_pace_decodes_only_what_is_wanted() -> None:
    with open_camera(CARD) as camera:
        camera.pace = 0.2
        times = [frame.t for frame, _ in zip(camera, range(5), strict=False)][1:]
        assert camera.skipped <= 2  # those of before the pace was set
    assert (np.diff(times) > 0.15).all()


def test_a_raspberry_pis_own_camera_is_read_from_its_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with av.open(str(tmp_path / "stream.mjpeg"), "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for shade in (30, 220):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    program = tmp_path / "rpicam-vid"
    program.write_text(f"#!/bin/sh\necho $$ $* > {tmp_path}/said\nwhile cat {tmp_path}/stream.mjpeg; do :; done\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with open_camera("libcamera", (64, 48), 15) as camera:
        assert next(iter(camera)).image.shape == (48, 64, 3)
        number, *words = (tmp_path / "said").read_text().split()
        assert " ".join(words) == (
            "--timeout 0 --nopreview --codec mjpeg --width 64 --height 48 --framerate 15 --output -"
        )
    assert not Path(f"/proc/{number}").exists()


def test_without_that_program_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CameraUnavailable, match="sudo apt install rpicam-apps"):
        open_camera("libcamera")
    program = tmp_path / "libcamera-vid"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(CameraUnavailable, match="libcamera-vid --list-cameras"):
        open_camera("libcamera")
