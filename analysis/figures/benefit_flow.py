"""Who kept, lost and gained the benefit between two times: what two printed rates allow and what they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.exhibit import Figure, escape, linked
from analysis.figures.flow_bands import BROAD, FIRST, HEIGHT, QUANTITIES, SECOND, WORDS, draw_flow, span
from analysis.figures.style import MUTED, POINTS, SMALL, finish, sheet, style, text_height, wrap, write
from analysis.outcomes.responders import Flow
from analysis.wording import COUNT_MARKS, MARK_WORDS, half_up, in_weeks, short_citation, weeks_cell

TEST_WORDS = {
    "uncorrected": "uncorrected",
    "corrected": "with continuity correction",
    "exact": "exact",
    "mid_p": "mid-P",
}


def benefit_flow(flow: Flow, name: str = "") -> Figure:
    """The patients of one group at two times and what may have happened between; takes one Flow of `responders.flows`.

    Where tables of whole patients fit the printed P value they are drawn: what they all share solid, what they leave
    open hatched; without a P value the same for all tables that the two rates allow. The whole range always stands in
    words.
    """
    name = name or "benefit-flow-" + re.sub(r"[^a-z0-9]+", "-", flow.arm_id.lower()).strip("-")
    ranges = _ranges(flow)
    with style():
        heading = wrap(f"{short_citation(flow.citation)}: {flow.definition}", POINTS - 12, 8.5, "bold")
        top = text_height(heading, 8.5) + 46
        foot = wrap(_foot(flow, ranges), POINTS - 8, SMALL)
        picture = sheet(top + HEIGHT + 16 + text_height(foot, SMALL))
        write(picture, 4, 4 + text_height(heading, 8.5) / 2, heading, 8.5, weight="bold")
        marks = _marks(flow)
        for left, at, count, printed, mark in (
            (FIRST, flow.weeks_first, flow.first, flow.percent_first, marks[0]),
            (SECOND, flow.weeks_second, flow.second, flow.percent_second, marks[1]),
        ):
            words = (
                "end of infusion"
                if at == 0
                else f"{weeks_cell(at)} weeks later"
                if flow.weeks_first == 0
                else f"week {weeks_cell(at)}"
            )
            write(picture, left + BROAD / 2, top - 31, words, color=MUTED, ha="center")
            rate = f"{count}/{flow.n}{mark} = {half_up(printed)}%"
            write(picture, left + BROAD / 2, top - 15, rate, 10, weight="bold", ha="center")
        sizes = (flow.n, flow.first, flow.second)
        draw_flow(picture, top, sizes, ranges.drawn, remarks=_without_p(ranges))
        write(picture, 4, top + HEIGHT + 10 + text_height(foot, SMALL) / 2, foot, SMALL, color=MUTED)
        finish(picture)
    return Figure(
        name,
        picture,
        _data(flow, ranges),
        _alt(flow, ranges),
        _caption(flow),
        (flow.study_id,),
        f"Counts: {linked(flow.rows)}.",
    )


@dataclass(frozen=True)
class _Ranges:
    """For each quantity the range drawn and the range possible at all; `fitted` if the printed P narrows it."""

    drawn: dict[str, tuple[int, int]]
    possible: dict[str, tuple[int, int]]
    fitted: bool
    tests: tuple[str, ...]


def _ranges(flow: Flow) -> _Ranges:
    bounds = flow.bounds.set_index("quantity")
    possible = {q: (int(bounds.at[q, "low"]), int(bounds.at[q, "high"])) for q in QUANTITIES}
    fits = flow.tables[flow.tables["fits_p"].astype(bool)]
    if fits.empty:
        return _Ranges(possible, possible, False, ())
    drawn = {q: (int(fits[q].min()), int(fits[q].max())) for q in QUANTITIES}
    return _Ranges(drawn, possible, True, tuple(dict.fromkeys(fits["test"])))


def _without_p(ranges: _Ranges) -> dict[str, str]:
    """What the rates alone would allow, where the P value narrows it."""
    wider = {q: span(*ranges.possible[q]) for q in QUANTITIES if ranges.possible[q] != ranges.drawn[q]}
    return {q: f"({words} possible without the P value)" for q, words in wider.items()} if ranges.fitted else {}


def _marks(flow: Flow) -> tuple[str, str]:
    """The marks of the two counts: one basis for both, or one for each."""
    bases = [basis.strip() for basis in str(flow.count_basis).split(",")]
    return COUNT_MARKS.get(bases[0], ""), COUNT_MARKS.get(bases[-1], "")


def _foot(flow: Flow, ranges: _Ranges) -> str:
    if ranges.fitted:
        tests = ", ".join(TEST_WORDS.get(test, test) for test in ranges.tests)
        certain = all(low == high for low, high in ranges.drawn.values())
        which = "The only table of whole patients that fits" if certain else "All tables of whole patients that fit"
        how = f"{which} the printed P = {flow.p_reported:g} (McNemar's test, {tests})."
    elif np.isfinite(flow.p_reported):
        how = f"No table of whole patients gives the printed P = {flow.p_reported:g}: all that the two rates allow."
    else:
        how = "Only the two rates are printed: all flows that they allow."
    if any(low != high for low, high in ranges.drawn.values()):
        how += " Solid: certain. Hatched: one way or the other."
    marks = "; ".join(f"{mark} {words}" for mark, words in MARK_WORDS.items() if mark in _marks(flow))
    return how + (f"\n{marks}" if marks else "")


def _caption(flow: Flow) -> str:
    return (
        f"The {flow.n} patients of {escape(short_citation(flow.citation))} with and without benefit "
        f"({escape(flow.definition)}) at {in_weeks(flow.weeks_first)} and at {in_weeks(flow.weeks_second)}, and how "
        "many kept, lost or gained it in between. The study prints the two rates, not the flow: solid bands are "
        "certain, hatched bands show what stays open. There is no control group in this picture."
    )


def _data(flow: Flow, ranges: _Ranges) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "study_id": flow.study_id,
                "arm_id": flow.arm_id,
                "definition": flow.definition,
                "n": flow.n,
                "weeks_first": flow.weeks_first,
                "weeks_second": flow.weeks_second,
                "responders_first": flow.first,
                "responders_second": flow.second,
                "percent_first": flow.percent_first,
                "percent_second": flow.percent_second,
                "quantity": quantity,
                "patients_low": ranges.drawn[quantity][0],
                "patients_high": ranges.drawn[quantity][1],
                "patients_low_without_p": ranges.possible[quantity][0],
                "patients_high_without_p": ranges.possible[quantity][1],
                "p_reported": flow.p_reported,
                "tests_that_fit_p": "; ".join(ranges.tests),
                "count_basis": flow.count_basis,
                "rows": flow.rows,
            }
            for quantity in QUANTITIES
        ]
    )


def _alt(flow: Flow, ranges: _Ranges) -> str:
    drawn, possible = ranges.drawn, ranges.possible
    rates = (
        f"In {short_citation(flow.citation)} {flow.first} of {flow.n} patients ({half_up(flow.percent_first)}%) "
        "have the "
        "benefit "
        f"at {in_weeks(flow.weeks_first)} and {flow.second} of {flow.n} ({half_up(flow.percent_second)}%) at "
        f"{in_weeks(flow.weeks_second)}."
    )
    parts = [f"{span(*drawn[q])} {WORDS[q]}" for q in QUANTITIES]
    if ranges.fitted:
        wide = [f"{span(*possible[q])} {q}" for q in QUANTITIES]
        return (
            f"{rates} The printed P = {flow.p_reported:g} fits {', '.join(parts[:-1])} and {parts[-1]}. "
            f"The two rates alone would allow {', '.join(wide[:-1])} and {wide[-1]}."
        )
    return f"{rates} The flow between is not printed; the rates allow {', '.join(parts[:-1])} and {parts[-1]}."
