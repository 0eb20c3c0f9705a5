"""Words and number formats that pages, tables and figures share. It imports nothing of `analysis`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import pandas as pd

REGIMEN_WORDS = {
    "anesthetic": "anaesthetic dose",
    "subanesthetic_inpatient": "subanaesthetic, inpatient",
    "subanesthetic_outpatient": "subanaesthetic, outpatient",
    "topical": "topical",
    "oral": "oral",
    "block": "added to a nerve block",
    "other": "other",
    "control": "control",
    "not_stated": "regimen not stated",
}
POPULATION_WORDS = {
    "crps": "CRPS",
    "crps_1": "CRPS type 1",
    "crps_2": "CRPS type 2",
    "mixed": "several pain conditions",
}
AGE_WORDS = {"adult": "adults", "paediatric": "children and adolescents", "mixed": "children and adults"}
ROUTE_WORDS = {"iv": "intravenous", "intradermal": "into the skin", "sympathetic_block": "with a sympathetic block"}
DRUG_WORDS = {
    "s_ketamine": "S-ketamine",
    "racemic_ketamine": "racemic ketamine",
    "ketamine_unspecified": "ketamine (form not stated)",
    "other": "another drug",
}
ACCESS_WORDS = {"full_text": "full text", "abstract": "abstract", "secondary": "secondary account", "lay": "lay source"}
DESIGN_WORDS = {
    "rct": "randomised trial",
    "crossover_rct": "randomised crossover trial",
    "rct_protocol": "planned randomised trial (no results)",
    "open_label_trial": "open-label trial",
    "prospective_cohort": "prospective cohort",
    "retrospective_cohort": "retrospective cohort",
    "case_series": "case series",
    "case_report": "case report",
    "pkpd_model": "drug-level model",
}
CONTROL_HEADINGS = {
    "placebo-controlled": "Placebo-controlled studies",
    "active comparison": "Comparisons without placebo",
    "uncontrolled": "Studies without a control group",
}
DEFINITION_WORDS = {
    "ge_2_points_or_success": "fall of 2 or more points, or reported as successful",
    "ge_20_percent": "at least 20% less pain",
    "ge_30_percent": "at least 30% less pain",
    "ge_50_percent": "at least 50% less pain",
    "complete_relief": "complete relief",
    "any_relief": "any relief",
    "not_stated": "relief, not further defined",
}
BENEFIT_WORDS = {
    "any_relief": "any relief",
    "responder": "responder",
    "pain_free": "pain free",
    "complete_remission": "complete remission",
}
BENEFIT_STATES = {
    "any_relief": "with some relief",
    "responder": "responding",
    "pain_free": "pain free",
    "complete_remission": "in complete remission",
}
SPREAD_WORDS = {
    "sd": "SD",
    "se": "SE",
    "iqr_width": "width of the interquartile range",
    "q1_q3": "quartiles",
    "range": "range",
    "ci95": "95% interval",
    "unlabelled": "±, no label",
    "none": "no spread printed",
}
CHOSEN = "patients may have been chosen because they responded"
NO_RATE = f"no rate: {CHOSEN}"
DERIVED_MARK, NEAREST_MARK, SECONDARY_MARK, LAY_MARK = "†", "‡", "§", "¶"
COUNT_MARKS = {"derived_from_percent": DERIVED_MARK, "nearest_to_percent": NEAREST_MARK, "inferred": DERIVED_MARK}
ACCESS_MARKS = {"secondary": SECONDARY_MARK, "lay": LAY_MARK}
MARK_WORDS = {
    DERIVED_MARK: "count derived from a printed percentage or from other printed figures",
    NEAREST_MARK: "no whole number of these patients gives the printed percentage; the nearest count is used",
    SECONDARY_MARK: "taken from a secondary account of the study (review table, news for clinicians)",
    LAY_MARK: "taken from a lay source",
}


def half_up(value: float, decimals: int = 0) -> str:
    """Return a number rounded half up, as papers round, with a true minus sign: `−2.8`, `58,800`."""
    factor = 10**decimals
    # the small term restores what binary fractions lose: 62.5 must not become 62.4999…
    rounded = math.floor(abs(value) * factor + 0.5 + 1e-9) / factor
    sign = "−" if value < 0 and rounded else ""
    return f"{sign}{rounded:,.{decimals}f}"


def number_text(value: float, decimals: int = 1) -> str:
    """Return a number with at most `decimals` decimals and no trailing zeros: `4.3`, `4`."""
    text = half_up(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_interval(low: float, high: float, decimals: int = 1) -> str:
    """Return the limits of a score or of a difference: `−4.2 to −1.4`."""
    return f"{half_up(low, decimals)} to {half_up(high, decimals)}"


def percent(rate: float) -> str:
    """Return a rate between 0 and 1 as a percentage: `62%`, near the ends `0.3%` or `<0.1%`, so that only 0 is `0%`."""
    if 0 < rate < 0.0005:
        return "<0.1%"
    if 0.9995 < rate < 1:
        return ">99.9%"
    edge = 0 < rate < 0.01 or 0.99 < rate < 1
    return f"{half_up(100 * rate, 1 if edge else 0)}%"


def printed_percent(row) -> str:
    """Return the percentage of a row as its source prints it, or else computed from the counts."""
    if pd.notna(row.percent_reported):
        return f"{row.percent_reported:g}%"
    return percent(row.rate)


def percent_interval(low: float, high: float) -> str:
    """Return limits between 0 and 1 as percentages: `48% to 75%`."""
    return f"{percent(low)} to {percent(high)}"


def percent_pair(low: float, high: float) -> str:
    """Return limits between 0 and 1 as percentages without the sign: `48 to 75`."""
    return f"{percent(low)[:-1]} to {percent(high)[:-1]}"


def percent_range(shares: Iterable[float]) -> str:
    """Return the lowest and highest of some shares: `27% to 29%`, or `90%` if they print alike."""
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low} to {high}"


def percent_level(level: float) -> str:
    """Return a confidence level in percent: `95%`."""
    return f"{100 * level:g}%"


def interval_words(level: float) -> str:
    """Return the name of an interval with this confidence level: `95% interval`."""
    return f"{percent_level(level)} interval"


def p_text(operator: str | float, p: float) -> str:
    """Return a P value with the digits as printed, never as a power of ten: `P = 0.03`, `P < 0.00001`."""
    digits = f"{p:.10f}".rstrip("0").rstrip(".")
    return f"P {operator if isinstance(operator, str) else '='} {digits}"


def rate_cell(rate: float, low: float, high: float) -> str:
    """Return a rate with its limits, all between 0 and 1: `62% (48% to 75%)`; – if the rate is missing."""
    if pd.isna(rate):
        return "–"
    return percent(rate) + (f" ({percent_interval(low, high)})" if pd.notna(low) else "")


def printed_rate_cell(row) -> str:
    """Return the rate of a row as its source prints it, with its limits: `26.7% (14% to 44%)`; or why it has none."""
    if pd.isna(row.rate):
        return NO_RATE
    limits = percent_interval(row.ci_low, row.ci_high)
    return f"{printed_percent(row)} ({'no count fits' if row.count_basis == 'nearest_to_percent' else limits})"


def points_cell(value: float, low: float, high: float, decimals: int = 1) -> str:
    """Return a score or difference with its limits: `−2.1 (−3.0 to −1.2)`; – if the value is missing."""
    if pd.isna(value):
        return "–"
    return half_up(value, decimals) + (f" ({number_interval(low, high, decimals)})" if pd.notna(low) else "")


def span_words(low: float, high: float) -> str:
    """Return a lowest and a highest number: `7 to 25`, `9`, `at least 4` without a highest, `none` if missing."""
    if pd.isna(low):
        return "none"
    if math.isinf(high):
        return f"at least {low:g}"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def out_of(part: float, total: float) -> str:
    """Return a part of a total: `30 of 48`."""
    return f"{int(part):,} of {int(total):,}"


def count_cell(value: object) -> str:
    """Return a count for a column: `30`, or – if missing."""
    return "–" if pd.isna(value) else f"{int(value):,}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number of things: `1 study`, `3 studies`, `no study`."""
    noun = singular if number in (0, 1) else plural or f"{singular}s"
    return f"{'no' if number == 0 else f'{number:,}'} {noun}"


def of_them(number: int, total: int) -> str:
    """Return a number of things that the sentence names before: `none of them`, `3 of them`, `all`."""
    return "none of them" if number == 0 else "all" if number == total else f"{number:,} of them"


def group_sizes(first: float, second: float) -> str:
    """Return the sizes of two groups: `30 patients in each group`, `30 and 28 patients`."""
    size = f"{int(first):,}"
    return f"{size} patients in each group" if first == second else f"{size} and {int(second):,} patients"


def weeks_cell(value: float) -> str:
    """Return weeks for a column or an axis: one decimal at most below 10, none above, – if missing."""
    return "–" if pd.isna(value) else number_text(value, 1 if value < 10 else 0)


def in_weeks(value: float) -> str:
    """Return a time within a sentence: `the end of infusion`, `1 week`, `4.3 weeks`."""
    if pd.isna(value):
        return "a time not stated"
    return "the end of infusion" if value == 0 else "1 week" if value == 1 else f"{weeks_cell(value)} weeks"


def after_infusion(weeks: float) -> str:
    """Return a time within the first week in days: `3 days after the infusion`; empty for other times."""
    return f"{counted(round(7 * weeks), 'day')} after the infusion" if 0 < weeks < 1 else ""


def lower_words(low: float, high: float | None = None) -> str:
    """Return a change of pain, or its ends, in words: `2.8 lower`, `3 to 6 lower`, `0.5 higher`, `no change`."""
    high = low if high is None else high
    if low < 0 < high:
        return f"{number_text(-low)} lower to {number_text(high)} higher"
    ends = sorted({number_text(abs(low)), number_text(abs(high))}, key=float)
    word = "lower" if min(low, high) < 0 else "higher"
    return "no change" if ends == ["0"] else f"{' to '.join(ends)} {word}"


def number_of_weeks(weeks: float) -> str:
    """Return a number of weeks with all its digits: `1 week`, `4.25 weeks`."""
    return f"{weeks:g} {'week' if weeks == 1 else 'weeks'}"


def time_words(weeks: float) -> str:
    """Return a time after the end of infusion: `at the end of infusion`, `at 4 weeks`."""
    if pd.isna(weeks):
        return "time not stated"
    return "at the end of infusion" if weeks == 0 else f"at {number_of_weeks(weeks)}"


def series(parts: list[str], conjunction: str = "and") -> str:
    """Return the parts as a list within a sentence: `a`, `a and b`, `a, b and c`."""
    return f" {conjunction} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def ordinal(number: int) -> str:
    """Return a position in a list: `first`, `second`, `10th`."""
    words = ("first", "second", "third", "fourth", "fifth")
    return words[number - 1] if number <= len(words) else f"{number}th"


def upper_first(text: str) -> str:
    """Return the text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def short_citation(citation: str, longest: int = 32) -> str:
    """Return a citation; one longer than `longest` characters loses its remark in brackets."""
    return re.sub(r"\s*\([^()]*\)\s*$", "", citation) if len(citation) > longest else citation


def study_name(citation: str) -> str:
    """Return the shortest name of a study: first author and year: `Sigtermans 2009`, `Cantu, no date`."""
    remark = re.search(r"\s*\(([^()]*)\)\s*$", citation)
    name = citation[: remark.start()] if remark else citation
    name = re.sub(r" et al\.| and [^\d]+(?= \d{4})", "", name)
    return f"{name}, no date" if remark and "no date" in remark[1] else name


def plain_label(label: str) -> str:
    """Return the label of an arm without its remarks in brackets."""
    return re.sub(r"\s*\([^()]*\)", "", label)


def regimen_words(regimen_class: str) -> str:
    """Return the plain words of a regimen class."""
    return REGIMEN_WORDS.get(regimen_class, str(regimen_class).replace("_", " "))


def count_mark(basis: object) -> str:
    """Return the mark of a count that the source does not print, by its `count_basis`; empty if it does."""
    return COUNT_MARKS.get(basis, "") if isinstance(basis, str) else ""


def source_mark(access: object) -> str:
    """Return the mark of a secondary or lay source, by its `access`; empty for a full text or an abstract."""
    return ACCESS_MARKS.get(access, "") if isinstance(access, str) else ""


def marks(row) -> str:
    """Return the marks of a row: that of its count, then that of its source."""
    return count_mark(getattr(row, "count_basis", "")) + source_mark(getattr(row, "access", ""))


def mark_notes(texts: Iterable[str]) -> str:
    """Return one line that explains the marks that occur in the texts; empty if none does."""
    together = "".join(texts)
    return " ".join(f"{mark} {meaning}." for mark, meaning in MARK_WORDS.items() if mark in together)
