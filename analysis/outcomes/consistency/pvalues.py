"""Checks of printed tests, recomputed from the numbers beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil, sqrt

import pandas as pd
import scipy

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each, values
from analysis.outcomes.consistency.percentages import FEWEST, counted_percentage, sizes_text
from analysis.outcomes.consistency.printed import PrintedP, p_of_t, range_text
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE,
    CANNOT_BE_CHECKED,
    FITS,
    FITS_WITH_ANOTHER_N,
    CheckResult,
    check_result,
    decimals_of_text,
    fit_result,
    printed_decimals,
    rounding_range,
)
from analysis.statistics.paired import possible_paired_tables
from analysis.wording import series

_TABLE = "reported_tests"
_VERSUS = re.compile(r"([\d.]+)% versus ([\d.]+)%")
_COUNTED = re.compile(r"(\d+) of (\d+) patients, percent")
_T_VALUE = re.compile(r"t ([\d.]+), d ([\d.]+)")
_STANDARD_ERROR = re.compile(r"(?:reduction ([\d.]+)|difference), SE ([\d.]+)")
_MCNEMAR_WORDS = {
    "uncorrected": "McNemar's test",
    "corrected": "McNemar's test with continuity correction",
    "exact": "McNemar's exact test",
    "mid_p": "McNemar's mid-P test",
}


def test_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for every row of reported_tests without an interval; rows with one are in `estimates`.

    Recomputed are:

    - a percentage from its count;
    - p (and Cohen's d) from a paired t value and n;
    - p from an estimate and its SE;
    - p of two percentages with known groups, by Fisher's exact test and the chi-square test with and without continuity
      correction, or by the four forms of McNemar's test if the patients are the same.

    Rows without any of these cannot be checked.
    """
    for row in each(evidence.reported_tests):
        statistic = row.statistic if isinstance(row.statistic, str) else ""
        if match := _COUNTED.fullmatch(statistic):
            digits = printed_decimals(evidence, _TABLE, row, "estimate")
            yield counted_percentage(row, int(match[1]), int(match[2]), float(row.estimate), digits)
        elif match := _T_VALUE.fullmatch(statistic):
            yield _t_value(row, match[1], match[2], evidence)
        elif match := _VERSUS.fullmatch(statistic):
            yield _two_percentages(row, match[1], match[2], evidence)
        elif match := _STANDARD_ERROR.fullmatch(statistic):
            yield _estimate_and_se(row, match[1], match[2], evidence)
        elif pd.isna(row.ci_low) and not str(row.comparison).startswith("share of patients"):
            yield _silent(row, statistic, evidence)


def _silent(row, statistic: str, evidence: Evidence) -> CheckResult:
    printed = str(PrintedP.of(row, _TABLE, evidence)) if pd.notna(row.p_value) else ""
    why = "no counts, estimate or spread are printed beside it that it could be recomputed from"
    reported = ", ".join(part for part in (statistic, printed) if part) or str(row.outcome)
    return check_result(row, _TABLE, "P value" if printed else "statistic", reported, "", CANNOT_BE_CHECKED, why)


def _patients(row, evidence: Evidence) -> int | None:
    sizes = [
        n
        for study, containing, n in values(evidence.arms, "study_id", "contained_in", "n")
        if study == row.study_id and not isinstance(containing, str) and pd.notna(n)
    ]
    return int(sum(sizes)) if sizes else None


def _t_value(row, t_text: str, d_text: str, evidence: Evidence) -> CheckResult:
    printed, n, t = PrintedP.of(row, _TABLE, evidence), _patients(row, evidence), float(t_text)
    reported = f"t {t_text}, d {d_text}, {printed}"
    if n is None:
        why = "the number of patients is not printed"
        return check_result(row, _TABLE, "P value", reported, "", CANNOT_BE_CHECKED, why)
    low_t, high_t = rounding_range(t, decimals_of_text(t_text))

    def agrees(size: int) -> bool:
        return printed.agrees(*p_of_t(low_t, high_t, size - 1))

    recomputed = f"P {range_text(*p_of_t(low_t, high_t, n - 1))}; d {t / sqrt(n):.2f}"
    assumed = f"paired t test of {n} patients, two-sided"
    if agrees(n):
        return check_result(row, _TABLE, "P value", reported, recomputed, FITS, "", assumed)
    sizes = [size for size in range(n - 1, ceil(FEWEST * n) - 1, -1) if agrees(size)]
    if sizes:
        why = f"with {sizes_text(sizes)} pairs it fits"
        return check_result(row, _TABLE, "P value", reported, recomputed, FITS_WITH_ANOTHER_N, why, assumed)
    why = "another test, or more patients missing, would give this P value"
    return check_result(row, _TABLE, "P value", reported, recomputed, CANNOT_BE, why, assumed)


def _estimate_and_se(row, estimate_text: str | None, se_text: str, evidence: Evidence) -> CheckResult:
    printed, n = PrintedP.of(row, _TABLE, evidence), _patients(row, evidence)
    estimate = float(estimate_text) if estimate_text else float(row.estimate)
    digits = decimals_of_text(estimate_text) if estimate_text else printed_decimals(evidence, _TABLE, row, "estimate")
    low, high = rounding_range(estimate, digits)
    se_low, se_high = rounding_range(float(se_text), decimals_of_text(se_text))
    # a normal estimate or a t test of all patients, since papers seldom say which
    kinds = {"normal": float("inf")} | ({f"t with {n - 2} degrees of freedom": n - 2} if n and n > 2 else {})
    ranges = [p_of_t(low / se_high, high / max(se_low, 1e-12), freedom) for freedom in kinds.values()]
    smallest, largest = min(r[0] for r in ranges), max(r[1] for r in ranges)
    fits = printed.agrees(smallest, largest)
    reported, recomputed = f"{estimate:g}, SE {se_text}, {printed}", f"P {range_text(smallest, largest)}"
    assumed = f"estimate divided by its SE, {' or '.join(kinds)}, two-sided"
    why_not = "the printed estimate and SE give another P value"
    return fit_result(row, _TABLE, "P value", reported, recomputed, fits, why_not, assumed)


def _two_percentages(row, first: str, second: str, evidence: Evidence) -> CheckResult:
    name, printed = "P value of two percentages", PrintedP.of(row, _TABLE, evidence)
    reported = f"{first}% versus {second}%, {printed}"
    groups = [_group(row.study_id, float(text), evidence) for text in (first, second)]
    if None in groups:
        why = "the sizes of the two groups are not printed"
        return check_result(row, _TABLE, name, reported, "", CANNOT_BE_CHECKED, why)
    (arm_1, a, n_1), (arm_2, b, n_2) = groups
    if arm_1 == arm_2:
        return _paired(row, reported, (first, second), n_1, printed)
    cells = [[a, n_1 - a], [b, n_2 - b]]
    result = {
        "Fisher's exact test": scipy.stats.fisher_exact(cells).pvalue,
        "the chi-square test": scipy.stats.chi2_contingency(cells, correction=False).pvalue,
        "the chi-square test with continuity correction": scipy.stats.chi2_contingency(cells, correction=True).pvalue,
    }
    recomputed = "; ".join(f"{words}: P {f'= {p:.3g}' if p >= 1e-4 else '< 0.0001'}" for words, p in result.items())
    fitting = [words for words, p in result.items() if printed.agrees(p, p)]
    why = "" if len(fitting) == len(result) else f"under {series(fitting)} only"
    verdict = FITS if fitting else CANNOT_BE
    why = why if fitting else "none of the usual tests gives this P value with these counts"
    assumed = f"{a} of {n_1} and {b} of {n_2}, two-sided"
    return check_result(row, _TABLE, name, reported, recomputed, verdict, why, assumed)


def _group(study_id: str, percent: float, evidence: Evidence) -> tuple[str, int, int] | None:
    """Return arm, count and size behind a percentage in responders or adverse_events of the same study."""
    for table, counted in (("responders", "responders"), ("adverse_events", "events")):
        columns = ("study_id", "percent_reported", "arm_id", counted, "n")
        for study, printed, arm, count, n in values(getattr(evidence, table), *columns):
            if study == study_id and printed == percent and pd.notna(n):
                return arm, int(count if pd.notna(count) else round(percent * n / 100)), int(n)
    return None


def _paired(row, reported: str, texts: tuple[str, str], n: int, printed: PrintedP) -> CheckResult:
    name, assumed = "P value of two percentages", f"the same {n} patients at both times, nobody missing"
    first, second = (float(text) for text in texts)
    digits = max(decimals_of_text(text) for text in texts)

    def flows(sizes) -> pd.DataFrame:
        tables = possible_paired_tables(first, second, sizes, decimals=digits)
        return tables[[printed.agrees(p, p) for p in tables["p"]]] if len(tables) else tables

    result = flows(n)
    if len(result):
        pairs = dict.fromkeys(zip(result["lost"], result["gained"], strict=True))
        recomputed = " or ".join(f"{lost} lost and {gained} gained" for lost, gained in pairs)
        why = f"under {series([_MCNEMAR_WORDS[test] for test in dict.fromkeys(result['test'])], 'or')} only"
        return check_result(row, _TABLE, name, reported, recomputed, FITS, why, assumed)
    smaller = flows(range(n - 1, ceil(FEWEST * n) - 1, -1))
    if len(smaller):
        sizes = sorted(set(smaller["n"]), reverse=True)
        why = f"no flow of {n} patients gives this P value; with {sizes_text(sizes)} patients one does"
        return check_result(row, _TABLE, name, reported, "", FITS_WITH_ANOTHER_N, why, assumed)
    why = "no flow of whole patients gives this P value under any form of McNemar's test"
    return check_result(row, _TABLE, name, reported, "", CANNOT_BE, why, assumed)
