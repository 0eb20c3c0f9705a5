"""The summary of findings as the picture of the README, light and dark; tests/test_published.py compares the files."""

from __future__ import annotations

import io

import matplotlib as mpl
from matplotlib.axes import Axes

from analysis import evidence, findings
from analysis.evidence.selection import select
from analysis.exhibit.outcome_table import OutcomeTable
from analysis.exhibit.palette import PALETTE
from analysis.exhibit.svg import inline_svg
from analysis.exhibit.typeface import line_width
from analysis.figures.style import sheet, style
from analysis.outcomes.key_outcomes import key_outcomes
from analysis.paths import ROOT

TARGETS = {name: ROOT / "reports" / "published" / f"summary-{name}.svg" for name in ("light", "dark")}
FOOT = (
    "Differences are ketamine minus placebo, with 95% intervals. Dashed: 2 points, a change that matters within a "
    "patient. Certainty follows GRADE, provisional: judged from abstracts. Information about published numbers, not "
    "clinical advice."
)
# points: width of the picture, left edge and width of each column
WIDTH, SIZE, SMALL, LEADING, GAP = 640.0, 9.0, 8.0, 11.5, 7.0
OUTCOME, DIFFERENCE, TRACK, CERTAINTY, MEANING = (0, 148), (156, 96), (262, 112), (392, 74), (474, 166)


def wrapped(text: str, width: float, size: float = SIZE, weight: str = "normal") -> list[str]:
    """Return the lines of a text that fit a width."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and line_width(longer, weight) * size <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def summary() -> OutcomeTable:
    """Return the summary of findings of the evidence report."""
    selection = select(evidence.load())
    return findings.summary_of_findings(selection, key_outcomes(selection))


def alternative_text() -> str:
    """Return the table in words."""
    rows = [
        f"{row.outcome}: {' '.join(filter(None, (row.difference, row.interval)))}"
        f"{f', certainty {word}' if (word := words_of(row)) else ''}. {row.meaning}"
        for row in summary().rows
    ]
    return " ".join([f"{summary().caption}.", *rows])


def words_of(row) -> str:
    """Return the certainty in words."""
    return ("", "very low", "low", "moderate", "high")[row.certainty]


class _Drawing:
    """The picture, drawn from the top; y is the next free line."""

    def __init__(self, axes: Axes, colours: dict[str, str], table: OutcomeTable) -> None:
        self.axes, self.colours, self.table, self.y = axes, colours, table, 14.0

    def lines(
        self, x: float, y: float, texts: list[str], colour: str = "ink", size: float = SIZE, weight="normal"
    ) -> None:
        for number, text in enumerate(texts):
            self.axes.text(x, y + number * LEADING, text, color=self.colours[colour], fontsize=size, fontweight=weight)

    def rule(self, y: float, colour: str = "line", width: float = 0.7) -> None:
        self.axes.plot([0, WIDTH], [y, y], color=self.colours[colour], linewidth=width)

    def x_of(self, value: float) -> float:
        low, high = self.table.axis
        return TRACK[0] + TRACK[1] * (value - low) / (high - low)

    def head(self) -> None:
        self.lines(0, self.y, [self.table.caption], size=11, weight="bold")
        self.y += 22
        for (x, _), words in (
            (OUTCOME, "Outcome"),
            (DIFFERENCE, "Difference"),
            (CERTAINTY, "Certainty"),
            (MEANING, "Meaning"),
        ):
            self.lines(x, self.y, [words], "muted", SMALL, "bold")
        for tick in self.table.ticks:
            colour = self.colours["threshold" if tick == self.table.yardstick[0] else "muted"]
            label = f"{tick:g}".replace("-", "\u2212") + (" points" if tick == 0 else "")
            self.axes.text(self.x_of(tick), self.y, label, color=colour, fontsize=SMALL, ha="center")
        self.y += 6
        self.rule(self.y, "ink", 1.1)

    def row(self, row) -> None:
        outcome = wrapped(row.outcome, OUTCOME[1], weight="bold")
        detail = wrapped(row.detail, OUTCOME[1], SMALL)
        difference = wrapped(row.difference, DIFFERENCE[1])
        meaning = wrapped(row.meaning, MEANING[1])
        top = self.y + GAP + SIZE
        self.lines(0, top, outcome, weight="bold")
        self.lines(0, top + len(outcome) * LEADING, detail, "muted", SMALL)
        self.lines(DIFFERENCE[0], top, difference, weight="bold" if row.interval else "normal")
        self.lines(DIFFERENCE[0], top + len(difference) * LEADING, [row.interval], size=SMALL)
        self.lines(MEANING[0], top, meaning)
        self.circles(top, row)
        height = max(len(outcome) + len(detail), len(difference) + bool(row.interval), len(meaning), 2) * LEADING
        bottom = self.y + 2 * GAP + height
        self.track(self.y, bottom, row)
        self.y = bottom
        self.rule(self.y)

    def circles(self, top: float, row) -> None:
        for number in range(4 if row.certainty else 0):
            fill = self.colours["ink"] if number < row.certainty else "none"
            x = CERTAINTY[0] + 4 + 10 * number
            self.axes.plot(x, top - 3, "o", ms=6.4, mfc=fill, mec=self.colours["ink"], mew=0.8)
        self.lines(CERTAINTY[0], top + LEADING, [words_of(row)], size=SMALL)

    def track(self, top: float, bottom: float, row) -> None:
        if not row.in_points:
            return
        for value, colour, dashes in ((0, "ink", "-"), (self.table.yardstick[0], "threshold", (0, (4, 3)))):
            x = self.x_of(value)
            self.axes.plot([x, x], [top, bottom], color=self.colours[colour], linewidth=0.8, linestyle=dashes)
        if row.drawn:
            low, at, high = map(self.x_of, row.drawn)
            middle = (top + bottom) / 2
            self.axes.plot([low, high], [middle, middle], color=self.colours["ketamine"], linewidth=2)
            self.axes.plot(at, middle, "o", ms=7, color=self.colours["ketamine"])


def published_svg(name: str) -> str:
    """Return the picture with outlined letters, because pages that show a README do not load fonts of images."""
    colours = {key: pair[name == "dark"] for key, pair in PALETTE.items()}
    out = io.StringIO()
    with style(), mpl.rc_context({"svg.hashsalt": "published", "svg.fonttype": "path"}):
        picture = sheet(1000, WIDTH + 24)
        axes = picture.add_axes((0, 0, 1, 1))
        drawing = _Drawing(axes, colours, summary())
        drawing.head()
        for row in drawing.table.rows:
            drawing.row(row)
        drawing.lines(0, drawing.y + GAP + SMALL + 2, foot := wrapped(FOOT, WIDTH, SMALL), "muted", SMALL)
        height = drawing.y + GAP + len(foot) * LEADING + 14
        picture.set_size_inches((WIDTH + 24) / 72, height / 72)
        picture.set_facecolor(colours["ground"])
        axes.set(xlim=(-12, WIDTH + 12), ylim=(height, -4))
        axes.set_axis_off()
        picture.savefig(out, format="svg", facecolor=colours["ground"], metadata={"Date": None, "Creator": None})
    return inline_svg(out.getvalue())


if __name__ == "__main__":
    for name, path in TARGETS.items():
        path.write_text(published_svg(name), encoding="utf-8")
