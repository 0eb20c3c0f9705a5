"""The figure of the README: drawn from the data, and compared with what is published by tests/test_published.py."""

from __future__ import annotations

from pathlib import Path

from analysis import evidence, figures
from analysis.evidence.selection import select
from analysis.exhibit import Figure
from analysis.outcomes import responders
from analysis.paths import ROOT

TARGET = ROOT / "reports" / "published" / "benefit-flow.svg"


def figure() -> Figure:
    """The flow behind the two rates of Mangnus et al. 2021."""
    flows = responders.flows(select(evidence.load()))
    return figures.benefit_flow(next(flow for flow in flows if flow.study_id == "mangnus2022"))


if __name__ == "__main__":
    Path(TARGET).write_text(figure().svg, encoding="utf-8")
