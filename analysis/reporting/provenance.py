"""Which data, code, parameters and versions made a report, and how to make it again."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
import shlex
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from itertools import zip_longest
from pathlib import Path
from typing import Any

from analysis.parameters import Notebook
from analysis.paths import DATA, ROOT, resolve

# what pyproject.toml asks for, those that make numbers first
LIBRARIES = (
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "pyyaml",
    "openpyxl",
    "pyarrow",
    "papermill",
    "nbclient",
    "nbformat",
    "nbconvert",
    "ipykernel",
    "ipython",
    "ipywidgets",
    "jupyter_client",
    "jupyterlab",
    "pyzmq",
    "traitlets",
    "jinja2",
    "beautifulsoup4",
    "pygments",
    "pypandoc_binary",
    "typst",
    "rocrate",
    "click",
    "tqdm",
)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MAKES_REPORTS = ("analysis", "data", "notebooks", "reports/batch.yml", "pyproject.toml", "requirements.lock")
_FIRST_DAY = 315532800  # 1980-01-01: a day every file format can hold, for copies without a history


def sha256(data: bytes) -> str:
    """The fingerprint of a file's content."""
    return hashlib.sha256(data).hexdigest()


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def code() -> dict[str, Any]:
    """The commit, its day, whether the files that make reports differ from it, and a hash of the library's own text."""
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--", *_MAKES_REPORTS) if commit else None
    files = sorted(p for p in (ROOT / "analysis").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    hashed = hashlib.sha256()
    for path in files:
        hashed.update(f"{path.relative_to(ROOT).as_posix()} {sha256(path.read_bytes())}\n".encode())
    return {"commit": commit or "", "clean": changed == "", "epoch": epoch(), "hash": hashed.hexdigest()}


def epoch() -> int:
    """The time that stands in everything made here: SOURCE_DATE_EPOCH if set, else the last commit's."""
    given = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    try:
        return int(given or _FIRST_DAY)
    except ValueError:
        return _FIRST_DAY


def data() -> dict[str, Any]:
    """Hash of each data file and of all together, and what stands in each row. Raises DataError if the data break
    their rules."""
    from analysis.evidence import load
    from analysis.outcomes import rows

    evidence = load(DATA)
    return {
        "data": {"hash": evidence.hash, "files": dict(evidence.hashes)},
        "rows": rows.rows(evidence),
        "sources": rows.sources(evidence),
    }


def versions() -> dict[str, str]:
    """Python and all libraries that the project builds on."""
    found = {"Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def citations() -> dict[str, str]:
    """How each study and review is called in the text, by its key in references.bib."""
    names: dict[str, str] = {}
    for table, key in (("studies", "study_id"), ("reviews", "review_id")):
        with (DATA / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                names.setdefault(row[key], row["citation"])
    return names


def shared(known_code: dict[str, Any] | None = None) -> dict[str, Any]:
    """What all reports of one batch have in common; found out once. known_code: what `code` gives, if it was asked.

    Raises DataError if the data break their rules.
    """
    return {**data(), "code": known_code or code(), "versions": versions(), "citations": citations()}


def record(notebook: Notebook, values: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """What a notebook's metadata keeps: everything the last section of the report says, and no clock time."""
    changed = [p.name for p in notebook.parameters if values[p.name] != p.default]
    hashes = {name: sha256(resolve(values[name]).read_bytes()) for name in notebook.files}
    values = {p.name: p.public(values[p.name]) for p in notebook.parameters}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {
        "notebook": notebook.name,
        "path": _place(notebook.path),
        "notebook_hash": sha256(notebook.path.read_bytes()),
        "parameters": listed,
        "order": list(listed),  # notebook files sort their keys
        "changed": changed,
        "inputs": [{"file": values[name], "hash": value} for name, value in hashes.items()],
        "command": command(notebook, {name: values[name] for name in changed}, common.get("paper", "")),
        **common,
    }


def _place(path: Path) -> str:
    """The path as it stands in the project; only the name for a file from elsewhere."""
    resolved = path.resolve()
    return resolved.relative_to(ROOT).as_posix() if resolved.is_relative_to(ROOT) else resolved.name


def command(notebook: Notebook, given: dict[str, Any], paper: str = "") -> str:
    """The command line that makes the report again. paper: that of the PDF; empty for the default."""
    place = _place(notebook.path)
    name = notebook.name if place == f"notebooks/{notebook.name}.ipynb" else place
    words = ["python", "-m", "analysis", "report", name]
    for key, value in given.items():
        words += ["-p", f"{key}={value_words(value)}"]
    words += ["--paper", paper] if paper else []
    return shlex.join(words)


def value_words(value: Any) -> str:
    """A parameter's value as one would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (tuple, list)):
        return str(value)
    words = [str(part) for part in value]
    if any(word != word.strip() or word[:1] in "[(\"'" or "," in word for word in words):
        return json.dumps(words, ensure_ascii=False)  # a comma inside a name doesn't part it
    return ",".join(words)


def day_of(seconds: int) -> str:
    """A time as a day in words, the same in every language setting."""
    day = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def lines(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The last section of a report: label, and text, code or a small table (heading row first)."""
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
    pairs = [(*left, *right) for left, right in zip_longest(hashes[:half], hashes[half:], fillvalue=("", ""))]
    files = [("File", "SHA-256, first 12", "File", "SHA-256, first 12"), *pairs]
    return [
        {"label": "Notebook", "text": f"{made['path']} (SHA-256 {made['notebook_hash'][:12]})"},
        {"label": "Data", "text": f"SHA-256 {made['data']['hash']}"},
        {"label": "Data files", "rows": files},
        *({"label": file["file"], "text": f"SHA-256 {file['hash']}"} for file in made.get("inputs", [])),
        {"label": "Code", "text": f"commit {commit}; {state}" if commit else "a copy without its history"},
        {"label": "Date of the code", "text": day_of(made["code"]["epoch"])},
        {"label": "Parameters", "rows": parameters} if made["parameters"] else {"label": "Parameters", "text": "none"},
        {"label": "Versions", "text": _list(f"{name} {version}" for name, version in made["versions"].items())},
        {"label": "To make it again", "code": "\n".join([*again, made["command"]])},
    ]


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
