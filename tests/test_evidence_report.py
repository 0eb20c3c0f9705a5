"""The exported evidence report: the answer first, no requests, alternative text of every figure and table."""

import re

import nbformat
import pytest
from notebook_runs import NAMES, defaults, page, pdf, pdf_pages, pdf_text

from analysis import evidence, findings
from analysis.evidence.selection import select
from analysis.exhibit import EXHIBIT_MIME
from analysis.paths import ROOT

pytestmark = pytest.mark.slow

FIGURES = {
    "pain-changes",
    "pain-trajectories",
    "responder-rates",
    "benefit-flow-mangnus2022-sket",
    "benefit-flow-correll2004-course1",
    "pooled-rates",
    "benefit-over-time",
    "benefit-kept-pooled",
    "duration-curves",
    "durations-of-benefit",
    "adverse-events",
    "evidence-map",
    "dose-map",
}


def words(element):
    return " ".join(element.get_text(" ").split())


@pytest.fixture(scope="module")
def answers():
    return findings.evidence_findings(select(evidence.load()))


def test_first_screen_answers_the_six_questions(answers):
    header = page().select_one("main header") or page().select_one("header")
    text = words(header)
    assert "Ketamine for complex regional pain syndrome: what is known" in text
    for answer in answers:
        assert answer.question in text
    assert "Against placebo, pain was 2.8 points less on the 0–10 scale" in text
    assert "62% were responders at the end of infusion and 48% at 4 weeks" in text
    assert "13 of 20" in text and "18 of 33" in text
    assert "Only 2 of 14 studies have a placebo group" in text
    assert "76%† with ketamine, 18%‡ with placebo" in text
    assert "Information, not clinical advice" in text


def test_figures_have_captions_words_and_data():
    figures = page().select("figure[id^=fig-]")
    assert {figure["id"].removeprefix("fig-") for figure in figures} == FIGURES
    for number, figure in enumerate(figures, start=1):
        caption = words(figure.find("figcaption"))
        assert caption.startswith(f"Figure {number}.")
        assert re.search(r"\d", figure.svg["aria-label"]), figure["id"]
        assert len(figure.svg["aria-label"]) > 80
        assert figure.select_one("details table")
        assert figure.select_one('a[download][href^="data:text/csv"]')


def test_every_table_has_a_caption_headers_and_rows():
    exhibits = page().select("figure[id^=tab-]")
    assert len(exhibits) >= 9
    for number, exhibit in enumerate(exhibits, start=1):
        assert words(exhibit.find("figcaption")).startswith(f"Table {number}.")
        table = exhibit.find("table")
        assert table["aria-labelledby"] == exhibit.find("figcaption")["id"]
        assert all(head.get("scope") == "col" for head in table.select("thead th"))
        assert table.select("tbody tr")


def test_nothing_is_fetched_and_the_file_is_small():
    html = defaults()["evidence-report"].files["report.html"]
    assert len(html) < 1_500_000
    for element in page().select("[src]"):
        assert element["src"].startswith("data:")
    assert not page().select("link[href], script[src], iframe, object, embed")
    assert not re.search(rb"@import|url\(\s*['\"]?http", html)


def test_every_study_cited_has_a_reference_with_its_doi():
    cited = {link["href"][1:] for link in page().select('a[href^="#ref-"]')}
    listed = {element["id"] for element in page().select('[id^="ref-"]')}
    assert cited and cited <= listed
    assert page().select_one('#ref-mangnus2022 a[href="https://doi.org/10.1111/papr.13056"]')
    assert page().select_one('#ref-wilson1927 a[href^="https://doi.org/"]')


def test_numbers_lead_to_their_rows():
    table = page().select_one("#tab-responder-rates")
    heads = [words(head) for head in table.select("thead th")]
    row = next(r for r in table.select("tbody tr") if "Kiefer et al. 2008a" in words(r))
    cells = dict(zip(heads, [words(cell) for cell in row.select("th, td")], strict=True))
    place = int(cells["Row"].removeprefix("responders-"))
    kept = evidence.load().responders.set_index("row").loc[place]
    assert (kept["study_id"], kept["responders"], kept["n"]) == ("kiefer2008", 13, 20)
    assert cells["Responders"] == "13/20"


def test_provenance_is_printed():
    text = words(page())
    assert evidence.load().hash in text
    assert "python -m analysis report evidence-report" in text


def test_the_pdf_has_the_same_answers_tags_and_title(answers):
    document = pdf()
    assert document.metadata.title == "Ketamine for complex regional pain syndrome: what is known"
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    first = pdf_pages()[0]
    for answer in answers:
        assert answer.question in first
    assert "62% were responders at the end of infusion and 48% at 4 weeks" in first
    assert "Information, not clinical advice" in first
    assert all("Information, not clinical advice" in words_of_page for words_of_page in pdf_pages())
    captions = set(re.findall(r"Figure (\d+)\.", pdf_text()))
    assert {str(number) for number in range(1, len(FIGURES) + 1)} <= captions


# all that may be typed: the scale of pain and what its ends mean; thresholds of a definition
TYPED = ("0-10 scale", "0 = no pain", "10 = the", "30%, 50%, all of it")


@pytest.mark.parametrize("name", NAMES)
def test_no_result_is_typed(name):
    """Markdown in the notebooks contains no results, so that each number is computed in one place."""
    for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "markdown":
            rest = re.sub("|".join([r"\[@[^\]]*\]", *map(re.escape, TYPED)]), "", cell.source)
            assert not re.findall(r"\S*\d\S*", rest), cell.source


# scales, levels of confidence, thresholds and limits of what was looked for: said by the report, not by a row
SAID_BY_THE_REPORT = re.compile(
    r"0–10 scale|\d+(\.\d+)?% interval|more than 4 weeks|counts as a duration of 0|95% prediction|in I²|\bI²"
)


def test_every_number_in_prose_leads_to_a_row_a_table_or_a_figure():
    book = nbformat.reads(defaults()["evidence-report"].files["report.ipynb"].decode(), as_version=4)
    texts = []
    for output in (output for cell in book.cells for output in cell.get("outputs", [])):
        payload = output.get("data", {}).get(EXHIBIT_MIME, {})
        texts += [payload["markdown"]] if payload.get("kind") == "prose" else []
        texts += [finding["sentence"] for finding in payload.get("findings", [])]
    assert len(texts) > 10
    for text in texts:
        rest = SAID_BY_THE_REPORT.sub("", re.sub(r"\[(?:[^\[\]\\]|\\.)*\]\(#[a-z][^)]*\)", "", text))
        assert not re.search(r"\d", rest), rest


def test_links_of_numbers_lead_somewhere():
    ids = {element["id"] for element in page().select("[id]")}
    links = page().select("a.row")
    assert len(links) > 300
    for link in links:
        assert link["href"][1:] in ids
        assert set(link.get("data-rows", "").split()) <= ids
    for entry in page().select(".rows dl > div"):
        addresses = [a["href"] for a in entry.select("a") if not a["href"].startswith("#")]
        assert addresses or "No address is recorded" in words(entry)


def test_every_row_of_a_table_names_its_place():
    """Each table of numbers from the data says in which row of data/ a line stands, and so do the figures' data."""
    unplaced = {"tab-coverage", "tab-half-times", "tab-regimen-odds"}  # simulated; models over all rows, in their notes
    for exhibit in page().select("figure[id]"):
        heads = [words(head) for head in exhibit.select("thead th")]
        if exhibit["id"] not in unplaced and exhibit.select("tbody td") and "No rows." not in words(exhibit):
            assert exhibit.select("td a.row, th a.row"), (exhibit["id"], heads)
