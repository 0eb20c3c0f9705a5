"""Rows of a table: those of pandas, value by value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.figures.rows import each

TABLE = pd.DataFrame(
    {
        "study_id": ["a", None, "c"],
        "n": pd.array([3, pd.NA, 5], dtype="Int64"),
        "rate": [0.5, np.nan, 1.0],
        "drawn": [True, False, True],
        "on": pd.to_datetime(["2020-01-01", None, "2021-02-03"]),
        "two words": [1, 2, 3],
    },
    index=[7, 2, 9],
)


@pytest.mark.parametrize("table", [TABLE, TABLE[TABLE["drawn"]], TABLE.iloc[:0], TABLE[[]], TABLE.astype("object")])
def test_each_row_has_the_values_and_types_that_pandas_gives(table):
    ours, theirs = list(each(table)), list(table.itertuples())
    assert [repr(tuple(row)) for row in ours] == [repr(tuple(row)) for row in theirs]
    assert [[type(value) for value in row] for row in ours] == [[type(value) for value in row] for row in theirs]
    assert [row._fields for row in ours] == [row._fields for row in theirs]


def test_values_are_asked_for_by_name():
    assert [(row.Index, row.study_id, row.rate) for row in each(TABLE.iloc[[0, 2]])] == [(7, "a", 0.5), (9, "c", 1.0)]
