"""The cohort: its tables and subsets."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest
from cohort_files import LONG, edited, without, write

from analysis.outcomes import cohort
from analysis.outcomes.cohort.table import VISITS


@pytest.fixture
def loaded(tmp_path):
    return cohort.load(write(tmp_path, LONG, "synthetic-three.csv"))


def test_names_and_hash(loaded, tmp_path):
    assert (loaded.name, loaded.file, loaded.synthetic) == ("synthetic-three", "synthetic-three.csv", True)
    assert loaded.hash == hashlib.sha256((tmp_path / loaded.file).read_bytes()).hexdigest()
    assert not cohort.load(write(tmp_path, LONG, "three.csv")).synthetic


def test_visits(loaded):
    types = {name: str(kind) for name, kind in loaded.visits.dtypes.items()}
    assert types == {
        "patient": "int32",
        "course": "int16",
        "visit": "category",
        "weeks": "float64",
        "nrs": "float64",
        "date": "datetime64[s]",
        "row": "int32",
    }
    assert tuple(loaded.visits["visit"].cat.categories) == VISITS
    assert loaded.visits["patient"].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    assert loaded.visits["course"].tolist() == [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1]
    assert loaded.visits["weeks"].fillna(-1).tolist() == [-1, 0, 4] * 4
    assert loaded.visits["nrs"].fillna(-1).tolist() == [8, 4, 5.5, 7, 3, -1, 6, 5, 6, 9, 2, 7]
    assert loaded.visits["row"].tolist() == list(range(2, 14))


def test_courses(loaded):
    courses = loaded.courses
    assert courses[["patient", "course"]].values.tolist() == [[0, 1], [1, 1], [1, 2], [2, 1]]
    assert courses["site"].tolist() == ["Site A", "Site B", "Site B", "Site A"]
    assert courses["sex"].tolist() == ["female", "male", "male", "female"]
    assert courses["age"].tolist() == [45, 60, 61, 30]
    assert courses["year"].tolist() == [2024, 2023, 2024, 2024]
    assert courses["baseline"].tolist() == [8, 7, 6, 9]
    assert courses["regimen_class"].isna().all()
    assert courses["disease_duration_years"].isna().all()
    types = [str(courses[name].dtype) for name in ("patient", "course", "year", "baseline", "age")]
    assert types == ["int32", "int16", "Int16", "float64", "float64"]


def test_without_optional_columns(tmp_path):
    lines = [line for line in without(LONG, "course", "site", "sex", "age", "date") if LONG.index(LONG[0]) == 0]
    lines = [lines[0], *lines[1:7], *lines[10:]]
    loaded = cohort.load(write(tmp_path, lines))
    assert loaded.courses["course"].tolist() == [1, 1, 1]
    for column in ("site", "sex", "regimen_class", "year", "age"):
        assert loaded.courses[column].isna().all()
    assert loaded.visits["date"].isna().all()


def test_identifiers_are_nowhere(tmp_path):
    names = {"A1": "Anna Example", "A2": "Berta Example", "A3": "Carl Example"}
    text = "\n".join(LONG)
    for short, name in names.items():
        text = text.replace(short, name)
    loaded = cohort.load(write(tmp_path, text))
    everything = repr(loaded) + "".join(
        part.to_csv() + str(part.attrs) for part in (loaded.visits, loaded.courses, loaded.warnings)
    )
    assert "Example" not in everything


def test_a_part_keeps_the_numbers_of_its_patients(loaded):
    part = loaded.only(sites=["Site B"])
    assert part.courses["patient"].tolist() == [1, 1]
    assert part.visits["row"].tolist() == [5, 6, 7, 8, 9, 10]
    assert list(part.courses["site"].cat.categories) == ["Site B"]
    assert part.hash == loaded.hash
    assert part.only(years=[2024]).visits["row"].tolist() == [8, 9, 10]
    assert len(loaded.courses) == 4


def test_a_part_by_two_criteria(loaded):
    assert loaded.only(sites=["Site B"], years=[2024]).courses[["patient", "course"]].values.tolist() == [[1, 2]]


def test_no_choice_is_everything(loaded):
    pd.testing.assert_frame_equal(loaded.only().visits, loaded.visits)
    pd.testing.assert_frame_equal(loaded.only().courses, loaded.courses)


def test_regimen_classes(tmp_path):
    lines = [
        line.replace("site", "regimen_class").replace("Site A", "oral").replace("Site B", "block") for line in LONG
    ]
    loaded = cohort.load(write(tmp_path, lines))
    assert list(loaded.courses["regimen_class"].cat.categories) == ["oral", "block"]  # the order of the format
    assert loaded.only(regimen_classes=("oral",)).courses["patient"].tolist() == [0, 2]


def test_a_part_that_does_not_exist(loaded):
    with pytest.raises(ValueError, match="no course of this cohort has the site 'Site C'; nearest: 'Site") as error:
        loaded.only(sites=["Site C"])
    assert "There are: Site A, Site B." in str(error.value)
    with pytest.raises(ValueError, match=r"has the year 1999\. There are: 2023, 2024\."):
        loaded.only(years=[1999])
    with pytest.raises(ValueError, match="none: the column is empty"):
        loaded.only(regimen_classes=["oral"])


def test_a_course_without_a_date_is_in_no_year(tmp_path):
    loaded = cohort.load(write(tmp_path, edited(LONG, 2, "date", "")))
    assert loaded.courses["year"].isna().tolist() == [True, False, False, False]
    assert loaded.only(years=[2024]).courses["patient"].tolist() == [1, 2]
