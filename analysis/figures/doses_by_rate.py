"""The doses of the regimens on one scale: rate and total dose."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each, grouped
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.labels import nearest_place, place_labels
from analysis.figures.picture_parts import KEY_ROW, draw_key, key_rows, regimen_key
from analysis.figures.study_rows import arm_names, not_drawn, present_in_order, study_figure
from analysis.figures.style import (
    SMALL,
    balanced,
    finish,
    nothing,
    panel,
    regimen_look,
    sheet,
    style,
    text_width,
    write,
)
from analysis.outcomes.context import PLACEBO
from analysis.wording import REGIMEN_WORDS, counted, half_up, regimen_words, short_citation, upper_first

_NAME = "dose-map"
_LEFT, _WIDE, _HIGH = 58, 418, 310  # the plot in points
_STRIP, _GAP = 34, 10  # for arms with only one of the two numbers
_HOURS = (5, 10, 24, 48, 100, 240)
_STEPS = (1, 2, 5)
_FILL = {"max": "none", "start": "left"}  # an upper limit is hollow, a lower one half-filled
# a pale background hides grid lines behind the words; outlined letters would make the file four times as large
_GROUND = {"facecolor": LIGHT["ground"], "edgecolor": "none", "alpha": 0.75, "pad": 0.4}


def dose_map(doses: pd.DataFrame, weight_kg: float = 70) -> Figure:
    """Return a map of each ketamine arm by rate in mg/h and total dose in mg, on logarithmic axes.

    Its data are the rows of `doses` that are drawn. Hollow markers are highest doses allowed. Arms with a rate but
    no total are in a strip below, arms with a total but no rate in a strip on the left; the others are listed in
    the notes.

    Parameters
    ----------
    doses : DataFrame
        Table of `evidence_map.doses`: one row per arm, `mg_per_h` and `total_mg`.
    weight_kg : float
        Body weight in kg that the table was computed for.
    """
    caption = (
        f"Dose of each arm for {weight_kg:g} kg, logarithmic axes; grey lines join equal hours. Hollow: highest dose "
        "allowed, an upper limit. Strips: rate or total unknown. (S): S-ketamine. Bold: placebo-controlled."
    )
    placed = doses[doses["mg_per_h"].notna() | doses["total_mg"].notna()]
    left = doses.drop(placed.index)
    notes = not_drawn((row, row.not_comparable or "no rate and no total") for row in each(left))
    if placed.empty:
        return nothing(
            _NAME, "No dose of the arms that count here can be put on a scale of mg per hour.", caption, notes
        )
    with style():
        key = key_rows(regimen_key(placed))
        top = 3 + KEY_ROW * len(key) + 26
        picture = sheet(top + _HIGH + 36)
        draw_key(picture, key)
        ax = panel(picture, _LEFT, top, _WIDE, _HIGH)
        scale = _Scale.of(placed)
        _frame(picture, ax, scale, top)
        _points(ax, scale, placed)
        finish(picture)
    alt = _alt(placed, left, weight_kg)
    return study_figure(_NAME, picture, placed, _data(placed), _finding(placed), alt, caption, _partial(placed), notes)


@dataclass(frozen=True)
class _Scale:
    """Converts mg/h and mg to points; arms with a missing number are in a separate strip."""

    low_rate: float
    high_rate: float
    low_total: float
    high_total: float
    x0: float
    y0: float

    @staticmethod
    def of(table: pd.DataFrame) -> _Scale:
        def ends(values: pd.Series, default: tuple[float, float]) -> tuple[float, float]:
            known = values.dropna()
            low, high = (known.min(), known.max()) if len(known) else default
            return log10(low) - 0.12, max(log10(high) + 0.12, log10(low) + 0.5)

        rates, totals = ends(table["mg_per_h"], (1, 100)), ends(table["total_mg"], (100, 10000))
        strip = _STRIP + _GAP
        return _Scale(
            *rates,
            *totals,
            strip if table["mg_per_h"].isna().any() else 0,
            strip if table["total_mg"].isna().any() else 0,
        )

    def x(self, rate: float) -> float:
        if pd.isna(rate):
            return _STRIP / 2
        return self.x0 + (_WIDE - self.x0) * (log10(rate) - self.low_rate) / (self.high_rate - self.low_rate)

    def y(self, total: float) -> float:
        if pd.isna(total):
            return _STRIP / 2
        return self.y0 + (_HIGH - self.y0) * (log10(total) - self.low_total) / (self.high_total - self.low_total)


def _nice(low: float, high: float) -> list[float]:
    ticks = [step * 10.0**power for power in range(-2, 8) for step in _STEPS]
    return [tick for tick in ticks if low <= log10(tick) <= high]


def _thousands(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u2009") if value >= 1 else f"{value:g}"


def _frame(picture: Picture, ax: Axes, scale: _Scale, top: float) -> None:
    ax.set_xlim(0, _WIDE)
    ax.set_ylim(0, _HIGH)
    rates, totals = _nice(scale.low_rate, scale.high_rate), _nice(scale.low_total, scale.high_total)
    ax.set_xticks([scale.x(t) for t in rates], [f"{t:g}" for t in rates])
    ax.set_yticks([scale.y(t) for t in totals], [_thousands(t) for t in totals])
    ax.spines["bottom"].set_bounds(scale.x0, _WIDE)
    for tick in totals:
        ax.plot([scale.x0, _WIDE], [scale.y(tick)] * 2, color=LIGHT["grid"], linewidth=0.6, zorder=0.5)
    ax.set_xlabel("mg per hour")
    write(picture, _LEFT - 54, top - 16, "total mg", color=LIGHT["muted"])
    if scale.x0:
        ax.axvspan(0, _STRIP, ymin=scale.y0 / _HIGH, color=LIGHT["panel"], linewidth=0, zorder=0)
        ax.text(
            _STRIP / 2, _HIGH + 4, "rate not\nprinted", color=LIGHT["muted"], fontsize=SMALL, ha="center", va="bottom"
        )
    if scale.y0:
        ax.axhspan(0, _STRIP, xmin=scale.x0 / _WIDE, color=LIGHT["panel"], linewidth=0, zorder=0)
        write(
            picture, _LEFT - 4, top + _HIGH - _STRIP / 2, "total not\nprinted", SMALL, color=LIGHT["muted"], ha="right"
        )
    _hours(ax, scale)


def _hours(ax: Axes, scale: _Scale) -> None:
    """Draw lines of equal infusion time, labelled at the edge of the plot."""
    last_top = -1e9
    for hours in _HOURS:
        shift = log10(hours)
        low, high = max(scale.low_rate, scale.low_total - shift), min(scale.high_rate, scale.high_total - shift)
        if high - low < 0.4:
            continue
        xs, ys = [scale.x(10**v) for v in (low, high)], [scale.y(10 ** (v + shift)) for v in (low, high)]
        ax.plot(xs, ys, color=LIGHT["line"], linewidth=0.7, zorder=0.8)
        words = f"{hours} h"
        if abs(xs[1] - _WIDE) < 1:
            ax.text(_WIDE + 4, ys[1], words, color=LIGHT["muted"], fontsize=SMALL, va="center")
        elif abs(xs[1] - last_top) > text_width(words, SMALL) + 6:
            ax.text(xs[1], _HIGH + 4, words, color=LIGHT["muted"], fontsize=SMALL, ha="center", va="bottom")
            last_top = xs[1]


def _label(row, names: dict) -> str:
    words = short_citation(row.citation) + (" (S)" if row.drug == "s_ketamine" else "")
    arm = names.get((row.study_id, row.label))
    if arm:
        words += "\n" + balanced(arm, 150, SMALL)
    return words


def _points(ax: Axes, scale: _Scale, table: pd.DataFrame) -> None:
    names = arm_names(table)
    groups = grouped(((round(scale.x(row.mg_per_h), 1), round(scale.y(row.total_mg), 1)), row) for row in each(table))
    labels = []
    for rows in groups.values():
        lines = {_label(row, names): "bold" if row.control == PLACEBO else "normal" for row in rows}
        labels.append([(line, weight) for words, weight in lines.items() for line in words.split("\n")])
    step = SMALL * 1.18
    sizes = [(max(text_width(t, SMALL, w) for t, w in lines) + 2, len(lines) * step) for lines in labels]
    spots = place_labels(list(groups), sizes, (0, 0, _WIDE + 4, _HIGH))
    for ((x, y), rows), lines, spot in zip(groups.items(), labels, spots, strict=True):
        if spot.leader:
            end = nearest_place(spot.box, (x, y))
            ax.plot([x, end[0]], [y, end[1]], color=LIGHT["muted"], linewidth=0.5, zorder=2)
        _mark(ax, x, y, rows)
        side = "right" if spot.x < x and abs(spot.y - y) < spot.box[3] - spot.box[1] else "left"
        edge = spot.box[2] - 1 if side == "right" else spot.box[0] + 1
        for number, (line, weight) in enumerate(lines):
            base = spot.box[3] - (number + 0.5) * step - 0.36 * SMALL
            look = {"fontsize": SMALL, "color": LIGHT["ink"], "weight": weight, "bbox": _GROUND}
            ax.text(edge, base, line, ha=side, va="baseline", zorder=4, **look)


def _mark(ax: Axes, x: float, y: float, rows: list) -> None:
    """Draw one marker for each kind of dose at this position, a hollow one around a filled one."""
    seen = {(row.regimen_class, _FILL.get(row.dose_kind, "full")): None for row in rows}
    for number, (regimen, fill) in enumerate(sorted(seen, key=lambda pair: pair[1] == "none")):
        look = regimen_look(regimen)
        size = 6.5 + 3.5 * number
        ax.plot([x], [y], color=look.color, marker=look.marker, linestyle="", fillstyle=fill, markersize=size, zorder=3)


def _partial(table: pd.DataFrame) -> str:
    rows = table[table["mg_per_h"].isna() | table["total_mg"].isna()]
    return not_drawn(
        ((row, row.not_comparable or "no rate: hours a day not printed") for row in each(rows)), "In a strip"
    )


def _data(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"total_mg": "total_mg_of_course", "row": "rows"})


def _finding(table: pd.DataFrame) -> str:
    limits = int((table["dose_kind"] == "max").sum())
    ranges = ((table["mg_per_h"].dropna(), "mg per hour"), (table["total_mg"].dropna(), "mg in all"))
    doses = " and ".join(f"{_from_to(values)} {unit}" for values, unit in ranges if len(values))
    return f"Doses: {doses}" + (
        f"; {limits} of {len(table)} {'is' if limits == 1 else 'are'} the highest allowed" if limits else ""
    )


def _alt(table: pd.DataFrame, left: pd.DataFrame, weight_kg: float) -> str:
    sentences = []
    for regimen in present_in_order(table["regimen_class"], REGIMEN_WORDS):
        group = table[table["regimen_class"] == regimen]
        parts = [
            f"{_from_to(values)} {unit}"
            for values, unit in ((group["mg_per_h"].dropna(), "mg per hour"), (group["total_mg"].dropna(), "mg in all"))
            if len(values)
        ]
        sentences.append(f"{upper_first(regimen_words(regimen))}: {' and '.join(parts)} ({counted(len(group), 'arm')})")
    limits = int((table["dose_kind"] == "max").sum())
    words = f"Doses for {weight_kg:g} kg. {'. '.join(sentences)}."
    if limits:
        which = "It is" if len(table) == 1 else f"{limits} of {len(table)} are"
        words += f" {which} the highest dose allowed, not the dose given."
    if len(left):
        words += f" {counted(len(left), 'further arm has', 'further arms have')} no dose on this scale."
    return words


def _from_to(values: pd.Series) -> str:
    def words(value: float) -> str:
        return half_up(value) if value >= 10 else half_up(value, 1)

    low, high = words(values.min()), words(values.max())
    return low if low == high else f"{low} to {high}"
