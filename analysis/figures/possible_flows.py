"""Every flow of whole patients that two printed rates allow, and those that give the printed P value."""

from __future__ import annotations

import numpy as np

from analysis.exhibit import Figure
from analysis.figures.labels import spread
from analysis.figures.style import MUTED, POINTS, RULE, SERIES_LOOKS, SMALL, finish, panel, sheet, style, write
from analysis.outcomes.responders import Flow
from analysis.statistics.rounding import decimals_of
from analysis.wording import p_text, short_citation, upper_first

TESTS = {
    "uncorrected": "McNemar's test",
    "corrected": "with continuity correction",
    "exact": "exact",
    "mid_p": "mid-P",
}
_LOWEST = 0.001
TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
_LEFT, _RIGHT, _HIGH = 34.0, 150.0, 170.0  # points


def possible_flows(flow: Flow, name: str = "") -> Figure:
    """P under each form of McNemar's test for every number of patients who may have lost the benefit.

    Takes one Flow of `responders.flows` with a printed P value; ValueError without one. The band holds the P values
    that can be printed so; filled points lie in it.
    """
    if np.isnan(flow.p_reported):
        raise ValueError(f"{flow.arm_id} has no printed P value: there is nothing to compare the flows with")
    name = name or f"possible-flows-{flow.arm_id.replace('_', '-')}"
    tables = flow.tables
    half = 0.5 * 10.0 ** -decimals_of(flow.p_reported)
    with style():
        picture = sheet(_HIGH + 62)
        ax = panel(picture, _LEFT, 22, POINTS - _LEFT - _RIGHT, _HIGH)
        ax.set_yscale("log")
        ax.axhspan(flow.p_reported - half, flow.p_reported + half, color=RULE, zorder=0)
        bottom = 0.8 * max(_LOWEST, float(tables["p"].min()))
        last, ends = int(tables["lost"].max()), []
        for look, (test, words) in zip(SERIES_LOOKS, TESTS.items(), strict=False):
            rows = tables[tables["test"] == test].sort_values("lost")
            shown = rows["p"].clip(lower=_LOWEST)
            ax.plot(rows["lost"], shown, color=look.color, linestyle=look.line, linewidth=0.9, zorder=2)
            fits = rows["fits_p"].to_numpy()
            ax.plot(
                rows["lost"],
                shown,
                color=look.color,
                marker=look.marker,
                fillstyle="none",
                markersize=3.6,
                linestyle="",
            )
            if fits.any():
                ax.plot(
                    rows["lost"][fits],
                    shown[fits],
                    color=look.color,
                    marker=look.marker,
                    markersize=6.5,
                    linestyle="",
                    zorder=3,
                )
            ends.append((float(shown.iloc[-1]), words, look))
        ax.set_ylim(bottom, 1.25)
        ticks = [tick for tick in TICKS if tick >= bottom]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_xlim(tables["lost"].min() - 0.6, last + 0.6)
        step = 1 if last - int(tables["lost"].min()) < 12 else 2
        ax.set_xticks(range(int(tables["lost"].min()), last + 1, step))
        ax.grid(axis="y", color=RULE, linewidth=0.6)
        places = [22 + _HIGH * (1 - _height(value, bottom)) for value, _, _ in ends]
        for y, (_, words, look) in zip(spread(places, [11] * len(ends), 22, 22 + _HIGH), ends, strict=True):
            write(picture, POINTS - _RIGHT + 8, y, words, SMALL, color=look.letters)
        write(picture, 4, 8, "P value", SMALL, color=MUTED)
        below = f"patients who lost the benefit; {flow.first - flow.second} fewer gained it"
        write(picture, _LEFT, _HIGH + 50, below, SMALL, color=MUTED)
        finish(picture)
    fitting = tables[tables["fits_p"]]
    data = tables.rename(columns={"p": "p_value", "fits_p": "agrees_with_printed_p"}).assign(
        printed_p=flow.p_reported, study_id=flow.study_id, rows=flow.rows
    )
    return Figure(
        name=name,
        figure=picture,
        data=data.reset_index(drop=True),
        alt=_alt(flow, fitting),
        caption=(
            f"All flows of {flow.n} patients that go from {flow.first} with the benefit "
            f"{_time(flow.weeks_first)} to "
            f"{flow.second} ({_time(flow.weeks_second)}) in {short_citation(flow.citation)}, with the P value that "
            "each "
            f"form of "
            f"McNemar's test gives. Grey band: what can be printed as {p_text('=', flow.p_reported)}. Filled "
            f"points lie in it."
        ),
        studies=(flow.study_id,),
        notes=f"Assumed: the same {flow.n} patients at both times, nobody missing.",
    )


def _time(value: float) -> str:
    return "end of infusion" if value == 0 else f"{value:g} weeks later"


def _height(p: float, bottom: float) -> float:
    low, high = np.log(bottom), np.log(1.25)
    return float((np.log(p) - low) / (high - low))


def _alt(flow: Flow, fitting) -> str:
    flows = flow.tables["lost"].nunique()
    start = f"{flows} flows of {flow.n} patients lead from {flow.first} to {flow.second} with the benefit."
    if fitting.empty:
        none = f"None of them gives the printed {p_text('=', flow.p_reported)} under any form of McNemar's test."
        return f"{start} {none}"
    told = [
        f"{lost} lost and {gained} gained the benefit ({', '.join(TESTS[t] for t in rows['test'])})"
        for (lost, gained), rows in fitting.groupby(["lost", "gained"])
    ]
    return f"{start} {upper_first(p_text('=', flow.p_reported))} is given by: {'; '.join(told)}."
