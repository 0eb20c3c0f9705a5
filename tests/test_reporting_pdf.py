"""The PDF report: text, structure, figures, pages."""

from __future__ import annotations

import io
import itertools
import re
from pathlib import Path

import nbformat
import pandas as pd
import pikepdf
import pypdf
import pytest
import typst
from notebook_runs import defaults
from pdf_words import all_words, page_words
from reporting_samples import notebook_of, pdf, pdf_text, sample, synthetic

from analysis.exhibit import EXHIBIT_MIME, Table
from analysis.exhibit.palette import LIGHT
from analysis.reporting.page import document, source_rows
from analysis.reporting.page.exporters import ReportPDFExporter
from analysis.reporting.page.model import Grid
from analysis.reporting.page.paper import A4, PAPERS
from analysis.reporting.page.pdf import _compiler, compile_pdfs
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.page.typst_pages import typst_source
from analysis.reporting.page.typst_parts import spoken, text
from analysis.reporting.page.typst_tables import set_table

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def file():
    with pikepdf.open(io.BytesIO(sample().files["report.pdf"])) as opened:
        yield opened


def elements(node, found=None):
    """All structure elements, in reading order."""
    found = [] if found is None else found
    if isinstance(node, pikepdf.Array):
        for child in node:
            elements(child, found)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            found.append(node)
        if "/K" in node:
            elements(node.K, found)
    return found


def pages_of(notebook) -> list[str]:
    content = ReportPDFExporter().from_notebook_node(notebook)[0]
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def with_cells(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def test_it_is_a_tagged_accessible_file(file):
    assert file.Root.MarkInfo.Marked
    assert str(file.Root.Lang) == "en-GB"
    assert file.Root.ViewerPreferences.DisplayDocTitle
    with file.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Sample of a report"
        assert "xmp:CreateDate" not in metadata
    assert "/CreationDate" not in file.docinfo


def test_every_picture_and_formula_has_words(file):
    every = elements(file.Root.StructTreeRoot)
    figures = [str(e.get("/Alt", "")) for e in every if e.S == "/Figure"]
    formulas = [str(e.get("/Alt", "")) for e in every if e.S == "/Formula"]
    assert len(figures) == 3
    assert figures[0].startswith("Line chart. The mean pain score rises from 4.3")
    assert figures[2], "the picture without a caption too"
    assert len(formulas) == 5
    assert all(formulas)
    assert len([e for e in every if e.S == "/Caption"]) == 4


def test_tables_are_tables_with_heading_cells(file):
    every = elements(file.Root.StructTreeRoot)
    tables = [e for e in every if e.S == "/Table"]
    assert len(tables) == 5  # wide, long, DataFrame, data files, parameters
    heads = [[e for e in elements(table.K) if e.S == "/TH"] for table in tables]
    assert [len(row) for row in heads] == [12, 3, 5, 4, 3]
    rows = [e for e in elements(tables[1].K) if e.S == "/TR"]
    assert len(rows) == 91


def test_headings_start_at_one_and_skip_none(file):
    levels = [int(str(e.S)[2:]) for e in elements(file.Root.StructTreeRoot) if re.fullmatch(r"/H\d", str(e.S))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_bookmarks_lead_through_it():
    titles = [item.title for item in pdf().outline if not isinstance(item, list)]
    assert titles == [
        "What was found",
        "Contents",
        "How pain changes",
        "Tables",
        "Other outputs",
        "References",
        "How this was made",
    ]


def test_all_fonts_are_embedded_and_come_with_the_packages(file):
    names = set()
    for page in file.pages:
        for font in page.Resources.get("/Font", {}).values():
            below = font.DescendantFonts[0] if "/DescendantFonts" in font else font
            assert any(key in below.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            names.add(str(font.BaseFont).split("+")[-1].split("-")[0])
    assert names <= {"SourceSans3", "NewCMMath", "DejaVuSansMono", "DejaVuSans"}


def test_figures_are_vectors():
    assert sum(len(page.images) for page in pdf().pages) == 1, "only the png"


def test_the_text_of_figures_is_text_in_the_font_of_the_page():
    svg = "".join(
        svg
        for cell in notebook_of(sample()).cells
        for out in cell.get("outputs", [])
        if (svg := out.get("data", {}).get("image/svg+xml"))
    )
    shown = " ".join(" ".join(page.extract_text().split()) for page in pdf().pages)
    labels = [label for label in re.findall(r"<text[^>]*>([^<]{4,})</text>", svg) if label.isascii()]
    assert len(labels) > 2
    for label in labels:
        assert label in shown, label


def test_the_first_page_is_self_contained():
    first = page_words(sample().files["report.pdf"])[0]
    for part in ("Sample of a report", "30 of 48 patients respond", "Contents"):
        assert part in first
    assert "Information, not clinical advice" in first


def test_every_page_has_its_number_and_the_disclaimer():
    pages = page_words(sample().files["report.pdf"])
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Information, not clinical advice" in page
        assert "Sample of a report" in page


def test_words_numbers_and_references_are_there():
    for part in (
        "Figure 1. Pain over time.",
        "Left out: 3 studies that print no score.",
        "Source studies: Sigtermans et al. 2009; Mangnus et al. 2021.",
        "Table 2. Benefit kept, week by week.",
        "Wilson EB. Probable inference",
        "A footnote that says more.",
        "Kiefer et al. 2008a",
        sample().record["data"]["hash"],
    ):
        assert part in pdf_text()
    links = {
        str(a.get_object()["/A"]["/URI"])
        for p in pdf().pages
        for a in p.get("/Annots", [])
        if "/A" in a.get_object() and "/URI" in a.get_object()["/A"]
    }
    assert "https://doi.org/10.1111/papr.13056" in links


def test_hostile_cells_are_text():
    for cell in ("<script>alert(1)</script>", "#strong[Typst] $x$ \\ @key", "**Markdown** [a](b)", "=1+1"):
        assert cell in pdf_text()
    reader = pypdf.PdfReader(io.BytesIO(synthetic().files["report.pdf"]))
    assert reader.metadata.title == 'Invented <patients> & #hash *stars* "quotes"'


def test_the_wide_table_is_complete_on_a_turned_page():
    turned = [page for page in pdf().pages if page.mediabox.width > page.mediabox.height]
    assert len(turned) == 1
    words = " ".join(turned[0].extract_text().split())
    for part in ("Study", "Access", "study2000_author", "study2013_author", "author2013_abs", "Scores are means"):
        assert part in words


def test_the_long_table_repeats_its_headings():
    pages = page_words(sample().files["report.pdf"])
    holding = [page for page in pages if "Patients who keep the benefit" in page]
    assert len(holding) == 2
    assert "Table 2." in holding[0]
    assert "Table 2." not in holding[1]
    assert ["Table 2, continued" in page for page in holding] == [False, True]
    assert sum(page.count("ontinued") for page in pages) == 1


def test_a_long_table_of_a_notebook_says_that_it_continues():
    rows = "".join(f"| study {n} | {n} |\n" for n in range(120))
    text = nbformat.v4.new_markdown_cell(f"# Title\n\n| Study | Patients |\n|---|---|\n{rows}")
    pages = page_words(compile_pdfs(document.read_document(nbformat.v4.new_notebook(cells=[text])))[0]["report.pdf"])
    holding = [page for page in pages if "Study Patients" in page]
    assert len(holding) >= 2
    assert ["Continued" in page for page in holding] == [False, *[True] * (len(holding) - 1)]


def executed_cell(name: str):
    """The sample's cell that shows the exhibit of that name."""
    return next(c for c in notebook_of(sample()).cells if f'"{name}"' in c.source and c.get("outputs"))


def filler(lines: int):
    return nbformat.v4.new_markdown_cell("# T\n\n" + "\n\n".join(["A line."] * lines))


def test_no_page_ends_with_a_heading():
    for lines in range(16, 36):
        after = nbformat.v4.new_markdown_cell("## The heading\n\nThe text after it.")
        (place,) = [page for page in pages_of(with_cells(filler(lines), after)) if "The text after it." in page]
        assert "The heading The text after it." in place, lines


@pytest.mark.parametrize("lines", range(10, 42, 4))
def test_captions_stay_with_their_figure_or_table(lines):
    pages = pages_of(with_cells(filler(lines), executed_cell("pain-by-week"), executed_cell("long")))
    (place,) = [page for page in pages if "Figure 1." in page]
    assert "Source studies:" in place
    (place,) = [page for page in pages if "Table 1." in page]
    assert "Week Patients who keep the benefit Share 0 90 100.0%" in place


def test_a_synthetic_report_is_marked_on_every_page():
    reader = pypdf.PdfReader(io.BytesIO(synthetic().files["report.pdf"]))
    assert all("Synthetic data: these patients are invented." in page.extract_text() for page in reader.pages)
    assert "Synthetic" not in pdf_text()


def grid(columns: int, rows: int, cell: str) -> Grid:
    return Grid(tuple(f"column {n}" for n in range(columns)), ("left",) * columns, ((cell,) * columns,) * rows)


@pytest.mark.parametrize(
    ("columns", "cell", "turned"),
    [
        (3, "short", False),
        (4, "a sentence of quite a few words that can break anywhere", False),
        (16, "several words of a table", True),
    ],
)
def test_a_table_is_turned_only_if_it_needs_the_width(columns, cell, turned):
    assert set_table(grid(columns, 5, cell), text)[1].turned is turned


def unbroken(table: str, room: float, folder: Path) -> bool:
    """Return whether a table within a width in points is as high as one without limit of width."""
    (folder / "report.typ").write_bytes((TEMPLATE / "report.typ").read_bytes())
    source = f"""#import "report.typ": *
#set text(font: "Source Sans 3")
#context assert(measure(width: {room}pt, {table}).height == measure({table}).height, message: "broken")"""
    (folder / "main.typ").write_text(source, encoding="utf-8")
    try:
        _compiler().compile(input=str(folder / "main.typ"), root=str(folder), format="pdf")
    except typst.TypstError as error:
        assert "broken" in error.message
        return False
    return True


@pytest.mark.parametrize("columns", [1, 7, 12])
@pytest.mark.parametrize("cell", ["x", "0.123456789", "4.1 to 6.5"])
def test_numbers_are_not_broken(columns, cell, tmp_path):
    table, layout = set_table(grid(columns, 3, cell), text)
    assert unbroken(table, A4.turned if layout.turned else A4.width, tmp_path)
    assert not unbroken(table, 5 * columns, tmp_path), "a broken number is seen"


@pytest.mark.parametrize(("columns", "turned"), [(1, False), (7, False), (20, True), (40, True)])
def test_a_table_of_any_width_gets_a_layout(columns, turned):
    layout = set_table(grid(columns, 3, "long_identifier_without_a_space_" * 3), text)[1]
    assert len(layout.widths) == columns
    assert layout.turned is turned


def test_numbers_stay_on_a_line_and_text_shares_the_rest():
    cells = (("Mangnus et al. 2021", "62% (48 to 75)", "all responders " * 20, "words of some length " * 4),) * 3
    columns = ("Study", "Rate (95% interval of Wilson)", "Definition", "Note")
    table, layout = set_table(Grid(columns, ("left",) * 4, cells), text)
    study, rate, definition, note = layout.widths
    assert rate is None
    assert definition > note > study
    assert '"Rate (95%\\ninterval of\\nWilson)"' in table


def test_markup_in_typst_strings_has_no_effect():
    assert text('a "b" \\ #x\x00\u202e 語') == '"a \\"b\\" \\\\ #x⟨U+0000⟩⟨U+202E⟩ [Yu]"'
    assert spoken(r"\frac{\hat p}{n}\,\left(1\right)") == "frac(hat p)(n) (1)"


def test_an_empty_table_prints_a_message():
    bundle = Table("none", pd.DataFrame({"a": [], "b": []}), "Nothing here.")._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=bundle)
    (page, *_) = pages_of(with_cells(nbformat.v4.new_code_cell("x", outputs=[output])))
    assert "Table 1. Nothing here. a b No rows." in page


def test_letter_paper_by_choice_a4_otherwise(file):
    assert {tuple(round(float(side)) for side in page.MediaBox[2:]) for page in file.pages} <= {(595, 842), (842, 595)}
    notebook = notebook_of(sample())
    notebook.metadata["ketamine_crps"]["paper"] = "letter"
    content = ReportPDFExporter().from_notebook_node(notebook)[0]
    with pikepdf.open(io.BytesIO(content)) as letter:
        assert {tuple(float(side) for side in page.MediaBox[2:]) for page in letter.pages} == {(612, 792), (792, 612)}
        for page in letter.pages:
            assert str(page.get("/Rotate", 0)) == "0"


def test_the_command_names_another_paper():
    from analysis.parameters import find_notebook
    from analysis.reporting.provenance import command

    found = find_notebook("study-report")
    assert command(found, {}, "letter") == "python -m analysis report study-report --paper letter"
    assert command(found, {}) == "python -m analysis report study-report"


def test_a_paper_that_is_not_known_starts_nothing(tmp_path):
    from click.testing import CliRunner

    from analysis.__main__ import main

    done = CliRunner().invoke(main, ["report", "study-report", "--paper", "a5", "--output", str(tmp_path)])
    assert done.exit_code == 2 and "letter" in done.output
    assert not list(tmp_path.iterdir())


def test_no_cell_of_a_table_runs_over_the_edge_of_either_paper():
    columns = {f"column {n}": ["words in a cell that take some room"] * 2 for n in range(9)}
    payload = Table("wide", pd.DataFrame(columns), "Wide").payload()
    for paper in PAPERS.values():
        layout = set_table(Grid.of(payload), text, paper)[1]
        room = paper.turned if layout.turned else paper.width
        assert 0.9 * room < sum(layout.widths) * layout.size * 0.48 + 9 * 7 <= room + 0.5


def test_numbers_lead_to_their_rows_in_the_pdf():
    """Links of the pages point to the entries of rows, and these to DOIs."""
    content = defaults()["study-report"].files["appendix.pdf"]
    with pikepdf.open(io.BytesIO(content)) as opened:
        links = [a for page in opened.pages for a in page.get("/Annots", []) if a.Subtype == "/Link"]
        outside = {str(a.A.URI) for a in links if "/A" in a and "/URI" in a.A}
        assert "https://doi.org/10.1111/papr.13056" in outside
        assert all(str(a.get("/Contents", "")) for a in links), "each says where it leads, for those who listen"
        inside = [a for a in links if "/Dest" in a or ("/A" in a and "/D" in a.A)]
        assert len(inside) > 30
    words = all_words(content)
    assert "From mangnus2022_abs (abstract): " in words


def test_a_link_names_its_target_and_points_to_it():
    """The description of a link is the name of its target, which is on the page it points to."""
    content = defaults()["study-report"].files["appendix.pdf"]
    notebook = nbformat.reads(defaults()["study-report"].files["report.ipynb"].decode(), 4)
    entries = {f"Row {e.row_id}": e for e in source_rows.entries(notebook, notebook.metadata["ketamine_crps"])}
    pages = [page.replace(" ", "") for page in page_words(content)]
    with pikepdf.open(io.BytesIO(content)) as opened:
        number = {page.objgen: n for n, page in enumerate(opened.pages)}
        named = pikepdf.NameTree(opened.Root.Names.Dests) if "/Names" in opened.Root else {}
        kinds = set()
        for page in list(opened.pages)[1:]:  # the contents of the first tell pages
            for link in page.get("/Annots", []):
                if "/A" in link and "/URI" in link.A:
                    continue
                to = link.Dest if "/Dest" in link else link.A.D
                to = named[str(to)] if isinstance(to, pikepdf.String) else to
                to = to.D if isinstance(to, pikepdf.Dictionary) else to
                words, there = str(link.Contents), pages[number[to[0].objgen]]
                kinds.add(words.split()[0])
                if words in entries:
                    assert "".join(entries[words].says.split())[:60] in there, words
                elif words.startswith("Reference: "):
                    assert words[11:].split()[0] in there, words
                else:
                    assert re.fullmatch("(Figure|Table) [0-9]+", words) and words.replace(" ", "") + "." in there
    assert {"Row", "Reference:"} <= kinds


def test_a_report_is_the_same_after_others_in_one_process():
    """Layouts that Typst retains from earlier reports have no effect."""
    documents = [
        document.read_document(nbformat.reads(built.files["report.ipynb"].decode(), 4))
        for built in (defaults()["study-report"], sample(), defaults()["04-durations-of-benefit"])
    ]
    together = [compile_pdfs(one) for one in documents]
    for one, content in zip(documents, together, strict=True):
        _compiler.cache_clear()
        assert compile_pdfs(one) == content


def test_text_that_looks_like_the_beginning_of_a_piece_stays_where_it_is():
    looks = nbformat.v4.new_markdown_cell("# One\n\n```\n\ue000rows\ue000\n```\n\nThe end.")
    read = document.read_document(nbformat.v4.new_notebook(cells=[looks]))
    files = typst_source(read)[1]
    assert "The end." in files["last-part.typ"].decode() and "The end." not in files["rows.typ"].decode()
    assert compile_pdfs(read)


def test_pages_are_numbered_for_readers_and_programs():
    reader = pypdf.PdfReader(io.BytesIO(sample().files["report.pdf"]))
    count = len(reader.pages)
    assert list(reader.page_labels) == [str(number) for number in range(1, count + 1)]
    assert f"Page 2 of {count}" in " ".join(reader.pages[1].extract_text().split())


def test_text_fills_the_page_before_a_figure_that_does_not_fit():
    """It parts no sentence: one that does not fit goes to the next page, and what follows stays behind it."""

    def pages_with(height: int) -> list[str]:
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="400pt" height="{height}pt" viewBox="0 0 4 3"></svg>'
        payload = {
            "kind": "figure",
            "name": "tall",
            "title": "One",
            "row_picture": None,
            "choices": None,
            "half": False,
            "narrow_svg": "",
            "caption": "CAPTION of 1.",
            "alt": "One.",
            "notes": "",
            "studies": [],
            "columns": [{"label": "a", "align": "left"}],
            "cells": [["1"]],
            "csv": "",
        }
        output = nbformat.v4.new_output("display_data", data={EXHIBIT_MIME: payload, "image/svg+xml": svg})
        before = "\n\n".join(["A line of text before the figure."] * 14)
        return pages_of(
            with_cells(
                nbformat.v4.new_markdown_cell(f"# Title\n\n{before}"),
                nbformat.v4.new_code_cell("x", outputs=[output]),
                nbformat.v4.new_markdown_cell("WORDS behind the figure."),
            )
        )

    def place(pages: list[str], word: str) -> int:
        return next(number for number, page in enumerate(pages, start=1) if word in page)

    tall, small = pages_with(440), pages_with(100)
    assert (place(tall, "CAPTION"), place(tall, "WORDS")) == (2, 1)
    assert (place(small, "CAPTION"), place(small, "WORDS")) == (1, 1)
    assert small[0].index("CAPTION") < small[0].index("WORDS")


def test_tables_have_their_lines():
    """Thick above the headings, thin below them and between the rows, one below the last: also with a single row."""

    def thickness(cell) -> list[float]:
        (lines,) = [a for a in cell.A if "/BorderThickness" in a]
        return [float(width) for width in lines.BorderThickness][:2]  # above, below

    def rows_of(rows: list[str]) -> list[list[list[float]]]:
        bundle = Table("lines", pd.DataFrame({"a": rows, "b": rows}), "Lines.")._repr_mimebundle_()
        output = nbformat.v4.new_output("display_data", data=bundle)
        notebook = with_cells(nbformat.v4.new_code_cell("x", outputs=[output]))
        with pikepdf.open(io.BytesIO(ReportPDFExporter().from_notebook_node(notebook)[0])) as opened:
            table = next(e for e in elements(opened.Root.StructTreeRoot) if e.S == "/Table")
            rows = [e for e in elements(table.K) if e.S == "/TR"]
            return [[thickness(cell) for cell in elements(row.K) if cell.S in ("/TH", "/TD")] for row in rows]

    assert rows_of(["x", "y", "z"]) == [[[0.9, 0.5]] * 2, [[0.5, 0.35]] * 2, [[0.35, 0.35]] * 2, [[0.35, 0.6]] * 2]
    assert rows_of(["x"]) == [[[0.9, 0.5]] * 2, [[0.5, 0.6]] * 2]
    assert rows_of([]) == [[[0.9, 0.5]] * 2, [[0.5, 0.6]]], "one cell that says so"


def test_an_entry_of_a_data_row_is_a_paragraph_with_number_study_and_address():
    with pikepdf.open(io.BytesIO(defaults()["study-report"].files["appendix.pdf"])) as opened:
        every = elements(opened.Root.StructTreeRoot)
        start = next(n for n, e in enumerate(every) if e.S == "/H2" and str(e.get("/T", "")) == "arms.csv")
        assert [str(e.S) for e in every[start + 1 : start + 5]] == ["/P", "/Strong", "/Link", "/Link"]


def test_no_style_holds_what_only_one_report_says(tmp_path):
    """Otherwise Typst would repeat the layout of all text of the next report in the same process."""
    (tmp_path / "report.typ").write_bytes((Path(TEMPLATE) / "report.typ").read_bytes())
    (tmp_path / "main.typ").write_text(
        '#import "report.typ": *\n#show: report.with(title: "Its title", description: "Its description")\n'
        '#opening(title: "Its title")\n#context assert.eq((document.title, document.description), (none, none))\n'
    )
    made = _compiler().compile(input=str(tmp_path / "main.typ"), root=str(tmp_path), format="pdf")
    assert pypdf.PdfReader(io.BytesIO(made)).metadata.title == "Its title"


def test_the_pdf_has_the_colours_of_the_pages():
    source = (TEMPLATE / "report.typ").read_text(encoding="utf-8")
    tones = source[source.index("#let tones = (") : source.index("#let (ink")]
    own = dict(re.findall(r'([a-z]+): rgb\("(#[0-9a-f]{6})"\)', tones))
    assert len(own) == 12 and own.items() <= LIGHT.items(), "the other colours are those of figures alone"
