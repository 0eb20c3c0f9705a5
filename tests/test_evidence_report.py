"""The exported evidence report: the answer first, short, without requests, every number with its row."""

import io
import re

import nbformat
import pypdf
import pytest
from notebook_runs import NAMES, defaults, page, pdf, pdf_pages, pdf_text
from pdf_words import blank_ends, page_words

from analysis import evidence as tables
from analysis import figures
from analysis.evidence.selection import Criteria, select
from analysis.exhibit import EXHIBIT_MIME
from analysis.exhibit.row_picture import Row
from analysis.judgement_wording import BIAS_MARKS
from analysis.outcomes import evidence_map
from analysis.paths import ROOT
from analysis.reporting.page.exporters import ReportPDFExporter
from analysis.reporting.page.paper import A4

pytestmark = pytest.mark.slow

MAIN_FIGURES = [
    "pain-changes",
    "responder-rates",
    "durations-of-benefit",
    "benefit-kept-pooled",
    "adverse-events",
    "evidence-map",
]
APPENDIX_FIGURES = ["pooled-rates", "next-trial", "duration-curves", "dose-map"]
TITLE = (
    "In the one placebo-controlled trial with printed scores, pain was lower for weeks after ketamine; lasting benefit "
    "and better function are not shown"
)


def words(element):
    return " ".join(element.get_text(" ").split())


def first_screen():
    """The words of the page up to the first section."""
    title, *after = re.split("Which studies count, and how far pain fell", words(page().find("main")))
    return title + after[0]  # up to the link in the contents, and up to the section


def test_the_first_screen_answers_five_questions():
    assert words(page().h1) == TITLE
    text = first_screen()
    for answer in (
        "What placebo-controlled trials found",  # does it beat placebo
        "5.5 2.7 2.8 lower (1.4 to 4.2)",  # by how much
        "Pain at the end of week 1",  # when
        "Pain at week 12 both trials not printed size not printed; first trial: P = 0.07",  # for how long
        "76 with ketamine 18 with placebo",  # at what harm
        "How many would have without ketamine: not known.",
        "evidence as of 27 November 2026",
        "No full text was read",
        "information, not clinical advice",
    ):
        assert answer in text, answer


def test_each_note_of_the_summary_has_its_letter_on_a_phone_too():
    """Where the heads of the columns are hidden, the words at the 2-point line stand in the drawings of the rows."""
    table = page().select_one("table.outcomes")
    lines = [words(drawing) for drawing in table.select("tbody .sax")]
    assert len(lines) == 2 and all(line.endswith("within a patient a") for line in lines)
    letters = {words(letter) for letter in table.select("tbody sup")} | {line[-1] for line in lines}
    assert letters == {words(letter) for letter in page().select(".fn sup")} == set("abcde")


def test_the_largest_effect_stands_beside_the_later_ones():
    outcomes = [words(cell) for cell in page().select("table.outcomes tbody th")]
    first, later = (
        next(n for n, text in enumerate(outcomes) if text.startswith(f"Pain at {w}")) for w in ("the end", "week")
    )
    assert first < later
    assert any(text.startswith("Function") for text in outcomes)


def test_figures_have_a_finding_a_caption_and_data():
    figures = page().select("figure[id^=fig-]")
    assert [figure["id"].removeprefix("fig-") for figure in figures] == MAIN_FIGURES + APPENDIX_FIGURES
    for number, figure in enumerate(figures, start=1):
        caption = words(figure.find("figcaption"))
        assert caption.startswith(f"Figure {number}.")
        if number <= len(MAIN_FIGURES):
            assert figure.select_one(".finding"), figure["id"]
            own, _, legend = caption.partition("Risk of bias: ")
            assert bool(legend) == (number == 1), "the legend of all figures stands below the first"
            assert len(own.split()) <= 45 + 2, (figure["id"], caption)  # and the number of the figure
        assert figure.select_one("details table")
        assert figure.select_one('a[download][href^="data:text/csv"]')
        for svg in figure.select("svg:not([aria-hidden], [aria-hidden] svg)"):
            assert len(svg["aria-label"]) > 80 and re.search(r"\d", svg["aria-label"]), figure["id"]


def test_the_main_part_is_short():
    """Eight pages and 2,500 words at most, scales of figures included; not references and marks of risk of bias."""
    assert len(pdf_pages()) <= 8 and len(pdf_pages("patients")) == 1
    main = pdf_text()
    main = main[: main.rindex("References")]
    assert len([word for word in main.split() if word.rstrip(",;") not in BIAS_MARKS.values()]) <= 2_500
    first = pdf_pages()[0]
    assert "Ketamine probably causes them in most patients." in first and "harm of repeated courses." in first
    assert "Table 1" not in first and "Table 1, continued" not in pdf_text(), "the flow stands whole on page 2"
    assert "appendix.pdf" in defaults()["evidence-report"].files


@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_a_quarter_blank(name):
    for file in ("report.pdf", "appendix.pdf"):
        *pages, _ = blank_ends(defaults()[name].files[file]) if file in defaults()[name].files else (0.0,)
        assert all(blank <= 0.25 for blank in pages), (file, [f"{blank:.0%}" for blank in pages])


def test_row_figures_are_printed_at_full_size_and_continue_with_their_axis(evidence):
    """The widest selection has more rows than a page: no text shrinks, the caption stays with the last rows."""
    wide = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
    figure = figures.study_map(evidence_map.studies(select(evidence, wide)))
    assert figure.figure.get_figheight() * 72 > A4.figure, "higher than a page"
    shown = nbformat.v4.new_output("display_data", data=figure._repr_mimebundle_())
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("figure", outputs=[shown])])
    content = ReportPDFExporter().from_notebook_node(notebook)[0]
    axis = " ".join(figure.rows.axis.ticks.values())
    first, *_, last = holding = [words for words in page_words(content) if axis in words]
    assert "Figure 1 continues on the next page." in first and "Figure 1. " not in first
    assert "Figure 1. " in last and "continues" not in last
    for row in figure.rows.rows:
        assert not isinstance(row, Row) or row.label.split("\u00a0")[0] in " ".join(holding)
    sizes: set[float] = set()

    def seen(text: str, within: list[float], own: list[float], font: object, size: float) -> None:
        sizes.update([round(size * abs(own[0] * within[0]), 1)] if text.strip() else [])

    pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text(visitor_text=seen)
    assert min(sizes) >= 7.2, sizes


def test_no_average_is_drawn_where_it_says_nothing():
    main = page().select_one("main .body")
    before = str(main)[: str(main).index('id="report-appendix"')]
    assert "Typical study" not in before and "too different to average" in before


def test_every_part_of_the_appendix_is_on_demand():
    parts = page().select("details.part")
    assert len(parts) >= 8
    assert not any(part.has_attr("open") for part in parts)
    assert {"report-rows", "report-made"} <= {heading["id"] for part in parts for heading in part.select("h3[id]")}


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
    kept = tables.load().responders.set_index("row").loc[place]
    assert (kept["study_id"], kept["responders"], kept["n"]) == ("kiefer2008", 13, 20)
    assert cells["Responders"] == "13/20"


def test_provenance_is_printed():
    text = words(page())
    assert tables.load().hash in text
    assert "python -m analysis report evidence-report" in text


def test_the_pdf_has_the_same_answers_tags_and_title():
    document = pdf()
    assert document.metadata.title == TITLE
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    first = pdf_pages()[0]
    for answer in ("2.8 lower", "(1.4 to 4.2)", "P = 0.07", "76 with ketamine", "18 with placebo", "30 of 48 (62%)"):
        assert answer in first, answer
    assert all("Information, not clinical advice" in words_of_page for words_of_page in pdf_pages())
    captions = re.findall(r"Figure (\d+)\.", pdf_text())
    assert captions == [str(number) for number in range(1, len(MAIN_FIGURES) + 1)]


# all that may be typed: the scale of pain and what its ends mean; thresholds of a definition
TYPED = ("0-10 scale", "0 = no pain", "10 = the", "30%, 50%, all of it", "RoB 2")


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
    r"|with 30 patients per arm|less than 2 points"
)


def test_every_number_in_prose_leads_to_a_row_a_table_or_a_figure():
    book = nbformat.reads(defaults()["evidence-report"].files["report.ipynb"].decode(), as_version=4)
    texts = []
    for output in (output for cell in book.cells for output in cell.get("outputs", [])):
        payload = output.get("data", {}).get(EXHIBIT_MIME, {})
        texts += [payload["markdown"]] if payload.get("kind") == "prose" else []
        texts += [finding["sentence"] for finding in payload.get("findings", [])]
    assert len(texts) >= 10
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
    unplaced = {"tab-study-flow", "tab-directions"}  # steps; counts of studies
    for exhibit in page().select("figure[id]"):
        heads = [words(head) for head in exhibit.select("thead th")]
        if exhibit["id"] not in unplaced and exhibit.select("tbody td") and "No rows." not in words(exhibit):
            assert exhibit.select("td a.row, th a.row"), (exhibit["id"], heads)


def test_no_number_has_digits_in_which_processors_differ():
    for name in ("report.html", "results.json", "evidence.fhir.json"):
        text = defaults()["evidence-report"].files[name].decode()
        numbers = re.findall(r"(?<![\w.#/-])\d+\.\d+(?![\w.])", text)
        assert len(numbers) >= 20
        assert [n for n in numbers if len(n.replace(".", "").lstrip("0").rstrip("0")) > 10] == [], name
