"""The Word file: content, structure, and whether LibreOffice opens it."""

from __future__ import annotations

import copy
import functools
import io
import re
import shutil
import subprocess
import zipfile
from collections import Counter

import nbformat
import pypdf
import pytest
from lxml import etree
from PIL import Image
from reporting_samples import notebook_of, page, sample, synthetic

from analysis.reporting import run
from analysis.reporting.page import pandoc
from analysis.reporting.page.document import read_document
from analysis.reporting.page.docx import word_files

pytestmark = pytest.mark.slow

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@functools.cache
def word() -> bytes:
    """The sample as a Word file."""
    return run.export(notebook_of(sample()), ("docx",))[0]["report.docx"]


def part(content: bytes, name: str = "word/document.xml") -> etree._Element:
    return etree.fromstring(zipfile.ZipFile(io.BytesIO(content)).read(name))


def words(element: etree._Element) -> str:
    return " ".join("".join(p.itertext(f"{W}t")) for p in element.iter(f"{W}p"))


def with_cells(*cells) -> dict[str, bytes]:
    return word_files(read_document(nbformat.v4.new_notebook(cells=list(cells))))[0]


def test_the_word_file_has_the_numbers_of_the_page():
    soup = copy.copy(page())
    for hidden in soup.select("svg, script, math, details.data, details.code, .download, .footnotes, .footnote-ref"):
        hidden.extract()
    shown, written = Counter(NUMBER.findall(soup.main.get_text(" "))), Counter(NUMBER.findall(words(part(word()))))
    assert len(shown) > 30
    assert shown - written == Counter()


def test_the_same_input_gives_the_same_bytes():
    again = run.export(notebook_of(sample()), ("docx",))[0]["report.docx"]
    assert again == word()
    with zipfile.ZipFile(io.BytesIO(word())) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert b"<dcterms:created" in archive.read("docProps/core.xml")
        assert re.findall(rb">(\d{4})-", archive.read("docProps/core.xml")) == [b"1980", b"1980"]


def test_figures_are_png_at_300_dpi_with_their_alternative_text():
    exhibits = [p for p in run_payloads() if p["kind"] == "figure"]
    described = [picture.get("descr") for picture in part(word()).iter(f"{WP}docPr")]
    assert [figure["alt"] for figure in exhibits] == [text for text in described if len(text) > 60]
    assert all(described)
    relations = part(word(), "word/_rels/document.xml.rels")
    files = {relation.get("Id"): relation.get("Target") for relation in relations}
    with zipfile.ZipFile(io.BytesIO(word())) as archive:
        for picture in part(word()).iter(f"{WP}inline"):
            if picture.find(f"{WP}docPr").get("descr") in {figure["alt"] for figure in exhibits}:
                image = Image.open(archive.open(f"word/{files[next(picture.iter(BLIP)).get(EMBED)]}"))
                assert (image.format, image.info["dpi"]) == ("PNG", pytest.approx((300, 300), abs=0.1))
                assert len(image.convert("L").getcolors()) > 2
                assert int(picture.find(f"{WP}extent").get("cx")) == pytest.approx(image.width * 914400 / 300, rel=0.01)


def run_payloads() -> list[dict]:
    from analysis.exhibit import payloads

    return list(payloads(notebook_of(sample())))


def test_captions_are_numbered_by_fields():
    fields = [(field.get(f"{W}instr").split()[1], words_of_run(field)) for field in part(word()).iter(f"{W}fldSimple")]
    expected = {kind: [p for p in run_payloads() if p["kind"] == kind.lower()] for kind in ("Figure", "Table")}
    for kind, exhibits in expected.items():
        assert [number for name, number in fields if name == kind] == [str(n + 1) for n in range(len(exhibits))]
    marks = {mark.get(f"{W}name") for mark in part(word()).iter(f"{W}bookmarkStart")}
    assert {pandoc.bookmark(f"fig-{figure['name']}") for figure in expected["Figure"]} <= marks


def words_of_run(field: etree._Element) -> str:
    return "".join(field.itertext(f"{W}t"))


def test_tables_repeat_their_head_and_keep_rows_together():
    tables = list(part(word()).iter(f"{W}tbl"))
    exhibits = [p for p in run_payloads() if p["kind"] == "table"]
    assert len(tables) >= len(exhibits) > 0
    for table in tables:
        first, *others = table.findall(f"{W}tr")
        assert first.find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}tblHeader") is None for row in others)
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in (first, *others))
        assert {style.get(f"{W}val") for style in table.iter(f"{W}pStyle")} <= {"TableText"}


def test_links_within_the_file_have_a_target():
    root = part(word())
    marks = {mark.get(f"{W}name") for mark in root.iter(f"{W}bookmarkStart")}
    anchors = {link.get(f"{W}anchor") for link in root.iter(f"{W}hyperlink")} - {None}
    assert anchors
    assert anchors <= marks
    ids = [mark.get(f"{W}id") for mark in root.iter(f"{W}bookmarkStart")]
    assert len(ids) == len(set(ids))


def test_a_report_of_invented_patients_says_so_on_every_page():
    content = run.export(notebook_of(synthetic()), ("docx",))[0]["report.docx"]
    assert "Synthetic data: these patients are invented." in words(part(content, "word/header1.xml"))
    assert "Synthetic" not in words(part(word(), "word/header1.xml"))
    assert "Information, not clinical advice" in words(part(word(), "word/footer1.xml"))
    assert part(word()).findall(f".//{W}sectPr/{W}footerReference")


def test_a_wide_table_has_a_turned_page_with_header_and_footer():
    wide = "|" + "|".join(f"heading {n}" for n in range(12)) + "|\n" + "|---" * 12 + "|\n"
    wide += "|" + "|".join(f"internationalisation standardisation{n}" for n in range(12)) + "|"
    text = nbformat.v4.new_markdown_cell(f"# Title\n\nbefore\n\n{wide}\n\n{wide}\n\nafter")
    sections = list(part(with_cells(text)["report.docx"]).iter(f"{W}sectPr"))
    sides = [section.find(f"{W}pgSz").get(f"{W}orient") for section in sections]
    assert sides == [None, "landscape", None]
    assert all(section.find(f"{W}footerReference") is not None for section in sections)


def test_an_appendix_is_a_file_of_its_own_that_goes_on_counting():
    cells = [
        nbformat.v4.new_markdown_cell("# Title\n\nSee [below](#More)."),
        nbformat.v4.new_markdown_cell("## More\n\nBack.", metadata={"tags": ["appendix"]}),
    ]
    files = with_cells(*cells)
    assert sorted(files) == ["appendix.docx", "report.docx"]
    assert words(part(files["appendix.docx"])).startswith("Appendix: Title")
    relations = zipfile.ZipFile(io.BytesIO(files["report.docx"])).read("word/_rels/document.xml.rels").decode()
    assert 'Target="appendix.docx#More"' in relations


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_opens_the_file(tmp_path):
    (tmp_path / "report.docx").write_bytes(word())
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    options = [profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run(["soffice", *options, str(tmp_path / "report.docx")], check=True, capture_output=True, timeout=300)
    opened = pypdf.PdfReader(tmp_path / "report.pdf")
    text = " ".join(" ".join(one.extract_text() for one in opened.pages).split())
    assert "Figure 1." in text.replace("\u00a0", " ")
    assert f"Page 1 of {len(opened.pages)}" in text
    assert sum(len(one.images) for one in opened.pages) >= len([p for p in run_payloads() if p["kind"] == "figure"])


def test_a_picture_that_typst_refuses_costs_itself():
    copies = "".join(f'<g id="a{n}">{f"""<use href="#a{n - 1}"/>""" * 10}</g>' for n in range(1, 12))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect id="a0" width="9" height="9"/>{copies}</svg>'
    )
    shown = nbformat.v4.new_output("display_data", data={"image/svg+xml": svg})
    cells = [nbformat.v4.new_markdown_cell("# T\n\nBefore"), nbformat.v4.new_code_cell("show()", outputs=[shown])]
    files, warnings = word_files(read_document(nbformat.v4.new_notebook(cells=cells)))
    assert warnings == ("Cell 2: a picture can't be set in PDF and Word files.",)
    with zipfile.ZipFile(io.BytesIO(files["report.docx"])) as content:
        text = content.read("word/document.xml").decode()
    assert "Before" in text and "picture not shown]" in text and warnings[0] in text
