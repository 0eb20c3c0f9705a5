"""The same bytes from two copies of the project in different folders, time zones, languages; `make reproduce` asks all
reports of two clones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import reproduce

from analysis.paths import ROOT

pytestmark = pytest.mark.slow

NEEDED = ("analysis", "data", "notebooks", "pyproject.toml", "requirements.lock", "CITATION.cff")
PLAN = "reports: [{notebook: study-report, parameters: {study_id: sigtermans2009}}]"
NAME = "study-report-sigtermans2009"


def copy(folder: Path) -> Path:
    """The project without its history."""
    folder.mkdir()
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    (folder / "plan.yml").write_text(PLAN)
    return folder


def test_two_copies_in_different_worlds_give_the_same_bytes(tmp_path):
    outputs = [
        reproduce.build(copy(tmp_path / place), world, jobs, ["plan.yml"])
        for place, world, jobs in zip(reproduce.PLACES, reproduce.WORLDS, ("1", "2"), strict=True)
    ]
    reports, differing = reproduce.compare(*outputs)
    assert (reports, differing) == ([NAME], [])
    # and a difference is seen
    (outputs[1] / NAME / "report.html").write_text("other")
    (outputs[1] / NAME / "report.pdf").unlink()
    manifest = outputs[1] / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**told, "times": {}}))
    assert reproduce.compare(*outputs)[1] == [f"{NAME}/report.pdf", f"{NAME}/report.html"]
    manifest.write_text(json.dumps({**told, "schema": 0}))
    assert "manifest.json" in reproduce.compare(*outputs)[1]
