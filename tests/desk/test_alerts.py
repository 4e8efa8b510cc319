from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from poise.desk.alerts import Level, open_alerts
from poise.errors import MissingExtra, UnknownName


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A desktop that remembers its notifications, and may be broken as the real one: it tells its log."""
    state = SimpleNamespace(sent=[], broken=False)

    class Notifier:
        def __init__(self, **_: Any) -> None: ...

        def send(self, title: str, message: str, urgency: str) -> None:
            if state.broken:
                logging.getLogger("desktop_notifier").warning("Notification failed")
            else:
                state.sent.append((message, urgency))

    module = ModuleType("desktop_notifier")
    module.DesktopNotifierSync = Notifier  # type: ignore[attr-defined]
    module.Urgency = SimpleNamespace(Low="low", Normal="normal")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "desktop_notifier", module)
    return state


def test_the_first_level_is_a_quiet_notification(
    desktop: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    given = open_alerts(["auto"])
    given.give("sit up", 1)
    assert desktop.sent == [("sit up", "low")]
    assert capsys.readouterr().err == ""
    given.give("sit up", 2)
    assert desktop.sent[-1] == ("sit up", "normal")
    assert capsys.readouterr().err == "\a"


def test_a_desktop_that_shows_nothing_rings_the_bell(
    desktop: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    desktop.broken = True
    open_alerts(["auto"]).give("sit up", 1)
    assert capsys.readouterr().err == "\a"


def test_without_the_extra_auto_rings_and_notifications_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "desktop_notifier", None)
    open_alerts(["auto"]).give("sit up", 1)
    assert capsys.readouterr().err == "\a"
    with pytest.raises(MissingExtra, match=r"poise\[desk\]"):
        open_alerts(["notification"])


def test_none_is_silent_and_others_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    open_alerts(["none"]).give("sit up", 3)
    assert capsys.readouterr().err == ""
    with pytest.raises(UnknownName, match="bell"):
        open_alerts(["bel"])


def test_the_voice_speaks_only_when_nothing_else_was_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken: list[list[str]] = []
    monkeypatch.setattr(shutil, "which", lambda name: name == "say")
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: spoken.append(command))
    voice = open_alerts(["voice"])
    levels: tuple[Level, ...] = (1, 2, 3)
    for level in levels:
        voice.give("sit up", level)
    assert spoken == [["say", "-v", "Samantha", "sit up"]]


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("espeak-ng", ["espeak-ng", "-v", "de"]),
        ("spd-say", ["spd-say", "-l", "de"]),
        ("say", ["say", "-v", "Anna"]),
    ],
)
def test_an_alert_is_spoken_in_the_language_asked_for(
    monkeypatch: pytest.MonkeyPatch, program: str, command: list[str]
) -> None:
    spoken: list[list[str]] = []
    monkeypatch.setattr(shutil, "which", lambda name: name == program)
    monkeypatch.setattr(subprocess, "Popen", lambda words, **_: spoken.append(words))
    open_alerts(["voice"], "de").give("Your head has come forward about 6 cm.", 3)
    assert spoken == [[*command, "Dein Kopf ist etwa 6 cm nach vorn gekommen."]]
    with pytest.raises(UnknownName, match="ko"):
        open_alerts(["none"], "nl")
