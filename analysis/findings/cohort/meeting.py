"""The cards of a clinic's summary: control patients, limitations, and what to talk about in a meeting."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.cohort_wording import FEW_PATIENTS, few_words
from analysis.exhibit import escape
from analysis.exhibit.blocks import Bullets, Card, Cards, Paragraph
from analysis.findings.cohort.course_findings import complete_rates, limits_of, rate_of
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.people import People
from analysis.outcomes.cohort.response import Response
from analysis.outcomes.cohort.trajectories import Trajectories
from analysis.wording import counted, half_up, number_interval, number_of_weeks, out_of, upper_first

_ASKED = "Who asks them, and when?"


def limits_card(limits: Sequence[str]) -> Cards:
    """Return the limitations as a card of half a page's width."""
    return Cards((Card("What these numbers can’t say", (Bullets(tuple(limits)),)),), half=True)


def controls_card(result: Response, pain: Trajectories) -> Cards:
    """Return the control patients, who are in no other number, as a card of half a page's width."""
    items = []
    for row in complete_rates(result):
        when = "at the end" if row.visit == "end_of_infusion" else f"{number_of_weeks(result.follow_up_weeks)} later"
        if row.hidden:
            items.append(f"{when}: fewer than {result.min_cell} with a score")
        elif pd.notna(row.rate):
            behind = "" if row.n < FEW_PATIENTS else f"{out_of(row.responders, row.n)}; "
            items.append(f"**{rate_of(row)}** responded {when} ({behind}{limits_of(row)})")
    changes = pain.visits[pain.visits["visit"].eq("end_of_infusion") & ~pain.visits["change_hidden"]]
    for row in changes[changes["change_mean"].notna()].itertuples():
        limits = f" ({number_interval(row.change_low, row.change_high)})" if pd.notna(row.change_low) else ""
        items.append(f"pain changed by {half_up(row.change_mean, 1)} points{limits} at the end")
    size = result.steps["n"].iloc[0]
    who = f"fewer than {result.min_cell} patients" if pd.isna(size) else counted(int(size), "patient")
    words = (
        f"Without ketamine: {who}, in none of the other numbers. Unless chance decided who got it, they differ in "
        "more than that."
    )
    return Cards((Card("Control patients", (Paragraph(words), Bullets(tuple(items)))),), half=True)


def meeting_card(cohort: Cohort, who: People, result: Response, measured: Sequence[str] = ()) -> Cards:
    """Return what to talk about in a meeting, and how the file became the table.

    Parameters
    ----------
    cohort
        The treated patients.
    who, result
        From `outcomes.cohort.people` and `outcomes.cohort.response`.
    measured
        Other outcomes in the table, in words.
    """
    items = [*_absent(who, result), *_unjudged(result)]
    missing = [name for name in ("harms", "function", "opioids") if name not in measured]
    if missing:
        items.append(f"Not in this table: {', '.join(missing)}. See the format for the columns to add.")
    items.append("The appendix shows every number, by site, regimen, year and course.")
    visits = who.sizes.set_index("item").loc["visits", "n"]
    source = f"**How the file became this table.** {escape(cohort.file)}: "
    source += f"fewer than {who.min_cell} patients." if pd.isna(visits) else f"{counted(int(visits), 'visit')}."
    source += " The appendix says what the map made of it, and what it left out." if cohort.mapping else ""
    hidden = f"Groups below {who.min_cell} patients are merged or hidden"
    hidden += ", and counts are rounded to 5." if who.release == "public" else "."
    return Cards((Card("For the meeting", (Bullets(tuple(items)), Paragraph(f"{source} {hidden}")), "ketamine"),))


def short_page(who: People) -> str:
    """Return why the page is short, where few patients stand behind it; else nothing."""
    size = who.sizes.set_index("item").loc["patients", "n"]
    if pd.isna(size):
        return f"**Fewer than {who.min_cell} patients:** nothing is shown that could reveal one of them."
    if not size:
        return "**Nobody was treated with ketamine:** all courses of this report have the regimen control."
    if size < FEW_PATIENTS:
        return (
            f"**{size} patients are few.** Below {FEW_PATIENTS}, numbers stand in place of percentages, and one "
            "patient more or less changes each of them."
        )
    return ""


def _absent(who: People, result: Response) -> list[str]:
    table = who.missing
    near = table[(table["visit"] == "follow_up") & ~table["hidden"] & table["planned"]]
    near = near[(near["weeks"] - result.follow_up_weeks).abs() <= result.window_weeks]
    items = []
    for row in near.itertuples():
        if pd.notna(row.together):
            items.append(f"{upper_first(row.label)}: {counted(int(row.together), 'patient')} without a score. {_ASKED}")
        elif pd.notna(row.no_row) and row.no_row + row.empty:
            gone, empty = counted(int(row.no_row), "patient"), counted(int(row.empty), "patient")
            items.append(
                f"{upper_first(row.label)}: {gone} without a visit, {empty} with a visit but no score. {_ASKED}"
            )
    return items


def _unjudged(result: Response) -> list[str]:
    step = result.steps.set_index("step").loc["baseline"]
    if step["hidden"] or (step["without"] is not pd.NA and not step["without"]):
        return []
    who = few_words(step["without"], "patient", result.min_cell)
    return [f"{who[0].upper()}{who[1:]} can’t be judged without a score before treatment."]
