"""Responder rates, and the possible flow of patients between two times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each, grouped, values
from analysis.evidence.selection import Selection
from analysis.exhibit.places import source_row
from analysis.outcomes.context import CONTEXT_COLUMNS, with_context
from analysis.result_view import ResultView
from analysis.statistics.intervals import wilson
from analysis.statistics.paired import p_agrees, paired_tables
from analysis.statistics.rounding import decimals_of
from analysis.wording import DEFINITION_WORDS

RATE_COLUMNS = [*CONTEXT_COLUMNS]
RATE_COLUMNS += """timepoint weeks definition definition_class definition_words unit responders n percent_reported
    rate ci_low ci_high count_basis route selected_by_outcome note access source_id locator row""".split()
_QUANTITIES = ("kept", "lost", "gained", "neither")


def rates(selection: Selection, level: float = 0.95, definition_classes: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return every reported responder rate with Wilson's interval, sorted by time and study.

    Returns
    -------
    DataFrame, one row per reported rate
        RATE_COLUMNS. responders of n as the study reports them; count_basis is `reported`, `derived_from_percent`,
        `nearest_to_percent` (no whole number of n gives the printed percentage) or `inferred`. weeks is after the end
        of infusion, missing if not stated or during treatment. unit is patients, infusions or cases; only patients are
        comparable. rate, ci_low and ci_high lie between 0 and 1; missing for patients selected by their outcome.
    """
    frame = with_context(selection, "responders").rename(columns={"weeks_from_end": "weeks"})
    if definition_classes:
        frame = frame[frame["definition_class"].isin(definition_classes)]
    frame = frame.reset_index(drop=True)
    frame["definition_words"] = frame["definition_class"].map(DEFINITION_WORDS)
    limits = [wilson(int(count), int(n), level) for count, n in values(frame, "responders", "n")]
    frame["rate"] = frame["responders"].astype("float64") / frame["n"].astype("float64")
    frame["ci_low"] = [low for low, _ in limits]
    frame["ci_high"] = [high for _, high in limits]
    frame.loc[frame["selected_by_outcome"].notna(), ["rate", "ci_low", "ci_high"]] = np.nan
    return frame.sort_values(["weeks", "study_id", "arm_id", "row"], kind="stable", ignore_index=True)[RATE_COLUMNS]


@dataclass(frozen=True)
class Flow(ResultView):
    """Possible numbers of patients who kept, lost and gained the response between two rates of one group.

    Attributes
    ----------
    first, second : int
        Responders at each time; percent_first and percent_second as printed.
    weeks_first, weeks_second : float
        Weeks after the end of infusion; timepoint_first and timepoint_second in words.
    p_reported : float
        Printed p-value; NaN if none.
    bounds : DataFrame
        Columns quantity (kept, lost, gained, neither), low and high over all 2 × 2 tables of whole patients, low_fits
        and high_fits over those that give the printed p-value under some form of McNemar's test (missing without one).
    tables : DataFrame, one row per table and test
        Columns kept, lost, gained, neither, test, p, fits_p.
    """

    study_id: str
    citation: str
    arm_id: str
    definition: str
    definition_class: str
    n: int
    weeks_first: float
    weeks_second: float
    timepoint_first: str
    timepoint_second: str
    first: int
    second: int
    percent_first: float
    percent_second: float
    count_basis: str
    p_reported: float
    bounds: pd.DataFrame
    tables: pd.DataFrame
    rows: str


def flows(selection: Selection, definition_classes: tuple[str, ...] = ()) -> list[Flow]:
    """Return a `Flow` for each arm with the same definition counted at two times in the same number of patients.

    With more than two times, the first and the last are used. The p-value is that of the study's test named
    `responder status`, if it prints one.
    """
    groups = grouped(
        ((row.arm_id, row.definition_class, row.n), row)
        for row in each(rates(selection, definition_classes=definition_classes))
        if row.unit == "patients" and row.n > 1 and pd.notna(row.weeks) and isinstance(row.arm_id, str)
    )
    return [_flow(selection, rows[0], rows[-1]) for rows in groups.values() if rows[0].weeks < rows[-1].weeks]


def _flow(selection: Selection, first, second) -> Flow:
    tests = selection.evidence.reported_tests
    exact = [
        (float(p), row)
        for study, outcome, operator, p, row in values(tests, "study_id", "outcome", "p_operator", "p_value", "row")
        if study == first.study_id and outcome == "responder status" and operator == "=" and pd.notna(p)
    ]
    p_reported, p_row = exact[0] if exact else (np.nan, None)

    n, a, b = int(first.n), int(first.responders), int(second.responders)
    tables = paired_tables(a, b, n).drop(columns=["n", "first", "second"])
    tables["fits_p"] = False if np.isnan(p_reported) else p_agrees(tables["p"], p_reported, decimals_of(p_reported))

    every = tables[list(_QUANTITIES)]
    fits = every[tables["fits_p"].to_numpy()].astype("float64")  # no row: NaN
    bounds = pd.DataFrame(
        {
            "quantity": _QUANTITIES,
            "low": every.min().to_numpy(),
            "high": every.max().to_numpy(),
            "low_fits": fits.min().to_numpy(),
            "high_fits": fits.max().to_numpy(),
        }
    )
    rows = source_row("responders", first.row, second.row)
    if p_row is not None:
        rows += f"; {source_row('reported_tests', p_row)}"
    bases = dict.fromkeys([first.count_basis, second.count_basis])
    same = ("study_id", "citation", "arm_id", "definition", "definition_class")
    return Flow(
        **{name: getattr(first, name) for name in same},
        n=n,
        weeks_first=float(first.weeks),
        weeks_second=float(second.weeks),
        timepoint_first=first.timepoint,
        timepoint_second=second.timepoint,
        first=a,
        second=b,
        percent_first=_percent(first),
        percent_second=_percent(second),
        count_basis=", ".join(bases),
        p_reported=p_reported,
        bounds=bounds,
        tables=tables,
        rows=rows,
    )


def _percent(row) -> float:
    return float(row.percent_reported) if pd.notna(row.percent_reported) else 100 * float(row.rate)
