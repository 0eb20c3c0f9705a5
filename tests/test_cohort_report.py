"""The exported cohort report: no patient can be identified, whatever the clinic's table contains."""

from __future__ import annotations

import csv
import functools
import io
import json
import random
from pathlib import Path

import nbformat
import pypdf
import pytest
from bs4 import BeautifulSoup
from notebook_runs import defaults, page, pdf_pages
from pdf_words import all_words
from reporting_samples import common

from analysis import paths
from analysis.exhibit import EXHIBIT_MIME
from analysis.figures.cohort.clinic_figure import INVENTED
from analysis.parameters import ParameterError, check_known, check_values, find_notebook
from analysis.reporting.batch.naming import report_name
from analysis.reporting.run import Built, Spec, build_report

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked")]

NAME = "cohort-report"
EXAMPLE = paths.DATA / "cohorts" / "synthetic-example.csv"
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><b>bold",
    "[click](javascript:alert(1))",
    '=HYPERLINK("http://x.example","y")',
    "@import url(//x.example)",
    "#strong[x] $y$ @key #read(1)",
    "\\input{/etc/passwd} {{7*7}} {% raw %}",
    "../../x",
    "Nord\u202egro",
    "x" * 10_000,
    "😀 東京",
    "+1+1",
)
FILE = "<b>&'=x 😀\u202e.csv"


def words(element) -> str:
    return " ".join(element.get_text(" ").split())


def printed(built: Built) -> str:
    """Return the words of both PDFs: the summary and the appendix."""
    return " ".join(all_words(built.files[name]) for name in ("report.pdf", "appendix.pdf"))


def texts_of(built: Built, pdf: str) -> dict[str, str]:
    """Return all files of a report as text: HTML, text of the PDFs, notebook, CSV, and figures in them."""
    found = {name: content.decode() for name, content in built.files.items() if not name.endswith(".pdf")}
    return {**found, "report.pdf": pdf}


# ------------------------------------------------------------------------------------------------ the example
def test_no_identifier_of_the_example_is_in_any_file():
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        identifiers = {row["patient_id"] for row in csv.DictReader(file)}
    assert len(identifiers) > 200
    built = defaults()[NAME]
    assert built.ok, built.reason
    for name, text in texts_of(built, printed(built)).items():
        assert not [identifier for identifier in identifiers if identifier in text], name
    assert sum(name.startswith("tables/") for name in built.files) > 15
    said = json.dumps(built.record) + built.title + built.subtitle + built.question
    assert not [identifier for identifier in identifiers if identifier in said]


def test_the_identifiers_would_be_found_if_they_were_there():
    """The search covers figures, tables and text."""
    texts = texts_of(defaults()[NAME], printed(defaults()[NAME]))
    assert "Site A" in texts["report.pdf"] and "Site A" in texts["tables/tab-groups.csv"]
    assert "Site A" in texts["report.html"] and "Site A" in texts["report.ipynb"]


def test_every_page_and_picture_marks_invented_patients():
    built = defaults()[NAME]
    assert built.synthetic
    assert words(page(NAME).select_one(".synthetic")) == INVENTED
    assert all(INVENTED in text for text in pdf_pages(NAME))
    figures = page(NAME).select("figure[id^=fig-]")
    assert len(figures) >= 10
    for figure in figures:
        assert figure.select_one(".rowfig") or figure.svg["aria-label"].startswith(INVENTED)
        assert figure.select_one("h2.finding") or INVENTED in words(figure.figcaption)


def test_first_screen_answers_and_limits():
    header = words(page(NAME).select_one("header"))
    for question in ("How many did well?", "How long did it last?", "How does that compare?", "Who is missing?"):
        assert question in header
    for answer in (
        "58 of 100 patients with a score responded at the end of infusion (164 of 285; 95% interval 52 to 63)",
        "48 of 100 at 4 weeks (112 of 231; 42 to 55)",
        "Half of the 164 responders had lost the benefit between weeks 8 and 12",
        "Not clearly different from published studies that counted nearly the same way",
        "3 numbers from 2 studies",
        "No signal of change over 19 quarters",
        "64 of 295 patients have no score at 4 weeks",
        "It would be 38 if none of the 64 responded, 60 if all did",
    ):
        assert answer in header
    assert "file synthetic-example.csv" in header
    assert len(page(NAME).select("header dd")) == 4


def test_the_summary_fills_two_pages_and_the_details_follow():
    built = defaults()[NAME]
    assert len(pypdf.PdfReader(io.BytesIO(built.files["report.pdf"])).pages) == 2
    assert len(pypdf.PdfReader(io.BytesIO(built.files["appendix.pdf"])).pages) > 4
    headings = [words(heading) for heading in page(NAME).select(".halves h2, .halves h3")]
    assert headings == [
        *("227 of 300 have all three scores", "Of 100 patients treated, 55 respond, 37 later"),
        *("Pain falls and partly comes back", "At week 26, 21 of 100 responders still respond"),
        *("62% respond at the end of infusion, 63% as published", "None of 19 quarters outside the limits"),
        "182 of 300 have a score at week 26",
        "What these numbers can’t say",
    ]
    assert "There is no control group" in words(page(NAME).select_one(".halves"))


def test_what_the_report_shows():
    figures = {figure["id"].removeprefix("fig-") for figure in page(NAME).select("figure[id^=fig-]")}
    assert figures >= {
        *("who-counts", "squares", "pain-by-visit", "benefit", "benchmark", "run-chart", "missing-scores"),
        *("responder-curve", "responder-flow", "tipping-point"),
        *("duration-of-benefit", "duration-by-site", "site-funnel"),
    }
    sections = [words(heading) for heading in page(NAME).select(".appendix h3")]
    assert sections[:8] == [
        *("Who", "Pain", "Responders", "Duration", "Benchmark", "Missing data", "Limits", "How counted")
    ]
    assert "What stands out in the file" in words(page(NAME).select_one("#tab-warnings"))
    assert "Mangnus et al. 2021" in words(page(NAME).select_one("#fig-benchmark"))
    assert "<5" not in words(page(NAME).select_one("#tab-responders")), "the example is large enough"


def test_the_last_page_names_the_file_with_its_hash():
    from analysis.reporting.provenance import sha256

    assert "data/cohorts/synthetic-example.csv" in printed(defaults()[NAME])
    assert f"SHA-256 {sha256(EXAMPLE.read_bytes())}" in printed(defaults()[NAME])
    assert "python -m analysis report cohort-report" in printed(defaults()[NAME])


# ------------------------------------------------------------------------------------------------ hostile input
def table_text(sites=HOSTILE) -> str:
    """A table in which every text is hostile; six patients a site, with a name as identifier."""
    made, out = random.Random(1), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["patient_id", "visit", "weeks_from_end", "nrs", "site"])
    for number, site in enumerate(sites):
        for patient in range(6):
            who, before = f"Ann Example-{number}-{patient} <img src=x onerror=alert(2)>", made.randint(5, 9)
            writer.writerow([who, "baseline", "", before, site])
            writer.writerow([who, "end_of_infusion", 0, made.randint(0, before), site])
            writer.writerow([who, "follow_up", 4, made.randint(1, before) if made.random() < 0.7 else "", site])
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("Dr Example's secret folder")


def built_from(path: Path, **given) -> Built:
    values = check_values(find_notebook(NAME), {"cohort": str(path), **given})
    return build_report(
        Spec("hostile", NAME, {"cohort": values["cohort"], **{name: values[name] for name in given}}, common=common())
    )


@pytest.fixture(scope="module")
def hostile(folder) -> Built:
    path = folder / FILE
    path.write_text(table_text(), encoding="utf-8")
    built = built_from(path, title="{{7*7}} <script>x</script> #strong[x] *a* \u202e=1")
    assert built.ok, built.reason
    return built


@pytest.fixture(scope="module")
def hostile_pdf(hostile) -> str:
    return printed(hostile)


@pytest.fixture(scope="module")
def hostile_page(hostile) -> BeautifulSoup:
    return BeautifulSoup(hostile.files["report.html"], "html.parser")


def test_hostile_names_are_text_on_the_page(hostile, hostile_page):
    assert len(hostile_page.find_all("script")) == 1, "the template's own"
    assert len(hostile_page.find_all("style")) == 1
    assert not hostile_page.find_all(["iframe", "object", "embed", "link", "base", "form"])
    assert not [bold for bold in hostile_page.find_all("b") if "bold" in bold.get_text()]
    for element in hostile_page.find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")], element.name
    for link in hostile_page.select("a[href]"):
        assert link["href"].startswith(("#", "https://", "data:text/csv;")), link
    assert not hostile_page.select("img, svg script, svg style, svg foreignObject")
    cells = [words(row.find_all("td")[0]) for row in hostile_page.select("#tab-groups tbody tr")]
    for name in HOSTILE:
        shown = name.replace("\u202e", "⟨U+202E⟩")
        assert (shown if len(shown) <= 60 else shown[:59] + "…") in cells
    assert "\u202e" not in hostile.files["report.html"].decode()
    assert words(hostile_page.h1) == "{{7*7}} <script>x</script> #strong[x] *a* ⟨U+202E⟩=1"
    assert max(len(text) for text in cells) <= 60


def test_hostile_names_are_text_in_the_pdf(hostile, hostile_pdf):
    told = ("<script>alert(1)</script>", "</style><b>bold", "[click](javascript:alert(1))", "@import url(//x.example)")
    for name in (*told, "#strong[x] $y$ @key #read(1)", "../../x", "Nord⟨U+202E⟩gro", "😀 ⟨U+6771⟩⟨U+4EAC⟩", "{{7*7}}"):
        assert name in hostile_pdf, name
    document = pypdf.PdfReader(io.BytesIO(hostile.files["report.pdf"]))
    for leaf in document.pages:
        for note in leaf.get("/Annots") or []:
            target = note.get_object().get("/A", {}).get("/URI", "https://")
            assert str(target).startswith(("https://", "appendix.pdf#"))


def test_no_spreadsheet_runs_a_cell(hostile):
    for name, content in hostile.files.items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(content.decode())):
                for cell in row:
                    number = cell.replace(".", "").replace("e-", "").removeprefix("-").isdigit()
                    assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (name, cell)
    groups = hostile.files["tables/tab-groups.csv"].decode()
    assert "'=HYPERLINK" in groups and "'+1+1" in groups and "'@import" in groups
    assert "x" * 10_000 in groups, "the file behind a table holds the whole name"


def test_files_have_harmless_names(hostile):
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-./") and ".." not in name for name in hostile.files
    )
    notebook = find_notebook(NAME)
    for site in HOSTILE:
        name = report_name(NAME, notebook, {"sites": (site,)}, always=("sites",))
        assert all(letter.isalnum() or letter in "-" for letter in name) and len(name) <= 80


def test_neither_folder_nor_patient_leaves_the_computer(hostile, hostile_pdf, folder):
    assert folder.name.startswith("Dr Example")
    for name, text in texts_of(hostile, hostile_pdf).items():
        assert "secret folder" not in text and str(folder.parent) not in text, name
        assert "Ann Example" not in text and "onerror" not in text, name
    assert "secret" not in json.dumps(hostile.record)
    notebook = nbformat.reads(hostile.files["report.ipynb"].decode(), as_version=4)
    injected = next(cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert "cohort = " in injected.source and "/" not in injected.source.split("cohort = ")[1].split("\n")[0]


def test_one_site_of_ten_thousand_letters(folder):
    path = folder / "long.csv"
    path.write_text(table_text(("x" * 10_000, "y")), encoding="utf-8")
    built = built_from(path, sites=["x" * 10_000])
    assert built.ok, built.reason
    assert not built.synthetic and INVENTED not in built.files["report.html"].decode()
    assert len(built.subtitle) < 200


# ------------------------------------------------------------------------------------------------ what goes wrong
def test_a_table_with_problems_gives_one_message_and_no_traceback(folder):
    path = folder / "bad.csv"
    path.write_text("patient_id,visit,weeks_from_end,nrs\nAnn Example,baseline,,11\n", encoding="utf-8")
    built = built_from(path)
    assert not built.ok and set(built.files) == {"report.ipynb"}
    assert built.reason == (
        "1 problem in the data: bad.csv, row 2, column nrs: nrs lies between 0 and 10 points. What to do: Run "
        "python -m analysis check --cohort bad.csv, which shows each value and what to do."
    )
    text = built.files["report.ipynb"].decode()
    assert "Ann Example" not in text and "secret folder" not in text
    notebook = nbformat.reads(text, as_version=4)
    (error,) = [o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    told = "\n".join(error.traceback)
    assert "bad.csv, row 2, column nrs" in told and "11" not in told and "Traceback" not in told and "File " not in told


@functools.cache
def sites() -> tuple[str, ...]:
    return ("Bern", "Cork, South", "<b>")


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (["Brn"], "sites: 'Brn' is not in the table; nearest: 'Bern'. There are: <b>, Bern, Cork, South."),
        (["Cork"], "nearest: 'Cork, South'"),
        (["../../x"], "sites: '../../x' is not in the table. There are"),
    ],
)
def test_a_site_that_the_table_lacks_is_refused_with_the_nearest(wanted, why):
    with pytest.raises(ParameterError) as caught:
        check_known({"sites": (wanted, sites()), "years": ((), ())})
    assert why in caught.value.problems[0] and len(caught.value.problems) == 1
    check_known({"sites": (["Bern", "<b>"], sites())})


def test_all_wrong_names_are_reported_at_once():
    with pytest.raises(ParameterError) as caught:
        check_known({"sites": (["a", "b"], sites()), "years": (["1999"], [2020, None])})
    assert len(caught.value.problems) == 3
    assert "There are: 2020." in caught.value.problems[2]


def test_exhibits_of_the_report_name_no_row_of_the_file():
    """The outputs of the notebook contain only what is shown."""
    notebook = nbformat.reads(defaults()[NAME].files["report.ipynb"].decode(), as_version=4)
    payloads = [
        o.data[EXHIBIT_MIME] for c in notebook.cells for o in c.get("outputs", []) if EXHIBIT_MIME in o.get("data", {})
    ]
    labels = {column["label"] for payload in payloads for column in payload.get("columns", [])}
    assert labels and not {"patient", "patient_id", "Patient"} & labels
    assert not [o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "stream"], "no warnings"
