"""Loading of cohorts: hostile cells are text, and damage never gives a traceback or another number."""

from __future__ import annotations

import csv
import io
import random

import pytest
from cohort_files import LONG, WIDE, parquet_bytes, table, workbook, workbook_bytes, write

from analysis.outcomes import cohort
from analysis.tabular.problems import DataError

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><b>",
    "[here](javascript:alert(1))",
    '=HYPERLINK("http://x.example")',
    "@import url(x)",
    "#set page(fill: red)",
    "\\input{x}",
    "{{ 7 * 7 }}",
    "../../x",
    "\u202eA etiS",
    "x" * 10_000,
    "Site 😀",
    "'; DROP TABLE visits; --",
    "NaN",
    "%s",
    "CON",
    "-1",
]
DAMAGES = [
    *(
        b"",
        b",",
        b";",
        b"\t",
        b'"',
        b'""',
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x01",
        b"\x1a",
        b"|",
    ),
    *(b"9" * 400, b"-1", b"11", b"1e1", b"nan", b"inf", " ٣".encode(), b" ", b"2024-02-30", b"baseline", b"Total"),
    *(b"=1+1", b"<script>", "\u202e".encode(), "😀".encode(), b"1,5", b"1.5", b"0", b"x" * 10_000, b"\xed\xa0\x80"),
]


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_site_is_text(tmp_path, text):
    out = io.StringIO()
    csv.writer(out).writerows([[cell.replace("Site A", text) for cell in line.split(",")] for line in LONG])
    loaded = cohort.load(write(tmp_path, out.getvalue()))
    assert set(loaded.courses["site"]) == {text, "Site B"}
    assert loaded.only(sites=[text]).courses["patient"].tolist() == [0, 2]


SHOWN = ("{{ 7 * 7 }}", "../../x", "NaN", "%s", "-1")  # no word that could be a name


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_score_is_a_problem_in_one_line(tmp_path, text):
    out = io.StringIO()
    csv.writer(out).writerows([["patient_id", "nrs_baseline", "nrs_week_4"], ["1", "7", text]])
    with pytest.raises(DataError) as error:
        cohort.load(write(tmp_path, out.getvalue()))
    assert error.value.problems[["row", "column"]].values.tolist() == [[2, "nrs_week_4"]]
    assert error.value.problems["value"].tolist() == [text if text in SHOWN else ""]
    assert all(len(line) < 400 for line in str(error.value).splitlines())


def damaged(content: bytes, draw: random.Random) -> bytes:
    """The bytes with one or a few of them changed, added, left out or doubled."""
    data = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 5])):
        place, kind = draw.randrange(len(data) + 1), draw.random()
        if kind < 0.5:
            data[place : place + draw.choice([0, 0, 1, 3, 20])] = draw.choice(DAMAGES)
        elif kind < 0.7:
            del data[place : place + draw.choice([1, 1, 5, 50, 200])]
        elif kind < 0.85:
            data[place : place + 1] = bytes([draw.randrange(256)])
        else:
            other = draw.randrange(len(data) + 1)
            data[place:place] = data[other : other + draw.choice([1, 50, 150])]
    return bytes(data)


def damaged_cells(lines: list[str], draw: random.Random) -> bytes:
    """The lines with one or a few cells changed, and sometimes in another order."""
    rows = [line.encode().split(b",") for line in lines]
    for _ in range(draw.choice([1, 1, 2, 4])):
        row = draw.choice(rows)
        row[draw.randrange(len(row))] = draw.choice(DAMAGES)
    if draw.random() < 0.2:
        rows[1:] = draw.sample(rows[1:], len(rows) - 1)
    return b"\n".join(b",".join(row) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_refused_or_read_unchanged(tmp_path, seed):
    """400 damages. What is read is compared with the text, cell by cell."""
    draw = random.Random(seed)
    valid = 0
    for _ in range(100):
        lines = draw.choice([LONG, WIDE])
        content = damaged("\n".join(lines).encode(), draw) if draw.random() < 0.6 else damaged_cells(lines, draw)
        try:
            loaded = cohort.load(write(tmp_path, content))
        except DataError as error:
            assert len(error.problems)
            assert str(error)
            continue
        valid += 1
        assert_as_it_stands(loaded, content)
    assert valid


def assert_as_it_stands(loaded: cohort.Cohort, content: bytes) -> None:
    text = content.decode("utf-8-sig")
    separator = max(",;\t", key=text.splitlines()[0].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    names = [name.strip() for name in rows[0]]
    for visit in loaded.visits.itertuples():
        cells = dict(zip(names, rows[visit.row - 1], strict=False))
        if "visit" in cells:
            score, weeks = cells["nrs"], cells["weeks_from_end"]
            assert cells["visit"] == visit.visit
            assert float(weeks) == visit.weeks if weeks else visit.weeks != visit.weeks
        else:
            week = {"baseline": "nrs_baseline", "end_of_infusion": "nrs_end_of_infusion"}.get(visit.visit)
            score = cells[week] if week else next(cells[name] for name in names if name.startswith("nrs_week"))
        assert float(score.replace(",", ".")) == visit.nrs if score else visit.nrs != visit.nrs


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_damaged_workbooks_and_parquet_files(tmp_path, ending):
    whole = workbook_bytes(workbook(LONG)) if ending == "xlsx" else parquet_bytes(table(LONG))
    draw = random.Random(1)
    for _ in range(150):
        try:
            cohort.load(write(tmp_path, damaged(whole, draw), f"cohort.{ending}"))
        except DataError as error:
            assert str(error)
