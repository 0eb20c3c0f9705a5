"""Rules within one row that the dictionary can't state. One function a rule; each gives the problems it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from analysis.evidence.cells import Record
from analysis.statistics.rounding import counts_near, ways_to_print
from analysis.tabular.problems import Problem

COUNTS = {
    "responders": ("responders", "n"),
    "adverse_events": ("events", "n"),
    "durations": ("patients", "patients_treated"),
}
INTERVALS = {"reported_tests": "estimate", "reviews": "estimate", "pharmacology": "value"}
UNREADABLE = "unreadable"
SINGLE_SPREADS = ("sd", "se", "iqr_width", "unlabelled")
# Columns of a table that are filled in together or not at all.
TOGETHER = {
    "studies": (("disease_duration_years", "disease_duration_stat"), ("overlap_group", "pool_in_overlap")),
    "arms": (("dose_value", "dose_unit"), ("dose_value", "dose_kind"), ("contained_in", "contained_as")),
    "durations": (("patients", "count_basis"),),
    "reported_tests": (("p_operator", "p_value"), ("ci_low", "ci_high")),
    "reviews": (("p_operator", "p_value"), ("ci_low", "ci_high")),
    "pharmacology": (("ci_low", "ci_high"),),
    "conflicts": (
        ("changes_table", "changes_key"),
        ("changes_table", "changes_column"),
        ("changes_table", "changes_to"),
    ),
}


@dataclass(frozen=True)
class Tables:
    """What the rules look at.

    records: values by table (None = missing or wrong); files: name of each table's file; texts: cells as they stand in
    the file, by table and row.
    """

    records: Mapping[str, list[Record]]
    files: Mapping[str, str]
    texts: Mapping[str, Mapping[int, Mapping[str, str]]] = field(default_factory=dict)

    def __getitem__(self, table: str) -> list[Record]:
        return self.records.get(table, [])

    def text(self, table: str, record: Record, column: str) -> str:
        """A cell as it is printed in the file: 61.0 keeps its zero."""
        return self.texts.get(table, {}).get(record["row"], {}).get(column, "")

    def problem(self, table: str, record: Record, column: str, rule: str, advice: str | None = None) -> Problem:
        if advice is None:
            source, place = record.get("source_id"), record.get("locator")
            advice = (
                f"compare with the source: {source}" + (f" ({place})" if place else "")
                if source
                else "compare with the source"
            )
        return Problem(self.files[table], record["row"], column, self.text(table, record, column), rule, advice)


def counts_within_their_denominator(tables: Tables) -> Iterator[Problem]:
    """Responders, events and patients with a benefit are at most the patients they are counted among."""
    for table, (count, total) in COUNTS.items():
        for row in tables[table]:
            if _greater(row[count], row[total]):
                yield tables.problem(table, row, count, f"{count} is at most {total}, here {row[total]}")


def scores_on_their_scale(tables: Tables) -> Iterator[Problem]:
    """Scores lie between 0 and scale_max, changes between -scale_max and scale_max; spreads within the scale."""
    for row in tables["pain_scores"]:
        top = row["scale_max"]
        if top is None:
            continue
        bottom = -top if row["statistic"] == "mean_change" else 0
        for column in ("value", "spread_low", "spread_high"):
            least = 0 if column == "spread_low" and row["spread_kind"] in SINGLE_SPREADS else bottom
            if row[column] is not None and not least <= row[column] <= top:
                what = "a change of pain" if bottom else "a pain score"
                yield tables.problem("pain_scores", row, column, f"{what} lies between {least:g} and {top} (scale_max)")


def statistic_and_value(tables: Tables) -> Iterator[Problem]:
    """range_of_means has no value; every other statistic has one."""
    for row in tables["pain_scores"]:
        if row["statistic"] is None:
            continue
        printed = bool(tables.text("pain_scores", row, "value"))
        if row["statistic"] == "range_of_means" and printed:
            yield tables.problem(
                "pain_scores",
                row,
                "value",
                "range_of_means has an empty value; its ends are spread_low and spread_high",
                "clear the cell, or give the statistic that the source prints",
            )
        if row["statistic"] != "range_of_means" and not printed:
            yield tables.problem(
                "pain_scores",
                row,
                "value",
                f"a {row['statistic']} has a value",
                "fill it in, or delete the row if the source prints none",
            )


def spread_fits_its_kind(tables: Tables) -> Iterator[Problem]:
    """A spread has a kind; single spreads stand in spread_low alone; the others have both ends, around the value."""
    for row in tables["pain_scores"]:
        kind, value = row["spread_kind"], row["value"]
        low, high = row["spread_low"], row["spread_high"]
        has_low, has_high = (bool(tables.text("pain_scores", row, column)) for column in ("spread_low", "spread_high"))
        if not tables.text("pain_scores", row, "spread_kind"):
            if has_low or has_high:
                yield tables.problem(
                    "pain_scores",
                    row,
                    "spread_kind",
                    "a spread has a kind",
                    "write the kind that the source names; unlabelled if it only prints a plus-minus sign",
                )
            continue
        if kind is None:
            continue
        if not has_low:
            yield tables.problem(
                "pain_scores",
                row,
                "spread_low",
                f"a spread of the kind {kind} has a value",
                "fill it in, or clear spread_kind",
            )
        if kind in SINGLE_SPREADS and has_high:
            yield tables.problem(
                "pain_scores",
                row,
                "spread_high",
                f"a spread of the kind {kind} is one number, in spread_low",
                "clear the cell, or correct spread_kind",
            )
        if kind not in SINGLE_SPREADS:
            if not has_high:
                yield tables.problem(
                    "pain_scores",
                    row,
                    "spread_high",
                    f"a spread of the kind {kind} has two ends",
                    "fill in the upper end",
                )
            if _greater(low, high):
                yield tables.problem(
                    "pain_scores", row, "spread_low", f"spread_low is at most spread_high, here {high:g}"
                )
            elif _greater(low, value) or _greater(value, high):
                yield tables.problem(
                    "pain_scores", row, "value", f"the value lies within its {kind}, {low:g} to {high:g}"
                )


def phase_and_weeks(tables: Tables) -> Iterator[Problem]:
    """Weeks count from the end of infusion: empty before and under it, 0 at its end, more than 0 at follow-up."""
    for row in tables["pain_scores"]:
        phase, weeks = row["phase"], row["weeks_from_end"]
        printed = bool(tables.text("pain_scores", row, "weeks_from_end"))
        if phase in ("baseline", "during") and printed:
            yield tables.problem(
                "pain_scores",
                row,
                "weeks_from_end",
                f"weeks_from_end is empty in the phase {phase}",
                "clear the cell, or correct the phase",
            )
        if phase == "end_of_infusion" and (not printed or (weeks or 0) > 0):
            yield tables.problem(
                "pain_scores",
                row,
                "weeks_from_end",
                "weeks_from_end is 0 at the end of infusion",
                "write 0, or correct the phase",
            )
        if phase == "follow_up" and printed and weeks == 0:
            yield tables.problem(
                "pain_scores",
                row,
                "weeks_from_end",
                "weeks_from_end is more than 0 at follow-up",
                "write the weeks, or correct the phase to end_of_infusion",
            )


def weeks_in_order(tables: Tables) -> Iterator[Problem]:
    """weeks_low is at most weeks_high; both are the same for an exact duration, and 0 where there was no benefit."""
    for row in tables["durations"]:
        low, high, statement = row["weeks_low"], row["weeks_high"], row["statement"]
        if _greater(low, high):
            yield tables.problem(
                "durations",
                row,
                "weeks_low",
                f"weeks_low is at most weeks_high, here {high:g}",
                "exchange the two if they were swapped",
            )
        elif statement == "exact" and low != high:
            yield tables.problem(
                "durations",
                row,
                "weeks_high",
                "an exact duration has the same number in weeks_low and weeks_high",
                "write it in both, or choose range_of_patients",
            )
        elif statement == "none" and (low or high):
            yield tables.problem(
                "durations", row, "weeks_low", "no benefit at all means 0 weeks", "write 0 in weeks_low and weeks_high"
            )


def estimate_within_its_interval(tables: Tables) -> Iterator[Problem]:
    """ci_low <= estimate <= ci_high."""
    for table, estimate in INTERVALS.items():
        for row in tables[table]:
            low, high, value = row["ci_low"], row["ci_high"], row[estimate]
            if _greater(low, high):
                yield tables.problem(table, row, "ci_low", f"ci_low is at most ci_high, here {high:g}")
            elif low is not None and high is not None and value is not None and not low <= value <= high:
                yield tables.problem(
                    table, row, estimate, f"the {estimate} lies within its confidence interval, {low:g} to {high:g}"
                )


def crps_within_enrolled(tables: Tables) -> Iterator[Problem]:
    """Patients with CRPS are at most the patients enrolled."""
    for row in tables["studies"]:
        if _greater(row["n_crps"], row["n_enrolled"]):
            yield tables.problem("studies", row, "n_crps", f"n_crps is at most n_enrolled, here {row['n_enrolled']}")


def filled_in_together(tables: Tables) -> Iterator[Problem]:
    """Some columns only make sense with another: a dose with its unit, a P value with its sign."""
    for table, pairs in TOGETHER.items():
        for row in tables[table]:
            for pair in pairs:
                filled = [bool(tables.text(table, row, column)) for column in pair]
                if any(filled) and not all(filled):
                    full, empty = pair if filled[0] else pair[::-1]
                    yield tables.problem(
                        table,
                        row,
                        empty,
                        f"{pair[0]} and {pair[1]} are filled in together or not at all",
                        f"fill it in, or clear {full} ({tables.text(table, row, full)})",
                    )


def counts_reproduce_their_percentage(tables: Tables) -> Iterator[Problem]:
    """A count derived from a percentage gives that percentage again, or is marked as the nearest that does not."""
    for table, (count, total) in (("responders", COUNTS["responders"]), ("durations", COUNTS["durations"])):
        for row in tables[table]:
            basis, value, n = row["count_basis"], row[count], row[total]
            if basis not in ("derived_from_percent", "nearest_to_percent") or value is None or n is None:
                continue
            printed = _percentage(tables, table, row)
            if printed == UNREADABLE:
                continue
            if printed is None:
                where = "percent_reported" if table == "responders" else "reported"
                yield tables.problem(
                    table,
                    row,
                    where,
                    f"a count that is {basis} has one percentage, in {where}",
                    f"write the percentage as printed into {where}",
                )
                continue
            fitting, nearest = counts_behind(printed, n)
            if basis == "derived_from_percent" and value not in fitting:
                advice = (
                    f"write {_or(fitting)}"
                    if fitting
                    else f"write {nearest} and nearest_to_percent: no whole number of {n} gives {printed}%"
                )
                yield tables.problem(
                    table,
                    row,
                    count,
                    f"a count derived from a percentage gives it again: {value} of {n} is not {printed}%",
                    advice,
                )
            if basis == "nearest_to_percent" and fitting:
                yield tables.problem(
                    table,
                    row,
                    "count_basis",
                    f"nearest_to_percent means that no whole number gives {printed}% of {n}; {_or(fitting)} does",
                    f"write derived_from_percent and {_or(fitting)}",
                )
            elif basis == "nearest_to_percent" and abs(Fraction(100 * value, n) - Fraction(printed)) > abs(
                Fraction(100 * nearest, n) - Fraction(printed)
            ):
                yield tables.problem(
                    table,
                    row,
                    count,
                    f"the whole number of {n} nearest to {printed}% is held, which is {nearest}",
                    f"write {nearest}",
                )


def counts_behind(printed: str, total: int) -> tuple[list[int], int]:
    """The counts of `total` that a paper may print as this percentage, and the nearest count."""
    exact, decimals = Fraction(printed) * total / 100, _decimals(printed)
    nearest = min(min(total, floor(exact)), min(total, ceil(exact)), key=lambda count: abs(count - exact))
    around = counts_near(Fraction(printed), total, decimals)
    return [count for count in around if Fraction(printed) in percentages(count, total, decimals)], nearest


def percentages(count: int, total: int, decimals: int) -> set[Fraction]:
    """The percentages that a paper may print for `count` of `total`: rounded half up, half to even, or cut off."""
    return {Fraction(number, 10**decimals) for number in ways_to_print(count, total, decimals)}


def _percentage(tables: Tables, table: str, row: Record) -> str | None:
    """The printed percentage as text; in durations it stands in the words of the statement. None = there is none."""
    if table == "responders":
        text = tables.text(table, row, "percent_reported")
        return (text if row["percent_reported"] is not None else UNREADABLE) if text else None
    found = re.findall(r"(\d+(?:\.\d+)?)\s?%", row["reported"] or "")
    return found[0] if len(found) == 1 else None


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _greater(left: float | None, right: float | None) -> bool:
    return left is not None and right is not None and left > right


def _or(numbers: list[int]) -> str:
    # The counts that fit a percentage follow each other.
    return " or ".join(map(str, numbers)) if len(numbers) < 3 else f"{numbers[0]} to {numbers[-1]}"


RULES: tuple[Callable[[Tables], Iterator[Problem]], ...] = (
    counts_within_their_denominator,
    scores_on_their_scale,
    statistic_and_value,
    spread_fits_its_kind,
    phase_and_weeks,
    weeks_in_order,
    estimate_within_its_interval,
    crps_within_enrolled,
    filled_in_together,
    counts_reproduce_their_percentage,
)
