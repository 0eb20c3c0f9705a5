"""Pictures of the Word file as PNG with 300 pixels per inch, drawn by Typst with the fonts of the PDF."""

from __future__ import annotations

import io
from typing import Any

from analysis.reporting.page.pdf import typeset
from analysis.reporting.page.references import TEMPLATE

RESOLUTION = 300  # pixels per inch
_PAGE = '#import "report.typ": *\n#set page(width: auto, height: auto, margin: 0pt, fill: white)\n'
_FONT = '#set text(font: ("Source Sans 3", "DejaVu Sans"))\n'
_BAR_WIDTH, _ICONS_WIDTH = 240, 150  # points

Drawing = tuple[str, str] | bytes  # Typst source and the SVG that it draws, if any; or a finished picture


def svg_drawing(svg: str, width: float) -> Drawing:
    """Return an SVG, drawn with a width in points."""
    return f'#image("drawing.svg", width: {width:.1f}pt)', svg


def icons_drawing(icons: dict[str, Any]) -> Drawing:
    """Return an icon array without its words."""
    filled = "none" if icons["filled"] is None else icons["filled"]
    return f'#icon-grid({filled}, {icons["total"]}, "{icons["tone"]}", "{icons["shape"]}")', ""


def bar_drawing(share: float | None, tone: str) -> Drawing:
    """Return a bar filled to a share, hatched where nobody counted."""
    filled = "none" if share is None else f"{share:.4f}"
    return f'#block(width: {_BAR_WIDTH}pt, share-bar("", "", {filled}, "{tone}"))', ""


def drawn_png(drawings: dict[str, Drawing]) -> dict[str, bytes]:
    """Return the pictures by name; all drawings are pages of one call of Typst."""
    drawn = {name: drawing for name, drawing in drawings.items() if isinstance(drawing, tuple)}
    files = {"report.typ": (TEMPLATE / "report.typ").read_bytes()}
    pages = []
    for number, (source, svg) in enumerate(drawn.values()):
        files[f"{number}.svg"] = svg.encode()
        pages.append(source.replace("drawing.svg", f"{number}.svg"))
    made = typeset(_PAGE + _FONT + "#pagebreak()\n".join(pages), files, format="png", ppi=RESOLUTION) if pages else []
    made = [made] if isinstance(made, bytes) else made
    ready = {name: drawing for name, drawing in drawings.items() if isinstance(drawing, bytes)}
    return ready | {name: _small_png(content) for name, content in zip(drawn, made, strict=True)}


def _small_png(content: bytes) -> bytes:
    """Return a PNG without transparency that states its resolution."""
    from PIL import Image

    out = io.BytesIO()
    image = Image.open(io.BytesIO(content)).convert("RGB")
    image.save(out, "png", dpi=(RESOLUTION, RESOLUTION))
    return out.getvalue()
