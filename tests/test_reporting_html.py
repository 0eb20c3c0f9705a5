"""The HTML report: content and structure."""

from __future__ import annotations

import base64
import copy
import io
import itertools
import json
import re
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import nbformat
import pypdf
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, strategies
from reporting_samples import notebook_of, page, sample, synthetic

from analysis.reporting import ReportError
from analysis.reporting.page import html_parts
from analysis.reporting.page.blocks_html import cards_html
from analysis.reporting.page.exporters import ReportHTMLExporter, ReportPDFExporter
from analysis.reporting.page.padding import paddings

pytestmark = pytest.mark.slow


def html_of(notebook) -> BeautifulSoup:
    return BeautifulSoup(ReportHTMLExporter().from_notebook_node(notebook)[0], "html.parser")


def with_cells(*cells):
    """Return a notebook as run interactively."""
    return nbformat.v4.new_notebook(cells=list(cells))


def markdown(text: str, **more):
    return nbformat.v4.new_markdown_cell(text, **more)


def shown(data: dict, metadata: dict | None = None):
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata or {})
    return nbformat.v4.new_code_cell("show()", outputs=[output])


def words(element) -> str:
    return " ".join(element.get_text(" ").split())


def test_the_first_screen_has_the_answer():
    opening = page().select_one("main > header")
    assert words(opening.h1) == "Sample of a report"
    questions = [words(dt) for dt in opening.select("dt")]
    assert questions == ["How much does pain fall?", "How many respond?", "How long does it last?"]
    assert "30 of 48 patients respond at the end of infusion (62%" in words(opening.select("dd")[1])
    assert "Information, not clinical advice." in words(opening)
    assert page().select_one("main > nav.contents") or page().select_one("nav.contents")


def test_contents_lead_to_every_section():
    links = page().select("nav.contents a")
    assert [words(a) for a in links] == [
        "How pain changes",
        "Tables",
        "Other outputs",
        "References",
        "How this was made",
    ]
    ids = {element["id"] for element in page().select("[id]")}
    assert all(a["href"][1:] in ids for a in page().select('a[href^="#"]'))


def test_nothing_is_fetched_from_anywhere():
    html = sample().files["report.html"].decode()
    for element in page().find_all(True):
        for attribute in ("src", "srcset", "poster", "data", "action", "background"):
            assert str(element.get(attribute, "data:")).startswith("data:")
        if element.name in ("link", "iframe", "object", "embed", "base", "form"):
            raise AssertionError(element)
    outside = [a["href"] for a in page().select("a[href]") if not a["href"].startswith(("#", "data:text/csv"))]
    assert outside
    assert all(address.startswith("https://") for address in outside)
    assert "@import" not in html
    for address in re.findall(r"url\(([^)]*)\)", html):
        assert address.startswith(("#", "data:font/woff2;base64,")), "a picture refers to its own parts alone"
    policy = page().select_one('meta[http-equiv="Content-Security-Policy"]')["content"]
    assert "default-src 'none'" in policy and "font-src data:" in policy


def test_the_script_is_the_one_that_the_policy_allows():
    import hashlib

    digest = base64.b64encode(hashlib.sha256(page().select_one("script:not([type])").string.encode()).digest()).decode()
    policy = page().select_one('meta[http-equiv="Content-Security-Policy"]')["content"]
    assert f"'sha256-{digest}'" in policy


def test_language_title_and_description():
    assert page().html["lang"] == "en-GB"
    assert page().title.string == "Sample of a report"
    assert page().select_one('meta[name="description"]')["content"].startswith("The mean pain score is 4.3 of 10")
    assert len(page().find_all("h1")) == 1
    levels = [int(heading.name[1]) for heading in page().find_all(re.compile("^h[1-6]$"))]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [element["id"] for element in page().select("[id]")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("shape", "total", "expected"),
    [("dot", 100, (184, 47, 5, 5.5 + 9 * 4)), ("person", 100, (320, 125, 5, 25 * 4)), ("dot", 10, (92, 11, 1, 5.5))],
)
def test_icons_stand_in_rows_of_twenty_inside_their_picture(shape, total, expected):
    icons = {"shape": shape, "total": total, "filled": 1, "tone": "harm", "lead": "1", "words": f"in {total}"}
    (block,) = [
        part["c"][1]
        for part in cards_html([{"look": "", "heading": "", "blocks": [{"kind": "icons", "icons": [icons]}]}], 3)
        if "<svg" in str(part["c"])
    ]
    picture = BeautifulSoup(block, "html.parser").svg
    heights = [float(dot["cy"]) for dot in picture.find_all("circle") if not dot.find_parent("g", transform=True)]
    heights += [float(place["transform"].split()[-1].rstrip(")")) for place in picture.find_all("g", transform=True)]
    width, height, rows, last = expected
    assert [int(part) for part in picture["viewbox"].split()] == [0, 0, width, height]
    assert (len(heights), len(set(heights)), max(heights)) == (total, rows, last)


def test_figures_have_number_caption_words_and_sources():
    figures = [figure for figure in page().select("figure") if figure.svg]
    assert [figure["id"] for figure in figures] == ["fig-pain-by-week", "fig-responders"]
    first = figures[0]
    assert words(first.figcaption).startswith("Figure 1. Pain over time. Mean pain score by week")
    assert first.svg["aria-label"].startswith("Line chart. The mean pain score rises from 4.3")
    assert first.svg["role"] == "img"
    figure = sample().files["report.html"].decode().partition('id="fig-pain-by-week"')[2]
    picture = re.search("<svg .*?</svg>", figure, re.DOTALL)[0]
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert {"0", "10"} <= {words(text) for text in first.svg.select("text")}
    assert [a["href"] for a in first.select(".notes a")] == ["#ref-sigtermans2009", "#ref-mangnus2022"]
    assert "Left out: 3 studies" in words(first)


def test_the_data_behind_a_figure_are_a_table_and_a_csv():
    details = page().select_one("#fig-pain-by-week details.data")
    assert words(details.summary) == "Data behind this figure"
    assert [words(th) for th in details.select("thead th")] == ["weeks", "mean score", "patients"]
    link = details.select_one("a[download]")
    assert link["download"] == "fig-pain-by-week.csv"
    content = unquote(link["href"].split(",", 1)[1]).encode()
    assert content == sample().files["tables/fig-pain-by-week.csv"]
    assert content.decode().splitlines()[1] == "0,4.3,48"


@given(strategies.text(strategies.characters(exclude_categories=["Cs"]) | strategies.sampled_from('<#%"&{}\\^`\n~_-é')))
def test_a_text_as_address_is_quoted_as_browsers_want_it(text):
    assert html_parts._csv_uri(text) == "data:text/csv;charset=utf-8," + quote(text, safe=" =:/'(),;.-@!*+$?[]|~<>")


def test_tables_have_caption_headings_and_scopes():
    figure = page().select_one("#tab-wide")
    table = figure.table
    caption = page().find(id=table["aria-labelledby"])
    assert words(caption) == "Table 1. Everything known of each arm , twelve columns wide."
    heads = table.select("thead th")
    assert len(heads) == 12
    assert all(th["scope"] == "col" for th in heads)
    assert words(heads[5]) == "Score (0-10)"
    assert all(row.th["scope"] == "row" for row in table.select("tbody tr"))
    region = figure.select_one('[role="region"]')
    assert region["tabindex"] == "0", "a table that scrolls must be reachable by keyboard"
    assert len(page().select_one("#tab-long").select("tbody tr")) == 90


def test_hostile_cells_are_text():
    cells = [words(row.find_all("td")[3]) for row in page().select("#tab-wide tbody tr")][:4]
    assert cells == [
        "<script>alert(1)</script>",
        "#strong[Typst] $x$ \\\\ @key".replace("\\\\", "\\"),
        "**Markdown** [a](b) $y$",
        "=1+1",
    ]
    assert [script.get("type") for script in page().find_all("script")] == ["application/ld+json", None]
    other = BeautifulSoup(synthetic().files["report.html"], "html.parser")
    assert words(other.h1) == 'Invented <patients> & #hash *stars* "quotes"'
    assert other.title.string == 'Invented <patients> & #hash *stars* "quotes"'


def test_numbers_are_aligned_on_the_decimal_point():
    assert paddings(["7.25", "7", "–", "10.5", "text"]) == ["", ".00", ".00", "0", ""]
    assert paddings(["48%", "48.5%", "−3.25"]) == [".00", "0", "%"]
    assert paddings([]) == []
    cells = [row.find_all("td")[4] for row in page().select("#tab-wide tbody tr")]
    assert "3.5ch" in cells[1]["style"], "7 against 0.125: a point and three digits"
    assert not cells[5].has_attr("style")


def test_citations_lead_to_references_with_doi():
    entries = {entry["id"]: entry for entry in page().select(".references .csl-entry")}
    assert "ref-wilson1927" in entries
    assert entries["ref-mangnus2022"].a["href"] == "https://doi.org/10.1111/papr.13056"
    assert words(entries["ref-wilson1927"]).startswith("Wilson EB. Probable inference")
    cited = {a["href"][5:] for a in page().select('a[href^="#ref-"]')}
    assert {f"ref-{key}" for key in cited} == set(entries)
    assert "(Wilson 1927)" in page().get_text()
    assert "Kiefer et al. 2008a" in page().get_text(), "the same name in the text as in the tables"


def test_links_to_figures_get_their_number():
    text = words(page().select_one(".body"))
    assert "See Figure 1 and Table 1" in text.replace("\u00a0", " ")


def test_mathematics_is_mathml():
    formulas = page().find_all("math")
    assert formulas[2]["display"] == "block"
    assert formulas[2].find("mfrac")
    assert len(formulas) >= 5


def test_code_is_one_click_away():
    blocks = page().select("details.code")
    assert blocks
    assert not any(block.has_attr("open") for block in blocks)
    assert "studies: list" in blocks[0].get_text()
    assert not [
        pre for pre in page().select("pre") if "plt.subplots" in pre.get_text() and not pre.find_parent("details")
    ]


def test_other_outputs_have_a_decent_form():
    assert "A plain print" in page().select_one("pre.output").get_text()
    assert "0x…" in page().select_one("pre.output").get_text()
    frame = next(t for t in page().select(".body > .scroll table") if "Mangnus" in t.get_text())
    assert [words(th) for th in frame.select("thead th")] == ["", "study", "responders", "n", "rate"]
    picture = page().select_one(".body > p > img")
    assert picture["src"].startswith("data:image/png;base64,")
    assert picture["alt"]


def test_the_last_section_states_the_provenance():
    made = page().select_one("div.made")
    text = words(made)
    built = sample().record
    assert built["data"]["hash"] in text
    assert built["data"]["files"]["durations.csv"][:12] in text
    assert "python -m analysis report tests/notebooks/sample.ipynb" in text
    assert "papermill" in text
    listed = [[words(cell) for cell in row.find_all(["th", "td"])] for row in made.select("tbody tr")]
    assert listed[-8] == ["studies", "all", "default"]
    assert listed[-1] == ["die", "false", "default"]


def test_the_command_contains_the_parameters():
    text = BeautifulSoup(synthetic().files["report.html"], "html.parser").select_one("div.made").get_text()
    assert "-p level=0.9 -p 'title=Invented <patients> & #hash *stars* \"quotes\"' -p synthetic=true" in text


def test_a_synthetic_report_is_marked():
    other = BeautifulSoup(synthetic().files["report.html"], "html.parser")
    assert "invented" in other.select_one("body > .synthetic").get_text()
    assert "invented" in other.footer.get_text()
    assert not page().select(".synthetic")


def test_markdown_of_notebooks_is_read_as_jupyter_reads_it():
    soup = html_of(
        with_cells(markdown("# T\n\nA list:\n- one\n- two\n\nH~2~O costs $5 or $6 <b>x</b> <!-- hidden -->"))
    )
    assert [words(li) for li in soup.select(".body li")] == ["one", "two"]
    assert "H~2~O costs $5 or $6 x" in soup.get_text()
    assert words(soup.select_one(".body strong")) == "x"
    assert "hidden" not in soup.select_one(".body").get_text()
    assert soup.title.string == "T"


def test_an_unclosed_fence_does_not_include_other_pieces():
    soup = html_of(
        with_cells(markdown("# T\n\n::: note\n\nopen"), markdown("## Next\n\n```\nopen"), markdown("## Last"))
    )
    assert [words(a) for a in soup.select("nav.contents a")] == ["Next", "Last", "How this was made"]


def test_heading_levels_skip_none():
    soup = html_of(with_cells(markdown("# T"), markdown("#### Deep"), markdown("# Again"), markdown("### Inside")))
    assert [h.name for h in soup.select(".body > h2, .body > h3, .body > h4")] == ["h2", "h2", "h3"]


def test_pictures_attached_to_markdown_travel_along_and_others_stay_out():
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    text = "# T\n\n![A dot](attachment:dot.png) ![Far](https://example.org/x.png) ![Near](x.png)"
    soup = html_of(with_cells(markdown(text, attachments={"dot.png": {"image/png": dot}})))
    assert [(img["alt"], img["src"][:22]) for img in soup.find_all("img")] == [("A dot", "data:image/png;base64,")]
    assert "[Far: picture not shown] [Near: picture not shown]" in soup.get_text()
    assert [words(li) for li in soup.select(".not-shown li")] == [
        "Cell 1: the picture https://example.org/x.png is not shown: it is outside the report.",
        "Cell 1: the picture x.png is not shown: it is no file below the notebook's folder or the repository.",
    ]


def test_scripts_in_outputs_do_not_run():
    soup = html_of(with_cells(shown({"text/html": "<script>bad()</script><b>x</b>", "text/plain": "plain <b>"})))
    assert len(soup.find_all("script")) == 1
    assert words(soup.select_one(".body strong")) == "x"
    assert "Cell 1: a script is not run." in words(soup.select_one(".not-shown"))
    soup = html_of(with_cells(markdown("# T\n\n[x](javascript:alert(1)) [y](other.ipynb)")))
    assert not soup.select('a[href^="javascript"], a[href$="ipynb"]')


def test_a_warning_and_an_error_are_printed():
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="no <data>", traceback=["\x1b[31mlong", "line"])
    stream = nbformat.v4.new_output("stream", name="stderr", text="careful")
    soup = html_of(with_cells(nbformat.v4.new_code_cell("x", outputs=[stream, error])))
    assert words(soup.select_one("pre.warning")) == "careful"
    assert soup.select_one("pre.error").get_text() == "long\nline\nValueError: no <data>"


def test_a_notebook_run_interactively_is_marked():
    assert "By hand from a notebook" in html_of(with_cells(markdown("# T"))).get_text()


def test_a_citation_without_reference_stays_text():
    soup = html_of(with_cells(markdown("# T\n\nSee [@nobody2020] and [x](#ref-noone1999) and [@wilson1927].")))
    assert words(soup.select_one(".body p")).startswith("See [@nobody2020] and x and (")
    assert [words(li) for li in soup.select(".not-shown li")] == [
        "Cell 1: @nobody2020 is in no bibliography and is shown as text.",
        "Cell 1: noone1999 is in no bibliography and its link is left out.",
    ]
    assert [entry["id"] for entry in soup.select(".csl-entry")] == ["ref-wilson1927"]


def test_two_exhibits_of_one_name_are_refused():
    notebook = notebook_of(sample())
    cell = next(c for c in notebook.cells if "tab" not in c.id and c.get("outputs") and "pain-by-week" in json.dumps(c))
    notebook.cells.append(copy.deepcopy(cell))
    notebook.cells[-1].id = "again"
    with pytest.raises(ReportError, match="two figures are named 'pain-by-week'"):
        html_of(notebook)


def test_a_link_to_a_figure_that_is_not_there_becomes_words():
    soup = html_of(with_cells(markdown("# T\n\nSee [the flow](#fig-flow) and [](#fig-none).")))
    assert "See the flow and (not shown in this report)." in words(soup.select_one(".body p"))
    assert not soup.select('a[href^="#fig"]')


def test_an_empty_table_prints_a_message():
    import pandas as pd

    from analysis.exhibit import Table

    bundle = Table("none", pd.DataFrame({"a": [], "b": []}), "Nothing here.")._repr_mimebundle_()
    table = html_of(with_cells(markdown("# T"), shown(bundle))).select_one("#tab-none table")
    assert [words(row) for row in table.select("tr")] == ["a b", "No rows."]
    assert table.select_one("tbody td")["colspan"] == "2"


def test_a_reference_has_the_same_letter_as_its_citations():
    """Also in a report that cites only one of two works of that year."""
    from analysis.reporting import provenance

    made = {"citations": provenance.citations()}
    for cited, letters in (("[@kiefer2008b]", ["2008b"]), ("[@kiefer2008; @kiefer2008b]", ["2008a", "2008b"])):
        notebook = with_cells(markdown(f"# T\n\nSee {cited}."))
        notebook.metadata["ketamine_crps"] = made
        entries = html_of(notebook).select(".references .csl-entry")
        assert [re.search(r"Pain Medicine (\w+);", words(entry))[1] for entry in entries] == letters
        content = ReportPDFExporter().from_notebook_node(notebook)[0]
        pages = " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages)
        assert re.findall(r"Pain Medicine\s(\w+);", pages) == letters
