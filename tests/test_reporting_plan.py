"""The list of reports: the plan made from it, and its problems."""

from __future__ import annotations

import csv

import pytest
from reporting_samples import SAMPLE

from analysis import paths
from analysis.parameters import find_notebook
from analysis.reporting.batch import axes
from analysis.reporting.batch.naming import report_name
from analysis.reporting.batch.plan import PlanError, read_plan, studies_with_outcomes


@pytest.fixture
def reading(tmp_path):
    """Reads a plan from text."""

    def make(text: str):
        path = tmp_path / "batch.yml"
        path.write_text(text, encoding="utf-8")
        return read_plan(path)

    return make


def refused(reading, text: str) -> list[str]:
    with pytest.raises(PlanError) as caught:
        reading(text)
    return list(caught.value.problems)


def test_a_matrix_becomes_one_report_for_each_combination(reading):
    made = reading(f"""
        reports:
          - notebook: {SAMPLE}
            parameters: {{studies: [mangnus2022]}}
            matrix: {{routes: [iv, [iv, oral], []], level: [0.9, 0.95]}}
            formats: [html]
    """).reports
    assert [report.name for report in made] == [
        "sample-mangnus2022-iv-level-0-9",
        "sample-mangnus2022-iv-level-0-95",
        "sample-mangnus2022-iv-oral-level-0-9",
        "sample-mangnus2022-iv-oral-level-0-95",
        "sample-mangnus2022-routes-all-level-0-9",
        "sample-mangnus2022-routes-all-level-0-95",
    ]
    assert made[2].overrides == {"studies": ("mangnus2022",), "routes": ("iv", "oral"), "level": 0.9}
    assert made[0].formats == ("html",)


def test_names_derive_from_what_differs():
    notebook = find_notebook(SAMPLE)
    assert report_name("sample", notebook, {}) == "sample"
    assert report_name("sample", notebook, {"level": 0.95, "stop": True, "title": "X"}) == "sample-stop-true"
    long = report_name("sample", notebook, {"studies": tuple(f"author{n}" for n in range(40))})
    assert 70 < len(long) <= 80
    assert long != report_name("sample", notebook, {"studies": tuple(f"author{n}" for n in range(41))})


def test_a_report_name_is_used_and_extended_by_a_matrix(reading):
    made = reading(f"""
        groups: {{first: "What is first?", second: "What is second?"}}
        reports:
          - {{notebook: {SAMPLE}, name: wide, group: second, title: Wider, parameters: {{level: 0.9}}}}
          - {{notebook: {SAMPLE}, name: each, group: first, parameters: {{stop: true}}, matrix: {{level: [0.8, 0.9]}}}}
    """)
    assert [report.name for report in made.reports] == ["wide", "each-level-0-8", "each-level-0-9"]
    assert made.reports[0].title == "Wider"
    assert made.groups == {"first": "What is first?", "second": "What is second?"}


def test_without_groups_the_notebook_titles_are_the_headings(reading):
    assert reading(f"reports: [{{notebook: {SAMPLE}}}]").groups == {"Sample report": "Sample report"}


def test_with_outcomes_finds_every_study_with_an_outcome_row(reading, data_folder):
    names = studies_with_outcomes()
    with (data_folder / "studies.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["study_id"] for row in csv.DictReader(file) if row["study_id"] in names] == names
    assert "mangnus2022" in names
    assert "mangnus2023" not in names, "a protocol has no results"
    made = reading("reports: [{notebook: study-report, matrix: {study_id: with_outcomes}}]").reports
    assert [report.overrides["study_id"] for report in made] == names


def test_a_new_study_appears_by_itself(data_copy, monkeypatch):
    before = studies_with_outcomes()
    rows = data_copy.rows("adverse_events.csv")
    new = list(rows[1])
    new[rows[0].index("study_id")] = "mangnus2023"
    data_copy.write_rows("adverse_events.csv", [*rows, new])
    monkeypatch.setattr(axes, "DATA", data_copy.folder)
    assert set(studies_with_outcomes()) - set(before) == {"mangnus2023"}


def test_two_reports_of_one_name_are_refused(reading):
    problems = refused(
        reading, f"reports: [{{notebook: {SAMPLE}}}, {{notebook: {SAMPLE}, parameters: {{title: Other}}}}]"
    )
    assert problems == ["2 reports would be written to 'sample'; choose another `name`."]


def test_all_problems_of_a_plan_are_reported_at_once(reading):
    problems = refused(
        reading,
        f"""
        groups: {{a: A}}
        raports: []
        reports:
          - {{notebook: evidence-raport}}
          - {{notebook: {SAMPLE}, parameters: {{levl: 0.9, routes: [orl]}}}}
          - {{notebook: {SAMPLE}, name: Bad Name, group: b}}
          - {{notebook: {SAMPLE}, paramters: {{}}, formats: [docx]}}
          - notebook: {SAMPLE}
            parameters: {{level: 0.9}}
            matrix: {{level: [0.8], studies: with_outcomes}}
          - just words
        """,
    )
    expected = [
        "batch.yml: no such key 'raports'; nearest: 'reports'",
        "report 1: No notebook 'evidence-raport'; nearest: 'evidence-report'",
        "report 2: sample: no parameter 'levl'; nearest: 'level'",
        "report 2: sample: routes: 'orl' is not allowed; nearest: 'oral'",
        "report 3: no group 'b'",
        "report 3: name 'Bad Name': only lower-case letters",
        "report 4: no such key 'paramters'; nearest: 'parameters'",
        "report 4: formats ['docx'] not allowed. Allowed: html, pdf.",
        "report 5: level: in both `parameters` and `matrix`",
        "report 5: matrix studies: a list of values is needed, not 'with_outcomes'",
        "report 6: needs a `notebook`",
    ]
    for words in expected:
        assert any(words in problem for problem in problems), words
    assert len(problems) == len(expected)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "needs a list `reports`"),
        ("reports: []", "needs a list `reports`"),
        ("reports: {notebook: x}", "needs a list `reports`"),
        ("reports: [", "is not valid YAML"),
        ("reports: [{notebook: a, notebook: b}]", "'notebook' appears twice"),
        (f"reports: [{{notebook: {SAMPLE}, matrix: {{level: 0.9}}}}]", "matrix level: a list of values is needed"),
        (f"reports: [{{notebook: {SAMPLE}, matrix: [level]}}]", "are mappings"),
    ],
)
def test_what_is_no_plan(reading, text, why):
    assert why in refused(reading, text)[0]


def test_a_missing_plan(tmp_path):
    with pytest.raises(PlanError, match="can't be read"):
        read_plan(tmp_path / "none.yml")


def test_the_plan_of_the_repository_is_sound():
    made = read_plan(paths.ROOT / "reports" / "batch.yml").reports
    used = {report.notebook.name for report in made}
    assert used >= {"evidence-report", "study-report", "01-evidence-map", "04-durations-of-benefit"}
    studies = [report.overrides["study_id"] for report in made if report.notebook.name == "study-report"]
    assert studies == studies_with_outcomes()
    assert any(not report.overrides for report in made if report.notebook.name == "evidence-report")


def test_the_paper_of_all_pdfs(reading):
    from analysis.reporting.batch.build import input_hash

    text = f"paper: {{}}\nreports:\n  - notebook: {SAMPLE}\n"
    assert reading(text.format("letter")).paper == "letter"
    assert reading(text.replace("paper: {}\n", "")).paper == "a4"
    assert refused(reading, text.format("legal")) == ["batch.yml: paper 'legal' not allowed. Allowed: a4, letter."]
    (report,) = reading(text.format("letter")).reports
    common = {"data": {"hash": "d"}, "code": {"hash": "c"}, "versions": {}}
    # another paper is another report: it is built again
    assert input_hash(report, common, {}) != input_hash(report, {**common, "paper": "letter"}, {})


def test_a_broken_notebook_costs_its_own_report(reading, tmp_path):
    (tmp_path / "draft.ipynb").write_text("{")
    made = reading(f"""
        reports:
          - {{notebook: {tmp_path}/draft.ipynb, matrix: {{level: [0.9]}}}}
          - {{notebook: {SAMPLE}}}
    """).reports
    assert [(report.name, bool(report.problem)) for report in made] == [("draft", True), ("sample", False)]
    assert made[0].problem.startswith("draft.ipynb: is not a Jupyter notebook")
