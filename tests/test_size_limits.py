"""Tables that are too large, hostile or no files: refused by their size, before they are read."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from cohort_files import LONG, only_problem, problems, workbook, workbook_bytes, write

from analysis import paths
from analysis.curation import cohort_check
from analysis.curation.cohort_check import checked_cohort
from analysis.outcomes import cohort
from analysis.tabular import advice, excel, line_by_line, parquet, separated, size_limits, typed_cells, workbook_parts
from analysis.tabular.mapping import first_look, spss_stata
from analysis.tabular.mapping.spss_stata import read_statistics_file

NAMES = ("patient_id", "visit", "weeks_from_end", "nrs")
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%b</sheetData></worksheet>'
STYLES = b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%b</styleSheet>'


def altered(part: str, xml: bytes) -> bytes:
    """A small workbook with another content of one part."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook_bytes(workbook(LONG)))) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            copy.writestr(name, xml if name.endswith(part) else source.read(name))
    return target.getvalue()


def nulls(rows: int, names: tuple[str, ...] = NAMES, kind: pa.DataType | None = None) -> bytes:
    """A Parquet file of rows without a value."""
    target = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({name: pa.nulls(rows, kind or pa.int8()) for name in names}), target)
    return target.getvalue()


def test_no_files(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path, words in ((pipe, "a pipe, device or socket"), ("/dev/zero", "a pipe, device"), (tmp_path, "a folder")):
        found = problems(path)
        assert found["rule"].tolist() == ["the cohort is a file that can be read"]
        assert words in found["advice"][0]


def test_a_file_of_more_bytes_than_are_read(tmp_path):
    path = write(tmp_path, LONG)
    with path.open("r+b") as file:
        file.truncate(size_limits.MOST_TABLE_BYTES + 1)  # sparse: takes no space
    assert "it has more than 250,000,000 bytes" in problems(path)["advice"][0]
    assert paths.read_file(write(tmp_path, b"abc"), 3) == b"abc"
    with pytest.raises(OSError, match="more than 2 bytes"):
        paths.read_file(write(tmp_path, b"abc"), 2)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (",".join(NAMES) + "\n" * 2_000_002 + "A1,baseline,,5\n", "at most 2,000,000 rows; this one has 2,000,002"),
        (",".join(NAMES) + ",x" * 4_997 + "\n", "at most 5,000 columns; this one has 5,001"),
        (",".join(NAMES) + ",x" * 4_996 + "\n" + "\n" * 8_001 + "A1", "at most 40,000,000 cells; this one has 40,0"),
        ("x" * 1_000_001, "a row has at most 1,000,000 bytes; this one has 1,000,001"),
        (",".join(NAMES) + "\n" + "," * 1_000_001 + "\n", "a row has at most 1,000,000 bytes"),
        (",".join(NAMES) + "," + "x" * 140_000 + "\nA1,baseline,,5,\n", "the name of a column has at most 1,000 char"),
        (
            ",".join(NAMES) + ',"' + "x" * 140_000 + '"\nA1,baseline,,5,\n',
            "the name of a column has at most 1,000 char",
        ),
    ],
    ids=["rows", "columns", "cells", "long header", "wide row", "long name", "long quoted name"],
)
def test_a_text_that_is_too_large(tmp_path, content, rule):
    found = problems(write(tmp_path, content))
    assert rule in found["rule"][0]
    assert not found["rule"].str.contains("quotation").any()


def test_a_long_cell_is_a_cell(tmp_path):
    for text in ("x" * 140_000, '"' + "x" * 140_000 + '"'):
        lines = [f"{LONG[0]},note", *(f"{line},{text if number == 3 else ''}" for number, line in enumerate(LONG[1:]))]
        assert len(cohort.load(write(tmp_path, lines)).visits) == len(LONG) - 1


@pytest.mark.slow
def test_a_large_text_with_a_row_that_cannot_be_split(tmp_path, monkeypatch):
    monkeypatch.setattr(separated, "_MANY_LINES", 100)
    monkeypatch.setattr(separated, "_ARROW_FROM", 100)
    rows = "".join(f"P{number},baseline,,5\n" for number in range(200))
    found = only_problem(tmp_path, ",".join(NAMES) + "\n" + rows + 'P900,baseline,,"7"5\n')
    assert (found["row"], "quotation marks come in pairs" in found["rule"]) == (202, True)
    assert (
        len(
            cohort.load(
                write(tmp_path, ",".join(NAMES) + "\n" + rows.replace("\n", "\r\n") + '"P900",baseline,,7')
            ).visits
        )
        == 201
    )


def test_wrong_rows_are_counted_and_not_kept():
    from analysis.tabular.origin import CLINIC_TABLES

    body = b"a,b\n" + b"1,2,3\n" * 60_000 + b"1,2"
    table, found = line_by_line.split_by_line(body, len(body), "x.csv", ",", CLINIC_TABLES)
    assert len(found) == 21
    assert found[-1].rule.startswith("59980 more rows break the same rule")
    assert (len(table), int(table.complete.sum()), table.rows[-1]) == (60_001, 1, 60_002)
    assert table["b"].at(60_000) == "2"
    table, unread = line_by_line.split_by_line(body, len(body), "x.csv", ",", CLINIC_TABLES, keep=False)
    assert table is None
    assert (len(unread), unread[19]) == (22, found[19])
    assert unread[20].rule.startswith("9980 more rows break the same rule")
    assert "10,000 rows can not, and the rest was not read" in unread[21].rule
    good = b"a,b\n" + b'1,"2"\n' * 30 + b"\n1,2\n1,2,3\n" + b'"1"2,3'
    kept, searched = (
        line_by_line.split_by_line(good, len(good), "x.csv", ",", CLINIC_TABLES, keep) for keep in (True, False)
    )
    assert [problem.row for problem in kept[1]] == [34, 35]
    assert (searched[0], searched[1]) == (None, kept[1])


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ((2_000_001,), "at most 2,000,000 rows; this one has 2,000,001"),
        ((1, tuple(map(str, range(5_001)))), "at most 5,000 columns"),
        ((450_000, tuple(map(str, range(90)))), "at most 40,000,000 cells"),
    ],
    ids=["rows", "columns", "cells"],
)
def test_a_parquet_file_that_is_too_large(tmp_path, shape, rule):
    assert rule in only_problem(tmp_path, nulls(*shape), "cohort.parquet")["rule"]


def test_a_parquet_file_with_many_values_in_one_row(tmp_path, monkeypatch):
    monkeypatch.setattr(size_limits, "MOST_CELLS", 400_000)
    values = pa.array(np.zeros(400_001, dtype=np.int8))
    target = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"nrs": pa.ListArray.from_arrays([0, len(values)], values)}), target)
    assert (
        "at most 400,000 cells; this one has 400,001"
        in only_problem(tmp_path, target.getvalue(), "cohort.parquet")["rule"]
    )


@pytest.mark.slow
def test_a_parquet_file_that_unpacks_to_more_than_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MOST_TABLE_BYTES", 25_000_000)
    target = io.BytesIO()
    column = pa.array([b"x" * 100_000] * 260, pa.binary())
    pyarrow.parquet.write_table(pa.table({"nrs": column}), target, use_dictionary=False, compression="zstd")
    assert "unpacks to at most 25,000,000 bytes" in only_problem(tmp_path, target.getvalue(), "cohort.parquet")["rule"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "xml"),
    [
        ("sheet1.xml", SHEET % (b"<row/>" * 20_001)),
        ("sheet1.xml", SHEET % (b'<row r="1">' + b"<c/>" * 1_000_001 + b"</row>")),
        ("sheet1.xml", SHEET % ((b"<row>" + b"<c/>" * 199 + b"</row>") * 10_000)),
        ("sheet1.xml", SHEET % (b'<row r="1"><c r="A1"/></row>' + b" " * 4_000_000)),
        ("sheet1.xml", SHEET % b'<row r="9000000"><c r="A9000000"><v>1</v></c></row>'),
        ("sheet1.xml", SHEET % (b"<row>" + b"<c><v>1</v></c>" * 16_385 + b"</row>")),
        ("styles.xml", STYLES % (b"<xf/>" * 1_000_001)),
        ("workbook.xml", b" " * 50_000_000),
    ],
    ids=["rows", "cells of a row", "empty cells", "text", "far row", "columns", "styles", "bytes"],
)
def test_a_workbook_that_is_too_large(tmp_path, monkeypatch, part, xml):
    monkeypatch.setattr(workbook_parts, "_MOST_BYTES", 50_000_000)
    for module in (excel, workbook_parts):
        monkeypatch.setattr(module, "MOST_CELLS_OF_WORKBOOK", 20_000)
    rule = only_problem(tmp_path, altered(part, xml), "cohort.xlsx")["rule"]
    assert "at most 1,000 sheets, 20,000 cells with the empty ones, and 200 MB" in rule


@pytest.mark.slow
def test_a_cell_far_from_the_others_is_named(tmp_path):
    cells = b'<row r="1"><c r="A1" t="inlineStr"><is><t>patient_id</t></is></c></row>'
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    rule = only_problem(tmp_path, altered("sheet1.xml", SHEET % (cells + far)), "cohort.xlsx")["rule"]
    assert rule.endswith("the last column has a value in XFD1048576")


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + SHEET % b'<row r="1"><c r="A1" t="str"><v>&a;</v></c></row>',
        b'<!DOCTYPE x SYSTEM "file:///etc/hostname">' + SHEET % b"",
        ('<?xml version="1.0" encoding="utf-16"?>' + (SHEET % b"").decode()).encode("utf-16"),
        b'<?xml version="1.0" encoding="cp037"?>' + SHEET % b"",
    ],
    ids=["entity", "outside document", "UTF-16", "EBCDIC"],
)
def test_a_workbook_that_no_spreadsheet_writes(tmp_path, xml):
    assert "this one can't be read" in only_problem(tmp_path, altered("sheet1.xml", xml), "cohort.xlsx")["rule"]


def test_a_column_of_many_wrong_words_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(typed_cells, "_MOST_WRONG", 100)
    rows = "".join(f"P{number},baseline,,w{number}\n" for number in range(500))
    found = problems(write(tmp_path, ",".join(NAMES) + "\n" + rows))
    number = "nrs is a number, written with digits and a decimal point"
    unread = "a column follows its rules; 100 different cells do not, and the rest was not read"
    assert found["rule"].tolist() == [unread, *[number] * 20, f"80 more rows break the same rule: {number}"]


def test_a_text_of_too_many_different_words(tmp_path, monkeypatch):
    monkeypatch.setattr(separated, "MOST_TEXTS", 5_000)
    monkeypatch.setattr(parquet, "MOST_TEXTS", 5_000)
    monkeypatch.setattr(size_limits, "MOST_TEXTS", 5_000)
    monkeypatch.setattr(separated, "BLOCK", 1 << 14)
    header = ",".join(NAMES) + ",note\n"
    few = "".join(f"P{number},baseline,,5,\n" for number in range(4_500))
    few += "".join(f"P{number % 4500},follow_up,{number // 4500 + 1},5,{number % 97}\n" for number in range(9_000))
    assert len(cohort.load(write(tmp_path, header + few)).visits) == 13_500
    many = "".join(f"P{number},baseline,,5,{number}\n" for number in range(9_000))
    rule = "the columns of a table have together at most 5,000 different texts; these have over"
    assert only_problem(tmp_path, header + many)["rule"].startswith(f"{rule} 1")
    target = io.BytesIO()
    pyarrow.parquet.write_table(
        pa.table({"patient_id": list(map(str, range(2_600))), "age": np.arange(2_600) / 7}), target
    )
    assert only_problem(tmp_path, target.getvalue(), "cohort.parquet")["rule"] == f"{rule} 5,202"


def test_advice_is_made_for_the_listed_rows_alone(tmp_path, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(advice, "choose_word", lambda word, *_: asked.append(word) or f"not {word}")
    rows = "".join(f"P{number},visit{number},0,5\n" for number in range(500))
    found = problems(write(tmp_path, ",".join(NAMES) + "\n" + rows))
    assert asked == [f"visit{number}" for number in range(20)]
    assert found["advice"].tolist()[:2] == ["not visit0", "not visit1"]
    assert "480 more rows break the same rule: visit is one of" in found["rule"][20]


def test_a_first_look_takes_a_few_copies_of_a_file_of_line_ends():
    content = b"a;b\n1;2\n" + b"\n" * 5_000_000
    tracemalloc.start()
    look, _ = first_look.first_look(content, "clinic.csv")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (look.reading.separator, look.reading.header_row) == (";", 1)
    assert most < 3 * len(content), "a list of all lines has 8 bytes for each"


@pytest.fixture
def statistics_file(tmp_path):
    """A file of SPSS with 30 rows, in which the second column has 20 different texts."""
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame({"a": [1.0, None, 0.5] * 10, "b": [f"w{n % 20}  " for n in range(29)] + [""]})
    pyreadstat.write_sav(frame, tmp_path / "a.sav")
    return tmp_path / "a.sav"


def test_each_different_value_of_a_statistics_file_is_written_once(statistics_file):
    found, wrong = read_statistics_file(statistics_file.read_bytes(), "a.sav", "sav")
    assert found.table["a"].texts() == ["1", "", "0.5"] * 10 and wrong == []
    assert found.table["b"].texts() == [*(f"w{n % 20}" for n in range(29)), ""]
    assert [len(column.words) for column in found.table.columns] == [3, 21]


def test_a_statistics_file_that_is_too_large_is_not_read(statistics_file, monkeypatch):
    monkeypatch.setattr(size_limits, "_MOST_ROWS", 29)
    monkeypatch.setattr(pd, "factorize", lambda values: pytest.fail("read"))
    valid, said = checked_cohort(str(statistics_file))
    assert not valid and "A table has at most 29 rows; this one has 30, empty ones included." in said


def test_a_statistics_file_of_too_many_different_texts(statistics_file, monkeypatch):
    monkeypatch.setattr(spss_stata, "MOST_TEXTS", 21)
    found, wrong = read_statistics_file(statistics_file.read_bytes(), "a.sav", "sav")
    assert found is None and "have together at most" in wrong[0].rule


def test_a_text_of_many_columns_is_read_in_few_blocks():
    few, many = (separated._reading([str(n) for n in range(count)]).block_size for count in (40, 4_000))
    assert (few, many) == (separated.BLOCK, 21 * separated.BLOCK)


def test_a_table_that_is_looked_at_again_is_not_kept(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(cohort_check, "_without_map", lambda file, error: kept.append(error.__traceback__))
    checked_cohort(str(write(tmp_path, ["a,b", "1,2"])))
    assert kept == [None]  # its frames hold the table
