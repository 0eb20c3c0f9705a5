"""The code follows the rules of CONTRIBUTING.md, and each check detects violations."""

from __future__ import annotations

import ast

import house
import pytest


@pytest.fixture(scope="module")
def modules(root):
    return house.read_house(root)


@pytest.mark.slow
def test_a_public_name_has_one_meaning(modules):
    assert house.names_in_two_modules(modules) == set()


@pytest.mark.slow
def test_a_file_name_occurs_once(modules):
    assert house.files_of_the_same_name(modules) == set()


@pytest.mark.slow
def test_no_module_is_named_like_its_only_function(modules):
    assert house.modules_named_like_their_only_function(modules) == set()


def test_no_module_is_long(root):
    assert house.long_modules(root) == set()


@pytest.mark.slow
def test_imports_go_down_only(modules):
    assert house.upward_imports(modules) == set()


@pytest.mark.slow
def test_imports_are_absolute(modules):
    assert house.relative_imports(modules) == set()


@pytest.mark.slow
def test_no_private_name_of_a_library(modules):
    assert house.private_library_names(modules) == set()


@pytest.mark.slow
def test_the_library_never_prints(modules):
    assert house.prints(modules) == set()


@pytest.mark.slow
def test_no_test_module_imports_another(root):
    assert house.imported_test_modules(root / "tests") == set()


# ------------------------------------------------------------------------------------------------ what rules detect
def sample(sources: dict[str, str]) -> dict[str, ast.Module]:
    """A small house; the key "figures/bars" stands for analysis/figures/bars.py."""
    return {f"analysis/{place}.py": ast.parse(source) for place, source in sources.items()}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("def rate(): ...", "def rate(): ...", {"rate: figures/a.py, tables/b.py"}),
        ("class Rate: ...", "Rate = int", {"Rate: figures/a.py, tables/b.py"}),
        ("LIMIT: int = 3", "x, LIMIT = 1, 2", {"LIMIT: figures/a.py, tables/b.py"}),
        ("def load(): ...", "def load(): ...", set()),
        ("def _rate(): ...", "def _rate(): ...", set()),
        ("def f():\n    rate = 1", "def g():\n    rate = 1", set()),
        ("from analysis.wording import rate", "def rate(): ...", set()),
    ],
)
def test_a_name_in_two_modules_is_detected(first, second, expected):
    assert house.names_in_two_modules(sample({"figures/a": first, "tables/b": second})) == expected


def test_a_duplicate_file_name_is_detected():
    places = ("figures/rates", "tables/rates", "figures/__init__", "tables/__init__")
    places += ("outcomes/durations", "outcomes/cohort/durations")
    places += ("outcomes/response", "outcomes/cohort/response", "findings/response")
    found = house.files_of_the_same_name(sample(dict.fromkeys(places, "")))
    assert found == {"rates.py: figures, tables", "response.py: findings, outcomes, outcomes/cohort"}


def test_a_module_named_like_its_only_function_is_detected():
    found = house.modules_named_like_their_only_function(
        sample(
            {
                "figures/bars": "LIMIT = 3\ndef bars(): ...\ndef _width(): ...",
                "figures/lanes": "def lanes(): ...\ndef lane_height(): ...",
                "figures/maps": "def dose_map(): ...",
            }
        )
    )
    assert found == {"analysis/figures/bars.py"}


def test_a_long_module_is_detected(tmp_path):
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "short.py").write_text("x = 1\n" * house.MOST_LINES, encoding="utf-8")
    (tmp_path / "analysis" / "long.py").write_text("x = 1\n" * (house.MOST_LINES + 1), encoding="utf-8")
    assert house.long_modules(tmp_path) == {"analysis/long.py"}


@pytest.mark.parametrize(
    ("place", "source", "offends"),
    [
        ("outcomes/pain", "from analysis.figures.bars import bar", "figures"),
        ("outcomes/pain", "from analysis import figures", "figures"),
        ("outcomes/pain", "def f():\n    import analysis.figures.bars", "figures"),
        ("outcomes/pain", "from analysis.tabular import read", "tabular"),
        ("outcomes/pain", "from analysis.outcomes.cohort import people", "outcomes/cohort"),
        ("outcomes/cohort/load", "from analysis.tabular import read", None),
        ("outcomes/cohort/load", "from analysis.outcomes.pain import change", None),
        ("outcomes/cohort/load", "from analysis.outcomes.cohort.table import rows", None),
        ("statistics/mean", "from analysis.evidence import load", "evidence"),
        ("figures/bars", "from analysis.tables import rates", "tables"),
        ("figures/bars", "from analysis.outcomes.cohort import people", None),
        ("wording", "from analysis.exhibit.kinds import Figure", "exhibit"),
        ("exhibit/kinds", "from analysis.exhibit.cells import Cell", None),
        ("figures/bars", "from analysis import paths, wording", None),
        ("reporting/kernel/engine", "from analysis.reporting.page.html import page", "reporting/page"),
        ("reporting/page/html", "from analysis.reporting.kernel import engine", "reporting/kernel"),
        ("reporting/run", "from analysis.reporting.batch.plan import plan", "reporting/batch"),
        ("reporting/run", "from analysis.reporting.kernel.engine import execute", None),
        ("reporting/batch/build", "from analysis.reporting.run import build_report", None),
        ("reporting/run", "from analysis.figures import bars", "figures"),
        ("helpers", "", "no room of this name"),
    ],
)
def test_an_import_upward_is_detected(place, source, offends):
    expected = {f"analysis/{place}.py: {offends}"} if offends else set()
    assert house.upward_imports(sample({place: source})) == expected


def test_the_main_module_may_import_reporting():
    modules = sample({"__main__": "from analysis.reporting.batch import build", "__init__": ""})
    assert house.upward_imports(modules) == set()


def test_a_relative_import_is_detected():
    found = house.relative_imports(
        sample({"figures/a": "from . import b", "figures/b": "from analysis.figures import a"})
    )
    assert found == {"analysis/figures/a.py"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("font._glyph_map", "_glyph_map"),
        ("from matplotlib import _path", "_path"),
        ("from matplotlib._path import contains", "_path"),
        ("import scipy._lib", "_lib"),
        ("getattr(pool, '_processes', None)", "_processes"),
        ("class A(B):\n    def f(self):\n        return super()._step()", "_step"),
        ("class A:\n    def __init__(self):\n        self._step = 1\ndef f(a):\n    return a._step", None),
        ("class A:\n    _step: int = 1\nA()._step", None),
        ("row._asdict(), os._exit(1), f.__name__", None),
        ("from __future__ import annotations", None),
    ],
)
def test_a_private_name_of_a_library_is_detected(source, name):
    found = house.private_library_names(sample({"figures/a": source}))
    assert found == ({f"analysis/figures/a.py: {name}"} if name else set())
    assert house.private_library_names(sample({"reporting/kernel/a": source})) == set()


def test_a_print_is_detected():
    found = house.prints(sample({"figures/a": "def f():\n    print(1)", "figures/b": "pprint(1)"}))
    assert found == {"analysis/figures/a.py"}


def test_an_imported_test_module_is_detected(tmp_path):
    (tmp_path / "test_a.py").write_text("def f():\n    from test_b import helper\n", encoding="utf-8")
    (tmp_path / "test_b.py").write_text("from samples import helper\n", encoding="utf-8")
    assert house.imported_test_modules(tmp_path) == {"test_a.py: test_b.helper"}
