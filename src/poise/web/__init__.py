"""The page: hand-written ES modules in ``page/``, and what they run on that is not ours (`poise.web.assets`)."""

from pathlib import Path

#: The folder of the page, to be served as it is.
PAGE = Path(__file__).parent / "page"
#: The folder of the page on which pictures and films are labelled; it uses parts of the other.
LABEL_PAGE = Path(__file__).parent / "label"
