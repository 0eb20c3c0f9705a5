"""Which columns of which table or figure are estimates: value, limits, number of patients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """The columns of an estimate.

    what: what is estimated. unit: of value and limits, or the column that names it. low, high: columns of the limits.
    n: column of the number of patients. prediction: columns of the prediction interval. limits: column that says what
    the limits are, or PRINTED or CHANCE, where they are no confidence interval at the report's level.
    """

    what: str
    unit: str
    value: str
    low: str = "ci_low"
    high: str = "ci_high"
    n: str = "n"
    prediction: tuple[str, str] | None = None
    limits: str = ""


SHARE, SCORE, WEEKS = "share", "points, 0-10", "weeks"
PRINTED = "printed"  # as the source prints them
CHANCE = "where 95% of sites of this size lie by chance around the mean of all sites"

# anchor of the table or figure -> its columns
MEASURES = {
    "tab-responder-rates": Measure("responders", SHARE, "rate"),
    "tab-pooled-rates": Measure("responders, pooled", SHARE, "rate", n="patients", prediction=("pi_low", "pi_high")),
    "tab-benefit-by-regimen": Measure("patients with benefit", SHARE, "rate", n="patients_treated"),
    "tab-half-times": Measure(
        "time until half of the responders have lost the benefit", WEEKS, "half_weeks", "half_low", "half_high", ""
    ),
    "tab-regimen-odds": Measure("odds of benefit", "odds ratio", "odds_ratio", n=""),
    "tab-adverse-events": Measure("patients with the event", SHARE, "rate"),
    "fig-pain-changes": Measure(
        "change or difference of pain", SCORE, "points", "low", "high", limits="spread_read_as"
    ),
    "tab-reviews": Measure("estimate of a review", "estimate_kind", "estimate", n="patients", limits=PRINTED),
    "tab-drug-levels": Measure("pharmacology", "unit", "value", n="", limits=PRINTED),
    "tab-benchmark": Measure("the clinic's own result beside published ones", "measured_in", "estimate"),
    "fig-pain-by-visit": Measure("pain", SCORE, "mean"),
    "fig-responder-curve": Measure("responders", SHARE, "rate_complete", "low_complete", "high_complete", "n_complete"),
    "fig-responder-flow": Measure(
        "change of the responder rate", SHARE, "difference", "difference_low", "difference_high"
    ),
    "fig-site-funnel": Measure("responders of a site", SHARE, "rate", "low_95", "high_95", limits=CHANCE),
}
