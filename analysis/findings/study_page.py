"""The page of one study: its finding as title, the facts, what limits it and where sources disagree."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.evidence.selection import RESULT_TABLES, Criteria, Selection, only, select
from analysis.exhibit import escape, linked
from analysis.exhibit.blocks import Bullets, Card, Cards, Facts, Paragraph
from analysis.exhibit.places import source_row
from analysis.findings.log_findings import access_of_rows, evidence_date
from analysis.outcomes import durations, evidence_map, responders, safety, trajectories
from analysis.outcomes.context import PLACEBO, UNCONTROLLED
from analysis.wording import (
    ACCESS_WORDS,
    AGE_WORDS,
    CHOSEN,
    DRUG_WORDS,
    POPULATION_WORDS,
    REGIMEN_WORDS,
    ROUTE_WORDS,
    counted,
    lower_words,
    number_text,
    out_of,
    p_text,
    percent,
    printed_percent,
    series,
    short_citation,
    study_name,
    time_words,
    upper_first,
    weeks_cell,
)

_ALPHA = 0.05
_MOST_CONFLICTS = 3  # on the page; the appendix lists all


def study_title(selection: Selection, level: float = 0.95) -> str:
    """Return the finding of a study as the title of its page."""
    printed = _without_lay_sources(selection)
    for part in (_difference, _response, _change, _controlled_test, _duration, _harm):
        if words := part(printed, level):
            return words
    study = selection.evidence.studies.iloc[0]
    if study["design"] == "rct_protocol":
        return f"{study_name(study['citation'])} is planned and has no results yet"
    tests = selection.evidence.reported_tests
    printed = f"prints {counted(len(tests), 'test')} but no size" if len(tests) else "prints no result that can be used"
    return f"{study_name(study['citation'])} {printed}"


def largest_result(selection: Selection, level: float = 0.95) -> str:
    """Return the response, change of pain or duration of the largest group of a selection; empty if there is none."""
    rates = _rates(selection, level)
    if len(rates):
        return _largest_rate(rates)
    return _change(selection, level) or _duration(selection, level)


def _without_lay_sources(selection: Selection) -> Selection:
    """Return a study without its lay sources, or all of it if there is no other source."""
    study_id = selection.evidence.studies["study_id"].iloc[0]
    criteria = Criteria((study_id,), routes=(), populations=(), overlapping_studies=True, contained_arms=True)
    printed = select(selection.evidence, criteria)
    return printed if any(len(getattr(printed.evidence, table)) for table in RESULT_TABLES) else selection


def _difference(selection: Selection, level: float) -> str:
    rows = list(each(trajectories.between_arms(selection, level)))
    if not rows:
        return ""
    row = rows[0]
    other = "placebo" if row.control == PLACEBO else "the control"
    fall = lower_words(row.difference)
    number, _, direction = fall.partition(" ")
    words = f"Pain was {number} points {direction} with ketamine than with {other} {_when(row)}"
    late = [test for test in each(selection.evidence.reported_tests) if "week 12" in str(test.outcome)]
    if late and late[0].p_value >= _ALPHA:
        words += "; at week 12 no difference was shown"
    return words


def _when(row: Any) -> str:
    days = round(7 * row.weeks)
    return f"about {counted(days, 'day')} after the infusion" if 0 < row.weeks < 1 else time_words(row.weeks)


def _response(selection: Selection, level: float) -> str:
    rates = _rates(selection, level)
    if rates.empty:
        return ""
    flows = responders.flows(selection)
    if flows:
        flow = flows[0]
        shares = [
            f"{printed:g}%" if pd.notna(printed) else percent(count / flow.n)
            for printed, count in ((flow.percent_first, flow.first), (flow.percent_second, flow.second))
        ]
        later = weeks_cell(flow.weeks_second - flow.weeks_first)
        return (
            f"{shares[0]} of {flow.n} patients responded {time_words(flow.weeks_first)} and {shares[1]} about {later} "
            "weeks later"
        )
    return _largest_rate(rates)


def _rates(selection: Selection, level: float) -> pd.DataFrame:
    """Return the rates with ketamine, without groups that may have been selected by their response."""
    rates = responders.rates(selection, level)
    return rates[(rates["role"] == "ketamine") & rates["rate"].notna() & rates["selected_by_outcome"].isna()]


def _largest_rate(rates: pd.DataFrame) -> str:
    largest = next(each(rates.sort_values(["n", "weeks"], ascending=[False, True], kind="stable")))
    timed = pd.isna(largest.weeks) or re.search(r"\b(month|week)", largest.definition)
    when = "" if timed else f", {time_words(largest.weeks)}"
    if largest.n == 1:
        return f"One patient{'' if largest.responders else ' did not respond'}: {largest.definition}{when}"
    share = "" if largest.n < 10 else f"{printed_percent(largest)}, "
    count = f"{out_of(largest.responders, largest.n)} {largest.unit}"
    return f"{upper_first(largest.definition)} in {share}{count}{when}"


def _change(selection: Selection, level: float) -> str:
    changes = trajectories.changes(selection, level)
    for row in each(changes[changes["role"] == "ketamine"]):
        words = lower_words(row.change) if pd.notna(row.change) else lower_words(row.change_low, row.change_high)
        patients = counted(int(row.n), "patient") if pd.notna(row.n) else "an unstated number of patients"
        return f"Pain was {words.replace(' lower', ' points lower')} after ketamine than before in {patients}"
    return ""


def _controlled_test(selection: Selection, level: float) -> str:
    """Return what a controlled study prints on pain without a size."""
    study = next(each(evidence_map.studies(selection)))
    tests = selection.evidence.reported_tests
    tests = tests[tests["outcome"].str.contains("pain|NRS", regex=True) & tests["p_value"].notna()]
    if study.control == UNCONTROLLED or tests.empty:
        return ""
    test = next(each(tests))
    what = f"{test.outcome}, {test.comparison.split(';')[0]}"
    return f"{study_name(study.citation)} prints a P value but no size: {what}, {p_text(test.p_operator, test.p_value)}"


def _duration(selection: Selection, level: float) -> str:
    statements = durations.statements(selection)
    shown = (statements["shown_as"] != "no weeks") & statements["selected_by_outcome"].isna()
    for row in each(statements[shown]):
        both = pd.notna(row.patients) and pd.notna(row.patients_treated)
        who = f"{out_of(row.patients, row.patients_treated)} patients" if both else row.group
        return f"{upper_first(str(row.reported))} ({who})"
    return ""


def _harm(selection: Selection, level: float) -> str:
    events = safety.events(selection, level)
    for row in each(safety.by_rate(events)):
        return f"{upper_first(row.event)} in {out_of(row.events, row.n)} patients"
    return ""


def study_lead(selection: Selection) -> str:
    """Return the sentence below the title: the control group, and what that means."""
    study = next(each(evidence_map.studies(selection)))
    mixed = study.population == "mixed" and study.n_is != "with CRPS"
    sentences = ["Patients had several pain conditions; those with CRPS are not counted apart."] if mixed else []
    if study.control == UNCONTROLLED:
        free = "There was no control group, so how many would have improved without ketamine is not known."
        return " ".join([*sentences, free])
    patients = f"{counted(int(study.n), 'patient')} took part" if pd.notna(study.n) else ""
    sentences.append(f"{patients or 'The number of patients is not stated'}.")
    tests = selection.evidence.reported_tests
    if tests["comparison"].str.contains("no functional improvement").any():
        sentences.append("Function did not improve.")
    events = safety.events(selection)
    events = [row for row in each(events[events["control"] == PLACEBO]) if pd.notna(row.percent_reported)]
    by_role = {row.role: row for row in events}
    if {"ketamine", "placebo"} <= by_role.keys():
        row = by_role["ketamine"]
        shares = f"{printed_percent(row)} had {row.event}, against {printed_percent(by_role['placebo'])} with placebo."
        sentences.append(shares)
    return " ".join(sentences)


def study_facts(selection: Selection) -> Cards:
    """Return the facts of a study: design, patients, treatment."""
    study = selection.evidence.studies.iloc[0]
    row = next(each(evidence_map.studies(selection)))
    arms = [arm for arm in each(selection.evidence.arms) if arm.role == "ketamine"]
    control = "no control group" if row.control == UNCONTROLLED else row.control
    size = f"{int(row.n)} {row.n_is}" if pd.notna(row.n) else "number not stated"
    age = AGE_WORDS.get(study["age_group"], "")
    who = _joined(POPULATION_WORDS[row.population], size, age, study["country"])
    facts = [("Design", f"{row.design_words}, {control}"), ("Patients", who)]
    duration = study["disease_duration_years"]
    if pd.notna(duration):
        facts.append(("Disease duration", f"{duration:g} years ({study['disease_duration_stat']})"))
    if arms:
        arm = arms[0]
        drug = DRUG_WORDS.get(arm.drug, _text(arm.drug).replace("_", " "))
        route = ROUTE_WORDS.get(arm.route, _text(arm.route).replace("_", " "))
        facts.append(("Drug", _joined(drug, route, REGIMEN_WORDS.get(arm.regimen_class))))
        facts.append(("Dose", _dose(arm)))
        facts.append(("Length", _length(arm)))
        facts.append(("Given with it", _text(arm.cointervention) or "not stated"))
    facts.append(("Groups", counted(len(selection.evidence.arms), "group")))
    published = _joined(study["journal"], study["year"])
    link = f"[doi:{study['doi']}](https://doi.org/{study['doi']})" if _text(study["doi"]) else ""
    title = escape(_text(study["title"]) or study["citation"])
    source = Paragraph(" ".join(filter(None, (f"{title}.", f"*{escape(published)}*." if published else "", link))))
    pairs = tuple((name, value if value.startswith("[") else escape(value)) for name, value in facts)
    return Cards((Card("", (source, Facts(pairs))),), (row.study_id,))


def _joined(*values: Any) -> str:
    return ", ".join(filter(None, map(_text, values)))


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _dose(arm: Any) -> str:
    if pd.isna(arm.dose_value):
        return "not printed"
    kind = {"max": "at most", "mean": "mean", "fixed": ""}.get(_text(arm.dose_kind), _text(arm.dose_kind))
    return f"{kind} {arm.dose_value:g} {arm.dose_unit}".strip()


def _length(arm: Any) -> str:
    parts = []
    if pd.notna(arm.hours_per_day):
        parts.append(f"{arm.hours_per_day:g} hours a day")
    if pd.notna(arm.infusion_days):
        parts.append(f"{number_text(arm.infusion_days)} days")
    return " for ".join(parts) or "not printed"


def study_remarks(evidence: Evidence, study_id: str) -> Cards:
    """Return two cards from all evidence: what limits the study, and where its sources disagree."""
    selection = only(evidence, study_id)
    cards = [Card("What limits it", (Bullets(_limits(evidence, selection)),))]
    conflicts = selection.evidence.conflicts
    own = [row for row in each(conflicts) if row.study_id == study_id]
    if own:
        lines = [_conflict(row) for row in own[:_MOST_CONFLICTS]]
        if len(own) > _MOST_CONFLICTS:
            lines.append(f"{len(own) - _MOST_CONFLICTS} more in the appendix.")
        cards.append(Card(f"Where sources disagree ({len(own)})", (Bullets(tuple(lines)),)))
    return Cards(tuple(cards), (study_id,))


def _limits(evidence: Evidence, selection: Selection) -> tuple[str, ...]:
    own, study_id = selection.evidence, selection.evidence.studies["study_id"].iloc[0]
    lines = []
    if next(each(evidence_map.studies(selection))).control == UNCONTROLLED:
        lines.append("No control group: a fall of pain is not the effect of ketamine alone.")
    if own.arms["selected_by_outcome"].notna().any():
        lines.append(f"{upper_first(CHOSEN)}: their response is no rate.")
    access = {*own.sources[own.sources["study_id"] == study_id]["access"]}
    access.update(access_of_rows(own, ("arms", *RESULT_TABLES)))
    if access and "full_text" not in access:
        others = series([f"{ACCESS_WORDS[kind]}s" for kind in ("secondary", "lay") if kind in access])
        if "abstract" not in access:
            lines.append(f"Known through {others} alone.")
        else:
            lines.append(f"Only the abstract of the paper was read{others and '; the rest is from '}{others}.")
    tables = (own.responders, own.adverse_events)
    if any(_text(basis) not in ("", "reported") for table in tables for basis in table.get("count_basis", [])):
        lines.append("Counts are derived from printed percentages.")
    if own.adverse_events.empty:
        lines.append("What was read names no side effects.")
    out = select(evidence).left_out
    out = out[(out["table"] == "studies") & (out["study_id"] == study_id)]
    if len(out):
        lines.append(f"Not counted in the evidence report: {out['why'].iloc[0]}.")
    return tuple(lines)


def _conflict(row: Any) -> str:
    values = f"{escape(_text(row.value_a))} or {escape(_text(row.value_b))}"
    used = f" Used: {escape(_text(row.used))}." if _text(row.used) else ""
    field = escape(upper_first(str(row.field).replace("_", " ")))
    return f"**{field}**: {values}.{used} {linked(source_row('conflicts', row.row))}"


def study_kicker(selection: Selection) -> str:
    """Return the citation and the date of the evidence, as printed above the title."""
    citation = short_citation(selection.evidence.studies["citation"].iloc[0])
    return f"{citation}, one study on one page · {evidence_date(selection.evidence)}"
