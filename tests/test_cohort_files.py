"""Separated text files: accepted forms, and refusals with row and advice."""

from __future__ import annotations

import pandas as pd
import pytest
from cohort_files import LONG, only_problem, problems, without, write

from analysis.outcomes import cohort
from analysis.tabular import separated

TEXT = "\n".join(LONG) + "\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.rstrip("\n").encode(),
        (TEXT + "\n\r\n").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in LONG).encode(),
        (TEXT + ",,,,,,,,\n,,,,,,,,\n").encode(),
    ],
    ids=["mark", "crlf", "cr", "no-last-end", "lines-after", "semicolons", "tabs", "quoted", "empty-rows-after"],
)
def test_the_same_cohort_from_other_spellings(tmp_path, content):
    plain = cohort.load(write(tmp_path, LONG, "plain.csv"))
    other = cohort.load(write(tmp_path, content))
    pd.testing.assert_frame_equal(plain.visits, other.visits)
    pd.testing.assert_frame_equal(plain.courses, other.courses)
    assert len(other.visits) == 12


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_empty_file(tmp_path, content):
    problem = only_problem(tmp_path, content)
    assert problem["rule"] == "the file is empty"
    assert "data/cohorts/README.md" in problem["advice"]


@pytest.mark.parametrize("rows", [[], [",,,,,,,,"] * 3, [""]])
def test_header_only(tmp_path, rows):
    assert only_problem(tmp_path, [LONG[0], *rows])["rule"] == "the table has at least 1 row below the header"


def test_latin_1_names_the_row_and_not_the_word(tmp_path):
    problem = only_problem(tmp_path, TEXT.replace("Site B", "Höchst").encode("latin-1"))
    assert (problem["row"], problem["value"]) == (5, "byte F6")
    assert "Latin-1" in problem["rule"]
    assert "CSV UTF-8" in problem["advice"]


@pytest.mark.parametrize("content", [TEXT.encode("utf-16"), TEXT.encode() + b"\0", bytes(range(256)) * 8])
def test_no_text(tmp_path, content):
    assert "UTF-16 or not text" in only_problem(tmp_path, content)["rule"]


@pytest.mark.parametrize(
    ("content", "name", "advice"),
    [
        (b"PK\x03\x04 a workbook", "cohort.csv", "give it the ending .xlsx"),
        (b"PAR1 a table", "cohort.csv", "give it the ending .parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "cohort.csv", "without a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "cohort.xlsx", "without a password"),
        (TEXT.encode(), "cohort.xlsx", "give it the ending .csv"),
        (TEXT.encode(), "cohort.ods", "save it from its program in one of these formats"),
    ],
)
def test_content_and_ending_disagree(tmp_path, content, name, advice):
    problem = only_problem(tmp_path, content, name)
    assert "its content is what its ending says" in problem["rule"]
    assert advice in problem["advice"]


def test_missing_file_and_folder(tmp_path):
    for path in (str(tmp_path / "none.csv"), str(tmp_path), "x" * 5000, "none\0.csv", "~no-such-user/cohort.csv"):
        found = problems(path)
        assert found["rule"].tolist() == ["the cohort is a file that can be read"]
        assert path in found["advice"][0]


def test_separator_line_of_a_spreadsheet(tmp_path):
    problem = only_problem(tmp_path, ["sep=,", *LONG])
    assert (problem["row"], problem["value"]) == (1, "sep=,")
    assert "delete this line" in problem["advice"]


def test_vertical_bars(tmp_path):
    assert "vertical bars" in only_problem(tmp_path, TEXT.replace(",", "|"))["rule"]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("A1,1,follow_up,8,5,Site A,female,45", "this one has 8"),
        ("A1,1,follow_up,8,5,5,Site A,female,45,2024-03-09", "this one has 10"),
        ('A1,1,follow_up,8,"7"5,Site A,female,45,2024-03-09', "quotation marks come in pairs"),
        ('A1,1,follow_up,8,""5,Site A,female,45,2024-03-09', "quotation marks come in pairs"),
        ('A1,1,follow_up,8,5,"Site A,female,45,2024-03-09', "quotation marks come in pairs"),
        ('A1,1,follow_up,8,5,"Site\nA",female,45,2024-03-09', "a cell of this row contains a line break"),
        ("", "no row is empty"),
        (",,,,,,,,", "no row is empty"),
    ],
)
def test_a_line_that_can_not_be_split(tmp_path, line, rule):
    """Also lines that Arrow would split wrongly: `"7"5` would be 75, and a quotation mark would hide rows."""
    problem = only_problem(tmp_path, [*LONG[:4], line, *LONG[4:]])
    assert problem["row"] == 5
    assert rule in problem["rule"]
    assert "A1" not in problem["value"]


def test_quotation_marks_within_a_cell(tmp_path):
    lines = [line.replace("Site A", '"Site ""A"", ward 2"') for line in LONG]
    loaded = cohort.load(write(tmp_path, lines))
    assert list(loaded.courses["site"].cat.categories) == ['Site "A", ward 2', "Site B"]


def test_many_problems_of_one_kind_stay_readable(tmp_path):
    lines = [LONG[0]] + [f"P{number},1,baseline,,120,,,," for number in range(1000)]
    found = problems(write(tmp_path, lines))
    assert len(found) == 21
    assert found["row"].dropna().tolist() == list(range(2, 22))
    assert found["rule"].iloc[-1] == "980 more rows break the same rule: nrs lies between 0 and 10 points"


def test_a_large_file_is_read_as_a_small_one(tmp_path, monkeypatch):
    """Arrow reads it in blocks, each with its own dictionary of words; they must become one."""
    by_line = cohort.load(write(tmp_path, LONG))
    monkeypatch.setattr(separated, "_ARROW_FROM", 0)
    monkeypatch.setattr(separated, "BLOCK", 256)
    monkeypatch.setattr(separated, "split_by_line", None)
    by_arrow = cohort.load(write(tmp_path, LONG))
    pd.testing.assert_frame_equal(by_line.visits, by_arrow.visits)
    pd.testing.assert_frame_equal(by_line.courses, by_arrow.courses)


def test_a_column_that_is_not_used_may_hold_anything(tmp_path):
    lines = [f"{line},{'note' if row == 0 else 'x' * 10_000}" for row, line in enumerate(without(LONG, "site"))]
    warned = cohort.load(write(tmp_path, lines)).warnings
    assert "columns that are not used: note" in warned["rule"].tolist()
