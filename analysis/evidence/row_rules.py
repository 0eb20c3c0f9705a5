"""Rules within one row that the dictionary cannot express. Each function checks one rule and yields the problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analysis.evidence.records import Tables
from analysis.tabular.problems import Problem

COUNTS = {
    "responders": ("responders", "n"),
    "adverse_events": ("events", "n"),
    "durations": ("patients", "patients_treated"),
}
_INTERVALS = {"reported_tests": "estimate", "reviews": "estimate", "pharmacology": "value"}
_SINGLE_SPREADS = ("sd", "se", "iqr_width", "unlabelled")
# Columns of a table that must be filled in together or not at all.
_TOGETHER = {
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


def counts_within_their_denominator(tables: Tables) -> Iterator[Problem]:
    """Yield a problem where responders, events or patients with a benefit exceed their denominator."""
    for table, (count, total) in COUNTS.items():
        for row in tables[table]:
            if _greater(row[count], row[total]):
                yield tables.problem(table, row, count, f"{count} is at most {total}, here {row[total]}")


def scores_on_their_scale(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for scores outside 0 to scale_max, and for changes and spreads that exceed the scale."""
    for row in tables["pain_scores"]:
        top = row["scale_max"]
        if top is None:
            continue
        bottom = -top if row["statistic"] == "mean_change" else 0
        for column in ("value", "spread_low", "spread_high"):
            least = 0 if column == "spread_low" and row["spread_kind"] in _SINGLE_SPREADS else bottom
            if row[column] is not None and not least <= row[column] <= top:
                what = "a change of pain" if bottom else "a pain score"
                yield tables.problem("pain_scores", row, column, f"{what} lies between {least:g} and {top} (scale_max)")


def statistic_and_value(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for range_of_means with a value, and for any other statistic without one."""
    for row in tables["pain_scores"]:
        if row["statistic"] is None:
            continue
        printed = bool(tables.text("pain_scores", row, "value"))
        if row["statistic"] == "range_of_means" and printed:
            rule = "range_of_means has an empty value; its ends are spread_low and spread_high"
            advice = "clear the cell, or give the statistic that the source prints"
            yield tables.problem("pain_scores", row, "value", rule, advice)
        if row["statistic"] != "range_of_means" and not printed:
            rule = f"a {row['statistic']} has a value"
            advice = "fill it in, or delete the row if the source prints none"
            yield tables.problem("pain_scores", row, "value", rule, advice)


def spread_fits_its_kind(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for a spread without a kind, or with ends that do not fit its kind or the value."""
    for row in tables["pain_scores"]:
        kind, value = row["spread_kind"], row["value"]
        low, high = row["spread_low"], row["spread_high"]
        has_low, has_high = (bool(tables.text("pain_scores", row, column)) for column in ("spread_low", "spread_high"))
        if not tables.text("pain_scores", row, "spread_kind"):
            if has_low or has_high:
                rule = "a spread has a kind"
                advice = "write the kind that the source names; unlabelled if it only prints a plus-minus sign"
                yield tables.problem("pain_scores", row, "spread_kind", rule, advice)
            continue
        if kind is None:
            continue
        if not has_low:
            rule = f"a spread of the kind {kind} has a value"
            advice = "fill it in, or clear spread_kind"
            yield tables.problem("pain_scores", row, "spread_low", rule, advice)
        if kind in _SINGLE_SPREADS and has_high:
            rule = f"a spread of the kind {kind} is one number, in spread_low"
            advice = "clear the cell, or correct spread_kind"
            yield tables.problem("pain_scores", row, "spread_high", rule, advice)
        if kind not in _SINGLE_SPREADS:
            if not has_high:
                rule = f"a spread of the kind {kind} has two ends"
                advice = "fill in the upper end"
                yield tables.problem("pain_scores", row, "spread_high", rule, advice)
            if _greater(low, high):
                yield tables.problem(
                    "pain_scores", row, "spread_low", f"spread_low is at most spread_high, here {high:g}"
                )
            elif _greater(low, value) or _greater(value, high):
                yield tables.problem(
                    "pain_scores", row, "value", f"the value lies within its {kind}, {low:g} to {high:g}"
                )


def phase_and_weeks(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for weeks that do not fit the phase: empty up to the infusion, 0 at its end, above 0 later."""
    for row in tables["pain_scores"]:
        phase, weeks = row["phase"], row["weeks_from_end"]
        printed = bool(tables.text("pain_scores", row, "weeks_from_end"))
        if phase in ("baseline", "during") and printed:
            rule = f"weeks_from_end is empty in the phase {phase}"
            advice = "clear the cell, or correct the phase"
            yield tables.problem("pain_scores", row, "weeks_from_end", rule, advice)
        if phase == "end_of_infusion" and (not printed or (weeks or 0) > 0):
            rule = "weeks_from_end is 0 at the end of infusion"
            advice = "write 0, or correct the phase"
            yield tables.problem("pain_scores", row, "weeks_from_end", rule, advice)
        if phase == "follow_up" and printed and weeks == 0:
            rule = "weeks_from_end is more than 0 at follow-up"
            advice = "write the weeks, or correct the phase to end_of_infusion"
            yield tables.problem("pain_scores", row, "weeks_from_end", rule, advice)


def weeks_in_order(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for weeks_low above weeks_high, or weeks that do not fit an exact duration or no benefit."""
    for row in tables["durations"]:
        low, high, statement = row["weeks_low"], row["weeks_high"], row["statement"]
        if _greater(low, high):
            rule = f"weeks_low is at most weeks_high, here {high:g}"
            advice = "exchange the two if they were swapped"
            yield tables.problem("durations", row, "weeks_low", rule, advice)
        elif statement == "exact" and low != high:
            rule = "an exact duration has the same number in weeks_low and weeks_high"
            advice = "write it in both, or choose range_of_patients"
            yield tables.problem("durations", row, "weeks_high", rule, advice)
        elif statement == "none" and (low or high):
            yield tables.problem(
                "durations", row, "weeks_low", "no benefit at all means 0 weeks", "write 0 in weeks_low and weeks_high"
            )


def estimate_within_its_interval(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for an estimate outside its confidence interval."""
    for table, estimate in _INTERVALS.items():
        for row in tables[table]:
            low, high, value = row["ci_low"], row["ci_high"], row[estimate]
            if _greater(low, high):
                yield tables.problem(table, row, "ci_low", f"ci_low is at most ci_high, here {high:g}")
            elif low is not None and high is not None and value is not None and not low <= value <= high:
                yield tables.problem(
                    table, row, estimate, f"the {estimate} lies within its confidence interval, {low:g} to {high:g}"
                )


def crps_within_enrolled(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for more patients with CRPS than patients enrolled."""
    for row in tables["studies"]:
        if _greater(row["n_crps"], row["n_enrolled"]):
            yield tables.problem("studies", row, "n_crps", f"n_crps is at most n_enrolled, here {row['n_enrolled']}")


def filled_in_together(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for columns that need another one: a dose without its unit, a P value without its sign."""
    for table, pairs in _TOGETHER.items():
        for row in tables[table]:
            for pair in pairs:
                filled = [bool(tables.text(table, row, column)) for column in pair]
                if any(filled) and not all(filled):
                    full, empty = pair if filled[0] else pair[::-1]
                    rule = f"{pair[0]} and {pair[1]} are filled in together or not at all"
                    advice = f"fill it in, or clear {full} ({tables.text(table, row, full)})"
                    yield tables.problem(table, row, empty, rule, advice)


def _greater(left: float | None, right: float | None) -> bool:
    return left is not None and right is not None and left > right


RULES_WITHIN_ROWS: tuple[Callable[[Tables], Iterator[Problem]], ...] = (
    counts_within_their_denominator,
    scores_on_their_scale,
    statistic_and_value,
    spread_fits_its_kind,
    phase_and_weeks,
    weeks_in_order,
    estimate_within_its_interval,
    crps_within_enrolled,
    filled_in_together,
)
