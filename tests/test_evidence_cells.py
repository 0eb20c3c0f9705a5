"""Single cells and keys that the dictionary refuses, each with file, row, column, value, rule and advice."""

from __future__ import annotations

import pytest
from broken_rows import assert_problem, broken_rows, pairs

MANGNUS_T2 = {"timepoint": "T2 about 4 weeks"}


@pytest.mark.slow
@pytest.mark.parametrize("broken", broken_rows("evidence_cells"), ids=lambda broken: broken["case"])
def test_one_wrong_cell(data_copy, broken):
    changes = pairs(broken["changes"])
    row = data_copy.edit(broken["file"], pairs(broken["where"]), changes)
    problem = data_copy.only_problem()
    assert problem[["file", "row"]].tolist() == [broken["file"], row]
    assert_problem(problem, broken, changes)


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


@pytest.mark.slow
@pytest.mark.parametrize(("file", "match", "column", "value", "target", "nearest"), ORPHANS)
def test_orphans(data_copy, file, match, column, value, target, nearest):
    row = data_copy.edit(file, match, {column: value})
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column", "value"]].tolist() == [file, row, column, value]
    assert f"every {column} is in {target}" in problem["rule"]
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
    """Deleting an arm makes its results invalid; each is reported."""
    rows = data_copy.rows("arms.csv")
    data_copy.write_rows("arms.csv", [row for row in rows if row[1] != "sunder2008_block"])
    problems = data_copy.problems()
    assert list(zip(problems["file"], problems["value"], strict=True)) == [
        ("datapackage.yaml", next(row[0] for row in rows if row[1] == "sunder2008_block")),
        ("responders.csv", "sunder2008_block"),
        ("adverse_events.csv", "sunder2008_block"),
    ]


def test_duplicate_id(data_copy):
    first = data_copy.row("arms.csv", arm_id="mangnus2022_sket")
    rows = data_copy.rows("arms.csv")
    copied = [f"arms-{len(rows) + 1}", *rows[first - 1][1:]]
    data_copy.write_rows("arms.csv", [*rows, copied])
    problems = data_copy.problems()
    problem = problems.iloc[-1] if problems.iloc[-1]["column"] == "arm_id" else problems.iloc[0]
    assert problem[["file", "row", "column", "value"]].tolist() == [
        "arms.csv",
        len(rows) + 1,
        "arm_id",
        "mangnus2022_sket",
    ]
    assert problem["rule"] == f"each arm_id occurs once; this one is already in row {first}"
    assert "delete the row if it was copied by mistake" in problem["advice"]


def test_duplicate_row_of_results(data_copy):
    first = data_copy.row("responders.csv", **MANGNUS_T2)
    rows = data_copy.rows("responders.csv")
    data_copy.write_rows("responders.csv", [*rows, rows[first - 1]])
    problem = data_copy.problems().iloc[0]
    assert problem["column"] == "arm_id + timepoint + definition"
    assert problem["rule"].endswith(f"this one is already in row {first}")


def test_duplicate_citation(data_copy):
    row = data_copy.edit("studies.csv", {"study_id": "ocker2020"}, {"citation": "Kirkpatrick et al. 2020"})
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column"]].tolist() == ["studies.csv", row, "citation"]
