"""How the pages become a site, by ``make docs``. They are read where they are, so links work on a forge, too."""

from importlib.metadata import version as installed

project = "poise"
version = release = installed("poise")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "docs/*.rst", "docs/index.rst", "benchmarks/*.md"]
exclude_patterns = [".*", "build", "dist", "deploy", "src", "tests"]

myst_heading_anchors = 3
highlight_language = "text"
default_role = "py:obj"
nitpicky = True
#: No broken links: what is somebody else's or named by its short name, and what other pages tell of.
nitpick_ignore_regex = [
    ("py:.*", r"(?!poise\.).*"),
    (
        "py:.*",
        r"poise\.(report|teaching|coach\.(exercises?|teach|workout)|vision\.(estimators|follow)|body\.skeleton)\b.*",
    ),
]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "poise"
html_extra_path = ["site"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = html_logo = "../src/poise/web/page/icon.svg"
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
html_theme_options = {"top_of_page_buttons": []}
