"""A board tells, another machine listens: over the socket, past the guard, to the board it has met and no other."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path
from queue import Queue as Line

import pytest

from poise.edge.listen import Board, listen
from poise.edge.watch import Saying
from poise.errors import InputError, ServerUnavailable
from tests.edge.board import Running


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Running:
    return Running(tmp_path_factory.mktemp("data"))


def heard(address: str, met: Path) -> Line[Saying | str]:
    """What a listener hears, and why it ended if it did."""
    line: Line[Saying | str] = Line()

    def hear() -> None:
        try:
            listen(Board.of(address), met, line.put, lambda: False)
            line.put("it hung up")
        except ServerUnavailable as problem:
            line.put(str(problem))

    threading.Thread(target=hear, daemon=True).start()
    return line


def test_what_the_board_sees_is_heard_by_everybody_who_listens(board: Running, tmp_path: Path) -> None:
    now = Saying(1.0, "Squat", 3, 0.0)
    board.watched.tell(asdict(now))
    lines = [heard(board.address, tmp_path / f"met{i}.json") for i in range(2)]
    assert [line.get(timeout=30) for line in lines] == [now, now]  # what is so is told at once
    cue = Saying(2.0, "Squat", 3, 0.0, "correct", "Go deeper.")
    board.watched.tell(asdict(cue))
    assert [line.get(timeout=30) for line in lines] == [cue, cue]
    late = heard(board.address, tmp_path / "met0.json")
    assert late.get(timeout=30) == Saying(2.0, "Squat", 3, 0.0)  # what was said before is not said again


def test_a_board_that_one_has_not_paired_with_tells_nothing(board: Running, tmp_path: Path) -> None:
    for address in (f"https://localhost:{board.port}/", f"https://localhost:{board.port}/pair?token=guess"):
        with pytest.raises(ServerUnavailable, match="cannot be reached"):
            listen(Board.of(address), tmp_path / "met.json", lambda saying: None, lambda: False)


def test_another_server_in_the_boards_place_gets_no_token(board: Running, tmp_path: Path) -> None:
    met = tmp_path / "met.json"
    met.write_text(json.dumps({f"localhost:{board.port}": "0" * 64}))
    with pytest.raises(ServerUnavailable, match="Another server answers"):
        listen(Board.of(board.address), met, lambda saying: None, lambda: False)


def test_addresses_are_read() -> None:
    assert Board.of("https://pi.local:8765/pair?token=abc") == Board("pi.local", 8765, True, "abc")
    assert Board.of("http://10.0.0.7/") == Board("10.0.0.7", 80, False, "")
    for wrong in ("pi.local", "ftp://pi/", "https://", "https://pi:port/"):
        with pytest.raises(InputError, match="is no address of a board"):
            Board.of(wrong)
