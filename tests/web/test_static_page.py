"""The page without a server behind it: from a plain file server, in Chromium, before the rendered athlete."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from poise.classify import open_classifier
from poise.errors import InputError, ModelUnavailable
from poise.learn.recipe import load_recipe
from poise.learn.run import Asked, learn, write_run
from poise.web.assets import assets, classifier_runtime
from poise.web.static_page import export_page
from tests.learn.data.made import pictures
from tests.web.conftest import Visit, until


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of a classifier that was taught for a moment."""
    try:
        assets()
        classifier_runtime()
    except ModelUnavailable as problem:
        pytest.skip(f"what the page runs on is not here: {problem}")
    folder = tmp_path_factory.mktemp("static")
    run = learn(load_recipe("posco").changed(training__epochs=4), pictures(60, people=10), Asked(quick=True))
    write_run(run, folder / "run")
    export_page(folder / "run" / "classifier.onnx", folder / "page")
    return folder / "page"


@pytest.fixture(scope="module")
def host(page: Path) -> Iterator[str]:
    """A plain file server, which sets no headers."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(page)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_page_holds_all_it_needs_and_says_what_it_is(page: Path) -> None:
    about = json.loads((page / "about.json").read_text())
    assert about["labels"] == ["bad", "good"]
    assert json.loads((page / "firebase.json").read_text())["hosting"]["public"] == "."
    assert "nosniff" in (page / "_headers").read_text()
    for name in ("index.html", "watch.js", "eyes.js", "vendor/pose_full.task", "vendor/ort.wasm.min.mjs"):
        assert (page / name).stat().st_size > 100, name
    with pytest.raises(InputError, match="Export it as ONNX"):
        export_page(page / "classifier.tflite", page)


def test_it_sees_classifies_and_sends_nothing(page: Path, host: str, visit: Callable[..., Visit]) -> None:
    visited = visit(host)
    until(lambda: visited.state() == "ready", 30, "the classifier is open")
    answers = visited.page.evaluate(
        """async () => {
            const { Classifier } = await import('./classifier.js');
            const one = await Classifier.open(new URL('./', location.href).href);
            const given = Array.from({ length: 51 }, (_, i) => (i % 3 === 2 ? 0.9 : 40 + 7 * i));
            return [await one.classify(given), given];
        }"""
    )
    ours = open_classifier(page / "classifier.onnx")(np.array(answers[1], np.float32).reshape(1, 1, 17, 3))[0]
    np.testing.assert_allclose(answers[0]["all"], ours, atol=1e-5)
    visited.page.uncheck("#sound")
    visited.page.click("#start")
    until(lambda: visited.text("#verdict") in ("good", "bad"), 90, "a verdict")
    assert visited.text("#score").endswith("%")
    visited.page.select_option("#alert", visited.text("#verdict"))
    visited.page.wait_for_timeout(1500)
    assert visited.page.evaluate("document.documentElement.dataset.beeps") is None
    visited.page.check("#sound")

    def sounds() -> bool:
        visited.page.select_option("#alert", visited.text("#verdict"))  # whatever it is that lasts
        return bool(visited.page.evaluate("Number(document.documentElement.dataset.beeps ?? 0)"))

    until(sounds, 30, "the label to be warned of sounds")
    assert not visited.page.is_visible("#problem")
    assert {urlsplit(url).netloc for _, url in visited.requests if url.startswith("http")} == {
        urlsplit(host).netloc
    }
    assert {method for method, _ in visited.requests} == {"GET"}
    assert not visited.sent
    assert not visited.problems
