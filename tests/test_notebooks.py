"""The notebooks: stored without outputs, short, and running with default and other parameters."""

import ast
import inspect
import re

import nbformat
import notebook_runs
import pytest
from notebook_runs import NAMES, OTHER

from analysis.exhibit import EXHIBIT_MIME, Figure, Finding, Table
from analysis.parameters import find_notebook
from analysis.paths import ROOT

BY_HAND = ("00-start-here", "explore")
STORED = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def stored(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def exhibits(notebook, kind=None):
    found = [
        output["data"][EXHIBIT_MIME]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if EXHIBIT_MIME in output.get("data", {})
    ]
    return [payload for payload in found if kind in (None, payload["kind"])]


def default_run(name):
    return nbformat.reads(notebook_runs.defaults()[name].files["report.ipynb"].decode(), as_version=4)


def test_the_notebooks_of_the_design_are_there():
    assert set(NAMES) >= {
        "01-evidence-map",
        "02-pain-trajectories",
        "03-responder-rates",
        "04-durations-of-benefit",
        "05-consistency-checks",
        "06-judgements",
        "evidence-report",
        "study-report",
        "cohort-report",
    }
    assert set(OTHER) == set(NAMES)
    assert set(STORED) == {*NAMES, *BY_HAND}


@pytest.mark.parametrize("name", STORED)
def test_stored_without_outputs_for_any_python(name):
    notebook = stored(name)
    nbformat.validate(notebook)
    advice = "in Jupyter: Kernel > Change Kernel > Python 3 (ipykernel), then save"
    assert notebook.metadata.kernelspec.name == "python3", advice
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)
        assert set(cell.metadata) <= {"tags"}
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    # as Jupyter itself writes it, so that a change by hand shows no other lines
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert text == nbformat.writes(notebook) + "\n"


@pytest.mark.parametrize("name", STORED)
def test_links_lead_somewhere(name):
    for cell in stored(name).cells:
        for link in re.findall(r"\]\(([^)#]+)\)", cell.source if cell.cell_type == "markdown" else ""):
            assert "://" in link or (ROOT / "notebooks" / link).is_file(), link


def test_the_first_notebook_leads_to_all_others():
    links = re.findall(r"\]\(([^)]+)\.ipynb\)", stored("00-start-here").cells[0].source)
    assert sorted(links) == sorted(set(STORED) - {"00-start-here"})


@pytest.mark.parametrize("name", BY_HAND)
def test_without_a_kernel_the_notebook_describes_its_results(name):
    first = stored(name).cells[0]
    assert first.cell_type == "markdown" and first.metadata.tags == ["interactive"] and len(first.source.split()) > 120


@pytest.mark.parametrize("name", NAMES)
def test_begins_with_a_title_and_its_parameters(name):
    cells = stored(name).cells
    assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")
    assert cells[1].metadata.tags == ["parameters"]
    found = find_notebook(name)
    assert found.parameters and not found.remark
    assert all(parameter.meaning for parameter in found.parameters)
    tree = ast.parse(cells[1].source)
    assert all(isinstance(node, ast.AnnAssign) and ast.literal_eval(node.value) is not None for node in tree.body)


@pytest.mark.parametrize("name", NAMES)
def test_thin(name):
    """Cells call, show and explain; they define nothing and are at most half a screen long."""
    for cell in stored(name).cells[2:]:
        if cell.cell_type == "code":
            tree = ast.parse(cell.source)
            imports = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
            assert len(cell.source.splitlines()) - sum(n.end_lineno - n.lineno + 1 for n in imports) <= 14
            kinds = {type(node) for node in ast.walk(tree)}
            assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.While}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_words_before_it(name):
    """The finding as its title, or text of its section, comes before each figure."""
    said = False
    for cell in default_run(name).cells:
        if cell.cell_type == "markdown":
            said = len(cell.source.splitlines()) > 1 or not cell.source.startswith("## ") or "left out" in cell.source
        for payload in exhibits(nbformat.v4.new_notebook(cells=[cell])):
            assert payload["kind"] != "figure" or said or payload["title"], payload["name"]
            said = True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_runs_with_its_defaults(name):
    built = notebook_runs.defaults()[name]
    assert built.ok, built.reason
    assert {"report.html", "report.pdf", "report.ipynb"} <= set(built.files)
    tables = [file for file in built.files if file.startswith("tables/") and file.endswith(".csv")]
    assert bool(tables) == (name != "patients"), "the page for patients has words only"
    assert built.title and built.question and built.synthetic == (name == "cohort-report")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_runs_with_other_parameters(name):
    notebook = notebook_runs.others()[name]
    assert exhibits(notebook, "summary")
    assert not [o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    for payload in exhibits(notebook):
        if payload["kind"] in ("figure", "table"):
            assert payload["caption"].strip()


@pytest.mark.slow
def test_plain_papermill_from_another_folder_shows_the_same():
    name = "cohort-report"
    assert exhibits(notebook_runs.run_elsewhere(name)) == exhibits(notebook_runs.others()[name])


@pytest.mark.slow
def test_parameters_reach_the_tables():
    run = notebook_runs.others()["03-responder-rates"]
    (table,) = [t for t in exhibits(run, "table") if t["name"] == "responder-rates"]
    defined = next(i for i, column in enumerate(table["columns"]) if column["label"] == "Counted as a responder")
    assert len(table["cells"]) > 4
    assert all(row[defined] for row in table["cells"])
    summary = exhibits(run, "summary")[0]
    assert summary["subtitle"] == "All kinds of source; subgroups and repeated courses are counted too."
    narrow = exhibits(notebook_runs.others()["02-pain-trajectories"], "summary")[0]
    assert "90% interval" in narrow["lead"]


@pytest.mark.slow
def test_a_selection_without_numbers_has_a_message():
    summary = exhibits(notebook_runs.others()["evidence-report"], "summary")[0]
    assert summary["title"] == "No usable number on pain or response; no study has a placebo group"
    assert exhibits(notebook_runs.others()["evidence-report"], "outcomes") == [], "no heading above an empty table"
    figures = {p["name"]: p for p in exhibits(notebook_runs.others()["evidence-report"], "figure")}
    assert figures.pop("evidence-map")["alt"].startswith("1 study")
    assert len(figures) > 6
    for payload in figures.values():
        assert re.search(r"no |nothing|none", payload["alt"], re.IGNORECASE), payload["alt"]


@pytest.mark.slow
def test_the_same_table_by_hand_and_in_batch():
    """The notebook shows results of the library; no step of the analysis is in a cell."""
    from analysis import evidence, tables
    from analysis.evidence.selection import select
    from analysis.outcomes import responders

    expected = tables.responder_rates_table(responders.rates(select(evidence.load())), 0.95).payload()["cells"]
    (shown,) = [t for t in exhibits(default_run("03-responder-rates"), "table") if t["name"] == "responder-rates"]
    assert shown["cells"] == expected


def called(name):
    """Return the functions and classes of the library that the cells of a notebook call, by name."""
    trees = [ast.parse(cell.source) for cell in stored(name).cells if cell.cell_type == "code"]
    names = {}
    for tree in trees:
        for node in tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                exec(compile(ast.Module([node], []), name, "exec"), names)
    found = {}
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        words = ast.unparse(node.func).split(".")
        target = names.get(words[0])
        for word in words[1:]:
            target = getattr(target, word, None)
        if getattr(target, "__module__", "").startswith("analysis"):
            found[".".join(words)] = target
    return found


@pytest.mark.parametrize("name", STORED)
def test_shift_tab_answers(name):
    """Functions called in cells, and the attributes of their results, have docstrings."""
    functions = called(name)
    assert functions
    for words, target in functions.items():
        # a class whose docstring was forgotten has that of dataclass: its signature
        told = inspect.getdoc(target) or ""
        assert len(told.split()) >= 5 and not told.startswith(f"{target.__name__}("), f"{words} has no docstring"
    for kind in (Figure, Table, Finding):
        for attribute in ("source", "svg") if kind is Figure else ("source",):
            assert inspect.getdoc(getattr(kind, attribute))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_answer_follows_the_parameters(name):
    """Question, parameters, imports, answer: no text and nothing that is shown comes between."""
    cells = stored(name).cells
    answer = next(n for n, cell in enumerate(cells) if cell.cell_type == "code" and "Summary(" in cell.source)
    assert answer <= 6
    assert all(cell.cell_type == "code" for cell in cells[1 : answer + 1])
    shown = [i for i, c in enumerate(default_run(name).cells) if c.cell_type == "code" and c.outputs]
    summary = next(
        i for i in shown if any(EXHIBIT_MIME in o.get("data", {}) for o in default_run(name).cells[i].outputs)
    )
    assert shown[0] == summary
