"""The data, code, parameters and versions that made a report, and the command that makes it again."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import platform
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from analysis.parameters import Notebook
from analysis.paths import DATA, ROOT, resolve
from analysis.reporting.private_folder import hash_words, published_hash
from analysis.revision import epoch, git

# the dependencies in pyproject.toml, those that compute numbers first
LIBRARIES = """pandas numpy scipy matplotlib pyyaml openpyxl psutil pyarrow papermill nbclient nbformat nbconvert
    ipykernel ipython ipywidgets jupyter_client jupyterlab pyzmq traitlets jinja2 lxml pillow anyascii pygments
    pypandoc_binary typst fonttools brotli rocrate click tqdm""".split()
_MONTHS = "January February March April May June July August September October November December".split()
_MAKES_REPORTS = ("analysis", "data", "notebooks", "reports/batch.yml", "pyproject.toml", "requirements.lock")


def sha256(data: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def git_words(*arguments: str) -> str | None:
    """Return what git answers about the repository as text; None without git or a repository."""
    output = git(*arguments)
    return None if output is None else output.decode().strip()


def code() -> dict[str, Any]:
    """Return the commit, its time, whether the files that make reports differ from it, and the hash of the code."""
    commit = git_words("rev-parse", "HEAD")
    changed = git_words("status", "--porcelain", "--", *_MAKES_REPORTS) if commit else None
    return {"commit": commit or "", "clean": changed == "", "epoch": epoch(), "hash": code_hash()}


def code_hash() -> str:
    """Return the SHA-256 of all files in analysis/."""
    files = sorted(p for p in (ROOT / "analysis").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(ROOT).as_posix()} {sha256(path.read_bytes())}\n".encode())
    return digest.hexdigest()


def data() -> dict[str, Any]:
    """Return the hash of each data file and of all, and the content of each row. Raises DataError."""
    from analysis.evidence import load
    from analysis.outcomes import rows

    evidence = load(DATA)
    return {
        "data": {"hash": evidence.hash, "files": dict(evidence.hashes)},
        "rows": rows.rows(evidence),
        "sources": rows.sources(evidence),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the dependencies."""
    installed = {"Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def citations() -> dict[str, str]:
    """Return the name of each study and review in the text, by its key in references.bib."""
    names: dict[str, str] = {}
    for table, key in (("studies", "study_id"), ("reviews", "review_id")):
        with (DATA / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                names.setdefault(row[key], row["citation"])
    return names


def shared(known_code: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the provenance that all reports of a batch share. Raises DataError if the data are not valid.

    known_code: the result of `code`, if it was called already.
    """
    return {**data(), "code": known_code or code(), "versions": versions(), "citations": citations()}


def record(
    notebook: Notebook, values: dict[str, Any], common: dict[str, Any], published: dict[str, str]
) -> dict[str, Any]:
    """Return the provenance for the metadata of the notebook, without clock times.

    common: see `shared`. published: see `published_hashes`.
    """
    changed = [p.name for p in notebook.parameters if values[p.name] != p.default]
    values = {p.name: p.public(values[p.name]) for p in notebook.parameters}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {
        "notebook": notebook.name,
        "path": _public_path(notebook.path),
        "notebook_hash": sha256(notebook.content),
        "parameters": listed,
        "order": list(listed),  # notebook files sort their keys
        "changed": changed,
        "inputs": [{"file": values[name], "hash": value} for name, value in published.items()],
        "command": command(notebook, {name: values[name] for name in changed}, common.get("paper", "")),
        **common,
    }


def published_hashes(notebook: Notebook, values: dict[str, Any], inputs: dict[str, str]) -> dict[str, str]:
    """Return the hash of each file that a parameter names, as reports print it, by the parameter.

    inputs: see `input_hashes`. Another computer has another key, so that its hashes of a clinic's file differ.
    """
    paths = {name: resolve(values[name]).resolve() for name in notebook.files if values[name]}
    return {name: published_hash(path, inputs[str(path)]) for name, path in paths.items() if str(path) in inputs}


def input_files(notebook: Notebook, values: dict[str, Any]) -> list[Path]:
    """Return the notebook and each file that a parameter names, where they are there."""
    paths = [notebook.path, *(resolve(values[name]) for name in notebook.files)]
    return [path for path in paths if path.is_file()]


def input_hashes(notebook: Notebook, values: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each input file by absolute path."""
    return {str(path.resolve()): sha256(path.read_bytes()) for path in input_files(notebook, values)}


def changed_input(inputs: dict[str, str], made: dict[str, Any], read: Iterable[tuple[str, str]]) -> str:
    """Return why a report is not of the data that its record names; empty if it is.

    Parameters
    ----------
    inputs: see `input_hashes`.
    made: the record, see `record`.
    read: path and SHA-256 of what the kernel read. The files are read again too, for notebooks that read them by other
        means than the loaders of this project.
    """
    data = {str((DATA / name).resolve()): digest for name, digest in made["data"]["files"].items()}
    expected = {**data, **inputs}
    now = ((path, sha256(Path(path).read_bytes()) if Path(path).is_file() else "") for path in expected)
    changed = [path for path, digest in itertools.chain(read, now) if digest != expected.get(path, digest)]
    if not changed:
        return ""
    name = _public_path(Path(changed[0]))
    return f"{name} changed while the report was made, so its numbers may be of other data; build it again"


def _public_path(path: Path) -> str:
    """Return the path relative to the project; of a file outside the project only its name."""
    resolved = path.resolve()
    return resolved.relative_to(ROOT).as_posix() if resolved.is_relative_to(ROOT) else resolved.name


def command(notebook: Notebook, overrides: dict[str, Any], paper: str = "") -> str:
    """Return the command line that makes the report again. paper: of the PDF; empty for the default."""
    path = _public_path(notebook.path)
    name = notebook.name if path == f"notebooks/{notebook.name}.ipynb" else path
    words = ["python", "-m", "analysis", "report", name]
    for key, value in overrides.items():
        words += ["-p", f"{key}={value_words(value)}"]
    words += ["--paper", paper] if paper else []
    return shlex.join(words)


def value_words(value: Any) -> str:
    """Return the value of a parameter as text for the command line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (tuple, list)):
        return str(value)
    if not all(isinstance(part, str) for part in value):
        return str(list(value))
    words = [str(part) for part in value]
    if any(word != word.strip() or word[:1] in "[(\"'" or "," in word for word in words):
        return json.dumps(words, ensure_ascii=False)  # commas inside a word do not split it
    return ",".join(words)


def day_of(seconds: int) -> str:
    """Return the day of a time in words, the same in every locale."""
    day = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def lines(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the last section of a report: each line has a label and text, code or a table (heading row first)."""
    if "command" not in made:
        text = "By hand from a notebook: data, code and parameters were not recorded. To record them:"
        return [{"label": "Made", "text": text}, {"label": "Command", "code": "python -m analysis report NOTEBOOK"}]
    commit, clean = made["code"]["commit"], made["code"]["clean"]
    state = "the files were exactly those of the commit" if clean else "some files had changed since the commit"
    again = [f"git checkout {commit}"] if commit else []
    parameters = [
        ("Parameter", "Value", "Given or default"),
        *(
            (name, value_words(made["parameters"][name]) or "all", "given" if name in made["changed"] else "default")
            for name in made["order"]
        ),
    ]
    hashes = [(name, value[:12]) for name, value in made["data"]["files"].items()]
    half = (len(hashes) + 1) // 2
    pairs = [(*left, *right) for left, right in itertools.zip_longest(hashes[:half], hashes[half:], fillvalue=("", ""))]
    files = [("File", "SHA-256, first 12", "File", "SHA-256, first 12"), *pairs]
    return [
        {"label": "Notebook", "text": f"{made['path']} (SHA-256 {made['notebook_hash'][:12]})"},
        {"label": "Data", "text": f"SHA-256 {made['data']['hash']}"},
        {"label": "Data files", "rows": files},
        *({"label": file["file"], "text": hash_words(file["hash"])} for file in made.get("inputs", [])),
        *(line for applied in made.get("maps", []) for line in _map_lines(applied)),
        {"label": "Code", "text": f"commit {commit}; {state}" if commit else "a copy without its history"},
        {"label": "Date of the code", "text": day_of(made["code"]["epoch"])},
        {"label": "Parameters", "rows": parameters} if made["parameters"] else {"label": "Parameters", "text": "none"},
        {"label": "Versions", "text": ", ".join(map(" ".join, made["versions"].items()))},
        {"label": "To make it again", "code": "\n".join([*again, made["command"]])},
    ]


def _map_lines(applied: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [("What", "In the clinic's table", "Became"), *(tuple(line) for line in applied["lines"])]
    text = f"{applied['file']} (SHA-256 {applied['hash']})"
    return [{"label": "Map of the table", "text": text}, {"label": "What became what", "rows": rows}]
