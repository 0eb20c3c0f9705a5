"""Tables of pain and of responders among a clinic's own patients."""

from __future__ import annotations

import pandas as pd

from analysis.cohort_wording import GROUP_HEADINGS, HANDLING_WORDS, RULE_WORDS, VISIT_HEADINGS, group_name, p_cell
from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table
from analysis.outcomes.cohort.response import Response
from analysis.outcomes.cohort.threshold import AtThreshold
from analysis.outcomes.cohort.trajectories import Trajectories
from analysis.tables.cohort.cohort_cells import (
    cohort_notes,
    count_column,
    count_or_hidden,
    handling_cells,
    handling_columns,
    part_or_hidden,
)
from analysis.tables.shared_columns import words_column
from analysis.wording import half_up, interval_words, percent_interval, points_cell, rate_cell, upper_first

_FLOW_COUNTS = {"n": "n", "kept": "Kept", "lost": "Lost", "gained": "Gained", "neither": "Neither"}


def pain_by_visit_table(result: Trajectories) -> Table:
    """Return pain and its change since baseline at each visit."""
    label = interval_words(result.level)
    return Table(
        name="pain-by-visit",
        data=result.visits,
        caption="Pain on the 0–10 scale by visit, and its change since baseline in the same patients.",
        columns=(
            Column("visit_words", "Visit", value=lambda row: upper_first(row.label)),
            count_column("n", "n", result.min_cell),
            words_column("mean_words", f"Mean ({label})", points_cell, "mean ci_low ci_high", "right"),
            Column("sd_words", "SD", "decimal", value=lambda row: "–" if pd.isna(row.sd) else half_up(row.sd, 1)),
            words_column("median_words", "Median (quartiles)", points_cell, "median q1 q3", "right"),
            Column(
                "change_n_words",
                "n with both",
                "right",
                missing="",
                value=lambda row: (
                    "" if row.visit == "baseline" else count_or_hidden(row.change_n, row.change_hidden, result.min_cell)
                ),
            ),
            Column(
                "change_words",
                f"Mean change ({label})",
                "right",
                missing="",
                value=lambda row: (
                    "" if row.visit == "baseline" else points_cell(row.change_mean, row.change_low, row.change_high)
                ),
            ),
        ),
        notes=cohort_notes(
            result,
            result.visits,
            (),
            "Negative = less pain. Intervals of means: Student's t.",
            upper_first(result.rule) if isinstance(result.rule, str) and result.rule else "",
        ),
    )


def responders_table(result: Response) -> Table:
    """Return the responders by three rules: among the patients with a score, and among all."""
    rows = [
        {
            "rule": rule,
            "visit": visit,
            "rule_words": upper_first(RULE_WORDS[rule]) + (" (chosen)" if rule == result.rule else ""),
            "visit_words": VISIT_HEADINGS[visit],
            **handling_cells(rates, result.min_cell),
            "bounds": _bounds(rates),
        }
        for (rule, visit), rates in result.rates.groupby(["rule", "visit"], sort=False)
    ]
    return Table(
        name="responders",
        data=pd.DataFrame(rows),
        caption="Responders by three rules: among the patients with a score, and among all.",
        columns=(
            Column("rule_words", "Responder: since baseline"),
            Column("visit_words", "Visit"),
            *handling_columns(result.level),
            Column("bounds", "Possible", "right"),
        ),
        notes=cohort_notes(
            result,
            result.rates,
            ("rates",),
            _follow_up(result),
            "Intervals: Wilson's method. Possible: if none, and if all, of the patients without a score responded.",
            *result.notes,
        ),
    )


def threshold_table(result: AtThreshold) -> Table:
    """Return the responders at a chosen percentage: among the patients with a score, and among all."""
    rows = [
        {"visit_words": VISIT_HEADINGS[visit], **handling_cells(rates, result.min_cell)}
        for visit, rates in result.rates.groupby("visit", sort=False)
    ]
    return Table(
        name="responders-at-threshold",
        data=pd.DataFrame(rows),
        caption=f"Responders: patients whose pain fell by {result.percent:g}% or more since baseline.",
        columns=(Column("visit_words", "Visit"), *handling_columns(result.level)),
        notes=cohort_notes(result, result.rates, ("rates",), _follow_up(result), "Intervals: Wilson's method."),
    )


def responders_by_group_table(result: Response) -> Table:
    """Return the responders by site, regimen, year and course, by the chosen rule, among the patients with a score."""
    rates = result.by_group[result.by_group["handling"] == "complete_cases"]
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for row in each(rates):
        heading = {"by": row.by, "group": row.group, "heading": GROUP_HEADINGS[row.by], "words": group_name(row.group)}
        group = groups.setdefault((row.by, row.group), heading)
        group[f"{row.visit}_n"] = part_or_hidden(row.responders, row.n, row.hidden, result.min_cell)
        group[f"{row.visit}_rate"] = rate_cell(row.rate, row.ci_low, row.ci_high)
    ordered = sorted(groups.values(), key=lambda group: list(GROUP_HEADINGS).index(group["by"]))
    cells = [f"{visit}_{what}" for visit in VISIT_HEADINGS for what in ("n", "rate")]
    label = interval_words(result.level)
    return Table(
        name="responders-by-group",
        data=pd.DataFrame(ordered, columns=["by", "group", "heading", "words", *cells]),
        caption=f"Responders ({RULE_WORDS[result.rule]}) by group, among the patients with a score.",
        columns=(
            Column("heading", "By"),
            Column("words", "Group"),
            Column("end_of_infusion_n", "End of infusion", "right"),
            Column("end_of_infusion_rate", f"Rate ({label})", "right"),
            Column("follow_up_n", "Follow-up", "right"),
            Column("follow_up_rate", f"Rate ({label})", "right"),
        ),
        notes=cohort_notes(
            result,
            rates,
            ("by_group",),
            "By course every course counts",
            "Groups stand in the order of their names; they differ in patients and treatment, and no group is ranked",
        ),
    )


def cohort_flow_table(result: Response) -> Table:
    """Return the numbers of patients who kept, lost and gained the response until follow-up, by three rules."""
    rows = [
        {
            "rule_words": upper_first(RULE_WORDS[row.rule]),
            "handling_words": upper_first(
                "with both scores" if row.handling == "complete_cases" else HANDLING_WORDS[row.handling]
            ),
            **{name: count_or_hidden(getattr(row, name), row.hidden, result.min_cell) for name in _FLOW_COUNTS},
            "difference": points_cell(100 * row.difference, 100 * row.difference_low, 100 * row.difference_high, 0),
            "p": p_cell(row.p_value),
        }
        for row in each(result.flow)
    ]
    return Table(
        name="responder-flow",
        data=pd.DataFrame(rows, columns=["rule_words", "handling_words", *_FLOW_COUNTS, "difference", "p"]),
        caption="Who kept, lost and gained the response between the end of infusion and follow-up.",
        columns=(
            Column("rule_words", "Responder: since baseline"),
            Column("handling_words", "Patients"),
            *(Column(name, label, "right") for name, label in _FLOW_COUNTS.items()),
            Column("difference", f"Change of the rate, percentage points ({interval_words(result.level)})", "right"),
            Column("p", "P", "right"),
        ),
        notes=cohort_notes(
            result,
            result.flow,
            ("flow",),
            "Intervals: Newcombe's method for paired proportions. P: McNemar's exact test.",
        ),
    )


def _bounds(rates: pd.DataFrame) -> str:
    by = {row.handling: row.rate for row in each(rates) if not row.hidden}
    low, high = by.get("non_responder_imputation"), by.get("responder_imputation")
    return "–" if pd.isna(low) or pd.isna(high) else percent_interval(low, high)


def _follow_up(result: Response | AtThreshold) -> str:
    return f"Follow-up: the visit nearest to week {result.follow_up_weeks:g}, within {result.window_weeks:g} weeks."
