"""results.json, schema.org data and FHIR Evidence: valid, with the numbers of the report, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess

import jsonschema
import nbformat
import pandas as pd
import pytest
from fhir.resources.bundle import Bundle
from matplotlib.figure import Figure as MatplotlibFigure
from notebook_runs import NAMES, defaults, page
from reporting_samples import common

from analysis import findings, tables
from analysis.evidence.selection import Selection, select
from analysis.exhibit import EXHIBIT_MIME, Figure
from analysis.exhibit.cells import stable
from analysis.outcomes import responders
from analysis.outcomes.key_outcomes import key_outcomes
from analysis.paths import ROOT
from analysis.reporting.interchange import fhir_evidence, results
from analysis.reporting.interchange.linked_data import linked_data
from analysis.reporting.interchange.measures import MEASURES

SCHEMA = json.loads((ROOT / "analysis/reporting/interchange/results.schema.json").read_text(encoding="utf-8"))
R_SCRIPT = ROOT / "docs" / "how-to" / "read-results.R"


def problems(content: dict) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)]


def notebook(*exhibits: object) -> dict:
    """An executed notebook with these outputs."""
    outputs = [{"data": {EXHIBIT_MIME: exhibit.payload()}} for exhibit in exhibits]
    parameters = {"parameters": {"level": 0.9}, "command": "python -m analysis report evidence-report"}
    return {"cells": [{"outputs": outputs}], "metadata": {"ketamine_crps": {**common(), **parameters}}}


@pytest.fixture(scope="module")
def selection(evidence) -> Selection:
    return select(evidence)


@pytest.fixture(scope="module")
def executed(selection) -> dict:
    rates = tables.responder_rates_table(responders.rates(selection, 0.9), 0.9)
    return notebook(findings.summary_of_findings(selection, key_outcomes(selection, 0.9), 0.9), rates)


@pytest.fixture(scope="module")
def answers(executed) -> dict[str, dict]:
    return {answer["id"]: answer for answer in results.results(executed)["answers"]}


@pytest.mark.slow
def test_the_schema_is_valid_and_refuses_what_is_wrong(executed):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    good = results.results(executed)
    assert problems(good) == []
    answer = good["answers"][0]
    for name, wrong in (("value", "2.8"), ("rows", ["responders.csv row 3"]), ("n", -1), ("level", 95)):
        assert problems({**good, "answers": [{**answer, name: wrong}]}), name
    assert problems({key: value for key, value in good.items() if key != "disclaimer"})


def test_an_outcome_has_value_limits_patients_rows_and_source(answers, executed):
    pain = answers["outcome-1"]
    assert (pain["value"], pain["n"], pain["level"], pain["unit"]) == (-2.77, 60, 0.9, "points, 0-10")
    assert (pain["ketamine"], pain["control"]) == (2.68, 5.45)
    assert pain["low"] == pytest.approx(-3.9408, abs=1e-4) and pain["high"] == pytest.approx(-1.5992, abs=1e-4)
    assert pain["rows"] == ["pain_scores-20", "pain_scores-21"] and pain["certainty"] == "Low"
    row = results.results(executed)["rows"]["pain_scores-20"]
    assert row["study"] == "sigtermans2009" and row["url"] == "https://doi.org/10.1016/j.pain.2009.06.023"
    harm = next(answer for answer in answers.values() if answer["what"] == "Effects on perception")
    assert harm["value"] == pytest.approx(0.58) and harm["unit"] == "share"


def test_the_summary_of_findings_is_a_table_too(selection):
    table = findings.summary_of_findings(selection, key_outcomes(selection))
    first = table.data.iloc[0]
    assert (first["outcome"], first["value"], first["n"], first["certainty"]) == (
        "Pain at the end of week 1",
        -2.77,
        60,
        2,
    )
    assert table.source.iloc[0].tolist() == ["adverse_events.csv", 23] and len(table.data) == len(table.rows)


def test_limits_of_a_review_have_no_level_of_ours(answers):
    """They stay as printed while the report's level changes."""
    review = next(answer for answer in answers.values() if answer["studies"] == ["zhu2024"])
    assert (review["value"], review["low"], review["high"]) == (-0.78, -1.51, -0.05)
    assert review["level"] is None and review["limits"] == "printed"


def test_limits_of_chance_are_no_confidence_limits():
    """A funnel draws where sites lie by chance, which says nothing about the rate of one site."""
    data = pd.DataFrame({"site": ["Site A"], "n": [40], "rate": [0.5], "low_95": [0.3], "high_95": [0.6]})
    figure = Figure("site-funnel", MatplotlibFigure(), data, alt="One site.", caption="Sites.")
    (site,) = results.results(notebook(figure))["answers"]
    assert (site["value"], site["low"], site["high"], site["n"], site["level"]) == (0.5, 0.3, 0.6, 40, None)
    assert "by chance" in site["limits"] and "confidence" not in site["limits"]


def test_a_size_that_is_not_printed_is_null(answers):
    week_12 = next(answer for answer in answers.values() if answer["what"] == "Pain at week 12")
    assert [week_12[name] for name in ("value", "low", "high", "level")] == [None] * 4
    assert week_12["n"] == 79 and "P = 0.07" in week_12["printed"]["difference"]


def test_rates_are_those_of_the_table(answers, selection):
    rates = responders.rates(selection, 0.9)
    found = [answer for name, answer in answers.items() if name.startswith("tab-responder-rates-")]
    assert len(found) == len(rates)
    for answer, row in zip(found, rates.itertuples(), strict=True):
        shares = (None if isinstance(row.selected_by_outcome, str) else x for x in (row.rate, row.ci_low, row.ci_high))
        expected = (*shares, row.n, [row.study_id], [f"responders-{row.row}"])
        assert [answer[name] for name in ("value", "low", "high", "n", "studies", "rows")] == stable(expected)


def test_the_fhir_bundle_is_valid_and_has_the_numbers(executed):
    content = fhir_evidence.evidence_json(executed)
    bundle = Bundle.model_validate_json(content)
    first, *others = [entry.resource for entry in bundle.entry]
    assert {resource.get_resource_type() for resource in (first, *others)} == {"Evidence"} and len(others) == 6
    statistic = first.statistic[0]
    assert float(statistic.quantity.value) == -2.77 and statistic.statisticType.coding[0].display == "Mean Difference"
    assert statistic.sampleSize.numberOfParticipants == 60 and statistic.sampleSize.numberOfStudies == 1
    interval = statistic.attributeEstimate[0]
    assert float(interval.level) == 0.9 and float(interval.range.low.value) == pytest.approx(-3.9408, abs=1e-4)
    assert first.certainty[0].rating.coding[0].code == "low"
    assert [role.variableRole.coding[0].code for role in first.variableDefinition] == [
        "population",
        "exposure",
        "referenceExposure",
        "measuredVariable",
    ]
    (source,) = first.relatedArtifact
    assert source.document.url == "https://doi.org/10.1016/j.pain.2009.06.023"
    assert source.citation.endswith("(pain_scores-20, pain_scores-21)")
    assert "Pain at 4 to 12 weeks, pooled: ketamine against placebo in complex regional pain syndrome" in {
        resource.title for resource in others
    }
    unsized = next(resource for resource in others if resource.title.startswith("Pain at week 12"))
    assert unsized.statistic[0].quantity is None and "P = 0.07" in unsized.statistic[0].description
    broken = json.loads(content)
    broken["entry"][0]["resource"]["statistic"][0]["quantity"]["value"] = "lower"
    with pytest.raises(ValueError, match=r"quantity\.value"):
        Bundle.model_validate(broken)


def test_the_same_notebook_gives_the_same_bytes(executed):
    for make in (results.results_json, fhir_evidence.evidence_json):
        assert make(executed) == make(json.loads(json.dumps(executed)))


def test_pages_of_a_clinic_have_no_linked_data_and_markup_stays_text():
    made = {**common(), "inputs": [], "command": "python -m analysis report"}
    text = linked_data("</script><b>", "a < b", made)
    assert "<" not in text and json.loads(text)["headline"] == "</script><b>"
    assert linked_data("Title", "", {**made, "inputs": [{"file": "clinic.csv", "hash": "0"}]}) == ""
    assert linked_data("Title", "", {}) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_report_has_valid_results(name):
    built = defaults()[name]
    content = json.loads(built.files["results.json"])
    assert problems(content) == []
    executed = nbformat.reads(built.files["report.ipynb"].decode(), as_version=4)
    assert results.results_json(executed) == built.files["results.json"]
    rows = set(content["rows"])
    assert {row for answer in content["answers"] for row in answer["rows"]} <= rows
    for anchor in MEASURES:
        if table := built.files.get(f"tables/{anchor}.csv"):
            lines = len(list(csv.DictReader(io.StringIO(table.decode()))))
            assert sum(answer["id"].startswith(f"{anchor}-") for answer in content["answers"]) == lines


@pytest.mark.slow
def test_every_measure_occurs_in_a_report():
    """A table or a column that was renamed would silently drop its answers."""
    made = {name.removeprefix("tables/").removesuffix(".csv") for built in defaults().values() for name in built.files}
    assert set(MEASURES) <= made


@pytest.mark.slow
def test_the_page_describes_itself_to_search_engines():
    (script,) = page().find_all("script", type="application/ld+json")
    data = json.loads(script.string)
    assert data["@type"] == "MedicalScholarlyArticle" and data["headline"] == page().h1.get_text()
    assert data["isBasedOn"]["@type"] == "Dataset" and data["isBasedOn"]["license"].endswith("/zero/1.0/")
    assert {"@type": "ScholarlyArticle", "name": "Sigtermans et al. 2009"}.items() <= next(
        cited for cited in data["citation"] if cited["name"] == "Sigtermans et al. 2009"
    ).items()
    assert all(cited.get("sameAs", "http").startswith("http") for cited in data["citation"])
    content = json.loads(defaults()["evidence-report"].files["results.json"])
    assert data["isBasedOn"]["identifier"] == f"sha256:{content['made']['data']}"
    assert data["abstract"] == content["report"]["lead"] != data["headline"]


@pytest.mark.slow
def test_r_reads_the_results(tmp_path):
    program = shutil.which("Rscript")
    if not program or subprocess.run([program, "-e", "library(jsonlite)"], capture_output=True).returncode:
        pytest.skip("R with the package jsonlite is not installed")
    built = defaults()["evidence-report"]
    (tmp_path / "tables").mkdir()
    for name, content in built.files.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run([program, str(R_SCRIPT), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    count = sum(name.startswith("tables/") for name in built.files)
    assert f"{count} tables with " in done.stdout and "outcome-1 -2.77 -4.172 -1.368" in " ".join(done.stdout.split())
