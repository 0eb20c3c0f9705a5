"""One report for each site, regimen or year of a cohort, and the names of their folders."""

from __future__ import annotations

import re
import types

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.parameters import check_values, find_notebook
from analysis.paths import ROOT
from analysis.reporting.batch import axes
from analysis.reporting.batch.axes import cohort_values
from analysis.reporting.batch.naming import folder_name, name_problem, same_on_disk, slugs
from analysis.reporting.batch.plan import PlanError, read_plan
from analysis.reporting.provenance import command
from analysis.tabular.problems import DataError, Problem

PARAMETERS = """
cohort: str = "data/cohorts/synthetic-example.csv"  # the table of patients
sites: list[str] = []  # the sites that count
cohort_regimens: list[str] = []  # the regimens that count
years: list[str] = []  # the years that count
"""
COURSES = pd.DataFrame(
    {
        "patient": [0, 1, 2, 3, 4],
        "site": pd.Categorical(["South", "North", "South", None, "Öst, upper"]),
        "regimen_class": pd.Categorical(["anesthetic", "anesthetic", "topical", "topical", None]),
        "year": pd.array([2021, 2020, 2021, 2020, None], dtype="Int16"),
    }
)


@pytest.fixture
def cohort(tmp_path, monkeypatch):
    """A notebook with a cohort's parameters, a cohort file, and a loader that counts its calls."""
    notebook = tmp_path / "visits.ipynb"
    cell = nbformat.v4.new_code_cell(PARAMETERS.strip(), metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Visits"), cell]), notebook)
    file = tmp_path / "clinic.csv"
    file.write_text("one cohort")
    loaded = []

    def load(path, *_):
        loaded.append(path)
        return types.SimpleNamespace(courses=COURSES)

    fake = types.ModuleType("analysis.outcomes.cohort")
    fake.load = load
    monkeypatch.setitem(__import__("sys").modules, "analysis.outcomes.cohort", fake)
    monkeypatch.setattr("analysis.outcomes.cohort", fake, raising=False)
    return types.SimpleNamespace(notebook=notebook, file=file, loaded=loaded, module=fake, folder=tmp_path)


def planned(cohort, *entries: str, known=dict):
    lines = "".join(f"- {{notebook: {cohort.notebook}, {entry}}}\n" for entry in entries)
    (cohort.folder / "batch.yml").write_text(f"reports:\n{lines}", encoding="utf-8")
    return read_plan(cohort.folder / "batch.yml", known)


def test_one_report_for_each_site(cohort):
    made = planned(cohort, f"name: clinic, parameters: {{cohort: {cohort.file}}}, matrix: {{sites: each_in_cohort}}")
    assert [report.name for report in made.reports] == ["clinic-north", "clinic-south", "clinic-öst-upper"]
    assert [report.overrides["sites"] for report in made.reports] == [("North",), ("South",), ("Öst, upper",)]
    assert {report.problem for report in made.reports} == {""}


def test_two_columns_make_only_the_combinations_that_occur(cohort):
    made = planned(
        cohort,
        f"name: c, parameters: {{cohort: {cohort.file}}}, matrix: {{years: each_in_cohort, sites: each_in_cohort}}",
    )
    assert [report.name for report in made.reports] == ["c-2020-north", "c-2021-south"]
    assert made.reports[0].overrides == {"cohort": str(cohort.file), "years": ("2020",), "sites": ("North",)}


def test_another_axis_multiplies(cohort):
    made = planned(
        cohort,
        f"name: c, parameters: {{cohort: {cohort.file}}}, matrix: {{years: [[], ['2020']], sites: each_in_cohort}}",
    )
    assert [report.name for report in made.reports] == [
        *("c-years-all-north", "c-years-all-south", "c-years-all-öst-upper"),
        *("c-2020-north", "c-2020-south", "c-2020-öst-upper"),
    ]


def test_a_cohort_is_loaded_once_for_all_entries_and_not_at_all_if_known(cohort):
    entries = [
        f"name: n{n}, parameters: {{cohort: {cohort.file}}}, matrix: {{{name}: each_in_cohort}}"
        for n, name in enumerate(("sites", "years", "cohort_regimens"))
    ]
    first = planned(cohort, *entries)
    assert len(cohort.loaded) == 1
    again = planned(cohort, *entries, known=lambda: first.cohorts)
    assert len(cohort.loaded) == 1
    assert again.reports == first.reports
    cohort.file.write_text("other content")
    planned(cohort, *entries, known=lambda: first.cohorts)
    assert len(cohort.loaded) == 2


def test_a_cohort_with_wrong_rows_fails_its_reports_alone(cohort):
    wrong = [Problem("clinic.csv", row, "nrs", "12", "0 to 10", "correct it") for row in (4, 9)]

    def load(path, *_):
        cohort.loaded.append(path)
        raise DataError(wrong)

    cohort.module.load = load
    entry = f"parameters: {{cohort: {cohort.file}}}, matrix: {{sites: each_in_cohort}}"
    made = planned(cohort, f"name: clinic, {entry}", f"name: again, {entry}", "name: plain")
    assert len(cohort.loaded) == 1, "checked once, not once a report"
    bad, again, good = made.reports
    assert bad.problem == again.problem
    assert bad.problem == (
        "2 problems in the data: clinic.csv, row 4, column nrs: 0 to 10; clinic.csv, row 9, column nrs: 0 to 10. What "
        f"to do: Run python -m analysis check --cohort {cohort.file.name}, which shows each value and what to do."
    )
    assert (good.name, good.problem) == ("plain", "")


def test_a_cohort_without_the_column_has_a_message(cohort):
    cohort.module.load = lambda path, *_: types.SimpleNamespace(courses=COURSES.assign(site=pd.Categorical([None] * 5)))
    (report,) = planned(
        cohort, f"name: c, parameters: {{cohort: {cohort.file}}}, matrix: {{sites: each_in_cohort}}"
    ).reports
    assert report.problem == f"the cohort {cohort.file.name} has no course with a site: nothing to split it by"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("parameters: {cohort: none.csv}, matrix: {sites: each_in_cohort}", "cohort 'none.csv': there is no such file"),
        ("matrix: {sites: each_in_cohrt}", "a list of values or one of: each_in_cohort is needed"),
        ("name: aux", "Windows does not allow a folder with this name"),
    ],
)
def test_what_is_no_plan(cohort, entry, why):
    with pytest.raises(PlanError, match=re.escape(why)):
        planned(cohort, entry)


def test_a_notebook_without_a_cohort_cannot_be_split(tmp_path):
    (tmp_path / "batch.yml").write_text("reports: [{notebook: evidence-report, matrix: {sites: each_in_cohort}}]")
    with pytest.raises(PlanError, match="needs a notebook with the parameter `cohort`"):
        read_plan(tmp_path / "batch.yml")


def test_the_example_has_a_report_for_each_of_its_sites():
    parts = axes.cohort_parts(ROOT / "data/cohorts/synthetic-example.csv", "synthetic-example.csv")
    sites = [values["sites"] for values in cohort_values(parts, ["sites"])]
    assert len(sites) == 5
    assert list(slugs(sites).values()) == [site.lower().replace(" ", "-") for site in sites]


def test_a_real_cohort_with_wrong_rows_names_no_patient(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("patient_id,visit,weeks_from_end,nrs\nsecret1,baseline,,12\nsecret1,end_of_infusion,0,x\n")
    with pytest.raises(axes.CohortUnusable, match=r"2 problems in the data: bad\.csv, row 2, column nrs: ") as caught:
        axes.cohort_parts(bad, "bad.csv")
    assert "secret" not in str(caught.value)


HOSTILE = [
    "../../x",
    "CON",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "\u202egnp.exe",
    "東京",
    "大阪",
    "🙂",
    "a" * 10_000,
    "a" * 10_001,
    "North",
    "NORTH",
    "north ",
    "İstanbul",
    ".",
    "x\x00y",
]


def test_hostile_names_become_plain_folders():
    names = slugs(HOSTILE)
    assert len({same_on_disk(name) for name in names.values()}) == len(HOSTILE)
    assert all(folder_name(name) == name and len(name.encode()) <= 60 for name in names.values())
    assert names["../../x"] == "x"
    assert (names["東京"], names["大阪"], names["İstanbul"]) == ("東京", "大阪", "i\u0307stanbul")
    assert names["North"].startswith("north-") and names["North"] != names["NORTH"]


@given(st.lists(st.text(), unique=True, max_size=12))
def test_no_two_texts_share_a_folder(texts):
    names = slugs(texts)
    assert len({same_on_disk(name) for name in names.values()}) == len(texts)
    assert all(name and folder_name(name) == name for name in names.values())


def test_a_crafted_name_cannot_replace_another_report():
    first = slugs(["North", "NORTH"])
    crafted = [*first, first["North"]]
    assert len(set(slugs(crafted).values())) == 3


def test_hostile_sites_stay_in_the_output_folder(cohort):
    courses = pd.DataFrame({"site": HOSTILE, "regimen_class": "topical", "year": 2020})
    cohort.module.load = lambda path, *_: types.SimpleNamespace(courses=courses)
    made = planned(cohort, f"name: c, parameters: {{cohort: {cohort.file}}}, matrix: {{sites: each_in_cohort}}")
    assert sorted(report.overrides["sites"][0] for report in made.reports) == sorted(HOSTILE)
    for report in made.reports:
        assert report.name.startswith("c-")
        assert name_problem(report.name) == ""
        assert (cohort.folder / report.name).resolve().parent == cohort.folder.resolve()


@pytest.mark.parametrize("site", ["Berlin, Mitte", "[x]", " y", "(z)", 'say "hi", all', "plain", "-p"])
def test_the_command_of_a_report_names_the_same_site(cohort, site):
    import shlex

    notebook = find_notebook(cohort.notebook)
    words = shlex.split(command(notebook, {"sites": (site,)}))
    assert check_values(notebook, dict([words[-1].split("=", 1)]))["sites"] == (site,)


def test_values_are_sorted_and_without_gaps():
    parts = [["b", "x", "2020"], ["A", "", "2021"], ["", "y", "2020"]]
    assert cohort_values(parts, ["sites"]) == [{"sites": "A"}, {"sites": "b"}]
    assert cohort_values(parts, ["cohort_regimens", "sites"]) == [{"cohort_regimens": "x", "sites": "b"}]
