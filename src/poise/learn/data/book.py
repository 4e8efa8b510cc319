"""Labels as somebody makes them: one at a time, each on disk before the next, and taken back again.

A `LabelBook` is one labeller's view of a file of labels (`poise.learn.data.labels`): it shows, adds and takes back
the rows of that labeller, who is not swayed by what others said, and leaves theirs as they are.
"""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

from poise.errors import InputError, ResultsUnwritable
from poise.learn.data.labels import Interval, read_labels, write_labels

#: How many changes can be taken back.
REMEMBERED = 1000

#: What the page does with keys of its own.
_KEYS_TAKEN = frozenset("iu ")


def parse_keys(text: str) -> dict[str, str]:
    """Which label each key gives, from ``g=good,b=bad``; labels without a key are numbered.

    >>> parse_keys("g=good,b=bad"), parse_keys("stand, bend")
    ({'g': 'good', 'b': 'bad'}, {'1': 'stand', '2': 'bend'})

    Raises:
        InputError: when a key is no single character, taken, or there twice.

    """
    keys: dict[str, str] = {}
    for number, part in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        key, equals, label = (word.strip() for word in part.partition("="))
        key, label = (key, label) if equals else (str(number), key)
        if len(key) != 1 or key in _KEYS_TAKEN or key in keys or not label or label in keys.values():
            raise InputError(
                f"{part!r} is no label with a key.",
                "Write g=good,b=bad: single keys, each once, but not i, u or space, which the page needs.",
            )
        keys[key] = label
    if not keys:
        raise InputError("There are no labels.", "Name them: --keys good,bad")
    return keys


class LabelBook:
    """One labeller's labels in a file, which is made with the first of them.

    Args:
        path: the file of labels, a CSV.
        labeller: who labels.

    Raises:
        UnreadableRecording: when the file holds no labels.

    """

    def __init__(self, path: Path, labeller: str) -> None:
        self.path, self.labeller = path, labeller
        self._past: list[list[Interval]] = []
        self.rows = [one for one in self._read() if one.labeller == labeller]

    def add(self, row: Interval) -> None:
        """Add a label; one that is there already changes nothing, so that it can be said again when in doubt.

        Raises:
            InputError: when it belongs to somebody else.
            ResultsUnwritable: when it cannot be kept.

        """
        if row.labeller != self.labeller:
            raise InputError(f"This book is {self.labeller}'s.", f"It is no place for a label of {row.labeller!r}.")
        if _said(row) not in map(_said, self.rows):
            self._become([*self.rows, row])

    def remove(self, row: Interval) -> None:
        """Take out a label, if it is there.

        Raises:
            ResultsUnwritable: when that cannot be kept.

        """
        rows = [one for one in self.rows if _said(one) != _said(row)]
        if len(rows) < len(self.rows):
            self._become(rows)

    def undo(self) -> bool:
        """Take back the last change since the book was opened; whether there was one.

        Raises:
            ResultsUnwritable: when that cannot be kept.

        """
        if not self._past:
            return False
        self._write(self._past[-1])
        self.rows = self._past.pop()
        return True

    def _become(self, rows: list[Interval]) -> None:
        self._write(rows)
        self._past = [*self._past, self.rows][-REMEMBERED:]
        self.rows = rows

    def _read(self) -> list[Interval]:
        return read_labels(self.path) if self.path.exists() else []

    def _write(self, rows: list[Interval]) -> None:
        others = [one for one in self._read() if one.labeller != self.labeller]  # read anew: they may label, too
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_labels(self.path, [*others, *rows])
        except OSError as error:
            raise ResultsUnwritable(
                f"{self.path} cannot be written ({error.strerror}).",
                "The label is not kept; free some space there.",
            ) from error


def _said(row: Interval) -> tuple[object, ...]:
    """A label as something that equals itself, which NaN does not."""
    return tuple(None if value != value else value for value in astuple(row))
