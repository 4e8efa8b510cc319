"""HRNet from pictures to a file that poise runs: ``python -m poise.learn.keypoints render|train|evaluate|export``.

render    draws simulated people with exact keypoints, laid out as COCO's
train     learns from COCO's files or drawn ones, going on where it stopped; under torchrun on many processors
evaluate  OKS average precision, with annotated boxes or a detector's
export    ONNX or TFLite, and how far the file is from the network
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import torch

from poise.errors import PoiseError
from poise.learn.keypoints.coco import read_coco
from poise.learn.keypoints.data import People, Recipe
from poise.learn.keypoints.evaluate import found_by, read_boxes, torch_network, write_results
from poise.learn.keypoints.export import parity, to_int8, to_onnx, to_tflite
from poise.learn.keypoints.hrnet import SHAPES, HRNet, load_checkpoint, open_hrnet
from poise.learn.keypoints.oks import evaluate, interval
from poise.learn.keypoints.train import Training, train


def main() -> int:
    """Do what the command line says; the exit code."""
    asked = _parser().parse_args()
    try:
        asked.do(asked)
    except PoiseError as problem:
        sys.stderr.write(f"{problem.message}\n  {problem.hint}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m poise.learn.keypoints",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    draw = commands.add_parser("render")
    draw.set_defaults(do=_render)
    draw.add_argument("--out", type=Path, required=True)
    draw.add_argument("--people", type=int, default=4000)
    draw.add_argument("--seed", type=int, default=0)
    draw.add_argument("--processes", type=int, default=1)
    learn = commands.add_parser("train")
    learn.set_defaults(do=_train)
    learn.add_argument("--out", type=Path, required=True, help="where checkpoints go, and are gone on from")
    learn.add_argument(
        "--learn", type=Path, required=True, help="a COCO keypoints file; its pictures lie beside it"
    )
    learn.add_argument("--measure", type=Path, required=True, help="the same, of people never learned from")
    learn.add_argument("--pictures", type=Path, nargs=2, help="folders of the pictures of both files")
    learn.add_argument("--target", choices=("gaussian", "disc"), default="gaussian")
    learn.add_argument(
        "--vary", type=float, default=1.0, help="how much to turn, scale and halve people; 1 as in the paper"
    )
    learn.add_argument("--epochs", type=int, default=210)
    learn.add_argument("--batch", type=int, default=32)
    learn.add_argument("--optimiser", choices=("adam", "muon"), default="adam", help="how kernels are learnt")
    learn.add_argument("--rate", type=float, default=1e-3)
    learn.add_argument("--fall", choices=("steps", "cosine"), default="steps", help="how the rate falls")
    learn.add_argument("--least", type=float, default=0.0, help="the rate that a cosine ends at")
    learn.add_argument(
        "--sides", type=float, default=1.0, help="how much telling left from right weighs; 1 as in the paper"
    )
    learn.add_argument("--begin", type=Path, help="a checkpoint to begin with, such as the authors'")
    learn.add_argument("--workers", type=int, default=0)
    learn.add_argument("--every", type=int, default=1, help="epochs from one measurement to the next")
    learn.add_argument("--mixed", action="store_true", help="half precision where that is safe")
    learn.add_argument("--minutes", type=float, help="stop after the epoch that ends after so many")
    test = commands.add_parser("evaluate")
    test.set_defaults(do=_evaluate)
    send = commands.add_parser("export")
    send.set_defaults(do=_export)
    for command in (test, send):
        command.add_argument("--checkpoint", type=Path, required=True)
        command.add_argument("--measure", type=Path, required=True, help="a COCO keypoints file")
        command.add_argument("--pictures", type=Path, help="folder of its pictures; beside it when left out")
    for command in (learn, test, send):
        command.add_argument("--net", choices=tuple(SHAPES), default="w32")
        command.add_argument(
            "--size", type=_size, default="192x256", help="width by height: 192x256, 288x384 or any other by 32"
        )
    test.add_argument("--boxes", type=Path, help="COCO's results of a detector, instead of annotated boxes")
    test.add_argument("--flip", action="store_true")
    test.add_argument("--quarter", action="store_true", help="place peaks a quarter of a cell over, not as DARK")
    test.add_argument("--results", type=Path, help="write who was found as COCO's results")
    send.add_argument("--out", type=Path, required=True, help="a .onnx or .tflite file; int8 ends in .int8.tflite")
    return parser


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _size(words: str) -> tuple[int, int]:
    """Width and height of the network's picture; its coarsest branch sees a thirty-second of it."""
    width, _, height = words.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height) > 0):
        raise argparse.ArgumentTypeError(f"{words!r} is no width by height, such as 192x256")
    if int(width) % 32 or int(height) % 32:
        raise argparse.ArgumentTypeError(f"{words} is not by 32 both ways, as 192x256 is")
    return int(width), int(height)


def _people(file: Path, folder: Path | None, recipe: Recipe) -> People:
    return People(read_coco(file), folder or file.parent, recipe)


def _render(asked: argparse.Namespace) -> None:
    from poise.learn.keypoints.rendered import render  # needs the extra

    def tell(done: int, total: int) -> None:
        if done % 250 == 0 or done == total:
            _say(f"{done} of {total}")

    _say(str(render(asked.out, asked.people, asked.seed, tell, asked.processes)))


def _train(asked: argparse.Namespace) -> None:
    size = asked.size
    folders = asked.pictures or (None, None)
    learned = _people(asked.learn, folders[0], Recipe(size, asked.target, asked.vary))
    held_out = _people(asked.measure, folders[1], Recipe(size, asked.target, vary=0.0))
    training = Training(
        net=asked.net,
        epochs=asked.epochs,
        batch=asked.batch,
        optimiser=asked.optimiser,
        rate=asked.rate,
        fall=asked.fall,
        least=asked.least,
        sides=asked.sides,
        begin=asked.begin,
        workers=asked.workers,
        mixed=asked.mixed,
        measure=asked.every,
    )
    began = time.monotonic()
    late = asked.minutes or float("inf")

    def tell(epoch: int, loss: float, ap: float) -> None:
        minutes = (time.monotonic() - began) / 60
        measured = "" if math.isnan(ap) else f", AP {ap:.3f}"
        _say(f"epoch {epoch} of {asked.epochs}: loss {loss:.6f}{measured}, {minutes:.1f} min")

    train(training, learned, held_out, asked.out, tell, lambda: (time.monotonic() - began) / 60 > late)


def _net(asked: argparse.Namespace) -> HRNet:
    net = open_hrnet(asked.net)
    load_checkpoint(net, asked.checkpoint)
    return net


def _evaluate(asked: argparse.Namespace) -> None:
    people = _people(asked.measure, asked.pictures, Recipe(asked.size, vary=0.0))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    boxes = read_boxes(asked.boxes) if asked.boxes else None
    network = torch_network(_net(asked), device)
    found = list(found_by(network, people, boxes, flip=asked.flip, dark=not asked.quarter))
    truth = read_coco(asked.measure).people
    scores, (low, high) = evaluate(truth, found), interval(truth, found)
    _say(
        f"AP {scores.ap:.4f} [{low:.3f}, {high:.3f}], AP50 {scores.ap50:.4f}, AP75 {scores.ap75:.4f}, "
        f"medium {scores.medium:.4f}, large {scores.large:.4f}, AR {scores.ar:.4f}; n = {len(people)} people"
    )
    if asked.results:
        write_results(asked.results, found)


def _export(asked: argparse.Namespace) -> None:
    size, net = asked.size, _net(asked)
    people = _people(asked.measure, asked.pictures, Recipe(size, vary=0.0))
    if asked.out.name.endswith(".int8.tflite"):
        to_int8(net, [people[i][0] for i in range(min(100, len(people)))], asked.out)
    elif asked.out.suffix == ".tflite":
        to_tflite(net, size, asked.out)
    else:
        to_onnx(net, size, asked.out)
    far = parity(net, asked.out, people)
    _say(
        f"{asked.out}: keypoints off by {far.median_px:.3f} px at the median and {far.most_px:.3f} at most "
        f"(n = {far.n}), AP {far.ap[0]:.4f} before and {far.ap[1]:.4f} after, "
        f"{asked.out.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
