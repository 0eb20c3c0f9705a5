"""How much pain falls and how soon: reported scores on the 0-10 scale, changes, differences between arms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence import rowwise
from analysis.evidence.rowwise import each, grouped, numbered
from analysis.evidence.selection import Selection
from analysis.outcomes.context import CONTEXT_COLUMNS, source_row, with_context
from analysis.statistics.summaries import (
    SMALLEST_GROUP,
    largest_sd,
    mean_interval,
    sd_from_iqr_width,
    sd_from_se,
    welch_interval,
)

SCORE_COLUMNS = [
    *CONTEXT_COLUMNS,
    *["timepoint", "phase", "weeks", "n", "statistic", "value", "spread_kind", "spread", "spread_low", "spread_high"],
    *["sd", "sd_basis", "sd_if_se", "ci_low", "ci_high", "ci_low_if_se", "ci_high_if_se"],
    *["instrument", "note", "access", "source_id", "locator", "row"],
]
_SCALE = (0.0, 10.0)
PRINTED = ["statistic", "value", "spread_kind", "spread_low", "spread_high", "scale_max", "n"]
REPLACED = ["value", "spread_kind", "spread_low", "spread_high"]
ADDED = ["spread", "sd", "sd_basis", "sd_if_se", "ci_low", "ci_high", "ci_low_if_se", "ci_high_if_se"]
SCORED = dict.fromkeys([*REPLACED, *ADDED], "float64") | {"spread_kind": "str", "sd_basis": "str"}
AFTER_BASELINE = ("during", "end_of_infusion", "follow_up")
TWO_ENDS = ("q1_q3", "range", "ci95")
CHANGE_COLUMNS = [
    *CONTEXT_COLUMNS,
    *["timepoint", "weeks", "n", "change", "se", "change_low", "change_high", "basis", "interval", "access", "rows"],
]
DIFFERENCE_COLUMNS = [
    *["study_id", "citation", "arm_id", "label", "role", "weeks", "timepoint", "n_ketamine", "n_control"],
    *[
        "ketamine",
        "control_value",
        "difference",
        "se",
        "ci_low_if_sd",
        "ci_high_if_sd",
        "ci_low_if_se",
        "ci_high_if_se",
        "spread_kind",
    ],
    *["control", "regimen_class", "access", "rows"],
]


def scores(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Every reported pain score on the 0-10 scale, one row an arm and time (mean_change rows stand in `changes`).

    weeks: after the end of infusion (0 at its end; missing at baseline). value: mean or median, missing where only
    a span of several means is printed (statistic range_of_means, ends in spread_low and spread_high). spread: a
    single printed spread (SD, SE, IQR width, unlabelled); spread_low, spread_high: two printed ends. sd and
    sd_basis: the standard deviation and how it came about; an SD from an IQR width is estimated (Wan et al. 2014).
    A spread without a label is read both ways: `sd`, `ci_low`, `ci_high` take it as an SD, `sd_if_se`,
    `ci_low_if_se`, `ci_high_if_se` as an SE; a reading that would need an SD larger than a 0-10 scale allows is
    left out, and sd_basis says so. ci: Student's interval of a mean at `level`; none for medians and spans. Values
    printed on 0-100 are divided by 10.
    """
    return _scores(with_context(selection, "pain_scores"), level)


def _scores(printed: pd.DataFrame, level: float) -> pd.DataFrame:
    frame = printed[(printed["statistic"] != "mean_change").to_numpy()].rename(columns={"weeks_from_end": "weeks"})
    scored = [_score(row, level) for row in each(frame[PRINTED])]
    found = [tuple(score[name] for name in SCORED) for score in scored]
    return pd.concat([numbered(frame.drop(columns=REPLACED)), rowwise.table(found, SCORED)], axis=1)[SCORE_COLUMNS]


def changes(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """The change of pain since baseline in each arm, negative = less pain, in points of the 0-10 scale.

    basis: `mean change as printed`; `difference of means` or `difference of medians` (of the group, not of the
    patients' own changes: no interval can be had); `span of means` (change_low to change_high is what the printed
    spans allow). se: the standard error of a printed mean change. interval: `95% CI` (from the printed SE or SD),
    `span` or `none`. rows: where both values stand.
    """
    printed = with_context(selection, "pain_scores")
    found = []
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
        found.append(_change(row, row.weeks_from_end, change, low, high, "mean change as printed", interval, place, se))

    arms = grouped((row.arm_id, row) for row in each(_scores(printed, level)) if isinstance(row.arm_id, str))
    for rows in arms.values():
        baseline = [row for row in rows if row.phase == "baseline"]
        if len(baseline) != 1:
            continue
        before = baseline[0]
        for after in rows:
            if after.phase not in AFTER_BASELINE or before.statistic != after.statistic:
                continue
            place = f"{source_row('pain_scores', before.row)} and {after.row}"
            if before.statistic == "range_of_means":
                low = after.spread_low - before.spread_high
                high = after.spread_high - before.spread_low
                found.append(_change(after, after.weeks, np.nan, low, high, "span of means", "span", place))
            else:
                change, basis = after.value - before.value, f"difference of {before.statistic}s"
                found.append(_change(after, after.weeks, change, np.nan, np.nan, basis, "none", place))
    return pd.DataFrame(found, columns=CHANGE_COLUMNS)


def between_arms(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Ketamine minus control at the same time in the same study, in points of the 0-10 scale (negative = less pain).

    One row a study and time: both values, the difference and Welch's interval at `level`, for an unlabelled spread
    under both readings (`_if_sd`, `_if_se`); where the spread has a label only the matching pair is filled. se: the
    standard error of the difference where there is one reading only.
    """
    times = grouped(
        ((row.study_id, row.weeks), row)
        for row in each(scores(selection, level))
        if row.statistic == "mean" and row.phase != "baseline" and not np.isnan(row.weeks)
    )
    found = []
    for (study_id, weeks), rows in times.items():
        treated = [row for row in rows if row.role == "ketamine"]
        control = [row for row in rows if row.role in ("placebo", "comparator")]
        for k in treated:
            for c in control:
                limits = {
                    "ci_low_if_sd": np.nan,
                    "ci_high_if_sd": np.nan,
                    "ci_low_if_se": np.nan,
                    "ci_high_if_se": np.nan,
                }
                ses = []
                for reading, sds in (("sd", (k.sd, c.sd)), ("se", (k.sd_if_se, c.sd_if_se))):
                    if np.isfinite(sds).all():
                        ses.append(np.sqrt(sds[0] ** 2 / k.n + sds[1] ** 2 / c.n))
                        pair = welch_interval(k.value, sds[0], int(k.n), c.value, sds[1], int(c.n), level)
                        limits[f"ci_low_if_{reading}"], limits[f"ci_high_if_{reading}"] = pair
                found.append(
                    {
                        "study_id": study_id,
                        "citation": k.citation,
                        "arm_id": k.arm_id,
                        "label": k.label,
                        "role": k.role,
                        "weeks": weeks,
                        "timepoint": k.timepoint,
                        "n_ketamine": k.n,
                        "n_control": c.n,
                        "ketamine": k.value,
                        "control_value": c.value,
                        "difference": k.value - c.value,
                        "se": ses[0] if len(ses) == 1 else np.nan,
                        **limits,
                        "spread_kind": k.spread_kind,
                        "control": k.control,
                        "regimen_class": k.regimen_class,
                        "access": k.access,
                        "rows": f"{source_row('pain_scores', k.row)} and {c.row}",
                    }
                )
    return pd.DataFrame(found, columns=DIFFERENCE_COLUMNS)


def _on_0_to_10(row) -> tuple[float, float, float]:
    """Value and spread of a row of pain_scores."""
    factor = 10 / row.scale_max if pd.notna(row.scale_max) else np.nan
    return row.value * factor, row.spread_low * factor, row.spread_high * factor


def _score(row, level: float) -> dict[str, object]:
    value, low, high = _on_0_to_10(row)
    kind = row.spread_kind if isinstance(row.spread_kind, str) else "none"
    spread, low, high = (np.nan, low, high) if kind in TWO_ENDS else (low, np.nan, np.nan)
    row = row._replace(value=value, spread_kind=kind, spread_low=low, spread_high=high)
    found = {name: getattr(row, name) for name in REPLACED}
    return found | {"spread": spread} | _sd_and_interval(row, spread, level)


def _sd_and_interval(row, spread: float, level: float) -> dict[str, object]:
    found = dict.fromkeys(("sd", "sd_if_se", "ci_low", "ci_high", "ci_low_if_se", "ci_high_if_se"), np.nan)
    found["sd_basis"] = ""
    if pd.isna(row.n) or row.n < 2:
        return found
    n = int(row.n)
    if row.spread_kind == "sd":
        found |= {"sd": spread, "sd_basis": "reported"}
    elif row.spread_kind == "se":
        found |= {"sd": sd_from_se(spread, n), "sd_basis": "from the SE"}
    elif row.spread_kind == "unlabelled":
        found |= _both_readings(row.value, spread, n)
    elif row.spread_kind == "iqr_width" and n >= SMALLEST_GROUP:
        found |= {"sd": sd_from_iqr_width(spread, n), "sd_basis": "estimated from the IQR width (Wan 2014)"}
    elif row.spread_kind == "q1_q3" and n >= SMALLEST_GROUP:
        width = row.spread_high - row.spread_low
        found |= {"sd": sd_from_iqr_width(width, n), "sd_basis": "estimated from the quartiles (Wan 2014)"}
    if row.statistic == "mean":
        if row.spread_kind == "ci95":
            found |= {"ci_low": row.spread_low, "ci_high": row.spread_high}
        elif np.isfinite(found["sd"]):
            found["ci_low"], found["ci_high"] = mean_interval(row.value, found["sd"], n, level)
        if np.isfinite(found["sd_if_se"]):
            found["ci_low_if_se"], found["ci_high_if_se"] = mean_interval(row.value, found["sd_if_se"], n, level)
    return found


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
