"""Checks before a commit equal those of `make test`; notebooks saved by Jupyter are cleaned."""

from __future__ import annotations

import copy
import re
import shlex
import subprocess
import sys

import nbformat
import pytest
import yaml

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hooks(root):
    (repository,) = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local", "nothing is fetched: what make test installed is used"
    return {hook["id"]: hook for hook in repository["hooks"]}


def command(hook, *more):
    program, *words = shlex.split(hook["entry"])
    assert program == ".venv/bin/python" and words[0] == "-m"
    return [sys.executable, *words, *map(str, more)]


def test_the_same_checks_as_in_make_test(root, hooks):
    target = re.search(r"^test:.*\n((?:\t.*\n)+)", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert list(hooks) == ["nbstripout", "ruff-check", "ruff-format", "data"]
    assert "ruff check" in target and "ruff format --check" in target and "pytest" in target


def test_stored_notebooks_stay_as_they_are(root, hooks):
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    assert all(re.search(hooks["nbstripout"]["files"], f"notebooks/{path.name}") for path in notebooks)
    done = subprocess.run(command(hooks["nbstripout"], "--verify", *notebooks), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_notebook_saved_after_a_run_loses_what_the_run_left(root, hooks, tmp_path):
    stored = nbformat.read(root / "notebooks" / "study-report.ipynb", as_version=4)
    saved = copy.deepcopy(stored)
    saved.metadata.language_info = nbformat.from_dict(
        {"name": "python", "version": "3.13.1", "file_extension": ".py", "mimetype": "text/x-python"}
        | {"codemirror_mode": {"name": "ipython", "version": 3}, "nbconvert_exporter": "python"}
        | {"pygments_lexer": "ipython3"}
    )
    saved.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    cell = saved.cells[2]
    cell.execution_count, cell.outputs = 3, [nbformat.v4.new_output("stream", text="something")]
    path = tmp_path / "saved.ipynb"
    nbformat.write(saved, path)
    subprocess.run(command(hooks["nbstripout"], path), check=True)
    assert path.read_text(encoding="utf-8") == nbformat.writes(stored) + "\n"
