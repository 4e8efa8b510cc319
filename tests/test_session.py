"""A stream coached live, by eyes that see what a script says."""

from __future__ import annotations

import numpy as np
import pytest

from poise.coach import Coach
from poise.coach.setup import DARK_ROOM
from poise.session import Session
from poise.vision.frame import Frame
from tests.vision.scripted import OTHER, TRAINEE, Eyes, figure


def test_live_somebody_else_is_not_coached_and_the_advice_says_who_is_missed() -> None:
    session = Session(Coach("squat"), Eyes(lambda t: TRAINEE | OTHER if t < 3 else OTHER))
    grey = np.zeros((8, 8, 3), np.uint8)
    feedback = [session.on_frame(Frame(grey, float(t))) for t in np.arange(0.0, 4.0, 0.1)]
    lost = [item for item in feedback if "lost" in {advice.name for advice in item.advice}]
    assert [item.t for item in lost] == pytest.approx(np.arange(3.0, 4.0, 0.1).tolist())
    assert {item.phase for item in lost[4:]} == {"unseen"}


def test_a_session_without_eyes_takes_poses_only() -> None:
    session = Session(Coach("squat"))
    assert session.on_pose(figure(0.0, 100.0, 50.0)).t == 0.0
    with pytest.raises(ValueError, match="on_pose"):
        session.on_frame(Frame(np.zeros((8, 8, 3), np.uint8), 0.1))


@pytest.mark.parametrize(("shade", "said"), [(20, True), (120, False)])
def test_the_brightness_of_the_picture_is_looked_at(shade: int, said: bool) -> None:
    session = Session(Coach("squat"), Eyes(lambda t: TRAINEE))
    frame = np.full((720, 1280, 3), shade, np.uint8)
    assert (session.on_frame(Frame(frame, 0.0)).advice == (DARK_ROOM,)) == said
