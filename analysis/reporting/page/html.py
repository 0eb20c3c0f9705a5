"""HTML of a Document; template/report.html.j2 combines its parts."""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template

from analysis.exhibit.palette import variables
from analysis.exhibit.webfont import font_faces
from analysis.reporting.interchange.linked_data import linked_data
from analysis.reporting.page import pandoc
from analysis.reporting.page.document import made_lines
from analysis.reporting.page.html_parts import image_html, part_html, scrolling_table, table_html
from analysis.reporting.page.model import Blocks, CardsPart, Code, Document, FigurePart, Part, Text, is_half
from analysis.reporting.page.pandoc import html_block
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.page.row_html import HATCHING

_FONTS_GO_HERE = "/* fonts */"


def page(document: Document) -> str:
    """Return the complete page. Raises ReportError if it can't be made."""
    return with_fonts(_template(TEMPLATE).render(page=pieces(document)))


@functools.cache
def escaping_templates(folder: Path) -> Environment:
    """Return the templates of pages whose values are plain text."""
    return Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def with_fonts(page: str) -> str:
    """Return a page with the used subset of its font embedded at the marked place of its style sheet."""
    return page.replace(_FONTS_GO_HERE, font_faces(page), 1)


@functools.cache
def _template(folder: Path) -> Template:
    return Environment(loader=FileSystemLoader(folder)).get_template("report.html.j2")


def pieces(document: Document) -> dict[str, Any]:
    """Return all values of the template, as HTML or plain values."""
    texts: dict[str, Blocks] = {}
    for number, answer in enumerate(document.findings):
        opening = f'<dt>{escape(answer.question)}</dt><dd><div class="answer">'
        texts[f"finding-{number}"] = [html_block(opening), *answer.sentence, html_block("</div>"), html_block("</dd>")]
    main, appendix = document.divided()
    kinds = {type(part) for part in main if not isinstance(part, Code)}
    texts["lead"] = document.lead
    # the code of a report with an appendix is in its notebook
    shown = [part for part in main if not (document.has_appendix and isinstance(part, Code))]
    texts["body"] = _body(shown)
    texts["appendix"] = _folded(appendix)
    texts["references"] = document.references
    changes = {"Image": lambda node: image_html(node, document.files), "Table": scrolling_table}
    texts = {name: pandoc.walk(blocks, changes) for name, blocks in texts.items()}
    split = pandoc.write_blocks(texts, "html5")
    references, opening, notes = split["references"].strip().partition('<section id="footnotes"')
    notes = opening + notes
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "kicker": document.kicker,
        "lead": split["lead"],
        "hatching": HATCHING,
        "cards_alone": {CardsPart, Text} >= kinds >= {CardsPart},  # no table needs more room than text
        "has_appendix": document.has_appendix,
        "appendix": split["appendix"],
        "description": description(document),
        "linked_data": linked_data(document.title, description(document), document.made),
        "synthetic": document.synthetic,
        "findings": [split[f"finding-{number}"] for number in range(len(document.findings))],
        "body": (split["body"] + notes).strip(),
        "references": references,
        "rows": _rows(document),
        "warnings": document.warnings,
        "made": [
            {**line, "table": table_html(line["grid"])} if "grid" in line else line for line in made_lines(document)
        ],
        "contents": [heading for heading in document.contents if heading.level == 2 and not heading.appendix],
        "style": page_style(),
        **script_values(_script(any(isinstance(part, FigurePart) and part.choices for part in document.parts))),
    }


def script_values(script: str) -> dict[str, str]:
    """Return a script, and its hash for the policy that lets a page run no other."""
    return {"script": script, "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}


@functools.cache
def page_style() -> str:
    """Return the style sheet with the colours of the palette, light and dark."""
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {variables(dark=True)} }} }}"
    return f":root {{ {variables(dark=False)} }}\n{dark}\n{_file('style.css')}"


@functools.cache
def _script(choices: bool) -> str:
    """Return the script of a page, with that of the reader's own choices where the page has them."""
    names = (
        *(("repool.js", "choose_shared.js", "choose_retention.js", "choose_rates.js") if choices else ()),
        "tables.js",
        "page.js",
    )
    return "\n".join(map(_file, names))


@functools.cache
def _file(name: str) -> str:
    return (Path(TEMPLATE) / name).read_text(encoding="utf-8")


def description(document: Document) -> str:
    """Return the lead, or what stands for it, for search engines and file managers."""
    words = " ".join(pandoc.plain_words(answer.sentence) for answer in document.findings[:1])
    text = pandoc.plain_words(document.lead) or words or document.title
    return text if len(text) <= 300 else text[:297].rsplit(" ", 1)[0] + " …"


def _body(parts: list[Part]) -> Blocks:
    """Return the parts in sequence, those of half a page's width side by side."""
    blocks: Blocks = []
    for half, some in itertools.groupby(parts, is_half):
        inside = [block for part in some for block in part_html(part)]
        blocks += [html_block('<div class="halves">'), *inside, html_block("</div>")] if half else inside
    return blocks


def _folded(parts: list[Part]) -> Blocks:
    """Return the parts of the appendix, each section of the second level on demand."""
    blocks: Blocks = []
    open_section = False
    for part in parts:
        for block in part_html(part):
            if block["t"] == "Header" and block["c"][0] == 2:
                name = block["c"][1][0]
                blocks += [html_block("</details>")] if open_section else []
                heading = f'<h3 id="{escape(name)}">{escape(pandoc.plain_words(block["c"][2]))}</h3>'
                blocks.append(html_block(f'<details class="part"><summary>{heading}</summary>'))
                open_section = True
            else:
                blocks.append(block)
    return [*blocks, html_block("</details>")] if open_section else blocks


def _rows(document: Document) -> list[dict[str, Any]]:
    """Return the entries of the data rows, table by table."""
    labels = document.made.get("citations", {})
    return [
        {
            "table": table,
            "entries": [{"entry": entry, "study": labels.get(entry.study, entry.study)} for entry in group],
        }
        for table, group in itertools.groupby(document.rows, key=lambda entry: entry.table)
    ]
