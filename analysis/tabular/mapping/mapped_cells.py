"""The cells of a mapped column as numbers, days or words. Each distinct text is converted once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np

from analysis.tabular import advice
from analysis.tabular.mapping.cohort_map import CohortMap, ColumnUse
from analysis.tabular.mapping.map_keys import NOT_USED, SCALES, UNITS
from analysis.tabular.mapping.map_problems import map_problem
from analysis.tabular.mapping.source_table import SourceTable
from analysis.tabular.origin import CLINIC_TABLES
from analysis.tabular.problems import Problem, listed
from analysis.tabular.schema import Field
from analysis.wording import counted

_NUMBER = {False: re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII), True: re.compile(r"[+-]?\d+(?:,\d+)?", re.ASCII)}
_ORDER = {"year-month-day": "%Y-%m-%d", "day-month-year": "%d-%m-%Y", "month-day-year": "%m-%d-%Y"}
_TIME = re.compile(r"[T ](\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?$")
FREQUENT = 3  # rows; a text that fewer rows have may be about one person and is not shown


class MappedCells:
    """The columns of a source as values; collects the problems that stop the import, and what counts as missing."""

    def __init__(self, source: SourceTable, use: CohortMap) -> None:
        self.source, self.map = source, use
        self.problems: list[Problem] = []
        self.missing: dict[str, dict[str, int]] = {}

    def problem(self, keys: tuple[str, ...], rule: str, what_to_do: str) -> None:
        """Add a problem at a place of the map."""
        self.problems.append(map_problem(self.map.file, keys, rule, what_to_do))

    def numbers(self, use: ColumnUse, entry: Field, keys: tuple[str, ...] | None = None) -> np.ndarray:
        """Return the numbers of a column in the unit of the long form, NaN = missing.

        entry: the column of the long form. keys: place in the map, for messages; by default that of the column.
        """
        keys = keys or ("columns", use.name)
        unit = use.unit if entry.unit in UNITS else ""
        factor = entry.maximum / SCALES[use.scale] if use.scale else UNITS[unit] / UNITS[entry.unit] if unit else 1.0
        low = None if entry.minimum is None else entry.minimum / factor
        high = None if entry.maximum is None else entry.maximum / factor
        limits = f"scale {use.scale}" if use.scale else f"{low:g} to {high:g} {unit or entry.unit}"
        pattern = _NUMBER[self.map.read.decimal_comma]
        self._formats(use.name)

        def value(text: str) -> float:
            if not pattern.fullmatch(text):
                raise ValueError
            return float(text.replace(",", "."))

        def wrong(text: str, number: float | None) -> tuple[str, str]:
            if number is None and _NUMBER[not self.map.read.decimal_comma].fullmatch(text):
                sign = "comma" if self.map.read.decimal_comma else "point"
                return f"which has another decimal sign than read, decimal: {sign}", "correct decimal: in the map"
            if number is None and advice.is_vague_number(text):
                return "which is no single number", advice.one_number(CLINIC_TABLES)
            if number is None and re.fullmatch(r"\d{4}-\d\d-\d\d.*", text):
                return "which is a date", advice.SHOW_AS_NUMBER
            what = "which is no number" if number is None else f"which is outside {limits}"
            fix = "correct the scale" if use.scale and number is not None else "correct the cell"
            return f"{what} and not listed as missing", f"add it to missing if it means “not answered”, or {fix}"

        def outside(number: float) -> bool:
            return (low is not None and number < low) or (high is not None and number > high)

        return self._converted(use, value, outside, wrong, keys, np.nan) * factor

    def days(self, name: str, missing: tuple[str, ...], keys: tuple[str, ...]) -> np.ndarray:
        """Return the days of a column as datetime64[D], NaT = empty or missing."""
        order = _ORDER[self.map.read.date_order]
        until = np.datetime64(self.map.data_until)

        def value(text: str) -> np.datetime64:
            plain = _TIME.sub("", text.strip())
            iso = re.fullmatch(r"\d{4}-\d\d-\d\d", plain)
            # workbooks and SPSS store days, which are always read year-month-day
            right = "%Y-%m-%d" if iso and self.map.read.form in ("xlsx", "sav", "dta", "parquet") else order
            plain = plain if right == "%Y-%m-%d" and iso else re.sub(r"[./]", "-", plain)
            return np.datetime64(datetime.strptime(plain, right).date())

        def wrong(text: str, day: np.datetime64 | None) -> tuple[str, str]:
            if day is None:
                missing = "date_missing" if keys == ("date_missing",) else "missing"
                what = f"that is no day written {self.map.read.date_order}"
                return what, f"correct dates: in the map or the cells; a text that means “no date” stands in {missing}"
            what = f"later than data_until, {self.map.data_until}, the day of the export"
            return what, "look whether day and month are exchanged, or correct data_until"

        use = ColumnUse(name, "date", missing=missing)
        return self._converted(use, value, lambda day: day > until, wrong, keys, np.datetime64("NaT", "D"), show=False)

    def words(self, use: ColumnUse, allowed: tuple[str, ...] = ()) -> list[str]:
        """Return the word of each row: the meaning of its code, or the text itself; "" = missing."""
        column = self.source.table[use.name]
        texts = column.words.to_pylist()
        counts = np.bincount(column.codes, minlength=len(texts))
        meanings = []
        for place, (text, count) in enumerate(zip(texts, counts.tolist(), strict=True)):
            plain = text.strip()
            if self._is_missing(use, text) or not plain:
                meanings.append("")
                if count and text:
                    self._count_missing(use.name, text, count)
            elif plain in use.codes:
                meanings.append("" if use.codes[plain] == NOT_USED else use.codes[plain])
            elif count and (use.codes or (allowed and plain not in allowed)):
                shown = self._shown(text, count, column.codes == place)
                rule = (
                    f"{counted(count, 'cell')} {'holds' if count == 1 else 'hold'} {shown}, which has no meaning here"
                )
                rule += ". Codes without a meaning stop the import"
                known = f"; words of the format are {listed(allowed)}" if allowed else ""
                self.problem(
                    ("columns", use.name, "codes"),
                    rule,
                    f"look in the data dictionary; --dictionary reads that of REDCap{known}",
                )
                meanings.append("")
            else:
                meanings.append(plain)
        self._labels_agree(use)
        return [meanings[code] for code in column.codes.tolist()]

    def _labels_agree(self, use: ColumnUse) -> None:
        """Add a problem for each code whose label in the file has another known meaning."""
        from analysis.tabular.mapping.heading_words import word_meanings

        labels = self.source.value_labels.get(use.name, {})
        meanings = word_meanings(use.role, labels.values(), use.name)
        for code, label in labels.items():
            known = meanings[label]
            if known and code in use.codes and use.codes[code] != known:
                rule = f"the file labels {code} as {label}, and the map says {use.codes[code]}"
                self.problem(
                    ("columns", use.name, "codes", code), rule, f"write {known}, or correct the label in the file"
                )

    def _converted(
        self,
        use: ColumnUse,
        value: Callable[[str], object],
        outside: Callable[[object], bool],
        wrong: Callable[[str, object | None], tuple[str, str]],
        keys: tuple[str, ...],
        nothing: object,
        show: bool = True,
    ) -> np.ndarray:
        column = self.source.table[use.name]
        texts = column.words.to_pylist()
        counts = np.bincount(column.codes, minlength=len(texts))
        values = []
        refused: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for place, (text, count) in enumerate(zip(texts, counts.tolist(), strict=True)):
            values.append(nothing)
            if not count or not text.strip():
                continue
            if self._is_missing(use, text):
                self._count_missing(use.name, text, count)
                continue
            found: object | None = None
            with contextlib.suppress(ValueError):
                found = value(text.strip())
            if found is None or outside(found):
                shown = self._shown(text, count, column.codes == place, show)
                refused.setdefault(wrong(text.strip(), found), []).append((count, shown))
            else:
                values[-1] = found
        for (what, fix), cells in refused.items():
            total = sum(count for count, _ in cells)
            where = "" if keys[0] == "columns" else f" of {use.name}"
            shown = listed((shown for _, shown in cells), 4)
            rule = f"{counted(total, 'cell')}{where} {'holds' if total == 1 else 'hold'} {shown}, {what}"
            self.problem((*keys, *(("missing",) if "as missing" in what else ())), rule, fix)
        array = np.array(values, dtype="datetime64[D]" if isinstance(nothing, np.datetime64) else "float64")
        return array[column.codes] if len(texts) else np.full(len(column.codes), nothing)

    def _shown(self, text: str, count: int, where: np.ndarray, show: bool = True) -> str:
        """Return a text for a message if it can't identify a patient, and the first row of a rare or hidden one."""
        harmless = show and (count >= FREQUENT or advice.names_nobody(text))
        shown = text.strip() if harmless else "a text that is not shown"
        return shown if show and count >= FREQUENT else f"{shown} (row {self.source.table.rows[np.argmax(where)]})"

    def _is_missing(self, use: ColumnUse, text: str) -> bool:
        if text.strip() in use.missing or text in use.missing:
            return True
        if self.map.read.declared_missing and text in self.source.declared_missing.get(use.name, ()):
            return True
        number = _as_number(text)
        return (
            number is not None and use.role not in ("visit", "site", "sex", "date") and number in _numbers(use.missing)
        )

    def _count_missing(self, name: str, text: str, count: int) -> None:
        counts = self.missing.setdefault(name, {})
        counts[text.strip()] = counts.get(text.strip(), 0) + count

    def _formats(self, name: str) -> None:
        plain = re.sub(r" \[\d+\]$", "", name)  # a format is known by the name in the file
        cells = [(row, shown) for row, column, shown in self.source.table.formatted if column == plain]
        if cells:
            rows = listed([str(row) for row, _ in cells])
            rule = f"numbers in row {rows} of {name} have the format {cells[0][1]}, which shows another value"
            self.problem(("columns", name), rule, advice.SHOW_AS_NUMBER)


def _as_number(text: str) -> float | None:
    plain = text.strip().replace(",", ".")
    return float(plain) if _NUMBER[False].fullmatch(plain) else None


def _numbers(texts: tuple[str, ...]) -> set[float]:
    return {number for text in texts if (number := _as_number(text)) is not None}


def missing_words(counts: Mapping[str, int], empty: int) -> str:
    """Return how many cells are missing and why, as in `missing 14 (999: 11, -99: 3)`."""
    total = sum(counts.values()) + empty
    codes = [f"{text}: {count}" for text, count in sorted(counts.items(), key=lambda item: -item[1])]
    codes += [f"empty: {empty}"] if empty and counts else []
    return f"missing {total}" + (f" ({', '.join(codes)})" if codes else "")
