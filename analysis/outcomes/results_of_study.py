"""Every result of one study as one table: pain, response, duration, harm and printed tests."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit.places import Place, places, source_row
from analysis.outcomes import durations, responders, safety, trajectories
from analysis.outcomes.context import looked_up
from analysis.outcomes.durations import reported_words

_COLUMNS = """kind outcome arm role timepoint weeks value ci_low ci_high events n percent_reported printed
    p_operator p_value count_basis access row_id""".split()


def study_results(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return the printed results of one study, in the order pain, response, duration, harm, tests.

    Returns
    -------
    DataFrame, one row per result
        Columns kind (difference, score, change, response, duration, harm, test), outcome, arm, role, timepoint, weeks,
        value, ci_low, ci_high (points, or shares between 0 and 1), events, n, percent_reported, printed (words of the
        source), p_operator, p_value, count_basis (of the events), access (of the source), row_id. An unlabelled
        spread gives the wider interval. Scores behind a difference or change, and counts of responders that are also a
        duration, have one row.
    """
    return pd.DataFrame(list(_rows(selection, level)), columns=_COLUMNS)


def _rows(selection: Selection, level: float) -> Iterator[dict[str, object]]:
    used: set[Place] = set()  # scores that are part of a difference or change
    for row in each(trajectories.between_arms(selection, level)):
        pairs = [(row.ci_low_if_se, row.ci_high_if_se), (row.ci_low_if_sd, row.ci_high_if_sd)]
        known = [pair for pair in pairs if pd.notna(pair[0])]
        low, high = max(known, key=lambda pair: pair[1] - pair[0]) if known else (None, None)
        limits = {"ci_low": low, "ci_high": high, "printed": f"{row.ketamine:g} and {row.control_value:g}"}
        used |= set(places(row.rows))
        yield _row(row, "difference", "pain, ketamine minus control", value=row.difference, row_id=row.rows, **limits)
    for row in each(trajectories.changes(selection, level)):
        used |= set(places(row.rows))
        limits = {"value": row.change, "ci_low": row.change_low, "ci_high": row.change_high}
        yield _row(row, "change", f"pain, {row.basis}", row_id=row.rows, **limits)
    for row in each(trajectories.scores(selection, level)):
        if ("pain_scores", row.row) in used:
            continue
        spread = None if pd.notna(row.value) else f"{row.spread_low:g} to {row.spread_high:g}"
        place = source_row("pain_scores", row.row)
        yield _row(
            row, "score", f"pain, {str(row.statistic).replace('_', ' ')}", printed=spread, value=row.value, row_id=place
        )
    counted = set()
    for row in each(responders.rates(selection, level)):
        counted.add((row.weeks, row.responders, row.n))
        shares = {"value": row.rate, "ci_low": row.ci_low, "ci_high": row.ci_high, "events": row.responders}
        words = {"percent_reported": row.percent_reported, "row_id": source_row("responders", row.row)}
        yield _row(row, "response", row.definition, **shares, **words)
    for row in each(durations.statements(selection)):
        if (row.weeks_low, row.patients, row.patients_treated) in counted:  # the same count as a response
            continue
        counts = {"events": row.patients, "n": row.patients_treated, "weeks": row.weeks_low}
        printed = reported_words(row)
        yield _row(
            row, "duration", str(row.benefit), printed=printed, row_id=source_row("durations", row.row), **counts
        )
    for row in each(safety.events(selection, level)):
        shares = {"value": row.rate, "ci_low": row.ci_low, "ci_high": row.ci_high, "events": row.events}
        words = {"percent_reported": row.percent_reported, "row_id": source_row("adverse_events", row.row)}
        yield _row(row, "harm", row.event, **shares, **words)
    tests = selection.evidence.reported_tests
    accesses = looked_up(selection.evidence.sources, tests["source_id"], ["access"])
    for row in each(tests.assign(**accesses)):
        words = {"printed": row.statistic, "timepoint": row.comparison, "row_id": source_row("reported_tests", row.row)}
        words |= {"value": row.estimate, "ci_low": row.ci_low, "ci_high": row.ci_high}
        words |= {"p_operator": row.p_operator, "p_value": row.p_value, "access": row.access}
        yield {"kind": "test", "outcome": row.outcome, **words}


def _row(row, kind: str, outcome: str, **values: object) -> dict[str, object]:
    shared = {name: getattr(row, name, None) for name in ("role", "timepoint", "weeks", "n", "count_basis", "access")}
    return {"kind": kind, "outcome": outcome, "arm": row.label, **shared, **values}
