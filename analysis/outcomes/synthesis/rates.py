"""Pooled responder rates of studies that use the same definition in the same window of time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analysis.evidence.rowwise import stacked
from analysis.evidence.selection import Criteria, Selection
from analysis.exhibit.places import source_row
from analysis.outcomes import responders
from analysis.outcomes.durations import ACCESS_LEVELS, COUNT_BASES
from analysis.outcomes.synthesis.reasons import patients_why_not
from analysis.outcomes.synthesis.windows import window, window_position
from analysis.result_view import ResultView
from analysis.statistics.intervals import wilson
from analysis.statistics.pooling import Pooled, leave_one_out, pool_proportions
from analysis.wording import DEFINITION_WORDS

_ALONE = "the only study that counts this at this time"
GROUP_KEYS = ["control", "route", "definition_class", "window"]
_RESULT = ["rate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_low", "tau2_high", "i2", "i2_low", "i2_high"]
_GROUP_COLUMNS = [*GROUP_KEYS, "definition_words", "k", "patients", "responders", *_RESULT, "q", "q_p", "note", "rows"]
_STUDY_COLUMNS = [*responders.RATE_COLUMNS, "window", "weight"]
_WITHOUT_COLUMNS = [*GROUP_KEYS, "study_id", "citation", "k", *_RESULT[:5]]


@dataclass(frozen=True)
class PooledRates(ResultView):
    """Pooled responder rates.

    Attributes
    ----------
    groups : DataFrame, one row per pooled rate
        Columns control, route, definition_class, window (the group), definition_words, k (studies), patients,
        responders, rate, ci_low, ci_high, pi_low, pi_high (between 0 and 1), tau2 and i2 with limits, q and q_p
        (likelihood ratio), note (limitations of few studies), rows (where the counts are stored).
    studies : DataFrame, one row per study and group
        Columns of `responders.rates`, window, weight (a share).
    without : DataFrame
        Each group pooled again without each of its studies.
    left_out : DataFrame
        All other rates, with why.
    rates : DataFrame, one row per rate
        Columns of `responders.rates`, window, why (the reason that excludes the rate from every pool, or empty); sorted
        by time.
    criteria : Criteria
        Of the selection.
    level : float
        Confidence level of all intervals.
    """

    groups: pd.DataFrame
    studies: pd.DataFrame
    without: pd.DataFrame = field(repr=False)
    left_out: pd.DataFrame = field(repr=False)
    rates: pd.DataFrame = field(repr=False)
    criteria: Criteria
    level: float


def pooled_rates(selection: Selection, level: float = 0.95, definition_classes: tuple[str, ...] = ()) -> PooledRates:
    """Return pooled rates of patients that two or more studies report by the same definition in the same window.

    Control group, route, definition and window of time define a group. Arms of one study in one group are combined,
    since their patients differ; if an arm counts twice in a window, the earlier count is used. The model is the
    binomial-normal model with Student's t, because normal intervals cover the true rate too seldom with few studies
    (coverage.csv of the pooling package).
    """
    rates = rates_in_windows(selection, level, definition_classes)
    by_group, left = rates_by_group(rates, level)
    groups, studies, without = [], [], []
    for key, by_study in by_group.items():
        if by_study["study_id"].nunique() == 1:
            left.append(by_study.assign(why=_ALONE))
            continue
        pooled = pool_group(by_study, level)
        named = dict(zip(GROUP_KEYS, key, strict=True))
        groups.append(
            {
                **named,
                "definition_words": DEFINITION_WORDS[key[2]],
                "k": pooled.k,
                "patients": int(by_study["n"].sum()),
                "responders": int(by_study["responders"].sum()),
                **{name: getattr(pooled, "estimate" if name == "rate" else name) for name in _RESULT},
                "q": pooled.q,
                "q_p": pooled.q_p,
                "note": pooled.note,
                "rows": source_row("responders", *by_study["row"]),
            }
        )
        studies.append(by_study.assign(weight=pooled.weights))
        without += [named | row for row in _without_each(by_study, level)]
    return PooledRates(
        pd.DataFrame(groups, columns=_GROUP_COLUMNS),
        stacked(studies, _STUDY_COLUMNS),
        pd.DataFrame(without, columns=_WITHOUT_COLUMNS),
        stacked(left, [*_STUDY_COLUMNS[:-1], "why"]).sort_values("row", ignore_index=True),
        rates,
        selection.criteria,
        level,
    )


def rates_in_windows(selection: Selection, level: float, definition_classes: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return each rate with its window of time and the reason that excludes it from every pool: `PooledRates.rates`."""
    table = responders.rates(selection, level, definition_classes)
    table["window"] = [window(weeks) for weeks in table["weeks"].astype("float64")]
    table["why"] = _why_not(table, selection)
    return table.sort_values(["weeks", "row"], kind="stable")


def rates_by_group(table: pd.DataFrame, level: float) -> tuple[dict[tuple[str, ...], pd.DataFrame], list[pd.DataFrame]]:
    """Return the rates of each group of `pooled_rates`, and the rates left out, of a table of `rates_in_windows`.

    Returns
    -------
    dict of tuple to DataFrame
        By key (`GROUP_KEYS`). A group of several studies has one row per study, its arms combined, sorted by study; a
        group of one study has its arms.
    list of DataFrame
        The rates left out, with why.
    """
    left = [table[table["why"] != ""]]
    usable = table[table["why"] == ""].drop(columns="why")
    twice = usable.duplicated(["arm_id", *GROUP_KEYS])
    left.append(usable[twice].assign(why="the same patients counted earlier within the same time"))
    by_group = {
        key: members if members["study_id"].nunique() == 1 else _by_study(members, level)
        for key, members in usable[~twice].groupby(GROUP_KEYS)
    }
    order = sorted(by_group, key=lambda key: (*key[:2], window_position(key[3]), key[2]))
    return {key: by_group[key] for key in order}, left


def pool_group(by_study: pd.DataFrame, level: float, tau2_limits: bool = True) -> Pooled:
    """Return the pooled rate of a group with two or more studies, as in `pooled_rates`."""
    events, totals = by_study["responders"].astype(int).tolist(), by_study["n"].astype(int).tolist()
    return pool_proportions(events, totals, level=level, adjust="t", tau2_limits=tau2_limits)


def _why_not(table: pd.DataFrame, selection: Selection) -> pd.Series:
    """Return the first reason to leave each rate out; empty if there is none."""
    why = patients_why_not(table, selection, "n", uncontrolled_only=False)
    for reason, holds in (
        ("what counted as a response is not stated", table["definition_class"] == "not_stated"),
        ("on treatment, or the time is not stated", table["window"] == ""),
        ("does not count patients", table["unit"] != "patients"),
    ):
        why[holds & (why == "")] = reason
    return why


def _by_study(members: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return one row per study with its arms combined, sorted by study."""
    rows = []
    for _, arms in members.groupby("study_id"):
        row = arms.iloc[0].copy()
        if len(arms) > 1:
            events, total = int(arms["responders"].sum()), int(arms["n"].sum())
            low, high = wilson(events, total, level)
            row["label"] = f"{len(arms)} arms taken together"
            row[["responders", "n", "rate", "ci_low", "ci_high"]] = events, total, events / total, low, high
            row["percent_reported"] = float("nan")
            row["count_basis"] = max(arms["count_basis"], key=COUNT_BASES.index)
            row["access"] = max(arms["access"], key=ACCESS_LEVELS.index)
            row["row"] = ", ".join(str(number) for number in arms["row"])
        rows.append(row)
    return pd.DataFrame(rows).reset_index(drop=True)


def _without_each(by_study: pd.DataFrame, level: float) -> list[dict]:
    if len(by_study) < 3:
        return []  # the remainder is one study, whose rate is in the table
    counts = by_study["responders"].astype(int), by_study["n"].astype(int)
    labels, options = by_study["study_id"], {"level": level, "adjust": "t", "tau2_limits": False}
    table = leave_one_out(*counts, labels, using=pool_proportions, **options)
    table = table.rename(columns={"omitted": "study_id", "estimate": "rate"})
    table["citation"] = by_study["citation"].tolist()
    return table[["study_id", "citation", "k", *_RESULT[:5]]].to_dict("records")
