"""Find notebooks and read their `parameters` cell, without starting a kernel."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.parameters.parameter import TYPES, Parameter, ParameterError, check_value
from analysis.parameters.registry import File, nearest_word
from analysis.paths import ROOT, is_file

NOTEBOOKS = ROOT / "notebooks"


@dataclass(frozen=True)
class Notebook:
    """A notebook file and its parameters."""

    name: str
    path: Path
    title: str
    parameters: tuple[Parameter, ...]
    interactive: bool = False  # for interactive use, not for reports: its first cell has the tag `interactive`

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the parameters whose value is the path of a file."""
        return tuple(parameter.name for parameter in self.parameters if isinstance(parameter.rule, File))

    @property
    def defaults(self) -> dict[str, Any]:
        """The default value of each parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}


def all_notebooks(folder: Path = NOTEBOOKS) -> list[Notebook]:
    """Return the notebooks that make reports, sorted by name, without those for interactive use.

    Raises ParameterError if a parameters cell breaks the rules.
    """
    notebooks = [read_notebook(path) for path in sorted(folder.glob("*.ipynb"))]
    return [notebook for notebook in notebooks if not notebook.interactive]


def find_notebook(name: str | Path) -> Notebook:
    """Return the notebook with this name (such as `evidence-report`) or path.

    Raises ParameterError with the nearest name if there is none, and for a notebook for interactive use.
    """
    notebook = _notebook(name)
    if notebook.interactive:
        names = ", ".join(other.name for other in all_notebooks())
        raise ParameterError(
            [f"{notebook.name} is for interactive use (`make lab`) and makes no report. Reports: {names}."]
        )
    return notebook


def _notebook(name: str | Path) -> Notebook:
    path = Path(name)
    if path.suffix == ".ipynb":
        for candidate in (path, ROOT / path, NOTEBOOKS / path):
            if is_file(candidate):
                return read_notebook(candidate)
    stem = path.name.removesuffix(".ipynb")
    if path.name == str(name) and is_file(NOTEBOOKS / f"{stem}.ipynb"):
        return read_notebook(NOTEBOOKS / f"{stem}.ipynb")
    names = tuple(notebook.name for notebook in all_notebooks())
    listed = f" There are: {', '.join(names)}." if names else " There are none yet."
    raise ParameterError([f"No notebook {str(name)!r}{nearest_word(stem, names)}.{listed}"])


def read_notebook(path: Path) -> Notebook:
    """Return the title and parameters of a notebook file. Raises ParameterError if its parameters are not valid."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [(cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError([f"{path.name}: is not a Jupyter notebook ({error})."]) from None
    title = path.stem
    for kind, source, _ in sources:
        if kind == "markdown" and (match := re.search(r"^#\s+(.+?)\s*#*\s*$", source, re.MULTILINE)):
            title = match[1]
            break
    tagged = [source for kind, source, tags in sources if kind == "code" and "parameters" in tags]
    if len(tagged) > 1:
        raise ParameterError([f"{path.name}: has {len(tagged)} cells tagged 'parameters'; one is allowed."])
    parameters = _parse_cell(path.name, tagged[0]) if tagged else ()
    interactive = bool(sources) and "interactive" in sources[0][2]
    return Notebook(path.stem, path, title, parameters, interactive)


def _parse_cell(where: str, source: str) -> tuple[Parameter, ...]:
    """Return the parameters of a cell in which each statement reads `name: type = value  # meaning`."""
    try:
        statements = ast.parse(source).body
        comments = {
            token.start[0]: token.string.lstrip("# ").strip()
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParameterError([f"{where}: the parameters cell is not valid Python ({error})."]) from None
    parameters, problems = [], []
    for node in statements:
        place = f"{where}, parameters cell, line {node.lineno}"
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") == "__future__":
            continue
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            problems.append(f"{place}: write `name: type = value  # meaning`; no other lines are allowed.")
            continue
        name, kind = node.target.id, ast.unparse(node.annotation)
        meaning = " ".join(comments[n] for n in range(node.lineno, node.end_lineno + 1) if comments.get(n))
        if kind not in TYPES:
            problems.append(f"{place}: {name} has the type {kind}; allowed: {', '.join(TYPES)}.")
        if not meaning:
            problems.append(f"{place}: {name} needs a comment on its line that says what it means.")
        try:
            default = ast.literal_eval(node.value)
        except ValueError:
            problems.append(f"{place}: {name} is computed; a default must be a plain value.")
            continue
        if kind in TYPES:
            default, wrong = check_value(Parameter(name, kind, default, meaning), default)
            problems += [f"{place}: default of {problem}" for problem in wrong]
        parameters.append(Parameter(name, kind, default, meaning))
    if problems:
        raise ParameterError(problems)
    return tuple(parameters)
