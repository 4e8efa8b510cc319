"""The command line of learning keypoints."""

from __future__ import annotations

import sys

import pytest

from poise.learn.keypoints.__main__ import main


@pytest.mark.parametrize(("size", "said"), [("100x128", "not by 32"), ("small", "no width by height")])
def test_a_size_that_no_network_takes_is_refused(
    size: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--checkpoint", "net.pt", "--measure", "people.json", "--size", size]
    monkeypatch.setattr(sys, "argv", ["keypoints", "evaluate", *given])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
