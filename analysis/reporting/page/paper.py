"""Paper sizes of PDFs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Paper:
    """A paper size with the dimensions of its text area in points.

    name: its name in Typst. width: of the text. turned: width of the text on a page turned by 90 degrees.
    figure: largest height of a figure, with space for its caption.
    """

    name: str
    width: float
    turned: float
    figure: float

    def width_of(self, width: float, height: float) -> float:
        """Return the width at which a figure of this size (0: not known) is printed."""
        return min(width or self.width, self.width, self.figure * width / height if height else self.width)


A4 = Paper("a4", 515.0, 762.0, 600.0)
LETTER = Paper("us-letter", 532.0, 712.0, 550.0)
PAPERS = {"a4": A4, "letter": LETTER}
DEFAULT_PAPER = "a4"


def on_paper(common: dict[str, Any], paper: str) -> dict[str, Any]:
    """Return the common values of reports with the paper, if it is not the default."""
    return common if paper == DEFAULT_PAPER else {**common, "paper": paper}
