"""The reference document of Word files: styles, page, header and footer, from which pandoc takes the layout.

Written here rather than stored, so that each style can be read and compared with the PDF's.
"""

from __future__ import annotations

import functools
import io
import zipfile
from html import escape

from analysis.exhibit.palette import LIGHT
from analysis.reporting.page.paper import Paper

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_FONT, _MONO = "Arial", "Courier New"  # fonts that every copy of Word has
_SIZES = {"a4": (11906, 16838), "us-letter": (12240, 15840)}  # in twentieths of a point, as all of Word's lengths
_BAND = "Information, not clinical advice"
_SYNTHETIC = "Synthetic data: these patients are invented."


@functools.lru_cache(maxsize=8)
def reference_document(paper: Paper, running: str, synthetic: bool) -> bytes:
    """Return the file. running: header of each page; synthetic: whether it says that the patients are invented."""
    warning = _run(_SYNTHETIC + " ", bold=True, color=LIGHT["harm"]) if synthetic else ""
    header = _paragraph("Header", warning + _run(running))
    tab = f'<w:tabs><w:tab w:val="right" w:pos="{round(20 * paper.width)}"/></w:tabs>'
    words = _run(_BAND) + "<w:r><w:tab/></w:r>" + _run("Page ") + _field("PAGE") + _run(" of ") + _field("NUMPAGES")
    footer = _paragraph("Footer", words, tab)
    references = '<w:headerReference w:type="default" r:id="rId2"/><w:footerReference w:type="default" r:id="rId3"/>'
    body = f"<w:body><w:p/><w:sectPr>{references}{page_layout(paper)}</w:sectPr></w:body>"
    kinds = {"document": "document.main", "styles": "styles", "header1": "header", "footer1": "footer"}
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_TYPES}.{kind}+xml"/>' for name, kind in kinds.items()
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": _relations(officeDocument="word/document.xml"),
        "word/_rels/document.xml.rels": _relations(styles="styles.xml", header="header1.xml", footer="footer1.xml"),
        "word/document.xml": _root("document", body),
        "word/styles.xml": _root("styles", _styles()),
        "word/header1.xml": _root("hdr", header),
        "word/footer1.xml": _root("ftr", footer),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return out.getvalue()


def page_layout(paper: Paper, turned: bool = False) -> str:
    """Return size and margins of a page in Word's XML; its text is as wide as in the PDF."""
    short, long = _SIZES[paper.name]
    sides = f'w:w="{long}" w:h="{short}" w:orient="landscape"' if turned else f'w:w="{short}" w:h="{long}"'
    margins = 'w:top="964" w:right="794" w:bottom="907" w:left="794" w:header="454" w:footer="454" w:gutter="0"'
    return f"<w:pgSz {sides}/><w:pgMar {margins}/>"


def _root(name: str, content: str) -> str:
    return f'<w:{name} xmlns:w="{_WORD}" xmlns:r="{_OFFICE}">{content}</w:{name}>'


def _relations(**targets: str) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _paragraph(style: str, runs: str, more: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{runs}</w:p>'


def _run(words: str, bold: bool = False, color: str = "") -> str:
    look = _look(bold=bold, color=color)
    return f'<w:r>{look}<w:t xml:space="preserve">{escape(words)}</w:t></w:r>'


def _field(instruction: str) -> str:
    return f'<w:fldSimple w:instr="{instruction}">{_run("1")}</w:fldSimple>'


def _look(size: float = 0, bold: bool = False, color: str = "", font: str = "") -> str:
    """Return properties of characters; size in points."""
    parts = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:cs="{font}"/>' if font else ""
    parts += "<w:b/><w:bCs/>" if bold else ""
    parts += f'<w:color w:val="{color.removeprefix("#").upper()}"/>' if color else ""
    parts += f'<w:sz w:val="{round(2 * size)}"/><w:szCs w:val="{round(2 * size)}"/>' if size else ""
    return f"<w:rPr>{parts}</w:rPr>" if parts else ""


def _styles() -> str:
    muted, accent = LIGHT["muted"], LIGHT["ketamine"]
    plain = _look(10, color=LIGHT["ink"], font=_FONT).replace("</w:rPr>", '<w:lang w:val="en-GB"/></w:rPr>')
    listed = [
        f"<w:docDefaults><w:rPrDefault>{plain}</w:rPrDefault><w:pPrDefault/></w:docDefaults>",
        _style("Normal", based="", default=True),
        _style("Body Text", based="Normal", after=6),
        _style("First Paragraph"),
        _style("Compact", after=2),
        _style("Kept With Next", after=2, keep=True),
        _style("Title", size=17, bold=True, after=5, keep=True),
        _style("Subtitle", size=8.5, color=muted, after=8),
        _style("Lead", size=11, after=8),
        _style("Question", size=9, bold=True, color=accent, before=8, after=2, keep=True),
        *(
            _style(f"heading {n}", size=size, bold=True, before=before, after=5, keep=True, outline=n - 1)
            for n, size, before in ((1, 14, 18), (2, 12, 14), (3, 11, 12), (4, 10.5, 10), (5, 10, 8), (6, 10, 8))
        ),
        _style("Figure Title", size=11, bold=True, before=12, after=4, keep=True),
        _style("Captioned Figure", before=4, after=4, keep=True),
        _style("Caption", size=9, color=muted),
        _style("Image Caption", size=9, color=muted, after=12),
        _style("Table Caption", size=9.5, before=12, after=4, keep=True),
        _style("Table Text", size=8, after=0),
        _style("Notes", size=8, color=muted, before=3, after=3),
        _style("Bibliography", size=8.5, after=4),
        _style("Block Text", indent=18, after=6),
        _style("Source Code", size=8, after=6, font=_MONO),
        _style("Footnote Text", size=8, after=2),
        _style("header", size=8.5, color=muted),
        _style("footer", size=8.5, color=muted),
        _style("Verbatim Char", kind="character", based="", size=8.5, font=_MONO),
        _style("Hyperlink", kind="character", based="", color=accent),
        _style("Footnote Reference", kind="character", based="").replace(
            "</w:style>", '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
        ),
        _table_style(),
    ]
    return "".join(listed)


def _style(
    name: str,
    kind: str = "paragraph",
    based: str = "BodyText",
    default: bool = False,
    before: float = 0,
    after: float | None = None,
    indent: float = 0,
    keep: bool = False,
    outline: int | None = None,
    **look: float | bool | str,
) -> str:
    """Return a style; lengths in points. keep: on one page with the next paragraph. outline: level of a heading."""
    layout = "<w:keepNext/><w:keepLines/>" if keep else ""
    if before or after is not None:
        layout += f'<w:spacing w:before="{round(20 * before)}" w:after="{round(20 * (after or 0))}"/>'
    layout += f'<w:ind w:left="{round(20 * indent)}"/>' if indent else ""
    layout += f'<w:outlineLvl w:val="{outline}"/>' if outline is not None else ""
    identifier = "".join(word[:1].upper() + word[1:] for word in name.split())
    first = ' w:default="1"' if default else ""
    inherited = f'<w:basedOn w:val="{based}"/>' if based else ""
    properties = (f"<w:pPr>{layout}</w:pPr>" if layout else "") + _look(**look)
    return (
        f'<w:style w:type="{kind}"{first} w:styleId="{identifier}"><w:name w:val="{name}"/>{inherited}'
        f"<w:qFormat/>{properties}</w:style>"
    )


def _table_style() -> str:
    """Return the style of tables: lines below rows only, a bold first row."""

    def line(side: str, size: int, color: str) -> str:
        return f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{LIGHT[color].removeprefix("#")}"/>'

    borders = line("top", 8, "ink") + line("bottom", 6, "ink") + line("insideH", 4, "line")
    widths = {"top": 40, "left": 70, "bottom": 40, "right": 70}
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in widths.items())
    first = f"<w:tcPr><w:tcBorders>{line('bottom', 6, 'ink')}</w:tcBorders></w:tcPr>"
    return (
        '<w:style w:type="table" w:default="1" w:styleId="Table"><w:name w:val="Table"/><w:tblPr>'
        f"<w:tblBorders>{borders}</w:tblBorders><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        f'<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr>{first}</w:tblStylePr></w:style>'
    )
