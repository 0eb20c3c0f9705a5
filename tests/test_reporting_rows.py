"""Links from numbers to rows, from rows to sources and locations, from sources to addresses."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup
from notebook_runs import defaults

from analysis.exhibit import EXHIBIT_MIME
from analysis.exhibit.places import anchor
from analysis.outcomes import rows as data_rows
from analysis.reporting.page import source_rows
from analysis.reporting.page.exporters import ReportHTMLExporter

pytestmark = pytest.mark.slow


def notebook(*payloads: dict, **made) -> dict:
    """A notebook as JSON with these exhibits."""
    outputs = [{"output_type": "display_data", "data": {EXHIBIT_MIME: payload}} for payload in payloads]
    return {"cells": [{"cell_type": "code", "source": "", "outputs": outputs}], "metadata": {"ketamine_crps": made}}


def prose(markdown: str, *where: str) -> dict:
    return {"kind": "prose", "markdown": markdown, "studies": [], "rows": list(where)}


TABLE = {
    "kind": "table",
    "name": "t",
    "caption": "C [2](#row-arms-2)",
    "alt": "",
    "notes": "",
    "studies": [],
    "columns": [{"label": "Row", "align": "left", "unit": ""}],
    "cells": [["pain_scores-20 and pain_scores-21"], ["–"]],
    "csv": "",
}


@pytest.fixture(scope="module")
def record(evidence) -> dict:
    return {"rows": data_rows.rows(evidence), "sources": data_rows.sources(evidence)}


def test_every_row_of_the_tables_has_an_entry_with_what_it_says(evidence, record):
    for name in ("sources", "studies", "responders", "durations", "conflicts"):
        assert set(record["rows"][name]) == {str(row) for row in getattr(evidence, name)["row"]}
    entry = record["rows"]["responders"]["27"]
    assert entry["study"] == "mangnus2022" and entry["source"] == "mangnus2022_abs"
    assert entry["says"].startswith(
        "Fall of 2 or more NRS points, or treatment reported as successful, T1 end of infusion: 30 of 48 patients, "
        "printed as 62%. Weeks from the end of infusion: 0;"
    )
    scores = record["rows"]["pain_scores"]
    assert scores["20"]["says"].startswith("End of week 1 (lowest score): mean 2.68 on a scale from 0 to 10 in 30 pat")
    assert scores["10"]["says"].startswith("Before infusion in 16 patients. Phase: baseline;"), "a range has no value"
    assert ", printed as 61.0%" in " ".join(e["says"] for e in record["rows"]["responders"].values())
    assert "10.1111" not in entry["says"], "addresses stand once, behind the source"


def test_a_source_leads_to_its_best_address(record):
    assert record["sources"]["mangnus2022_abs"] == {
        "words": "abstract",
        "label": "doi:10.1111/papr.13056",
        "url": "https://doi.org/10.1111/papr.13056",
    }
    assert record["sources"]["crps_review_table"]["url"] == "https://pmc.ncbi.nlm.nih.gov/articles/PMC10688501/"
    addresses = [source["url"] for source in record["sources"].values()]
    assert all(url == "" or url.startswith(("https://", "http://")) for url in addresses)


def test_a_source_without_an_address_gets_that_of_its_study(evidence, record):
    studies = evidence.texts["studies"].values()
    without = [s for s in evidence.texts["sources"].values() if not (s["doi"] or s["pmid"] or s["pmcid"] or s["url"])]
    printed = {study["study_id"]: study["doi"] for study in studies if study["doi"]}
    held = [source for source in without if source["study_id"] in printed]
    assert held, "the test needs such a source"
    for source in held:
        assert record["sources"][source["source_id"]]["label"] == f"doi:{printed[source['study_id']]}"


def test_rows_are_gathered_from_sentences_findings_and_cells():
    summary = {"kind": "summary", "findings": [{"sentence": "[1](#row-durations-3)", "rows": []}], "limits": []}
    found = source_rows.used(notebook(prose("[62%](#row-responders-27,row-arms-5)", "studies-4"), TABLE, summary))
    assert found == (
        *(("arms", 2), ("arms", 5), ("durations", 3), ("pain_scores", 20), ("pain_scores", 21)),
        *(("responders", 27), ("studies", 4)),
    )


def test_a_report_keeps_the_rows_that_it_uses_and_no_other(record):
    book = notebook(prose("[62%](#row-responders-27)"), **record)
    kept = source_rows.used_record(book["metadata"]["ketamine_crps"], book)
    assert {table: list(found) for table, found in kept["rows"].items()} == {"responders": ["27"]}
    assert set(kept["sources"]) == {"mangnus2022_abs", "mangnus2022"}
    assert source_rows.used_record({"command": "x"}, book) == {"command": "x"}, "a notebook run by hand has no record"


def test_a_row_that_is_not_recorded_is_no_link(record):
    import nbformat

    book = nbformat.v4.new_notebook()
    payload = prose("[62%](#row-responders-27) and [7](#row-responders-9999)")
    output = nbformat.v4.new_output("display_data", data={EXHIBIT_MIME: payload, "text/markdown": payload["markdown"]})
    book.cells = [nbformat.v4.new_code_cell("x", outputs=[output])]
    page = BeautifulSoup(ReportHTMLExporter().from_notebook_node(book)[0], "html.parser")
    assert "62% and 7" in page.select_one(".body").get_text() and not page.select("a.row")
    book.metadata["ketamine_crps"] = json.loads(json.dumps(record))
    page = BeautifulSoup(ReportHTMLExporter().from_notebook_node(book)[0], "html.parser")
    assert [a.get_text() for a in page.select(".body > p a.row")] == ["62%"]
    entry = page.select_one("#row-responders-27")
    assert entry.dt.get_text() == "responders-27"
    assert "From mangnus2022_abs (abstract): " in entry.get_text()
    assert entry.select_one('a[href="https://doi.org/10.1111/papr.13056"]')
    assert page.select_one(entry.select_one('a[href^="#ref-"]')["href"]), "the study stands in the references"


def test_the_rows_travel_in_the_executed_notebook():
    """`jupyter nbconvert --to crps-html` reads only the notebook and prints the rows recorded in it."""
    files = defaults()["study-report"].files
    made = json.loads(files["report.ipynb"])["metadata"]["ketamine_crps"]
    named = {anchor(table, int(row)) for table, lines in made["rows"].items() for row in lines}
    page = BeautifulSoup(files["report.html"], "html.parser")
    assert "row-responders-27" in named
    assert {entry["id"] for entry in page.select(".rows dl > div")} == named
