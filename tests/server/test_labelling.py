"""The labelling page's side of the server: what it takes, keeps and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from poise.learn.data.book import LabelBook
from poise.learn.data.extract import Source
from poise.learn.data.labels import read_labels
from poise.server.guard import Guard
from poise.server.labelling import create_label_app

ROW = {"file": "a.mp4", "start": 1.0, "end": 2.5, "label": "up", "subject": "p1", "note": "first"}


class Page:
    """Asks the app as a browser would."""

    def __init__(self, app: Guard) -> None:
        self._app = app

    def get(self, path: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, given))

    def post(self, path: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, given))

    async def _ask(self, method: str, path: str, given: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **given)


@pytest.fixture
def client(tmp_path: Path) -> Callable[[], Page]:
    (tmp_path / "a.mp4").write_bytes(bytes(range(200)))
    (tmp_path / "b.jpg").write_bytes(b"picture")

    def opened() -> Page:
        media = [Source(tmp_path / name, name, "") for name in ("a.mp4", "b.jpg")]
        book = LabelBook(tmp_path / "labels.csv", "ann")
        app = create_label_app(media, {"1": "up", "2": "down"}, book)
        return Page(app)

    return opened


def test_labels_are_kept_and_gone_on_with(client: Callable[[], Page], tmp_path: Path) -> None:
    first = client()
    work = first.get("/api/labels").json()
    assert work["media"] == [{"name": "a.mp4", "film": True}, {"name": "b.jpg", "film": False}]
    assert (work["keys"], work["labeller"], work["rows"]) == ({"1": "up", "2": "down"}, "ann", [])
    assert first.post("/api/labels", json=ROW).json() == {"rows": [ROW]}
    picture = {**ROW, "file": "b.jpg", "start": None, "end": None}
    assert first.post("/api/labels", json=picture).json() == {"rows": [ROW, picture]}
    assert [one.labeller for one in read_labels(tmp_path / "labels.csv")] == ["ann", "ann"]
    second = client()
    assert second.get("/api/labels").json()["rows"] == [ROW, picture]
    assert second.post("/api/labels/remove", json=picture).json() == {"rows": [ROW]}
    assert second.post("/api/labels/undo").json() == {"rows": [ROW, picture]}


@pytest.mark.parametrize(
    "change",
    [
        {"file": "/etc/passwd"},
        {"label": "sideways"},
        {"start": 3.0},
        {"start": None, "end": None},
        {"file": "b.jpg"},
        {"file": "b.jpg", "start": None},
        {"end": None},
        {"start": -1.0},
        {"note": "x" * 3000},
        {"more": 1},
    ],
)
def test_what_is_no_label_is_refused(client: Callable[[], Page], change: dict[str, Any]) -> None:
    page = client()
    answer = page.post("/api/labels", json={**ROW, **change})
    assert answer.status_code in (400, 422)
    assert answer.json()["message"]
    assert page.get("/api/labels").json()["rows"] == []


def test_only_what_is_labelled_can_be_seen_and_by_parts(client: Callable[[], Page]) -> None:
    page = client()
    part = page.get("/media/0", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert page.get("/media/2").status_code == 404
    assert page.get("/media/../labels.csv").status_code == 404


def test_the_page_is_there_and_strict(client: Callable[[], Page]) -> None:
    page = client()
    answer = page.get("/")
    assert "label.js" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for path in ("/label.js", "/label.css", "/page/dom.js", "/page/style.css", "/page/icon.svg"):
        assert page.get(path).status_code == 200, path
    assert page.get("/", headers={"host": "evil.example"}).status_code == 421
    assert page.post("/api/labels", json=ROW, headers={"origin": "http://evil.example"}).status_code == 403


def test_a_disk_that_is_full_says_so(client: Callable[[], Page], tmp_path: Path) -> None:
    page = client()
    (tmp_path / "labels.csv").mkdir()
    answer = page.post("/api/labels", json=ROW)
    assert answer.status_code >= 400
    assert page.get("/api/labels").json()["rows"] == []
