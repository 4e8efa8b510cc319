"""Whether a long film takes more memory than a short one.

python benchmarks/memory.py [FILM] [--exercise squat] [--model full] [--times 10] [--rounds 3]

The long film is the given one over and over, its packets copied as they are. Both are analysed by ``poise analyze``
in a process of its own, with the annotated film and without. Printed are the peak memory of the whole process, the
median over rounds with the lowest and the highest, and how many times that of the short film the long one needs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from machine import machine
from peers import SHARED


def repeated(film: Path, times: int, folder: Path) -> Path:
    """The film over and over, without its sound."""
    long = folder / f"{film.stem}-{times}-times{film.suffix}"
    with av.open(str(long), "w") as target:
        shift, stream = 0, None
        for _ in range(times):
            with av.open(str(film)) as source:
                video = source.streams.video[0]
                stream = stream or target.add_stream_from_template(video)
                assert video.duration
                for packet in source.demux(video):
                    if packet.dts is None or packet.pts is None:  # the one that says that it is over
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    target.mux(packet)
                shift += video.duration
    return long


def peak_mb(film: Path, options: list[str]) -> float:
    """The most memory that analysing a film takes at once, in MB."""
    with TemporaryDirectory() as results:
        command = [sys.executable, "-m", "poise", "analyze", str(film), "--quiet", "--out", results, *options]
        process = subprocess.Popen(command)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?", default=SHARED / "clips" / "joelo_squat1.mp4")
    parser.add_argument("--exercise", default="squat")
    parser.add_argument("--model", default="full")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()

    print(machine())
    print(f"{asked.film.name}, and {asked.times} times over; {asked.model}, {asked.rounds} rounds; peak MB")
    with TemporaryDirectory() as folder:
        films = (asked.film, repeated(asked.film, asked.times, Path(folder)))
        for label, more in (("without the annotated film", ["--no-video"]), ("with the annotated film", [])):
            options = ["--exercise", asked.exercise, "--model", asked.model, *more]
            peaks = np.array([[peak_mb(film, options) for film in films] for _ in range(asked.rounds)])
            short, long = (
                f"{np.median(each):.0f} ({each.min():.0f}-{each.max():.0f})" for each in np.moveaxis(peaks, 1, 0)
            )
            times = np.median(peaks[:, 1]) / np.median(peaks[:, 0])
            print(f"{label:28s} short {short}, long {long}, {times:.3f} times", flush=True)


if __name__ == "__main__":
    main()
