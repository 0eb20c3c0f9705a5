"""Parameters: reading a notebook's cell, checking values, saying what is wrong."""

from __future__ import annotations

import json

import pytest
from reporting_samples import SAMPLE

from analysis.parameters import ParameterError, check, check_parameters, find_notebook, read_notebook


@pytest.fixture
def notebook(tmp_path):
    """Makes a notebook with the parameters cell given."""

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


def test_a_meaning_may_stand_on_any_line_of_a_long_value(notebook):
    path = notebook("routes: list[str] = [\n    'iv',  # ways in\n    'oral',\n]  # that count")
    assert read_notebook(path).parameters[0].meaning == "ways in that count"


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("level = 0.95  # level", "line 1: write `name: type = value  # meaning`"),
        ("level: float = 0.95", "line 1: level needs a comment"),
        ("level: float = 1 - 0.05  # level", "level is computed"),
        ("level: float = max(0.9, 0.8)  # level", "level is computed"),
        ("level: dict = {}  # level", "level has the type dict; allowed: str, int"),
        ("level: float = 95  # level", "default of level: 95 is not allowed; nearest: 0.95"),
        ("\nprint('x')", "line 2: write `name"),
        ("level: float = ", "is no Python"),
    ],
)
def test_a_parameters_cell_that_breaks_the_rules(notebook, cell, why):
    (problem,) = refused(read_notebook, notebook(cell))
    assert problem.startswith("n.ipynb")
    assert why in problem


def test_two_parameters_cells_are_one_too_many(notebook):
    assert "has 2 cells tagged" in refused(read_notebook, notebook("", ""))[0]


def test_no_notebook_at_all(tmp_path):
    (tmp_path / "n.ipynb").write_text("hello")
    assert "is no Jupyter notebook" in refused(read_notebook, tmp_path / "n.ipynb")[0]


def test_a_misspelt_notebook_names_the_nearest():
    (problem,) = refused(find_notebook, "evidence-reprot")
    assert "'evidence-reprot'; nearest: 'evidence-report'" in problem
    assert "02-pain-trajectories" in problem


def test_defaults_and_given_values_together():
    values = check(find_notebook(SAMPLE), {"level": "0.9", "routes": "iv, oral", "studies": "[mangnus2022]"})
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
    assert check(find_notebook(SAMPLE), given)[name] == value


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rotues": "iv"}, "sample: no parameter 'rotues'; nearest: 'routes'. It has: studies, routes"),
        ({"routes": "orl"}, "routes: 'orl' is not allowed; nearest: 'oral'. Allowed: iv, topical"),
        ({"routes": "iv,iv"}, "routes: the same value stands twice"),
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
        ({"title": "  "}, "title: is empty"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(given, why):
    (problem,) = refused(check, find_notebook(SAMPLE), given)
    assert why in problem


def test_all_that_is_wrong_is_told_at_once():
    problems = refused(check, find_notebook(SAMPLE), {"x": 1, "level": 2, "routes": "a,b"})
    assert len(problems) == 4


def test_the_control_group_is_no_regimen_but_not_stated_is():
    problem = refused(check_parameters, None, regimen_classes=("control",))[0]
    assert "Allowed: anesthetic," in problem
    assert problem.endswith("not_stated.")
    assert check_parameters(None, regimen_classes=["anesthetic", "not_stated"]) == {
        "regimen_classes": ("anesthetic", "not_stated")
    }


def test_a_notebook_hands_over_all_its_names():
    namespace = {"level": 0.5, "routes": ["oral"], "__name__": "x", "helper": 3}
    values = check_parameters(SAMPLE, namespace)
    assert (values["level"], values["routes"], values["horizon_weeks"]) == (0.5, ("oral",), 26)
    assert refused(check_parameters, SAMPLE, {**namespace, "level": 5})[0].startswith("sample: level: 5 is not allowed")
    assert refused(check_parameters, None, {"level": 5, "helper": 3})[0].startswith("parameters: level: 5")
