"""The long form of a cohort file, as its dictionary data/cohorts/datapackage.yaml describes it."""

from __future__ import annotations

from functools import cache

from analysis import paths
from analysis.tabular.data_package import read_package
from analysis.tabular.schema import Field, TableSchema


@cache
def long_form() -> TableSchema:
    """Return the dictionary's entry of the long form, read once."""
    return read_package(paths.DATA / "cohorts").tables["visits"]


@cache
def attributes() -> tuple[Field, ...]:
    """Return the columns that describe a course: each has one value in all rows of a course."""
    return tuple(field for field in long_form().fields if field.level == "course")
