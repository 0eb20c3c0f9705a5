"""Find notebooks and read their `parameters` cell, without starting a kernel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.parameters.declarations import declared
from analysis.parameters.parameter import Parameter, ParameterError
from analysis.parameters.registry import File
from analysis.paths import ROOT, is_file, read_file
from analysis.tabular.problems import nearest_word

NOTEBOOKS = ROOT / "notebooks"
_MOST_BYTES = 250_000_000  # of a notebook file


@dataclass(frozen=True)
class Notebook:
    """A notebook file and its parameters.

    content: the file as it was read. unread: why its parameters could not be read, which its own run shows too.
    problems: why it can make no report.
    """

    name: str
    path: Path
    title: str
    parameters: tuple[Parameter, ...] = ()
    interactive: bool = False  # for interactive use, not for reports: its first cell has the tag `interactive`
    content: bytes = field(default=b"", repr=False, compare=False)
    unread: str = ""
    problems: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the parameters whose value is the path of a file."""
        return tuple(parameter.name for parameter in self.parameters if isinstance(parameter.rule, File))

    @property
    def defaults(self) -> dict[str, Any]:
        """The default value of each parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    @property
    def remark(self) -> str:
        """A sentence on parameters that were not read or whose type was inferred; empty if there are none."""
        inferred = [f"{parameter.name}: {parameter.type}" for parameter in self.parameters if parameter.inferred]
        return self.unread or (
            f"types of parameters inferred from their defaults: {', '.join(inferred)}" * bool(inferred)
        )


class BrokenNotebook(ParameterError):
    """A notebook file that is there but can make no report: `.notebook`, with its problems."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        super().__init__(notebook.problems)


def all_notebooks(folder: Path = NOTEBOOKS) -> list[Notebook]:
    """Return the notebooks that are not for interactive use, sorted by name, also those with problems."""
    notebooks = [_read(path) for path in sorted(folder.glob("*.ipynb"))]
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
    """Return a notebook with its title and parameters. Raises BrokenNotebook if it can make no report."""
    notebook = _read(path)
    if notebook.problems:
        raise BrokenNotebook(notebook)
    return notebook


def _read(path: Path) -> Notebook:
    """Return a notebook; one that can't be read has its problems and no parameters."""
    broken = Notebook(path.stem, path, path.stem)
    try:
        content = read_file(path, _MOST_BYTES)
        notebook = _nbformat_4(content)
        cells = [
            (cell["cell_type"], "".join(cell["source"]), set(map(str, cell.get("metadata", {}).get("tags") or ())))
            for cell in notebook["cells"]
        ]
        metadata = notebook["metadata"]
        stated = ((metadata.get("kernelspec") or {}).get("language"), (metadata.get("language_info") or {}).get("name"))
        language = next(filter(None, stated), "python").lower()
    except OSError as error:
        return replace(broken, problems=(f"{path.name}: can't be read ({error.strerror}).",))
    except Exception as error:  # nbformat raises errors of many kinds
        return replace(broken, problems=(f"{path.name}: is not a Jupyter notebook ({type(error).__name__}: {error}).",))
    headings = (re.search(r"^#\s+(.+?)\s*#*\s*$", source, re.M) for kind, source, _ in cells if kind == "markdown")
    title = next((match[1] for match in headings if match), path.stem)
    found = replace(broken, title=title, content=content, interactive=bool(cells) and "interactive" in cells[0][2])
    tagged = [source for kind, source, tags in cells if kind == "code" and "parameters" in tags]
    if len(tagged) > 1:
        problem = f"{path.name}: has {len(tagged)} cells tagged 'parameters'; one is allowed."
        return replace(found, problems=(problem,))
    if not tagged or language != "python":
        return found
    try:
        return replace(found, parameters=declared(path.name, tagged[0]))
    except SyntaxError as error:
        return replace(found, unread=f"no parameters: their cell is not valid Python ({error})")
    except ParameterError as error:
        return replace(found, problems=error.problems)


def _nbformat_4(content: bytes) -> dict[str, Any]:
    """Return the content of a notebook file of any version of the format."""
    notebook = json.loads(content.decode("utf-8-sig"))
    if notebook["nbformat"] == 4:
        return notebook
    import nbformat

    return nbformat.reads(content.decode("utf-8-sig"), as_version=4)
