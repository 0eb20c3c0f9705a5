"""Numbers of `durations` as they may be shown, and what they leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.cohort_wording import few_words
from analysis.outcomes.cohort.benefit import RATIO_COLUMNS
from analysis.outcomes.cohort.disclosure import as_printed, fewer_than, hide_small, released, small_counts
from analysis.outcomes.cohort.disclosure.digits import P_VALUES, WEEK_DECIMALS
from analysis.outcomes.cohort.scores import left_out_frame
from analysis.wording import upper_first

_CENSORED = (
    "A patient who was not asked again counts as a responder up to the last score. If patients stayed away because the "
    "pain came back, the benefit was shorter than shown."
)


def shown_counts(rows: list[dict], min_cell: int, release: str) -> pd.DataFrame:
    """Return the numbers of patients by kind of duration, of rows of `durations`."""
    counted = ["patients", "never", "ended", "ongoing", "without_follow_up"]
    columns = ["who", "by", "group", *counted, "median_followed", "merged"]
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(counted, "Int64"))
    followed = frame["ongoing"] - frame["without_follow_up"]
    frame["median_followed"] = frame["median_followed"].where((followed >= 2 * min_cell).to_numpy(dtype=bool))
    table = hide_small(frame, "patients", [*counted[1:], "median_followed"], min_cell)
    for name in counted:
        # parts of a group are outcomes, except who was not seen again
        protected = name == "without_follow_up" or release != "internal"
        few = small_counts(table[name].fillna(0).to_numpy(dtype=np.int64), min_cell) & protected
        table[name] = released(table[name], release).mask(few)
    return as_printed(table, WEEK_DECIMALS)


def shown_tests(rows: list[dict], min_cell: int, release: str) -> pd.DataFrame:
    """Return the comparisons of two groups; no ratio below 2 `min_cell` patients in one of them."""
    names = ["who", "by", "group_1", "group_2", "n_1", "n_2", "p_value", "method", *RATIO_COLUMNS, "note"]
    table = as_printed(pd.DataFrame(rows, columns=names), 1, p_value=P_VALUES)
    few = table[["n_1", "n_2"]].min(axis=1) < 2 * min_cell
    table[RATIO_COLUMNS] = table[RATIO_COLUMNS].mask(few | ~np.isfinite(table["ratio_high"].astype("float64")))
    return table.assign(**{name: released(table[name], release) for name in ("n_1", "n_2")})


def shown_medians(rows: list[dict], min_cell: int, release: str, weeks: np.ndarray) -> pd.DataFrame:
    """Return the medians; none below 2 `min_cell` patients.

    weeks: the planned weeks. Other ends of an interval are days of single patients; they become whole weeks.
    """
    numbers = ["median_low", "median_high", "limit_low", "limit_high"]
    frame = pd.DataFrame(rows, columns=["who", "by", "group", "patients", *numbers, "draws", "merged"])
    for name in numbers:
        whole = np.floor if name.endswith("low") else np.ceil
        frame[name] = frame[name].where(frame[name].isin(weeks), whole(frame[name].astype("float64")))
    table = hide_small(frame.astype({"patients": "Int64", "draws": "Int64"}), "patients", numbers, min_cell)
    table[numbers] = table[numbers].mask(frame["patients"] < 2 * min_cell)
    table["patients"] = released(table["patients"], release)
    return as_printed(table, WEEK_DECIMALS)


def duration_notes(first: pd.DataFrame, min_cell: int) -> tuple[str, ...]:
    """Return sentences for the notes of the tables."""
    regained = int(first["regained"].sum())
    if not regained:
        return (_CENSORED,)
    who = upper_first(few_words(pd.NA if fewer_than(regained, min_cell) else regained, "patient", min_cell))
    again = (
        f"{who} responded again at a later visit; the benefit counts as ended at the first visit without a response."
    )
    return _CENSORED, again


def durations_left_out(first: pd.DataFrame, min_cell: int, release: str) -> pd.DataFrame:
    """Return who is left out, and why."""
    baseline, end, judged = first["baseline"], first["end_of_infusion"], first["kind"].notna()
    zero = (baseline == 0) & ~judged & end.notna()
    rows = [
        ("durations", "baseline score missing", "patients", int(baseline.isna().sum())),
        ("durations", "no score at the end of infusion", "patients", int((end.isna() & baseline.notna()).sum())),
        ("durations", "baseline pain is 0, of which no percentage can be taken", "patients", int(zero.sum())),
    ]
    return left_out_frame(rows, min_cell, release)
