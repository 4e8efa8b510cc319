"""The face of the library: what `import poise` offers, and how little it loads."""

import subprocess
import sys

import poise

HEAVY = (
    "cv2",
    "av",
    "PIL",
    "ai_edge_litert",
    "onnxruntime",
    "torch",
    "pandas",
    "scipy",
    "fastapi",
    "starlette",
    "arro3",
)


def test_the_face_is_about_a_dozen_names() -> None:
    assert 10 <= len(poise.__all__) <= 14


def test_public_names_are_those_listed_and_all_load() -> None:
    assert poise.__all__ == sorted(poise.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    for name in poise.__all__:
        assert getattr(poise, name) is not None
    assert set(dir(poise)) >= set(poise.__all__)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    assert not hasattr(poise, "sqaut")


def test_importing_poise_loads_nothing_heavy() -> None:
    code = f"import sys, poise; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_judging_core_loads_nothing_heavy() -> None:
    code = (
        "import sys; from poise import Coach, Pose, review; Coach('squat'); "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
