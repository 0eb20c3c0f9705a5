"""A map as an object: which column, code, sheet and unit of a clinic's table means what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from analysis.tabular.mapping.map_keys import NOT_USED


@dataclass(frozen=True)
class ColumnUse:
    """What one column of the table is.

    Parameters
    ----------
    name : str
        Its name in the table.
    role : str
        A column of the long form, `birth_date`, or `not_used`.
    codes : mapping of str to str
        Meaning of each code; {} = the cells state the value itself.
    missing : tuple of str
        Texts that mean "missing" in this column, besides the empty cell.
    scale : {"", "0 to 10", "0 to 100"}
        Scale of a pain score.
    unit : {"", "days", "weeks", "months", "years"}
        Unit of a duration.
    meaning : str
        Average, worst or least pain, or not_stated.
    must_be_empty : bool
        Whether a filled cell stops the import.
    """

    name: str
    role: str
    codes: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    scale: str = ""
    unit: str = ""
    meaning: str = ""
    must_be_empty: bool = False

    @property
    def used(self) -> bool:
        """Whether cells of the column become values."""
        return self.role != NOT_USED


@dataclass(frozen=True)
class VisitUse:
    """One visit: the code or the columns that stand for it.

    Parameters
    ----------
    visit : str
        baseline, end_of_infusion or follow_up.
    planned_week : float or None
        Planned week after the end of infusion.
    code : str
        Code of the visit, in tables with one row a visit or event.
    score, date : str
        Columns with the score and the day, in tables with one row a course.
    outcomes : mapping of str to ColumnUse
        Column of each other outcome, in tables with one row a course.
    starts_course : bool
        Whether the event is an infusion.
    score_is : {"", "before", "after"}
        Whether the score of an infusion's day was asked before or after it.
    """

    visit: str
    planned_week: float | None = None
    code: str = ""
    score: str = ""
    date: str = ""
    outcomes: Mapping[str, ColumnUse] = field(default_factory=dict)
    starts_course: bool = False
    score_is: str = ""

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
