"""The command line of learning keypoints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from poise.learn.keypoints.__main__ import main
from poise.learn.keypoints.train import Training


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


def test_what_is_typed_is_how_it_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option of training, each unlike what it is when left out."""
    typed = "--net small --epochs 7 --batch 3 --optimiser muon --rate 0.01 --fall cosine --least 0.002 --sides 4"
    typed += " --begin before.pt --workers 2 --every 5 --mixed --learn a.json --measure b.json --out net"
    how: list[Training] = []
    monkeypatch.setattr(sys, "argv", ["keypoints", "train", *typed.split()])
    monkeypatch.setattr("poise.learn.keypoints.__main__._people", lambda *_: None)
    monkeypatch.setattr("poise.learn.keypoints.__main__.train", lambda training, *_: how.append(training))
    assert main() == 0
    assert how == [
        Training(
            net="small",
            epochs=7,
            batch=3,
            optimiser="muon",
            rate=0.01,
            fall="cosine",
            least=0.002,
            sides=4.0,
            begin=Path("before.pt"),
            workers=2,
            measure=5,
            mixed=True,
        )
    ]
