"""Single cells and keys that the dictionary refuses, each with file, row, column, value, rule and advice."""

from __future__ import annotations

import pytest

MANGNUS_T2 = {"timepoint": "T2 about 4 weeks"}
LEE = {"study_id": "lee2025"}

# file, row that is spoilt, column, value written, fragment of the rule, fragment of the advice
CELLS = [
    pytest.param(
        "pain_scores.csv",
        {"timepoint": "T1 end of infusion"},
        "value",
        "1,5",
        "a number, written with digits and a decimal point",
        "write 1.5 if that is meant",
        id="decimal comma",
    ),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "n",
        "1,5",
        "a whole number",
        "a decimal point (1.5), and this column takes no decimals",
        id="decimal comma in a count",
    ),
    pytest.param(
        "studies.csv",
        {"study_id": "tankha2025"},
        "n_enrolled",
        "1,034",
        "a whole number",
        "write 1034 if the comma separates thousands",
        id="comma between thousands",
    ),
    pytest.param(
        "responders.csv", MANGNUS_T2, "n", "48.0", "a whole number", "write 48", id="whole number with a point"
    ),
    pytest.param(
        "responders.csv", MANGNUS_T2, "n", "48.5", "a whole number", "takes no decimals", id="decimals in a count"
    ),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "percent_reported",
        "48%",
        "a number",
        "write 48 without the sign",
        id="percent sign",
    ),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "weeks_from_end",
        "4 weeks",
        "a number",
        "write 4 alone; the unit is weeks",
        id="unit in a number",
    ),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "weeks_from_end",
        "about four",
        "a number",
        "leave the cell empty and put the words",
        id="text in a number",
    ),
    pytest.param(
        "responders.csv", MANGNUS_T2, "weeks_from_end", "n/a", "a number", "an empty cell means not reported", id="n/a"
    ),
    pytest.param("responders.csv", MANGNUS_T2, "weeks_from_end", " 4.0", "a number", "delete the space", id="space"),
    pytest.param("responders.csv", MANGNUS_T2, "weeks_from_end", "nan", "a number", "leave the cell empty", id="nan"),
    pytest.param(
        "responders.csv", MANGNUS_T2, "weeks_from_end", "1_0", "a number", "write the number", id="underscore"
    ),
    pytest.param(
        "durations.csv",
        {"group": "T2"},
        "weeks_low",
        "04. Jan",
        "a number",
        "may have turned the number into a date",
        id="date",
    ),
    pytest.param(
        "durations.csv",
        {"group": "T2"},
        "weeks_low",
        "4/10",
        "a number",
        "may have turned the number into a date",
        id="fraction",
    ),
    pytest.param(
        "reported_tests.csv",
        {"outcome": "responder status"},
        "p_value",
        "<0.05",
        "a number",
        "has its own column, p_operator",
        id="sign in P",
    ),
    pytest.param(
        "pain_scores.csv",
        {"arm_id": "patil2012_crps"},
        "value",
        "−7.2",
        "a number",
        "an ordinary minus sign: -7.2",
        id="typographic minus",
    ),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "weeks_from_end",
        "-4",
        "at least 0 weeks",
        "look the value up",
        id="negative week",
    ),
    pytest.param(
        "durations.csv",
        {"group": "T2"},
        "weeks_low",
        "-4",
        "at least 0 weeks",
        "look the value up",
        id="negative weeks of benefit",
    ),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "percent_reported",
        "148",
        "at most 100 percent",
        "look the value up",
        id="over 100 percent",
    ),
    pytest.param(
        "reported_tests.csv",
        {"outcome": "responder status"},
        "p_value",
        "3",
        "at most 1",
        "look the value up",
        id="P over 1",
    ),
    pytest.param("studies.csv", LEE, "year", "205", "at least 1960", "Year of first publication", id="year"),
    pytest.param(
        "arms.csv",
        {"arm_id": "lee2025_ketamine"},
        "hours_per_day",
        "25",
        "at most 24",
        "24 = continuous",
        id="25 hours a day",
    ),
    pytest.param(
        "studies.csv",
        LEE,
        "design",
        "retrospective_cohrt",
        "is one of rct, crossover_rct",
        "write “retrospective_cohort” if that is meant",
        id="typo",
    ),
    pytest.param(
        "studies.csv",
        LEE,
        "design",
        "Retrospective cohort",
        "is one of rct",
        "write “retrospective_cohort”",
        id="other spelling",
    ),
    pytest.param(
        "sources.csv",
        {"source_id": "lucid_news"},
        "access",
        "Lay",
        "is one of full_text, abstract, secondary, lay",
        "write “lay”",
        id="capital",
    ),
    pytest.param(
        "arms.csv", {"arm_id": "lee2025_ketamine"}, "route", "iv ", "is one of iv", "write “iv”", id="space in a word"
    ),
    pytest.param(
        "arms.csv",
        {"arm_id": "lee2025_ketamine"},
        "route",
        "xyz",
        "is one of iv",
        "write one of iv, topical",
        id="no such word",
    ),
    pytest.param(
        "pain_scores.csv",
        {"timepoint": "T1 end of infusion"},
        "scale_max",
        "11",
        "is one of 10, 100",
        "write one of 10, 100",
        id="scale of 11",
    ),
    pytest.param("studies.csv", LEE, "design", "", "design is required", "fill it in: rct = randomised", id="required"),
    pytest.param(
        "responders.csv",
        MANGNUS_T2,
        "locator",
        "",
        "locator is required",
        "Where in the source it stands",
        id="no locator",
    ),
    pytest.param(
        "studies.csv",
        LEE,
        "doi",
        "https://doi.org/10.1000/1",
        "the form of 10.1111/papr.13056",
        "without https",
        id="doi as address",
    ),
    pytest.param(
        "studies.csv", LEE, "pmid", "PMID 1", "the form of 34233070", "Number of the record in PubMed", id="pmid"
    ),
    pytest.param(
        "sources.csv",
        {"source_id": "lucid_news"},
        "url",
        "www.lucid.news",
        "the form of https://",
        "Page address",
        id="address",
    ),
]


@pytest.mark.parametrize(("file", "match", "column", "value", "rule", "advice"), CELLS)
def test_one_wrong_cell(data_copy, file, match, column, value, rule, advice):
    row = data_copy.edit(file, match, {column: value})
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column", "value"]].tolist() == [file, row, column, value]
    assert rule in problem["rule"]
    assert advice in problem["advice"]


def test_name_of_a_study_that_is_no_name(data_copy):
    for file in (
        "studies.csv",
        "sources.csv",
        "arms.csv",
        "responders.csv",
        "durations.csv",
        "reported_tests.csv",
        "adverse_events.csv",
    ):
        rows = data_copy.rows(file)
        data_copy.write_rows(file, [["Lee 2025" if cell == "lee2025" else cell for cell in row] for row in rows])
    problems = data_copy.problems()
    named = problems[problems["rule"].str.contains("has the form of mangnus2022")]
    assert set(named["file"]) == {"studies.csv", "sources.csv"}
    assert named["advice"].str.contains("lower-case letters, digits and underscores").any()


@pytest.mark.parametrize(("file", "column"), [("responders.csv", "weeks_from_end"), ("responders.csv", "locator")])
def test_a_cell_that_only_looks_empty(data_copy, file, column):
    row = data_copy.edit(file, MANGNUS_T2, {column: "  "})
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column", "advice"]].tolist() == [file, row, column, "delete the spaces in it"]


ORPHANS = [
    pytest.param("responders.csv", MANGNUS_T2, "arm_id", "mangnus2022_skat", "arms.csv", "mangnus2022_sket", id="arm"),
    pytest.param(
        "durations.csv",
        {"group": "T2"},
        "arm_id",
        "mangnus2022_skat",
        "arms.csv",
        "mangnus2022_sket",
        id="arm of a duration",
    ),
    pytest.param(
        "arms.csv",
        {"arm_id": "cohen2023_smp"},
        "contained_in",
        "cohen2023_al",
        "arms.csv",
        "cohen2023_all",
        id="whole of an arm",
    ),
    pytest.param(
        "responders.csv", MANGNUS_T2, "source_id", "mangnus2022", "sources.csv", "mangnus2022_abs", id="source"
    ),
    pytest.param(
        "reviews.csv",
        {"review_id": "xu2016"},
        "source_id",
        "xu2016",
        "sources.csv",
        "xu2016_abs",
        id="source of a review",
    ),
    pytest.param(
        "patient_level.csv",
        {"study_id": "shirani2008"},
        "study_id",
        "shirani2009",
        "studies.csv",
        "shirani2008",
        id="study",
    ),
    pytest.param(
        "conflicts.csv",
        {"field": "responder definition"},
        "source_b",
        "crps_review",
        "sources.csv",
        "crps_review_table",
        id="source of a conflict",
    ),
]


@pytest.mark.parametrize(("file", "match", "column", "value", "target", "nearest"), ORPHANS)
def test_orphans(data_copy, file, match, column, value, target, nearest):
    row = data_copy.edit(file, match, {column: value})
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column", "value"]].tolist() == [file, row, column, value]
    assert f"every {column} stands in {target}" in problem["rule"]
    assert problem["advice"] == f"add it to {target} first, or write “{nearest}” if that is meant"


@pytest.mark.parametrize("file", ["sources.csv", "conflicts.csv"])
def test_a_source_or_conflict_of_neither_study_nor_review(data_copy, file):
    match = {"source_id": "zhu2024_abs"} if file == "sources.csv" else {"field": "responder definition"}
    row = data_copy.edit(file, match, {"study_id": "zhu_2024"})
    problems = data_copy.problems()
    problem = problems[problems["rule"] == "study_id is a study of studies.csv or a review of reviews.csv"].iloc[0]
    assert problem[["file", "row", "column", "value"]].tolist() == [file, row, "study_id", "zhu_2024"]
    assert "zhu2024" in problem["advice"]


def test_orphan_arm_row(data_copy):
    """An arm that is deleted leaves its results without an arm: each of them is named."""
    rows = data_copy.rows("arms.csv")
    data_copy.write_rows("arms.csv", [row for row in rows if row[0] != "sunder2008_block"])
    problems = data_copy.problems()
    assert list(zip(problems["file"], problems["value"], strict=True)) == [
        ("responders.csv", "sunder2008_block"),
        ("adverse_events.csv", "sunder2008_block"),
    ]


def test_duplicate_id(data_copy):
    first = data_copy.row("arms.csv", arm_id="mangnus2022_sket")
    rows = data_copy.rows("arms.csv")
    data_copy.write_rows("arms.csv", [*rows, rows[first - 1]])
    problems = data_copy.problems()
    problem = problems.iloc[-1] if problems.iloc[-1]["column"] == "arm_id" else problems.iloc[0]
    assert problem[["file", "row", "column", "value"]].tolist() == [
        "arms.csv",
        len(rows) + 1,
        "arm_id",
        "mangnus2022_sket",
    ]
    assert problem["rule"] == f"each arm_id stands once; this one is already in row {first}"
    assert "delete the row if it was copied by mistake" in problem["advice"]


def test_duplicate_row_of_results(data_copy):
    first = data_copy.row("responders.csv", **MANGNUS_T2)
    rows = data_copy.rows("responders.csv")
    data_copy.write_rows("responders.csv", [*rows, rows[first - 1]])
    problem = data_copy.problems().iloc[0]
    assert problem["column"] == "arm_id + timepoint + definition"
    assert problem["rule"].endswith(f"this one is already in row {first}")


def test_duplicate_citation(data_copy):
    row = data_copy.edit("studies.csv", {"study_id": "tankha2025"}, {"citation": "Mangnus et al. 2021"})
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column"]].tolist() == ["studies.csv", row, "citation"]
