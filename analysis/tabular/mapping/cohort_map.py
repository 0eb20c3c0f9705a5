"""A map as an object: which column, code, sheet and unit of a clinic's table means what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from analysis.tabular.mapping.map_keys import NOT_USED


@dataclass(frozen=True)
class ColumnUse:
    """What one column of the table is.

    codes: meaning of each code; {} = the cells state the value itself.
    """

    name: str
    role: str  # a column of the long form, `birth_date`, or `not_used`
    codes: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()  # texts that mean "missing" in this column, besides the empty cell
    scale: str = ""  # of a pain score: 0 to 10, 0 to 100
    unit: str = ""  # of a duration: days, weeks, months, years
    meaning: str = ""  # average, worst or least pain, or not_stated
    must_be_empty: bool = False  # whether a filled cell stops the import

    @property
    def used(self) -> bool:
        """Whether cells of the column become values."""
        return self.role != NOT_USED


@dataclass(frozen=True)
class VisitUse:
    """One visit: the code or the columns that stand for it.

    outcomes: column of each other outcome, in tables with one row a course.
    """

    visit: str  # baseline, end_of_infusion or follow_up
    planned_week: float | None = None  # planned week after the end of infusion
    code: str = ""  # code of the visit, in tables with one row a visit or event
    score: str = ""  # column with the score, in tables with one row a course
    date: str = ""
    outcomes: Mapping[str, ColumnUse] = field(default_factory=dict)
    starts_course: bool = False  # whether the event is an infusion
    score_is: str = ""  # before, after: when the score of an infusion's day was asked

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the visit."""
        names = [self.score, self.date, *(column.name for column in self.outcomes.values())]
        return [name for name in names if name]


@dataclass(frozen=True)
class Window:
    """Days of a diary that make one visit: `first` to `last` counted from the start or the end of the infusion."""

    visit: str
    after_end: bool
    first: int
    last: int
    least_days: int
    planned_week: float | None = None


@dataclass(frozen=True)
class Reading:
    """How the file is read: see `map_keys.PARTS["read"]`; `sheets` maps each sheet to its site, "" or not_used."""

    form: str
    encoding: str = "utf-8"
    separator: str = ","
    decimal_comma: bool = False
    date_order: str = "year-month-day"
    with_time: bool = False
    header_row: int = 1
    sheets: Mapping[str, str] = field(default_factory=dict)
    declared_missing: bool = True


@dataclass(frozen=True)
class SecondFile:
    """The table with the infusions of each patient, beside a diary."""

    file: str
    patient_id: str
    start: str
    end: str


@dataclass(frozen=True)
class CohortMap:
    """A map without problems; the attributes are the keys of the file (data/cohorts/README.md)."""

    file: str
    sha256: str
    made_for: Mapping[str, str]
    read: Reading
    rows: str
    data_until: date
    columns: tuple[ColumnUse, ...]
    visits: tuple[VisitUse, ...]
    scores: ColumnUse
    date_missing: tuple[str, ...]
    weeks_from: str
    if_no_date: str
    far_from_plan: float | None
    courses_from: str
    same_course_days: int
    baseline_days: int
    keep: tuple[tuple[str, tuple[str, ...]], ...] = ()
    second_file: SecondFile | None = None
    windows: tuple[Window, ...] = ()
    add: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, int] = field(default_factory=dict)

    def role(self, role: str) -> ColumnUse | None:
        """Return the column with a role, or None."""
        return next((column for column in self.columns if column.role == role), None)
