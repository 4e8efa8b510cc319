"""``poise doctor``: what is installed, what is here, and what is really in use."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import av
from rich.markup import escape

from poise.cli.app import app, out
from poise.errors import PoiseError
from poise.vision.camera import cameras
from poise.vision.estimators import known_backends, known_options
from poise.vision.estimators.blazepose import DEFAULT_MODEL, measure
from poise.vision.estimators.runtime import EXTRAS, fastest, installed, title
from poise.vision.weights import Kind, ModelInfo, models

_LIBRARIES = ("numpy", "ai-edge-litert", "av", "pillow", "kornia-rs", "arro3-io", "pydantic")


@app.command("doctor")
def doctor() -> None:
    """Say what poise finds on this machine: versions, models, runtime, threads, cameras and codecs.

    Examples:
        poise doctor

    """
    _line("poise", version("poise"))
    _line("python", f"{sys.version.split()[0]} on {platform.platform()}")
    _line("processor", f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    for name in _LIBRARIES:
        _line(name, _version(name))
    _line("backends", ", ".join(known_backends()))
    for backend in known_backends():
        if options := _options(backend):
            _line(f"  {backend}", f"--option {options}")
    for runtime, there in installed().items():
        _line(title(runtime), "installed" if there else f"not installed: pip install 'poise[{EXTRAS[runtime]}]'")
    for model in models():
        _line(
            model.name,
            f"{model.path}, {_runs_on(model)}"
            if model.path
            else "not here; it is fetched when first needed"
            if not model.source
            else f"not here: {model.source}",
        )
    _line("runtime", _runtime())
    _line("cameras", "; ".join(str(camera) for camera in cameras()) or "none found")
    found = [name for name in ("h264", "hevc", "vp9", "av1") if name in av.codecs_available]
    _line("film codecs", ", ".join(found) + ("; writes H.264" if "libx264" in av.codecs_available else ""))


def _line(name: str, value: str) -> None:
    out.print(f"[bold]{escape(name):18s}[/] {escape(value)}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _options(backend: str) -> str:
    """The options that only this backend takes; none while it is not installed."""
    try:
        return ", ".join(name if kind is bool else f"{name}=..." for name, kind in known_options(backend).items())
    except PoiseError:
        return ""


def _runs_on(model: ModelInfo) -> str:
    """What a model that is here would run on."""
    kinds: dict[str, Kind] = {".tflite": "tflite", ".task": "tflite", ".onnx": "onnx", ".xml": "openvino"}
    kind = kinds.get(Path(model.file).suffix)
    if kind is None:
        return "parameters"
    chosen = fastest(kind)
    return f"on {title(chosen)}" if chosen else f"and nothing installed to run it: {kind}"


def _runtime() -> str:
    """What an analysis would run on here, found out by running it."""
    name = f"blazepose-{DEFAULT_MODEL}"
    if not any(model.path for model in models() if model.name == name):
        return f"{name} is not here, so nothing could be run: poise models fetch {name}"
    found = measure()
    runtime = f"OpenVINO {_version('openvino')}"
    if found.runtime == "litert":
        runtime = f"LiteRT {_version('ai-edge-litert')}, {'XNNPACK' if found.delegated else 'without XNNPACK'}"
    return (
        f"{runtime}; {name} takes {found.ms:.1f} ms on the one thread a part has, with {found.cores:.1f} cores "
        f"busy; a film is followed in up to {os.cpu_count()} parts at once"
    )
