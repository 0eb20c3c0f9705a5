"""The summary of findings: one row per outcome that was compared with placebo."""

from __future__ import annotations

import re

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit import cite
from analysis.exhibit.outcome_table import OutcomeNumbers, OutcomeRow, OutcomeTable
from analysis.outcomes import evidence_map
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    after_infusion,
    half_up,
    lower_words,
    number_interval,
    number_text,
    ordinal,
    p_text,
    percent_level,
    study_name,
    upper_first,
)

_PAIN, _FUNCTION, _HARM = "pain_score", "function", "harm"
_NOT_PRINTED = "not printed"
# how sure a sentence sounds, by certainty: 2 low, 3 moderate, 4 high
_LESS_PAIN = {2: "May be less pain.", 3: "Probably less pain.", 4: "Less pain."}
_CAUSES = {2: "Ketamine may cause", 3: "Ketamine probably causes", 4: "Ketamine causes"}
_UNCERTAIN = "Very uncertain."


def summary_of_findings(selection: Selection, outcomes: pd.DataFrame, level: float = 0.95) -> OutcomeTable:
    """Return the outcomes of `key_outcomes.key_outcomes` against placebo, then whether responders were counted."""
    against = outcomes[outcomes["comparison"] == "placebo"]
    rows = [_outcome_row(selection, row, level) for row in each(against) if row.measure != _HARM]
    counts = outcomes[outcomes["measure"] == "responders"]
    if len(counts) and not (counts["comparison"] == "placebo").any():
        rows.append(
            OutcomeRow(
                "Patients who respond",
                "each study’s own definition",
                "not counted",
                "not counted",
                "no text that was read counts them against placebo",
                patients="0 (0)",
                in_points=False,
                certainty=int(counts["certainty"].min()),
                certainty_remark="provisional",
                meaning="Not known how many respond because of ketamine.",
            )
        )
    rows += [_outcome_row(selection, row, level) for row in each(against) if row.measure == _HARM]
    note = "**Certainty** follows GRADE. **Provisional:** judged by two readers from abstracts."
    named = [
        f"{upper_first(ordinal(n))} trial: {cite(row.study_id, study_name(row.citation))}"
        for n, row in enumerate(_trials(selection), start=1)
    ]
    within = "2 points is a change within a patient (Farrar 2001; none had CRPS), no threshold between groups."
    return OutcomeTable(
        caption="What placebo-controlled trials found",
        rows=tuple(rows),
        axis=(-5.0, 1.0),
        ticks=(-4.0, -2.0, 0.0),
        yardstick=(-2.0, "2 points: yardstick, within a patient", within),
        notes=(f"{note} {'. '.join(named)}." if named else note,),
        studies=tuple(dict.fromkeys(study for row in each(against) for study in row.studies)),
    )


def _trials(selection: Selection) -> list:
    """Return the placebo-controlled trials, the largest first."""
    trials = [row for row in each(evidence_map.studies(selection)) if row.control == PLACEBO]
    return sorted(trials, key=lambda row: -float(row.n if pd.notna(row.n) else 0))


def _trial_names(selection: Selection) -> dict[str, str]:
    """Return how the summary of findings names each placebo-controlled trial: `first trial`."""
    return {row.study_id: f"{ordinal(n)} trial" for n, row in enumerate(_trials(selection), start=1)}


def _outcome_row(selection: Selection, row, level: float) -> OutcomeRow:
    names = _trial_names(selection)
    if row.review:
        return _review_row(selection, row)
    own = row.measure == _PAIN
    who = "both trials" if len(row.studies) == 2 else ", ".join(names.get(study, study) for study in row.studies)
    printed = pd.notna(row.difference)
    scale = "per 100, " + row.outcome.split(" psycho")[0] if row.measure == _HARM else "0–10" if own and printed else ""
    patients = f"{int(row.patients)} ({len(row.studies)})" if pd.notna(row.patients) else _NOT_PRINTED
    shared = {
        "outcome": row.title,
        "detail": "; ".join(filter(None, (who, scale, "lowest score" if own and printed else ""))),
        "patients": patients,
        "certainty": int(row.certainty),
        "certainty_remark": "provisional",
        "in_points": own,
        "outcome_note": _counted_from(row) if own else "",
        "patients_note": _enrolled(selection, row),
        "places": row.rows,
        "meaning": _meaning(row, names),
        "numbers": _numbers(row, level if pd.notna(row.difference) else None, row.studies),
    }
    if not printed:
        return OutcomeRow(control=_NOT_PRINTED, ketamine=_NOT_PRINTED, difference=_tests_words(row, names), **shared)
    if row.measure == _HARM:
        return OutcomeRow(
            control=half_up(100 * row.control),
            ketamine=half_up(100 * row.ketamine),
            difference=f"{half_up(100 * row.difference)} more",
            interval=f"({half_up(100 * row.ci_low)} to {half_up(100 * row.ci_high)})",
            difference_note=_counts_note(row),
            **shared,
        )
    return OutcomeRow(
        control=number_text(row.control),
        ketamine=number_text(row.ketamine),
        difference=lower_words(row.difference),
        interval=f"({number_interval(-row.ci_high, -row.ci_low)})",
        drawn=(row.ci_low, row.difference, row.ci_high),
        difference_note=_reading_note(row, level),
        **shared,
    )


def _review_row(selection: Selection, row) -> OutcomeRow:
    decimals, name = 2 if abs(row.ci_high) < 0.1 else 1, study_name(row.citations[0])
    return OutcomeRow(
        outcome="The same, pooled",
        detail=f"a review, not a {ordinal(len(row.studies) + 1)} trial: {name}, {row.title.split(',')[0]}",
        control=_NOT_PRINTED,
        ketamine=_NOT_PRINTED,
        difference=lower_words(row.difference),
        interval=f"({number_text(-row.ci_high, decimals)} to {number_text(-row.ci_low)})",
        drawn=(row.ci_low, row.difference, row.ci_high),
        patients=str(int(row.patients)) if pd.notna(row.patients) else _NOT_PRINTED,
        certainty=int(row.certainty),
        certainty_remark=f"the review’s own: {row.outcome}" if row.outcome else "provisional",
        meaning=" ".join(["Size uncertain.", *_short_term(selection, row.review)]),
        places=row.rows,
        numbers=_numbers(row, None, (row.review,)),
    )


def _numbers(row, level: float | None, studies: tuple[str, ...]) -> OutcomeNumbers:
    printed = pd.notna(row.difference)
    raw = {
        "value": row.difference,
        "low": row.ci_low,
        "high": row.ci_high,
        "control": row.control,
        "ketamine": row.ketamine,
    }
    return OutcomeNumbers(
        unit=("share" if row.measure == _HARM else "points, 0-10") if printed else "",
        level=level,
        n=int(row.patients) if pd.notna(row.patients) else None,
        studies=studies,
        **{name: float(value) for name, value in raw.items() if pd.notna(value)},
    )


def _short_term(selection: Selection, review: str) -> list[str]:
    """Return what a review says of ketamine in the short term, where it pools no size."""
    reviews = selection.evidence.reviews
    short = reviews["outcome"].str.startswith("short-term") & reviews["outcome"].str.contains("ketamine")
    said = reviews[short & (reviews["review_id"] == review) & reviews["statement"].notna()]
    return [f"{upper_first(row.outcome.split(',')[0])}: {row.statement.split(';')[0]}." for row in each(said)]


def _tests_words(row, names: dict[str, str]) -> str:
    if row.measure == _FUNCTION and row.tests:
        shown = any(test.shows_difference for test in row.tests)
        return f"{'improvement' if shown else 'no improvement'}; size not printed"
    between = [test for test in row.tests if test.between_groups]
    words = [f"{names.get(test.study_id, test.study_id)}: {p_text(test.operator, test.p)}" for test in between]
    return "; ".join(["size not printed", *words])


def _meaning(row, names: dict[str, str]) -> str:
    certainty = int(row.certainty)
    if row.ci_low <= 0 <= row.ci_high:
        return "No difference shown."
    if row.measure == _HARM:
        most = "most patients" if row.difference > 0.5 else "some patients"
        return f"{_CAUSES[certainty]} them in {most}." if certainty in _CAUSES else _UNCERTAIN
    if row.measure == _FUNCTION:
        shown = any(test.shows_difference for test in row.tests)
        return "May be better." if shown else "May be no better; a gain is not ruled out."
    if pd.notna(row.difference):
        less = _LESS_PAIN.get(certainty, _UNCERTAIN) if row.difference < 0 else "More pain."
        spans = row.ci_low < -2 < row.ci_high
        return f"{less} Whether it is 2 points or more is uncertain." if spans else less
    between = [test for test in row.tests if test.between_groups]
    within = [test for test in row.tests if test.significant and not test.between_groups]
    if any(not test.significant for test in between):
        return f"No difference shown in the {names.get(between[0].study_id, 'trial')}."
    if between and within:
        other = names.get(within[0].study_id, "other").split()[0]
        p = p_text(within[0].operator, within[0].p)
        return f"Both report less pain, the {other} only as a change within the ketamine group ({p}, time not printed)."
    return "Less pain is reported; its size is not printed." if between else "Nothing is printed."


def _counted_from(row) -> str:
    start = re.search(r"\((counted from [^)]*)\)", row.time)
    if not start:
        return ""
    days = after_infusion(row.weeks)
    return upper_first(start[1]) + (f": {row.time.split(' (')[0]} is about {days}." if days else ".")


def _reading_note(row, level: float) -> str:
    if pd.isna(row.other_low):
        return ""
    limits = f"{number_interval(-row.other_high, -row.other_low)} ({percent_level(level)} interval)"
    return f"Reads the trial’s unlabelled ± as a standard error; as a standard deviation: {limits}."


def _counts_note(row) -> str:
    (ketamine, n_ketamine), (control, n_control) = row.counts
    printed = f"{half_up(100 * row.ketamine)}% and {half_up(100 * row.control)}%"
    fitting = f"{ketamine} of {n_ketamine} and {control} of {n_control}"
    return f"Only {printed} are printed. {fitting} fit; Newcombe interval on that reading."


def _enrolled(selection: Selection, row) -> str:
    """Return a note where the patients judged are fewer than those enrolled."""
    studies = selection.evidence.studies
    enrolled = studies[studies["study_id"].isin(row.studies)]["n_crps"].sum()
    if pd.isna(row.patients) or enrolled == row.patients or len(row.studies) < 2:
        return ""
    names = _trial_names(selection)
    last = min(row.studies, key=lambda study: _size(studies, study))
    n, missing = _size(studies, last), int(enrolled - row.patients)
    trial = upper_first(names.get(last, last))
    return f"{trial}: {n} enrolled, {n - missing} in the results according to a secondary source."


def _size(studies: pd.DataFrame, study: str) -> int:
    return int(studies.loc[studies["study_id"] == study, "n_crps"].iloc[0])
