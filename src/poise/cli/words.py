"""The catalogues of translations: ``python -m poise.cli.words`` collects every text and puts new ones into each.

Collected are what the page says (``tr`` and ``plural`` in its modules, and its HTML), what is marked with `words`
wherever poise says something, the exercises and the signatures of sitting, and how the server refuses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import polib

from poise.coach import exercises, load_exercise
from poise.coach.desk.events import PRESENCES
from poise.coach.desk.signatures import SIGNATURES, SLOUCH, TITLES
from poise.language import CATALOGUES, PLACE
from poise.report.words import counted
from poise.web import PAGE

_POISE = Path(__file__).parents[1]
#: Calls whose arguments at these places are shown or spoken; refusals where the page may come to show them.
_SAID = {"words": (0,), "Advice": (1,)}
_SAYING = re.compile(r"^from poise\.(language|coach\.events) import .*(words|Advice)", re.MULTILINE)
_REFUSED = {"InputError": (0, 1), "TooBig": (0, 1), "UnreadableMedia": (0, 1), "_refused": (1, 2)}
_REFUSING = (
    "desk/watch.py",
    *(f"server/{name}.py" for name in ("analyse", "api", "app", "films_api", "guard", "sitting")),
    "store/store.py",
)
#: What needs no translation.
_NAMES = {"poise"}
_IN_MODULES = re.compile(r"\b(?:tr|plural)\(\s*'((?:[^'\\]|\\.)*)'(?:,\s*'((?:[^'\\]|\\.)*)')?")
_UNREADABLE = re.compile(r"\b(?:tr|plural)\((?!')")
_ATTRIBUTES = ("title", "aria-label", "placeholder")

#: A text, the same for many if it counts, and the file it is in.
Text = tuple[str, str, str]


def collect() -> polib.POFile:
    """Every text there is to translate, as a template of a catalogue."""
    found: dict[str, polib.POEntry] = {}
    for one, many, where in (*_of_page(), *_of_python(), *_of_exercises(), *_of_desk()):
        if one in _NAMES or not re.search(r"[^\W\d_]{2}", PLACE.sub("", one)):
            continue
        entry = found.setdefault(one, polib.POEntry(msgid=one, msgid_plural=many))
        if many:
            entry.msgid_plural, entry.msgstr_plural = many, {0: "", 1: ""}
        if (where, "") not in entry.occurrences:
            entry.occurrences.append((where, ""))
    catalogue = polib.POFile(wrapwidth=0)
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}
    catalogue.extend(found.values())
    return catalogue


def _of_page() -> Iterator[Text]:
    for path in sorted(PAGE.glob("*.js")):
        text = path.read_text(encoding="utf-8")
        if path.name != "words.js" and (odd := _UNREADABLE.search(text)):
            raise ValueError(f"{path.name}: {text[odd.start() :][:60]!r} is not given a text in single quotes")
        for one, many in _IN_MODULES.findall(text):
            yield one.replace("\\'", "'"), many.replace("\\'", "'"), _place(path)
    for path in sorted(PAGE.glob("*.html")):
        reader = _Html()
        reader.feed(path.read_text(encoding="utf-8"))
        for said in reader.texts:
            yield said, "", _place(path)


class _Html(HTMLParser):
    """Collects text and the attributes that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in _ATTRIBUTES and value]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def _of_python() -> Iterator[Text]:
    for path in sorted(_POISE.rglob("*.py")):
        where, source = _place(path), path.read_text(encoding="utf-8")
        marked = (_SAID if _SAYING.search(source) else {}) | (_REFUSED if where in _REFUSING else {})
        for node in ast.walk(ast.parse(source)):
            yield from ((text, "", where) for text in filter(None, map(_template, _marked(node, marked))))


def _marked(node: ast.AST, marked: Mapping[str, tuple[int, ...]]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        for place in marked.get(name, ()):
            yield from node.args[place : place + 1]
        yield from (given.value for given in node.keywords if name == "Error" and given.arg in ("message", "hint"))


def _template(node: ast.expr) -> str:
    """A text as it is written; what an f-string fills in becomes a place."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = []
    for i, part in enumerate(node.values):
        if isinstance(part, ast.FormattedValue):
            name = part.value.id if isinstance(part.value, ast.Name) else f"value{i}"
            parts.append(f"{{{name}}}")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return "".join(parts)


def _of_exercises() -> Iterator[Text]:
    for name in exercises():
        exercise = load_exercise(name)
        said = [exercise.title, exercise.setup, *(condition.reason for condition in exercise.condition)]
        said += [text for rule in exercise.fault for text in (rule.title, rule.cue, rule.why)]
        where = f"coach/exercises/{name}.toml"
        said += [exercise.signal.quantity.unit, *(rule.unit for rule in exercise.fault)]
        yield from ((text, "", where) for text in said)
        one, many = (counted(n, exercise.title).replace(str(n), "{n}", 1) for n in (1, 2))
        yield one, many, where


def _of_desk() -> Iterator[Text]:
    signatures = [signature for view in SIGNATURES.values() for signature in view]
    said = [text for one in (*signatures, SLOUCH) for text in (one.says, one.sees)]
    yield from ((text, "", "coach/desk/signatures.py") for text in (*TITLES.values(), *said))
    yield from ((text, "", "coach/desk/events.py") for text in PRESENCES.values())


def _place(path: Path) -> str:
    return path.relative_to(_POISE).as_posix()


def write(folder: Path = CATALOGUES) -> None:
    """Write the template, and merge it into every catalogue: new texts are empty there, old ones dropped."""
    template = collect()
    template.save(str(folder / "poise.pot"))
    for path in sorted(folder.glob("*.po")):
        catalogue = polib.pofile(str(path), wrapwidth=0)
        catalogue.merge(template)
        for entry in catalogue.obsolete_entries():
            catalogue.remove(entry)
        forms = int(catalogue.metadata["Plural-Forms"].split(";")[0].removeprefix("nplurals="))
        for entry in catalogue:
            if entry.msgid_plural:
                entry.msgstr_plural = {i: entry.msgstr_plural.get(i, "") for i in range(forms)}
        catalogue.sort(key=lambda entry, order={one.msgid: i for i, one in enumerate(template)}: order[entry.msgid])
        catalogue.save()


if __name__ == "__main__":
    write()
