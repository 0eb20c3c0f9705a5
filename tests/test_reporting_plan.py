"""The list of reports: the plan made from it, and its problems."""

from __future__ import annotations

import csv

import pytest
from reporting_samples import SAMPLE

from analysis import paths
from analysis.parameters import find_notebook
from analysis.reporting.batch import axes
from analysis.reporting.batch import plan as plan_module
from analysis.reporting.batch.naming import report_name
from analysis.reporting.batch.plan import PlanError, every_study, read_plan


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


def test_every_study_has_a_report(reading, data_folder):
    names = every_study()
    with (data_folder / "studies.csv").open(encoding="utf-8-sig", newline="") as file:
        assert names == [row["study_id"] for row in csv.DictReader(file)]
    made = reading("reports: [{notebook: study-report, matrix: {study_id: every_study}}]").reports
    assert [report.overrides["study_id"] for report in made] == names


def test_a_new_study_appears_by_itself(data_copy, monkeypatch):
    before = every_study()
    rows = data_copy.rows("studies.csv")
    new = list(rows[1])
    new[rows[0].index("study_id")] = "new2027"
    data_copy.write_rows("studies.csv", [*rows, new])
    monkeypatch.setattr(axes, "DATA", data_copy.folder)
    assert set(every_study()) - set(before) == {"new2027"}


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
          - {{notebook: {SAMPLE}, paramters: {{}}, formats: [odt]}}
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
        "report 4: formats ['odt'] not allowed. Allowed: html, pdf, docx.",
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
        ("reports: [{notebook: a, notebook: b}]", "batch.yml, line 1: 'notebook' appears twice"),
        ("paper: [a4]\nreports: [{notebook: evidence-report}]", "paper ['a4'] not allowed. Allowed: a4, letter."),
        ("reports: [{notebook: [a]}]", "notebook ['a'] is no text; put it in quotes."),
        ("reports: [{notebook: evidence-report, group: [1]}]", "group [1] is no text; put it in quotes."),
        ("reports: [{notebook: evidence-report, name: 1e3}]", "name 1000.0 is no text; put it in quotes."),
        ("reports: [{notebook: evidence-report, title: true}]", "title True is no text; put it in quotes."),
        ("reports: [{notebook: evidence-report, formats: {a: b}}]", "formats {'a': 'b'} not allowed."),
        ("reports: [{notebook: evidence-report, timeout: 1:30}]", "timeout '1:30' not allowed."),
        ("reports: [{notebook: evidence-report, parameters: {level: 010}}]", "'010' is no number; write it without"),
        ("reports: [{notebook: evidence-report, parameters: {weight_kg: 1_00}}]", "'1_00' is no number"),
        ("reports: [{notebook: evidence-report, parameters: {contained_arms: on}}]", "'on' is neither true nor false"),
        (f"reports: [{{notebook: evidence-report, parameters: {{level: {'9' * 400}}}}}]", "is no number"),
        ("reports: [{notebook: '" + "x" * 5000 + ".ipynb'}]", "No notebook"),
        (
            "reports: [{notebook: cohort-report, parameters: {cohort: ~nobody/x}, matrix: {sites: each_in_cohort}}]",
            "there is no such file",
        ),
        (f"reports: [{{notebook: {SAMPLE}, matrix: {{level: 0.9}}}}]", "matrix level: a list of values is needed"),
        (f"reports: [{{notebook: {SAMPLE}, matrix: [level]}}]", "are mappings"),
    ],
)
def test_what_is_no_plan(reading, text, why):
    assert why in refused(reading, text)[0]


def test_a_missing_plan(tmp_path):
    with pytest.raises(PlanError, match="can't be read"):
        read_plan(tmp_path / "none.yml")
    with pytest.raises(PlanError, match="it is a folder, not a file"):
        read_plan(tmp_path)


def test_plain_yaml_works(reading):
    made = reading(f"""
        groups: {{1: First, 2: 2024}}
        reports:
          - &e {{notebook: {SAMPLE}, name: 5, group: 1, title: 2024-01-01, parameters: {{title: yes}}}}
          - {{<<: *e, name: 010, group: 2, title: 7}}
    """)
    assert [(report.name, report.title) for report in made.reports] == [("5", "2024-01-01"), ("010", "7")]
    assert [report.overrides["title"] for report in made.reports] == ["yes", "yes"]
    assert type(made.reports[0].overrides["title"]) is str
    assert made.groups == {"1": "First", "2": "2024"}


def test_a_character_that_can_not_be_shown_costs_its_reports_alone(reading):
    made = reading(f"""
        reports:
          - {{notebook: {SAMPLE}, name: lost, title: "half \\ud800 of a pair"}}
          - {{notebook: {SAMPLE}, name: whole, title: "\\ud83d\\ude00"}}
          - {{notebook: {SAMPLE}, name: null-character, parameters: {{title: "a\\0b"}}}}
    """).reports
    assert [bool(report.problem) for report in made] == [True, False, True]
    assert "report 1: the character U+D800 can't be shown" in made[0].problem
    assert "report 3: the character U+0000 can't be shown" in made[2].problem
    assert made[1].title == "😀"
    assert str(made).encode("utf-8")


@pytest.mark.slow
def test_more_reports_than_a_list_may_make(reading):
    levels = [f"0.{digits}" for digits in range(6000, 6101)]
    weights = [29.5, *range(30, 129)]
    matrix = f"{{level: [{', '.join(levels)}], weight_kg: [{', '.join(map(str, weights))}]}}"
    (problem,) = refused(reading, f"reports: [{{notebook: evidence-report, matrix: {matrix}}}]")
    assert problem == "batch.yml, report 1: the matrix makes 10,100 reports; at most 10,000 are allowed."
    entry = f"{{notebook: {SAMPLE}, matrix: {{level: [{', '.join(levels[:100])}]}}}}"
    (problem,) = refused(reading, f"e: &e {entry}\nreports: [{', '.join(['*e'] * 101)}]")
    assert problem == "batch.yml: a list makes at most 10,000 reports; divide it."


def test_a_list_that_is_too_long_is_refused_before_its_notebooks_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(plan_module, "find_notebook", lambda name: pytest.fail("looked for"))
    (tmp_path / "long.yml").write_text("reports: [" + "{notebook: a}, " * 10_001 + "]")
    with pytest.raises(PlanError, match=r"long\.yml: a list makes at most 10,000 reports; divide it"):
        read_plan(tmp_path / "long.yml")


def test_the_plan_of_the_repository_is_sound():
    made = read_plan(paths.ROOT / "reports" / "batch.yml").reports
    used = {report.notebook.name for report in made}
    assert used >= {"evidence-report", "study-report", "01-evidence-map", "04-durations-of-benefit"}
    studies = [report.overrides["study_id"] for report in made if report.notebook.name == "study-report"]
    assert studies == every_study()
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
