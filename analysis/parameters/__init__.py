"""The parameters of notebooks: their names, meanings and allowed values.

A notebook states its parameters in the cell tagged `parameters`: name, type, default, and a comment with the meaning;
papermill's own style, without types, is read too.
This package reads that cell and checks values against it and against the registry, for the command line, the batch and
interactive notebooks. It does not start a kernel.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis.parameters.notebooks import (
    NOTEBOOKS,
    BrokenNotebook,
    Notebook,
    all_notebooks,
    find_notebook,
    read_notebook,
)
from analysis.parameters.parameter import STRING_LIST, Parameter, ParameterError, check_value
from analysis.parameters.registry import REGISTRY, Between
from analysis.tabular.problems import nearest_word


def check_values(notebook: Notebook, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return all values of a run: the overrides, converted to the notebook's types, and defaults for the others.

    Text from a command line is read as the type requires: `iv,oral` and `[iv, oral]` are both lists. Lists are returned
    as tuples. Raises ParameterError with every wrong name and value.
    """
    known = {parameter.name: parameter for parameter in notebook.parameters}
    values, problems = notebook.defaults, []
    for name, value in overrides.items():
        if name not in known:
            has = f" It has: {', '.join(known)}." if known else " It has none."
            problems.append(f"{notebook.name}: no parameter {name!r}{nearest_word(str(name), known)}.{has}")
            continue
        values[name], wrong = check_value(known[name], value)
        problems += [f"{notebook.name}: {problem}" for problem in wrong]
    if problems:
        raise ParameterError(problems)
    return values


def check_parameters(notebook: str | None = None, values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the checked values of a notebook's parameters, lists as tuples.

    A notebook calls `check_parameters("NAME", globals())` in the cell after its parameters.

    Parameters
    ----------
    notebook
        Its name or path, to report unknown names too, including those in a cell injected by papermill; None checks
        against the registry only.
    values
        A mapping with the parameters; other names are ignored.
    **more
        Further values.

    Raises
    ------
    ParameterError
        With every problem; Jupyter shows it without a traceback.
    """
    values = values or {}
    if notebook is None:
        chosen = {name: value for name, value in values.items() if name in REGISTRY} | more
        loose = Notebook("parameters", Path(), "", tuple(_typed(name, value) for name, value in chosen.items()))
        return check_values(loose, chosen)
    read = find_notebook(notebook)
    absent = [name for name in read.defaults if "In" in values and name not in values]  # In: cells run by IPython
    if absent:
        raise ParameterError(
            f"{read.name}: {name!r} has no value{nearest_word(name, values)}. Was it renamed in the parameters cell?"
            for name in absent
        )
    chosen = {name: values[name] for name in read.defaults if name in values}
    return check_values(read, {**dict.fromkeys(_injected_names()), **chosen, **more})


def check_known(wanted: Mapping[str, tuple[Iterable[str], Iterable[Any]]]) -> None:
    """Check parameters whose allowed values are those of a column in the user's own table.

    wanted: name of the parameter -> its values and the column. Raises ParameterError with every value that is not in
    the column, and the nearest value that is.
    """
    from analysis.exhibit.cells import is_missing
    from analysis.tabular.problems import listed, shorten

    problems = []
    for name, (values, column) in wanted.items():
        known = sorted({str(value) for value in column if not is_missing(value)})
        listing = (
            f"There are: {listed(shorten(value, 60) for value in known)}."
            if known
            else "The table says nothing about it."
        )
        problems += [
            f"{name}: {shorten(value)!r} is not in the table{nearest_word(value, known)}. {listing}"
            for value in values
            if value not in known
        ]
    if problems:
        raise ParameterError(problems)


def _typed(name: str, value: Any) -> Parameter:
    """Return a parameter with the type of its value."""
    kind = STRING_LIST if isinstance(value, (tuple, list)) else type(value).__name__
    if isinstance(REGISTRY.get(name), Between) and kind == "int":
        kind = "float"
    return Parameter(name, kind, value, "")


def _injected_names() -> list[str]:
    """Return the names that papermill's injected cell sets; a misspelt name would otherwise have no effect."""
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
