"""Parquet files: typed columns give the same cohort as their CSV, other types are refused."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from cohort_files import LONG, WIDE, only_problem, parquet_bytes, table, write

from analysis.outcomes import cohort
from analysis.tabular.parquet import as_text


def loaded(folder, columns):
    return cohort.load(write(folder, parquet_bytes(columns), "cohort.parquet"))


@pytest.mark.parametrize("lines", [LONG, WIDE], ids=["long", "wide"])
def test_the_same_cohort_as_from_csv(tmp_path, lines):
    plain, other = cohort.load(write(tmp_path, lines)), loaded(tmp_path, table(lines))
    pd.testing.assert_frame_equal(plain.visits, other.visits)
    pd.testing.assert_frame_equal(plain.courses, other.courses)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.astype({"site": "category", "patient_id": "category"}),
        lambda t: t.assign(patient_id=pd.Categorical(t["patient_id"], categories=["A3", "A2", "A1"])),
        lambda t: t.assign(site=pd.Categorical(t["site"], categories=["Site B", "Site A", "nowhere"])),
        lambda t: t.astype({"nrs": "float32", "weeks_from_end": "float32"}),
        lambda t: t.assign(nrs=[None if np.isnan(v) else decimal.Decimal(str(v)) for v in t["nrs"]]),
        lambda t: t.assign(date=t["date"].dt.date),
        lambda t: t.assign(weeks_from_end=t["weeks_from_end"].astype("Int16")),
        lambda t: t.assign(course=t["course"].astype(str)),
    ],
    ids=[
        "category",
        "patients-in-another-order",
        "categories-in-another-order",
        "float32",
        "decimal",
        "date32",
        "int16",
        "text",
    ],
)
def test_the_same_value_in_another_type(tmp_path, change):
    plain, other = cohort.load(write(tmp_path, LONG)), loaded(tmp_path, change(table(LONG)))
    pd.testing.assert_frame_equal(plain.visits, other.visits)
    pd.testing.assert_frame_equal(plain.courses, other.courses)


def test_float32_keeps_its_shortest_decimal_form(tmp_path):
    frame = table(LONG).astype({"nrs": "float32"})
    frame.loc[0, "nrs"] = 6.1
    assert loaded(tmp_path, frame).visits["nrs"].tolist()[0] == 6.1


def test_a_word_that_a_dictionary_holds_twice():
    """Both are the same word: an identifier would make two patients."""
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None], pa.int32()), pa.array(["A1", "A2", "A1"]))
    cells = as_text(pa.chunked_array([words]))
    assert cells.codes[0] == cells.codes[2]
    assert [cells.at(row) for row in range(4)] == ["A1", "A2", "A1", ""]


def test_numbers_as_identifiers(tmp_path):
    frame = table(LONG)
    frame["patient_id"] = frame["patient_id"].map({"A1": 30, "A2": 10, "A3": 20})
    assert loaded(tmp_path, frame).visits["patient"].unique().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("date", pd.date_range("2024-01-01", periods=12, tz="Europe/Amsterdam"), "timestamp"),
        ("nrs", [True] * 12, "bool"),
        ("nrs", [[1.0]] * 12, "list"),
        ("site", [b"x"] * 12, "binary"),
    ],
)
def test_a_column_of_a_type_that_has_no_text(tmp_path, column, values, kind):
    problem = only_problem(tmp_path, parquet_bytes(table(LONG).assign(**{column: values})), "cohort.parquet")
    assert problem["column"] == column
    assert kind in problem["rule"]


def test_a_time_of_day_is_not_cut_off(tmp_path):
    frame = table(LONG)
    frame.loc[1, "date"] = pd.Timestamp("2024-01-13 08:30:00.5")
    problem = only_problem(tmp_path, parquet_bytes(frame), "cohort.parquet")
    assert (problem["row"], problem["column"]) == (3, "date")


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_numbers_that_are_none(tmp_path, value):
    frame = table(LONG)
    frame.loc[1, "nrs"] = value
    assert only_problem(tmp_path, parquet_bytes(frame), "cohort.parquet")["column"] == "nrs"


def test_two_columns_of_one_name(tmp_path):
    buffer = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.table([["A"], ["baseline"], [7.0]], ["patient_id", "visit", "visit"]), buffer)
    found = only_problem(tmp_path, buffer.getvalue().to_pybytes(), "cohort.parquet")
    assert (found["column"], found["rule"]) == ("visit", "each column of a Parquet file has a name of its own")


def test_broken_and_empty_files(tmp_path):
    whole = parquet_bytes(table(LONG))
    for broken in (whole[:-20], whole[:50], b"PAR1", b"PAR1PAR1"):
        assert "this one can't be read" in only_problem(tmp_path, broken, "cohort.parquet")["rule"]
    none = only_problem(tmp_path, parquet_bytes(table(LONG).head(0)), "cohort.parquet")
    assert none["rule"] == "the table has at least 1 row below the header"
