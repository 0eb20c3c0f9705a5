"""The figure of the README, drawn from the data; tests/test_published.py compares it with the published one."""

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
    """Return the figure as SVG with outlined letters, because pages that show a README do not load fonts of images."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "published", "svg.fonttype": "path"}):
        figure().figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return inline_svg(out.getvalue())


if __name__ == "__main__":
    Path(TARGET).write_text(published_svg(), encoding="utf-8")
