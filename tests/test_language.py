"""The catalogues hold every text there is, and what was said in English comes out whole in every language."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest

from poise.cli.words import collect, write
from poise.errors import UnknownName
from poise.language import CATALOGUES, PLACE, catalogue, languages, translator, words
from poise.web import PAGE

OTHERS = languages()[1:]
#: Words that are the same in another language.
SAME = {"film", "Coach", "Squat", "{n} squat", "{n} squats"}


def texts(path: Path) -> list[tuple[str, str]]:
    return [(entry.msgid, entry.msgid_plural) for entry in polib.pofile(str(path))]


def test_every_text_is_in_the_template_and_in_every_catalogue(tmp_path: Path) -> None:
    """Made again by: python -m poise.cli.words."""
    found = [(entry.msgid, entry.msgid_plural) for entry in collect()]
    assert len(found) > 600
    assert texts(CATALOGUES / "poise.pot") == found
    for language in OTHERS:
        assert texts(CATALOGUES / f"{language}.po") == found
    (tmp_path / "de.po").write_bytes((CATALOGUES / "de.po").read_bytes())
    write(tmp_path)
    for name in ("poise.pot", "de.po"):
        assert (tmp_path / name).read_text("utf-8") == (CATALOGUES / name).read_text("utf-8")


@pytest.mark.parametrize("language", OTHERS)
def test_everything_is_translated_with_all_its_places(language: str) -> None:
    for entry in polib.pofile(str(CATALOGUES / f"{language}.po")):
        forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        for form in forms:
            assert form, entry.msgid
            assert form not in (entry.msgid, entry.msgid_plural) or form in SAME, form
        places = [sorted(PLACE.findall(form)) for form in forms]
        assert places[-1] == sorted(PLACE.findall(entry.msgid_plural or entry.msgid)), entry.msgid
        assert places[0] in (places[-1], []), entry.msgid  # of one, "one" may be said without the number


@pytest.mark.parametrize(
    ("said", "german"),
    [
        ("Push your knees out, over your toes.", "Drück die Knie nach außen, über die Zehen."),
        ("Good, that is mended: knees falling in.", "Gut, das ist behoben: Knie fallen nach innen."),
        ("you came back only 43 % of the way", "du bist nur 43 % des Wegs zurückgekommen"),
        ("Your head is tilted about 12° to the left.", "Dein Kopf ist etwa 12° nach links geneigt."),
        (
            "You have sat for 45 minutes. Stand up; how about a minute of lateral raise?",
            "Du sitzt seit 45 Minuten. Steh auf; wie wäre es mit einer Minute Seitheben?",
        ),
        ("7", "7"),
        ("A name nobody knows", "A name nobody knows"),
    ],
)
def test_what_was_said_in_english_is_told_in_german(said: str, german: str) -> None:
    assert translator("de")(said) == german


def test_a_count_is_a_number() -> None:
    template = "{n} weitere"
    assert translator("de")(words("{n} more", n=3)) == template.format(n=3)
    assert translator("de")("once more") == "once more"


def test_an_unknown_language_says_which_there_are() -> None:
    with pytest.raises(UnknownName, match="de, en, es, fr, ko"):
        catalogue("nl")


def test_the_page_offers_and_keeps_every_language() -> None:
    offered = re.search(r"LANGUAGES = \[(.*?)\]", (PAGE / "words.js").read_text("utf-8"))
    assert offered
    assert tuple(re.findall(r"\w+", offered[1])) == languages()
    kept = re.findall(r"'\./words/(\w+)\.json'", (PAGE / "sw.js").read_text("utf-8"))
    assert tuple(kept) == OTHERS
