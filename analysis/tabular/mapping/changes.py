"""What became what: one row for each part of a clinic's table that a map used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.tabular.mapping.entries import Entries
from analysis.tabular.mapping.map_keys import NOT_USED, VISIT_NAMES
from analysis.tabular.mapping.mapped_cells import MappedCells, missing_words
from analysis.tabular.problems import listed
from analysis.wording import counted


@dataclass(frozen=True, eq=False)
class Changes:
    """The parts of an import: cells, entries, texts of courses, kept rows in words, numbers of rows and rows used."""

    cells: MappedCells
    entries: Entries
    texts: dict[str, list[str]]
    kept: list[str]
    rows: int
    used_rows: int


def what_became_what(changes: Changes) -> pd.DataFrame:
    """Return columns what, source and became; numbers and words only, no cell that could identify a patient."""
    lines = [*_rows(changes), *_visits(changes), *_scores(changes), *_weeks(changes), *_courses(changes)]
    lines += _unused(changes)
    return pd.DataFrame(lines, columns=["what", "source", "became"], dtype="str")


def _rows(changes: Changes) -> list[tuple[str, str, str]]:
    frame = changes.entries.frame
    courses = frame[["patient", "course"]].drop_duplicates()
    became = (
        f"{counted(len(frame), 'visit')} of {counted(frame['patient'].nunique(), 'patient')}, "
        f"{counted(len(courses), 'course')}; {changes.rows - changes.used_rows} left out"
    )
    lines = [("rows", str(changes.rows), became)]
    lines += [("kept", words, "") for words in changes.kept]
    lines += [("left out", str(count), reason) for reason, count in sorted(changes.entries.left_out.items())]
    return lines


def _visits(changes: Changes) -> list[tuple[str, str, str]]:
    frame, use = changes.entries.frame, changes.cells.map
    counts = Counter(frame["visit"])
    became = ", ".join(f"{name} {counts[place]}" for place, name in enumerate(VISIT_NAMES) if counts[place])
    column = use.role("visit")
    if column is None:
        how = f"{counted(len(use.windows), 'window')} of days" if use.windows else f"{len(use.visits)} columns"
        return [("visit", how, became)]
    codes = Counter(text.strip() for text in changes.cells.source.table[column.name].texts())
    shown = [f"{line.code or '(empty)'}: {codes[line.code]}" for line in use.visits]
    return [("visit", f"{column.name}: {listed(shown)}", became)]


def _scores(changes: Changes) -> list[tuple[str, str, str]]:
    cells, use, frame = changes.cells, changes.cells.map, changes.entries.frame
    lines = []
    scores = use.role("nrs")
    names = [scores.name] if scores else [line.score for line in use.visits]
    scale = scores.scale if scores else use.scores.scale
    missing, empty = _missing(changes, names)
    total = len(names) * (len(cells.source.table) - len(changes.entries.without_visit))
    source = f"{listed(names)}: {total - empty - sum(missing.values())} scores {scale}"
    divided = ", divided by 10" if scale == "0 to 100" else ""
    became = f"{int(frame['score'].notna().sum())} scores{divided}; {missing_words(missing, empty)}"
    lines.append(("nrs", source, became))
    for name in changes.entries.outcomes:
        column = use.role(name)
        sources = (
            [column.name] if column else [line.outcomes[name].name for line in use.visits if name in line.outcomes]
        )
        words = missing_words(*_missing(changes, sources))
        lines.append((name, listed(sources), f"{int(frame[name].notna().sum())} values; {words}"))
    return lines


def _missing(changes: Changes, names: list[str]) -> tuple[Counter[str], int]:
    """Return how often columns have each text that means missing, and their empty cells in rows that are visits."""
    counts: Counter[str] = Counter()
    for name in names:
        counts.update(changes.cells.missing.get(name, {}))
    no_visit = changes.entries.without_visit["row"].to_numpy(dtype=int)
    columns = [changes.cells.source.table[name].empty() for name in names]
    return counts, sum(int(empty.sum() - empty[no_visit].sum()) for empty in columns)


def _weeks(changes: Changes) -> list[tuple[str, str, str]]:
    use, frame = changes.cells.map, changes.entries.frame
    later = frame[frame["visit"] == 2]
    if later.empty:
        return []
    day = use.role("date")
    source = {
        "dates": f"{day.name if day else 'the dates'}, days after the end of infusion / 7",
        "planned_week": "planned_week of the map",
        "column": "",
    }[use.weeks_from]
    if use.weeks_from == "column":
        column = use.role("weeks_from_end")
        source = f"{column.name}, in {column.unit}"
    if use.weeks_from == "dates" and later["planned"].notna().any():
        parts = [f"week {week:g}: {_spread(rows['weeks'])}" for week, rows in later.groupby("planned") if len(rows)]
        return [("weeks", source, "; ".join(parts))]
    return [("weeks", source, _spread(later["weeks"]))]


def _spread(weeks: pd.Series) -> str:
    low, middle, high = (f"{value:.1f}".removesuffix(".0") for value in np.nanquantile(weeks, [0, 0.5, 1]))
    return low if low == high else f"{low} to {high} (median {middle})"


def _courses(changes: Changes) -> list[tuple[str, str, str]]:
    cells, use = changes.cells, changes.cells.map
    per_course = ~changes.entries.frame.duplicated(["patient", "course"]).to_numpy()
    lines = []
    for name, texts in changes.texts.items():
        column = use.role(name) or (use.role("birth_date") if name == "age" else None)
        source = "add: of the map" if name in use.add else column.name if column else "sheets"
        by_course = _per_course(changes, texts)
        filled = [text for text in by_course if text]
        if column is not None and column.codes:
            counts = Counter(text.strip() for text in cells.source.table[column.name].texts())
            source = f"{column.name}: " + ", ".join(f"{code}: {counts[code]}" for code in column.codes)
        if name in ("age", "disease_duration_years") and filled:
            values = np.array(filled, dtype=float)
            became = f"{values.min():.3g} to {values.max():.3g} years"
            became += "; the date itself is dropped" if column is not None and column.role == "birth_date" else ""
        else:
            counts = Counter(filled)
            became = ", ".join(f"{word} {count}" for word, count in counts.most_common(8))
            became += f" and {len(counts) - 8} more" if len(counts) > 8 else ""
        empty = int(per_course.sum()) - len(filled)
        lines.append((name, source, became + (f"; not stated {empty}" if empty else "")))
    return lines


def _per_course(changes: Changes, texts: list[str]) -> list[str]:
    """Return the first stated text of each course."""
    frame = changes.entries.frame.assign(text=texts)
    frame["text"] = frame["text"].where(frame["text"] != "")
    return frame.groupby(["patient", "course"], sort=False)["text"].first().fillna("").tolist()


def _unused(changes: Changes) -> list[tuple[str, str, str]]:
    use = changes.cells.map
    names = [column.name for column in use.columns if column.role == NOT_USED]
    names += [f"sheet {title}" for title, site in use.read.sheets.items() if site == NOT_USED]
    return [("not used", listed(names), "")] if names else []
