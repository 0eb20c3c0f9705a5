"""Rules of the judgements and of the log: risk of bias, certainty, key outcomes, planned outcomes, screening."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analysis.evidence.records import Record, Tables
from analysis.evidence.rowwise import grouped
from analysis.tabular.problems import Problem, listed

SETTLED, OVERALL, NO_INFORMATION = "settled", "overall", "no_information"
READERS = ("1", "2")
RANDOMISED = ("rct", "crossover_rct")
_CASES = ("case_report", "case_series")
_ROBINS_I_DOMAINS = """confounding selection classification_of_interventions deviations missing_data measurement
    selective_reporting""".split()
# Domains of each tool, and its judgements from the best to the worst.
DOMAINS = {
    "rob2": ("randomisation", "deviations", "missing_data", "measurement", "selective_reporting", OVERALL),
    "robins_i": (*_ROBINS_I_DOMAINS, OVERALL),
    "case_report": (OVERALL,),
    "grade": ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias", "upgrade", OVERALL),
}
_ROBINS_I = ("low", "moderate", "serious", "critical")
_CONCERNS = ("no_concern", "undetected", "serious", "very_serious")
JUDGEMENTS = {
    "rob2": ("low", "some_concerns", "high"),
    "robins_i": _ROBINS_I,
    "case_report": _ROBINS_I,
    "grade": _CONCERNS,
    "grade overall": ("high", "moderate", "low", "very_low"),
}
_NOT_JUDGED = "not_judged"


def settled(readings: list[str], scale: tuple[str, ...]) -> str:
    """Return the settled judgement of one or two readings: the more cautious of those with a value, else no value."""
    valued = [reading for reading in readings if reading in scale]
    return max(valued, key=scale.index) if valued else readings[0]


def judgements_fit_their_tool(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a tool that does not fit the design, and for a domain or judgement that its tool lacks."""
    designs = {row["study_id"]: row["design"] for row in tables["studies"]}
    for table, row in _judgements(tables):
        tool = row.get("tool") or "grade"
        design = designs.get(row["study_id"]) if table == "risk_of_bias" else None
        if design and (tool == "rob2") != (design in RANDOMISED):
            rule = f"randomised trials are judged with rob2, all others are not; the design is {design}"
            yield tables.problem(table, row, "tool", rule, "correct the tool, or the design in studies.csv")
        elif design and tool == "case_report" and design not in _CASES:
            rule = f"case_report is for case reports and case series; the design is {design}"
            yield tables.problem(table, row, "tool", rule, "write robins_i")
        if row["domain"] and row["domain"] not in DOMAINS[tool]:
            rule = f"domains of {tool} are {listed(DOMAINS[tool])}"
            yield tables.problem(table, row, "domain", rule, "write one of these domains")
        elif row["judgement"] and row["judgement"] not in _allowed(tool, row["domain"]):
            rule = f"judgements of {tool} here are {listed(_allowed(tool, row['domain']))}"
            yield tables.problem(table, row, "judgement", rule, "write one of these judgements")


def readings_have_reasons(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a reading without a reason or source, and for a settled judgement with one."""
    for table, row in _judgements(tables):
        for column in ("reason", "source_id") if table == "risk_of_bias" else ("reason",):
            filled = bool(tables.text(table, row, column))
            if row["reader"] in READERS and not filled:
                yield tables.problem(table, row, column, f"the judgement of a reader has a {column}", "fill it in")
            elif row["reader"] == SETTLED and filled:
                rule = f"a settled judgement has no {column} of its own; those of the readings remain"
                yield tables.problem(table, row, column, rule, "clear the cell, or correct reader")


def settled_judgement_follows(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a settled judgement that does not follow from its readings, or that is missing."""
    for table in ("risk_of_bias", "certainty"):
        of_domain = grouped((_key(table, row), row) for row in tables[table])
        for (_, domain), rows in of_domain.items():
            by_reader = {row["reader"]: row for row in rows}
            readings = [by_reader[reader]["judgement"] for reader in READERS if reader in by_reader]
            tool = rows[0].get("tool") or "grade"
            if SETTLED not in by_reader:
                rule = "readings have a settled judgement"
                yield tables.problem(table, rows[0], "reader", rule, "add a row with the reader settled")
            elif not readings:
                rule = "a settled judgement has at least one reading"
                yield tables.problem(table, by_reader[SETTLED], "reader", rule, "add the rows of the readings")
            elif None not in readings:
                follows = settled(readings, _scale(tool, domain))
                if by_reader[SETTLED]["judgement"] not in (follows, None):
                    rule = (
                        "the settled judgement is that of both readings, else of the one with information, "
                        f"else the more cautious: {follows}"
                    )
                    yield tables.problem(table, by_reader[SETTLED], "judgement", rule, f"write {follows}")


def domains_are_complete(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a study or key outcome that is judged in some domains of its tool only."""
    for table in ("risk_of_bias", "certainty"):
        for rows in grouped((_key(table, row)[0], row) for row in tables[table]).values():
            tool = rows[0].get("tool") or "grade"
            missing = [domain for domain in DOMAINS[tool] if domain not in {row["domain"] for row in rows}]
            if missing:
                rule = f"every domain of {tool} is judged; missing: {listed(missing)}"
                yield tables.problem(table, rows[-1], "domain", rule, "add the rows of these domains")
    judged = tables.words("certainty", "outcome_id")
    for row in tables["outcomes"]:
        if row["outcome_id"] and judged is not None and row["outcome_id"] not in judged:
            rule = "every key outcome has a judgement of certainty"
            yield tables.problem("outcomes", row, "outcome_id", rule, "add its rows to certainty.csv")


def outcomes_name_known_studies(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a key outcome with an unknown study, times in the wrong order or half of a difference."""
    known = tables.words("studies", "study_id")
    for row in tables["outcomes"]:
        for study in str(row["studies"] or "").split(";") if known is not None else ():
            if study and study.strip() not in known:
                rule = f"studies are in studies.csv (column study_id); {study.strip()} is not"
                yield tables.problem("outcomes", row, "studies", rule, "correct the name, or add the study")
        low, high = row["weeks_low"], row["weeks_high"]
        if (low is None) != (high is None) or (low is not None and low > high):
            rule = "weeks_low and weeks_high are filled in together, and the earlier time comes first"
            yield tables.problem("outcomes", row, "weeks_high", rule, "fill in both, or clear both")
        if (row["important_difference"] is None) != (row["important_difference_source"] is None):
            rule = "an important difference has a source"
            yield tables.problem("outcomes", row, "important_difference_source", rule, "name its reference")


def planned_outcomes_of_trials(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for an outcome that is due or not against the design of its study."""
    designs = {row["study_id"]: row["design"] for row in tables["studies"]}
    for row in tables["planned_outcomes"]:
        design = designs.get(row["study_id"])
        if design and row["reported"] and (row["reported"] == "not_due") != (design == "rct_protocol"):
            rule = f"reported is not_due exactly for trials without results (rct_protocol); the design is {design}"
            yield tables.problem("planned_outcomes", row, "reported", rule, "correct it, or the design in studies.csv")


def every_record_is_screened(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a study or review without a decision, an unknown record, or a decision against the design."""
    owners = {row["study_id"]: ("studies", "study_id", row) for row in tables["studies"]}
    owners |= {row["review_id"]: ("reviews", "review_id", row) for row in tables["reviews"][::-1]}
    owners.pop(None, None)
    screened = tables.words("screening", "study_id")
    names = tables.words("studies", "study_id"), tables.words("reviews", "review_id")
    for name, (table, column, row) in owners.items():
        if screened is not None and name not in screened:
            rule = "every study and review has a decision in screening.csv"
            yield tables.problem(table, row, column, rule, f"add a row with {name} to screening.csv")
    for row in tables["screening"]:
        name = row["study_id"]
        if (name is None) == (row["record"] is None):
            rule = "a decision is about a study or review (study_id) or about another record (record), not both"
            yield tables.problem("screening", row, "study_id", rule, "fill in one of the two")
        elif name is not None and None not in names and name not in names[0] | names[1]:
            rule = "study_id is a study of studies.csv or a review of reviews.csv"
            yield tables.problem("screening", row, "study_id", rule, "add it there, or write it into record")
        elif name in owners and (row["decision"] == "ongoing") != (owners[name][2]["design"] == "rct_protocol"):
            rule = "a trial is ongoing exactly while its design is rct_protocol"
            yield tables.problem("screening", row, "decision", rule, "correct the decision, or the design")


def searches_name_a_query(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a search with neither a query nor a topic, or with both."""
    for row in tables["searches"]:
        if (row["query"] is None) == (row["topic"] is None):
            rule = "a search has its query, or the topic if the wording was not recorded"
            yield tables.problem("searches", row, "query", rule, "fill in one of the two")


def extractions_are_compared(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for an extracted cell that both readers left blank, or that is marked without two values."""
    for row in tables["extraction"]:
        filled = [row["reader_1"] is not None, row["reader_2"] is not None]
        if not any(filled):
            rule = "at least one reader filled in the cell"
            yield tables.problem("extraction", row, "reader_1", rule, "fill it in, or delete the row")
        elif row["same_meaning"] and not all(filled):
            rule = "same_meaning compares two values"
            yield tables.problem("extraction", row, "same_meaning", rule, "clear the cell")


def _judgements(tables: Tables) -> Iterator[tuple[str, Record]]:
    for table in ("risk_of_bias", "certainty"):
        for row in tables[table]:
            if table == "certainty" or row["tool"] in DOMAINS:
                yield table, row


def _key(table: str, row: Record) -> tuple:
    return row["study_id" if table == "risk_of_bias" else "outcome_id"], row["domain"]


def _scale(tool: str, domain: str | None) -> tuple[str, ...]:
    # GRADE rates the certainty itself, so there the lowest value is the most cautious.
    return JUDGEMENTS["grade overall" if tool == "grade" and domain == OVERALL else tool]


def _allowed(tool: str, domain: str | None) -> tuple[str, ...]:
    without = () if tool == "grade" and domain == OVERALL else (_NOT_JUDGED if tool == "grade" else NO_INFORMATION,)
    return (*_scale(tool, domain), *without)


RULES_OF_JUDGEMENTS: tuple[Callable[[Tables], Iterator[Problem]], ...] = (
    judgements_fit_their_tool,
    readings_have_reasons,
    settled_judgement_follows,
    domains_are_complete,
    outcomes_name_known_studies,
    planned_outcomes_of_trials,
    every_record_is_screened,
    searches_name_a_query,
    extractions_are_compared,
)
