"""Tables of who a clinic's patients are and which scores are missing."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table
from analysis.tables.cohort.parts import BY_WORDS, count, notes, of_all, points, rate
from analysis.wording import group_name, half_up, interval_words, percent, upper_first


def people(result: Any) -> Table:
    """How many patients, courses and visits, and what the patients were like at baseline (from `cohort.people`)."""
    sizes = [
        {"what": upper_first(row.item), "unit": "", "n": count(row.n, row.hidden, result.min_cell), "value": ""}
        for row in each(result.sizes)
    ]
    measures = [
        {
            "what": f"{upper_first(row.words)}, {row.measured_in}",
            "n": count(row.n, row.hidden, result.min_cell),
            "missing": count(row.missing, row.hidden or pd.isna(row.missing), result.min_cell),
            "mean": ""
            if pd.isna(row.mean)
            else half_up(row.mean, 1) + ("" if pd.isna(row.sd) else f" ({half_up(row.sd, 1)})"),
            "median": "" if pd.isna(row.median) else points(row.median, row.q1, row.q3),
        }
        for row in each(result.measures)
    ]
    shown = pd.DataFrame([*sizes, *measures], columns=["what", "n", "missing", "mean", "median"])
    return Table(
        name="patients",
        data=shown,
        caption="The patients of this report: how many there are, and what they were like at baseline.",
        columns=(
            Column("what", "What"),
            Column("n", "n", "right"),
            Column("missing", "Missing", "right", missing=""),
            Column("mean", "Mean (SD)", "right", missing=""),
            Column("median", "Median (quartiles)", "right", missing=""),
        ),
        notes=notes(
            result,
            pd.concat([result.sizes, result.measures]),
            ("measures",),
            unit=f"for pain, age and duration, {result.unit}",
        ),
    )


def groups(result: Any) -> Table:
    """Patients by site, regimen, sex, year and course (from `cohort.people`)."""
    table = result.groups
    shown = table.assign(
        heading=table["by"].map(BY_WORDS),
        words=[
            upper_first(group_name(group)) if by != "site" else group_name(group)
            for by, group in zip(table["by"], table["group"], strict=True)
        ],
        share_words=[percent(share) if pd.notna(share) else "–" for share in table["share"]],
    )
    return Table(
        name="groups",
        data=shown,
        caption="Patients and courses by site, regimen, sex, year and course.",
        columns=(
            Column("heading", "By"),
            Column("words", "Group"),
            Column("patients", "Patients", "right", missing=f"<{result.min_cell}"),
            Column("share_words", "Share of patients", "right"),
            Column("courses", "Courses", "right", missing=f"<{result.min_cell}"),
        ),
        notes=notes(result, table, ("groups",), "A patient with courses in two groups counts in both", unit=""),
    )


def site_by_regimen(result: Any) -> Table:
    """Who got which regimen where (from `cohort.people`); no rows if there is one site or one regimen."""
    table = result.site_by_regimen
    cells = table.assign(
        cell=[count(row.patients, row.hidden, result.min_cell) for row in each(table)],
        site=table["site"].map(group_name),
        regimen=table["regimen_class"].map(lambda regimen: upper_first(group_name(regimen))),
    )
    wide = cells.pivot_table(index="site", columns="regimen", values="cell", aggfunc="first", sort=False, observed=True)
    wide = wide.reset_index().rename_axis(columns=None)
    columns = (
        Column("site", "Site"),
        *(Column(name, name, "right") for name in wide.columns if name != "site"),
    )
    return Table(
        name="sites-and-regimens",
        data=wide if len(wide) else pd.DataFrame({"site": []}),
        caption="Patients by site and regimen of the first course.",
        columns=columns,
        notes=notes(result, table, ("site_by_regimen",), unit=""),
    )


def missing(result: Any) -> Table:
    """Scores there and missing, visit by visit (from `cohort.people`)."""
    table = result.missing
    shown = table.assign(
        visit_words=[_visit(row) for row in each(table)],
        observed_words=[of_all(row.observed, row.expected, row.hidden, result.min_cell) for row in each(table)],
        share_words=["–" if pd.isna(row.share_observed) else percent(row.share_observed) for row in each(table)],
        empty_words=[count(row.empty, row.hidden, result.min_cell) for row in each(table)],
        no_row_words=[count(row.no_row, row.hidden, result.min_cell) for row in each(table)],
    )
    return Table(
        name="missing-scores",
        data=shown,
        caption="Pain scores that are there and missing, by visit.",
        columns=(
            Column("visit_words", "Visit"),
            Column("observed_words", "With a score", "right"),
            Column("share_words", "Share", "right"),
            Column("empty_words", "Row without a score", "right"),
            Column("no_row_words", "No row", "right"),
        ),
        notes=notes(result, table, ("missing",), unit="every course"),
    )


def who_is_missing(result: Any, level: float = 0.95) -> Table:
    """Patients with and without a follow-up score compared (from `cohort.people`)."""
    rows = [
        {
            "group": upper_first(row.group),
            "patients": count(row.patients, row.hidden, result.min_cell),
            "baseline": points(row.baseline_mean, row.baseline_low, row.baseline_high),
            "response": rate(row.rate, row.ci_low, row.ci_high),
        }
        for row in each(result.who_is_missing)
    ]
    differs = {row.measure: row for row in each(result.who_differs) if not row.hidden}
    if differs:
        base, late = differs.get("baseline"), differs.get("response_end_of_infusion")
        rows.append(
            {
                "group": "Difference, without minus with",
                "patients": "",
                "baseline": points(base.difference, base.low, base.high) if base is not None else "–",
                "response": (
                    f"{points(100 * late.difference, 100 * late.low, 100 * late.high, 0)} percentage points"
                    if late is not None
                    else "–"
                ),
            }
        )
    label = interval_words(level)
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
        notes=notes(result, result.who_is_missing, ("who_is_missing",)),
    )


def _visit(row) -> str:
    return "Baseline" if pd.isna(row.weeks) else "End of infusion" if row.weeks == 0 else f"Week {row.weeks:g}"
