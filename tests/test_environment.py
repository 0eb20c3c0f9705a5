"""The three lists of packages agree, and the lock file installs nothing else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from analysis.reporting import provenance

# Names on conda-forge that differ from those of pyproject.toml; environment.yml says why.
CONDA_NAMES = {"typst": "typst-py", "matplotlib": "matplotlib-base"}
# What a pip installation needs to be there before.
ONLY_CONDA = {"python", "pip"}
IMPORT_NAMES = {
    "zmq": "pyzmq",
    "bs4": "beautifulsoup4",
    "fhir": "fhir.resources",
    "PIL": "pillow",
    "jupyter_client": "jupyter-client",
    "pypandoc": "pypandoc-binary",
    "yaml": "pyyaml",
}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def required(project) -> dict[str, Requirement]:
    """Packages of pyproject.toml, those for the tests among them."""
    lists = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for lines in lists for line in lines}


@pytest.fixture(scope="module")
def environment(root) -> dict:
    return yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pip_lines(environment) -> list[str]:
    (lines,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    return lines


@pytest.fixture(scope="module")
def conda(environment, pip_lines) -> dict[str, Requirement]:
    """Packages of environment.yml, those that pip adds among them. Conda's `=3.13` means 3.13 and its patches."""
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    lines = [re.sub(r"(?<![<>=!~])=(?!=)([\d.]+)$", r"==\1.*", line) for line in lines]
    lines += [line for line in pip_lines if not line.startswith("-")]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


@pytest.fixture(scope="module")
def lock(root) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def locked(lock) -> dict[str, list[tuple[Version, str]]]:
    """Versions and markers of each locked package."""
    found: dict[str, list[tuple[Version, str]]] = {}
    for name, version, marker in re.findall(r"^([A-Za-z0-9._-]+)==(\S+?)(?: ; (.*?))? \\$", lock, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append((Version(version), marker))
    return found


def test_every_package_has_a_lower_and_an_upper_bound(required):
    for name, requirement in required.items():
        assert {specifier.operator for specifier in requirement.specifier} == {">=", "<"}, name


def test_conda_names_the_same_packages_with_the_same_bounds(required, conda):
    assert {CONDA_NAMES.get(name, name) for name in required} == set(conda) - ONLY_CONDA
    for name, requirement in required.items():
        assert conda[CONDA_NAMES.get(name, name)].specifier == requirement.specifier, name


def test_conda_takes_a_python_that_the_project_allows(project, conda):
    (specifier,) = conda["python"].specifier
    version = specifier.version.removesuffix(".*")
    assert specifier.operator == "=="  # repo2docker reads no ranges
    assert SpecifierSet(project["project"]["requires-python"]).contains(version)


def test_conda_installs_the_project_itself(environment, pip_lines):
    # pip reads these lines as a requirements file, where an option like --no-deps is an error.
    assert [line for line in pip_lines if line.startswith("-")] == ["-e ."]
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def test_the_lock_has_every_package_within_its_bounds(project, required, locked):
    (setuptools,) = project["build-system"]["requires"]
    for name, requirement in {**required, "setuptools": Requirement(setuptools)}.items():
        assert locked.get(name), name
        for version, _ in locked[name]:
            assert version in requirement.specifier, (name, version)


def test_the_lock_has_one_version_of_a_package_for_each_system(locked):
    for name, versions in locked.items():
        if len(versions) > 1:
            assert all(marker for _, marker in versions), name


def test_every_line_of_the_lock_has_hashes(lock):
    entries = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    for entry in entries:
        first = entry.splitlines()[0]
        assert re.match(r"[A-Za-z0-9._-]+==\S+", first), first
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), first


def test_the_lock_names_no_place_to_load_from(lock):
    for word in ("http:", "https:", "file:", "index-url", "find-links", "trusted-host", " @ ", "-e ", "git+"):
        assert word not in lock, word


@pytest.mark.slow
def test_what_the_code_imports_is_declared(root, required):
    """A package installed only as a dependency of another one may disappear."""
    for folder in ("analysis", "tests"):
        for path in sorted((root / folder).rglob("*.py")):
            for name in imported(path.read_text(encoding="utf-8")):
                package = canonicalize_name(IMPORT_NAMES.get(name, name))
                folders = (path.parent, root, root / "tests")
                local = any((place / f"{name}.py").exists() or (place / name).is_dir() for place in folders)
                assert name in sys.stdlib_module_names or local or package in required, (path.name, name)


def imported(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_entry_points_lead_to_classes(project):
    from importlib import import_module

    points = project["project"]["entry-points"]["nbconvert.exporters"]
    assert set(points) == {"crps-html", "crps-pdf"}
    for target in points.values():
        module, _, name = target.partition(":")
        assert isinstance(getattr(import_module(module), name), type)


def test_targets_of_make_are_listed_and_real(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([a-z]+):.*##", text, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    assert listed == phony >= {"help", "report", "test", "quick", "lab", "check", "clean"}


def test_ci_runs_the_two_commands(root):
    path = root / ".ci" / "run"
    assert path.stat().st_mode & 0o111
    commands = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert commands[-2:] == ["make report", "make test"]


def test_citation_file(root, project):
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The contributors of ketamine-crps"}]
    assert citation["version"] == project["project"]["version"]
    assert citation["license"] == project["project"]["license"] == "MIT"
    assert {"message", "title", "type"} <= set(citation)
    assert "The contributors of ketamine-crps" in (root / "LICENSE").read_text(encoding="utf-8")


def test_a_report_names_the_version_of_every_library(project):
    wanted = {canonicalize_name(Requirement(line).name) for line in project["project"]["dependencies"]}
    assert {canonicalize_name(name) for name in provenance.LIBRARIES} == wanted
    assert len(provenance.versions()) == len(wanted) + 1, "Python itself too"
