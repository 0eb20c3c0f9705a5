"""Matplotlib figures as small SVG with real text, without unused ids, to be embedded in a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.exhibit.typeface import BOLD, FALLBACK, FAMILY, REGULAR, register
from analysis.exhibit.webfont import font_faces

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_FONTS = f"'{FAMILY}', '{FALLBACK}', sans-serif"
# Matplotlib's global style sheet would apply to the page, so its rules and the font become attributes of the root
_ROOT = f'<svg font-family="{_FONTS}" stroke-linejoin="round" stroke-linecap="butt" '
_PREAMBLE = re.compile(r"<\?xml[^>]*>\s*|<!DOCTYPE[^>]*>\s*|<metadata>.*?</metadata>\s*|<!--.*?-->\s*", re.DOTALL)
_STYLE_SHEET = re.compile(r"<defs>\s*<style[^>]*>\*\{stroke-linejoin: round; stroke-linecap: butt\}</style>\s*</defs>")
_FAMILY = re.compile(rf" font-family: '{FAMILY}', '{FALLBACK}'(?:, sans-serif)?;?")
_UNTURNED = re.compile(r' transform="rotate\(-0 [^)]*\)"')
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:href="|url\()#([^")]+)')
_INDENT = re.compile(r"\n\s*(?=<|\n)")


def figure_svg(figure: MatplotlibFigure, salt: str) -> str:
    """Return a figure as SVG: the same text for the same figure, on every machine.

    `salt` makes the ids of clip paths and markers differ from those of other figures on a page.
    """
    import matplotlib as mpl

    from analysis.exhibit.svg_renderer import drawn_svg

    register()
    with mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        return inline_svg(drawn_svg(figure))


def inline_svg(svg: str) -> str:
    """Return Matplotlib's SVG without prologue, metadata, global style sheet and unused ids."""
    svg = _STYLE_SHEET.sub("", _PREAMBLE.sub("", svg)).replace("<svg ", _ROOT, 1)
    svg = _UNTURNED.sub("", _FAMILY.sub("", svg))
    used = set(_REFERENCE.findall(svg))
    svg = _ID.sub(lambda match: match[0] if match[1] in used else "", svg)
    return _INDENT.sub("\n", svg).strip() + "\n"


def standalone_svg(svg: str) -> str:
    """Return the SVG with its font embedded, for elements that do not use the fonts of the page, such as `<img>`."""
    styles = (REGULAR, BOLD) if "font-weight" in svg or "font: " in svg else (REGULAR,)
    end = svg.index(">", svg.index("<svg ")) + 1
    return f"{svg[:end]}<style>{font_faces(svg, styles)}</style>{svg[end:]}"
