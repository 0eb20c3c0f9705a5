"""The command line that makes a report of what was chosen by hand."""

from __future__ import annotations

from typing import Any

from analysis.evidence.selection import Criteria
from analysis.outcomes.cohort.judging import LEAST_FALL_PERCENT
from analysis.parameters import check_values, find_notebook
from analysis.reporting import provenance

WHERE = "Run it in the folder of the project; it builds the HTML and the PDF."
_RULES = {percent: rule for rule, percent in LEAST_FALL_PERCENT.items()}


def evidence_command(
    criteria: Criteria, definition_classes: tuple[str, ...] = (), horizon_weeks: float = 52.0
) -> tuple[str, str]:
    """The command for the evidence report with these choices, and a note. Only what differs from the defaults is named.

    Raises ParameterError for a value that a report wouldn't take.
    """
    given = {name: getattr(criteria, name) for name in ("studies", "regimen_classes", "routes", "access")}
    given |= {"definition_classes": definition_classes, "horizon_weeks": horizon_weeks}
    return _command("evidence-report", given), WHERE


def cohort_command(
    cohort: str,
    percent: float,
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    sites: tuple[str, ...] = (),
    regimens: tuple[str, ...] = (),
) -> tuple[str, str]:
    """The command for the cohort report with these choices, and a note on where the report holds the threshold.

    The reports count responders by the rules in use. At another percentage the rates of the report are those of its
    responder curve. Raises ParameterError for a value that a report wouldn't take.
    """
    given: dict[str, Any] = {"cohort": cohort, "sites": sites, "cohort_regimens": regimens}
    given |= {"follow_up_weeks": follow_up_weeks, "window_weeks": window_weeks}
    if percent in _RULES:
        return _command("cohort-report", {**given, "responder_rule": _RULES[percent]}), WHERE
    note = (
        f"{WHERE} Its rules are 30%, 50% and 2 points; the rates at {percent:g}% stand in its responder curve, row "
        f"{percent:g} of tables/fig-responder-curve.csv. Who kept the response at {percent:g}% is shown here alone."
    )
    return _command("cohort-report", given), note


def _command(name: str, given: dict[str, Any]) -> str:
    notebook = find_notebook(name)
    values = check_values(notebook, given)
    return provenance.command(notebook, {n: values[n] for n in given if values[n] != notebook.defaults[n]})
