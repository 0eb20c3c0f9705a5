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
    """Return the columns that describe a course and that every report uses."""
    return tuple(field for field in long_form().fields if field.level == "course" and not field.group)


@cache
def course_details() -> tuple[Field, ...]:
    """Return the optional columns of a course on treatment and safety; a cohort has those that its file has."""
    return tuple(field for field in long_form().fields if field.level == "course" and field.group)


@cache
def measures() -> tuple[Field, ...]:
    """Return the outcomes other than pain, measured at a visit; a cohort has those that its file has."""
    return long_form().outcomes
