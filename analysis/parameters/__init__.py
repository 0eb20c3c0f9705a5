"""The parameters of notebooks: what they are called, what they mean, what they may be.

A notebook states its parameters once, in the cell tagged `parameters`: name, type, default, and a comment that says
what it means. This package reads that cell and checks values against it and against the registry, the same for the
command line, the batch and a notebook run by hand. It starts no kernel and imports no report machinery.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis.parameters.notebooks import NOTEBOOKS, Notebook, all_notebooks, find_notebook, read_notebook
from analysis.parameters.registry import REGISTRY, Between, nearest_word
from analysis.parameters.values import WORDS, Parameter, ParameterError, check_one

__all__ = [
    "NOTEBOOKS",
    "REGISTRY",
    "WORDS",
    "Notebook",
    "Parameter",
    "ParameterError",
    "all_notebooks",
    "check",
    "check_known",
    "check_parameters",
    "find_notebook",
    "read_notebook",
]


def check(notebook: Notebook, given: dict[str, Any]) -> dict[str, Any]:
    """All values of a run: the given ones, converted to the notebook's types, and the defaults of the others.

    Text (as it comes from a command line) is read as the type says: `iv,oral` and `[iv, oral]` are both lists;
    lists are given back as tuples. Raises ParameterError with every wrong name and value at once.
    """
    known = {parameter.name: parameter for parameter in notebook.parameters}
    values, problems = notebook.defaults, []
    for name, value in given.items():
        if name not in known:
            has = f" It has: {', '.join(known)}." if known else " It has none."
            problems.append(f"{notebook.name}: no parameter {name!r}{nearest_word(str(name), known)}.{has}")
            continue
        values[name], wrong = check_one(known[name], value)
        problems += [f"{notebook.name}: {problem}" for problem in wrong]
    if problems:
        raise ParameterError(problems)
    return values


def check_parameters(notebook: str | None = None, values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The same check from inside a notebook, in the cell after its parameters: `check_parameters("NAME", globals())`.

    `notebook`: its name or path, so that names unknown to it are found too (also in a cell that papermill injected);
    None checks against the registry alone. `values`: a mapping from which the parameters are taken, other names in it
    are left alone; `more`: single values. Gives the values back, lists turned into tuples.
    Raises ParameterError; Jupyter then shows the message without a traceback.
    """
    values = values or {}
    if notebook is None:
        chosen = {name: value for name, value in values.items() if name in REGISTRY} | more
        loose = Notebook("parameters", Path(), "", tuple(_guess(name, value) for name, value in chosen.items()))
        return check(loose, chosen)
    found = find_notebook(notebook)
    chosen = {name: values[name] for name in found.defaults if name in values}
    return check(found, {**dict.fromkeys(_injected_names()), **chosen, **more})


def check_known(wanted: Mapping[str, tuple[Iterable[str], Iterable[Any]]]) -> None:
    """Parameters whose allowed values stand in the user's own table: each name with its values and what the table has.

    Raises ParameterError with every value that the table lacks and the nearest that it has.
    """
    from analysis.exhibit.cells import is_missing
    from analysis.tabular.problems import listed, shorten

    problems = []
    for name, (values, column) in wanted.items():
        known = sorted({str(value) for value in column if not is_missing(value)})
        there = (
            f"There are: {listed(shorten(value, 60) for value in known)}."
            if known
            else "The table says nothing about it."
        )
        problems += [
            f"{name}: {shorten(value)!r} is not in the table{nearest_word(value, known)}. {there}"
            for value in values
            if value not in known
        ]
    if problems:
        raise ParameterError(problems)


def _guess(name: str, value: Any) -> Parameter:
    kind = WORDS if isinstance(value, (tuple, list)) else type(value).__name__
    if isinstance(REGISTRY.get(name), Between) and kind == "int":
        kind = "float"
    return Parameter(name, kind, value, "")


def _injected_names() -> list[str]:
    """Names set by the cell that papermill injects: a misspelt one would otherwise run with the default, unseen."""
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    cells = [cell for cell in (shell.user_ns.get("In", []) if shell else []) if cell.startswith("# Parameters\n")]
    if not cells:
        return []
    return [
        target.id
        for node in ast.parse(cells[-1]).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
