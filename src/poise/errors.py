"""Every error poise raises on purpose, and whose matter it is.

::

    PoiseError                    something poise can explain; never a bug in poise
    ├─ InputError                 what was given cannot be used
    │  ├─ UnreadableMedia         a file, folder or stream that holds no film or picture
    │  ├─ UnreadableRecording     a keypoint file that is not one, or is damaged
    │  ├─ InvalidExercise         an exercise file that breaks the rules of exercise files
    │  ├─ TooBig                  a film beyond a limit on bytes, seconds, pixels or work
    │  └─ UnknownName             a name nobody knows (also a KeyError); says what is known
    ├─ ResultsUnwritable         the results cannot be written: no space, no permission
    ├─ StoreUnavailable           the history cannot be opened
    ├─ ServerUnavailable          the server cannot listen where it was told to
    ├─ NetworkForbidden           something tried to leave this machine under --no-network (also an OSError)
    ├─ NobodySeen                 the film is fine, but no person was found in it
    ├─ CameraUnavailable          the camera is missing, busy or forbidden
    ├─ ModelUnavailable           a model file is not here and could not be fetched
    │  ├─ ModelCorrupt            a model file is here, but its bytes are not the published ones
    │  ├─ ModelUntrusted          a model file that nobody published, as far as poise knows
    │  └─ UnsuitableModel         a model file that holds no network, or one of another kind
    └─ MissingExtra               an optional part of poise is not installed (also an ImportError)

Anything else that escapes a public function is a bug; please report it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PoiseError(Exception):
    """Base of all: what was given, what is known, and what to do next.

    Args:
        message: one sentence saying what went wrong, with the value that was given.
        hint: what to type or change next; may be empty.

    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InputError(PoiseError):
    """What was given cannot be used."""


class UnreadableMedia(InputError):
    """A file, folder or stream that holds no film or picture poise can read."""


class UnreadableRecording(InputError):
    """A keypoint file that is not one, or is damaged."""


class TooBig(InputError):
    """A film beyond a limit on its bytes, seconds or pixels, or on the work it may make."""


class InvalidExercise(InputError):
    """An exercise file that breaks the rules of exercise files."""


class UnknownName(InputError, KeyError):
    """A name nobody knows.

    >>> str(UnknownName("exercise", "sqaut", ["squat", "lunge"]))
    "No exercise is called 'sqaut'. Did you mean 'squat'? Known: lunge, squat."
    """

    def __init__(self, kind: str, given: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = get_close_matches(given, names, n=1)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        there = f"Known: {', '.join(names)}." if names else "There is none yet."
        super().__init__(f"No {kind} is called {given!r}.", f"{guess}{there}")


class ResultsUnwritable(PoiseError):
    """The results cannot be written: no space, no permission."""


class StoreUnavailable(PoiseError):
    """The history cannot be opened: no such database, no permission, or made by a newer poise."""


class ServerUnavailable(PoiseError):
    """The server cannot listen where it was told to."""


class NetworkForbidden(PoiseError, OSError):
    """Something tried to reach another machine although it was forbidden."""


class NobodySeen(PoiseError):
    """The film is fine, but no person was found in it."""


class CameraUnavailable(PoiseError):
    """The camera is missing, busy or forbidden."""


class ModelUnavailable(PoiseError):
    """A model file is not here and could not be fetched."""


class ModelCorrupt(ModelUnavailable):
    """A model file is here, but its bytes are not the published ones."""


class ModelUntrusted(ModelUnavailable):
    """A model file that nobody published, as far as poise knows."""


class UnsuitableModel(ModelUnavailable):
    """A model file that holds no network, or one of another kind."""


class MissingExtra(PoiseError, ImportError):
    """An optional part of poise is not installed.

    >>> str(MissingExtra("drawing the simulated athlete", "render"))
    "drawing the simulated athlete needs an optional dependency. Install it with: pip install 'poise[render]'"
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency.", f"Install it with: pip install 'poise[{extra}]'")
