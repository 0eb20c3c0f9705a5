"""Comparison of a clinic with published studies, and of its sites."""

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort
from scipy.stats import binom

from analysis.outcomes.cohort import benchmark, sites
from analysis.outcomes.cohort.response import response
from analysis.statistics.intervals import newcombe_independent, wilson
from analysis.statistics.observed_rate import observed_rate_interval

PUBLISHED = {"k": 6, "estimate": 0.5, "ci_low": 0.4, "ci_high": 0.6, "pi_low": 0.2, "pi_high": 0.8, "alike": True}
PUBLISHED |= {"outcome": "ge_30_percent at end_of_infusion", "definition": "30% or more", "studies": "six"}


def compared(responders: int, n: int = 40, hidden: bool = False, **published):
    low, high = wilson(responders, n) if n else (np.nan, np.nan)
    clinic = {"outcome": PUBLISHED["outcome"], "n": n, "estimate": responders / n if n else np.nan}
    clinic |= {"ci_low": low, "ci_high": high, "hidden": hidden}
    clinic |= {"all_n": n, "all_rate": 0.5, "all_low": 0.4, "all_high": 0.6}
    return benchmark.compare(pd.DataFrame([clinic]), pd.DataFrame([PUBLISHED | published])).iloc[0]


def test_a_verdict_compares_the_observed_rate_with_that_expected_of_so_many():
    # a true rate is expected between 20% and 80%; the observed one of 40 patients in a wider interval
    low, high = observed_rate_interval(0.5, 0.2, 0.8, 40)
    assert low < 0.2 < 0.8 < high
    assert compared(20)[["expected_low", "expected_high"]].tolist() == pytest.approx([low, high], abs=0.006)
    assert compared(20)["verdict"] == "within"
    assert compared(round(40 * high))["verdict"] == "within"
    assert compared(round(40 * high) + 1)["verdict"] == "above"
    assert compared(round(40 * low) - 1)["verdict"] == "below"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"k": 2}, "a verdict needs 3 studies that counted in this way"),
        ({"pi_low": np.nan, "pi_high": np.nan}, "a verdict needs 3 studies that counted in this way"),
        ({"alike": False}, "the studies counted in other ways: for orientation only"),
        ({"hidden": True}, "too few patients to show the clinic's result"),
        ({"outcome": "something else"}, "the clinic's table doesn't give this result"),
        ({"n": 0}, "no patient of the clinic could be counted"),
    ],
)
def test_no_verdict_says_why(given, why):
    assert compared(39 if given.get("n") != 0 else 0, **given)[["verdict", "why"]].tolist() == ["no verdict", why]


def test_two_studies_give_a_difference_and_other_ways_of_counting_none():
    row = compared(30, k=1, estimate=0.6, ci_low=wilson(60, 100)[0], ci_high=wilson(60, 100)[1])
    assert row["difference"] == pytest.approx(0.15)
    assert row[["difference_low", "difference_high"]].tolist() == pytest.approx(
        newcombe_independent(30, 40, 60, 100), abs=0.006
    )
    other = compared(30, alike=False)
    assert other[["difference", "difference_low", "difference_high"]].isna().all()
    assert other["expected_low"] < 0.2, "where it would be expected is shown for orientation"


def test_all_published_rows_stay_in_their_order():
    patients = cohort(*[(8, 4, {4: 5})] * 20, *[(8, 8, {})] * 20)
    clinic = benchmark.clinic_results(response(patients))
    assert clinic["outcome"].tolist()[2:4] == ["ge_30_percent at end_of_infusion", "ge_30_percent at follow_up"]
    assert clinic.loc[3, ["n", "estimate", "all_n", "all_rate"]].tolist() == [20, 1.0, 40, 0.5]
    rows = [PUBLISHED | {"outcome": name} for name in ("unknown", PUBLISHED["outcome"])]
    found = benchmark.compare(clinic, pd.DataFrame(rows))
    assert found["outcome"].tolist() == [row["outcome"] for row in rows]
    assert found.loc[1, ["published", "published_ci_low", "pi_low", "estimate"]].tolist() == [0.5, 0.4, 0.2, 0.5]


def test_a_table_without_a_column_is_refused():
    with pytest.raises(ValueError, match="published has no column pi_low"):
        benchmark.compare(pd.DataFrame(), pd.DataFrame([PUBLISHED]).drop(columns="pi_low"))


def test_funnel_limits_by_hand():
    # n = 10, p = 0.5: P(R <= 1) = 11/1024 < 0.025 <= P(R <= 2) = 56/1024, so r = 2 and P(R = 2) = 45/1024
    found = sites.funnel_limits(np.array([10]), 0.5).iloc[0]
    low = (2 - (56 / 1024 - 0.025) / (45 / 1024)) / 10
    assert found["low_95"] == pytest.approx(low)
    assert found["high_95"] == pytest.approx(1 - low)
    # P(R <= 0) = 1/1024 < 0.001 <= P(R <= 1) = 11/1024
    assert found["low_998"] == pytest.approx((1 - (11 / 1024 - 0.001) / (10 / 1024)) / 10)


@pytest.mark.parametrize("mean", [0.05, 0.4, 0.97])
def test_funnel_limits_have_their_nominal_probability(mean):
    n = np.array([5, 30, 200, 5000])
    found = sites.funnel_limits(n, mean)
    for low, high, tail in (("low_95", "high_95", 0.025), ("low_998", "high_998", 0.001)):
        # no more than the tail lies strictly beyond either limit
        assert (binom.cdf(np.ceil(found[low] * n - 1e-9) - 1, n, mean) <= tail + 1e-9).all()
        assert (binom.sf(np.floor(found[high] * n + 1e-9), n, mean) <= tail + 1e-9).all()
    assert (found["low_998"] <= found["low_95"]).all()
    # and it narrows to the normal limits
    assert found["high_95"].iloc[-1] == pytest.approx(mean + 1.96 * (mean * (1 - mean) / 5000) ** 0.5, abs=0.002)


def test_the_funnel_of_sites():
    def site(name, responders, n):
        rows = [{"baseline": 8, "end": 4, "site": name}] * responders
        return rows + [{"baseline": 8, "end": 8, "site": name}] * (n - responders)

    rows = [*site("c", 10, 20), *site("a", 20, 20), *site("b", 9, 20), *site("tiny", 2, 2), *site("small", 0, 3)]
    found = sites.funnel(cohort(*rows, {"baseline": 8, "site": "a"}))
    assert found.sites[["site", "n", "responders"]].values.tolist() == [["a", 20, 20], ["b", 20, 9], ["c", 20, 10]]
    assert (found.n, found.mean) == (65, 0.63)
    assert found.sites["place"].tolist() == ["outside 99.8%", "inside 95%", "inside 95%"]
    told = found.left_out.set_index("why")["n"].to_dict()
    assert told == {"no score at the visit": None, "merged sites; in the mean, not drawn": 5}
    assert found.limits["n"].min() == 5
    assert found.limits["n"].max() == 21


def test_sites_that_differ_by_their_patients_alone_have_the_same_adjusted_rate():
    """Of mild pain 16 of 20 and 8 of 10 respond, of severe pain 3 of 10 and 6 of 20: expected 19 and 14 of 30."""

    def part(site, baseline, responders, n):
        row = {"baseline": baseline, "site": site}
        return [{**row, "end": baseline / 4}] * responders + [{**row, "end": baseline}] * (n - responders)

    rows = [*part("a", 4, 16, 20), *part("a", 8, 3, 10), *part("b", 4, 8, 10), *part("b", 8, 6, 20)]
    found = sites.funnel(cohort(*rows))
    assert found.adjusted_for == ("baseline",)
    assert found.sites[["rate", "adjusted"]].round(2).values.tolist() == [[0.63, 0.55], [0.47, 0.55]]
    few = sites.funnel(cohort(*rows[::4]))
    assert few.adjusted_for == () and few.sites["adjusted"].isna().all()


def test_no_funnel_of_one_site():
    found = sites.funnel(cohort(*[{"baseline": 8, "end": 4, "site": "a"}] * 9))
    assert found.sites.empty
    assert found.limits.empty
    assert found.left_out["why"].tolist() == ["fewer than two sites can be shown"]
