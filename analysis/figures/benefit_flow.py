"""Who kept, lost and gained the benefit between two times: what two printed rates allow and what they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from analysis.exhibit import Figure, escape, linked
from analysis.outcomes.responders import Flow
from analysis.wording import COUNT_MARKS, MARK_WORDS, half_up

from .labels import spread
from .style import INK, MUTED, POINTS, SMALL, finish, panel, sheet, style, text_height, wrap, write
from .words import in_weeks, short, weeks

QUANTITIES = ("kept", "lost", "gained", "neither")
COLORS = {"kept": "#00588f", "lost": "#d55e00", "gained": "#1aa37a", "neither": "#aab3ba"}
LETTERS = {"kept": "#00588f", "lost": "#a84800", "gained": "#00704f", "neither": "#4d5963"}
WORDS = {
    "kept": "kept the benefit",
    "lost": "lost it",
    "gained": "gained it later",
    "neither": "had it at neither time",
}
TEST_WORDS = {
    "uncorrected": "uncorrected",
    "corrected": "with continuity correction",
    "exact": "exact",
    "mid_p": "mid-P",
}
FIRST, SECOND, BROAD = 132.0, 306.0, 22.0  # left edges and width of the two columns
TALL, BREAK = 172.0, 14.0  # height of all patients, gap between with and without benefit


def benefit_flow(flow: Flow, name: str = "") -> Figure:
    """The patients of one group at two times and what may have happened between; takes one Flow of `responders.flows`.

    Where tables of whole patients fit the printed P value they are drawn: what they all share solid, what they leave
    open hatched; without a P value the same for all tables that the two rates allow. The whole range always stands in
    words.
    """
    name = name or "benefit-flow-" + re.sub(r"[^a-z0-9]+", "-", flow.arm_id.lower()).strip("-")
    ranges = _ranges(flow)
    with style():
        heading = wrap(f"{short(flow.citation)}: {flow.definition}", POINTS - 12, 8.5, "bold")
        top = text_height(heading, 8.5) + 46
        foot = wrap(_foot(flow, ranges), POINTS - 8, SMALL)
        picture = sheet(top + TALL + BREAK + 16 + text_height(foot, SMALL))
        write(picture, 4, 4 + text_height(heading, 8.5) / 2, heading, 8.5, weight="bold")
        marks = _marks(flow)
        for left, at, count, printed, mark in (
            (FIRST, flow.weeks_first, flow.first, flow.percent_first, marks[0]),
            (SECOND, flow.weeks_second, flow.second, flow.percent_second, marks[1]),
        ):
            words = (
                "end of infusion"
                if at == 0
                else f"{weeks(at)} weeks later"
                if flow.weeks_first == 0
                else f"week {weeks(at)}"
            )
            write(picture, left + BROAD / 2, top - 31, words, color=MUTED, ha="center")
            rate = f"{count}/{flow.n}{mark} = {half_up(printed)}%"
            write(picture, left + BROAD / 2, top - 15, rate, 10, weight="bold", ha="center")
        ax = panel(picture, 0, top - 4, POINTS, TALL + BREAK + 8)
        ax.set_xlim(0, POINTS)
        ax.set_ylim(TALL + BREAK + 4, -4)
        ax.set_axis_off()
        blocks = _blocks(flow, ranges)
        _bands(ax, blocks)
        _words(ax, flow, ranges, blocks)
        write(picture, 4, top + TALL + BREAK + 10 + text_height(foot, SMALL) / 2, foot, SMALL, color=MUTED)
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


# segment: left column top, left height, right column top, right height
def _blocks(flow: Flow, ranges: _Ranges) -> list[tuple[str, bool, float, float, float]]:
    """Bands as (quantity, certain, top on the left, top on the right, height) in points."""
    unit = TALL / flow.n
    low = {q: ranges.drawn[q][0] for q in QUANTITIES}
    free = ranges.drawn["kept"][1] - low["kept"]
    second_left = flow.first * unit + BREAK
    second_right = flow.second * unit + BREAK
    left = {  # from above: with benefit first
        "kept": 0.0,
        "top": low["kept"] * unit,
        "lost": (low["kept"] + free) * unit,
        "gained": second_left,
        "bottom": second_left + low["gained"] * unit,
        "neither": second_left + (low["gained"] + free) * unit,
    }
    right = {
        "kept": 0.0,
        "top": low["kept"] * unit,
        "gained": (low["kept"] + free) * unit,
        "lost": second_right,
        "bottom": second_right + low["lost"] * unit,
        "neither": second_right + (low["lost"] + free) * unit,
    }
    bands = [(q, True, left[q], right[q], low[q] * unit) for q in ("neither", "kept", "lost", "gained") if low[q]]
    if free:
        sides = {
            "kept": ("top", "top"),
            "lost": ("top", "bottom"),
            "gained": ("bottom", "top"),
            "neither": ("bottom", "bottom"),
        }
        bands += [(q, False, left[a], right[b], free * unit) for q, (a, b) in sides.items()]
    return bands


def _bands(ax: Axes, blocks: list[tuple[str, bool, float, float, float]]) -> None:
    x0, x1 = FIRST + BROAD, SECOND
    middle = (x0 + x1) / 2
    for quantity, certain, left, right, height in blocks:
        color = COLORS[quantity]
        curve = [
            *[(x0, left), (middle, left), (middle, right), (x1, right), (x1, right + height)],
            *[(middle, right + height), (middle, left + height), (x0, left + height), (x0, left)],
        ]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        if certain:
            look = {"facecolor": color, "alpha": 0.45, "linewidth": 0}
        else:
            look = {"facecolor": "none", "edgecolor": color, "hatch": "////", "linewidth": 0, "alpha": 0.55}
        ax.add_patch(PathPatch(Path(curve, codes), **look))
        for x, y, side in ((FIRST, left, "left"), (SECOND, right, "right")):
            if certain:
                ax.add_patch(Rectangle((x, y), BROAD, height, facecolor=color, edgecolor="white", linewidth=0.8))
            elif (side == "left" and quantity in ("kept", "gained")) or (
                side == "right" and quantity in ("kept", "lost")
            ):
                # on each side one uncertain block stands for two bands
                shade = INK if quantity != "gained" else MUTED
                ax.add_patch(
                    Rectangle((x, y), BROAD, height, facecolor="white", edgecolor=shade, hatch="////", linewidth=0.5)
                )


def _words(ax: Axes, flow: Flow, ranges: _Ranges, blocks: list[tuple[str, bool, float, float, float]]) -> None:
    unit = TALL / flow.n
    for count, top, words in (
        (flow.first, 0.0, "with benefit"),
        (flow.n - flow.first, flow.first * unit + BREAK, "without"),
    ):
        if count:
            ax.text(FIRST - 8, top + count * unit / 2, f"{words}\n{count}", ha="right", va="center", linespacing=1.2)
    places, lines, colors = [], [], []
    for quantity in ("kept", "gained", "lost", "neither"):
        low, high = ranges.drawn[quantity]
        if high == 0:
            continue
        own = [(right + height / 2) for q, _, _, right, height in blocks if q == quantity]
        places.append(-own[0])
        text = f"{_range(low, high)} {WORDS[quantity]}"
        if ranges.fitted and ranges.possible[quantity] != (low, high):
            text += f"\n({_range(*ranges.possible[quantity])} possible without the P value)"
        lines.append(text)
        colors.append(LETTERS[quantity])
    heights = [text_height(text) + 4 for text in lines]
    for place, text, color in zip(spread(places, heights, -(TALL + BREAK), 0), lines, colors, strict=True):
        first, _, rest = text.partition("\n")
        shift = 0 if not rest else -5
        ax.text(SECOND + BROAD + 8, -place + shift, first, color=color, weight="bold", va="center")
        if rest:
            ax.text(SECOND + BROAD + 8, -place + 5, rest, color=MUTED, fontsize=SMALL, va="center")


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


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
        f"The {flow.n} patients of {escape(short(flow.citation))} with and without benefit "
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
        f"In {short(flow.citation)} {flow.first} of {flow.n} patients ({half_up(flow.percent_first)}%) have the "
        "benefit "
        f"at {in_weeks(flow.weeks_first)} and {flow.second} of {flow.n} ({half_up(flow.percent_second)}%) at "
        f"{in_weeks(flow.weeks_second)}."
    )
    parts = [f"{_range(*drawn[q])} {WORDS[q]}" for q in QUANTITIES]
    if ranges.fitted:
        wide = [f"{_range(*possible[q])} {q}" for q in QUANTITIES]
        return (
            f"{rates} The printed P = {flow.p_reported:g} fits {', '.join(parts[:-1])} and {parts[-1]}. "
            f"The two rates alone would allow {', '.join(wide[:-1])} and {wide[-1]}."
        )
    return f"{rates} The flow between is not printed; the rates allow {', '.join(parts[:-1])} and {parts[-1]}."
