"""Tables of the characteristics of a clinic's patients and of missing scores."""

from __future__ import annotations

import pandas as pd

from analysis.cohort_wording import GROUP_HEADINGS, group_name
from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table
from analysis.outcomes.cohort.people import People
from analysis.tables.cohort.cohort_cells import cohort_notes, count_column, count_or_hidden, part_column
from analysis.wording import half_up, interval_words, percent, points_cell, rate_cell, upper_first


def people_table(result: People) -> Table:
    """Return the numbers of patients, courses and visits, and the patients' characteristics at baseline."""
    sizes = [
        {"what": upper_first(row.item), "n": count_or_hidden(row.n, row.hidden, result.min_cell)}
        for row in each(result.sizes)
    ]
    measures = [
        {
            "what": f"{upper_first(row.words)}, {row.measured_in}",
            "n": count_or_hidden(row.n, row.hidden, result.min_cell),
            "missing": count_or_hidden(row.missing, row.hidden or pd.isna(row.missing), result.min_cell),
            "mean": "" if pd.isna(row.mean) else half_up(row.mean, 1) + _sd(row.sd),
            "median": "" if pd.isna(row.median) else points_cell(row.median, row.q1, row.q3),
        }
        for row in each(result.measures)
    ]
    return Table(
        name="patients",
        data=pd.DataFrame([*sizes, *measures], columns=["what", "n", "missing", "mean", "median"]),
        caption="The patients of this report: how many there are, and what they were like at baseline.",
        columns=(
            Column("what", "What"),
            Column("n", "n", "right"),
            Column("missing", "Missing", "right", missing=""),
            Column("mean", "Mean (SD)", "right", missing=""),
            Column("median", "Median (quartiles)", "right", missing=""),
        ),
        notes=cohort_notes(
            result,
            pd.concat([result.sizes, result.measures]),
            ("measures",),
            unit=f"for pain, age and duration, {result.unit}",
        ),
    )


def groups_table(result: People) -> Table:
    """Return the patients and courses by site, regimen, sex, year and course."""
    small = f"<{result.min_cell}"
    return Table(
        name="groups",
        data=result.groups,
        caption="Patients and courses by site, regimen, sex, year and course.",
        columns=(
            Column("heading", "By", value=lambda row: GROUP_HEADINGS[row.by]),
            Column(
                "words",
                "Group",
                value=lambda row: group_name(row.group) if row.by == "site" else upper_first(group_name(row.group)),
            ),
            Column("patients", "Patients", "right", missing=small),
            Column("share_words", "Share of patients", "right", value=lambda row: _share(row.share)),
            Column("courses", "Courses", "right", missing=small),
        ),
        notes=cohort_notes(
            result, result.groups, ("groups",), "A patient with courses in two groups counts in both", unit=""
        ),
    )


def site_by_regimen_table(result: People) -> Table:
    """Return the patients by site and regimen of the first course; without rows if there is one site or one regimen."""
    table = result.site_by_regimen
    cells = table.assign(
        cell=[count_or_hidden(row.patients, row.hidden, result.min_cell) for row in each(table)],
        site=table["site"].map(group_name),
        regimen=table["regimen_class"].map(lambda regimen: upper_first(group_name(regimen))),
    )
    wide = cells.pivot_table(index="site", columns="regimen", values="cell", aggfunc="first", sort=False, observed=True)
    wide = wide.reset_index().rename_axis(columns=None)
    regimens = (Column(name, name, "right") for name in wide.columns if name != "site")
    return Table(
        name="sites-and-regimens",
        data=wide if len(wide) else pd.DataFrame({"site": []}),
        caption="Patients by site and regimen of the first course.",
        columns=(Column("site", "Site"), *regimens),
        notes=cohort_notes(result, table, ("site_by_regimen",), unit=""),
    )


def missing_scores_table(result: People) -> Table:
    """Return the patients with and without a score at each visit, and why, with the first course."""
    return Table(
        name="missing-scores",
        data=result.missing,
        caption="Pain scores by visit: recorded, missing though due, and not due.",
        columns=(
            Column("visit_words", "Visit", value=_visit),
            part_column("recorded_words", "With a score", "recorded", "patients", result.min_cell),
            count_column("empty", "Visit, score empty", result.min_cell),
            count_column("no_row", "Due, no visit", result.min_cell),
            count_column("not_due", "Not due", result.min_cell),
            count_column("unknown", "Due unknown", result.min_cell),
            Column(
                "together_words",
                "Without, not told apart",
                "right",
                value=lambda row: (
                    "–"
                    if not row.hidden and pd.notna(row.empty)
                    else count_or_hidden(row.together, row.hidden, result.min_cell)
                ),
            ),
        ),
        notes=cohort_notes(result, result.missing, ("missing",), _plan(result)),
    )


def who_is_missing_table(result: People) -> Table:
    """Return the patients with and without a follow-up score, and their difference."""
    rows = [
        {
            "group": upper_first(row.group),
            "patients": count_or_hidden(row.patients, row.hidden, result.min_cell),
            "baseline": points_cell(row.baseline_mean, row.baseline_low, row.baseline_high),
            "response": rate_cell(row.rate, row.ci_low, row.ci_high),
        }
        for row in each(result.who_is_missing)
    ]
    differences = {row.measure: row for row in each(result.who_differs) if not row.hidden}
    if differences:
        rows.append(
            {
                "group": "Difference, without minus with",
                "patients": "",
                "baseline": _difference(differences.get("baseline"), 1),
                "response": _difference(differences.get("response_end_of_infusion"), 100, " percentage points"),
            }
        )
    label = interval_words(result.level)
    return Table(
        name="who-is-missing",
        data=pd.DataFrame(rows, columns=["group", "patients", "baseline", "response"]),
        caption="Are the patients without a follow-up score like the others?",
        columns=(
            Column("group", "Patients"),
            Column("patients", "n", "right", missing=""),
            Column("baseline", f"Pain at baseline, mean ({label})", "right"),
            Column("response", f"Responders at the end of infusion ({label})", "right"),
        ),
        notes=cohort_notes(result, result.who_is_missing, ("who_is_missing",)),
    )


def _difference(row, scale: int, unit: str = "") -> str:
    if row is None:
        return "–"
    return points_cell(scale * row.difference, scale * row.low, scale * row.high, 1 if scale == 1 else 0) + unit


def _sd(sd: float) -> str:
    return "" if pd.isna(sd) else f" ({half_up(sd, 1)})"


def _share(share: float) -> str:
    return "–" if pd.isna(share) else percent(share)


def _plan(result: People) -> str:
    """Return how it was decided which visits were planned and due."""
    if result.own_times:
        return "Patients were seen at times of their own: any follow-up visit counts, and no week was planned for all"
    day = result.until
    until = "" if pd.isna(day) else f"; due by {day.day} {day:%B %Y}, the last day of the data"
    return f"A week is planned for all if half of the patients with a follow-up visit have one then (else –){until}"


def _visit(row) -> str:
    return upper_first(row.label)
