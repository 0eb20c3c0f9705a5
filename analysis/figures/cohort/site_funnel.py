"""The sites of a cohort around their common rate: which differ by more than chance would have it, and no ranks."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure
from analysis.wording import percent

from ..labels import place_labels
from ..style import LINE, MUTED, SERIES_LOOKS, SMALL, panel, style, text_height, text_width, write
from ..words import plural
from .common import empty, exhibit, group_words, left_out, page, share_axis

LEFT, TOP, WIDE, HIGH = 40, 28, 380, 216
LOOKS = {"inside 95%": SERIES_LOOKS[0], "outside 95%": SERIES_LOOKS[4], "outside 99.8%": SERIES_LOOKS[1]}


def site_funnel(result: Any, synthetic: bool = False, name: str = "site-funnel") -> Figure:
    """Responder rate of each site by its number of patients, with 95% and 99.8% limits; takes `benchmark.funnel`."""
    sites, limits = result.sites, result.limits
    caption = (
        "Responder rate at the end of infusion of each site by its number of patients with a score. Middle line: rate "
        "of all sites together; around it the limits within which 95% (dashed) and 99.8% (solid) of sites of that size "
        "would lie by chance alone. A site outside the limits differs by more than chance, often because its patients "
        "or its way of counting differ; the picture does not say which site is better."
    )
    notes = (f"Counted: {result.unit}.", left_out(result.left_out))
    shown = sites[sites["rate"].notna()]
    if len(shown) < 2:
        return empty(
            name,
            "Fewer than two sites have enough patients to be set beside each other.",
            caption,
            *notes,
            synthetic=synthetic,
        )
    with style():
        picture = page(TOP + HIGH + 34, synthetic)
        _draw(picture, shown, limits, float(result.mean))
        return exhibit(name, picture, sites, _alt(shown, float(result.mean)), caption, *notes, synthetic=synthetic)


def _draw(picture: Picture, sites: pd.DataFrame, limits: pd.DataFrame, mean: float) -> None:
    last = 1.06 * float(sites["n"].max())
    ax = panel(picture, LEFT, TOP, WIDE, HIGH)
    ax.set_xlim(0, last)
    share_axis(ax)
    drawn = limits[limits["n"].astype("float64") <= last].sort_values("n")
    n = drawn["n"].astype("float64").to_numpy()
    for low, high, line, words in (("low_95", "high_95", (0, (4, 2)), "95%"), ("low_998", "high_998", "-", "99.8%")):
        for side in (low, high):
            values = 100 * drawn[side].astype("float64").to_numpy()
            ax.plot(n, values, color=LINE, linestyle=line, linewidth=1.0, zorder=1)
            ax.text(last * 1.01, values[-1], words, fontsize=SMALL, color=MUTED, va="center")
    ax.axhline(100 * mean, color=MUTED, linewidth=1.0, zorder=1)
    ax.text(last * 1.01, 100 * mean, f"all sites {percent(mean)}", fontsize=SMALL, color=MUTED, va="center")
    points = []
    for row in sites.itertuples():
        look = LOOKS[row.place]
        ax.plot(
            [row.n],
            [100 * row.rate],
            look.marker,
            color=look.color,
            markeredgecolor="white",
            markeredgewidth=0.8,
            markersize=6.5,
            zorder=4,
        )
        points.append((WIDE * float(row.n) / last, HIGH * (100 * row.rate + 2) / 104))
    words = [
        f"{group_words(row.site, 26)} {percent(row.rate)}\n{int(row.responders)} of {int(row.n)}"
        for row in sites.itertuples()
    ]
    sizes = [(text_width(text, SMALL) + 2, text_height(text, SMALL)) for text in words]
    for row, spot, text in zip(
        sites.itertuples(), place_labels(points, sizes, (2, 2, WIDE - 2, HIGH - 2)), words, strict=True
    ):
        place = (spot.x / WIDE * last, spot.y / HIGH * 104 - 2)
        ax.text(
            *place,
            text,
            fontsize=SMALL,
            color=LOOKS[row.place].letters,
            ha="center",
            va="center",
            linespacing=1.1,
            zorder=5,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 0.6},
        )
    write(picture, LEFT, 10, "responders at the end of infusion", color=MUTED)
    write(picture, LEFT + WIDE / 2, TOP + HIGH + 25, "patients with a score, n", color=MUTED, ha="center")


def _alt(sites: pd.DataFrame, mean: float) -> str:
    outside = sites[sites["place"] != "inside 95%"]
    told = "; ".join(
        f"{group_words(row.site)} {percent(row.rate)} of {int(row.n)}"
        + ("" if row.place == "inside 95%" else f", {row.place}")
        for row in sites.itertuples()
    )
    lie = "none lies" if outside.empty else "one lies" if len(outside) == 1 else f"{len(outside)} lie"
    return (
        f"{plural(len(sites), 'site')} around their common responder rate of {percent(mean)}; {lie} outside the 95% "
        f"limits. In the order of their names: {told}."
    )
