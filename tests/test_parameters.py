"""Parameters: reading the cell of a notebook, checking values, messages."""

from __future__ import annotations

import json
import os

import pytest
from papermill.translators import translate_parameters
from reporting_samples import SAMPLE

from analysis.parameters import (
    REGISTRY,
    ParameterError,
    all_notebooks,
    check_parameters,
    check_values,
    find_notebook,
    read_notebook,
)
from analysis.parameters.parameter import Parameter, check_value
from analysis.parameters.registry import File
from analysis.paths import ROOT
from analysis.reporting import privacy, provenance
from analysis.reporting.batch.naming import report_name


@pytest.fixture
def notebook(tmp_path):
    """Return a function that writes a notebook with a parameters cell."""

    def make(*cells: str):
        path = tmp_path / "n.ipynb"
        content = [
            {"cell_type": "code", "source": cell, "metadata": {"tags": ["parameters"]}, "outputs": []} for cell in cells
        ]
        path.write_text(json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return make


def refused(call, *arguments, **values) -> list[str]:
    with pytest.raises(ParameterError) as caught:
        call(*arguments, **values)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert caught.value._render_traceback_() == list(caught.value.problems)
    return list(caught.value.problems)


def test_reads_name_type_default_and_meaning():
    found = find_notebook(SAMPLE)
    assert found.title == "Sample report"
    first, second, third = found.parameters[:3]
    assert (first.name, first.type, first.default, first.meaning) == ("studies", "list[str]", (), "studies shown")
    assert second.default == ("iv",)
    assert (third.type, third.default) == ("float", 0.95)


def test_a_meaning_may_be_on_any_line_of_a_long_value(notebook):
    path = notebook("routes: list[str] = [\n    'iv',  # ways in\n    'oral',\n]  # that count")
    assert read_notebook(path).parameters[0].meaning == "ways in that count"


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("level: float = 95  # level", "default of level: 95 is not allowed; nearest: 0.95"),
        ("level: float", "line 1: level has no default"),
    ],
)
def test_a_parameters_cell_that_is_wrong(notebook, cell, why):
    (problem,) = refused(read_notebook, notebook(cell))
    assert problem.startswith("n.ipynb")
    assert why in problem


@pytest.mark.parametrize(
    ("cell", "name", "kind", "default"),
    [
        ("alpha = 0.6", "alpha", "float", 0.6),
        ("n = -3  # patients", "n", "int", -3),
        ("when = None", "when", "any", None),
        ("on = False", "on", "bool", False),
        ("who = 'ward A'", "who", "str", "ward A"),
        ("wards = ['A', 'B']", "wards", "list[str]", ["A", "B"]),
        ("wards = []", "wards", "list", []),
        ("pair = (1, 2)", "pair", "list", (1, 2)),
        ("rows = [1, 'a', None]", "rows", "list", [1, "a", None]),
        ("by = {'a': {'b': [1.5]}}", "by", "dict", {"a": {"b": [1.5]}}),
        ("by: dict = {}", "by", "dict", {}),
        ("n: int | None = None  # patients", "n", "any", None),
        ("day = date(2024, 1, 1)", "day", "any", "date(2024, 1, 1)"),
        ("share = 1 - 0.05", "share", "any", "1 - 0.05"),
        ("kinds = {1, 2}", "kinds", "any", "{1, 2}"),
        ("by = {1: 'a'}", "by", "any", "{1: 'a'}"),
        ("%matplotlib inline\nn = 3", "n", "int", 3),
        ('"All of them."\nimport os\nprint(1)\na = b = 2', "b", "int", 2),
        ("n = 1\nn = 2", "n", "int", 2),
    ],
)
def test_the_type_of_a_parameter_without_a_hint_is_that_of_its_default(notebook, cell, name, kind, default):
    found = read_notebook(notebook(cell))
    parameter = found.parameters[-1]
    assert (parameter.name, parameter.type, parameter.default, parameter.inferred) == (name, kind, default, True)
    assert found.remark.startswith("types of parameters inferred from their defaults: ")
    assert f"{name}: {kind}" in found.remark
    assert check_values(found, {}) == found.defaults
    assert "no parameter 'alhpa'" in refused(check_values, found, {"alhpa": 1})[0]


def test_a_hint_states_the_type_also_of_a_computed_default(notebook):
    found = read_notebook(notebook("share: float = 1 - 0.05"))
    assert (found.parameters[0].type, found.parameters[0].default, found.remark) == ("float", "1 - 0.05", "")
    assert check_values(found, {"share": "0.5"}) == {"share": 0.5}
    assert "'half' is no number" in refused(check_values, found, {"share": "half"})[0]


@pytest.mark.parametrize(
    ("default", "given", "value"),
    [
        ("0.6", "1", 1.0),
        ("None", "2024-03-01", "2024-03-01"),
        ("None", "3", 3),
        ("None", "None", None),
        ("None", "[1, 'a']", [1, "a"]),
        ("None", {"a": None}, {"a": None}),
        ("[]", "A, B", ["A", "B"]),
        ("[1]", "[2, 3]", [2, 3]),
        ("{}", "{'a': [1]}", {"a": [1]}),
        ("['A']", "B,C", ("B", "C")),
    ],
)
def test_a_value_for_an_inferred_type(notebook, default, given, value):
    found = read_notebook(notebook(f"x = {default}"))
    assert check_values(found, {"x": given}) == {"x": value}
    assert check_values(found, {"x": provenance.value_words(value)}) == {"x": value}


@pytest.mark.parametrize(
    ("default", "given", "why"),
    [
        ("4", "4.5", "'4.5' is no whole number. Allowed: any value of the type int, which is inferred"),
        ("{}", "[1]", "is no mapping; write {'name': value}"),
        ("[1]", 3, "3 is no list"),
        ("None", {1: 2}, "is neither text, a number"),
        ("None", float("inf"), "is neither text, a number"),
    ],
)
def test_a_value_that_does_not_fit_the_inferred_type(notebook, default, given, why):
    assert why in refused(check_values, read_notebook(notebook(f"x = {default}")), {"x": given})[0]


@pytest.mark.parametrize(
    ("cell", "ruled"),
    [
        ("level = 0.9", True),
        ("level = 3", False),
        ("level = 'high'", False),
        ("years = [2020, 2021]", False),
        ("years = ['2020']", True),
        ("cohort = 'A'", False),
        ("cohort = None", True),
        ("cohort = 'mine.csv'", True),
        ("title = 5", False),
        ("title = None", False),
    ],
)
def test_a_name_of_the_registry_that_means_something_else(notebook, cell, ruled):
    (parameter,) = read_notebook(notebook(cell)).parameters
    assert (parameter.rule is not None) == ruled


def test_a_file_beside_a_plain_parameter_is_opened_from_any_folder(notebook, table):
    found = read_notebook(notebook("cohort = None"))
    assert check_values(found, {"cohort": str(table)}) == {"cohort": str(table.resolve())}
    assert check_values(found, {"cohort": "pyproject.toml"}) == {"cohort": str(ROOT / "pyproject.toml")}
    assert privacy.secrets(found, {"cohort": str(table)})[str(table)] == table.name


@pytest.mark.parametrize("cell", ["level: float = ", "x = " + "[" * 500 + "]" * 500, "x = 1\n= 2", "x = '\0'"])
def test_a_parameters_cell_that_is_not_python_is_left_to_the_kernel(notebook, cell):
    found = read_notebook(notebook(cell))
    assert found.parameters == () and "not valid Python" in found.remark
    assert "no parameter 'x'" in refused(check_values, found, {"x": 1})[0]


def test_two_parameters_cells_are_one_too_many(notebook):
    assert "has 2 cells tagged" in refused(read_notebook, notebook("", ""))[0]


def test_no_notebook_at_all(tmp_path):
    (tmp_path / "n.ipynb").write_text("hello")
    assert "is not a Jupyter notebook" in refused(read_notebook, tmp_path / "n.ipynb")[0]
    for content in ("[]", "{}", '{"nbformat": 4}', '{"nbformat": 9, "cells": [], "metadata": {}}', "\udcff"):
        (tmp_path / "n.ipynb").write_text(content, errors="surrogateescape")
        assert "is not a Jupyter notebook" in refused(read_notebook, tmp_path / "n.ipynb")[0]


def test_a_draft_costs_no_other_notebook(notebook, tmp_path):
    notebook("x: int")
    (tmp_path / "empty.ipynb").write_text("")
    (tmp_path / "good.ipynb").write_text('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}')
    found = {one.name: one.problems for one in all_notebooks(tmp_path)}
    assert list(found) == ["empty", "good", "n"]
    assert found["good"] == () and "is not a Jupyter notebook" in found["empty"][0]
    assert "x has no default" in found["n"][0]


def test_a_notebook_of_another_format_or_language(tmp_path):
    old = {"cell_type": "code", "input": "x = 1", "language": "python", "metadata": {"tags": ["parameters"]}}
    worksheets = [{"cells": [{**old, "outputs": [], "collapsed": False, "prompt_number": 1}]}]
    content = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": worksheets}
    (tmp_path / "old.ipynb").write_text(json.dumps(content))
    assert read_notebook(tmp_path / "old.ipynb").defaults == {"x": 1}
    cell = {"cell_type": "code", "source": "x <- 5", "metadata": {"tags": ["parameters"]}, "outputs": []}
    metadata = {"kernelspec": {"name": "ir", "language": "R"}}
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": [cell]}
    (tmp_path / "r.ipynb").write_text(json.dumps(content))
    assert read_notebook(tmp_path / "r.ipynb").parameters == ()


def test_a_misspelt_notebook_names_the_nearest():
    (problem,) = refused(find_notebook, "evidence-reprot")
    assert "'evidence-reprot'; nearest: 'evidence-report'" in problem
    assert "02-pain-trajectories" in problem


def test_defaults_and_overrides_are_combined():
    values = check_values(find_notebook(SAMPLE), {"level": "0.9", "routes": "iv, oral", "studies": "[mangnus2022]"})
    assert values["level"] == 0.9
    assert values["routes"] == ("iv", "oral")
    assert values["studies"] == ("mangnus2022",)
    assert values["horizon_weeks"] == 26
    assert type(values["level"]) is float


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"routes": ""}, ()),
        ({"routes": "[]"}, ()),
        ({"routes": ["iv", "oral"]}, ("iv", "oral")),
        ({"routes": "(iv, oral)"}, ("iv", "oral")),
        ({"stop": "yes"}, True),
        ({"stop": "false"}, False),
        ({"horizon_weeks": 12.0}, 12),
        ({"level": 1 - 0.05}, 0.95),
    ],
)
def test_text_is_read_as_the_type_says(given, value):
    (name,) = given
    assert check_values(find_notebook(SAMPLE), given)[name] == value


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rotues": "iv"}, "sample: no parameter 'rotues'; nearest: 'routes'. It has: studies, routes"),
        ({"routes": "orl"}, "routes: 'orl' is not allowed; nearest: 'oral'. Allowed: iv, topical"),
        ({"routes": "iv,iv"}, "routes: the same value appears twice"),
        ({"routes": [True]}, "routes: True is no text; put it in quotes"),
        ({"routes": 3}, "routes: 3 is no list of words"),
        ({"studies": "corell2004"}, "'corell2004' is not allowed; nearest: 'correll2004'"),
        ({"level": "95"}, "level: 95 is not allowed; nearest: 0.95. Allowed: 0.5 to 0.999"),
        ({"level": 0.1}, "nearest: 0.5"),
        ({"level": "0,9"}, "level: '0,9' is no number; write the decimals after a point"),
        ({"level": "nan"}, "'nan' is no number"),
        ({"level": True}, "True is no number"),
        ({"horizon_weeks": "4.5"}, "'4.5' is no whole number"),
        ({"horizon_weeks": 0}, "0 is not allowed; nearest: 1"),
        ({"stop": "maybe"}, "'maybe' is neither true nor false"),
        ({"title": 5}, "title: 5 is no text"),
    ],
)
def test_a_wrong_value_is_reported_with_the_allowed_ones(given, why):
    (problem,) = refused(check_values, find_notebook(SAMPLE), given)
    assert why in problem


def test_all_problems_are_reported_at_once():
    problems = refused(check_values, find_notebook(SAMPLE), {"x": 1, "level": 2, "routes": "a,b"})
    assert len(problems) == 4


def test_the_control_group_is_no_regimen_but_not_stated_is():
    problem = refused(check_parameters, None, regimen_classes=("control",))[0]
    assert "Allowed: anesthetic," in problem
    assert problem.endswith("not_stated.")
    assert check_parameters(None, regimen_classes=["anesthetic", "not_stated"]) == {
        "regimen_classes": ("anesthetic", "not_stated")
    }


def test_a_notebook_passes_all_its_names():
    namespace = {"level": 0.5, "routes": ["oral"], "__name__": "x", "helper": 3}
    values = check_parameters(SAMPLE, namespace)
    assert (values["level"], values["routes"], values["horizon_weeks"]) == (0.5, ("oral",), 26)
    assert refused(check_parameters, SAMPLE, {**namespace, "level": 5})[0].startswith("sample: level: 5 is not allowed")
    assert refused(check_parameters, None, {"level": 5, "helper": 3})[0].startswith("parameters: level: 5")


def test_a_parameter_that_was_renamed_by_hand_is_named():
    names = {name: parameter for name, parameter in find_notebook(SAMPLE).defaults.items() if name != "level"}
    (problem,) = refused(check_parameters, SAMPLE, {**names, "levle": 0.9, "In": ["", "levle = 0.9"]})
    assert problem.startswith("sample: 'level' has no value; nearest: 'levle'. Was it renamed")


# ------------------------------------------------------------------------------------------------ files of the user
def of_a_file(notebook, tmp_path, default="pyproject.toml"):
    """A notebook with a parameter that is a path; the project's own file stands in for a table."""
    return read_notebook(notebook(f"cohort: str = {default!r}  # the table of patients"))


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table in a folder that a report must not name, next to others."""
    folder = tmp_path / 'Dr Müller\'s "patients"'
    folder.mkdir()
    for name in ("clinic-2024.csv", "clinic-2023.xlsx", "readme.md"):
        (folder / name).write_text("a\n")
    monkeypatch.setitem(REGISTRY, "cohort", File((".csv", ".xlsx", ".toml")))
    return folder / "clinic-2024.csv"


def test_a_file_that_is_not_there_is_refused_with_the_nearest(notebook, tmp_path, table):
    found = of_a_file(notebook, tmp_path)
    (problem,) = refused(check_values, found, {"cohort": str(table.with_name("clinic-2042.csv"))})
    assert "there is no file" in problem and "; nearest: 'clinic-2024.csv'" in problem
    assert "relative to the working directory or to the project" in problem
    (problem,) = refused(check_values, found, {"cohort": str(table.with_name("readme.md"))})
    assert "has another ending. Allowed: the path of a file that ends in .csv" in problem
    assert refused(check_values, found, {"cohort": str(tmp_path / "nowhere" / "x.csv")})
    assert refused(check_values, found, {"cohort": ""})


def test_a_path_is_resolved_in_the_working_directory_then_in_the_project(notebook, tmp_path, table, monkeypatch):
    found = of_a_file(notebook, tmp_path)
    monkeypatch.chdir(table.parent)
    # the kernel has another working directory: the value must not depend on it
    assert check_values(found, {"cohort": "clinic-2024.csv"})["cohort"] == str(table.resolve())
    assert check_values(found, {"cohort": "pyproject.toml"})["cohort"] == "pyproject.toml"
    assert check_values(found, {"cohort": str(ROOT / "pyproject.toml")})["cohort"] == "pyproject.toml"


def test_a_report_shows_the_name_of_the_user_s_file_without_its_folder(notebook, tmp_path, table):
    found = of_a_file(notebook, tmp_path)
    value = check_values(found, {"cohort": str(table)})["cohort"]
    (parameter,) = found.parameters
    assert parameter.public(value) == "clinic-2024.csv"
    assert parameter.public("pyproject.toml") == "pyproject.toml"
    hidden = privacy.secrets(found, {"cohort": value})
    cell = translate_parameters("python3", "python", {"cohort": value}, "Parameters")
    told = privacy.redact({"source": cell, "outputs": [f"no {table.parent}/other.csv"]}, hidden)
    assert told == {"source": '# Parameters\ncohort = "clinic-2024.csv"\n', "outputs": ["no other.csv"]}
    common = {"data": {}, "code": {}}
    values = {"cohort": value}
    hashes = provenance.published_hashes(found, values, provenance.input_hashes(found, values))
    made = provenance.record(found, values, common, hashes)
    assert str(tmp_path) not in json.dumps({**made, "path": ""}, ensure_ascii=False)
    (made_input,) = made["inputs"]
    assert made_input["file"] == "clinic-2024.csv" and made_input["hash"].startswith("salted:")
    assert provenance.sha256(b"a\n") not in str(made)
    assert made["command"].endswith("-p cohort=clinic-2024.csv")
    assert report_name("cohort-report", found, {"cohort": value}) == "cohort-report-clinic-2024"


@pytest.mark.parametrize("year", ["24", "1899", "2024.0", "last", "20244"])
def test_a_year_has_four_digits(year):
    assert "is no year. Allowed: years with four digits" in REGISTRY["years"].problem(year)
    assert REGISTRY["years"].problem("2024") == ""


@pytest.mark.parametrize("words", [["a, b", "c"], ["[x]"], ["'q'"], [" a"], ['say "x", y'], ["a", "b"], []])
def test_a_list_reads_back_as_it_was_written(words):
    """The command that makes a report again gives the same list, whatever stands in a name."""
    value, wrong = check_value(Parameter("sites", "list[str]", (), ""), provenance.value_words(words))
    assert (list(value), wrong) == (words, [])


def test_a_notebook_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "big.ipynb").touch()
    os.truncate(tmp_path / "big.ipynb", 300_000_000)  # sparse: takes no space
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "good.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    big, good, pipe = all_notebooks(tmp_path)
    assert big.problems == ("big.ipynb: can't be read (it has more than 250,000,000 bytes).",)
    assert pipe.problems == ("pipe.ipynb: can't be read (it is a pipe, device or socket, not a file).",)
    assert good.problems == ()
