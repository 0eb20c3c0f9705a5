"""CITATION.cff is valid for citation managers, GitHub and Zenodo, and agrees with pyproject.toml."""

from __future__ import annotations

import copy
import datetime
import json
import tomllib

import jsonschema
import pytest
import yaml

from analysis.paths import ROOT

SCHEMA = json.loads((ROOT / "tests" / "reference" / "cff" / "schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def citation() -> dict:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = yaml.safe_load(text)
    # the schema speaks of dates as text
    return {key: str(value) if isinstance(value, datetime.date) else value for key, value in found.items()}


def test_it_fits_the_official_schema(citation):
    validator = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
    assert [error.message for error in validator.iter_errors(citation)] == []
    for spoilt in ({"licence": "MIT"}, {"license": "no such licence"}, {"authors": []}, {"cff-version": "1.1"}):
        assert list(validator.iter_errors({**copy.deepcopy(citation), **spoilt})), spoilt


def test_citation_agrees_with_the_project_file(citation):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert str(citation["version"]) == project["version"]
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]
    assert set(citation["keywords"]) == set(project["keywords"])
