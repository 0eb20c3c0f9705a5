"""The table that a map describes, as text: CSV, Excel with one or more sheets, SPSS, Stata, Parquet."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.tabular import excel
from analysis.tabular.mapping.cohort_map import Reading
from analysis.tabular.mapping.map_keys import NOT_USED
from analysis.tabular.mapping.spss_stata import SourceTable, read_statistics_file
from analysis.tabular.origin import CLINIC_TABLES
from analysis.tabular.parquet import read_parquet
from analysis.tabular.problems import Problem, listed
from analysis.tabular.separated import read_separated
from analysis.tabular.text_table import TextTable, encode, without_empty_rows


def read_source(content: bytes, file: str, reading: Reading) -> tuple[SourceTable | None, list[Problem]]:
    """Return the table as a map says that it is read (None if no row can be read), and its problems."""
    if reading.form == "xlsx":
        table, problems = _workbook(content, file, reading)
    elif reading.form == "csv":
        table, problems = _separated(content, file, reading)
    elif reading.form == "parquet":
        table, problems = read_parquet(content, file)
    else:
        found, problems = read_statistics_file(content, file, reading.form)
        return found and replace(found, table=distinct_names(found.table)), problems
    if table is None:
        return None, problems
    table, more = without_empty_rows(distinct_names(table).complete_rows())
    return SourceTable(table), problems + more


def distinct_names(table: TextTable) -> TextTable:
    """Return the table with `Name [2]` for the second column called `Name`, without empty columns that have no name."""
    seen: Counter[str] = Counter()
    names, columns = [], []
    for name, column in zip(table.names, table.columns, strict=True):
        if not name and column.empty().all():
            continue
        seen[name] += 1
        names.append(f"{name} [{seen[name]}]" if seen[name] > 1 else name)
        columns.append(column)
    return replace(table, names=tuple(names), columns=tuple(columns))


def _separated(content: bytes, file: str, reading: Reading) -> tuple[TextTable | None, list[Problem]]:
    body = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode(reading.encoding)
    except LookupError:
        advice = "write utf-8, windows-1252, iso-8859-1, iso-8859-15 or utf-16"
        return None, [Problem(file, None, "", "", f"{reading.encoding} is no encoding", advice)]
    except UnicodeDecodeError as error:
        row = 1 + content.count(b"\n", 0, error.start)
        rule, advice = (
            f"the file is in the encoding {reading.encoding}; this row is not",
            "correct encoding: in the map",
        )
        return None, [Problem(file, row, "", "", rule, advice)]
    if codecs.lookup(reading.encoding).name != "utf-8":
        body = text.encode()
    del text  # it may have 250 MB, as each copy
    above = reading.header_row - 1
    lines = body.split(b"\n", above)
    body = lines[-1] if len(lines) > above else b""
    origin = replace(CLINIC_TABLES, separators=(reading.separator,))
    table, problems = read_separated(body, file, lambda name: False, origin)
    problems = [replace(p, row=None if p.row is None else p.row + above) for p in problems]
    return (None if table is None else replace(table, rows=table.rows + np.int32(above))), problems


def _workbook(content: bytes, file: str, reading: Reading) -> tuple[TextTable | None, list[Problem]]:
    try:
        sheets = [sheet for sheet in excel.read_sheets(content) if sheet.rows]
    except Exception:  # too large, or damaged, which fails anywhere
        return excel.read_workbook(content, file, CLINIC_TABLES)  # which says why
    titles = [sheet.title for sheet in sheets]
    uses = reading.sheets or ({titles[0]: ""} if len(titles) == 1 else {})
    problems = []
    for title in (title for title in titles if title not in uses):
        rule = f"every sheet stands in the map; the sheet {title} does not"
        advice = f"write under read, sheets: {title}: not_used, or used, or {{site: NAME}}"
        problems.append(Problem(file, None, "", "", rule, advice))
    for title in (title for title in uses if title not in titles):
        advice = f"correct sheets: in the map; the file has {listed(titles)}"
        problems.append(
            Problem(file, None, "", "", f"the map names the sheet {title}, which is not in the file", advice)
        )
    used = [sheet for sheet in sheets if uses.get(sheet.title, NOT_USED) != NOT_USED]
    tables = []
    for sheet in used:
        problems += excel.hidden_problems(sheet, file)
        problems += excel.merged_problems(sheet, file, reading.header_row)
        if sheet.part.formulas:
            problems += excel.formula_problems(content, sheet, file)
        if wide := excel.too_wide(sheet, file):
            return None, [*problems, wide]
        table = distinct_names(excel.table_of_sheet(sheet, file, reading.header_row))
        formatted = excel.formatted_cells(content, sheet, reading.header_row)
        tables.append(replace(table, formatted=formatted))
    if not tables:
        return None, problems or [Problem(file, None, "", "", "one sheet is used", "correct sheets: in the map")]
    if len(tables) == 1 and not uses[used[0].title]:
        return tables[0], problems
    return _one_below_the_other(file, tables, [sheet.title for sheet in used], uses, problems)


def _one_below_the_other(
    file: str, tables: Sequence[TextTable], titles: Sequence[str], uses: Mapping[str, str], problems: list[Problem]
) -> tuple[TextTable, list[Problem]]:
    """Return the rows of all used sheets, with the site of each in a column `site of the sheet`."""
    names = tuple(dict.fromkeys(name for table in tables for name in table.names))
    for table, title in zip(tables, titles, strict=True):
        for name in (name for name in names if name not in table.names):
            rule, advice = f"all used sheets have the same columns; {title} lacks {name}", "add the column there"
            problems = [*problems, Problem(file, None, name, "", rule, advice)]
    texts: dict[str, list[str]] = {name: [] for name in names}
    sites: list[str] = []
    for table, title in zip(tables, titles, strict=True):
        for name in names:
            texts[name] += table[name].texts() if name in table.names else [""] * len(table)
        sites += [uses[title]] * len(table)
    columns = [encode(texts[name]) for name in names]
    if any(sites):
        names, columns = (*names, SHEET_SITE), [*columns, encode(sites)]
    sheet = np.repeat(np.arange(len(tables), dtype=np.int8), [len(table) for table in tables])
    rows = np.concatenate([table.rows for table in tables])
    formatted = tuple(cell for table in tables for cell in table.formatted)
    return TextTable(file, names, tuple(columns), rows, None, tuple(titles), sheet, formatted), problems


SHEET_SITE = "site of the sheet"
