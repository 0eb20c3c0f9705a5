"""Files of SPSS (.sav, .zsav) and Stata (.dta): values as text, with their labels and declared missing values."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.tabular.excel import cell_text
from analysis.tabular.problems import Problem
from analysis.tabular.size_limits import MOST_CELLS, MOST_TEXTS, too_large, too_many_texts
from analysis.tabular.text_table import TextColumn, TextTable, encode, number_texts


@dataclass(frozen=True, eq=False)
class SourceTable:
    """A clinic's table as text, every column with a name of its own, and what the file says about its columns.

    declared_missing: texts of each column that the file declares as missing.
    """

    table: TextTable  # the rows; the second column called `Name` is `Name [2]`
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # label of each code of a column
    declared_missing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # what the file says about a column
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # least and greatest value of a column


def read_statistics_file(content: bytes, file: str, form: str) -> tuple[SourceTable | None, list[Problem]]:
    """Return the table of an SPSS or Stata file (None if it can't be read) and its problem."""
    try:
        import pyreadstat
    except ImportError:
        rule = "files of SPSS and Stata need the package pyreadstat, which is not installed"
        advice = "python -m pip install '.[stata-spss]' in the folder of this project, or save the table as CSV"
        return None, [Problem(file, None, "", "", rule, advice)]
    try:
        # pyreadstat reads from a path only
        with tempfile.TemporaryDirectory(prefix="cohort-") as folder:
            path = Path(folder) / f"table.{form}"
            path.write_bytes(content)
            read = pyreadstat.read_dta if form == "dta" else pyreadstat.read_sav
            _, about = read(path, metadataonly=True)
            problem = too_large(file, about.number_rows or 0, about.number_columns)
            if not problem:
                most = MOST_CELLS // max(about.number_columns, 1)  # not all files say how many rows they have
                frame, meta = read(path, user_missing=True, row_limit=most + 1)
                problem = too_large(file, len(frame), len(frame.columns))
    except Exception as error:  # a damaged file may raise any error
        advice = f"save it again from its program, or as CSV ({type(error).__name__})"
        return None, [Problem(file, None, "", "", "the file is a complete SPSS or Stata file", advice)]
    if problem:
        return None, [problem]
    columns: dict[str, TextColumn] = {}
    different = 0
    for name in frame.columns:
        codes, values = pd.factorize(frame[name])  # -1: missing
        different += len(values)
        if different > MOST_TEXTS:
            return None, [too_many_texts(file, different)]
        words = number_texts(values.to_numpy()) if values.dtype.kind == "f" else [*map(_text, values)]
        texts = encode([*words, *([""] if -1 in codes else [])])
        columns[str(name)] = TextColumn(texts.codes[codes], texts.words)
    table = TextTable(file, tuple(columns), tuple(columns.values()), np.arange(1, 1 + len(frame), dtype=np.int32))
    values = {
        name: {_text(code): str(label) for code, label in codes.items()}
        for name, codes in meta.variable_value_labels.items()
    }
    declared = {
        name: frozenset(text for text in columns[name].words.to_pylist() if text and _declared(text, ranges))
        for name, ranges in (meta.missing_ranges or {}).items()
    }
    for name, codes in (meta.missing_user_values or {}).items():
        declared[name] = declared.get(name, frozenset()) | {_text(code) for code in codes}
    labels = {name: label or "" for name, label in meta.column_names_to_labels.items()}
    return SourceTable(table, values, declared, labels), []


def _declared(text: str, ranges: list[dict[str, Any]]) -> bool:
    for limits in ranges:
        low, high = limits["lo"], limits["hi"]
        if isinstance(low, str) or isinstance(high, str):
            if text == str(low).rstrip():
                return True
        else:
            try:
                if float(low) <= float(text) <= float(high):
                    return True
            except ValueError:
                continue
    return False


def _text(value: Any) -> str:
    """Return the text of a value, without the spaces that fill it up."""
    return cell_text(value).rstrip()
