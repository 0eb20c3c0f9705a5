"""Small tables as plain values: the same as pandas gives, in values and dtypes."""

import numpy as np
import pandas as pd
import pytest

from analysis.evidence import rowwise

DTYPES = {"weeks": "float64", "n": "Int64", "name": "str", "row": "int64"}


def test_values_row_by_row():
    frame = rowwise.table([(1.5, 2, "a", 7), (np.nan, pd.NA, np.nan, 8)], DTYPES)
    first, second = rowwise.values(frame, "row", "name", "n")
    assert first == (7, "a", 2)
    assert second[0] == 8 and pd.isna(second[1]) and second[2] is pd.NA


def test_a_table_without_rows_keeps_its_dtypes():
    empty = rowwise.table([], {**DTYPES, "arm": "object"})
    assert empty.empty and {name: str(dtype) for name, dtype in empty.dtypes.items()} == {**DTYPES, "arm": "object"}


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
    ours, theirs = list(rowwise.each(table)), list(table.itertuples())
    assert [repr(tuple(row)) for row in ours] == [repr(tuple(row)) for row in theirs]
    assert [[type(value) for value in row] for row in ours] == [[type(value) for value in row] for row in theirs]
    assert [row._fields for row in ours] == [row._fields for row in theirs]


def test_values_are_asked_for_by_name():
    assert [(row.Index, row.study_id, row.rate) for row in rowwise.each(TABLE.iloc[[0, 2]])] == [
        (7, "a", 0.5),
        (9, "c", 1.0),
    ]


def test_values_of_each_key_in_the_order_in_which_they_come():
    found = rowwise.grouped([("b", 2), ("a", 3), ("b", 1)])
    assert found == {"b": [2, 1], "a": [3]} and list(found) == ["b", "a"]


@pytest.mark.parametrize("column", ["name", "n"])
def test_python_strings_give_the_groups_and_order_of_arrow_strings(column):
    found = []
    for storage in ("python", "pyarrow"):
        with pd.option_context("mode.string_storage", storage):
            table = rowwise.table(
                [(1.0, 2, "b", 1), (2.0, pd.NA, "Ä", 2), (3.0, 1, np.nan, 3), (4.0, 2, "a", 4)], DTYPES
            )
            assert table["name"].dtype.storage == storage
            found.append((table.sort_values(column)["row"].tolist(), table.groupby(column)["weeks"].sum().tolist()))
    assert found[0] == found[1]
