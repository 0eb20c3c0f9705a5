"""Flow of patients between two times: the numbers that two printed rates and a printed P value allow."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure, escape, linked
from analysis.exhibit.palette import LIGHT
from analysis.figures.flow_bands import BROAD, FIRST, FLOW_WORDS, HEIGHT, QUANTITIES, SECOND, draw_flow
from analysis.figures.labels import stack_labels
from analysis.figures.style import POINTS, SERIES_LOOKS, SMALL, finish, panel, sheet, style, text_height, wrap, write
from analysis.outcomes.responders import Flow
from analysis.statistics.rounding import decimals_of
from analysis.wording import (
    COUNT_MARKS,
    MARK_WORDS,
    half_up,
    in_weeks,
    p_text,
    short_citation,
    span_words,
    upper_first,
    weeks_cell,
)

_LOWEST, _HIGHEST = 0.001, 1.25  # limits of the axis of P values
_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
_LEFT, _RIGHT, _TOP, _HIGH = 34.0, 150.0, 22.0, 170.0  # points
_TESTS = {
    "uncorrected": "McNemar's test",
    "corrected": "with continuity correction",
    "exact": "exact",
    "mid_p": "mid-P",
}
_TEST_WORDS = _TESTS | {"uncorrected": "uncorrected"}


def benefit_flow(flow: Flow) -> Figure:
    """Return the flow diagram of one arm: patients with and without benefit at two times, and possible changes.

    Its data have one row per quantity (kept, lost, gained, neither) with the range drawn and the range that the two
    rates allow. The range drawn covers the tables of whole patients that agree with the printed P value, or all
    tables if there is none. Its minimum is solid, the rest hatched.
    """
    name = "benefit-flow-" + re.sub(r"[^a-z0-9]+", "-", flow.arm_id.lower()).strip("-")
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
            later = f"{weeks_cell(at)} weeks later" if flow.weeks_first == 0 else f"week {weeks_cell(at)}"
            words = "end of infusion" if at == 0 else later
            write(picture, left + BROAD / 2, top - 31, words, color=LIGHT["muted"], ha="center")
            rate = f"{count}/{flow.n}{mark} = {half_up(printed)}%"
            write(picture, left + BROAD / 2, top - 15, rate, 10, weight="bold", ha="center")
        sizes = (flow.n, flow.first, flow.second)
        draw_flow(picture, top, sizes, ranges.drawn, remarks=_without_p(ranges))
        write(picture, 4, top + HEIGHT + 10 + text_height(foot, SMALL) / 2, foot, SMALL, color=LIGHT["muted"])
        finish(picture)
    data, alt, notes = _data(flow, ranges), _alt(flow, ranges), f"Counts: {linked(flow.rows)}."
    return Figure(name, picture, data, alt, _caption(flow), (flow.study_id,), notes, _finding(flow))


@dataclass(frozen=True)
class _Ranges:
    """For each quantity the range drawn and the range the rates allow; `fitted` if the printed P value narrows it."""

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
    """Return the ranges that the rates alone allow, in words, where the P value narrows them."""
    wider = {q: span_words(*ranges.possible[q]) for q in QUANTITIES if ranges.possible[q] != ranges.drawn[q]}
    return {q: f"({words} possible without the P value)" for q, words in wider.items()} if ranges.fitted else {}


def _marks(flow: Flow) -> tuple[str, str]:
    """Return the marks of the two counts: one basis for both, or one for each."""
    bases = [basis.strip() for basis in str(flow.count_basis).split(",")]
    return COUNT_MARKS.get(bases[0], ""), COUNT_MARKS.get(bases[-1], "")


def _foot(flow: Flow, ranges: _Ranges) -> str:
    if ranges.fitted:
        tests = ", ".join(_TEST_WORDS.get(test, test) for test in ranges.tests)
        certain = all(low == high for low, high in ranges.drawn.values())
        which = "The only table of whole patients that fits" if certain else "All tables of whole patients that fit"
        how = f"{which} the printed P = {flow.p_reported:g} (McNemar's test, {tests})."
    elif np.isfinite(flow.p_reported):
        how = f"No table of whole patients gives the printed P = {flow.p_reported:g}: all that the two rates allow."
    else:
        how = "Only the two rates are printed: all flows that they allow."
    if any(low != high for low, high in ranges.drawn.values()):
        how += " Solid: in every one of them. Hatched: in some."
    marks = "; ".join(f"{mark} {words}" for mark, words in MARK_WORDS.items() if mark in _marks(flow))
    return how + (f"\n{marks}" if marks else "")


def _caption(flow: Flow) -> str:
    return (
        f"Patients of {escape(short_citation(flow.citation))} with and without benefit, and "
        "how many kept, lost or gained it. The study prints the two rates, not the flow; the bands assume that nobody "
        "is missing. No control group."
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


def _finding(flow: Flow) -> str:
    return (
        f"In {short_citation(flow.citation)} {flow.first} of {flow.n} patients ({half_up(flow.percent_first)}%) "
        f"have the benefit at {in_weeks(flow.weeks_first)} and {flow.second} of {flow.n} "
        f"({half_up(flow.percent_second)}%) at {in_weeks(flow.weeks_second)}"
    )


def _alt(flow: Flow, ranges: _Ranges) -> str:
    drawn, possible = ranges.drawn, ranges.possible
    rates = f"{_finding(flow)}."
    parts = [f"{span_words(*drawn[q])} {FLOW_WORDS[q]}" for q in QUANTITIES]
    if ranges.fitted:
        wide = [f"{span_words(*possible[q])} {q}" for q in QUANTITIES]
        return (
            f"{rates} The printed P = {flow.p_reported:g} fits {', '.join(parts[:-1])} and {parts[-1]}. "
            f"The two rates alone would allow {', '.join(wide[:-1])} and {wide[-1]}."
        )
    return f"{rates} The flow between is not printed; the rates allow {', '.join(parts[:-1])} and {parts[-1]}."


# ------------------------------------------------------------------------------------------------ every flow
def possible_flow_curve(flow: Flow) -> Figure:
    """Return the curve of P values of each form of McNemar's test by the number of patients who lost the benefit.

    Its data have one row per test and table of whole patients: kept, lost, gained, neither, P value, whether it
    agrees with the printed one. The band covers the values that round to the printed P value; points in it are
    filled.

    Raises
    ------
    ValueError
        If the flow has no printed P value.
    """
    if np.isnan(flow.p_reported):
        raise ValueError(f"{flow.arm_id} has no printed P value: there is nothing to compare the flows with")
    name = f"possible-flows-{flow.arm_id.replace('_', '-')}"
    tables = flow.tables
    with style():
        picture = _p_values(flow)
    fitting = tables[tables["fits_p"]]
    data = tables.rename(columns={"p": "p_value", "fits_p": "agrees_with_printed_p"}).assign(
        printed_p=flow.p_reported, study_id=flow.study_id, rows=flow.rows
    )
    caption = (
        f"All flows of {flow.n} patients from {flow.first} with the benefit {_time(flow.weeks_first)} to "
        f"{flow.second} {_time(flow.weeks_second)}, with the P value of each form of McNemar's test. Grey band, filled "
        f"points: what can be printed as {p_text('=', flow.p_reported)}."
    )
    notes = f"Assumed: the same {flow.n} patients at both times, nobody missing."
    alt = _possible_alt(flow, fitting)
    return Figure(name, picture, data.reset_index(drop=True), alt, caption, (flow.study_id,), notes)


def _p_values(flow: Flow) -> Picture:
    tables = flow.tables
    half = 0.5 * 10.0 ** -decimals_of(flow.p_reported)
    fewest, most = int(tables["lost"].min()), int(tables["lost"].max())
    lowest = 0.8 * max(_LOWEST, float(tables["p"].min()))
    picture = sheet(_HIGH + 62)
    ax = panel(picture, _LEFT, _TOP, POINTS - _LEFT - _RIGHT, _HIGH)
    ax.set_yscale("log")
    ax.axhspan(flow.p_reported - half, flow.p_reported + half, color=LIGHT["grid"], zorder=0)
    ends = []
    for look, (test, words) in zip(SERIES_LOOKS, _TESTS.items(), strict=False):
        rows = tables[tables["test"] == test].sort_values("lost")
        lost, p, fits = rows["lost"], rows["p"].clip(lower=_LOWEST), rows["fits_p"].to_numpy()
        dots = {"color": look.color, "marker": look.marker, "linestyle": ""}
        ax.plot(lost, p, color=look.color, linestyle=look.line, linewidth=0.9, zorder=2)
        ax.plot(lost, p, fillstyle="none", markersize=3.6, **dots)
        if fits.any():
            ax.plot(lost[fits], p[fits], markersize=6.5, zorder=3, **dots)
        ends.append((float(p.iloc[-1]), words, look))
    ax.set_ylim(lowest, _HIGHEST)
    ticks = [tick for tick in _TICKS if tick >= lowest]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(fewest - 0.6, most + 0.6)
    ax.set_xticks(range(fewest, most + 1, 1 if most - fewest < 12 else 2))
    ax.grid(axis="y", color=LIGHT["grid"], linewidth=0.6)
    places = [_TOP + _HIGH * np.log(_HIGHEST / p) / np.log(_HIGHEST / lowest) for p, _, _ in ends]
    for y, (_, words, look) in zip(stack_labels(places, [11] * len(ends), _TOP, _TOP + _HIGH), ends, strict=True):
        write(picture, POINTS - _RIGHT + 8, y, words, SMALL, color=look.color)
    write(picture, 4, 8, "P value", SMALL, color=LIGHT["muted"])
    below = f"patients who lost the benefit; {flow.first - flow.second} fewer gained it"
    write(picture, _LEFT, _HIGH + 50, below, SMALL, color=LIGHT["muted"])
    return finish(picture)


def _time(value: float) -> str:
    return "end of infusion" if value == 0 else f"{value:g} weeks later"


def _possible_alt(flow: Flow, fitting: pd.DataFrame) -> str:
    flows = flow.tables["lost"].nunique()
    start = f"{flows} flows of {flow.n} patients lead from {flow.first} to {flow.second} with the benefit."
    if fitting.empty:
        none = f"None of them gives the printed {p_text('=', flow.p_reported)} under any form of McNemar's test."
        return f"{start} {none}"
    parts = [
        f"{lost} lost and {gained} gained the benefit ({', '.join(_TESTS[t] for t in rows['test'])})"
        for (lost, gained), rows in fitting.groupby(["lost", "gained"])
    ]
    return f"{start} {upper_first(p_text('=', flow.p_reported))} is given by: {'; '.join(parts)}."
