"""Files that cannot be used, each with a message and advice."""

from __future__ import annotations

import pytest

from analysis.evidence import evidence_files

HEADER_ONLY_RULE = "the table has at least 1 row below the header"


def test_missing_file(data_copy):
    (data_copy.folder / "durations.csv").unlink()
    problem = data_copy.only_problem()
    assert problem["file"] == "durations.csv"
    assert problem["rule"] == "the file is part of the evidence tables"
    assert "put durations.csv back" in problem["advice"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("durations.xlsx", "open it and in the spreadsheet choose Save as"),
        ("Durations.CSV", "rename it to durations.csv"),
    ],
)
def test_missing_file_with_a_similar_name(data_copy, name, advice):
    (data_copy.folder / "durations.csv").rename(data_copy.folder / name)
    problems = data_copy.problems()
    (missing,) = problems.index[problems["file"] == "durations.csv"]
    assert name in problems.loc[missing, "advice"]
    assert advice in problems.loc[missing, "advice"]


def test_a_file_that_the_dictionary_does_not_know(data_copy):
    (data_copy.folder / "arms (copy).csv").write_text("arm_id\n", encoding="utf-8")
    (data_copy.folder / ".~lock.arms.csv").write_text("an open spreadsheet leaves this", encoding="utf-8")
    problem = data_copy.only_problem()
    assert problem["file"] == "arms (copy).csv"
    assert "has an entry in datapackage.yaml" in problem["rule"]
    assert "move the file out of data/" in problem["advice"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_empty_file(data_copy, content):
    (data_copy.folder / "pharmacology.csv").write_bytes(content)
    problem = data_copy.only_problem()
    assert (problem["file"], problem["rule"]) == ("pharmacology.csv", "the file is empty")
    assert "put pharmacology.csv back" in problem["advice"]


def test_header_only_where_rows_are_needed(data_copy):
    rows = data_copy.rows("studies.csv")
    data_copy.write_rows("studies.csv", rows[:1])
    problems = data_copy.problems()
    first = problems.loc[problems["file"] == "studies.csv"].iloc[0]
    assert first["rule"] == HEADER_ONLY_RULE
    assert "put the rows back" in first["advice"]


def test_header_only_where_no_row_is_needed(data_copy):
    data_copy.write_rows("patient_level.csv", data_copy.rows("patient_level.csv")[:1])
    assert len(data_copy.load().patient_level) == 0
    assert data_copy.load().patient_level.columns.tolist()[-1] == "row"


def test_more_rows_than_are_read(data_copy, monkeypatch):
    monkeypatch.setattr(evidence_files, "_MOST_ROWS", 600)
    data_copy.write_rows("pharmacology.csv", data_copy.rows("pharmacology.csv") * 40)
    problem = data_copy.only_problem()
    assert problem["rule"] == "a table of the evidence has at most 600 rows; this one has 719"


def test_first_row_deleted(data_copy):
    data_copy.write_rows("pharmacology.csv", data_copy.rows("pharmacology.csv")[1:])
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"]) == ("pharmacology.csv", 1)
    assert problem["rule"] == "the first row contains the column names"
    assert problem["advice"].endswith("study_id,parameter,value,se,ci_low,ci_high,unit,source_id,locator")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_latin_1(data_copy, encoding):
    path = data_copy.folder / "studies.csv"
    text = path.read_text(encoding="utf-8").replace("’", "'")
    path.write_bytes(text.encode(encoding))
    problem = data_copy.only_problem()
    row = data_copy.folder.joinpath("studies.csv").read_bytes().split(b"\n")
    first = next(n for n, line in enumerate(row, start=1) if any(byte > 127 for byte in line))
    assert (problem["file"], problem["row"]) == ("studies.csv", first)
    assert problem["value"] == "Déry-Neveu (byte E9)"
    assert "Latin-1" in problem["rule"]
    assert "CSV UTF-8" in problem["advice"]


def test_latin_1_does_not_hide_the_other_problems_of_the_file(data_copy):
    data_copy.edit("studies.csv", {"study_id": "lee2025"}, {"year": "last year"})
    path = data_copy.folder / "studies.csv"
    path.write_bytes(path.read_text(encoding="utf-8").replace("’", "'").encode("latin-1"))
    assert data_copy.problems()["value"].tolist() == ["Déry-Neveu (byte E9)", "last year"]


def test_utf_16(data_copy):
    path = data_copy.folder / "pharmacology.csv"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    problem = data_copy.only_problem()
    assert problem["file"] == "pharmacology.csv"
    assert "UTF-16" in problem["rule"]


def test_a_workbook_with_the_name_of_a_table(data_copy):
    (data_copy.folder / "pharmacology.csv").write_bytes(b"PK\x03\x04\x14\x00\x06\x00")
    problem = data_copy.only_problem()
    assert "its content is what its ending says" in problem["rule"]
    assert "Save as" in problem["advice"]


@pytest.mark.parametrize(
    ("sign", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")], ids=["semicolons", "tabs", "bars"]
)
def test_another_separator(data_copy, sign, name):
    rows = data_copy.rows("pharmacology.csv")
    text = "\n".join(sign.join(f'"{cell}"' if sign in cell else cell for cell in row) for row in rows)
    (data_copy.folder / "pharmacology.csv").write_text(text, encoding="utf-8")
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"]) == ("pharmacology.csv", 1)
    assert problem["rule"] == f"cells are separated by commas, not by {name}"
    assert "comma delimited" in problem["advice"]


def test_separator_named_in_the_first_line(data_copy):
    path = data_copy.folder / "pharmacology.csv"
    path.write_text("sep=,\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    problem = data_copy.only_problem()
    assert (problem["row"], problem["value"]) == (1, "sep=,")
    assert "delete this line" in problem["advice"]


def test_missing_column(data_copy):
    data_copy.write_rows("responders.csv", [row[:6] + row[7:] for row in data_copy.rows("responders.csv")])
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"], problem["column"]) == ("responders.csv", 1, "definition_class")
    assert problem["rule"] == "the column definition_class is required"
    assert problem["advice"].startswith("add it, or give this name to the column that contains exactly this: ")


def test_missing_key_column_gives_one_message(data_copy):
    data_copy.write_rows("arms.csv", [row[:1] + row[2:] for row in data_copy.rows("arms.csv")])
    problem = data_copy.only_problem()
    assert (problem["file"], problem["column"]) == ("arms.csv", "arm_id")


def test_unknown_column(data_copy):
    rows = data_copy.rows("responders.csv")
    data_copy.write_rows("responders.csv", [[*row, "x" if n else "severity"] for n, row in enumerate(rows)])
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"], problem["column"]) == ("responders.csv", 1, "severity")
    assert "has an entry in datapackage.yaml; this one has none" in problem["rule"]
    assert "delete it, or describe it in datapackage.yaml" in problem["advice"]


@pytest.mark.parametrize("written", ["respnders", "Responders", " responders "])
def test_misspelt_column_names_the_right_one(data_copy, written):
    rows = data_copy.rows("responders.csv")
    rows[0][rows[0].index("responders")] = written
    data_copy.write_rows("responders.csv", rows)
    if written.strip() == "responders":
        assert data_copy.problems().empty  # a space around a name is no other name
    else:
        problem = data_copy.only_problem()
        assert (problem["column"], problem["value"]) == ("responders", written)
        assert problem["advice"].startswith(f"name {written} like this if it contains exactly this: How many responded")


def test_column_without_a_name(data_copy):
    data_copy.write_rows("responders.csv", [[*row, ""] for row in data_copy.rows("responders.csv")])
    assert "column number 16 has none" in data_copy.only_problem()["rule"]


def test_a_column_twice(data_copy):
    rows = data_copy.rows("pharmacology.csv")
    data_copy.write_rows("pharmacology.csv", [[*row, row[3]] for row in rows])
    problem = data_copy.only_problem()
    assert (problem["column"], problem["rule"]) == ("value", "column names are unique")


def test_row_with_too_many_cells(data_copy):
    data_copy.replace(
        "responders.csv",
        '"abstract, results",same figure in crps_review_table',
        "abstract, results,same figure in crps_review_table",
    )
    problem = data_copy.only_problem()
    row = data_copy.row("responders.csv", timepoint="T2 about 4 weeks")
    assert (problem["file"], problem["row"]) == ("responders.csv", row)
    assert problem["rule"] == "a row has as many cells as the header, 15; this one has 16"
    assert 'as in "abstract, results"' in problem["advice"]


def test_row_with_too_few_cells(data_copy):
    rows = data_copy.rows("arms.csv")
    number = data_copy.row("arms.csv", arm_id="mangnus2022_sket")
    rows[number - 1] = rows[number - 1][:7]
    data_copy.write_rows("arms.csv", rows)
    problem = data_copy.only_problem()  # its arm_id is there: the results of the arm are no orphans
    assert (problem["file"], problem["row"]) == ("arms.csv", number)
    assert problem["rule"] == "a row has as many cells as the header, 23; this one has 7"
    assert "the last one here is in the column population" in problem["advice"]


def test_a_row_whose_cells_are_shifted_gives_one_message(data_copy):
    rows = data_copy.rows("responders.csv")
    number = data_copy.row("responders.csv", arm_id="sunder2008_block")
    rows[number - 1].insert(0, "")
    data_copy.write_rows("responders.csv", rows)
    problem = data_copy.only_problem()  # and not that every cell is wrong and the study unknown
    assert (problem["row"], problem["rule"]) == (number, "a row has as many cells as the header, 15; this one has 16")


def test_quotation_mark_that_is_not_closed(data_copy):
    data_copy.replace(
        "responders.csv",
        '"abstract, results",same figure in crps_review_table',
        '"abstract, results,same figure in crps_review_table',
    )
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"]) == (
        "responders.csv",
        data_copy.row_of_line("responders.csv", "T2 about 4 weeks"),
    )
    assert "one of this row is not closed" in problem["rule"]
    assert problem["value"].startswith("responders-28,mangnus2022,mangnus2022_sket,T2 about 4 weeks")
    assert "written twice" in problem["advice"]


def test_quotation_mark_within_a_cell(data_copy):
    data_copy.replace(
        "responders.csv",
        '"abstract, results",same figure in crps_review_table',
        '"abstract" results,same figure in crps_review_table',
    )
    assert "quotation marks come in pairs" in data_copy.only_problem()["rule"]


def test_line_break_within_a_cell(data_copy):
    row = data_copy.row("responders.csv", timepoint="T2 about 4 weeks")
    data_copy.replace("responders.csv", "same figure in crps_review_table", '"same figure\nin crps_review_table"')
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"]) == ("responders.csv", row)
    assert "contains a line break" in problem["rule"]
    assert "Alt+Enter" in problem["advice"]


def test_rows_below_a_line_break_keep_the_number_of_the_spreadsheet(data_copy):
    later = data_copy.edit("responders.csv", {"arm_id": "sunder2008_block"}, {"n": "three"})
    data_copy.replace("responders.csv", "same figure in crps_review_table", '"same figure\nin crps_review_table"')
    assert data_copy.problems()["row"].tolist()[-1] == later


@pytest.mark.parametrize("empty", [[""] * 14, [""]], ids=["commas only", "nothing"])
def test_empty_row(data_copy, empty):
    rows = data_copy.rows("responders.csv")
    data_copy.write_rows("responders.csv", [*rows[:5], empty, *rows[5:]])
    problem = data_copy.only_problem()
    assert (problem["file"], problem["row"], problem["advice"]) == ("responders.csv", 6, "delete this row")


def test_missing_bibliography(data_copy):
    (data_copy.folder / "references.bib").unlink()
    assert data_copy.only_problem()["file"] == "references.bib"


def test_study_without_a_reference(data_copy):
    data_copy.replace("references.bib", "@article{lee2025,", "@article{le2025,")
    problems = data_copy.problems()
    assert problems["file"].tolist() == ["studies.csv", "references.bib"]
    assert problems.loc[0, ["row", "value"]].tolist() == [data_copy.row("studies.csv", study_id="lee2025"), "lee2025"]
    assert "@article{lee2025, …}" in problems.loc[0, "advice"]
    assert problems.loc[1, "value"] == "le2025"
    assert "write lee2025 if that is meant" in problems.loc[1, "advice"]


def test_reference_twice(data_copy):
    path = data_copy.folder / "references.bib"
    path.write_text(path.read_text(encoding="utf-8") + "\n@misc{lee2025,\n  title = {Again}\n}\n", encoding="utf-8")
    problem = data_copy.only_problem()
    assert (problem["file"], problem["value"]) == ("references.bib", "lee2025")
    assert "keys are unique" in problem["rule"]
