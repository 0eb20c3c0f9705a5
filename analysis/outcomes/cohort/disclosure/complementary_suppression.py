"""Hidden counts that cannot be computed from what a table shows: complementary suppression by linear programmes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from analysis.outcomes.cohort.disclosure.small_groups import check_min_cell, merge_small, small_counts

_MOST_CELLS = 200  # a larger table is hidden as a whole


def hidden_cells(counts: np.ndarray, min_cell: int) -> np.ndarray:
    """Return a mask of the cells of a table that must be hidden if the totals of its rows and columns are known.

    Cells of 1 to min_cell - 1, then as many of the smallest others as it takes for the least and the greatest possible
    value of each hidden cell to differ by `min_cell` or more. All cells if that cannot be reached.
    """
    check_min_cell(min_cell)
    counts = np.asarray(counts)
    hidden = small_counts(counts, min_cell)
    if not hidden.any():
        return hidden
    if counts.size > _MOST_CELLS:
        return np.ones_like(hidden)
    row, column = np.indices(counts.shape)
    totals = np.array([line.ravel() == number for line in (row, column) for number in range(line.max() + 1)])
    while not hidden.all():
        lines = [(number, slice(None)) for number in range(counts.shape[0])]
        lines += [(slice(None), number) for number in range(counts.shape[1])]
        # its total less the others gives such a cell away
        alone = [line for line in lines if hidden[line].sum() == 1 and not hidden[line].all()]
        if not alone:
            exposed = _exposed(counts.ravel(), hidden.ravel(), totals, min_cell).reshape(counts.shape)
            if not exposed.any():
                return hidden
            alone = [line for line in lines if exposed[line].any() and not hidden[line].all()]
        if not alone:
            return np.ones_like(hidden)
        part = hidden[alone[0]]
        shown = np.flatnonzero(~part)
        part[shown[np.argmin(counts[alone[0]][shown])]] = True
    return hidden


def cross_table(rows: pd.Categorical, columns: pd.Categorical, min_cell: int) -> pd.DataFrame:
    """Return the number of patients in each cell of two groupings, with small cells hidden.

    Both groupings, with one element per patient, are merged to `min_cell` first. Columns row, column, patients (missing
    where hidden), hidden; no rows if either grouping has a single group.
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


def _exposed(counts: np.ndarray, hidden: np.ndarray, totals: np.ndarray, min_cell: int) -> np.ndarray:
    """Return the hidden cells whose value the totals determine to less than `min_cell`."""
    places = np.flatnonzero(hidden)
    weights = totals[:, places].astype(float)
    weights = weights[weights.any(axis=1)]
    # a reader knows that empty cells are shown, unless one of the hidden cells is empty
    limits = {"A_eq": weights, "b_eq": weights @ counts[places], "bounds": (int(counts[places].min() > 0), None)}
    exposed = np.zeros_like(hidden)
    for number, place in enumerate(places):
        goal = np.zeros(len(places))
        goal[number] = 1.0
        ends = [sign * scipy.optimize.linprog(sign * goal, **limits, method="highs").fun for sign in (1.0, -1.0)]
        exposed[place] = ends[1] - ends[0] < min_cell - 1e-6
    return exposed
