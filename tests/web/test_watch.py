"""The page of a board under the television, which shows and says what its camera sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from poise.edge.watch import Saying
from tests.edge.board import Running
from tests.web.conftest import Visit, until

#: Says what is spoken and what is alerted, as if the tab were hidden and alerts allowed.
HEAR = """
globalThis.spoken = []; globalThis.alerted = [];
globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
speechSynthesis.getVoices = () => [{ lang: 'en-GB', name: 'drawn', localService: true, default: true }];
speechSynthesis.speak = (said) => { spoken.push(said.text); said.onstart?.({}); said.onend?.({}); };
globalThis.Notification = class {
  static permission = 'granted';
  static requestPermission() { return Promise.resolve('granted'); }
  constructor(title, { body }) { alerted.push(body); }
};
Object.defineProperty(document, 'hidden', { get: () => true });
"""


def test_what_the_board_sees_is_shown_spoken_and_alerted(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    board = Running(tmp_path, "127.0.0.1")
    visited = visit(f"{board.place.addresses[0]}watch.html", HEAR)
    until(lambda: visited.text("#state") == "Watching", 20, "the board is reached")
    board.watched.tell(asdict(Saying(1.0, "Squat", 3, 0.0, "correct", "Go deeper.")))
    until(lambda: visited.text("#text") == "Go deeper.", 20, "it is shown")
    assert (visited.text("#exercise"), visited.text("#count")) == ("Squat", "3")
    assert visited.page.evaluate("[spoken, alerted]") == [[], []]  # nobody asked for it yet
    visited.page.click("#aloud")
    until(lambda: not visited.page.is_visible("#aloud"), 20, "it is heard")
    board.watched.tell(asdict(Saying(2.0, "Squat", 4, 0.0, "rep", "4")))
    board.watched.tell(asdict(Saying(3.0, "Squat", 4, 0.0, "correct", "Sit lower.")))
    until(lambda: visited.page.evaluate("alerted") == ["Sit lower."], 20, "it alerts")
    assert visited.text("#count") == "4"
    until(lambda: "Sit lower." in visited.page.evaluate("spoken"), 20, "it speaks")
    board.watched.tell(asdict(Saying(4.0, "Plank", 0, 12.4)))
    until(lambda: visited.text("#count") == "12 s", 20, "a hold is shown by its seconds")
    assert visited.problems == []
