"""Tables of wrong rows, each with its expected problem: tests/broken/*.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

_FOLDER = Path(__file__).with_name("broken")


def broken_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def pairs(text: str) -> dict[str, str]:
    """The values by column of "column=value & column=value"."""
    return dict(pair.split("=", 1) for pair in text.split(" & "))


def assert_problem(problem: pd.Series, broken: dict[str, str], changes: dict[str, str]) -> None:
    """Assert column, value, rule and advice of a problem."""
    assert problem["column"] == broken["column"]
    if broken["column"] in changes:
        assert problem["value"] == changes[broken["column"]]
    assert broken["rule"] in problem["rule"]
    assert broken["advice"] in problem["advice"]
    assert broken["rule"] and broken["advice"]
