"""The cards of the first page: harm per 100, one uncontrolled course, how sure one can be and what is not known."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit import cite, sourced
from analysis.exhibit.blocks import Block, Card, Cards, IconRow, Icons, Paragraph, ShareBar
from analysis.exhibit.places import source_row
from analysis.findings.log_findings import what_was_read
from analysis.outcomes import durations, evidence_map, responders, safety
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import counted, half_up, in_weeks, out_of, p_text, study_name, upper_first, weeks_cell

_CASE_REPORT = 2  # patients; smaller groups are case reports


def first_page_cards(selection: Selection, outcomes: pd.DataFrame, level: float = 0.95) -> Cards:
    """Return the cards below the summary of findings, from `key_outcomes.key_outcomes`."""
    cards = [_harm(selection, outcomes, level), _course(selection), _certainty(selection)]
    shown = tuple(card for card in cards if card)
    return Cards(shown, tuple(selection.evidence.studies["study_id"]))


def _harm(selection: Selection, outcomes: pd.DataFrame, level: float) -> Card | None:
    compared = outcomes[(outcomes["measure"] == "harm") & outcomes["difference"].notna()]
    events = safety.events(selection, level)
    free = events[(events["control"] == UNCONTROLLED) & (events["n"] > _CASE_REPORT)]
    blocks: list[Block] = []
    for row in each(compared):
        ketamine, control = (round(100 * share) for share in (row.ketamine, row.control))
        arrays = Icons(ketamine, "with ketamine", "harm"), Icons(control, "with placebo", "placebo")
        who = ", ".join(cite(study, study_name(name)) for study, name in zip(row.studies, row.citations, strict=True))
        blocks += [IconRow(arrays), Paragraph(f"had {row.outcome} {row.time} ({who}).")]
    had = free[free["events"] > 0]
    sentences = []
    if len(had):
        worst = next(each(safety.by_rate(had)))
        count = sourced(out_of(worst.events, worst.n), source_row("adverse_events", worst.row))
        study = cite(worst.study_id, study_name(worst.citation))
        sentences.append(f"Without a control group: {worst.event} in **{count}** patients ({study}).")
    elif len(free):
        looked = "the one event that was" if len(free) == 1 else f"the {len(free)} events that were"
        sentences.append(f"Without a control group nobody had {looked} looked for.")
    serious = outcomes[outcomes["outcome_id"] == "serious_harm"]
    if serious["difference"].isna().all() and not events["event"].str.contains("serious").any():
        sentences.append("No text that was read counts serious harm. Events that are not mentioned may have happened.")
    if not blocks and not sentences:
        return None
    heading = "Harm against placebo: per 100 people" if len(compared) else "Harm"
    return Card(heading, (*blocks, Paragraph(" ".join(sentences))), "harm")


def _course(selection: Selection) -> Card | None:
    flows = [flow for flow in responders.flows(selection) if flow.n > _CASE_REPORT]
    if not flows:
        return None
    flow = max(flows, key=lambda flow: (flow.p_reported == flow.p_reported, flow.n))
    first = _bar(upper_first(in_weeks(flow.weeks_first).removeprefix("the ")), flow.first, flow.n, flow.percent_first)
    later = _bar(f"About {in_weeks(flow.weeks_second)} later", flow.second, flow.n, flow.percent_second)
    unknown = ShareBar("Without ketamine", "nobody counted", None)
    study = cite(flow.study_id, study_name(flow.citation))
    rows = sourced(counted(flow.n, "patient"), flow.rows)
    words = f"Responder: {flow.definition} ({study}, {rows}). **How many would have without ketamine: not known.**"
    return Card(
        "One course, no control group: no comparison possible", (first, later, unknown, Paragraph(words)), "unknown"
    )


def _bar(label: str, count: int, n: int, printed: float) -> ShareBar:
    percent = half_up(100 * count / n) if pd.isna(printed) else f"{printed:g}"
    return ShareBar(label, f"{out_of(count, n)} ({percent}%)", count / n)


def _certainty(selection: Selection) -> Card:
    giving = evidence_map.studies_with_results(selection)
    placebo = [row for row in giving if row.control == PLACEBO]
    total, with_placebo = (sum(int(row.n) for row in rows if pd.notna(row.n)) for rows in (giving, placebo))
    other = len(giving) - len(placebo)
    rest = f"; the other {other} {'has' if other == 1 else 'have'} no placebo group" if placebo and other else ""
    if len(giving) == 1:
        which = "the only study with a usable result"
    else:
        which = f"{len(placebo) or 'none'} of {len(giving)} studies with a usable result{rest}"
    if total == 1:
        people = f"**The only patient** was {'' if with_placebo else 'not '}in a placebo-controlled trial"
    else:
        people = f"**{with_placebo or 'None'} of {total}** patients were in placebo-controlled trials"
    blocks: list[Block] = []
    if total:
        blocks.append(ShareBar("", "", with_placebo / total))
        blocks.append(Paragraph(f"{people} ({which}). {what_was_read(selection)}"))
    blocks.append(Paragraph(f"**Not known:** {'; '.join(_unknown(selection))}."))
    return Card("How sure are we?", tuple(blocks), "ketamine")


def _unknown(selection: Selection) -> list[str]:
    counts = durations.retained_benefit(selection)
    last = counts[counts["selected_by_outcome"].isna()]["weeks"].max()
    beyond = f"effect beyond {weeks_cell(last)} weeks" if pd.notna(last) and last > 0 else "how long an effect lasts"
    return [beyond, f"which regimen is best{_regimens(selection)}", "who responds", "harm of repeated courses"]


def _regimens(selection: Selection) -> str:
    """Return what a comparison of regimens without placebo printed, in brackets."""
    studies = {row.study_id for row in each(evidence_map.studies(selection)) if row.control == ACTIVE}
    tests = selection.evidence.reported_tests
    chosen = tests[tests["study_id"].isin(studies) & tests["p_value"].notna() & tests["outcome"].str.contains("NRS")]
    if chosen.empty:
        return ""
    test = next(each(chosen))
    words = test.comparison.split(";")[0].replace(" (lower)", "")
    link = sourced(f"{words}, {p_text(test.p_operator, test.p_value)}", source_row("reported_tests", test.row))
    return f" ({link}, without placebo)"
