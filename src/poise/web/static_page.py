"""A page without a server behind it: pose and a classifier on the device, for any static host.

The folder it writes holds everything the page needs and nothing that calls home: the page, poise's modules for
camera, eyes and drawing, the runtimes, the networks, the classifier, and hosting configurations.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from poise.classify import open_classifier
from poise.errors import InputError
from poise.vision.weights import Progress
from poise.web.assets import assets, classifier_runtime

_HERE = Path(__file__).parent
#: What this page shares with the one that has a server.
_SHARED = ("body.js", "camera.js", "draw.js", "eyes.js", "icon.svg", "words.js")
#: Said with every answer by hosts that read a configuration.
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}


def export_page(classifier: Path, folder: Path, progress: Progress | None = None) -> int:
    """Write the page of a classifier into a folder; its size in bytes.

    Args:
        classifier: an ``.onnx`` file of `poise.learn`.
        folder: where it goes; made when it is not there.
        progress: told about files as they arrive.

    Raises:
        InputError: when it is another kind of file.
        UnsuitableModel: when it is no classifier.
        ModelUnavailable: when something the page runs on is not here and cannot be fetched.
        OSError: when the folder cannot be written to.

    """
    if classifier.suffix != ".onnx":
        raise InputError(
            f"{classifier.name} cannot be put into a page.",
            "Export it as ONNX: poise learn export RUN --out c.onnx",
        )
    about = open_classifier(classifier).about
    runs_on = assets(progress)
    vendor = folder / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    for name in _SHARED:
        shutil.copyfile(_HERE / "page" / name, folder / name)
    for own in (_HERE / "static").iterdir():
        shutil.copyfile(own, folder / own.name)
    for place in (runs_on.folder, classifier_runtime(progress)):
        for file in place.iterdir():
            shutil.copyfile(file, vendor / file.name)
    shutil.copyfile(classifier, folder / "classifier.onnx")
    (folder / "about.json").write_text(json.dumps(asdict(about), indent=1), encoding="utf-8")
    pairs = [{"key": key, "value": value} for key, value in _HEADERS.items()]
    firebase = {
        "hosting": {"public": ".", "ignore": ["firebase.json"], "headers": [{"source": "**", "headers": pairs}]}
    }
    (folder / "firebase.json").write_text(json.dumps(firebase, indent=1), encoding="utf-8")
    (folder / "_headers").write_text(
        "/*\n" + "".join(f"  {k}: {v}\n" for k, v in _HEADERS.items()), encoding="utf-8"
    )
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
