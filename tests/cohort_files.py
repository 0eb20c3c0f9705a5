"""Small cohort files that several test modules write and damage: CSV, Excel and Parquet."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from analysis.outcomes import cohort
from analysis.tabular.problems import DataError

HEADER = "patient_id,course,visit,weeks_from_end,nrs,site,sex,age,date"
# Three patients; the second was treated twice.
LONG = [
    HEADER,
    "A1,1,baseline,,8,Site A,female,45,2024-01-08",
    "A1,1,end_of_infusion,0,4,Site A,female,45,2024-01-13",
    "A1,1,follow_up,4,5.5,Site A,female,45,2024-02-10",
    "A2,1,baseline,,7,Site B,male,60,2023-02-05",
    "A2,1,end_of_infusion,0,3,Site B,male,60,2023-02-16",
    "A2,1,follow_up,4,,Site B,male,60,2023-03-17",
    "A2,2,baseline,,6,Site B,male,61,2024-03-05",
    "A2,2,end_of_infusion,0,5,Site B,male,61,2024-03-16",
    "A2,2,follow_up,4,6,Site B,male,61,2024-04-13",
    "A3,1,baseline,,9,Site A,female,30,2024-05-06",
    "A3,1,end_of_infusion,0,2,Site A,female,30,2024-05-11",
    "A3,1,follow_up,4,7,Site A,female,30,2024-06-08",
]
# The same, but for the dates of later visits, which the wide form does not hold.
WIDE = [
    "patient_id,course,nrs_baseline,nrs_end_of_infusion,nrs_week_4,site,sex,age,date",
    "A1,1,8,4,5.5,Site A,female,45,2024-01-08",
    "A2,1,7,3,,Site B,male,60,2023-02-05",
    "A2,2,6,5,6,Site B,male,61,2024-03-05",
    "A3,1,9,2,7,Site A,female,30,2024-05-06",
]


def edited(lines: list[str], row: int, column: str, value: str) -> list[str]:
    """The lines with another value in one cell; row as a spreadsheet shows it."""
    cells = lines[row - 1].split(",")
    cells[lines[0].split(",").index(column)] = value
    return [*lines[: row - 1], ",".join(cells), *lines[row:]]


def without(lines: list[str], *columns: str) -> list[str]:
    """The lines without some columns."""
    kept = [place for place, name in enumerate(lines[0].split(",")) if name not in columns]
    return [",".join(line.split(",")[place] for place in kept) for line in lines]


def write(folder: Path, content: bytes | str | list[str], name: str = "cohort.csv") -> Path:
    """A file from bytes, a text or lines."""
    if isinstance(content, list):
        content = "\n".join(content) + "\n"
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems(path: str | Path) -> pd.DataFrame:
    """All problems of a file; none is an empty table."""
    try:
        cohort.load(path)
    except DataError as error:
        assert str(error)
        return error.problems
    return DataError([]).problems


def only_problem(folder: Path, content: bytes | str | list[str], name: str = "cohort.csv") -> pd.Series:
    """Return the only problem of a file: one mistake gives one message."""
    found = problems(write(folder, content, name))
    assert len(found) == 1, "\n" + found.to_string()
    return found.iloc[0]


def table(lines: list[str]) -> pd.DataFrame:
    """Return the lines as a typed table, for writing Excel or Parquet."""
    rows = [line.split(",") for line in lines[1:]]
    frame = pd.DataFrame(rows, columns=lines[0].split(","))
    for name in frame.columns:
        if name.startswith(("nrs", "weeks", "age")):
            frame[name] = pd.to_numeric(frame[name])
        elif name == "course":
            frame[name] = frame[name].astype("int64")
        elif name == "date":
            frame[name] = pd.to_datetime(frame[name])
    return frame


def workbook(lines: list[str]) -> openpyxl.Workbook:
    """A workbook with typed cells."""
    book = openpyxl.Workbook()
    frame = table(lines).astype(object)
    book.active.append(list(frame.columns))
    for row in frame.where(frame.notna() & (frame != ""), None).itertuples(index=False):
        book.active.append([cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell for cell in row])
    return book


def workbook_bytes(book: openpyxl.Workbook) -> bytes:
    """The content of the workbook's file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet_bytes(columns: pd.DataFrame | pa.Table) -> bytes:
    """The content of a Parquet file with these columns."""
    out = io.BytesIO()
    whole = columns if isinstance(columns, pa.Table) else pa.Table.from_pandas(columns, preserve_index=False)
    pyarrow.parquet.write_table(whole, out)
    return out.getvalue()
