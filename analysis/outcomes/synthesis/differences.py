"""Pooled differences in pain: ketamine minus control, and change from baseline, never both together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import stacked
from analysis.evidence.selection import Selection
from analysis.outcomes import trajectories
from analysis.outcomes.context import CONTEXT_COLUMNS
from analysis.outcomes.synthesis.reasons import counted_elsewhere
from analysis.outcomes.synthesis.windows import window, window_position
from analysis.result_view import ResultView
from analysis.statistics.pooling import pool
from analysis.wording import series

_AGAINST, _SINCE = "ketamine minus control", "change since baseline"
DIFFERENCE_KEYS = ["kind", "control", "window"]
_RESULT = ["estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q_p"]
_GROUP_COLUMNS = [*DIFFERENCE_KEYS, "k", "patients", *_RESULT, "note", "rows"]
_STUDY_COLUMNS = [*CONTEXT_COLUMNS, *["kind", "window", "weeks", "n", "estimate", "se", "basis", "access", "rows"]]


@dataclass(frozen=True)
class PooledDifferences(ResultView):
    """Pooled mean differences in points of the 0-10 scale; negative is less pain.

    Attributes
    ----------
    groups : DataFrame, one row per pooled difference
        Columns kind (ketamine minus control, change since baseline), control, window, k, patients, estimate, ci_low,
        ci_high, pi_low, pi_high, tau2, i2, q_p, note, rows (where the numbers are stored).
    studies : DataFrame
        The pooled differences of single studies, with standard error and weight.
    left_out : DataFrame
        All other differences and changes, with why.
    """

    groups: pd.DataFrame
    studies: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)


def pooled_differences(selection: Selection, level: float = 0.95) -> PooledDifferences:
    """Return pooled differences that two or more studies report in the same window of time.

    The method is REML with the wider of the Hartung-Knapp and the Wald interval.

    A difference needs a standard error. So differences with an unlabelled spread (SD or SE), differences of medians and
    differences of group means without the patients' own changes are left out.
    """
    table = pd.concat([_against(selection, level), _since(selection, level)], ignore_index=True)
    twice = counted_elsewhere(table, selection)
    table["why"] = twice.where(twice != "", table["why"])
    left = [table[table["why"] != ""]]
    usable = table[table["why"] == ""].drop(columns="why")
    later = usable.duplicated(["arm_id", *DIFFERENCE_KEYS])
    left.append(usable[later].assign(why="the same patients measured earlier within the same time"))
    groups, studies = [], []
    order = sorted(
        usable[~later].groupby(DIFFERENCE_KEYS).groups, key=lambda key: (key[0], key[1], window_position(key[2]))
    )
    for key in order:
        rows = usable[~later & (usable[DIFFERENCE_KEYS] == list(key)).all(axis=1)]
        if rows["study_id"].nunique() == 1:
            left.append(rows.assign(why="the only study that reports this at this time"))
            continue
        pooled = pool(rows["estimate"].astype(float), rows["se"].astype(float) ** 2, adjust="hksj_or_wald", level=level)
        groups.append(
            {
                **dict(zip(DIFFERENCE_KEYS, key, strict=True)),
                "k": int(rows["study_id"].nunique()),
                "patients": int(rows["n"].sum()),
                **{name: getattr(pooled, name) for name in _RESULT},
                "note": pooled.note,
                "rows": series([*rows["rows"]]),
            }
        )
        studies.append(rows.assign(weight=pooled.weights))
    return PooledDifferences(
        pd.DataFrame(groups, columns=_GROUP_COLUMNS),
        stacked(studies, [*_STUDY_COLUMNS, "weight"]),
        stacked(left, [*_STUDY_COLUMNS, "why"]),
    )


def _against(selection: Selection, level: float) -> pd.DataFrame:
    table = trajectories.between_arms(selection, level)
    why = pd.Series("", index=table.index)
    why[table["spread_kind"].isna()] = "no spread is printed, so there is no standard error"
    why[(table["spread_kind"] == "unlabelled") & table["se"].isna()] = "the printed ± may be an SE or an SD"
    return _arranged(
        table.assign(kind=_AGAINST, n=table["n_ketamine"] + table["n_control"], estimate=table["difference"]), why
    )


def _since(selection: Selection, level: float) -> pd.DataFrame:
    table = trajectories.changes(selection, level)
    why = pd.Series("", index=table.index)
    why[table["basis"] == "span of means"] = "a span of several means, not one change"
    why[table["basis"].isin(["difference of means", "difference of medians"])] = (
        "a difference of group values: the patients' own changes are not reported"
    )
    return _arranged(table.assign(kind=_SINCE, estimate=table["change"]), why)


def _arranged(table: pd.DataFrame, why: pd.Series) -> pd.DataFrame:
    table = table.assign(window=[window(weeks) for weeks in table["weeks"].astype("float64")])
    why = why.mask((why == "") & (table["window"] == ""), "on treatment, or the time is not stated")
    why = why.mask((why == "") & ~np.isfinite(table["se"].astype("float64")), "no standard error is printed")
    return table.reindex(columns=_STUDY_COLUMNS).assign(why=why)
