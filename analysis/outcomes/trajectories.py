"""Pain scores over time: reported scores on the 0-10 scale, changes from baseline, and differences between arms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence import rowwise
from analysis.evidence.rowwise import each, grouped
from analysis.evidence.selection import Selection
from analysis.exhibit.places import source_row
from analysis.outcomes.context import CONTEXT_COLUMNS, with_context
from analysis.statistics.summaries import (
    SMALLEST_GROUP,
    largest_sd,
    mean_interval,
    sd_from_iqr_width,
    sd_from_se,
    welch_interval,
)

_SCORE_COLUMNS = [*CONTEXT_COLUMNS]
_SCORE_COLUMNS += """timepoint phase weeks n statistic value spread_kind spread spread_low spread_high sd sd_basis
    sd_if_se ci_low ci_high ci_low_if_se ci_high_if_se instrument note access source_id locator row""".split()
_SCALE = (0.0, 10.0)
_PRINTED = ["statistic", "value", "spread_kind", "spread_low", "spread_high", "scale_max", "n"]
_REPLACED = ["value", "spread_kind", "spread_low", "spread_high"]
_ADDED = ["spread", "sd", "sd_basis", "sd_if_se", "ci_low", "ci_high", "ci_low_if_se", "ci_high_if_se"]
_SCORED = dict.fromkeys([*_REPLACED, *_ADDED], "float64") | {"spread_kind": "str", "sd_basis": "str"}
_AFTER_BASELINE = ("during", "end_of_infusion", "follow_up")
_TWO_ENDS = ("q1_q3", "range", "ci95")
_CHANGE_COLUMNS = [*CONTEXT_COLUMNS]
_CHANGE_COLUMNS += "timepoint weeks n change se change_low change_high basis interval access rows".split()
_OF_KETAMINE = (*CONTEXT_COLUMNS, "weeks", "timepoint", "spread_kind", "access")
_LIMITS = ("ci_low_if_se", "ci_high_if_se", "ci_low_if_sd", "ci_high_if_sd")
_DIFFERENCE_COLUMNS = """study_id citation bias arm_id label role weeks timepoint n_ketamine n_control ketamine
    control_value difference se""".split()
_DIFFERENCE_COLUMNS += [*_LIMITS, "spread_kind", "control", "regimen_class", "access", "rows"]


def scores(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return every reported pain score on the 0-10 scale; mean changes are in `changes`.

    Returns
    -------
    DataFrame, one row per arm and time
        Columns study_id, citation, arm_id, label, role, regimen_class, control, timepoint, phase, weeks, n, statistic,
        value, spread_kind, spread, spread_low, spread_high, sd, sd_basis, sd_if_se, ci_low, ci_high, ci_low_if_se,
        ci_high_if_se, instrument, note, access, source_id, locator, row, in points of the 0-10 scale; values printed on
        0-100 are divided by 10.

        - weeks: after the end of infusion (0 at its end; missing at baseline).
        - value: mean or median; missing where only a range of several means is printed (statistic range_of_means).
        - spread: one printed spread (SD, SE, width of the interquartile range, unlabelled); spread_low and spread_high
          are two printed ends.
        - sd, sd_basis: the standard deviation and its origin; estimated from an interquartile range by Wan et al. 2014.
        - ci_low, ci_high: Student's interval of a mean; none for medians and ranges.
        - sd_if_se, ci_low_if_se, ci_high_if_se: an unlabelled spread read as an SE; sd and ci read it as an SD. A
          reading that needs an SD larger than the 0-10 scale allows is omitted, as sd_basis says.
    """
    return _scores(with_context(selection, "pain_scores"), level)


def _scores(printed: pd.DataFrame, level: float) -> pd.DataFrame:
    frame = printed[(printed["statistic"] != "mean_change").to_numpy()].rename(columns={"weeks_from_end": "weeks"})
    scored = [_score(row, level) for row in each(frame[_PRINTED])]
    rows = [tuple(score[name] for name in _SCORED) for score in scored]
    return pd.concat([frame.drop(columns=_REPLACED).reset_index(drop=True), rowwise.table(rows, _SCORED)], axis=1)[
        _SCORE_COLUMNS
    ]


def changes(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return the change of pain from baseline in each arm; negative is less pain.

    Returns
    -------
    DataFrame, one row per arm and time
        Columns study_id, citation, arm_id, label, role, regimen_class, control, timepoint, weeks, n, change, se,
        change_low, change_high, basis, interval, access, rows, in points of the 0-10 scale. basis is `mean change as
        printed`; `difference of means` or `difference of medians` (of group values, so there is no interval); or `span
        of means` (change_low to change_high is what the printed ranges allow). se is the standard error of a printed
        mean change. interval is `95% CI` (from the printed SE or SD), `span` or `none`. rows says where both values are
        stored.
    """
    printed = with_context(selection, "pain_scores")
    entries = []
    for row in each(printed[(printed["statistic"] == "mean_change").to_numpy()]):
        change, spread_low, spread_high = _on_0_to_10(row)
        low = high = se = np.nan
        if row.spread_kind in ("se", "sd") and row.n >= 2:
            sd = sd_from_se(spread_low, int(row.n)) if row.spread_kind == "se" else spread_low
            se = sd / np.sqrt(row.n)
            low, high = mean_interval(change, sd, int(row.n), level)
        elif row.spread_kind == "ci95":
            low, high = spread_low, spread_high
        interval = "none" if np.isnan(low) else "95% CI" if row.spread_kind == "ci95" else f"{100 * level:g}% CI"
        place = source_row("pain_scores", row.row)
        entries.append(
            _change(row, row.weeks_from_end, change, low, high, "mean change as printed", interval, place, se)
        )

    arms = grouped((row.arm_id, row) for row in each(_scores(printed, level)) if isinstance(row.arm_id, str))
    for rows in arms.values():
        baseline = [row for row in rows if row.phase == "baseline"]
        if len(baseline) != 1:
            continue
        before = baseline[0]
        for after in rows:
            if after.phase not in _AFTER_BASELINE or before.statistic != after.statistic:
                continue
            place = source_row("pain_scores", before.row, after.row)
            if before.statistic == "range_of_means":
                low = after.spread_low - before.spread_high
                high = after.spread_high - before.spread_low
                entries.append(_change(after, after.weeks, np.nan, low, high, "span of means", "span", place))
            else:
                change, basis = after.value - before.value, f"difference of {before.statistic}s"
                entries.append(_change(after, after.weeks, change, np.nan, np.nan, basis, "none", place))
    return pd.DataFrame(entries, columns=_CHANGE_COLUMNS)


def between_arms(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return ketamine minus control at the same time in the same study; negative is less pain.

    Returns
    -------
    DataFrame, one row per study, time and pair of arms
        Columns study_id, citation, arm_id, label, role, weeks, timepoint, n_ketamine, n_control, ketamine,
        control_value, difference, se, ci_low_if_se, ci_high_if_se, ci_low_if_sd, ci_high_if_sd, spread_kind, control,
        regimen_class, access, rows, in points of the 0-10 scale: both values, their difference and Welch's interval. An
        unlabelled spread gives limits under both readings (`_if_sd`, `_if_se`), a labelled one under its own. se is the
        standard error of the difference if there is one reading only.
    """
    times = grouped(
        ((row.study_id, row.weeks), row)
        for row in each(scores(selection, level))
        if row.statistic == "mean" and row.phase != "baseline" and not np.isnan(row.weeks)
    )
    entries = []
    for rows in times.values():
        treated = [row for row in rows if row.role == "ketamine"]
        control = [row for row in rows if row.role in ("placebo", "comparator")]
        for k in treated:
            for c in control:
                limits = dict.fromkeys(_LIMITS, np.nan)
                ses = []
                for reading, sds in (("sd", (k.sd, c.sd)), ("se", (k.sd_if_se, c.sd_if_se))):
                    if np.isfinite(sds).all():
                        ses.append(np.sqrt(sds[0] ** 2 / k.n + sds[1] ** 2 / c.n))
                        pair = welch_interval(k.value, sds[0], int(k.n), c.value, sds[1], int(c.n), level)
                        limits[f"ci_low_if_{reading}"], limits[f"ci_high_if_{reading}"] = pair
                entries.append(
                    {
                        **{name: getattr(k, name) for name in _OF_KETAMINE},
                        "n_ketamine": k.n,
                        "n_control": c.n,
                        "ketamine": k.value,
                        "control_value": c.value,
                        "difference": k.value - c.value,
                        "se": ses[0] if len(ses) == 1 else np.nan,
                        **limits,
                        "rows": source_row("pain_scores", k.row, c.row),
                    }
                )
    return pd.DataFrame(entries, columns=_DIFFERENCE_COLUMNS)


def _on_0_to_10(row) -> tuple[float, float, float]:
    """Return value and spread of a row of pain_scores on the 0-10 scale."""
    factor = 10 / row.scale_max if pd.notna(row.scale_max) else np.nan
    return row.value * factor, row.spread_low * factor, row.spread_high * factor


def _score(row, level: float) -> dict[str, object]:
    value, low, high = _on_0_to_10(row)
    kind = row.spread_kind if isinstance(row.spread_kind, str) else "none"
    spread, low, high = (np.nan, low, high) if kind in _TWO_ENDS else (low, np.nan, np.nan)
    row = row._replace(value=value, spread_kind=kind, spread_low=low, spread_high=high)
    result = {name: getattr(row, name) for name in _REPLACED}
    return result | {"spread": spread} | _sd_and_interval(row, spread, level)


def _sd_and_interval(row, spread: float, level: float) -> dict[str, object]:
    result = dict.fromkeys(("sd", "sd_if_se", "ci_low", "ci_high", "ci_low_if_se", "ci_high_if_se"), np.nan)
    result["sd_basis"] = ""
    if pd.isna(row.n) or row.n < 2:
        return result
    n = int(row.n)
    if row.spread_kind == "sd":
        result |= {"sd": spread, "sd_basis": "reported"}
    elif row.spread_kind == "se":
        result |= {"sd": sd_from_se(spread, n), "sd_basis": "from the SE"}
    elif row.spread_kind == "unlabelled":
        result |= _both_readings(row.value, spread, n)
    elif row.spread_kind == "iqr_width" and n >= SMALLEST_GROUP:
        result |= {"sd": sd_from_iqr_width(spread, n), "sd_basis": "estimated from the IQR width (Wan 2014)"}
    elif row.spread_kind == "q1_q3" and n >= SMALLEST_GROUP:
        width = row.spread_high - row.spread_low
        result |= {"sd": sd_from_iqr_width(width, n), "sd_basis": "estimated from the quartiles (Wan 2014)"}
    if row.statistic == "mean":
        if row.spread_kind == "ci95":
            result |= {"ci_low": row.spread_low, "ci_high": row.spread_high}
        elif np.isfinite(result["sd"]):
            result["ci_low"], result["ci_high"] = mean_interval(row.value, result["sd"], n, level)
        if np.isfinite(result["sd_if_se"]):
            result["ci_low_if_se"], result["ci_high_if_se"] = mean_interval(row.value, result["sd_if_se"], n, level)
    return result


def _both_readings(mean: float, spread: float, n: int) -> dict[str, object]:
    as_se, largest = sd_from_se(spread, n), largest_sd(mean, n, *_SCALE)
    if as_se > largest:
        why = f"taken as an SD: as an SE it would need an SD of {as_se:.1f}, and a 0-10 scale allows {largest:.1f}"
        return {"sd": spread, "sd_basis": why}
    return {"sd": spread, "sd_if_se": as_se, "sd_basis": "if the spread is an SD"}


def _change(row, weeks, change, low, high, basis, interval, rows, se=np.nan) -> dict[str, object]:
    shared = {name: getattr(row, name) for name in (*CONTEXT_COLUMNS, "timepoint", "n", "access")}
    return shared | {
        "weeks": weeks,
        "change": change,
        "se": se,
        "change_low": low,
        "change_high": high,
        "basis": basis,
        "interval": interval,
        "rows": rows,
    }
