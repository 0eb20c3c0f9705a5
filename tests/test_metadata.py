"""Files for other services agree with the project: versions, names, commands, forms and links."""

from __future__ import annotations

import json
import re
import tomllib
from urllib.parse import unquote

import pytest
import yaml

from analysis.paths import DATA, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
FORMS = [path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"]
PAGES = [
    path
    for pattern in ("*.md", "data/**/*.md", "docs/**/*.md", ".github/**/*.md", "analysis/**/*.md")
    for path in ROOT.glob(pattern)
    if "generated" not in path.parts
]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read_json(name: str) -> dict:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))


def commands(workflow: dict) -> str:
    return "\n".join(step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"])


def test_title_version_authors_and_keywords_are_the_same_everywhere():
    zenodo, codemeta = read_json(".zenodo.json"), read_json("codemeta.json")
    paper = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))["paper"]
    names = [author["name"] for author in PROJECT["authors"]]
    assert {CITED["title"], zenodo["title"], codemeta["name"], paper["title"]} == {CITED["title"]}
    assert {PROJECT["version"], CITED["version"], zenodo["version"], codemeta["version"]} == {PROJECT["version"]}
    for authors in (CITED["authors"], zenodo["creators"], codemeta["author"], paper["authors"]):
        assert [author["name"] for author in authors] == names
    for keywords in (CITED["keywords"], zenodo["keywords"], codemeta["keywords"]):
        assert keywords == PROJECT["keywords"]
    assert zenodo["license"] == PROJECT["license"] and codemeta["license"].endswith(f"/{PROJECT['license']}")


@pytest.mark.parametrize("folder", [DATA, DATA / "cohorts"])
def test_the_data_packages_have_contributors_sources_licences_and_a_date(folder):
    package = yaml.safe_load((folder / "datapackage.yaml").read_text(encoding="utf-8"))
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert [person["title"] for person in package["contributors"]] == [author["name"] for author in PROJECT["authors"]]
    assert package["created"] and package["keywords"] and package["version"] == PROJECT["version"]
    assert all((folder / source["path"]).is_file() for source in package["sources"])
    licences = {licence["name"] for part in (package, *package["resources"]) for licence in part["licenses"]}
    assert licences == {"CC0-1.0"} and all(part["licenses"] for part in package["resources"])


def test_continuous_integration_runs_what_a_maintainer_runs():
    run = commands(workflow("ci.yml"))
    assert ".ci/run" in run and ".ci/published" in run and "make docs" in run
    versions = workflow("ci.yml")["jobs"]["reports-and-tests"]["strategy"]["matrix"]["python-version"]
    readme = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert f"{versions[0]} to {versions[-1]} work" in readme and versions[0] == PROJECT["requires-python"].strip(">=")
    called = set(
        re.findall(r"\bmake ([a-z ]+)", "\n".join(commands(workflow(name)) for name in ("ci.yml", "release.yml")))
    )
    assert {target for words in called for target in words.split()} <= TARGETS


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_workflows_pin_actions_to_commits_and_leave_no_credentials(name):
    steps = [step for job in workflow(name)["jobs"].values() for step in job["steps"] if "uses" in step]
    assert steps and all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]) for step in steps)
    checkouts = [step for step in steps if step["uses"].startswith("actions/checkout@")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_environments_call_real_targets():
    container = read_json(".devcontainer/devcontainer.json")
    assert container["postCreateCommand"] == "make setup" and "setup" in TARGETS
    assert (ROOT / "postBuild").stat().st_mode & 0o111 and (ROOT / ".ci" / "published").stat().st_mode & 0o111


def test_the_manifest_of_the_codecheck_lists_files_that_a_batch_makes():
    from analysis.reporting.batch.placement import REPORT_FILE

    text = (ROOT / "codecheck.yml").read_text(encoding="utf-8")
    assert text.startswith("---\n")  # a MUST of the specification
    for entry in yaml.safe_load(text)["manifest"]:
        folder, _, name = entry["file"].removeprefix("reports/output/").rpartition("/")
        assert (folder == "evidence-report" and REPORT_FILE.fullmatch(name)) or name == "manifest.json", entry


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_forms_ask_for_what_is_needed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids)) >= 2
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def anchors(text: str) -> set[str]:
    """The anchors that a page has for its headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)|<(?:img|source|a)[^>]*(?:src|srcset|href)=\"([^\"]+)\"", text):
        target, _, anchor = (link[0] or link[1]).partition("#")
        if target.startswith(("http:", "https:")):
            continue
        found = (path.parent / unquote(target)) if target else path
        assert found.exists() or target.startswith("reports/output"), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found.read_text(encoding="utf-8")), link
