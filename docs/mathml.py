"""Formulas as MathML, by the pandoc of the reports: no script, and nothing is fetched."""

from __future__ import annotations

from typing import Any

import pypandoc
from docutils import nodes


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True}


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(f"${node.astext()}$"))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f"<p>{_mathml(f'$${node.astext()}$$')}</p>\n")
    raise nodes.SkipNode


def _mathml(formula: str) -> str:
    html = pypandoc.convert_text(formula, "html5", format="markdown", extra_args=["--mathml"]).strip()
    return html.removeprefix("<p>").removesuffix("</p>")
