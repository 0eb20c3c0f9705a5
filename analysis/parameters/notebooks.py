"""Notebooks as files with parameters: finding them, reading their `parameters` cell. Starts no kernel."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.parameters.registry import File, nearest_word
from analysis.parameters.values import TYPES, Parameter, ParameterError, check_one
from analysis.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"


@dataclass(frozen=True)
class Notebook:
    """A notebook as a file with parameters."""

    name: str
    path: Path
    title: str
    parameters: tuple[Parameter, ...]
    by_hand: bool = False  # no report is made from it; its first cell has the tag `by-hand`

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the parameters whose value is a file that the report reads."""
        return tuple(parameter.name for parameter in self.parameters if isinstance(parameter.rule, File))

    @property
    def defaults(self) -> dict[str, Any]:
        """The values it runs with when nothing is given."""
        return {parameter.name: parameter.default for parameter in self.parameters}


def all_notebooks(folder: Path = NOTEBOOKS) -> list[Notebook]:
    """The notebooks that make reports, by name, without those for use by hand.

    Raises ParameterError if a parameters cell breaks the rules.
    """
    notebooks = [read_notebook(path) for path in sorted(folder.glob("*.ipynb"))]
    return [notebook for notebook in notebooks if not notebook.by_hand]


def find_notebook(name: str | Path) -> Notebook:
    """The notebook of that name (such as `evidence-report`) or at that path.

    Raises ParameterError with the nearest name if there is none, and for a notebook that is for use by hand.
    """
    found = _found(name)
    if found.by_hand:
        there = ", ".join(notebook.name for notebook in all_notebooks())
        raise ParameterError([f"{found.name} is for use by hand (`make lab`) and makes no report. Reports: {there}."])
    return found


def _found(name: str | Path) -> Notebook:
    given = Path(name)
    if given.suffix == ".ipynb":
        for candidate in (given, ROOT / given, NOTEBOOKS / given):
            if candidate.is_file():
                return read_notebook(candidate)
    stem = given.name.removesuffix(".ipynb")
    if given.name == str(name) and (NOTEBOOKS / f"{stem}.ipynb").is_file():
        return read_notebook(NOTEBOOKS / f"{stem}.ipynb")
    names = tuple(notebook.name for notebook in all_notebooks())
    there = f" There are: {', '.join(names)}." if names else " There are none yet."
    raise ParameterError([f"No notebook {str(name)!r}{nearest_word(stem, names)}.{there}"])


def read_notebook(path: Path) -> Notebook:
    """Parameters and title of a notebook file. Raises ParameterError if its parameters cell breaks the rules."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [(cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError([f"{path.name}: is no Jupyter notebook ({error})."]) from None
    title = path.stem
    for kind, source, _ in sources:
        if kind == "markdown" and (found := re.search(r"^#\s+(.+?)\s*#*\s*$", source, re.MULTILINE)):
            title = found[1]
            break
    tagged = [source for kind, source, tags in sources if kind == "code" and "parameters" in tags]
    if len(tagged) > 1:
        raise ParameterError([f"{path.name}: has {len(tagged)} cells tagged 'parameters'; one is allowed."])
    parameters = _parse_cell(path.name, tagged[0]) if tagged else ()
    by_hand = bool(sources) and "by-hand" in sources[0][2]
    return Notebook(path.stem, path, title, parameters, by_hand)


def _parse_cell(where: str, source: str) -> tuple[Parameter, ...]:
    """Every statement of the cell must read `name: type = value  # meaning`."""
    try:
        statements = ast.parse(source).body
        comments = {
            token.start[0]: token.string.lstrip("# ").strip()
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParameterError([f"{where}: the parameters cell is no Python ({error})."]) from None
    found, problems = [], []
    for node in statements:
        place = f"{where}, parameters cell, line {node.lineno}"
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") == "__future__":
            continue
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            problems.append(f"{place}: write `name: type = value  # meaning`; only such lines may stand there.")
            continue
        name, kind = node.target.id, ast.unparse(node.annotation)
        meaning = " ".join(comments[n] for n in range(node.lineno, node.end_lineno + 1) if comments.get(n))
        if kind not in TYPES:
            problems.append(f"{place}: {name} has the type {kind}; allowed: {', '.join(TYPES)}.")
        if not meaning:
            problems.append(f"{place}: {name} needs a comment behind it that says what it means.")
        try:
            default = ast.literal_eval(node.value)
        except ValueError:
            problems.append(f"{place}: {name} is computed; a parameter's default is a plain value.")
            continue
        if kind in TYPES:
            default, wrong = check_one(Parameter(name, kind, default, meaning), default)
            problems += [f"{place}: default of {problem}" for problem in wrong]
        found.append(Parameter(name, kind, default, meaning))
    if problems:
        raise ParameterError(problems)
    return tuple(found)
