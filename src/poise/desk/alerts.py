"""How an alert reaches somebody, in their language: a bell, a notification, a voice. Gentle, and never twice.

Level 1 is quiet: a line, and a notification that makes no sound. Level 2 adds the bell, level 3 the voice.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from poise.errors import MissingExtra, UnknownName
from poise.language import ENGLISH, translator

Channel = Literal["bell", "notification", "voice"]
Level = Literal[1, 2, 3]

#: Programs that speak, where the system has one, and how each is told the language; `say` knows voices by name.
_VOICES = {"spd-say": "-l", "espeak-ng": "-v", "espeak": "-v", "say": "-v"}
_SAY_VOICES = {"de": "Anna", "en": "Samantha", "es": "Monica", "fr": "Thomas", "ko": "Yuna"}

#: From which level on each channel is used.
_FROM: dict[Channel, Level] = {"notification": 1, "bell": 2, "voice": 3}


class Alerts:
    """Gives alerts through channels; one that fails is silent, and an alert nothing has shown rings the bell.

    Args:
        channels: which are used.
        language: what is shown and spoken is translated to it.

    Raises:
        UnknownName: a language that there is no catalogue of.
        MissingExtra: notifications, without what they need.

    """

    def __init__(self, channels: Sequence[Channel], language: str = ENGLISH) -> None:
        self._translate = translator(language)
        self._voice = _voice(language) if "voice" in channels else None
        self._notify = _notifier() if "notification" in channels else None
        self._bell = "bell" in channels

    @property
    def speaks(self) -> bool:
        """Whether there is a voice, and something here that speaks."""
        return self._voice is not None

    def give(self, text: str, level: Level) -> None:
        """Let somebody know; the text is in English."""
        text = self._translate(text)
        shown = self._notify is not None and self._notify(text, level)
        if self._bell and (level >= _FROM["bell"] or not shown):
            print("\a", end="", file=sys.stderr, flush=True)  # noqa: T201
        if self._voice and level >= _FROM["voice"]:
            subprocess.Popen(
                [*self._voice, text], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )


def _voice(language: str) -> list[str] | None:
    """The command that speaks a language, less what it is to say; None where nothing speaks."""
    name = next((name for name in _VOICES if shutil.which(name)), None)
    if name is None:
        return None
    told = _SAY_VOICES.get(language) if name == "say" else language
    return [name, _VOICES[name], told] if told else [name]


def open_alerts(names: Sequence[str], language: str = ENGLISH) -> Alerts:
    """Alerts through the channels of these names; ``auto`` takes a notification if it can, and the bell.

    Raises:
        UnknownName: a channel or a language nobody knows.
        MissingExtra: notifications, without what they need.

    """
    known = get_args(Channel)
    for name in names:
        if name not in (*known, "auto", "none"):
            raise UnknownName("alert", name, (*known, "auto", "none"))
    if "auto" not in names:
        return Alerts([name for name in known if name in names], language)
    try:
        return Alerts(("bell", "notification"), language)
    except MissingExtra:
        return Alerts(("bell",), language)


def _notifier() -> Callable[[str, Level], bool]:
    """What shows a notification and says whether it was shown."""
    try:
        from desktop_notifier import DesktopNotifierSync, Urgency
    except ModuleNotFoundError as error:
        raise MissingExtra("a desktop notification", "desk") from error
    failures = _Failures()
    log = logging.getLogger("desktop_notifier")
    log.addHandler(failures)
    log.propagate = False
    desktop = DesktopNotifierSync(app_name="poise", notification_limit=1)

    def notify(text: str, level: Level) -> bool:
        before = failures.count
        desktop.send("poise", text, urgency=Urgency.Low if level == 1 else Urgency.Normal)
        return failures.count == before

    return notify


class _Failures(logging.Handler):
    """Counts what the notifier could not do; it tells its log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1
