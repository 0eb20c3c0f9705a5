"""Tables of the judgements and of the log: risk of bias, certainty, screening, searches, agreement of the readers."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.judgement_rules import DOMAINS, OVERALL
from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import values
from analysis.exhibit import Column, Table, studies_of
from analysis.judgement_wording import BIAS_WORDS, CERTAINTY_WORDS, DOMAIN_WORDS, PROVISIONAL, bias_mark, bias_notes
from analysis.tables.shared_columns import row_column, words_column
from analysis.wording import counted, upper_first

_TOOLS = {"rob2": "RoB 2", "robins_i": "ROBINS-I", "case_report": "reports of cases"}
_ROWS = Column("rows", "Row")
_AGAINST = {"placebo": "; against placebo", "none": ""}


def risk_of_bias_table(judged: pd.DataFrame, tool: str) -> Table:
    """Return the risk of bias by domain, as shape and letter, from `outcomes.two_readings.risk_of_bias`."""
    domains = DOMAINS[tool]
    present = {judgement for domain in domains for judgement in judged[domain].dropna()}
    return Table(
        name=f"risk-of-bias-{tool.replace('_', '-')}",
        data=judged,
        caption=f"Risk of bias by {_TOOLS[tool]}, {PROVISIONAL}.",
        columns=(
            Column("citation", "Study"),
            *(Column(domain, upper_first(_domain(domain)), format=bias_mark) for domain in (OVERALL, *domains[:-1])),
            _ROWS,
        ),
        studies=studies_of(judged),
        notes=f"{bias_notes(present)}." if present else "",
    )


def readings_table(compared: pd.DataFrame, words: dict[str, str], name: str = "readings") -> Table:
    """Return both readings of each domain with their reasons, and the settled judgement.

    Parameters
    ----------
    compared
        One row per study or outcome and domain, from `outcomes.two_readings.readings`.
    words
        The words of each study or outcome; without an entry the column is left out.
    name
        Slug of the table.
    """
    key = compared.columns[0]
    of = (Column("of", "Judged", value=lambda row: words.get(getattr(row, key), "")),) if words else ()
    return Table(
        name=name,
        data=compared,
        caption=f"Two independent readings and the settled judgement, {PROVISIONAL}.",
        columns=(
            *of,
            Column("domain_words", "Domain", value=lambda row: upper_first(_domain(row.domain))),
            Column("settled_words", "Settled", value=lambda row: _judgement(row.settled)),
            words_column("first", "First reading", _reading, "judgement_1 reason_1"),
            words_column("second", "Second reading", _reading, "judgement_2 reason_2"),
            _ROWS,
        ),
        notes="Settled: what both say, else the one with information, else the more cautious.",
    )


def certainty_table(certainty: pd.DataFrame, computed: pd.DataFrame) -> Table:
    """Return `computed_certainty.certainty` of each key outcome, and where `.computed_certainty` differs."""
    differs = set(values(computed[computed["differs"]], "outcome_id", "domain"))
    domains = [domain for domain in DOMAINS["grade"] if domain not in (OVERALL, "upgrade")]
    return Table(
        name="certainty",
        data=certainty,
        caption=f"Certainty of the evidence for each key outcome (GRADE), {PROVISIONAL}.",
        columns=(
            Column("of", "Outcome", value=lambda row: f"{row.outcome}; {row.time}{_AGAINST[row.comparison]}"),
            Column(
                "patients_words", "Patients (studies)", "right", value=lambda row: f"{row.patients} ({row.studies})"
            ),
            Column("overall_words", "Certainty", value=lambda row: CERTAINTY_WORDS[row.overall]),
            *(
                Column(
                    f"{domain}_words",
                    upper_first(_domain(domain)),
                    value=lambda row, name=domain: (
                        _judgement(getattr(row, name)) + "*" * ((row.outcome_id, name) in differs)
                    ),
                )
                for domain in domains
            ),
            _ROWS,
        ),
        notes="No outcome was rated up. *The report on judgements computes another judgement from the data.",
    )


def computed_certainty_table(computed: pd.DataFrame) -> Table:
    """Return imprecision and inconsistency as judged and as computed, from `computed_certainty.computed_certainty`."""
    return Table(
        name="computed-certainty",
        data=computed,
        caption="Imprecision and inconsistency as judged and as computed from the selected results.",
        columns=(
            Column("outcome", "Outcome"),
            Column("time", "Time"),
            Column("domain", "Domain", format=lambda name: upper_first(_domain(name))),
            Column("judged", "Judged", format=_judgement),
            Column("computed", "Computed", format=_judgement),
            Column("differs", "Differ", format=lambda value: "yes" if value else "–"),
            Column("why", "Numbers"),
            _ROWS,
        ),
        notes="Two points are a change within patients (2,724 patients of ten pregabalin trials, none on CRPS), not a "
        "difference between groups [@farrar2001]: a strict line for a difference between groups.",
    )


def key_outcomes_table(evidence: Evidence) -> Table:
    """Return the key outcomes with their fixed times, units, better direction and important difference."""
    return Table(
        name="key-outcomes",
        data=evidence.outcomes,
        caption="The key outcomes, fixed for every version of this report.",
        columns=(
            Column("outcome", "Outcome"),
            Column("time", "Time"),
            Column("comparison", "Against"),
            Column("unit", "Unit"),
            Column("better", "Better if"),
            Column("important_difference", "Important difference", "decimal", "{:g}".format),
            Column("note", "Note"),
            row_column("outcomes"),
        ),
    )


def study_flow_table(flow: pd.DataFrame) -> Table:
    """Return the flow from the records screened to the studies with results, from `outcomes.search_log.study_flow`."""
    _, studies, _, usable, placebo = flow["records"]
    return Table(
        name="study-flow",
        data=flow,
        caption=f"{counted(studies, 'study', 'studies')} in the tables: {usable} with a usable result, {placebo} of "
        "these with a placebo group (flow after PRISMA 2020).",
        columns=(
            Column("step", "Step", format=upper_first),
            Column("records", "Number", "right"),
            Column("detail", "What they are, and what is left out"),
        ),
        notes="How many records earlier searches found is not recorded.",
    )


def screening_table(evidence: Evidence) -> Table:
    """Return the decision on every record with its reason."""
    citations = dict(zip(evidence.studies["study_id"], evidence.studies["citation"], strict=True))
    citations |= dict(zip(evidence.reviews["review_id"], evidence.reviews["citation"], strict=True))
    return Table(
        name="screening",
        data=evidence.screening,
        caption="Every record that was screened, the decision and its reason.",
        columns=(
            Column(
                "what",
                "Record",
                value=lambda row: row.record if isinstance(row.record, str) else citations[row.study_id],
            ),
            Column("decision_words", "Decision", value=lambda row: row.decision.replace("_", " ")),
            Column("reason", "Reason"),
            Column("date", "Date"),
            row_column("screening"),
        ),
        notes="Screened by one reader, from the tables, notes and the recorded searches.",
    )


def searches_table(evidence: Evidence) -> Table:
    """Return every recorded search with what it found."""
    sources = dict.fromkeys(evidence.searches["source"])
    return Table(
        name="searches",
        data=evidence.searches,
        caption=f"What was searched, as far as it is recorded: {'; '.join(sources)}.",
        columns=(
            Column("date", "Date"),
            Column(
                "what",
                "Query",
                value=lambda row: row.query if isinstance(row.query, str) else f"wording not recorded: {row.topic}",
            ),
            Column("hits_looked_at", "Hits looked at", "right"),
            Column("added", "Added"),
            Column("note", "Found and not found"),
            row_column("searches"),
        ),
    )


def planned_outcomes_table(evidence: Evidence) -> Table:
    """Return the registered outcomes of the trials and whether they are reported."""
    studies = evidence.studies.set_index("study_id")[["citation", "registry_id"]]
    planned = evidence.planned_outcomes
    planned = planned[planned["study_id"].isin(studies.index)].join(studies, on="study_id").reset_index(drop=True)
    words = {"yes": "yes", "no": "no", "not_due": "not due yet"}
    return Table(
        name="planned-outcomes",
        data=planned,
        caption="Outcomes that trials registered, and whether a text that was read reports them.",
        columns=(
            Column("citation", "Trial"),
            Column("registry_id", "Registry number"),
            Column("role", "Role"),
            Column("planned_outcome", "Planned outcome"),
            Column("reported_words", "Reported", value=lambda row: words[row.reported]),
            Column("note", "Note"),
            row_column("planned_outcomes"),
        ),
        studies=studies_of(planned),
    )


def agreement_table(agreement: pd.DataFrame) -> Table:
    """Return how far the two independent extractions agree, by table, from `outcomes.two_readings.agreement`."""
    return Table(
        name="agreement",
        data=agreement,
        caption="Agreement of the two independent extractions before they were settled.",
        columns=(
            Column("table", "Table", format=lambda name: name.replace("_", " ")),
            Column("pairs", "Pairs of rows", "right"),
            Column("cells", "Filled cells", "right"),
            Column("same", "Same", "right"),
            Column("different", "Different", "right"),
            Column("one_only", "Filled by one only", "right"),
        ),
        notes="Both read much the same abstracts: agreement shows reading reliability, not that the papers are right.",
    )


def disagreements_table(disagreements: pd.DataFrame) -> Table:
    """Return the cells in which the two extractions differ, from `outcomes.two_readings.disagreements`."""
    return Table(
        name="disagreements",
        data=disagreements,
        caption="The cells in which the two extractions differ.",
        columns=(
            Column("citation", "Study"),
            Column("in_table", "Table"),
            Column("in_column", "Column"),
            Column("reader_1", "First reader"),
            Column("reader_2", "Second reader"),
            row_column("extraction"),
        ),
        studies=studies_of(disagreements),
    )


def _domain(domain: str) -> str:
    return DOMAIN_WORDS.get(domain, domain.replace("_", " "))


def _judgement(judgement: str) -> str:
    return BIAS_WORDS[judgement] if judgement == "no_information" else judgement.replace("_", " ")


def _reading(judgement: str, reason: str) -> str:
    return f"{_judgement(judgement)}: {reason}" if judgement else "not judged"
