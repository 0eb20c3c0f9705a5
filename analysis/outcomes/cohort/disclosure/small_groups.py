"""Groups and counts of few patients: merged or hidden."""

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


def fewer_than(count: int, min_cell: int) -> bool:
    """Return whether a count is hidden: 1 to min_cell - 1."""
    return 0 < count < min_cell


def small_counts(counts: np.ndarray, min_cell: int) -> np.ndarray:
    """Return a mask of the counts that are hidden: 1 to min_cell - 1."""
    return (counts > 0) & (counts < min_cell)


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

    patients: the patient of each row. counted: rows whose patients count, such as those with a score; default: all.
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
