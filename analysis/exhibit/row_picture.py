"""A row figure as data: rows of label, track and value. Matplotlib and the page draw it from the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Tone = Literal["ink", "ketamine", "placebo", "harm", "threshold", "unknown", "muted"]
Fill = Literal["filled", "hollow", "hatched", "dashed", "band"]


@dataclass(frozen=True)
class Point:
    """A point at a value."""

    at: float
    tone: Tone = "ketamine"
    fill: Fill = "filled"


@dataclass(frozen=True)
class Span:
    """A thin line from one value to another: an interval, or the way from one point to the next."""

    low: float
    high: float
    tone: Tone = "ketamine"


@dataclass(frozen=True)
class Bar:
    """A bar from one value to another: `band` pale, `hatched` not known, `dashed` ended in here, or plain."""

    low: float
    high: float
    tone: Tone = "ketamine"
    fill: Fill = "filled"


@dataclass(frozen=True)
class Stroke:
    """A short vertical stroke at a value: a count at one time, or a limit."""

    at: float
    tone: Tone = "ketamine"


@dataclass(frozen=True)
class Diamond:
    """A diamond as wide as the interval of a pooled value."""

    low: float
    at: float
    high: float
    tone: Tone = "ink"


@dataclass(frozen=True)
class Words:
    """Text at a value: above the marks, or on the level of the marks (`inside`)."""

    at: float
    text: str
    tone: Tone = "muted"
    anchor: Literal["start", "middle", "end"] = "middle"
    inside: bool = False


Mark = Point | Span | Bar | Stroke | Diamond | Words


@dataclass(frozen=True)
class RowHeading:
    """A heading over the rows that follow."""

    words: str


@dataclass(frozen=True)
class Row:
    """A row: label and its detail, marks, value and its detail.

    known: whether the value is a result; a remark such as `not printed` is not. strong: a bold label. places: the rows
    of data/ behind the value, such as `responders-27`.
    """

    label: str
    detail: str = ""
    marks: tuple[Mark, ...] = ()
    value: str = ""
    value_detail: str = ""
    known: bool = True
    strong: bool = False
    places: str = ""

    @property
    def tall(self) -> bool:
        """Whether the track needs room for words above its marks."""
        return any(isinstance(mark, Words) and not mark.inside for mark in self.marks)


@dataclass(frozen=True)
class Axis:
    """The axis that all rows share.

    ticks: label of each value that has a grid line. label: text below the axis.
    """

    low: float
    high: float
    ticks: Mapping[float, str]
    label: str = ""


@dataclass(frozen=True)
class KeyEntry:
    """An entry of the key: a mark from 0 to 1 and its meaning. Only fill patterns need one."""

    marks: tuple[Mark, ...]
    words: str


@dataclass(frozen=True)
class RowPicture:
    """All rows of a figure with their axis, and at most three entries of a key."""

    rows: tuple[Row | RowHeading, ...]
    axis: Axis
    key: tuple[KeyEntry, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return the picture as JSON; each mark names its kind."""
        return {
            "rows": [
                {"heading": row.words}
                if isinstance(row, RowHeading)
                else {**asdict(row), "marks": _marks(row.marks), "tall": row.tall}
                for row in self.rows
            ],
            "axis": {**asdict(self.axis), "ticks": [[value, words] for value, words in self.axis.ticks.items()]},
            "key": [{"words": entry.words, "marks": _marks(entry.marks)} for entry in self.key],
        }


def interval_marks(
    low: float, at: float, high: float, tone: Tone = "ketamine", fill: Fill = "filled"
) -> tuple[Mark, ...]:
    """Return a point with its interval."""
    return Span(low, high, tone), Point(at, tone, fill)


def percent_of_axis(value: float, low: float, high: float) -> float:
    """Return the position of a value in percent of an axis, at most at its ends."""
    return round(100 * min(max((value - low) / (high - low), 0.0), 1.0), 2)


def percent_axis() -> Axis:
    """Return an axis from 0 to 100%."""
    return Axis(0, 100, {0: "0%", 25: "25%", 50: "50%", 75: "75%", 100: "100%"})


def _marks(marks: tuple[Mark, ...]) -> list[dict[str, Any]]:
    return [{"kind": type(mark).__name__.lower(), **asdict(mark)} for mark in marks]
