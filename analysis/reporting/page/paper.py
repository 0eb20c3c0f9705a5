"""The paper a PDF is set on: what it is called and how much room it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Paper:
    """name: as Typst calls it. width: of the text, turned: of the text on a page turned by 90 degrees, figure: the
    height a figure may take so that its caption stays with it, height: of the text; in points."""

    name: str
    width: float
    turned: float
    figure: float
    height: float


A4 = Paper("a4", 470.0, 717.0, 540.0, 708.0)
LETTER = Paper("us-letter", 487.0, 667.0, 490.0, 658.0)
PAPERS = {"a4": A4, "letter": LETTER}
DEFAULT_PAPER = "a4"


def on_paper(common: dict[str, Any], paper: str) -> dict[str, Any]:
    """Return what reports have in common, with their paper if it isn't the default."""
    return common if paper == DEFAULT_PAPER else {**common, "paper": paper}
