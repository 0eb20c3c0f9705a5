"""The RO-Crate of a batch: readable by the rocrate library, complete, and reproducible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from rocrate.rocrate import ROCrate

from analysis.paths import ROOT
from analysis.reporting import provenance
from analysis.reporting.batch import crate
from analysis.reporting.batch.folder import CRATE
from analysis.reporting.provenance import sha256

pytestmark = pytest.mark.slow

FILES = {"report.html": b"<p>", "report.pdf": b"%PDF", "report.ipynb": b"{}", "tables/tab-arms.csv": b"a\n1\n"}


def entry(name: str, status: str = "built", **more) -> dict:
    return {
        "name": name,
        "title": f"Title of {name}",
        "question": "Does it help?",
        "status": status,
        "notebook": "notebooks/study-report.ipynb",
        "notebook_hash": "0" * 64,
        "parameters": {"study_id": "mangnus2022", "level": 0.95, "routes": []},
        "command": "python -m analysis report study-report",
        "files": {file: sha256(content) for file, content in FILES.items()} if status == "built" else {},
        **more,
    }


@pytest.fixture(scope="module")
def common() -> dict:
    return provenance.shared()


@pytest.fixture
def folder(tmp_path: Path, common) -> Path:
    """Return the output folder of a batch of two reports, with index, manifest and crate."""
    entries = [entry("one"), entry("two"), entry("broken", "failed")]
    for name in ("one", "two"):
        for file, content in FILES.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes(content)
    (tmp_path / "index.html").write_text("x")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / CRATE).write_bytes(crate.crate_json(entries, common))
    return tmp_path


def test_every_file_that_it_names_is_there_with_its_hash(folder):
    read = ROCrate(folder)
    named = {data.id for data in read.data_entities if data.type == "File"}
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {CRATE}
    assert named == present
    for name in named - {"index.html", "manifest.json"}:
        assert read.get(name)["sha256"] == sha256((folder / name).read_bytes())


def test_the_crate_lists_inputs_actions_and_authors(folder, common):
    read = ROCrate(folder)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    root = read.root_dataset
    assert root["name"] == cited["title"]
    assert root["license"].id == "https://spdx.org/licenses/MIT"
    assert [author["name"] for author in root["author"]] == [author["name"] for author in cited["authors"]]
    assert root["datePublished"].count("-") == 2 and "T" not in root["datePublished"], "a day, not a clock time"
    action = read.get("#make-one")
    assert action["instrument"]["name"] == "notebooks/study-report.ipynb"
    assert action["result"]["name"] == "Title of one"
    evidence, *parameters = action["object"]
    assert evidence["identifier"] == f"sha256:{common['data']['hash']}"
    assert evidence["license"].id == crate.DATA_LICENCE
    assert {part["name"]: part["sha256"] for part in evidence["hasPart"]} == {
        f"data/{name}": value for name, value in common["data"]["files"].items()
    }
    assert {p["name"]: p["value"] for p in parameters} == {"study_id": "mangnus2022", "level": "0.95", "routes": "all"}
    assert common["code"]["commit"] in read.get("#software")["version"]
    assert not read.get("broken/"), "a report that failed has no files to describe"


def test_the_licence_of_the_data_is_that_of_the_dictionary(data_folder):
    package = yaml.safe_load((data_folder / "datapackage.yaml").read_text(encoding="utf-8"))
    assert [licence["path"] for licence in package["licenses"]] == [crate.DATA_LICENCE]


def test_the_same_batch_gives_the_same_bytes(common):
    first, second = (crate.crate_json([entry("one"), entry("two")], common) for _ in range(2))
    assert first == second
    graph = json.loads(first)["@graph"]
    assert len({node["@id"] for node in graph}) == len(graph)
    ids = {node["@id"] for node in graph}
    pointed = [
        part["@id"]
        for node in graph
        for value in node.values()
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, dict)
    ]
    assert set(pointed) - ids <= {f"https://w3id.org/ro/crate/{crate.CRATE_VERSION}"}, "nothing points to nowhere"
