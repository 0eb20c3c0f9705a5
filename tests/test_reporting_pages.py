"""Pages of any notebook: they say what the notebook says, and name what they can't show."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pypdf
import pytest
from hypothesis import given, settings, strategies
from PIL import Image
from shown_words import body, document_of, expected_words, first_lost, markdown, output, printed, words

from analysis import figures
from analysis.evidence.selection import select
from analysis.exhibit import EXHIBIT_MIME
from analysis.outcomes import evidence_map, responders
from analysis.paths import ROOT
from analysis.reporting.kernel.normalization import normalize
from analysis.reporting.page import html, missing_glyphs
from analysis.reporting.page.cell_outputs import last_state
from analysis.reporting.page.missing_glyphs import legible
from analysis.reporting.page.pdf import compile_pdfs

pytestmark = pytest.mark.slow


def picture(width: int = 8, height: int = 4, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, kind)
    return out.getvalue()


def stored(content: bytes) -> str:
    return base64.b64encode(content).decode()


def pdf_words(document) -> str:
    content = compile_pdfs(document)[0]["report.pdf"]
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def cells_of(table) -> list[list[str]]:
    """Return the rows of a table as a browser lays them out: a cell that spans others is repeated."""
    grid: dict[tuple[int, int], str] = {}
    rows = table.find_all("tr")
    for number, row in enumerate(rows):
        column = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            while (number, column) in grid:
                column += 1
            for below in range(int(cell.get("rowspan", 1))):
                for right in range(int(cell.get("colspan", 1))):
                    grid[number + below, column + right] = " ".join(cell.get_text(" ").split())
            column += int(cell.get("colspan", 1))
    width = 1 + max(column for _, column in grid)
    return [[grid.get((number, column), "") for column in range(width)] for number in range(len(rows))]


# --- text

MARKDOWN = [
    "The largest trial was reported in\n2021. It had 48 patients; a second came in\n2023. Both were open.",
    "2023. was a year",
    "z. B. more, p. 5, i.e. (a) one, A. Smith, #. x, (@) y",
    'Run `batch --force` or --force -- and --- so... "quoted" it\'s',
    "Pain fell.\n\n---\nCaution: three patients were excluded.\nDose: not stated.\n\n---\n\nNext.",
    "---\ntitle: hidden?\nauthor: no\n---\n\ntext",
    "A<br>break, 10<sup>3</sup>, <b>bold <i>both</i></b>, <kbd>Ctrl</kbd> &amp; &lt;tag&gt; &nbsp;x",
    '<div class="alert alert-info">Tip: <b>drink</b></div>\n\nafter',
    "<div>\n\n**Markdown** inside\n\n</div>",
    "<table><tr><th>dose</th><td>0.5</td></tr></table>",
    "<details><summary>More</summary>\n\nhidden part\n\n</details>",
    "<center>middle</center>\n\n<font color=red>red</font> <u>under</u> <mark>m</mark>",
    "- a\n- b\n   1. c\n   2. d\n\n     more of d\n- e",
    "* one\n+ two\n- three\n\n7) seven\n8) eight",
    "> quoted\n> lines\n>> deeper",
    "| a | b |\n|---|--:|\n| 1 | 2.5 |\n| x \\| y | `c` |",
    "# Heading\n\n## *Sub* `code`\n\nSetext\n======\n\nText",
    "a ~~gone~~ H~2~O 10^3^ ::: note\n:::",
    "Ask @janedoe, who wrote the @property; a@b.de",
    "[text](http://a.example/x_(y)) <https://b.example> https://c.example/d_e *f*_g_",
    "[ref][r] and ![]( ) {.class} {{jinja}} $ 5 and 6$\n\n[r]: http://r.example",
    "    indented *code*\n\n```python\nfenced *code* @x $y\n```",
    "Term\n: no definition\n\n1986\\. A great year\n\n\\*not emphasis\\*",
    "[^1] has no footnote; [x] (y) [ ] z",
    "Line one  \nline two\\\nline three",
    "日本語 😀 مرحبا α≤β Zürich",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_all_words_of_markdown_are_shown_in_order(text):
    assert first_lost(expected_words(markdown(text)), words(body(document_of(markdown(text))))) == []


@settings(max_examples=8)
@given(strategies.lists(strategies.sampled_from(MARKDOWN), min_size=2, max_size=5))
def test_all_words_of_several_cells_are_shown_in_order(texts):
    cells = [markdown("# Report"), *(markdown(text) for text in texts)]
    assert first_lost(expected_words(*cells), words(body(document_of(*cells)))) == []


HTML = [
    "<h3>Women only</h3><table><tr><th>a</th></tr><tr><td>1</td></tr></table><p>3 patients excluded</p>",
    "<p>a<p>b<br>c<ul><li>d<li>e</ul><dl><dt>t<dd>d</dl>",
    "<table><caption>per 100 <b>patient</b>-years</caption><tr><td>x<td>y<tr><td>z</table>note<pre>a  b\nc</pre>",
    "<table><tr><td rowspan=0>a<td colspan='100%'>b<tr><td>c<tr><td colspan=0>d</table>",
    "<table><tr><td rowspan=99999999 colspan=99999999>a<td>b<tr><td>c</table>",
    "<table><tr><td>outer<table><tr><td>in<td>ner</table>after</td><td><ul><li>x</ul></td></tr></table>",
    "<div><div>one</div>two<span>three</span></div><blockquote>four</blockquote><a href=x>five</a>",
    "<table><tbody><tr><td>1</tbody><tbody><tr><td>2</tbody><tfoot><tr><td>3</tfoot></table>",
    "a &lt;b&gt; &amp; c<script>never()</script><style>p {}</style><select><option>d<option>e</select>",
    "<nav>a</nav><main>b</main><footer>c</footer><textarea>d</textarea><input type=image alt=e>",
    "<dl>a<dt>b<dd>c</dd>d<div><dt>e<dd>f</div><p>g</dl><table>h<tr><td>i</table>",
    "<section><header>h</header><article>i<footer>j</footer></article></section><fieldset><legend>k</legend>l</fieldset>",
    pd.DataFrame({"a": range(100)})._repr_html_(),
    pd.DataFrame({"w": ["A", "A", "B"], "n": ["x", "y", "x"], "m": [1.5, 2, 3]}).set_index(["w", "n"])._repr_html_(),
    pd.DataFrame({("p", "mean"): [1], ("p", "sd"): [2], ("q", "n"): [3]})._repr_html_(),
]


@pytest.mark.parametrize("source", HTML)
def test_all_words_of_html_are_shown_in_order(source):
    cell = output({"text/html": source, "text/plain": "never"})
    assert first_lost(expected_words(cell), words(body(document_of(cell)))) == []


def test_every_page_of_these_becomes_a_pdf():
    cells = [markdown("# All"), *map(markdown, MARKDOWN), *(output({"text/html": source}) for source in HTML)]
    text = pdf_words(document_of(*cells))
    for part in ("2023. Both were open.", "Caution: three patients", "100 rows × 1 columns", "3 patients excluded"):
        assert part in text


def test_a_grouped_table_has_its_numbers_in_their_columns():
    index = pd.MultiIndex.from_product([["A", "B"], ["x", "y"]], names=["ward", "night"])
    frame = pd.DataFrame({"mean": [1.5, 2.25, 3, 4], "sd": [0.1, 0.2, 0.3, 0.4]}, index=index)
    table = body(document_of(output({"text/html": frame._repr_html_()}))).table
    assert cells_of(table)[2:] == [
        ["A", "x", "1.50", "0.1"],
        ["A", "y", "2.25", "0.2"],
        ["B", "x", "3.00", "0.3"],
        ["B", "y", "4.00", "0.4"],
    ]


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("<tr><td rowspan=0>a<td>b<tr><td>c", [["a", "b"], ["a", "c"]]),
        ("<tr><td colspan='100%'>a<tr><td>b<td>c", [["a", "a"], ["b", "c"]]),
        ("<tr><td colspan=0>a<td>b", [["a", "b"]]),
        ("<tr><td colspan=5000>a<td>b<tr><td>c", [["a", "b"], ["c", ""]]),
        ("<thead><tr><th rowspan=9>a</thead><tr><td>b<td>c", [["a", ""], ["b", "c"]]),
        ("<tr><td rowspan=2>a<td>b<td rowspan=2>c<tr><td>d", [["a", "b", "c"], ["a", "d", "c"]]),
        ("<tr><td>a<td rowspan=2>b<tr><td colspan=2>c", [["a", "b"], ["c", "b"]]),
        ("<colgroup><col></colgroup><tr><td>a<td>b", [["a", "b"]]),
        ("<td>a<td>b", [["a", "b"]]),
        ("<form><tr><td>a</form>", [["a"]]),
        ("<tr><td>a</td><b>before</b><td>b<tr><td>c", [["a", "b"], ["c", ""]]),
        ("<tbody><tr><td>b</tbody><thead><tr><th>a</thead>", [["a"], ["b"]]),
        ("<thead><tr><th>a</thead><thead><tr><th>b</thead>", [["a"], ["b"]]),
        ("<tfoot><tr><td>d</tfoot><tr><td>b<tfoot><tr><td>c</tfoot>", [["b"], ["c"], ["d"]]),
        ("<caption>one</caption><caption>two</caption><tr><td>a", [["a"]]),
    ],
)
def test_cells_span_others_as_in_a_browser(source, rows):
    assert cells_of(body(document_of(output({"text/html": f"<table>{source}</table>"}))).table) == rows


def test_footnotes_belong_to_their_cell():
    soup = body(document_of(markdown("a[^1]\n\n[^1]: First."), markdown("b[^1]\n\n[^1]: Second."), markdown("c[^1]")))
    assert [" ".join(li.get_text().split())[:7] for li in soup.select(".footnotes li")] == ["First.↩", "Second."]
    assert "c[^1]" in soup.get_text()


def test_headings_keep_their_levels_after_a_second_title():
    soup = body(document_of(markdown("# One\n\n## A\n\n### B\n\n# Two\n\n## C\n\n##### D")))
    levels = [heading.name for heading in soup.select(".body :is(h2, h3, h4, h5)")]
    assert levels == ["h2", "h3", "h2", "h3", "h4", "h2"], "the last is how this was made"


def test_links_find_headings_and_marked_places():
    text = "# T\n\n## My Results\n\n[a](#My-Results) [b](#my-results) [c](#here) [d](#nowhere)\n\n<a id='here'></a>x"
    document = document_of(markdown(text), markdown("## main\n\n[e](#main) [f](other.ipynb)"))
    soup = body(document)
    assert [a["href"] for a in soup.select(".body a")] == ["#My-Results", "#My-Results", "#here", "#section-main-1"]
    ids = [element["id"] for element in soup.select("[id]")]
    assert len(ids) == len(set(ids)) and "here" in ids
    assert document.warnings == ["Cell 2: the link to other.ipynb leads out of the report and is left out."]
    compile_pdfs(document)


def test_a_title_keeps_its_quotation_marks_and_letters():
    assert document_of(markdown('# "Night" 報告 — it\'s 🌙')).title == '"Night" 報告 — it\'s 🌙'


FORMULAS = [
    (r"\begin{align} a &= b \\ c &= d \end{align}", "mtable"),
    ("\\begin{equation}\na = b \\label{x}\n\\end{equation}", "mo"),
    (r"\\(y^2\\)", "msup"),
    (r"\\[ y^2 \\]", "msup"),
    (r"\(z_1\)", "msub"),
    ("$ x^2 $", "msup"),
    ("$$\n\\frac{1}{2}\n$$", "mfrac"),
    (r"$\text{a $b$ c}_1$", "msub"),
    (r"$x \tag{1}$", "mo"),
]


@pytest.mark.parametrize(("text", "element"), FORMULAS)
def test_formulas_are_set(text, element):
    document = document_of(markdown(f"before\n\n{text}\n\nafter"))
    soup = body(document)
    assert soup.select_one(f"math {element}") and document.warnings == []
    assert len(soup.select("math")) == 1
    compile_pdfs(document)


@pytest.mark.parametrize("text", ["costs $5 or $6", r"\[1\] and \(see below\)", "`$x$`", "```\n$x$\n```", r"\$x\$"])
def test_other_signs_are_no_formula(text):
    assert not body(document_of(markdown(text))).select("math")


def test_commands_defined_in_one_formula_hold_in_later_ones():
    document = document_of(
        markdown(
            r"$$\newcommand{\real}{\mathbb{R}} \newcommand\half[1]{\frac{#1}{2}} \DeclareMathOperator{\logit}{logit}$$"
        ),
        markdown(
            r"Let $x \in \real$, $\half{\logit x}$, then $\renewcommand{\real}{\mathbb{Q}} \real$ and $\real + y$."
        ),
    )
    soup = body(document)
    assert ["".join(math.select_one("semantics > *").get_text().split()) for math in soup.select("math")] == [
        "x∈ℝ",
        "logit\u2061x2",
        "ℚ",
        "ℚ+y",
    ]
    assert document.warnings == [] and not soup.select("code")
    compile_pdfs(document)


@pytest.mark.parametrize("tex", [r"\quad", r"\frac{", r"\unknown{x}", "#x", r"\begin{foo}x\end{foo}"])
def test_a_formula_that_cannot_be_set_costs_itself(tex):
    document = document_of(markdown("# T"), markdown(f"before ${tex}$ after $x^2$"))
    soup = body(document)
    assert [code.get_text() for code in soup.select("code")] == [tex]
    assert len(soup.select("math")) == 1
    assert len(document.warnings) == 1 and document.warnings[0].startswith("Cell 2: the formula ")
    text = pdf_words(document)
    assert "before" in text and "after" in text and "Not shown" in text


@pytest.mark.parametrize(("tex", "warned"), [(r"\cancel{x}", 1), (r"\color{red}{x}", 1), (r"\boxed{x}", 1), ("x", 0)])
def test_a_formula_whose_look_has_a_meaning_leaves_a_note(tex, warned):
    document = document_of(markdown(f"${tex}$"))
    assert len(body(document).select("math")) == 1
    assert (
        document.warnings
        == [f"Cell 1: colours, strokes and boxes of the formula {tex} are not shown everywhere."] * warned
    )


# --- pictures

BROKEN = {
    "broken": {"image/png": stored(picture())[:40]},
    "base64": {"image/png": "%%%"},
    "webp": {"image/webp": stored(b"RIFF1234WEBPVP8 ")},
    "svg": {"image/svg+xml": "<svg><g></svg>"},
    "empty": {"image/svg+xml": ""},
    "no svg": {"image/svg+xml": '<svg xmlns="http://a.example/other" width="9" height="9"/>'},
    "no size": {"image/svg+xml": '<svg width="1.2.3" viewBox="0 0 -10 10"/>'},
    "outside entity": {"image/svg+xml": '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/hosts">]><svg>&a;</svg>'},
    "huge": {"image/png": stored(picture()[:16] + b"\x00\x01\x00\x00" * 2 + picture()[24:])},
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_picture_leaves_a_note_and_the_other_form(data):
    document = document_of(markdown("# T"), output({**data, "text/plain": "<Figure size 640x480>"}))
    kind = next(iter(data))
    for text in (body(document).get_text(), pdf_words(document)):
        assert f"[not shown: {kind}]" in text and "<Figure size 640x480>" in text
    assert document.warnings[0].startswith(f"Cell 2: a picture ({kind}) is not shown: ")


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")])
def test_pictures_are_shown_by_their_content(kind, mime):
    document = document_of(output({mime: stored(picture(kind=kind))}))
    assert body(document).img["src"].startswith("data:image/png;base64,") and document.warnings == []
    compile_pdfs(document)


def drawn(document) -> bytes:
    return base64.b64decode(body(document).img["src"].partition(",")[2])


def test_a_picture_with_several_frames_shows_the_first_and_says_so():
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 4), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    document = document_of(output({"image/gif": stored(out.getvalue())}))
    assert Image.open(io.BytesIO(drawn(document))).getpixel((0, 0)) == (255, 0, 0, 255)
    assert document.warnings == ["Cell 1: of a picture with several frames the first is shown."]


def test_a_photograph_taken_upright_stands_upright():
    out, turned = io.BytesIO(), Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (8, 4), "red").save(out, "JPEG", exif=turned)
    document = document_of(output({"image/jpeg": stored(out.getvalue())}))
    assert Image.open(io.BytesIO(drawn(document))).size == (4, 8) and document.warnings == []


@pytest.mark.parametrize("size", ['width="100%" height="100%"', 'viewBox="0 0 NaN 10"', 'width="..." height="-1"'])
def test_a_drawing_without_a_size_is_300_by_150_pixels_as_in_browsers(size):
    document = document_of(output({"image/svg+xml": f'<svg {size}><text y="9">t</text></svg>'}))
    assert b'width="300" height="150"' in drawn(document) and b"viewBox" not in drawn(document)


def test_a_drawing_with_entities_of_its_own_is_shown():
    svg = '<!DOCTYPE svg [<!ENTITY s "fill:red">]><svg viewBox="0 0 9 9"><rect style="&s;"/></svg>'
    document = document_of(output({"image/svg+xml": svg}))
    assert b'<rect style="fill:red"/>' in drawn(document) and document.warnings == []


def test_a_picture_has_the_size_that_the_notebook_states():
    document = document_of(
        output({"image/png": stored(picture(300, 200))}, **{"image/png": {"width": 150, "height": 100}})
    )
    assert (body(document).img["width"], body(document).img["height"]) == ("150", "100")
    page = pypdf.PdfReader(io.BytesIO(compile_pdfs(document)[0]["report.pdf"])).pages[0]
    matrix = page.get_contents().get_data().decode("latin-1")
    assert "112.5 0 0 75" in matrix or "112.5 0 0 -75" in matrix


def test_pictures_in_files_are_embedded_only_from_the_folder_or_the_repository(tmp_path: Path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "my pic.png").write_bytes(picture())
    (tmp_path / "outside.png").write_bytes(picture())
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "no.png").write_text("no picture")
    text = "![a](my%20pic.png) <img src='my pic.png' alt='b' width=20> ![c](../outside.png) ![d](link.png) ![e](no.png)"
    document = document_of(markdown(text), folder=folder)
    assert [img["alt"] for img in body(document).select("img")] == ["a", "b"]
    assert [warning.split(" is ")[0] for warning in document.warnings] == [
        "Cell 1: the picture ../outside.png",
        "Cell 1: the picture link.png",
        "Cell 1: the picture no.png",
    ]


def test_a_drawing_loads_nothing():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="40" height="20">'
        '<script>bad()</script><image x:href="http://a.example/b.png" width="9" height="9"/><text y="9">t</text>'
        '<rect onclick="bad()" width="3" height="3" fill="url(http://a.example/c)"/></svg>'
    )
    document = document_of(output({"image/svg+xml": svg}))
    drawing = base64.b64decode(body(document).img["src"].partition(",")[2]).decode()
    assert "a.example" not in drawing and "bad" not in drawing and ">t</text>" in drawing
    assert document.warnings == ["Cell 1: not shown in the drawing: <script>, an image outside the report."]
    compile_pdfs(document)


def test_a_picture_that_only_typst_refuses_costs_itself():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="0" viewBox="0 0 9 9"><rect/></svg>'
    document = document_of(markdown("# T\n\nBefore"), output({"image/svg+xml": svg}), markdown("## After\n\nmore"))
    files, warnings = compile_pdfs(document)
    content = files["report.pdf"]
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "Before" in text and "more" in text and "picture not shown" in text
    assert warnings == ("Cell 2: a picture can't be set in PDF and Word files.",)
    assert document.warnings == []


def test_of_several_pictures_in_a_line_the_one_that_typst_refuses_costs_itself(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "c.png").write_bytes(picture(kind="GIF"))
    (tmp_path / "b.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="0" viewBox="0 0 9 9"><rect/></svg>')
    document = document_of(markdown("# T\n\n![one](a.png) ![two](b.svg) ![three](c.png)"), folder=tmp_path)
    files, warnings = compile_pdfs(document)
    reader = pypdf.PdfReader(io.BytesIO(files["report.pdf"]))
    text = reader.pages[0].extract_text()
    assert "[two: picture not shown]" in text and "one" not in text and "three" not in text
    assert len(reader.pages[0].images) == 2
    assert warnings == ("Cell 1: a picture can't be set in PDF and Word files.",)


# --- outputs


@pytest.mark.parametrize(
    "data",
    [
        {"application/vnd.plotly.v1+json": {"data": []}, "text/html": "<div><script>1</script></div>"},
        {"application/javascript": "1"},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "none"}},
        {"application/pdf": "x"},
        {"application/vnd.vega.v5+json": {}},
    ],
)
def test_an_output_that_cannot_be_shown_leaves_its_type(data):
    document = document_of(markdown("# T"), output({**data, "text/plain": "<object>"}))
    kind = next(iter(data))
    for text in (body(document).get_text(), pdf_words(document)):
        assert kind in text.replace("\n", "") and "<object>" in text
    assert any(warning.startswith("Cell 2: an output of type " + kind) for warning in document.warnings)
    page = html.page(document)
    assert '<h2 id="report-not-shown">Not shown</h2>' in page


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("<p style='Color : red'>a</p>", "colours and other styles"),
        ("<td bgcolor=red>a", "colours and other styles"),
        ("<mark>a</mark>", "colours and other styles"),
        ("<span style='text-decoration:line-through'>a</span>", "colours and other styles"),
        ("<style>#T td {color: red}</style><p>a</p>", "colours and other styles"),
        ("<ol><li value=9>a</ol>", "a list is numbered in another way"),
        ("<ol reversed><li>a</ol>", "a list is numbered in another way"),
    ],
)
def test_html_whose_look_has_a_meaning_leaves_a_note(source, note):
    document = document_of(output({"text/html": source}))
    assert body(document).select_one("div.body").get_text().split()[0] == "a"
    assert [warning[: 8 + len(note)] for warning in document.warnings] == [f"Cell 1: {note}"]


def test_a_plain_table_of_pandas_leaves_no_note():
    frame = pd.DataFrame({"color": ["background"]})
    assert document_of(output({"text/html": frame._repr_html_()})).warnings == []


def test_fields_of_a_form_show_what_a_browser_shows():
    fields = "<input type=hidden value=a><input type=password value=bc><input value=d>"
    assert body(document_of(output({"text/html": fields}))).select_one("div.body").get_text().split()[0] == "••d"


def test_a_drawing_in_html_keeps_its_view_and_gradients():
    svg = '<svg viewBox="0 0 30 60"><linearGradient id="g"/><text>t</text></svg>'
    image = body(document_of(output({"text/html": svg}))).img
    drawing = base64.b64decode(image["src"].partition(",")[2]).decode()
    assert 'viewBox="0 0 30 60"' in drawing and "<linearGradient" in drawing
    assert image["alt"] == "t"


@pytest.mark.parametrize("tag", ["video", "audio", "iframe", "object", "canvas"])
def test_media_leave_a_note(tag):
    document = document_of(markdown(f"before <{tag} src='x.mp4'></{tag}> after"))
    assert f"before [not shown: {tag}] after" in body(document).get_text()
    assert document.warnings == [f"Cell 1: <{tag}> is not shown."]


@pytest.mark.parametrize(
    "cell",
    [
        output({"application/vnd.jupyter.widget-view+json": "no model"}),
        output({"image/png": stored(picture())}, **{"image/png": {"alt": ["a"], "width": "wide", "height": None}}),
        output({"text/html": ["<b>", "x</b>"]}),
        output({}),
    ],
)
def test_an_output_of_another_form_does_not_end_the_report(cell):
    document = document_of(markdown("# T"), cell, markdown("The end."))
    assert "The end." in body(document).get_text()


def test_a_stored_widget_shows_its_state():
    models = {
        "box": {"children": ["IPY_MODEL_a", "IPY_MODEL_b"]},
        "a": {"value": "nights: 100%", "_model_name": "HTMLModel"},
        "b": {"value": 5.0, "max": 5.0, "_model_name": "FloatProgressModel"},
    }
    state = {name: {"state": model} for name, model in models.items()}
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": state}}
    cell = output({"application/vnd.jupyter.widget-view+json": {"model_id": "box"}, "text/plain": "  0%| |"})
    document = document_of(cell, widgets=widgets)
    assert body(document).pre.get_text() == "nights: 100% 5 of 5" and document.warnings == []


def test_widgets_get_the_same_names_in_each_run():
    def executed(first: str, second: str) -> nbformat.NotebookNode:
        cell = output({"application/vnd.jupyter.widget-view+json": {"model_id": second}})
        state = {first: {"state": {"value": "a"}}, second: {"state": {"children": [f"IPY_MODEL_{first}"]}}}
        widgets = {"application/vnd.jupyter.widget-state+json": {"state": state}}
        return normalize(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": widgets}))

    one, two = executed("1f" * 16, "2e" * 16), executed("3d" * 16, "4c" * 16)
    assert one == two and one.cells[0].outputs[0].data["text/plain"] == "a"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\rb", "b"),
        ("long\rab", "abng"),
        ("long\r\x1b[Kab", "ab"),
        ("  0%|\r 50%|#\r100%|##\ndone", "100%|##\ndone"),
        ("ab\bc", "ac"),
        ("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07", "red link"),
        ("one\ntwo\x1b[A\rONE\n", "ONE\ntwo"),
        ("a\r\nb", "a\nb"),
        ("plain\n", "plain\n"),
    ],
)
def test_printed_text_is_in_its_last_state(text, lines):
    assert last_state(text) == lines


def test_a_printed_progress_bar_is_complete():
    cell = printed("  0%|  | 0/5\r", "100%|##| 5/5\n", name="stderr")
    assert [pre.get_text() for pre in body(document_of(cell)).select("pre")] == ["100%|##| 5/5"]


def test_tags_hide_cells_and_their_parts():
    code = nbformat.v4.new_code_cell
    out = [nbformat.v4.new_output("stream", text="printed")]
    cells = [
        code("a", metadata={"tags": ["remove_cell"]}, outputs=out),
        code("b", metadata={"tags": ["remove-input"]}, outputs=out),
        code("c", metadata={"tags": ["remove_output"]}, outputs=out),
        code("d", metadata={"hide_input": True}, outputs=out),
        code("e", metadata={"tags": ["hide-output"]}, outputs=out),
        nbformat.v4.new_raw_cell("raw <b>text</b>"),
        nbformat.v4.new_raw_cell("\\latex", metadata={"raw_mimetype": "text/latex"}),
    ]
    document = document_of(*cells)
    page = html.page(document)
    assert page.count("printed</code>") == 2
    assert [part.source for part in document.parts if hasattr(part, "source")] == ["c", "e"]
    assert "raw <strong>text</strong>" in page
    assert document.warnings == [
        "Cell 5: hidden by its tag hide-output.",
        "Cell 7: a raw cell of type text/latex is not shown.",
    ]


def test_latex_outputs_are_text_with_formulas():
    soup = body(document_of(output({"text/latex": r"$\sqrt{2}$ and *no* emphasis"})))
    assert soup.select_one("math msqrt") and "and *no* emphasis" in soup.get_text()


# --- letters


@pytest.fixture(autouse=True)
def own_letters():
    """No test sees the fonts that another test pretends are installed."""
    yield
    missing_glyphs.installed_font.cache_clear()
    missing_glyphs._has_font.cache_clear()


def test_letters_without_a_font_are_written_out(monkeypatch):
    monkeypatch.setattr(missing_glyphs, "_installed", list)
    missing_glyphs.installed_font.cache_clear()
    missing_glyphs._has_font.cache_clear()
    assert legible("報告 🌙 ≤ 안녕 Zürich") == "[BaoGao] [crescent moon] ≤ [AnNyeong] Zürich"
    content = compile_pdfs(document_of(markdown("# 報告 🌙\n\n日本語")))[0]["report.pdf"]
    assert pypdf.PdfReader(io.BytesIO(content)).metadata.title == "[BaoGao] [crescent moon]"


def test_an_installed_font_is_used_where_the_text_font_lacks_letters(monkeypatch):
    from analysis.exhibit.typeface import fallback_folder

    stix = fallback_folder() / "STIXGeneral.ttf"  # has a letter that the text fonts lack
    letter = next(
        chr(n) for n in sorted(missing_glyphs.code_points(stix)) if n > 0x2000 and not missing_glyphs.has_glyph(chr(n))
    )
    monkeypatch.setattr(missing_glyphs, "_installed", lambda: [stix])
    missing_glyphs.installed_font.cache_clear()
    missing_glyphs._has_font.cache_clear()
    assert legible(letter) == letter and missing_glyphs.installed_fonts(letter) == {stix}
    assert letter in pdf_words(document_of(markdown(f"before {letter} after")))


# --- hostile notebooks


class Elements(HTMLParser):
    """Collects what a page would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in ("iframe", "object", "embed", "form", "base", "link", "video"):
            self.active.append(tag)
        self.active += [name for name in names if name.startswith("on")]
        for name in ("src", "href", "action", "data"):
            if (names.get(name) or "").split(":")[0].lower() in ("javascript", "file", "vbscript"):
                self.active.append(f"{name}={names[name]}")
        if tag == "img" and not (names.get("src") or "").startswith("data:image/"):
            self.active.append(f"img {names.get('src')}")


HOSTILE = [
    "<img src=x onerror=alert(1)><svg onload=alert(1)></svg><iframe srcdoc='<script>1</script>'></iframe>",
    "<a href='javascript:alert(1)'>a</a><a href=' JaVaScRiPt:alert(1)'>b</a><a href='data:text/html,x'>c</a>",
    "<base href=http://e.example><meta http-equiv=refresh content=0><form action=http://e.example><input></form>",
    "<link rel=stylesheet href=http://e.example><object data=http://e.example></object><embed src=x>",
    "<table onclick=a()><tr onmouseover=a()><td style='background:url(http://e.example)' onclick=a()>1</table>",
    "<math><maction actiontype='statusline' xlink:href='javascript:1'><mtext></table><img src=x onerror=1></maction>",
    "<noscript><p title='</noscript><img src=x onerror=1>'>x</noscript><template><img src=x onerror=1></template>",
    "<svg><foreignObject><body><img src=x onerror=1></body></foreignObject><script>1</script><a href='javascript:1'>x",
    "<img src='file:///etc/passwd'><img src='/etc/passwd'><img src='http://e.example/x.png'><video src=x>",
    "<!--[if IE]><script>1</script><![endif]--><?php x ?><![CDATA[<script>1</script>]]><plaintext><b onclick=1>",
    "`<script>x</script>`{=html} [5](#row-x){.row onclick=1} ::: {#main onclick=1}\nx\n:::",
    '```{=typst}\n#read("/etc/passwd")\n```\n\n#read("/etc/passwd") `#x`{=typst}',
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_in_a_notebook_runs_or_loads(source):
    cells = [markdown(source), output({"text/html": source}), output({"text/markdown": source})]
    document = document_of(*cells, nbformat.v4.new_raw_cell(source), output({"image/svg+xml": source}))
    page = html.page(document)
    parser = Elements()
    parser.feed(page)
    assert parser.active == []
    assert page.count("<script") == 1
    assert "base-uri 'none'; form-action 'none'" in page
    assert "root:" not in pdf_words(document)


def test_elements_inside_each_other_without_end_cost_their_cell():
    cells = [markdown("# T"), markdown("> " * 400 + "x"), markdown("<b>" * 3000 + "y"), markdown("- " * 400 + "z")]
    document = document_of(*cells, output({"text/html": "<div>" * 5000 + "deep"}), markdown("The end."))
    page = html.page(document)
    for word in ("x", "y", "z", "deep", "The end."):
        assert word in page
    assert [warning[:7] for warning in document.warnings] == ["Cell 2:", "Cell 3:", "Cell 4:", "Cell 5:"]
    assert "The end." in pdf_words(document)


def test_the_script_of_pages_builds_no_markup():
    script = (ROOT / "analysis" / "reporting" / "page" / "template" / "page.js").read_text(encoding="utf-8")
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script


def test_a_legend_that_figures_share_is_printed_once(evidence):
    s = select(evidence)
    shown = [figures.responder_forest(responders.rates(s)), figures.study_map(evidence_map.studies(s))]
    cells = []
    for figure in shown:
        data = {EXHIBIT_MIME: figure.payload(), "image/svg+xml": figure.svg}
        cells.append(output(data))
    page = body(document_of(*cells))
    first, second = page.select("figure.exhibit")
    legend = "■X critical;"
    assert legend in first.figcaption.get_text() and legend not in second.figcaption.get_text()
    assert second.select("span.rb"), "the marks themselves are in both"
