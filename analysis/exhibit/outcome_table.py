"""The summary of findings: one row for each key outcome, with the difference drawn and its certainty."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from analysis.exhibit.cells import stable
from analysis.exhibit.kinds import EXHIBIT_MIME
from analysis.exhibit.places import places, source_rows

_GRADES = ("", "Very low", "Low", "Moderate", "High")


@dataclass(frozen=True)
class OutcomeNumbers:
    """The result of an outcome as raw numbers, for programs; None where nothing is printed.

    value: ketamine minus control; negative is less. low, high: its limits at `level`, None for those of a
    review, as printed. control, ketamine: results of the
    groups. unit: of all of them (points or share). n: patients. studies: ids of studies, or of a review.
    """

    unit: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    control: float | None = None
    ketamine: float | None = None
    level: float | None = None
    n: int | None = None
    studies: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutcomeRow:
    """One outcome at one time.

    control, ketamine: results of the groups as printed; equal remarks such as `not printed` are merged. difference,
    interval: in words. drawn: lower limit, estimate and upper limit on the axis, or None. in_points: whether
    the row is about pain in points, to which the axis belongs. certainty: 1 (very low) to 4
    (high), or 0 where it is not judged. notes: footnotes to the outcome, to the difference and to the patients.
    numbers: the result for programs.
    """

    outcome: str
    detail: str
    control: str
    ketamine: str
    difference: str
    interval: str = ""
    drawn: tuple[float, float, float] | None = None
    in_points: bool = True
    patients: str = ""
    certainty: int = 0
    certainty_remark: str = ""
    meaning: str = ""
    outcome_note: str = ""
    difference_note: str = ""
    patients_note: str = ""
    places: str = ""
    numbers: OutcomeNumbers = OutcomeNumbers()


@dataclass(frozen=True)
class OutcomeTable:
    """The rows under a caption, with an axis for the differences and a yardstick on it.

    axis: ends of the axis and its ticks. yardstick: value and words of the reference line. notes: explanations without
    a letter, before the footnotes.
    """

    caption: str
    rows: tuple[OutcomeRow, ...]
    axis: tuple[float, float]
    ticks: tuple[float, ...]
    yardstick: tuple[float, str, str]
    control_name: str = "placebo"
    notes: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()

    @property
    def data(self) -> pd.DataFrame:
        """The numbers, one row per outcome: outcome, certainty (1 to 4, 0 not judged) and those of `OutcomeNumbers`."""
        return pd.DataFrame(
            [{"outcome": row.outcome, "certainty": row.certainty, **asdict(row.numbers)} for row in self.rows]
        )

    @property
    def source(self) -> pd.DataFrame:
        """The rows of data/ behind the numbers: file, number in the row_id."""
        return source_rows(places(*(row.places for row in self.rows)))

    def footnotes(self) -> dict[str, str]:
        """Return the letter of each footnote, in the order of first use."""
        texts = [self.yardstick[2]] if self.yardstick[2] else []
        for row in self.rows:
            texts += [row.outcome_note, row.difference_note, row.patients_note]
        return {text: chr(ord("a") + n) for n, text in enumerate(dict.fromkeys(filter(None, texts)))}

    def payload(self) -> dict[str, Any]:
        """Return what the report needs, as JSON."""
        letters = self.footnotes()
        rows = []
        for row in self.rows:
            cells = {name: getattr(row, name) for name in _CELLS}
            marks = {f"{name}_letter": letters.get(getattr(row, f"{name}_note"), "") for name in _NOTED}
            word = _GRADES[row.certainty]
            drawn = list(row.drawn) if row.drawn else None
            rows.append({**cells, **marks, "certainty_word": word, "drawn": drawn, "numbers": _json(row.numbers)})
        at, words, note = self.yardstick
        return {
            "kind": "outcomes",
            "caption": self.caption,
            "outcomes": stable(rows),
            "axis": list(self.axis),
            "ticks": list(self.ticks),
            "yardstick": {"at": at, "words": words, "letter": letters.get(note, "")},
            "control_name": self.control_name,
            "notes": list(self.notes),
            "footnotes": [[letter, text] for text, letter in letters.items()],
            "studies": list(self.studies),
        }

    def markdown_text(self) -> str:
        """Return the table in Markdown, for notebooks."""
        heads = (
            "Outcome",
            f"With {self.control_name}",
            "With ketamine",
            "Difference",
            "Patients",
            "Certainty",
            "Meaning",
        )
        lines = [f"**{self.caption}**", "", f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
        for row in self.rows:
            difference = f"{row.difference} {row.interval}".strip()
            certainty = f"{_GRADES[row.certainty]} ({row.certainty_remark})"
            cells = (f"**{row.outcome}** {row.detail}", row.control, row.ketamine, difference, row.patients, certainty)
            lines.append(f"| {' | '.join((*cells, row.meaning))} |")
        notes = [*self.notes, *(f"{letter}: {text}" for text, letter in self.footnotes().items())]
        return "\n".join([*lines, "", *notes])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        markdown = self.markdown_text()
        return {EXHIBIT_MIME: self.payload(), "text/markdown": markdown, "text/plain": markdown}


def _json(numbers: OutcomeNumbers) -> dict[str, Any]:
    return asdict(numbers) | {"studies": list(numbers.studies)}


_NOTED = ("outcome", "difference", "patients")
_CELLS = """outcome detail control ketamine difference interval patients certainty in_points certainty_remark
    meaning places""".split()
