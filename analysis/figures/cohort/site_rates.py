"""Funnel plot of a cohort's sites: responder rates around the common rate, with limits of chance."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import clinic_frame, fitting, group_words
from analysis.figures.labels import PanelLabels, stack_labels
from analysis.figures.share_panels import share_axis, share_height
from analysis.figures.style import SERIES_LOOKS, SMALL, panel, style, write
from analysis.outcomes.cohort.sites import Funnel
from analysis.wording import counted, percent, series

_LEFT, _TOP, _WIDE, _HIGH = 40, 28, 380, 216
_FEW, _MOST = 8, 20  # up to 8 sites all points are named, otherwise up to 20 of those outside the limits
_EDGE = {"markeredgecolor": LIGHT["ground"], "markeredgewidth": 0.8}
_HOLLOW = {"markerfacecolor": LIGHT["ground"], "markersize": 5.5}
_COVARIATES = {
    "baseline": "pain at baseline",
    "disease_duration_years": "duration of the disease",
    "regimen_class": "regimen",
}
_GROUND = {"facecolor": LIGHT["ground"], "alpha": 0.85, "linewidth": 0, "pad": 0.6}
_LOOKS = {"inside 95%": SERIES_LOOKS[0], "outside 95%": SERIES_LOOKS[4], "outside 99.8%": SERIES_LOOKS[1]}


def site_funnel(result: Funnel) -> Figure:
    """Return the responder rate of each site by its number of patients, with limits of chance.

    Its data are `sites`, sorted by name, because sites are not ranked.
    """
    sites, limits = result.sites, result.limits
    caption = (
        "Responder rate of each site at the end of infusion by its patients with a score. By chance alone 95% of "
        "sites lie within the dashed limits, 99.8% within the solid ones. Outside, patients or counting often differ; "
        "no site is shown to be better."
    )
    frame = clinic_frame("site-funnel", caption, result)
    shown = sites[sites["rate"].notna()]
    if len(shown) < 2:
        return frame.empty("Fewer than two sites have enough patients to be set beside each other.")
    with style():
        picture = frame.sheet(_TOP + _HIGH + 34)
        _draw(picture, shown, limits, float(result.mean))
        return frame.figure(
            picture, sites, _alt(shown, float(result.mean)), _adjustment(result), finding=_finding(shown, result)
        )


def _finding(sites: pd.DataFrame, result: Funnel) -> str:
    many = int((sites["place"] != "inside 95%").sum()) or "None"
    return f"{many} of {len(sites)} sites outside the 95% limits around {percent(float(result.mean))}"


def _adjustment(result: Funnel) -> str:
    """Return in words what the hollow points are, or why there are none."""
    if not result.adjusted_for:
        few = "ten responders, and ten others, for each coefficient are needed"
        return f"Not adjusted for differences between patients: {few}."
    names = series([_COVARIATES[name] for name in result.adjusted_for])
    return (
        f"Hollow: adjusted, the rate that the site would have with the {names} of all patients (responders divided by "
        "those that a logistic regression expects, times the rate of all)."
    )


def _draw(picture: Picture, sites: pd.DataFrame, limits: pd.DataFrame, mean: float) -> None:
    last = 1.06 * float(sites["n"].max())
    ax = panel(picture, _LEFT, _TOP, _WIDE, _HIGH)
    ax.set_xlim(0, last)
    share_axis(ax)
    drawn = limits[limits["n"].astype("float64") <= last].sort_values("n")
    n = drawn["n"].astype("float64").to_numpy()
    ends = [(mean, f"all sites {percent(mean)}")]
    for low, high, line, words in (("low_95", "high_95", (0, (4, 2)), "95%"), ("low_998", "high_998", "-", "99.8%")):
        for side in (low, high):
            values = drawn[side].astype("float64").to_numpy()
            ax.plot(n, 100 * values, color=LIGHT["unknown"], linestyle=line, linewidth=1.0, zorder=1)
            ends.append((values[-1], words))
    ax.axhline(100 * mean, color=LIGHT["muted"], linewidth=1.0, zorder=1)
    places = stack_labels([share_height(100 * value, _HIGH) for value, _ in ends], [10.0] * len(ends), 0, _HIGH)
    for (_, words), place in zip(ends, places, strict=True):
        write(picture, _LEFT + _WIDE + 5, _TOP + _HIGH - place, words, SMALL, color=LIGHT["muted"])
    for row in each(sites):
        look = _LOOKS[row.place]
        ax.plot([row.n], [100 * row.rate], look.marker, color=look.color, **_EDGE, markersize=6.5, zorder=4)
        if pd.notna(row.adjusted):
            ax.plot([row.n] * 2, [100 * row.rate, 100 * row.adjusted], color=look.color, linewidth=0.8, zorder=2)
            ax.plot([row.n], [100 * row.adjusted], look.marker, color=look.color, **_HOLLOW, zorder=3)
    _names(ax, sites, last)
    write(picture, _LEFT, 10, "responders at the end of infusion", color=LIGHT["muted"])
    write(picture, _LEFT + _WIDE / 2, _TOP + _HIGH + 25, "patients with a score, n", color=LIGHT["muted"], ha="center")


def _names(ax: Axes, sites: pd.DataFrame, last: float) -> None:
    """Write the names of the sites beside their points; with many sites only of those outside the limits."""
    named = sites if len(sites) <= _FEW else sites[sites["place"] != "inside 95%"]
    labels = PanelLabels(_WIDE, _HIGH, lambda rate: share_height(rate, _HIGH), _GROUND)
    for row in each(named.head(_MOST)):
        name = fitting(group_words(row.site, 24), 96, SMALL)
        words = f"{name} {percent(row.rate)}\n{int(row.responders)} of {int(row.n)}"
        labels.add(_WIDE * float(row.n) / last, 100 * row.rate, words, _LOOKS[row.place])
    labels.draw(ax)


def _alt(sites: pd.DataFrame, mean: float) -> str:
    outside = sites[sites["place"] != "inside 95%"]
    lie = "none lies" if outside.empty else "one lies" if len(outside) == 1 else f"{len(outside)} lie"
    named_sites = sites if len(sites) <= _FEW else outside.head(_MOST)
    named = "; ".join(
        f"{group_words(row.site)} {percent(row.rate)} of {int(row.n)}"
        + (f" (adjusted {percent(row.adjusted)})" if pd.notna(row.adjusted) else "")
        + ("" if row.place == "inside 95%" else f", {row.place}")
        for row in each(named_sites)
    )
    return (
        f"{counted(len(sites), 'site')} around their common responder rate of {percent(mean)}; {lie} outside the 95% "
        f"limits." + (f" In the order of their names: {named}." if named else "")
    )
