"""References to rows of `data/`: as text (the row_id, `responders-27`) and as links."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from analysis.paths import TABLES
from analysis.wording import series

Place = tuple[str, int]  # table, number in the row_id
_NAMED = re.compile(rf"\b({'|'.join(TABLES)})-(\d+)\b")
_DIGIT = re.compile(r"\d")
_BRACKET, _ESCAPED = re.compile(r"(?<!\\)([\[\]])"), r"\\\1"


def places(*texts: str) -> tuple[Place, ...]:
    """Return the rows that texts such as `responders-27 and responders-28` name, each once."""
    return tuple(dict.fromkeys((table, int(number)) for text in texts for table, number in _NAMED.findall(text)))


def studies_of(*tables: pd.DataFrame) -> tuple[str, ...]:
    """Return the studies of the tables (column study_id), each once, in order of appearance."""
    return tuple(dict.fromkeys(study for table in tables for study in table["study_id"]))


def source_rows(named: Iterable[Place]) -> pd.DataFrame:
    """Return the distinct places as a table: file (in data/), row (the number in its row_id)."""
    rows = sorted(set(named))
    return pd.DataFrame(
        {"file": pd.Series([f"{table}.csv" for table, _ in rows], dtype="str"), "row": [row for _, row in rows]}
    ).astype({"row": "int64"})


def source_row(table: str, *rows: int) -> str:
    """Return the ids of rows of a table: `responders-27`, `durations-3 and durations-5`."""
    return series([f"{table}-{row}" for row in rows])


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
    """Return the text as Markdown in which each id of a row is a link."""
    return _NAMED.sub(lambda m: sourced(m[0].replace("_", "\\_"), m[0]), text)


def cell_places(cell: str) -> list[tuple[str, Place | None]]:
    """Return a printed cell split into texts, each with the row that it names or None."""
    pieces: list[tuple[str, Place | None]] = []
    done = 0
    for match in _NAMED.finditer(cell):
        pieces += [(cell[done : match.start()], None), (match[0], (match[1], int(match[2])))]
        done = match.end()
    pieces.append((cell[done:], None))
    return [piece for piece in pieces if piece[0]]
