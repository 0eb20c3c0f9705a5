"""From a file's bytes to rows of text, and everything that can be wrong with a file as a whole.

A byte order mark at the start, Windows line ends and empty lines at the end of a file are accepted: spreadsheets write
them and they change no value (the mark does not become part of the first column's name). Another encoding than UTF-8,
another separator than the comma and line breaks within a cell are refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.evidence.dictionary import DICTIONARY, Dictionary, Table
from analysis.tabular.problems import Problem, listed, nearest, shorten
from analysis.tabular.text import LINE_END, SAVE_AS, decode, read_lines, width_problem

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
BIB_ENTRY = re.compile(r"^[ \t]*@(\w+)\s*[{(]\s*([^,\s{}()]+)\s*,", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """Cells of one row by column, and its number in a spreadsheet. `whole` = it has as many cells as the header."""

    number: int
    cells: dict[str, str]
    whole: bool = True


@dataclass(frozen=True)
class Rows:
    """Rows of a table; `columns` are those of the dictionary that the file has."""

    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def read_table(folder: Path, table: Table) -> tuple[Rows | None, list[Problem]]:
    """The rows of a table as text and the problems of its file; None where nothing can be said about the rows."""
    text, problems = read_text(folder / table.file)
    if text is None:
        return None, problems
    lines = LINE_END.split(text)
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        return None, [
            *problems,
            _whole(table.file, "the file is empty", f"put {table.file} back as it was (git checkout), or fill it in"),
        ]
    separator = _separator(lines[0], table)
    if separator:
        return None, [
            *problems,
            Problem(
                table.file,
                1,
                "",
                shorten(lines[0]),
                f"cells are separated by commas, not by {separator}",
                f"{SAVE_AS}, not with {separator}",
            ),
        ]
    records = read_lines(lines, table.file)
    first = next(records)
    if isinstance(first, Problem):
        return None, [*problems, first]
    header = [name.strip() for name in first[1]]
    found = list(_header_problems(header, table))
    problems += found
    if not set(header) & set(table.names):
        return None, problems
    rows, names = [], [name for name in table.names if name in header]
    for record in records:
        if isinstance(record, Problem):
            problems.append(record)
            continue
        number, cells = record
        if not any(cell.strip() for cell in cells):
            problems.append(Problem(table.file, number, "", "", "no row is empty", "delete this row"))
            continue
        if len(cells) != len(header):
            problems.append(width_problem(table.file, number, cells, header))
        by_name = dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=False))
        rows.append(Row(number, {name: by_name[name] for name in names}, len(cells) == len(header)))
    if len(rows) < table.min_rows:
        problems.append(
            _whole(
                table.file,
                f"the table has at least {table.min_rows} row below the header",
                "put the rows back (git checkout)",
            )
        )
    return Rows(tuple(names), tuple(rows)), problems


def read_text(path: Path) -> tuple[str | None, list[Problem]]:
    """The text of a file and what is wrong with its encoding."""
    name = path.name
    if not path.is_file():
        return None, [_whole(name, "the file is part of the evidence tables", _where_it_may_be(path))]
    raw = path.read_bytes()
    if raw[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return None, [
            _whole(name, "a table is a text file, this is a spreadsheet's own format", f"open it and {SAVE_AS}")
        ]
    return decode(raw, name)


def unlisted(folder: Path, dictionary: Dictionary) -> Iterator[Problem]:
    """Tables and bibliographies in the folder that the dictionary doesn't know."""
    known = {table.file for table in dictionary.tables.values()} | set(dictionary.files.values())
    for path in sorted(folder.iterdir()):
        if (
            path.suffix.lower() in (".csv", ".bib")
            and path.is_file()
            and not path.name.startswith((".", "~"))
            and path.name not in known
        ):
            yield _whole(
                path.name,
                f"every table has an entry in {DICTIONARY}",
                f"describe it there under resources:, or move the file out of {folder.name}/",
            )


def bibliography(folder: Path, name: str) -> tuple[dict[str, int] | None, list[Problem]]:
    """The keys of a BibTeX file with their line numbers, and its problems."""
    text, problems = read_text(folder / name)
    if text is None:
        return None, problems
    keys: dict[str, int] = {}
    for match in BIB_ENTRY.finditer(text):
        if match[1].lower() in ("comment", "string", "preamble"):
            continue
        key, line = match[2], text.count("\n", 0, match.start()) + 1
        if key in keys:
            problems.append(
                Problem(
                    name,
                    line,
                    "",
                    key,
                    f"a key stands once; it is also in line {keys[key]}",
                    "delete or rename one of the two entries",
                )
            )
        keys.setdefault(key, line)
    if not keys:
        problems.append(_whole(name, "the bibliography has entries", f"put {name} back as it was (git checkout)"))
    return keys, problems


def _whole(file: str, rule: str, advice: str) -> Problem:
    return Problem(file, None, "", "", rule, advice)


def _where_it_may_be(path: Path) -> str:
    near = (
        [other.name for other in path.parent.iterdir() if other.is_file() and other.stem.lower() == path.stem.lower()]
        if path.parent.is_dir()
        else []
    )
    if any(Path(name).suffix.lower() in (".xlsx", ".xls", ".ods", ".numbers") for name in near):
        return f"{near[0]} lies there: open it and {SAVE_AS}, with the name {path.name}"
    if near:
        return f"{near[0]} lies there: rename it to {path.name}"
    return f"put {path.name} back into {path.parent} (git checkout {path.name})"


def _separator(line: str, table: Table) -> str | None:
    """Name of a wrong separator, judged by the header: column names hold none of these signs."""
    if line.lower().startswith("sep="):
        return _SEPARATORS.get(line[4:5], "another sign")
    known = set(table.names)
    for sign, name in _SEPARATORS.items():
        if len(known.intersection(cell.strip(' "') for cell in line.split(sign))) > len(
            known.intersection(cell.strip(' "') for cell in line.split(","))
        ):
            return name
    return None


def _header_problems(header: list[str], table: Table) -> Iterator[Problem]:
    missing = [name for name in table.names if name not in header]
    unknown = [name for name in header if name not in table.names]
    if len(missing) == len(table.names):
        yield Problem(
            table.file,
            1,
            "",
            shorten(",".join(header)),
            "the first row holds the column names",
            f"put this row back above the data: {','.join(table.names)}",
        )
        return
    for name, count in Counter(header).items():
        if count > 1 and name:
            yield Problem(table.file, 1, name, name, "a column stands once", "delete or rename one of the two columns")
    renamed = set()
    for name in unknown:
        if not name:
            yield Problem(
                table.file, 1, "", "", "every column has a name in the first row", "delete the column, or name it"
            )
            continue
        close = nearest(name, missing)
        if close:
            renamed.add(close)
            advice = f"rename it to {close}"
        else:
            advice = f"delete it, or describe it in {DICTIONARY}; columns of this table are {listed(table.names, 30)}"
        yield Problem(
            table.file, 1, name, name, f"every column has an entry in {DICTIONARY}; this one has none", advice
        )
    for name in missing:
        if name not in renamed:
            yield Problem(
                table.file,
                1,
                name,
                "",
                f"every column of {DICTIONARY} stands in the table; this one is missing",
                f"put the column {name} back ({table[name].description.rstrip('.')})",
            )
