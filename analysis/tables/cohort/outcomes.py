"""Tables of pain and of responders among a clinic's own patients."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table
from analysis.tables.cohort.parts import (
    BY_WORDS,
    HANDLING_WORDS,
    both_handlings,
    count,
    handling_columns,
    notes,
    of_all,
    points,
    rate,
)
from analysis.wording import RULE_WORDS, group_name, half_up, interval_words, p_text, upper_first

VISIT_WORDS = {"end_of_infusion": "End of infusion", "follow_up": "Follow-up"}


def pain_by_visit(result: Any, level: float = 0.95) -> Table:
    """Pain and its change since baseline at each visit (from `cohort.trajectories`)."""
    table = result.visits
    shown = table.assign(
        visit_words=table["label"].map(upper_first),
        n_words=[count(row.n, row.hidden, result.min_cell) for row in each(table)],
        mean_words=[points(row.mean, row.ci_low, row.ci_high) for row in each(table)],
        sd_words=["–" if pd.isna(row.sd) else half_up(row.sd, 1) for row in each(table)],
        median_words=[points(row.median, row.q1, row.q3) for row in each(table)],
        change_n_words=[
            "" if row.visit == "baseline" else count(row.change_n, row.change_hidden, result.min_cell)
            for row in each(table)
        ],
        change_words=[
            "" if row.visit == "baseline" else points(row.change_mean, row.change_low, row.change_high)
            for row in each(table)
        ],
    )
    label = interval_words(level)
    return Table(
        name="pain-by-visit",
        data=shown,
        caption="Pain on the 0–10 scale by visit, and its change since baseline in the same patients.",
        columns=(
            Column("visit_words", "Visit"),
            Column("n_words", "n", "right"),
            Column("mean_words", f"Mean ({label})", "right"),
            Column("sd_words", "SD", "decimal"),
            Column("median_words", "Median (quartiles)", "right"),
            Column("change_n_words", "n with both", "right", missing=""),
            Column("change_words", f"Mean change ({label})", "right", missing=""),
        ),
        notes=notes(
            result,
            table,
            (),
            "Negative = less pain. Intervals of means: Student's t.",
            upper_first(result.rule) if isinstance(result.rule, str) and result.rule else "",
        ),
    )


def responders(result: Any, level: float = 0.95) -> Table:
    """Responders by three rules, complete cases and non-responder imputation side by side (from `cohort.response`)."""
    rows = []
    for (rule, visit), rates in result.rates.groupby(["rule", "visit"], sort=False):
        rows.append(
            {
                "rule": rule,
                "visit": visit,
                "rule_words": upper_first(RULE_WORDS[rule]) + (" (chosen)" if rule == result.rule else ""),
                "visit_words": VISIT_WORDS[visit],
                **both_handlings(rates, result.min_cell),
            }
        )
    return Table(
        name="responders",
        data=pd.DataFrame(rows),
        caption="Responders by three rules: among the patients with a score, and among all.",
        columns=(
            Column("rule_words", "Responder: since baseline"),
            Column("visit_words", "Visit"),
            *handling_columns(level),
        ),
        notes=notes(
            result,
            result.rates,
            ("rates",),
            f"Follow-up: the visit nearest to week {result.follow_up_weeks:g}, within {result.window_weeks:g} weeks.",
            "Intervals: Wilson's method.",
            *result.notes,
        ),
    )


def responders_by_group(result: Any, level: float = 0.95) -> Table:
    """Responders by site, regimen, year and course, by the chosen rule (from `cohort.response`)."""
    table = result.by_group[result.by_group["handling"] == "complete_cases"]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in each(table):
        place = rows.setdefault(
            (row.by, row.group),
            {"by": row.by, "group": row.group, "heading": BY_WORDS[row.by], "words": group_name(row.group)},
        )
        place[f"{row.visit}_n"] = of_all(row.responders, row.n, row.hidden, result.min_cell)
        place[f"{row.visit}_rate"] = rate(row.rate, row.ci_low, row.ci_high)
    names = [f"{visit}_{what}" for visit in VISIT_WORDS for what in ("n", "rate")]
    ordered = sorted(rows.values(), key=lambda place: list(BY_WORDS).index(place["by"]))
    label = interval_words(level)
    return Table(
        name="responders-by-group",
        data=pd.DataFrame(ordered, columns=["by", "group", "heading", "words", *names]),
        caption=f"Responders ({RULE_WORDS[result.rule]}) by group, among the patients with a score.",
        columns=(
            Column("heading", "By"),
            Column("words", "Group"),
            Column("end_of_infusion_n", "End of infusion", "right"),
            Column("end_of_infusion_rate", f"Rate ({label})", "right"),
            Column("follow_up_n", "Follow-up", "right"),
            Column("follow_up_rate", f"Rate ({label})", "right"),
        ),
        notes=notes(
            result,
            table,
            ("by_group",),
            "By course every course counts",
            "Groups stand in the order of their names; they differ in patients and treatment, and no group is ranked",
        ),
    )


def flow(result: Any, level: float = 0.95) -> Table:
    """Who changed between the end of infusion and follow-up, by three rules (from `cohort.response`)."""
    rows = [
        {
            "rule_words": upper_first(RULE_WORDS[row.rule]),
            "handling_words": upper_first(
                "with both scores" if row.handling == "complete_cases" else HANDLING_WORDS[row.handling]
            ),
            "n": count(row.n, row.hidden, result.min_cell),
            **{
                name: count(getattr(row, name), row.hidden, result.min_cell)
                for name in ("kept", "lost", "gained", "neither")
            },
            "difference": (
                "–"
                if pd.isna(row.difference)
                else points(100 * row.difference, 100 * row.difference_low, 100 * row.difference_high, 0)
            ),
            "p": _p(row.p_value),
        }
        for row in each(result.flow)
    ]
    columns = ["rule_words", "handling_words", "n", "kept", "lost", "gained", "neither", "difference", "p"]
    return Table(
        name="responder-flow",
        data=pd.DataFrame(rows, columns=columns),
        caption="Who kept, lost and gained the response between the end of infusion and follow-up.",
        columns=(
            Column("rule_words", "Responder: since baseline"),
            Column("handling_words", "Patients"),
            Column("n", "n", "right"),
            Column("kept", "Kept", "right"),
            Column("lost", "Lost", "right"),
            Column("gained", "Gained", "right"),
            Column("neither", "Neither", "right"),
            Column("difference", f"Change of the rate, percentage points ({interval_words(level)})", "right"),
            Column("p", "P", "right"),
        ),
        notes=notes(
            result,
            result.flow,
            ("flow",),
            "Intervals: Newcombe's method for paired proportions. P: McNemar's exact test.",
        ),
    )


def _p(value: float) -> str:
    if pd.isna(value):
        return "–"
    return "< 0.001" if value < 0.001 else p_text("=", round(float(value), 3)).removeprefix("P = ")
