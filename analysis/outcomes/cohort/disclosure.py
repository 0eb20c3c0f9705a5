"""Disclosure control: what may be shown about few patients, in tables and in the data behind figures.

A reader may know where, when and with what a person was treated, their sex and number of courses; a report must not
reveal their pain scores. With `min_cell` as the smallest number of patients, these rules hold:

1. Groups by site, regimen, year, sex or course with fewer patients are merged before anything is computed
   (`merge_small`), with the next larger group if the merged group is still too small. Every group shown, and the
   remainder of the total, then has `min_cell` patients or more.
2. A cross table of two such properties, and the scores at a visit, hide each cell of 1 to min_cell - 1 patients and as
   many further cells as needed, so that no hidden cell follows from the margins, even for a reader who knows these
   rules and that empty cells are always shown (`cross_table`, `hide_in_row`).
3. A statistic (mean, quartile, rate) of fewer patients is not shown (`hide_small`).

Within a group of `min_cell` or more, counts of an outcome (2 of 48 gained a response) are shown, as in papers, and so
are counts that reveal no score (number of courses, numbers left out and why). The rules do not consider other reports:
subtracting one published report from another may still reveal a small site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

GROUP_NOT_STATED = "not stated"
_PROTECTED = "other (merged to protect small groups)"
_EVERYBODY = "all (groups too small to be shown)"
_OUR_NAMES = re.compile(
    "|".join(map(re.escape, (GROUP_NOT_STATED, _PROTECTED, _EVERYBODY))) + r"|other \(fewer than \d+ patients each\)"
)


def shown_count(n: object, min_cell: int) -> str:
    """Return a count for a table: `12`; `<5` where it is hidden (missing)."""
    return f"<{min_cell}" if pd.isna(n) else str(int(n))


def _small_groups(min_cell: int) -> str:
    """Return the name of the group that combines all groups below `min_cell` patients."""
    return f"other (fewer than {min_cell} patients each)"


def check_min_cell(min_cell: int) -> None:
    """Raise ValueError for a `min_cell` that is not a whole number of 1 or more."""
    if min_cell != int(min_cell) or min_cell < 1:
        raise ValueError(f"min_cell is {min_cell}: must be a whole number of patients, 1 or more (1 hides nothing)")


def merge_small(
    groups: pd.Categorical, patients: np.ndarray, min_cell: int, counted: np.ndarray | None = None
) -> pd.Categorical:
    """Return the groups with those below `min_cell` different patients merged into one, which is last.

    If the merged group is still too small, the smallest other group joins it, and so on, so that it cannot be computed
    by subtraction from the total. Groups without a row are removed. A single group stays as it is, however small: hide
    its statistics with `hide_small`.

    Parameters
    ----------
    groups : Categorical, n elements without missing values
    patients : ndarray, shape (n,)
        The patient of each row.
    min_cell : int
    counted : ndarray of bool, shape (n,), optional
        Rows whose patients count, for instance those with a score; default: all.
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
    name = _small_groups(min_cell)
    others = order[len(merged) :]
    while others and pairs.loc[pairs["group"].isin(merged), "patient"].nunique() < min_cell:
        merged.append(others.pop(0))
        name = _PROTECTED
    if not others:
        name = _EVERYBODY
    retained = sorted(others)
    labels = [*groups.categories[retained], name]
    lookup = np.full(len(groups.categories), len(retained))
    lookup[retained] = np.arange(len(retained))
    return pd.Categorical.from_codes(lookup[groups.codes], categories=pd.Index(labels, dtype=object))


def distinct_name(value: object) -> str:
    """Return the name of the group of a value of the user's table: in quotation marks where it is one of our names.

    Names that are in quotation marks already get another pair, so that different values have different names.
    """
    text = str(value)
    return f"“{text}”" if _OUR_NAMES.fullmatch(text.strip("“”")) else text


def is_merged(label: str, min_cell: int) -> bool:
    """Return whether `merge_small` created this group."""
    return label in (_small_groups(min_cell), _PROTECTED, _EVERYBODY)


def hide_small(
    frame: pd.DataFrame, n: str, columns: Iterable[str], min_cell: int, flag: str = "hidden"
) -> pd.DataFrame:
    """Return the frame with `columns` missing and `flag` True where column `n` counts 1 to min_cell - 1 patients.

    The count itself is missing there too. A count of 0 is shown, since it reveals nothing about a person.
    """
    check_min_cell(min_cell)
    few = (frame[n].fillna(0) > 0) & (frame[n].fillna(0) < min_cell)
    table = frame.copy()
    table[flag] = few.to_numpy(dtype=bool)
    for name in (n, *columns) if table[flag].any() else ():
        table[name] = table[name].mask(few)
    return table


def cross_table(rows: pd.Categorical, columns: pd.Categorical, min_cell: int) -> pd.DataFrame:
    """Return the number of patients in each cell of two groupings, with small cells hidden.

    Both groupings are merged to `min_cell` first. A cell of 1 to min_cell - 1 is hidden together with three others that
    form a rectangle with it, of which two opposite corners count 2 patients or more: one patient could then be moved
    round the rectangle without changing a margin or emptying a cell. If there is no such rectangle every cell is
    hidden; with two rows and columns or more, and no empty margin, the margins then allow several values for each cell.

    Parameters
    ----------
    rows, columns : Categorical, one element per patient
    min_cell : int

    Returns
    -------
    DataFrame
        Columns row, column, patients (missing where hidden), hidden; no rows if either grouping has a single group.
    """
    nobody = np.arange(len(rows))
    rows, columns = merge_small(rows, nobody, min_cell), merge_small(columns, nobody, min_cell)
    shape = len(rows.categories), len(columns.categories)
    if min(shape) < 2:
        return pd.DataFrame(columns=["row", "column", "patients", "hidden"])
    counts = np.bincount(rows.codes.astype(np.int64) * shape[1] + columns.codes, minlength=shape[0] * shape[1])
    counts = counts.reshape(shape)
    hidden = hidden_cells(counts, min_cell)
    table = pd.DataFrame(
        {
            "row": np.repeat(rows.categories.to_numpy(), shape[1]),
            "column": np.tile(columns.categories.to_numpy(), shape[0]),
            "patients": pd.array(counts.ravel(), dtype="Int64"),
            "hidden": hidden.ravel(),
        }
    )
    table["patients"] = table["patients"].mask(table["hidden"])
    return table


def hidden_cells(counts: np.ndarray, min_cell: int) -> np.ndarray:
    """Return a mask of the cells of a table that must be hidden if its margins are known; see `cross_table`."""
    check_min_cell(min_cell)
    small = (counts > 0) & (counts < min_cell)
    hidden = small.copy()
    safe = np.zeros_like(small)
    for row, column in zip(*np.nonzero(small), strict=True):
        if safe[row, column]:
            continue
        # the other corners of each rectangle: in the cell's row, in its column, and opposite
        corners = counts[row][None, :], counts[:, column][:, None], counts
        covered = hidden[row][None, :], hidden[:, column][:, None], hidden
        beside, below, across = corners
        usable = (beside > 0) & (below > 0) & (across > 0)
        usable &= ((beside >= 2) & (below >= 2)) | ((counts[row, column] >= 2) & (across >= 2))
        usable[row, :] = usable[:, column] = False
        if not usable.any():
            return np.ones_like(small)
        # prefer cells that are already hidden, then those of few patients
        cost = sum(np.where(already, 0, part) for part, already in zip(corners, covered, strict=True))
        other_row, other_column = np.unravel_index(np.argmin(np.where(usable, cost, np.inf)), counts.shape)
        for cell in ((row, column), (row, other_column), (other_row, column), (other_row, other_column)):
            hidden[cell] = safe[cell] = True
    return hidden


def hide_in_row(counts: np.ndarray, min_cell: int) -> np.ndarray:
    """Return a mask of the cells of one row of counts that must be hidden if their total is known.

    Cells of 1 to min_cell - 1, then the smallest others, until two or more are hidden and they count more patients than
    there are cells (else each would count exactly one). All cells, empty ones too, if that cannot be reached.
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
