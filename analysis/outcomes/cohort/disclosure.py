"""What may be shown of few patients. One place decides it, for tables and for the data behind figures alike.

A reader may know of a person where, when and with what they were treated, their sex and how many courses they had; pain
scores are what a report could tell them. So these rules hold, with `min_cell` patients as the least:

1. Groups by site, regimen, year, sex or course with fewer patients are merged before anything is computed
   (`merge_small`), with the next larger group where the merged one would still be too small. Every group that is shown,
   and the rest of the total beside any of them, then has `min_cell` patients or more.
2. A cross table of two such properties, and the scores at a visit, hide each cell of 1 to min_cell - 1 patients and as
   many further cells as it takes, so that no hidden cell follows from the margins, even for a reader who knows these
   rules and that empty cells are always shown (`cross_table`, `hide_in_row`).
3. A statistic (mean, quartile, rate) that rests on fewer patients is not given (`hide_small`).

Within a group of `min_cell` or more, a count of an outcome (2 of 48 gained a response) is shown, as every paper shows
it, and so are bare counts that no score hangs on (how many courses, how many were left out and why).
The rules can't see other reports: subtracting one published report from another may still uncover a small site.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

GROUP_NOT_STATED = "not stated"
PROTECTED = "other (merged to protect small groups)"
_EVERYBODY = "all (groups too small to be shown)"


def shown_count(n: object, min_cell: int) -> str:
    """A count for a table: `12`; `<5` where it is hidden (missing)."""
    return f"<{min_cell}" if pd.isna(n) else str(int(n))


def small_groups(min_cell: int) -> str:
    """The name of a group that holds all groups below `min_cell` patients."""
    return f"other (fewer than {min_cell} patients each)"


def check_min_cell(min_cell: int) -> None:
    """ValueError for a `min_cell` that isn't a whole number of 1 or more."""
    if min_cell != int(min_cell) or min_cell < 1:
        raise ValueError(f"min_cell is {min_cell}: must be a whole number of patients, 1 or more (1 hides nothing)")


def merge_small(
    groups: pd.Categorical, patients: np.ndarray, min_cell: int, counted: np.ndarray | None = None
) -> pd.Categorical:
    """The same groups, those with fewer than `min_cell` different patients merged into one that stands last.

    groups: one a row, without missing values; patients: the patient of each row; counted: the rows whose patients
    count (default: all; for instance those with a score). If the merged group is still too small, the smallest of the
    others joins it, and so on, so that it can't be had by subtracting the others from the total. Groups without a row
    disappear. A single group stays as it is, however small: hide its statistics with `hide_small`.
    """
    check_min_cell(min_cell)
    groups = groups.remove_unused_categories()
    pairs = pd.DataFrame({"group": groups.codes, "patient": patients})[slice(None) if counted is None else counted]
    pairs = pairs.drop_duplicates()
    sizes = np.bincount(pairs["group"], minlength=len(groups.categories))
    order = sorted(range(len(sizes)), key=lambda code: (sizes[code], -code))
    merged = [code for code in order if sizes[code] < min_cell]
    if not merged or len(order) == 1:
        return groups
    name = small_groups(min_cell)
    others = order[len(merged) :]
    while others and pairs.loc[pairs["group"].isin(merged), "patient"].nunique() < min_cell:
        merged.append(others.pop(0))
        name = PROTECTED
    if not others:
        name = _EVERYBODY
    kept = sorted(others)
    labels = [*groups.categories[kept], name]
    lookup = np.full(len(groups.categories), len(kept))
    lookup[kept] = np.arange(len(kept))
    return pd.Categorical.from_codes(lookup[groups.codes], categories=pd.Index(labels, dtype=object))


def is_merged(label: str, min_cell: int) -> bool:
    """Whether `merge_small` made this group."""
    return label in (small_groups(min_cell), PROTECTED, _EVERYBODY)


def hide_small(
    frame: pd.DataFrame, n: str, columns: Iterable[str], min_cell: int, flag: str = "hidden"
) -> pd.DataFrame:
    """The frame with `columns` missing and `flag` True in rows where column `n` counts 1 to min_cell - 1 patients.

    The count itself is missing there too. Nobody (0) is no person and stays.
    """
    check_min_cell(min_cell)
    few = (frame[n].fillna(0) > 0) & (frame[n].fillna(0) < min_cell)
    found = frame.copy()
    found[flag] = few.to_numpy(dtype=bool)
    for name in (n, *columns) if found[flag].any() else ():
        found[name] = found[name].mask(few)
    return found


def cross_table(rows: pd.Categorical, columns: pd.Categorical, min_cell: int) -> pd.DataFrame:
    """How many patients stand in each cell of two groupings, one element of each a patient (each patient once).

    Both groupings are merged to `min_cell` first. Columns row, column, patients (missing where hidden), hidden. A
    cell of 1 to min_cell - 1 is hidden together with three others that make a rectangle with it, of which two in
    opposite corners hold 2 patients or more: one patient could then be moved round the rectangle without changing any
    margin or emptying a cell. Where no such rectangle exists every cell is hidden; with two rows and two columns or
    more, whose margins all hold somebody, the margins then leave each cell several values. No rows if either grouping
    has a single group.
    """
    nobody = np.arange(len(rows))
    rows, columns = merge_small(rows, nobody, min_cell), merge_small(columns, nobody, min_cell)
    shape = len(rows.categories), len(columns.categories)
    if min(shape) < 2:
        return pd.DataFrame(columns=["row", "column", "patients", "hidden"])
    counts = np.bincount(rows.codes.astype(np.int64) * shape[1] + columns.codes, minlength=shape[0] * shape[1])
    counts = counts.reshape(shape)
    hidden = hidden_cells(counts, min_cell)
    found = pd.DataFrame(
        {
            "row": np.repeat(rows.categories.to_numpy(), shape[1]),
            "column": np.tile(columns.categories.to_numpy(), shape[0]),
            "patients": pd.array(counts.ravel(), dtype="Int64"),
            "hidden": hidden.ravel(),
        }
    )
    found["patients"] = found["patients"].mask(found["hidden"])
    return found


def hidden_cells(counts: np.ndarray, min_cell: int) -> np.ndarray:
    """Which cells of a table of counts must be hidden beside its margins; see `cross_table`."""
    check_min_cell(min_cell)
    small = (counts > 0) & (counts < min_cell)
    hidden = small.copy()
    safe = np.zeros_like(small)
    for row, column in zip(*np.nonzero(small), strict=True):
        if safe[row, column]:
            continue
        # the corners of the rectangle: the cell, one in its row, one in its column, and the one across from it
        corners = counts[row][None, :], counts[:, column][:, None], counts
        covered = hidden[row][None, :], hidden[:, column][:, None], hidden
        beside, below, across = corners
        usable = (beside > 0) & (below > 0) & (across > 0)
        usable &= ((beside >= 2) & (below >= 2)) | ((counts[row, column] >= 2) & (across >= 2))
        usable[row, :] = usable[:, column] = False
        if not usable.any():
            return np.ones_like(small)
        # rather cells that are hidden anyway, then those of few patients
        cost = sum(np.where(already, 0, part) for part, already in zip(corners, covered, strict=True))
        other_row, other_column = np.unravel_index(np.argmin(np.where(usable, cost, np.inf)), counts.shape)
        for place in ((row, column), (row, other_column), (other_row, column), (other_row, other_column)):
            hidden[place] = safe[place] = True
    return hidden


def hide_in_row(counts: np.ndarray, min_cell: int) -> np.ndarray:
    """Which cells of one row of counts must be hidden when their total is known.

    Cells of 1 to min_cell - 1, then the smallest others, until two or more are hidden and they hold more patients than
    there are cells (else each would hold exactly one); the whole row, empty cells too, where that can't be reached.
    """
    check_min_cell(min_cell)
    counts = np.asarray(counts)
    hidden = (counts > 0) & (counts < min_cell)
    if not hidden.any():
        return hidden
    while hidden.sum() < 2 or counts[hidden].sum() <= hidden.sum():
        left = np.flatnonzero((counts > 0) & ~hidden)
        if not len(left):
            return np.ones_like(hidden)
        hidden[left[np.argmin(counts[left])]] = True
    return hidden
