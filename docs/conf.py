"""The site of the documentation: `make docs`. Everything is local: no font, script or picture is fetched."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

_PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Ketamine for CRPS: the evidence, reproducible"
author = copyright = _PROJECT["authors"][0]["name"]
version = release = _PROJECT["version"]
language = "en-GB"

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx_click",
    "generated_pages",
    "mathml",
]
exclude_patterns = ["how-to/*.R", "reference/generated/*"]
html_theme = "furo"
html_title = project
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None  # same input, same bytes

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
# an included part may begin at the second level; Pygments does not know the language csv, which other readers do
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
