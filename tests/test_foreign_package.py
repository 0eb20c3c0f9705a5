"""A folder `analysis/` of the user's own hides the library: command and notebooks say so, and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.paths import ROOT, ForeignPackage, check_package

pytestmark = pytest.mark.slow


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder with a package named like ours, as a study of one's own may have."""
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").touch()
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    # the kernel and `python -m` find the working directory first, then the installed project
    hook = "import sys, analysis; analysis.__path__.append(sys.argv.pop(1))"
    start = [sys.executable, "-c", f"{hook}; import runpy; exec(sys.argv.pop(1))", str(ROOT / "analysis"), *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(start, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_command_refuses_with_one_sentence(study):
    done = run(study, "runpy.run_module('analysis', run_name='__main__')", "list")
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert f"Python found another folder named analysis: {study / 'analysis'}" in done.stderr
    assert f"cd {ROOT} && python -m analysis report NOTEBOOK" in done.stderr


@pytest.mark.parametrize("room", ["evidence", "figures", "findings", "tables", "explore"])
def test_a_notebook_is_told_instead_of_mixing_both(study, room):
    done = run(study, f"from analysis import {room}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("analysis.paths.ForeignPackage: Python found another folder")


def test_jupyter_shows_the_sentence_alone(tmp_path):
    with pytest.raises(ForeignPackage) as found:
        check_package(tmp_path)
    assert found.value._render_traceback_() == [str(found.value)]
    check_package(ROOT / "analysis")
