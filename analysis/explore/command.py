"""The command line that builds a report of the current choices."""

from __future__ import annotations

from typing import Any

from analysis.evidence.selection import Criteria
from analysis.outcomes.cohort.judging import LEAST_FALL_PERCENT
from analysis.parameters import check_values, find_notebook
from analysis.reporting import provenance

_WHERE = "Run it in the folder of the project; it builds the HTML and the PDF."
_RULE_OF_PERCENT = {percent: rule for rule, percent in LEAST_FALL_PERCENT.items()}


def evidence_command(
    criteria: Criteria, definition_classes: tuple[str, ...] = (), horizon_weeks: float = 52.0
) -> tuple[str, str]:
    """Return the command for the evidence report with the values that differ from its defaults, and a note.

    Raises ParameterError for a value that a report does not allow.
    """
    chosen = {name: getattr(criteria, name) for name in ("studies", "regimen_classes", "routes", "access")}
    chosen |= {"definition_classes": definition_classes, "horizon_weeks": horizon_weeks}
    return _command("evidence-report", chosen), _WHERE


def cohort_command(
    files: dict[str, str],
    percent: float,
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    sites: tuple[str, ...] = (),
    regimens: tuple[str, ...] = (),
) -> tuple[str, str]:
    """Return the command for the cohort report with these choices, and a note on where it shows the threshold.

    files: the table of patients as `cohort`, and its map as `cohort_map`, "" without one.

    The report counts responders by its rules; its responder curve has steps of 10%. Raises
    ParameterError for a value that a report does not allow.
    """
    chosen: dict[str, Any] = {**files, "sites": sites, "cohort_regimens": regimens}
    chosen |= {"follow_up_weeks": follow_up_weeks, "window_weeks": window_weeks}
    if percent in _RULE_OF_PERCENT:
        return _command("cohort-report", {**chosen, "responder_rule": _RULE_OF_PERCENT[percent]}), _WHERE
    note = (
        f"{_WHERE} Its rules are 30%, 50% and 2 points; its responder curve has the rates at every 10%. Those at "
        f"{percent:g}% are shown here alone."
    )
    return _command("cohort-report", chosen), note


def _command(name: str, chosen: dict[str, Any]) -> str:
    notebook = find_notebook(name)
    values = check_values(notebook, chosen)
    return provenance.command(notebook, {n: values[n] for n in chosen if values[n] != notebook.defaults[n]})
