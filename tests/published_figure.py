"""The figure of the README: drawn from the data, and compared with what is published by tests/test_published.py."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl

from analysis import evidence, figures
from analysis.evidence.selection import select
from analysis.exhibit import Figure
from analysis.exhibit.svg import inline_svg
from analysis.outcomes import responders
from analysis.paths import ROOT

TARGET = ROOT / "reports" / "published" / "benefit-flow.svg"


def figure() -> Figure:
    """The flow behind the two rates of Mangnus et al. 2021."""
    flows = responders.flows(select(evidence.load()))
    return figures.benefit_flow(next(flow for flow in flows if flow.study_id == "mangnus2022"))


def published_svg() -> str:
    """It with letters as outlines: pages that show a README don't load the font of a picture."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "published", "svg.fonttype": "path"}):
        figure().figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return inline_svg(out.getvalue())


if __name__ == "__main__":
    Path(TARGET).write_text(published_svg(), encoding="utf-8")
