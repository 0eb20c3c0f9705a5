"""A curator's evening: rows for a new study from exported records, and what changed because of which row."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from analysis.__main__ import main
from analysis.curation.difference import NoVersion, difference, pooled_words, version
from analysis.curation.exported_records import ExportedRecord, UnreadableRecord, bibtex_entry, read_record
from analysis.curation.new_study import duplicates, new_study, screened
from analysis.curation.printed_difference import difference_html, difference_text

NBIB = """PMID- 39999999
OWN - NLM
TI  - Low-dose ketamine infusions for complex regional pain syndrome: a randomised
      trial.
LID - S0000-0000(27)00001-1 [pii]
LID - 10.1000/test.2027.1 [doi]
FAU - Döe, Jane
FAU - Roe, Richard
FAU - Poe, Edgar
DP  - 2028 Jan
DEP - 20271103
VI  - 12
IP  - 1
PG  - 1-9
JT  - Journal of pain
"""
RIS = """TY  - JOUR
AU  - Döe, Jane
AU  - Roe, Richard
AU  - Poe, Edgar
TI  - Low-dose ketamine infusions for complex regional pain syndrome: a randomised trial
JO  - Journal of pain
PY  - 2027
VL  - 12
DO  - 10.1000/test.2027.1
ER  -
"""
BIB = """@article{x, author = {Döe, Jane and Roe, Richard and Poe, Edgar}, year = {2027}, journal = {Journal of pain},
 title = {{Low-dose ketamine infusions for complex regional pain syndrome: a randomised trial}}, volume = {12},
 doi = {10.1000/test.2027.1}, pmid = {39999999}}
"""
CSL = json.dumps(
    {
        "type": "article-journal",
        "title": "Low-dose ketamine infusions for complex regional pain syndrome: a randomised trial",
        "author": [{"family": name, "given": "A"} for name in ("Döe", "Roe", "Poe")],
        "container-title": "Journal of pain",
        "issued": {"date-parts": [[2027, 11, 3]]},
        "DOI": "10.1000/test.2027.1",
    }
)
TRIAL = json.dumps(
    {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT09999999", "officialTitle": "Ketamine or Placebo for CRPS"},
            "statusModule": {"overallStatus": "RECRUITING", "studyFirstSubmitDate": "2027-02-01"},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "City Hospital"}},
            "designModule": {"designInfo": {"allocation": "RANDOMIZED"}},
            "outcomesModule": {
                "primaryOutcomes": [{"measure": "Numeric rating scale", "timeFrame": "12 weeks"}],
                "secondaryOutcomes": [{"measure": "EQ-5D", "timeFrame": "12 weeks"}],
            },
            "contactsLocationsModule": {"locations": [{"country": "Netherlands"}, {"country": "Netherlands"}]},
        }
    }
)


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.nbib", NBIB), ("a.ris", RIS), ("a.bib", BIB), ("a.json", CSL)],
    ids=["nbib", "ris", "bib", "csl"],
)
def test_every_format_gives_the_same_study(evidence, tmp_path, name, text):
    new = new_study(evidence, read_record(write(tmp_path, name, text)), name, date(2027, 12, 1))
    study = new.rows["studies"][0]
    assert (new.study_id, study["row_id"], study["citation"]) == ("doe2027", "studies-49", "Döe et al. 2027")
    assert (study["year"], study["journal"], study["doi"]) == (2027, "Journal of pain", "10.1000/test.2027.1")
    assert study["title"].endswith("a randomised trial"), "the first of two years, and no full stop"
    assert study["design"] == "" and study["population"] == "", "nothing is guessed"
    assert study["pmid"] == ("39999999" if name in ("a.nbib", "a.bib") else "")
    assert new.entry.startswith("@article{doe2027,") and "2027" in new.entry
    assert new.rows["sources"][0]["source_id"] == "doe2027_abs" and new.rows["sources"][0]["access"] == ""
    assert new.rows["screening"][0]["decision"] == "awaiting_full_text"
    assert new.templates["arms"]["arm_id"] == "doe2027_ketamine"


def test_a_registered_trial(evidence, tmp_path):
    new = new_study(evidence, read_record(write(tmp_path, "a.json", TRIAL)), "a.json", date(2027, 12, 1))
    study = new.rows["studies"][0]
    assert (study["registry_id"], study["design"], study["country"]) == ("NCT09999999", "rct_protocol", "Netherlands")
    assert study["citation"] == "City Hospital (registered 2027)"
    planned = [(row["role"], row["planned_outcome"], row["reported"]) for row in new.rows["planned_outcomes"]]
    assert planned == [
        ("primary", "Numeric rating scale, 12 weeks", "not_due"),
        ("secondary", "EQ-5D, 12 weeks", "not_due"),
    ]
    assert new.rows["screening"][0]["decision"] == "ongoing"


@pytest.mark.slow
def test_rows_are_added_and_nothing_is_overwritten(data_copy, tmp_path):
    before = {path.name: path.read_bytes() for path in data_copy.folder.iterdir() if path.is_file()}
    file = write(tmp_path, "a.nbib", NBIB)
    result = CliRunner().invoke(main, ["new-study", str(file), "--data", str(data_copy.folder)])
    assert result.exit_code == 0, result.output
    for name, content in before.items():
        assert (data_copy.folder / name).read_bytes().startswith(content), name
    problems = data_copy.problems()
    assert sorted(problems["column"]) == ["access", "design", "population"], "cells that a person must fill in"
    assert result.output.count("is required") == 3 and "To fill in" in result.output
    data_copy.edit("sources.csv", {"source_id": "doe2027_abs"}, {"access": "abstract"})
    data_copy.edit("studies.csv", {"study_id": "doe2027"}, {"design": "rct", "population": "crps"})
    assert data_copy.problems().empty
    again = CliRunner().invoke(main, ["new-study", str(file), "--data", str(data_copy.folder)])
    assert again.exit_code == 1 and "doe2027 (same DOI, PubMed id, title)" in again.output
    assert "Nothing was written" in again.output


DIALECTS = {  # name -> text, and what differs from the record that follows
    "endnote.ris": (
        "TY  - JOUR\nA1  - Müller, Jörg H.\nA1  - van der Berg, Anna\nT1  - Ketamine for CRPS in Dutch patients\n"
        "JF  - Pain Medicine\nY1  - 2027/03/05/\nVL  - 28\nIS  - 3\nSP  - 111\nEP  - 119\nN2  - Ketamine\n"
        "has dissociative effects.\nDO  - https://doi.org/10.1000/Test.5\nUR  - https://pubmed.ncbi.nlm.nih.gov/38888888/\n"
        "ER  - \n",
        {},
    ),
    "zotero.ris": (
        "\ufeffTY  - JOUR\r\nTI  - Ketamine for <i>CRPS</i> in Dutch patients\r\nAU  - Müller, Jörg H.\r\n"
        "AU  - van der Berg, Anna\r\nT2  - Pain Medicine\r\nDA  - 2027/03/05/\r\nPY  - 2028\r\nDP  - PubMed\r\n"
        "VL  - 28\r\nIS  - 3\r\nSP  - 111\r\nEP  - 119\r\nSN  - 1526-2375\r\nAN  - PMID: 38888888\r\n"
        "UR  - https://doi.org/10.1000/Test.5\r\nER  - \r\n\r\n",
        {},
    ),
    "bibtex.bib": (
        '@string{pm = "Pain Medicine"}\n@Article{x,\n author = "M{\\"u}ller, J{\\"o}rg H. and van der Berg, Anna",\n'
        " title = {Ketamine for CRPS in Dutch patients},\n journal = pm, year = 2027, volume = {28}, number = {3},\n"
        " pages = {111--119},\n language = {english},\n doi = {10.1000/Test.5},\n note = {PMID: 38888888}}\n",
        {},
    ),
    "pubmed.nbib": (
        "PMID- 38888888\nIS  - 1526-4637 (Electronic)\nVI  - 28\nIP  - 3\nDP  - 2028 Mar\n"
        "TI  - Ketamine for CRPS in Dutch\n"
        "      patients.\nPG  - 111-119\nAB  - PURPOSE: Ketamine - a drug.\nFAU - Müller, Jörg H\nAU  - Müller JH\n"
        "FAU - van der Berg, Anna\nCN  - CRPS Group\nDEP - 20271205\nJT  - Pain Medicine\nAID - 10.1000/Test.5 [doi]\n",
        {"authors": (("Müller", "Jörg H"), ("van der Berg", "Anna"), ("CRPS Group", ""))},
    ),
    "date-without-parts.json": (
        json.dumps(
            [
                {
                    "title": "Ketamine for\n CRPS in Dutch patients",
                    "author": [
                        {"family": "Müller", "given": "Jörg H."},
                        {"family": "Berg", "given": "Anna", "non-dropping-particle": "van der"},
                        {"literal": "CRPS Group"},
                    ],
                    "issued": {"date-parts": [[]], "raw": "2027-03"},
                    "container-title": "Pain Medicine",
                    "volume": 28,
                    "issue": "3",
                    "page": "111–119",
                    "DOI": "http://dx.doi.org/10.1000/Test.5",
                    "PMID": 38888888,
                }
            ]
        ),
        {"authors": (("Müller", "Jörg H."), ("van der Berg", "Anna"), ("CRPS Group", "")), "pages": "111–119"},
    ),
}
RECORD = ExportedRecord(
    title="Ketamine for CRPS in Dutch patients",
    authors=(("Müller", "Jörg H."), ("van der Berg", "Anna")),
    year=2027,
    journal="Pain Medicine",
    volume="28",
    issue="3",
    pages="111-119",
    doi="10.1000/Test.5",
    pmid="38888888",
    url="",
    trial=None,
)


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects_of_the_exporting_programs(tmp_path, name):
    text, differs = DIALECTS[name]
    assert replace(read_record(write(tmp_path, name, text)), url="") == replace(RECORD, **differs)


def test_the_entry_of_the_bibliography_says_what_the_record_says(tmp_path):
    title = r"Ketamine & {pH} in 50% of “CRPS” #1_a^b~c \d $5 – İzmir"
    written = replace(RECORD, title=title, authors=(*RECORD.authors, ("CRPS Group", "")))
    entry = bibtex_entry("a", written)
    assert "doi = {10.1000/Test.5}" in entry and "pages = {111--119}" in entry
    assert read_record(write(tmp_path, "a.bib", entry)) == replace(written, pages="111-119")


@pytest.mark.parametrize("dates", [None, [], "2027", {"literal": "spring 2027"}, {"date-parts": [["2027"], [2028]]}])
def test_a_date_in_any_form_never_stops_the_import(tmp_path, dates):
    text = json.dumps({"title": "x", "author": None, "issued": dates})
    assert read_record(write(tmp_path, "a.json", text)).year == (2027 if dates else None)


def test_a_trial_that_stopped_is_not_planned(evidence, tmp_path):
    for status in ("TERMINATED", "WITHDRAWN", "UNKNOWN", "COMPLETED"):
        file = write(tmp_path, "a.json", TRIAL.replace("RECRUITING", status))
        new = new_study(evidence, read_record(file), "a.json", date(2027, 12, 1))
        assert new.rows["studies"][0]["design"] == "" and new.rows["screening"][0]["decision"] == "awaiting_full_text"
        assert {row["reported"] for row in new.rows["planned_outcomes"]} == {""}


def test_duplicates_by_each_identifier(evidence, tmp_path):
    other = replace(RECORD, title="x", doi="", pmid="")
    trial = read_record(write(tmp_path, "a.json", TRIAL.replace("NCT09999999", "NCT00579085")))
    assert duplicates(evidence, replace(other, pmid="34233070")) == ["mangnus2022 (same PubMed id)"]
    assert duplicates(evidence, replace(other, doi="10.1111/PAPR.13056")) == ["mangnus2022 (same DOI)"]
    assert duplicates(evidence, trial) == ["schwartzman2009 (same registry number)"]
    title = "“optimizing the  treatment of CRPS—with Kétamine.”"
    assert duplicates(evidence, replace(other, title=title)) == ["kirkpatrick2020 (same title)"]
    assert duplicates(evidence, other) == [] and screened(evidence, other) == []
    seen = replace(other, doi="10.1016/j.jpain.2015.05.008")
    assert duplicates(evidence, seen) == [] and screened(evidence, seen) == ["screening-54 (awaiting_full_text)"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.docx", "x", "export the record as one of .nbib, .ris, .bib, .json"),
        ("a.json", "{", "no valid .json file"),
        ("a.json", "[1]", "no valid .json file"),
        ("a.json", "{}", "no record with a title"),
        ("a.nbib", "hello", "no record with a title"),
        ("a.json", "null", "no valid .json file (its fields are not those of a record)"),
        ("a.json", json.dumps({"title": {"x": 1}}), "a group of fields where a text belongs"),
        ("a.nbib", f"{NBIB}\n{NBIB}", "2 records; export and complete one study at a time"),
        ("a.nbib", f"{NBIB}{NBIB}", "2 records; export and complete one study at a time"),
        ("a.ris", RIS.replace("ER  -", ""), "a record ends before its line ER"),
        ("a.ris", RIS.replace("Low", "L\x00w"), "characters that are not text"),
        ("a.bib", BIB[:60], "no valid .bib file"),
        ("a.ris", RIS.encode("cp1252"), "byte 19 is not UTF-8; save it as UTF-8"),
        ("a.ris", RIS.encode("utf-16"), "byte 1 is not UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, name, text, words):
    with pytest.raises(UnreadableRecord, match="a\\.") as refused:
        read_record(write(tmp_path, name, text))
    assert words in str(refused.value)


@pytest.mark.slow
def test_no_change(evidence):
    found = difference(evidence, evidence)
    assert found.sentence == "No answer changed." and found.rows == () and found.answers == 8


@pytest.mark.slow
def test_a_change_that_reaches_no_answer(evidence, data_copy):
    data_copy.edit("sources.csv", {"source_id": "mangnus2022_abs"}, {"note": "read again"})
    found = difference(evidence, data_copy.load())
    assert found.sentence == "No answer changed."
    (row,) = found.rows
    assert (row.change, row.study, row.cells["note"][1]) == ("changed", "mangnus2022", "read again")


@pytest.mark.slow
def test_a_number_and_a_conclusion_with_the_row_behind_each(evidence, data_copy):
    data_copy.edit("pain_scores.csv", {"row_id": "pain_scores-20"}, {"value": "3.68"})
    data_copy.edit("searches.csv", {"topic": "Ferraro 2025"}, {"note": "seen"})
    for reader in ("1", "2", "settled"):
        match = {"outcome_id": "function", "domain": "overall", "reader": reader}
        data_copy.edit("certainty.csv", match, {"judgement": "moderate"})
    found = difference(evidence, data_copy.load(), ("v1", "v2"))
    assert found.sentence == "2 of 8 answers changed." and len(found.rows) == 5
    pain, certain = found.changed
    assert pain.because_of == ("pain_scores-20",) and "2.8 points lower" in pain.old and "1.8 points lower" in pain.new
    settled = next(row.row_id for row in found.rows if row.row_id.startswith("certainty") and _settled(evidence, row))
    assert set(certain.because_of) == {"pain_scores-20", settled}, "not the readings, and not the search"
    assert "function, any improvement, over 12 weeks: low" in certain.old
    assert "function, any improvement, over 12 weeks: moderate" in certain.new
    text, page = difference_text(found), difference_html(found)
    assert text.startswith("2 of 8 answers changed. v1 -> v2") and "value 2.68 -> 3.68" in text
    assert "<h1>2 of 8 answers changed.</h1>" in page and "because of pain_scores-20" in text
    assert json.loads(json.dumps(found.as_json()))["changed"][0]["because_of"] == ["pain_scores-20"]


def _settled(evidence, row) -> bool:
    return evidence.texts["certainty"][int(row.row_id.removeprefix("certainty-"))]["reader"] == "settled"


@pytest.mark.slow
def test_a_study_that_goes_with_its_arm(evidence, data_copy):
    """Rows that need each other come and go together, so the answers can be computed without them."""
    gone = {}
    for file, column in (("responders.csv", 1), ("arms.csv", 2), ("durations.csv", 1)):
        rows = data_copy.rows(file)
        gone[file] = [int(row[0].rpartition("-")[2]) for row in rows if row[column] == "goebel2015"]
        data_copy.write_rows(file, [row for row in rows if row[column] != "goebel2015"])
        name = file.removesuffix(".csv")
        data_copy.replace(
            "datapackage.yaml", f"path: {file}\n", f"path: {file}\n    deletedRows: {gone[file]}\n"
        ) if gone[file] else None
        assert gone[file], name
    found = difference(evidence, data_copy.load())
    assert any(row.change == "removed" for row in found.rows)
    assert any("goebel2015" in row.study for row in found.rows)
    duration = next(answer for answer in found.changed if answer.question.startswith("How long"))
    assert "1 of 5" in duration.old and "1 of 5" not in duration.new
    assert any(row_id.startswith("durations-") for row_id in duration.because_of)


@pytest.mark.slow
def test_a_pooled_rate_is_compared_as_a_number_with_its_limits(evidence, data_copy):
    data_copy.edit("responders.csv", {"row_id": "responders-13"}, {"responders": "24"})
    data_copy.edit("durations.csv", {"row_id": "durations-19"}, {"patients": "24"})
    found = difference(evidence, data_copy.load())
    (rate,) = found.rates
    assert rate.what.startswith("complete relief, within a week")
    assert rate.new["responders"] == rate.old["responders"] - 1 and rate.new["rate"] < rate.old["rate"]
    assert rate.new["ci_low"] < rate.new["rate"] < rate.new["ci_high"]
    answer = next(answer for answer in found.changed if answer.question == "Which rates are pooled?")
    assert answer.because_of == ("responders-13",)
    assert f"{100 * rate.old['rate']:.2f}% (" in answer.old and f"{100 * rate.new['rate']:.2f}% (" in answer.new
    text = difference_text(found, 10_000)
    assert f"{rate.what}: {pooled_words(rate.old)} -> {pooled_words(rate.new)}" in text
    assert pooled_words(rate.new) in difference_html(found) and found.as_json()["rates"][0]["new"] == rate.new


@pytest.mark.slow
def test_a_changed_reference_and_a_changed_dictionary_are_said(evidence, data_copy):
    data_copy.replace("references.bib", "A A Practice", "A&A Practice")
    data_copy.replace("datapackage.yaml", "# The dictionary of the evidence tables: ", "# Dictionary: ")
    path = data_copy.folder / "references.bib"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    dictionary, reference = difference(evidence, data_copy.load()).rows
    assert (reference.row_id, reference.study, reference.change) == ("references.bib", "aapract2020", "changed")
    assert reference.cells == {"journal": ("{A A Practice}", "{A&A Practice}")}, "and not the line ends"
    assert (dictionary.row_id, dictionary.cells) == ("datapackage.yaml", {})


@pytest.mark.slow
def test_a_column_that_is_empty_changes_no_row(evidence):
    more = {name: {n: row | {"remark": ""} for n, row in rows.items()} for name, rows in evidence.texts.items()}
    assert difference(evidence, replace(evidence, texts=more)).rows == ()


@pytest.mark.slow
def test_exit_status_of_diff(data_copy):
    run = CliRunner().invoke
    folder = str(data_copy.folder)
    assert run(main, ["diff", folder]).exit_code == 0
    assert run(main, ["diff", "no-such-revision"]).exit_code == 2
    data_copy.edit("sources.csv", {"source_id": "mangnus2022_abs"}, {"note": "read again"})
    page, record = data_copy.folder.parent / "d.html", data_copy.folder.parent / "d.json"
    result = run(main, ["diff", "data", folder, "--html", str(page), "--json", str(record)])
    assert result.exit_code == 1 and result.output.startswith("No answer changed.")
    assert json.loads(record.read_text(encoding="utf-8"))["sentence"] == "No answer changed." and page.is_file()


def test_a_revision_older_than_the_dictionary_is_refused(monkeypatch):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        files.addfile(tarfile.TarInfo("data/studies.csv"))
    monkeypatch.setattr("analysis.curation.difference.git", lambda *_: archive.getvalue())
    with pytest.raises(NoVersion, match="no row ids yet"), version("v0.1"):
        pass
