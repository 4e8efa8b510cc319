"""The pages as a site: built without a warning, every page found from the first, nothing asked of another host."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from browser import CHROMIUM, FLAGS
from playwright.sync_api import Page, Playwright

import poise
from poise import errors
from poise.coach import events
from poise.errors import PoiseError
from poise.server.limits import Limits
from poise.server.settings import Settings as ServerSettings

ROOT = Path(__file__).parents[1]
#: Made by the generator for itself: indices and the search.
ITS_OWN = {"index.html", "genindex.html", "py-modindex.html", "search.html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it, by which a warning is an error."""
    folder = tmp_path_factory.mktemp("docs")
    build = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-c", "docs", "."]
    done = subprocess.run([*build, str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def pages(site: Path) -> dict[Path, str]:
    found = {page.resolve(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    return {page: text for page, text in found.items() if page.name not in ITS_OWN or page.parent.name == "docs"}


def words(text: str) -> str:
    """What a page itself says: not the list of all pages beside it, nor the buttons to the next one."""
    return text[text.index('<article role="main"') : text.index("</article>")]


def test_every_page_is_found_by_following_what_pages_say(site: Path) -> None:
    known = pages(site)
    first = (site / "docs" / "index.html").resolve()
    found, new = {first}, [first]
    while new:
        page = new.pop()
        for link in re.findall(r'href="([^"]+)"', words(known[page])):
            to = (page.parent / unquote(urldefrag(link).url)).resolve()
            if to in known and to not in found:
                found.add(to)
                new.append(to)
    assert len(known) > 30
    assert {str(page.relative_to(site.resolve())) for page in set(known) - found} == set()


def test_the_first_address_leads_to_the_first_page(site: Path) -> None:
    (to,) = re.findall(r'url=([^"]+)"', (site / "index.html").read_text())
    assert (site / to).is_file()


def test_links_between_pages_lead_to_a_place_that_is_there(site: Path) -> None:
    known = pages(site)
    for page, text in known.items():
        for link in re.findall(r'href="([^"]+)"', words(text)):
            to, place = urldefrag(link)
            if "://" in link or not (to or place) or link.startswith("mailto:"):
                continue
            file = (page.parent / unquote(to)).resolve() if to else page
            assert file.is_file(), f"{page.name}: {link}"
            if place and file in known:
                assert f'id="{unquote(place)}"' in known[file], f"{page.name}: {link}"


@pytest.fixture
def reader(playwright: Playwright) -> Iterator[Page]:
    """A browser like anybody's."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium: apt-get install chromium")
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield chromium.new_page()
    chromium.close()


def test_from_a_folder_of_files_it_can_be_read_and_searched_and_asks_no_other_host(
    site: Path, reader: Page
) -> None:
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    for page in ("docs/index.html", "docs/api.html", "docs/exercises.html", "README.html"):
        reader.goto((site / page).as_uri())
    reader.goto((site / "search.html").as_uri() + "?q=espeak")
    reader.wait_for_selector("#search-results li a")
    assert "edge" in str(reader.get_attribute("#search-results li a", "href"))
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith(site.as_uri())] == []


def test_every_public_name_event_and_error_is_told(site: Path) -> None:
    text = (site / "docs" / "api.html").read_text()
    told = set(re.findall(r'<dt class="sig sig-object py" id="([\w.]+)"', text))
    for name in poise.__all__:
        home = getattr(getattr(poise, name), "__module__", "poise")
        assert {f"poise.{name}", f"{home}.{name}"} & told, name
    made_there = [kind for kind in vars(events).values() if getattr(kind, "__module__", "") == events.__name__]
    kinds = [kind for kind in made_there if isinstance(kind, type)]
    assert len(kinds) > 10
    assert {f"{events.__name__}.{kind.__name__}" for kind in kinds} <= told
    raised = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PoiseError)]
    assert {f"{errors.__name__}.{kind.__name__}" for kind in raised} <= told


@pytest.mark.parametrize("settings", [poise.Settings, ServerSettings, Limits])
def test_every_setting_is_told(settings: type) -> None:
    about = settings.__doc__ or ""
    for field in fields(settings):
        assert re.search(rf"^ +{field.name}: \S", about, re.MULTILINE), f"{settings.__name__}.{field.name}"
