"""Controlled trials: direction of effect, the readings of an unlabelled spread, and what the next trial would show."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
from scipy.special import stdtr

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import stacked
from analysis.evidence.selection import Criteria, Selection, select
from analysis.outcomes import trajectories
from analysis.statistics.direction import direction_count
from analysis.statistics.next_trial import next_trial_probabilities

_AGAINST, _SINCE = "ketamine minus control", "change since baseline"
_READINGS = ("se", "sd")
_FEWEST_SDS = 3
_PER_ARM = (15, 30, 60, 100)  # patients in each arm of a new trial
_ASSUMED_TAUS = (0.0, 0.5)  # SDs of true differences between trials, in points
MEANINGFUL_DIFFERENCE = -2.0  # points of the 0-10 scale
_DIRECTION_COLUMNS = ["kind", "k", "less_pain", "more_pain", "share", "ci_low", "ci_high", "p", "study_ids", "without"]
_READING_COLUMNS = """study_id citation weeks reading sd_ketamine sd_control known_sds typical_sd
    standardised_difference plausibility leads difference se ci_low ci_high rows""".split()
_NEXT_COLUMNS = ["study_id", "citation", "reading", "difference", "se", "rows", "sd", "tau", "per_arm"]


def directions(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return vote counts by direction of effect: in how many studies pain was lower, whatever the size.

    A study counts once, by its first result after the end of infusion; a study of medians or ranges counts too if the
    direction is certain. Comparisons with a control group and changes since baseline are counted apart.

    Returns
    -------
    DataFrame, one row per kind of result
        Columns kind, k, less_pain, more_pain, share with less pain, ci_low, ci_high (exact binomial), p (sign test),
        study_ids, without (number of studies whose direction is not certain).
    """
    rows = []
    against = trajectories.between_arms(selection, level)
    since = trajectories.changes(selection, level)
    since["difference"] = since["change"].where(since["change"].notna(), since["change_high"].clip(lower=0))
    certain_fall = since["change"].isna() & (since["change_high"] < 0)
    since.loc[certain_fall, "difference"] = since.loc[certain_fall, "change_high"]
    for kind, table in ((_AGAINST, against), (_SINCE, since[since["role"] == "ketamine"])):
        first = table.sort_values("weeks", kind="stable").drop_duplicates("study_id")
        signs = np.sign(first["difference"].astype(float))
        fewer, more = int((signs < 0).sum()), int((signs > 0).sum())
        if fewer + more == 0:
            continue
        count = direction_count(fewer, more, level)
        limits = {"share": count.share, "ci_low": count.ci_low, "ci_high": count.ci_high, "p": count.p}
        votes = {"kind": kind, "k": len(first), "less_pain": fewer, "more_pain": more}
        names = ", ".join(sorted(first["study_id"][signs != 0]))
        rows.append({**votes, **limits, "study_ids": names, "without": len(first) - fewer - more})
    return pd.DataFrame(rows, columns=_DIRECTION_COLUMNS)


def spread_readings(selection: Selection, everything: Evidence, level: float = 0.95) -> pd.DataFrame:
    """Return each controlled comparison with an unlabelled ± under both readings, and which reading leads.

    The plausibility of a reading is the two-sided probability of an SD at least as far from those that the evidence
    knows for pain on the 0-10 scale (printed, or the only reading that the scale allows), by Student's t on the log
    scale for one more SD. The reading with the higher plausibility leads; with fewer than three known SDs none does.

    Parameters
    ----------
    everything : Evidence
        All evidence, also what is not selected, for the known SDs.

    Returns
    -------
    DataFrame, one row per comparison and reading
        Columns study_id, citation, weeks, reading (se, sd), sd_ketamine, sd_control, known_sds (their number),
        typical_sd (their geometric mean), standardised_difference (in SDs), plausibility, leads, difference, se,
        ci_low, ci_high (Welch), rows.
    """
    table = trajectories.between_arms(selection, level)
    both = table[(table["spread_kind"] == "unlabelled") & table["se"].isna()] if len(table) else table
    logs = np.log(_known_sds(everything, level))
    known = len(logs) >= _FEWEST_SDS and logs.std(ddof=1) > 0
    typical = float(np.exp(logs.mean())) if len(logs) else np.nan
    rows = []
    for row in both.to_dict("records"):
        pair = []
        for reading in _READINGS:
            low, high = row[f"ci_low_if_{reading}"], row[f"ci_high_if_{reading}"]
            sds = _sds_of(row, selection, reading, level)
            pooled = sqrt((sds[0] ** 2 + sds[1] ** 2) / 2)
            plausible = np.nan
            if known and pooled > 0:
                t = (np.log(pooled) - logs.mean()) / (logs.std(ddof=1) * sqrt(1 + 1 / len(logs)))
                plausible = float(2 * stdtr(len(logs) - 1, -abs(t)))
            named = {name: row[name] for name in ("study_id", "citation", "weeks", "difference", "rows")}
            numbers = {"sd_ketamine": sds[0], "sd_control": sds[1], "known_sds": len(logs), "typical_sd": typical}
            standardised = abs(row["difference"]) / pooled if pooled > 0 else np.inf
            limits = {"ci_low": low, "ci_high": high, "plausibility": plausible}
            se = sqrt(sds[0] ** 2 / row["n_ketamine"] + sds[1] ** 2 / row["n_control"])
            numbers |= {"se": se, "reading": reading, "standardised_difference": standardised}
            pair.append({**named, **numbers, **limits})
        best = max(part["plausibility"] for part in pair)
        rows += [part | {"leads": part["plausibility"] == best} for part in pair]
    return pd.DataFrame(rows, columns=_READING_COLUMNS)


def next_trial(selection: Selection, everything: Evidence, level: float = 0.95) -> pd.DataFrame:
    """Return the probabilities that a new trial excludes no difference, and a difference of 2 points.

    The effect is that of each controlled comparison, under the reading that leads. One comparison does not show how
    much trials differ, so tau is assumed and each value is given.

    Parameters
    ----------
    selection, everything, level
        As in `spread_readings`; `level` is also that of the new trial's interval.

    Returns
    -------
    DataFrame, one row per comparison, tau and number
        Columns study_id, citation, reading, difference, se, rows (where the scores are stored), sd (within arms), tau,
        per_arm, excludes_zero, excludes_line.
    """
    readings = spread_readings(selection, everything, level)
    rows = []
    for row in readings[readings["leads"]].to_dict("records") if len(readings) else []:
        sd = sqrt((row["sd_ketamine"] ** 2 + row["sd_control"] ** 2) / 2)
        for tau in _ASSUMED_TAUS:
            effect = (row["difference"], row["se"], tau, sd)
            table = next_trial_probabilities(*effect, _PER_ARM, MEANINGFUL_DIFFERENCE, level)
            named = {name: row[name] for name in ("study_id", "citation", "reading", "difference", "se", "rows")}
            rows.append(table.assign(**named, sd=sd, tau=tau))
    return stacked(rows, [*_NEXT_COLUMNS, "excludes_zero", "excludes_line"])


def _known_sds(evidence: Evidence, level: float) -> np.ndarray:
    """Return the SDs of pain scores that have one reading only, of all sources and populations."""
    every = Criteria(routes=(), access=(), populations=(), overlapping_studies=True)
    table = trajectories.scores(select(evidence, every), level)
    sds = table["sd"].where(table["sd_if_se"].isna()).astype(float)
    return sds[sds > 0].to_numpy()


def _sds_of(row: dict, selection: Selection, reading: str, level: float) -> tuple[float, float]:
    """Return the SDs of both arms of a comparison under a reading."""
    table = trajectories.scores(selection, level)
    at = table[(table["study_id"] == row["study_id"]) & (table["weeks"] == row["weeks"])]
    column = "sd" if reading == "sd" else "sd_if_se"
    treated = at.loc[at["arm_id"] == row["arm_id"], column].iloc[0]
    control = at.loc[at["role"].isin(["placebo", "comparator"]) & (at["value"] == row["control_value"]), column].iloc[0]
    return float(treated), float(control)
