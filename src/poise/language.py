"""What poise says, in the user's language: ordinary gettext catalogues in ``locale/``, by their English texts.

Everything is composed, sent and kept in English; whoever shows or speaks it translates it then. A text with values
filled in is told by the template that it was made from, so that what was kept long ago is translated, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from poise.errors import UnknownName

#: The language everything is written in.
ENGLISH = "en"
#: Names the language of whoever does not say which.
VARIABLE = "POISE_LANGUAGE"
#: The folder of the catalogues: one ``.po`` for each language, and ``poise.pot``, which holds every text.
CATALOGUES = Path(__file__).parent / "locale"

#: A place in a text that a value is filled into.
PLACE = re.compile(r"\{(\w+)\}")


def words(text: str, /, **values: object) -> str:
    """The English text with its ``{places}`` filled in; what is given to it is collected to be translated.

    >>> words("you came back only {share} % of the way", share=43)
    'you came back only 43 % of the way'
    """
    return text.format(**values)


@dataclass(frozen=True)
class Catalogue:
    """One language: texts by their English, and for texts that count (English for one, for many) their forms."""

    texts: Mapping[str, str]
    plurals: tuple[tuple[str, str, tuple[str, ...]], ...]


def languages() -> tuple[str, ...]:
    """The languages there are, as ISO 639 codes, English first."""
    return (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language; that of English is empty.

    Raises:
        UnknownName: when there is none.

    """
    if language not in languages():
        raise UnknownName("language", language, languages())
    if language == ENGLISH:
        return Catalogue({}, ())
    import polib

    entries = [entry for entry in polib.pofile(str(CATALOGUES / f"{language}.po")) if not entry.obsolete]
    return Catalogue(
        texts={entry.msgid: entry.msgstr for entry in entries if entry.msgstr},
        plurals=tuple(
            (entry.msgid, entry.msgid_plural, tuple(form for _, form in sorted(entry.msgstr_plural.items())))
            for entry in entries
            if entry.msgid_plural
        ),
    )


def translator(language: str) -> Callable[[str], str]:
    """What translates anything that the coach says; what it does not know stays as it is.

    >>> translator("en")("Knees falling in")
    'Knees falling in'

    Raises:
        UnknownName: when there is no such language.

    """
    return _Translator(catalogue(language).texts)


class _Translator:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        by_length = sorted(filter(PLACE.search, texts), key=lambda text: -len(PLACE.sub("", text)))
        self._templates = [(_pattern(text), texts[text]) for text in by_length]

    def __call__(self, text: str) -> str:
        """The text in this language: as it is in the catalogue, begun with a capital there, or by a template."""
        if text in self._texts:
            return self._texts[text]
        capital = text[:1].upper() + text[1:]
        return self._texts.get(capital) or next(self._by_template(text), text)

    def _by_template(self, text: str) -> Iterator[str]:
        for pattern, told in self._templates:
            if found := pattern.fullmatch(text):
                yield told.format(**{name: self(value) for name, value in found.groupdict().items()})


def _pattern(template: str) -> re.Pattern[str]:
    """What a text made from a template looks like; ``n`` is always a number."""
    parts = PLACE.split(template)
    for i, name in enumerate(parts):
        value = r"\d+" if name == "n" else ".+?"
        parts[i] = f"(?P<{name}>{value})" if i % 2 else re.escape(name)
    return re.compile("".join(parts), re.DOTALL)
