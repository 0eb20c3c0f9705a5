"""Responder rates put together over studies that count the same thing at about the same time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.outcomes import responders
from analysis.outcomes.context import DEFINITION_WORDS, source_row
from analysis.outcomes.durations import ACCESS_LEVELS, COUNT_BASES
from analysis.outcomes.synthesis.reasons import patients_why_not
from analysis.outcomes.synthesis.windows import window, window_position
from analysis.statistics.intervals import wilson
from analysis.statistics.pooling import Pooled, pool_proportions

ALONE = "the only study that counts this at this time"
GROUP_KEYS = ["control", "route", "definition_class", "window"]
_RESULT = ["rate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_low", "tau2_high", "i2", "i2_low", "i2_high"]
_GROUP_COLUMNS = [*GROUP_KEYS, "definition_words", "k", "patients", "responders", *_RESULT, "q", "q_p", "note", "rows"]
_STUDY_COLUMNS = [*responders.RATE_COLUMNS, "window", "weight"]
_WITHOUT_COLUMNS = [*GROUP_KEYS, "study_id", "citation", "k", *_RESULT[:5]]


@dataclass(frozen=True)
class PooledRates:
    """Rates that were pooled, and those that were not.

    groups: one row a pooled rate: control, route, definition_class, window (they make the group), definition_words, k
    (studies), patients, responders, rate with confidence limits (ci) and prediction limits (pi), tau2 and i2 with
    limits, q and q_p (likelihood ratio), note (what so few studies can't tell), rows (where the counts
    stand). Rates and limits between 0 and 1.
    studies: the rates in them, one row a study and group: columns of `responders.rates`, window, weight (a share).
    without: each group pooled again without each of its studies in turn. left_out: every other rate, with `why`.
    """

    groups: pd.DataFrame
    studies: pd.DataFrame
    without: pd.DataFrame = field(repr=False)
    left_out: pd.DataFrame = field(repr=False)


def pooled_rates(selection: Selection, level: float = 0.95, definition_classes: tuple[str, ...] = ()) -> PooledRates:
    """Pools the rates of patients that two or more studies count by the same definition in the same window of time.

    Placebo-controlled, otherwise compared and uncontrolled studies make groups of their own; so does each route,
    definition and window of time. Arms of one study in one group are taken together, since their patients are
    different ones; of an arm that counts twice in a window the earlier count is taken. The binomial-normal model with
    Student's t, since the normal interval covers the true rate too seldom with so few studies
    (coverage.csv of the pooling package).
    """
    by_group, left = rates_by_group(selection, level, definition_classes)
    groups, studies, without = [], [], []
    for key, by_study in by_group.items():
        if by_study["study_id"].nunique() == 1:
            left.append(by_study.assign(why=ALONE))
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
                "rows": source_row("responders", ", ".join(str(row) for row in by_study["row"])),
            }
        )
        studies.append(by_study.assign(weight=pooled.weights))
        without += [named | row for row in _without_each(by_study, level)]
    return PooledRates(
        pd.DataFrame(groups, columns=_GROUP_COLUMNS),
        _put_together(studies, _STUDY_COLUMNS),
        pd.DataFrame(without, columns=_WITHOUT_COLUMNS),
        _put_together(left, [*_STUDY_COLUMNS[:-1], "why"]).sort_values("row", ignore_index=True),
    )


def rates_by_group(
    selection: Selection, level: float, definition_classes: tuple[str, ...] = ()
) -> tuple[dict[tuple[str, ...], pd.DataFrame], list[pd.DataFrame]]:
    """What `pooled_rates` puts together: the rates of each group by its key (`GROUP_KEYS`), and those that are left
    out, with `why`.

    A group of several studies has one row a study, its arms taken together, in the order of the studies' names; that
    of a study which is alone has its arms as they are.
    """
    table = responders.rates(selection, level, definition_classes)
    table["window"] = [window(weeks) for weeks in table["weeks"].astype("float64")]
    why = _why_not(table, selection)
    left = [table[why != ""].assign(why=why[why != ""])]
    usable = table[why == ""].sort_values(["weeks", "row"], kind="stable")
    twice = usable.duplicated(["arm_id", *GROUP_KEYS])
    left.append(usable[twice].assign(why="the same patients counted earlier within the same time"))
    by_group = {
        key: members if members["study_id"].nunique() == 1 else _by_study(members, level)
        for key, members in usable[~twice].groupby(GROUP_KEYS)
    }
    order = sorted(by_group, key=lambda key: (*key[:2], window_position(key[3]), key[2]))
    return {key: by_group[key] for key in order}, left


def pool_group(by_study: pd.DataFrame, level: float, tau2_limits: bool = True) -> Pooled:
    """The pooled rate of a group with two or more studies, as `pooled_rates` gives it."""
    events, totals = by_study["responders"].astype(int).tolist(), by_study["n"].astype(int).tolist()
    return pool_proportions(events, totals, level=level, adjust="t", tau2_limits=tau2_limits)


def _why_not(table: pd.DataFrame, selection: Selection) -> pd.Series:
    """The first reason why a rate enters no pooled rate; empty if none."""
    why = patients_why_not(table, selection, "n", uncontrolled_only=False)
    for reason, holds in (
        ("what counted as a response is not stated", table["definition_class"] == "not_stated"),
        ("on treatment, or the time is not stated", table["window"] == ""),
        ("does not count patients", table["unit"] != "patients"),
    ):
        why[holds & (why == "")] = reason
    return why


def _by_study(members: pd.DataFrame, level: float) -> pd.DataFrame:
    """One row a study, its arms taken together, in the order of the studies' names."""
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
        return []  # what is left is one study's own rate, which stands in the table already
    found = []
    for row in each(by_study):
        rest = by_study[by_study["study_id"] != row.study_id]
        pooled = pool_group(rest, level, tau2_limits=False)
        limits = {name: getattr(pooled, name) for name in _RESULT[1:5]}
        found.append(
            {"study_id": row.study_id, "citation": row.citation, "k": pooled.k, "rate": pooled.estimate, **limits}
        )
    return found


def _put_together(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    parts = [part for part in parts if len(part)]
    return (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)).reindex(columns=columns)
