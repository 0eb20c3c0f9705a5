"""Sentences on the log: the date of the evidence, what was read, and the agreement of the readers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import values
from analysis.evidence.selection import Selection, select
from analysis.exhibit import Finding, shown_in
from analysis.judgement_wording import CERTAINTY_WORDS, PROVISIONAL, date_words
from analysis.outcomes import computed_certainty, search_log, two_readings
from analysis.outcomes.computed_certainty import NOT_COMPUTED
from analysis.outcomes.context import overall_bias
from analysis.revision import epoch
from analysis.wording import out_of, series

_COMPUTED = "tab-computed-certainty"
_OUTCOMES = ("pain_scores", "responders", "durations")


def evidence_date(evidence: Evidence, sources: bool = True) -> str:
    """Return the date and place of the last recorded search, and whether it was old when this version was committed."""
    date = search_log.search_date(evidence)
    committed = pd.Timestamp(epoch(), unit="s").normalize()
    old = (
        f"; more than a year old on {date_words(committed.date().isoformat())}: newer studies may exist"
        if search_log.search_is_old(evidence, committed)
        else ""
    )
    names = series([source.split(" (")[0] for source in dict.fromkeys(evidence.searches["source"])])
    return f"evidence as of {date_words(date)}{f' ({names})' if sources else ''}{old}"


def access_of_rows(evidence: Evidence, tables: Iterable[str] = _OUTCOMES) -> list[str]:
    """Return what could be read of the source of each row, by default of pain scores, rates and durations."""
    access = dict(values(evidence.sources, "source_id", "access"))
    return [access[source] for table in tables for source in getattr(evidence, table)["source_id"]]


def what_was_read(selection: Selection) -> str:
    """Return from which kinds of source the selected pain scores, rates and durations come."""
    used = access_of_rows(selection.evidence)
    if not used:
        return "No result in this selection, from no source."
    number = {kind: used.count(kind) for kind in ("full_text", "abstract", "secondary", "lay")}
    words = {
        "full_text": "the paper itself",
        "abstract": "abstracts",
        "secondary": "secondary accounts",
        "lay": "lay sources",
    }
    parts = [f"{words[kind]} ({count})" for kind, count in number.items() if count]
    one = len(used) == 1
    if number["full_text"]:
        full = "The one result comes" if one else f"{out_of(number['full_text'], len(used))} results come"
        return f"{full} from a full text; all come from {series(parts)}."
    every = "the one result comes" if one else f"{out_of(len(used), len(used))} results come"
    return f"**No full text was read**: {every} from {series(parts)}."


def agreement_words(evidence: Evidence) -> str:
    """Return for which studies there are two independent extractions, and how far they agree."""
    table = two_readings.agreement(evidence).set_index("table").loc["all"]
    both = table["same"] + table["different"]
    studies = evidence.extraction["study_id"].nunique()
    total = len(evidence.studies)
    citations = dict(values(evidence.studies, "study_id", "citation"))
    names = series(sorted({citations[study] for study in evidence.extraction["study_id"]}))
    return (
        f"Two independent extractions exist for {out_of(studies, total)} studies ({names}). They agree in "
        f"{out_of(table['same'], table['cells'])} cells that at least one reader filled in, and in "
        f"{out_of(table['same'], both)} that both filled in."
    )


def judgement_findings(evidence: Evidence) -> tuple[Finding, ...]:
    """Return how the evidence was judged: certainty of the key outcomes, risk of bias, extraction."""
    selection = select(evidence)
    certain = computed_certainty.certainty(selection)
    computed = computed_certainty.computed_certainty(selection)
    levels = [(CERTAINTY_WORDS[name], sum(certain["overall"] == name)) for name in CERTAINTY_WORDS]
    words = series([f"{level} for {number}" for level, number in levels if number])
    differs = int(computed["differs"].sum())
    bias = overall_bias(evidence)
    worst = sum(judgement in ("high", "serious", "critical") for judgement in bias.values())
    return (
        Finding(
            "How certain is the evidence?",
            f"**Certainty is {words} of {shown_in(f'{len(certain)} key outcomes', 'tab-certainty')}** ({PROVISIONAL}).",
            detail="",
        ),
        Finding(
            "Do judgement and computation agree?",
            f"They differ in {shown_in(out_of(differs, int((computed['computed'] != NOT_COMPUTED).sum())), _COMPUTED)} "
            "domains that can be computed; both are shown.",
        ),
        Finding(
            "How great is the risk of bias?",
            f"It is high, serious or critical in {shown_in(out_of(worst, len(bias)), 'tab-risk-of-bias-robins-i')} "
            f"studies that were judged ({PROVISIONAL}).",
        ),
        Finding("Who read the sources?", agreement_words(evidence)),
    )
