"""Rules between rows and tables that the dictionary cannot express.

Each function checks one rule and yields the problems.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from analysis.evidence.judgement_rules import RULES_OF_JUDGEMENTS
from analysis.evidence.percent_counts import counts_reproduce_their_percentage
from analysis.evidence.records import Record, Tables
from analysis.evidence.row_rules import RULES_WITHIN_ROWS
from analysis.tabular.data_package import DICTIONARY
from analysis.tabular.problems import Problem, nearest

# Column with the number of patients of a result row.
_PATIENTS = {"pain_scores": "n", "responders": "n", "durations": "patients_treated", "adverse_events": "n"}
_RESULTS = (*_PATIENTS, "reported_tests", "pharmacology", "patient_level")
_BENEFIT_FAMILY = {
    "pain_free": "complete",
    "complete_remission": "complete",
    "any_relief": "any",
    "responder": "responder",
}
_CLASS_FAMILY = {"complete_relief": "complete", "any_relief": "any"}


def problems(tables: Tables) -> Iterator[Problem]:
    """Yield the problems of all rules that need only the tables themselves."""
    for rule in (*RULES_WITHIN_ROWS, counts_reproduce_their_percentage, *RULES_ACROSS_ROWS, *RULES_OF_JUDGEMENTS):
        try:
            yield from rule(tables)
        except TypeError:
            # The dictionary was changed, so that text is compared with a number.
            name = rule.__name__.replace("_", " ")
            advice = "put the types of the columns back, or change the rule in analysis/evidence"
            yield Problem(DICTIONARY, None, "", "", f"columns have the type that the rule “{name}” needs", advice)


def arm_belongs_to_study(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each row whose arm belongs to another study."""
    arms = _by(tables, "arms", "arm_id")
    for table in _PATIENTS:
        for row in tables[table]:
            arm = arms.get(row["arm_id"])
            if arm and arm["study_id"] and row["study_id"] and arm["study_id"] != row["study_id"]:
                rule = f"the arm belongs to the study of the row, {row['study_id']}; it belongs to {arm['study_id']}"
                advice = f"write {arm['study_id']} into study_id, or an arm of {row['study_id']} into arm_id"
                yield tables.problem(table, row, "arm_id", rule, advice)


def source_reports_study(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each row of another study than the one that its source reports."""
    sources, arms = _by(tables, "sources", "source_id"), _by(tables, "arms", "arm_id")
    known = {**_by(tables, "studies", "study_id"), **_by(tables, "reviews", "review_id")}
    for table in ("arms", *_RESULTS, "reviews"):
        owner = "review_id" if table == "reviews" else "study_id"
        for row in tables[table]:
            source, arm = sources.get(row["source_id"]), arms.get(row.get("arm_id"))
            # An unknown study, or one that is not the study of the arm, has its own message.
            if row[owner] not in known or (arm and arm["study_id"] != row[owner]):
                continue
            if source and source["study_id"] and source["study_id"] != row[owner]:
                rule = f"the source reports {row[owner]} or several studies; this one reports {source['study_id']}"
                advice = "correct source_id; if the source reports several studies, clear its study_id in sources.csv"
                yield tables.problem(table, row, "source_id", rule, advice)


def arms_within_study(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for an arm, or separate arms together, with more patients than the study.

    In a crossover trial each patient is in both arms, so arms are not added.
    """
    studies = _by(tables, "studies", "study_id")
    together: dict[str, list[Record]] = defaultdict(list)
    for row in tables["arms"]:
        study = studies.get(row["study_id"])
        if not study or study["n_enrolled"] is None or row["n"] is None:
            continue
        if row["n"] > study["n_enrolled"]:
            rule = (
                f"an arm has at most as many patients as its study, {study['n_enrolled']} (n_enrolled in studies.csv)"
            )
            yield tables.problem("arms", row, "n", rule)
        elif not tables.text("arms", row, "contained_in") and study["design"] != "crossover_rct":
            together[row["study_id"]].append(row)
    for name, rows in together.items():
        total, enrolled = sum(row["n"] for row in rows), studies[name]["n_enrolled"]
        if total > enrolled:
            rule = (
                f"the separate arms of {name} have together at most {enrolled} patients (n_enrolled in studies.csv); "
                f"they have {total}"
            )
            advice = (
                "if an arm is part of another or is treated again, say so in contained_in and contained_as; "
                "else correct n or n_enrolled"
            )
            yield tables.problem("arms", rows[-1], "n", rule, advice)


def contained_in_an_arm_of_the_study(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for an arm that is contained in an arm of another study, in a smaller arm, or in itself."""
    arms = _by(tables, "arms", "arm_id")
    for row in tables["arms"]:
        container = arms.get(row["contained_in"])
        if container is None:
            continue
        if container["study_id"] != row["study_id"]:
            rule = (
                f"an arm is contained in an arm of its own study, {row['study_id']}; "
                f"this one belongs to {container['study_id']}"
            )
            advice = (
                "name an arm of the same study; studies that share patients are named in overlap_group of studies.csv"
            )
            yield tables.problem("arms", row, "contained_in", rule, advice)
        elif row["arm_id"] in _chain(row["contained_in"], arms):
            rule = "an arm is not contained in itself, directly or through others"
            advice = "name the greater arm, or clear the cell"
            yield tables.problem("arms", row, "contained_in", rule, advice)
        elif row["n"] is not None and container["n"] is not None and row["n"] > container["n"]:
            name, n = container["arm_id"], container["n"]
            rule = f"a contained arm has at most as many patients as the arm that contains it ({name}), {n}"
            yield tables.problem("arms", row, "n", rule)


def groups_within_their_arm(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each result with more patients than its arm."""
    arms = _by(tables, "arms", "arm_id")
    for table, column in _PATIENTS.items():
        for row in tables[table]:
            arm = arms.get(row["arm_id"])
            if not arm or row[column] is None or arm["n"] is None or row.get("unit", "patients") != "patients":
                continue
            if row[column] > arm["n"]:
                rule = f"{column} is at most the number of patients of the arm {arm['arm_id']}, {arm['n']}"
                yield tables.problem(table, row, column, rule)


def subgroup_responders_within_arm(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each subgroup with more responders than its arm at the same time by the same definition."""
    arms = _by(tables, "arms", "arm_id")
    by_place = {(row["arm_id"], row["timepoint"], row["definition"], row["unit"]): row for row in tables["responders"]}
    for row in tables["responders"]:
        arm = arms.get(row["arm_id"])
        if not arm or arm["contained_as"] not in ("subgroup", "chosen_by_outcome"):
            continue
        container = by_place.get((arm["contained_in"], row["timepoint"], row["definition"], row["unit"]))
        for column in ("responders", "n"):
            if container and None not in (row[column], container[column]) and row[column] > container[column]:
                rule = (
                    f"a subgroup has at most as many as its arm, {container[column]} "
                    f"({arm['contained_in']}, row {container['row']})"
                )
                yield tables.problem("responders", row, column, rule)


def milestones_do_not_rise(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each milestone with more patients than an earlier one of the same arm and benefit."""
    groups: dict[tuple, list[Record]] = defaultdict(list)
    for row in tables["durations"]:
        if row["statement"] == "milestone" and None not in (row["patients"], row["weeks_low"]):
            groups[row["arm_id"], row["benefit"], row["patients_treated"]].append(row)
    for rows in groups.values():
        rows.sort(key=lambda row: (row["weeks_low"], -row["patients"]))
        for earlier, later in pairwise(rows):
            if later["patients"] > earlier["patients"]:
                rule = (
                    f"no more patients still have the benefit at {later['weeks_low']:g} weeks "
                    f"than at {earlier['weeks_low']:g} weeks: {earlier['patients']} (row {earlier['row']})"
                )
                advice = "compare with the source; if the two rows are about different benefits, say so in benefit"
                yield tables.problem("durations", later, "patients", rule, advice)


def responders_agree_with_milestones(tables: Tables) -> Iterator[Problem]:
    """Yield a problem where responders.csv and durations.csv differ for the same arm, time and kind of benefit."""
    rates: dict[tuple, list[Record]] = defaultdict(list)
    for row in tables["responders"]:
        if row["weeks_from_end"] is not None and row["definition_class"] and row["unit"] == "patients":
            rates[row["arm_id"], row["weeks_from_end"], _CLASS_FAMILY.get(row["definition_class"], "responder")].append(
                row
            )
    milestones: dict[tuple, list[Record]] = defaultdict(list)
    for row in tables["durations"]:
        if row["statement"] == "milestone" and None not in (row["patients"], row["weeks_low"], row["benefit"]):
            milestones[row["arm_id"], row["weeks_low"], _BENEFIT_FAMILY[row["benefit"]]].append(row)
    for key, rows in milestones.items():
        # Several definitions or milestones at one time may differ, so only unique pairs are compared.
        if len(rows) != 1 or len(rates[key]) != 1:
            continue
        milestone, rate = rows[0], rates[key][0]
        for ours, theirs in (("patients", "responders"), ("patients_treated", "n"), ("count_basis", "count_basis")):
            if None not in (milestone[ours], rate[theirs]) and milestone[ours] != rate[theirs]:
                rule = (
                    f"it agrees with {theirs} of the same arm, time and benefit in responders.csv, "
                    f"row {rate['row']}: {rate[theirs]}"
                )
                advice = "compare both rows with the source and correct the wrong one"
                yield tables.problem("durations", milestone, ours, rule, advice)


def weeks_from_the_end(tables: Tables) -> Iterator[Problem]:
    """Yield a problem where weeks from the start of treatment and from the end of infusion do not fit the infusion."""
    arms = _by(tables, "arms", "arm_id") if tables.words("arms", "infusion_days") is not None else {}
    for table, column in (("pain_scores", "weeks_from_end"), ("durations", "weeks_low")):
        for row in tables[table]:
            start, arm = row["weeks_from_start"], arms.get(row["arm_id"])
            if start is None or not arm:
                continue
            if not tables.text("arms", arm, "infusion_days"):
                rule = f"weeks from the start need infusion_days of the arm {arm['arm_id']}"
                yield tables.problem(table, row, "weeks_from_start", rule, "fill it in in arms.csv, or clear the cell")
            elif None not in (row[column], arm["infusion_days"]):
                days, expected = arm["infusion_days"], start - arm["infusion_days"] / 7
                if abs(expected - row[column]) <= 0.051:  # printed with one decimal
                    continue
                rule = f"{column} is weeks_from_start less the {days:g} days of the infusion, {max(expected, 0):.1f}"
                yield tables.problem(table, row, column, rule, "correct one of the two")


def one_study_counts_per_overlap(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each overlap group with more than one pooled study."""
    first: dict[str, Record] = {}
    for row in tables["studies"]:
        group = row["overlap_group"]
        if group is None or row["pool_in_overlap"] != "yes":
            continue
        if group in first:
            other = first[group]
            rule = f"one study of an overlap group counts; for {group} it is {other['study_id']} (row {other['row']})"
            advice = "write no for the study that reports less"
            yield tables.problem("studies", row, "pool_in_overlap", rule, advice)
        first.setdefault(group, row)


def unused_value_has_a_place(tables: Tables, columns: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """Yield a problem for each conflict whose unused value refers to a column or to rows that do not exist.

    columns: the columns of each table in the dictionary; a column missing from the file has its own message.
    """
    for row in tables["conflicts"]:
        table, key, column = str(row["changes_table"]), row["changes_key"], row["changes_column"]
        if not (row["changes_table"] and key and column) or not tables[table]:
            continue
        if column not in columns[table]:
            close = nearest(str(column), columns[table])
            advice = f"write “{close}” if that is meant" if close else f"name a column of {table}.csv"
            yield tables.problem("conflicts", row, "changes_column", f"the column is in {table}.csv", advice)
        ids = [name for name in ("arm_id", "study_id") if name in columns[table]]
        complete = all(any(other[name] is not None for other in tables[table]) for name in ids)
        if complete and not any(key == other[name] for other in tables[table] for name in ids):
            rule = f"the key is the arm_id or study_id of a row of {table}.csv"
            yield tables.problem("conflicts", row, "changes_key", rule, f"name an arm or study that is in {table}.csv")


def study_or_review(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each study_id of sources and conflicts that is neither a study nor a review."""
    studies, reviews = tables.words("studies", "study_id"), tables.words("reviews", "review_id")
    known = (studies or set()) | (reviews or set())
    for table in ("sources", "conflicts") if studies is not None and reviews is not None else ():
        for row in tables[table]:
            name = row["study_id"]
            if name is not None and name not in known:
                close = nearest(name, known)
                rule = "study_id is a study of studies.csv or a review of reviews.csv"
                advice = "add it there first" + (f", or write “{close}” if that is meant" if close else "")
                yield tables.problem(table, row, "study_id", rule, advice)


RULES_ACROSS_ROWS: tuple[Callable[[Tables], Iterator[Problem]], ...] = (
    arm_belongs_to_study,
    source_reports_study,
    arms_within_study,
    contained_in_an_arm_of_the_study,
    groups_within_their_arm,
    subgroup_responders_within_arm,
    milestones_do_not_rise,
    responders_agree_with_milestones,
    one_study_counts_per_overlap,
    weeks_from_the_end,
    study_or_review,
)


def _by(tables: Tables, table: str, column: str) -> dict[str, Record]:
    return {row[column]: row for row in tables[table] if row[column] is not None}


def _chain(start: str | None, arms: Mapping[str, Record]) -> set[str]:
    """Return the arm `start` and all arms that contain it."""
    seen: set[str] = set()
    while start is not None and start in arms and start not in seen:
        seen.add(start)
        start = arms[start]["contained_in"]
    return seen
