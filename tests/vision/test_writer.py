from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from poise.errors import PoiseError
from poise.vision.frame import Frame
from poise.vision.video import Film, open_film
from poise.vision.writer import open_writer
from tests.vision.homemade import bar_at, bar_seen, board, corners_seen, even, film


def write(path: Path, times: list[float], size: tuple[int, int] = (96, 64), source: Film | None = None) -> Path:
    with open_writer(path, size, audio_from=source) as writer:
        for t in times:
            writer.write(Frame(board(t, size), t))
    return path


def loudness(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds and root mean square of every piece of a film's sound."""
    times, levels = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.time is not None
            times.append(frame.time)
            levels.append(float(np.sqrt((frame.to_ndarray().astype(float) ** 2).mean())))
    return np.array(times), np.array(levels)


# Pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times",
    [even(30, 1), even(240, 0.5), even(8, 2), [0.0, 0.031, 0.05, 0.4, 0.41, 1.2, 1.9]],
    ids=["30 fps", "240 fps", "8 fps", "variable"],
)
def test_frames_keep_their_times(tmp_path: Path, times: list[float]) -> None:
    with open_film(write(tmp_path / "out.mp4", times)) as film:
        frames = list(film)
    assert [f.t for f in frames] == pytest.approx(times, abs=1 / 90_000)
    assert [bar_seen(f.image) for f in frames] == pytest.approx([bar_at(t) for t in times], abs=0.75)
    assert film.notes == []


def test_the_written_film_starts_with_its_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with open_writer(path, (96, 64)) as writer:
        for t in even(25, 1):
            writer.write(Frame(board(t), 12.5 + t))
        assert writer.origin == 12.5
    with open_film(path) as film:
        assert [f.t for f in film] == pytest.approx(even(25, 1), abs=1e-4)


def test_the_film_plays_anywhere(tmp_path: Path) -> None:
    path = write(tmp_path / "out.mp4", even(30, 1))
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "a browser must be able to start before all of it is there"


@pytest.mark.parametrize(("size", "even_size"), [((97, 63), (96, 62)), ((64, 97), (64, 96)), ((2, 2), (2, 2))])
def test_an_odd_size_loses_its_last_row_or_column(
    tmp_path: Path, size: tuple[int, int], even_size: tuple[int, int]
) -> None:
    path = tmp_path / "out.mp4"
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    image[even_size[1] :], image[:, even_size[0] :] = 255, 255
    with open_writer(path, size) as writer:
        writer.write(Frame(image, 0.0))
    with open_film(path) as film:
        (frame,) = film
    assert frame.size == even_size
    assert frame.image.max() < 100


def test_colours_come_back(tmp_path: Path) -> None:
    with open_film(write(tmp_path / "out.mp4", even(10, 1), (320, 240))) as film:
        image = next(iter(film)).image
    assert corners_seen(image) == ["red", "green", "blue", "yellow"]
    assert np.median(np.abs(image.astype(int) - board(0.0, (320, 240)))) <= 2
    assert np.abs(image[20, 20].astype(int) - board(0.0, (320, 240))[20, 20]).max() <= 6


def test_a_frame_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with open_writer(tmp_path / "out.mp4", (96, 64)) as writer:
        writer.write(Frame(board(), 1.0))
        with pytest.raises(ValueError, match="the film is 96x64, the frame 64x96"):
            writer.write(Frame(board(0.0, (64, 96)), 2.0))
        with pytest.raises(ValueError, match=r"a frame at 1\.0 s cannot follow one at 1\.0 s"):
            writer.write(Frame(board(), 1.0))


# Sound ---------------------------------------------------------------------------------------------------

SOUNDS = [("mp4", "aac"), ("ts", "aac"), ("mp4", "mp3"), ("mkv", "libopus"), ("mov", "pcm_s16le"), ("avi", "ac3")]


@pytest.mark.parametrize(("ending", "codec"), SOUNDS)
def test_the_sound_of_the_source_is_kept_in_step(tmp_path: Path, ending: str, codec: str) -> None:
    # The tone of a homemade film sounds in the second half of every second of the file's own clock.
    source = film(tmp_path / f"in.{ending}", even(25, 3), sound=codec)
    with open_film(source) as opened:
        path = write(tmp_path / "out.mp4", [f.t for f in opened], source=opened)
    times, levels = loudness(path)
    assert 2.7 < times[-1] < 3.1
    middle = np.abs(times % 0.5 - 0.25) < 0.15  # away from where it starts and stops
    assert ((levels > 0.1) == (times % 1.0 > 0.5))[middle].all()
    with av.open(str(path)) as container:
        kept = container.streams.audio[0].codec_context.name
        assert kept == {"aac": "aac", "mp3": "mp3float", "libopus": "opus"}.get(codec, "aac")


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_the_sound_of_a_part_belongs_to_that_part(tmp_path: Path, codec: str) -> None:
    source = film(tmp_path / "in.mov", even(25, 6), sound=codec)
    with open_film(source, start=2.25, end=4.0) as opened:
        path = write(tmp_path / "out.mp4", [f.t for f in opened], source=opened)
    times, levels = loudness(path)
    assert times[0] < 0.1
    assert 1.5 < times[-1] < 1.8
    since = times + 2.28 - 1e-9  # the first picture of the part is at 2.28 s
    middle = np.abs(since % 0.5 - 0.25) < 0.15
    assert ((levels > 0.1) == (since % 1.0 > 0.5))[middle].all()


def test_sound_that_starts_before_the_pictures_stays_in_step(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mkv", even(25, 3), start=0.0, sound="aac")
    with open_film(source) as opened:
        path = write(tmp_path / "out.mp4", [t for t in even(25, 3) if t >= 0.75], source=opened)
    times, levels = loudness(path)
    middle = np.abs((times + 0.76) % 0.5 - 0.25) < 0.15
    assert ((levels > 0.1) == ((times + 0.76) % 1.0 > 0.5))[middle].all()
    with av.open(str(path)) as container:
        kept = [packet.pts for packet in container.demux(audio=0) if packet.pts is not None]
    assert min(kept) >= 0, "sound from before the first frame is carried along"


def test_a_silent_film_stays_silent(tmp_path: Path) -> None:
    with open_film(film(tmp_path / "in.mp4", even(10, 1))) as opened:
        path = write(tmp_path / "out.mp4", even(10, 1), source=opened)
    with av.open(str(path)) as container:
        assert not container.streams.audio


# Files ---------------------------------------------------------------------------------------------------


def test_the_film_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with open_writer(path, (96, 64)) as writer:
        writer.write(Frame(board(), 0.0))
        assert not path.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_an_error_leaves_what_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"before")

    def fail() -> None:
        with open_writer(path, (96, 64)) as writer:
            writer.write(Frame(board(), 0.0))
            raise OSError("of somebody else")

    with pytest.raises(OSError, match="of somebody else"):
        fail()
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_a_film_without_frames_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"), open_writer(tmp_path / "out.mp4", (96, 64)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(PoiseError, match=r"out\.mp4' cannot be written .*Choose a folder that exists"),
        open_writer(tmp_path / "nowhere" / "out.mp4", (96, 64)),
    ):
        pass


def test_a_place_that_is_taken_by_a_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(PoiseError, match=r"out\.mp4' cannot be written"):
        write(tmp_path / "out.mp4", [0.0])
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("limit", [0, 20_000, 200_000])
def test_a_full_disk_leaves_no_broken_film(tmp_path: Path, limit: int) -> None:
    # A process that may write only so much to a file meets the same failed writes as one on a full disk.
    program = f"""
        import resource, numpy as np
        from poise.errors import PoiseError
        from poise.vision.frame import Frame
        from poise.vision.writer import open_writer
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        noise = np.random.default_rng(0)
        try:
            with open_writer({str(tmp_path / "out.mp4")!r}, (320, 240)) as writer:
                for i in range(60):
                    writer.write(Frame(noise.integers(0, 255, (240, 320, 3), np.uint8), i / 30))
        except PoiseError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "out.mp4' cannot be written (File too large)" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_called_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise av.error.OSError(28, "No space left on device")

    monkeypatch.setattr(av, "open", full)
    with (
        pytest.raises(PoiseError, match=r"The disk is full: .*out\.mp4'"),
        open_writer(tmp_path / "out.mp4", (96, 64)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
