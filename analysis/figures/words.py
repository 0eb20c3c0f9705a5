"""The words that figures share beyond `analysis.wording`: short citations, labels of rows, headings, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from analysis.exhibit import cite, escape
from analysis.outcomes.context import ACTIVE, PLACEBO, REGIMEN_WORDS, UNCONTROLLED
from analysis.wording import ACCESS_MARKS, COUNT_MARKS, MARK_WORDS, half_up, percent

CONTROL_ORDER = (PLACEBO, ACTIVE, UNCONTROLLED)
CONTROL_HEADINGS = {
    PLACEBO: "Placebo-controlled studies",
    ACTIVE: "Comparisons without placebo",
    UNCONTROLLED: "Studies without a control group",
}


def percent_pair(low: float, high: float) -> str:
    """Two shares without the sign: `48 to 75`."""
    return f"{percent(low)[:-1]} to {percent(high)[:-1]}"


def number(value: float, decimals: int = 1) -> str:
    """A number with a true minus sign, at most so many decimals and no needless zeros."""
    text = half_up(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def weeks(value: float) -> str:
    """Weeks in a column: a decimal below 10, whole numbers above; – if missing."""
    return "–" if pd.isna(value) else number(value, 1 if value < 10 else 0)


def in_weeks(value: float) -> str:
    """Weeks within a sentence: `the end of infusion`, `1 week`, `4.3 weeks`."""
    if pd.isna(value):
        return "a time not stated"
    return "the end of infusion" if value == 0 else "1 week" if value == 1 else f"{weeks(value)} weeks"


def whole(value: object) -> str:
    """A count; – if missing."""
    return "–" if pd.isna(value) else str(int(value))


def level_words(level: float) -> str:
    """The confidence level in percent."""
    return f"{100 * level:g}%"


def short(citation: str, longest: int = 32) -> str:
    """A citation without its remark in brackets where it is long."""
    return re.sub(r"\s*\([^()]*\)\s*$", "", citation) if len(citation) > longest else citation


def plain_label(label: str) -> str:
    """An arm's label without its remarks in brackets."""
    return re.sub(r"\s*\([^()]*\)", "", label)


def source_mark(access: object) -> str:
    """The mark of a secondary or lay source."""
    return ACCESS_MARKS.get(access, "") if isinstance(access, str) else ""


def count_mark(basis: object) -> str:
    """The dagger of a count that the source does not print."""
    return COUNT_MARKS.get(basis, "") if isinstance(basis, str) else ""


def marks_line(table: pd.DataFrame, separator: str = "; ") -> str:
    """What the marks in a figure of this table mean, only those that occur."""
    present = set()
    for column, marks in (("count_basis", COUNT_MARKS), ("access", ACCESS_MARKS)):
        if column in table:
            present |= {marks[key] for key in table[column].dropna().unique() if key in marks}
    return separator.join(f"{mark} {meaning}" for mark, meaning in MARK_WORDS.items() if mark in present)


def with_marks(caption: str, table: pd.DataFrame) -> str:
    """A caption followed by what the marks mean."""
    line = marks_line(table)
    return f"{caption} Marks: {line}." if line else caption


def arm_names(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    """What to call the arms of studies of which this table holds more than one, by study and label.

    The first words of the label where they tell the arms apart (`first course`), else the whole label.
    """
    labels_of: dict[str, dict[str, None]] = {}
    for study, label in zip(table["study_id"].tolist(), table["label"].tolist(), strict=True):
        if pd.notna(label):
            labels_of.setdefault(study, {})[label] = None
    names: dict[tuple[str, str], str] = {}
    for study, labels in labels_of.items():
        if len(labels) < 2:
            continue
        parts = [plain_label(label).split(", ") for label in labels]
        brief = [next((part for part in some if part.startswith("all ")), some[0]) for some in parts]
        for label, some, words in zip(labels, parts, brief, strict=True):
            names[study, label] = words if brief.count(words) == 1 else ", ".join(some)
    return names


def row_label(row, names: dict[tuple[str, str], str]) -> str:
    """Study with the mark of its source and, where the figure holds several arms of the study, the arm."""
    arm = names.get((row.study_id, row.label))
    return short(row.citation) + source_mark(getattr(row, "access", None)) + (f", {arm}" if arm else "")


def spoken(row, names: dict[tuple[str, str], str]) -> str:
    """Study and, where the figure holds several arms of it, the arm: for sentences."""
    arm = names.get((row.study_id, row.label))
    return short(row.citation) + (f" ({arm})" if arm else "")


def plural(count: int, one: str, many: str = "") -> str:
    """`1 study`, `2 studies`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def of_them(count: int, all_: int) -> str:
    """`none of them`, `3 of them`, `all`, for sentences about a number of things."""
    return "none of them" if count == 0 else "all" if count == all_ else f"{count} of them"


def regimen_words(regimen_class: str) -> str:
    """The plain words of a regimen class."""
    return REGIMEN_WORDS.get(regimen_class, str(regimen_class).replace("_", " "))


def in_order(values: Iterable[str], order: Iterable[str]) -> list[str]:
    """The distinct values in the given order, unknown ones last in alphabetical order."""
    present, known = set(values), list(order)
    return [v for v in known if v in present] + sorted(present - set(known))


def study_ids(*tables: pd.DataFrame) -> tuple[str, ...]:
    """The studies of the tables in order of appearance."""
    return tuple(dict.fromkeys(study for table in tables for study in table["study_id"]))


def not_drawn(rows: Iterable[tuple[object, str]], lead: str = "Not drawn") -> str:
    """Markdown on what a figure can't draw, by reason: pairs of a table row and the reason (plain text)."""
    reasons: dict[str, dict[str, None]] = {}
    for row, why in rows:
        reasons.setdefault(why, {})[cite(row.study_id, short(row.citation))] = None
    parts = [f"{escape(why)} ({', '.join(studies)})" for why, studies in reasons.items()]
    return f"{lead}: {'; '.join(parts)}." if parts else ""


def paragraphs(*parts: str) -> str:
    """Markdown paragraphs, empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def where_it_stands(table: pd.DataFrame, name: str) -> dict[str, pd.Series]:
    """For the data of a figure: how each count came about, the kind and id of its source, its row in table `name`."""
    return {
        "count_basis": table["count_basis"],
        "source_access": table["access"],
        "source_id": table["source_id"],
        f"{name}_csv_row": table["row"],
    }
