"""Small tables as plain values: the same as pandas gives, in values and dtypes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence import rowwise

DTYPES = {"weeks": "float64", "n": "Int64", "name": "str", "row": "int64"}
rows = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 12.5, np.nan]),
        st.sampled_from([1, 2, 30, pd.NA]),
        st.sampled_from(["a", "b", "Ä", np.nan]),
        st.integers(0, 9),
    ),
    max_size=8,
)


def test_values_row_by_row():
    frame = rowwise.table([(1.5, 2, "a", 7), (np.nan, pd.NA, np.nan, 8)], DTYPES)
    first, second = rowwise.values(frame, "row", "name", "n")
    assert first == (7, "a", 2)
    assert second[0] == 8 and pd.isna(second[1]) and second[2] is pd.NA


def test_a_table_without_rows_keeps_its_dtypes():
    empty = rowwise.table([], {**DTYPES, "arm": "object"})
    assert empty.empty and {name: str(dtype) for name, dtype in empty.dtypes.items()} == {**DTYPES, "arm": "object"}


@given(rows=rows, columns=st.permutations(list(DTYPES)))
def test_the_order_is_that_of_pandas(rows, columns):
    frame = rowwise.table(rows, DTYPES)
    expected = frame.sort_values(columns, kind="stable", na_position="last", ignore_index=True)
    pd.testing.assert_frame_equal(rowwise.sorted_rows(frame, *columns), expected)


def test_the_order_leaves_the_frame_as_it_was():
    frame = rowwise.table([(2.0, 1, "b", 1), (1.0, 1, "a", 2)], DTYPES)
    rowwise.sorted_rows(frame, "weeks")
    assert frame["row"].tolist() == [1, 2] and frame.index.tolist() == [0, 1]


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
