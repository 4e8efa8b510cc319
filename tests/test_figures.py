"""Figures in the docs are those that were measured: a link to a section of RESULTS.md repeats what stands there.

``[1.70 times](../benchmarks/RESULTS.md#speed)``: every number of the words must stand in that section, and the
section must name the command that prints it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from poise.coach import exercises
from poise.coach.recognise import Recogniser

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)?benchmarks/RESULTS\.md(?:#([\w-]+))?\)")
_NUMBER = re.compile(r"\d+(?:[  ]\d{3})*(?:\.\d+)?")
_COMMAND = re.compile(r"`((?:OMP_NUM_THREADS=1 )?(?:python|poise|make) [^`]+)`")


def numbers(text: str) -> set[float]:
    """Every number in a text, so that 1.70 is 1.7.

    >>> sorted(numbers("12 022 of 1.70 times"))
    [1.7, 12022.0]
    """
    return {float(re.sub(r"\s", "", number)) for number in _NUMBER.findall(text)}


def sections() -> dict[str, str]:
    """The sections of what was measured, by the anchors that their titles have."""
    parts = re.split(r"^## ", RESULTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {re.sub(r"[^\w\- ]", "", part.split("\n")[0].lower()).replace(" ", "-"): part for part in parts}


MEASURED = sections()
CLAIMS = [(page.name, words, anchor) for page in PAGES for words, anchor in _LINK.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "words", "anchor"), CLAIMS)
def test_a_figure_stands_where_it_was_measured(page: str, words: str, anchor: str) -> None:
    claimed = numbers(words)
    if not anchor:
        assert not claimed, f"{page}: [{words}] does not say in which section of RESULTS.md"
        return
    assert anchor in MEASURED, f"{page}: RESULTS.md has no section #{anchor}"
    missing = claimed - numbers(MEASURED[anchor])
    assert not missing, f"{page}: [{words}], but #{anchor} does not say {missing}"


#: What is no figure of ours: others' (each with its source beside it), what is reckoned from ours, and limits.
NOT_MEASURED = {
    "learn.md": {"20 ms"},
    "peers.md": {"90 pictures a second", "2 % of a processor"},
    "scaling.md": {
        "24 pictures a second",
        "30 pictures a second",
        "0.2 GB",
        "17 TB",
        "225 TB",
        "11 GB",
        "30 MB",
        "3 GB",
    },
}
_MEASURE = re.compile(
    r"\d+(?:\.\d+)? (?:ms|MB|GB|TB|(?:pictures|poses|frames) a second|% of a (?:core|processor))\b"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_figure_of_speed_or_size_is_a_link_to_where_it_was_measured(page: Path) -> None:
    text = re.sub(r"^(```.*?^```|    .*?$)", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    bare = set(_MEASURE.findall(_LINK.sub("", " ".join(text.split()))))
    assert bare == NOT_MEASURED.get(page.name, set())


@pytest.mark.parametrize("anchor", sorted({anchor for _, _, anchor in CLAIMS if anchor}))
def test_a_section_names_the_command_that_prints_it(anchor: str) -> None:
    assert _COMMAND.search(MEASURED[anchor]), f"RESULTS.md, #{anchor}: which command printed this?"


def test_the_table_of_figures_names_the_command_of_each() -> None:
    rows = re.findall(
        r"^\| .*RESULTS\.md#([\w-]+)\) \| `([^`]+)` \|$", (ROOT / "docs" / "figures.md").read_text(), re.M
    )
    assert len(rows) > 20
    for anchor, command in rows:
        for word in command.split():
            assert word in MEASURED[anchor], f"figures.md: {command}, but not in RESULTS.md#{anchor}"


def test_the_readme_counts_the_exercises_as_the_code_does() -> None:
    words = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
    ]
    recognised = len(set(Recogniser().classes) & set(exercises()))
    assert recognised == len(exercises())
    assert f"which of {words[recognised]} exercises" in (ROOT / "README.md").read_text()
