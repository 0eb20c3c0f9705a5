"""Conversion of a DataFrame to printed cells and to CSV."""

from __future__ import annotations

import csv
import io
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from analysis.exhibit.glyphs import visible

Align = Literal["left", "right", "decimal"]
# includes the full-width forms, which some spreadsheets treat as the ASCII characters
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Column:
    """Format of one column of a printed table.

    Parameters
    ----------
    name
        Column of the data.
    label
        Heading as printed.
    align
        `left` for text, `right` for whole numbers, `decimal` for numbers aligned on the decimal point.
    format
        Converts a value to text; not called for missing values.
    unit
        Printed after the label.
    missing
        Text of an empty cell.
    value
        Computes the value from a row of the data (a named tuple), for a column that the data lack. The table adds the
        column to its data, so the CSV contains it too.
    """

    name: str
    label: str
    align: Align = "left"
    format: Callable[[Any], str] | None = None
    unit: str = ""
    missing: str = "\u2013"
    value: Callable[[Any], Any] | None = None

    def text(self, value: Any) -> str:
        """Return the printed cell of one value."""
        if is_missing(value):
            return self.missing
        return visible(str(self.format(value)) if self.format else value_text(value))


def is_missing(value: Any) -> bool:
    """Return whether a cell is empty: None, NaN, NA, NaT or an empty text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, str):
        return value.strip() == ""
    return isinstance(value, numbers.Real) and math.isnan(value)


def value_text(value: Any) -> str:
    """Return a value as text: numbers with four significant digits, a true minus sign and ∞ for infinity."""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return str(value).replace("-", "\u2212")
    if isinstance(value, numbers.Real):
        number = float(value)
        if math.isinf(number):
            return "∞" if number > 0 else "\u2212∞"
        shown = f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"
        if "e" in shown and abs(number) >= 1e-6:
            shown = f"{number:.6f}".rstrip("0")
        return shown.replace("-", "\u2212")
    if isinstance(value, (tuple, list)):
        return ", ".join(value_text(part) for part in value)
    return str(value)


def columns_of(data: pd.DataFrame) -> tuple[Column, ...]:
    """Return a column for each column of the data: numbers aligned, underscores in names replaced by spaces."""
    result = []
    for name in data.columns:
        kind = data[name].dtype
        number = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        align: Align = "left" if not number else "right" if pd.api.types.is_integer_dtype(kind) else "decimal"
        result.append(Column(name, str(name).replace("_", " "), align))
    return tuple(result)


def with_computed(data: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return the data with the computed columns added, in the order of `columns`."""
    computed = [column for column in columns if column.value]
    if not computed:
        return data
    rows = list(data.itertuples())
    return data.assign(**{column.name: [column.value(row) for row in rows] for column in computed})


def printed(data: pd.DataFrame, columns: tuple[Column, ...]) -> list[list[str]]:
    """Return all printed cells, row by row."""
    printed_columns = [[column.text(value) for value in data[column.name].tolist()] for column in columns]
    return [list(row) for row in zip(*printed_columns, strict=True)]


def csv_text(data: pd.DataFrame) -> str:
    """Return the raw values as CSV (UTF-8, comma, header, LF), numbers with ten significant digits.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_safe(str(name)) for name in data.columns])
    columns = [data[name].tolist() for name in data.columns]
    for row in zip(*columns, strict=True):
        writer.writerow([_csv_cell(value) for value in row])
    return out.getvalue()


def stable(tree: Any) -> Any:
    """Return the numbers of a tree with ten significant digits, lists in place of tuples.

    Processors compute the last digits in different ways: pooled rates differed by 4e-14 of their value.
    """
    if isinstance(tree, dict):
        return {name: stable(value) for name, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [stable(value) for value in tree]
    return float(f"{tree:.10g}") if isinstance(tree, float) else tree


def _csv_cell(value: Any) -> str:
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(stable(float(value))).removesuffix(".0")
    if isinstance(value, (tuple, list)):
        return _safe("; ".join(str(part) for part in value))
    return _safe(str(value))


def _safe(text: str) -> str:
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text
