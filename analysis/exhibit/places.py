"""References to rows of `data/`: as text (`responders.csv row 27 and 28`) and as links."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

Place = tuple[str, int]  # table, row as a spreadsheet shows it
_NUMBERS = r"\d+(?:(?:, | and )\d+)*"
_NAMED = re.compile(rf"\b([a-z_]+)\.csv rows? ({_NUMBERS})")
_ALONE = re.compile(_NUMBERS)
_DIGIT = re.compile(r"\d")
_BRACKET, _ESCAPED = re.compile(r"(?<!\\)([\[\]])"), r"\\\1"
_TABLE_OF = re.compile(r"Row of ([a-z_]+)\.csv|([a-z_ ]+) csv row")  # labels of columns that hold row numbers alone


def places(*texts: str) -> tuple[Place, ...]:
    """Return the rows that texts such as `responders.csv row 27 and 28; reported_tests.csv row 5` name, each once."""
    named = (
        (match[1], int(number)) for text in texts for match in _NAMED.finditer(text) for number in _digits(match[2])
    )
    return tuple(dict.fromkeys(named))


def studies_of(*tables: pd.DataFrame) -> tuple[str, ...]:
    """Return the studies of the tables (column study_id), each once, in order of appearance."""
    return tuple(dict.fromkeys(study for table in tables for study in table["study_id"]))


def source_rows(named: Iterable[Place]) -> pd.DataFrame:
    """Return the distinct places as a table: file (in data/), row (as a spreadsheet shows it)."""
    rows = sorted(set(named))
    return pd.DataFrame(
        {"file": pd.Series([f"{table}.csv" for table, _ in rows], dtype="str"), "row": [row for _, row in rows]}
    ).astype({"row": "int64"})


def anchor(table: str, row: int) -> str:
    """Return the name of a row's entry in a report: `row-pain-scores-20`."""
    return f"row-{table.replace('_', '-')}-{row}"


def sourced(words: str, *where: str) -> str:
    """Return a number in a computed sentence as a link to its data rows.

    Parameters
    ----------
    words
        The number as printed, such as `30 of 48`. Returned unchanged if it has no digit or no row.
    *where
        References as in `source_row` and in the column `rows` of result tables.
    """
    anchors = [anchor(table, row) for table, row in places(*where)]
    return f"[{_BRACKET.sub(_ESCAPED, words)}](#{','.join(anchors)})" if anchors and _DIGIT.search(words) else words


def shown_in(words: str, exhibit: str) -> str:
    """Return a number computed from many rows as a link to the table or figure that shows them (`tab-studies`)."""
    return f"[{words}](#{exhibit})" if _DIGIT.search(words) else words


def linked(text: str) -> str:
    """Return the text as Markdown in which each reference to a row is a link."""
    plain = text.replace("\\", "")
    return _NAMED.sub(lambda m: sourced(m[0].replace("_", "\\_"), m[0]), plain)


def cell_places(label: str, cell: str) -> list[tuple[str, Place | None]]:
    """Return a printed cell split into texts, each with the row that it names or None.

    The table is named by the column's label (`Row of responders.csv`, `responders csv row`) or by the cell itself.
    """
    named = _TABLE_OF.fullmatch(label)
    if not named and ".csv" not in cell:  # most cells
        return [(cell, None)] if cell else []
    if named:
        table = named[1] or named[2].replace(" ", "_")
        spans = [(m.span(), table) for m in _ALONE.finditer(cell)] if _only_rows(cell) else []
    else:
        spans = [(m.span(2), m[1]) for m in _NAMED.finditer(cell)]
    pieces: list[tuple[str, Place | None]] = []
    done = 0
    for (start, end), table in spans:
        for number in re.finditer(r"\d+", cell[start:end]):
            left, right = start + number.start(), start + number.end()
            pieces += [(cell[done:left], None), (number[0], (table, int(number[0])))]
            done = right
    pieces.append((cell[done:], None))
    return [piece for piece in pieces if piece[0]]


def _only_rows(cell: str) -> bool:
    return _ALONE.fullmatch(cell) is not None


def _digits(numbers: str) -> list[str]:
    return re.findall(r"\d+", numbers)
