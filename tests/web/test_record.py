"""Recording hands-free and being judged, from the countdown to the verdict."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.conftest import Served, Visit, until


def test_a_film_is_recorded_sent_and_judged(server: Served, visit: Callable[..., Visit]) -> None:
    visited = visit(f"{server.url}/#/record")
    page = visited.page
    until(lambda: page.locator("#film-exercise option[value=squat]").count(), 20)
    page.select_option("#film-exercise", "squat")
    page.fill("#film-seconds", "19")
    page.evaluate("() => { const level = document.getElementById('film-difficulty'); level.value = 50; }")
    page.click("#film-start")
    signs: list[str] = []

    def recording() -> bool:
        sign = page.inner_text("#sign")
        if not signs or signs[-1] != sign:
            signs.append(sign)
        return bool(page.evaluate("document.documentElement.dataset.film") == "recording")

    until(recording, 60, "it records by itself once the athlete holds still")
    assert [sign for sign in signs if sign in ("3", "2", "1")] == ["3", "2", "1"]
    page.wait_for_selector("#film-result progress", timeout=40_000)
    page.wait_for_selector("#film-result article, #film-problem:not(:empty)", timeout=120_000)
    assert visited.text("#film-problem") == ""
    words = " ".join(visited.text("#film-result article").split())
    assert "squat" in words.lower()
    assert "you asked for 50 %" in words
    assert "Sit lower" in words
    puts = [url for method, url in visited.requests if method == "PUT"]
    assert puts
    assert all("offset=" in url for url in puts)
    page.wait_for_selector("#film-result video")
    length = "document.querySelector('#film-result video').duration"
    until(lambda: (page.evaluate(length) or 0) > 10, 20, "the annotated film can be played")
    assert page.locator("#films li").count() == 1
    page.click("#film-result >> text=Look at it closely")
    page.wait_for_selector("#session .reps li")
    assert page.locator("#session .reps > li").count() == 6
    assert visited.problems == []


def test_a_file_that_is_no_film_is_refused_with_a_reason(server: Served, visit: Callable[..., Visit]) -> None:
    visited = visit(f"{server.url}/#/record")
    page = visited.page
    until(lambda: page.locator("#film-exercise option[value=squat]").count(), 20)
    page.set_input_files(
        "#film-file", {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"these are notes, not a film"}
    )
    page.wait_for_selector("#film-problem:not(:empty)", timeout=60_000)
    assert len(visited.text("#film-problem")) > 10
    page.click("#films button.danger")
    page.click("dialog .danger")
    until(lambda: "notes.mp4" not in visited.text("#films"), 10, "it is gone")
