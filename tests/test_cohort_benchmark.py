"""Comparison of a clinic with published studies, and of its sites."""

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort
from scipy.stats import binom

from analysis.outcomes.cohort import benchmark
from analysis.outcomes.cohort.durations import durations
from analysis.outcomes.cohort.response import response

PUBLISHED = {"k": 6, "estimate": 0.5, "ci_low": 0.4, "ci_high": 0.6, "pi_low": 0.2, "pi_high": 0.8}
PUBLISHED |= {"outcome": "ge_30_percent at end_of_infusion", "definition": "30% or more", "studies": "six"}


def verdict(estimate, low, high, hidden=False, **published):
    clinic = {"outcome": PUBLISHED["outcome"], "n": 40, "estimate": estimate, "ci_low": low, "ci_high": high}
    clinic |= {"measured_in": "share", "hidden": hidden}
    found = benchmark.compare(pd.DataFrame([clinic]), pd.DataFrame([PUBLISHED | published]))
    return tuple(found[["position", "verdict"]].iloc[0])


@pytest.mark.parametrize(
    ("numbers", "position", "expected"),
    [
        ((0.5, 0.35, 0.65), "inside", "within"),
        ((0.5, 0.2, 0.8), "inside", "within"),
        ((0.9, 0.81, 0.96), "above", "above"),
        ((0.1, 0.05, 0.19), "below", "below"),
        ((0.7, 0.55, 0.83), "inside", "can't be told apart"),
        ((0.9, 0.75, 0.96), "above", "can't be told apart"),
        ((0.1, 0.04, 0.25), "below", "can't be told apart"),
        ((0.5, 0.1, 0.9), "inside", "can't be told apart"),
        ((np.inf, 0.9, np.inf), "above", "above"),
        ((0.5, np.nan, np.nan), "inside", "can't be judged"),
        ((np.nan, np.nan, np.nan), "", "can't be judged"),
    ],
)
def test_verdicts(numbers, position, expected):
    assert verdict(*numbers) == (position, expected)


def test_results_that_cannot_be_judged():
    assert verdict(0.9, 0.85, 0.95, k=2) == ("", "can't be judged")
    assert verdict(0.9, 0.85, 0.95, pi_low=np.nan) == ("", "can't be judged")
    assert verdict(0.9, 0.85, 0.95, hidden=True) == ("", "can't be judged")
    assert verdict(0.9, 0.85, 0.95, outcome="something else") == ("", "can't be judged")


def test_all_published_rows_stay_in_their_order():
    patients = cohort(*[(8, 4, {4: 5})] * 20, *[(8, 8, {4: 8})] * 20)
    clinic = benchmark.clinic_results(response(patients), durations(patients))
    assert clinic["outcome"].tolist()[2:4] == ["ge_30_percent at end_of_infusion", "ge_30_percent at follow_up"]
    assert clinic.loc[2, ["n", "estimate"]].tolist() == [40, 0.5]
    rows = [PUBLISHED | {"outcome": name} for name in ("median weeks of benefit", "unknown", PUBLISHED["outcome"])]
    found = benchmark.compare(clinic, pd.DataFrame(rows))
    assert found["outcome"].tolist() == [row["outcome"] for row in rows]
    assert found.loc[2, ["published", "published_ci_low", "pi_low", "estimate"]].tolist() == [0.5, 0.4, 0.2, 0.5]
    assert found.loc[0, "measured_in"] == "weeks"
    assert "doesn't give this result" in found.loc[1, "why"]


def test_a_table_without_a_column_is_refused():
    with pytest.raises(ValueError, match="published has no column pi_low"):
        benchmark.compare(pd.DataFrame(), pd.DataFrame([PUBLISHED]).drop(columns="pi_low"))


def test_funnel_limits_by_hand():
    # n = 10, p = 0.5: P(R <= 1) = 11/1024 < 0.025 <= P(R <= 2) = 56/1024, so r = 2 and P(R = 2) = 45/1024
    found = benchmark.funnel_limits(np.array([10]), 0.5).iloc[0]
    low = (2 - (56 / 1024 - 0.025) / (45 / 1024)) / 10
    assert found["low_95"] == pytest.approx(low)
    assert found["high_95"] == pytest.approx(1 - low)
    # P(R <= 0) = 1/1024 < 0.001 <= P(R <= 1) = 11/1024
    assert found["low_998"] == pytest.approx((1 - (11 / 1024 - 0.001) / (10 / 1024)) / 10)


@pytest.mark.parametrize("mean", [0.05, 0.4, 0.97])
def test_funnel_limits_have_their_nominal_probability(mean):
    n = np.array([5, 30, 200, 5000])
    found = benchmark.funnel_limits(n, mean)
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
    found = benchmark.funnel(cohort(*rows, {"baseline": 8, "site": "a"}))
    assert found.sites[["site", "n", "responders"]].values.tolist() == [["a", 20, 20], ["b", 20, 9], ["c", 20, 10]]
    assert (found.n, found.mean) == (65, 0.63)
    assert found.sites["place"].tolist() == ["outside 99.8%", "inside 95%", "inside 95%"]
    told = found.left_out.set_index("why")["n"].to_dict()
    assert told == {"no score at the visit": None, "merged sites; in the mean, not drawn": 5}
    assert found.limits["n"].min() == 5
    assert found.limits["n"].max() == 21


def test_no_funnel_of_one_site():
    found = benchmark.funnel(cohort(*[{"baseline": 8, "end": 4, "site": "a"}] * 9))
    assert found.sites.empty
    assert found.limits.empty
    assert found.left_out["why"].tolist() == ["fewer than two sites can be shown"]
