"""Regression to the mean in a cohort."""

import numpy as np
import pytest
from cohort_samples import build, cohort
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm

from analysis.outcomes.cohort.fall_without_effect import regression_to_the_mean, untruncated


def many(baseline, end, course_2=None):
    """A large cohort from arrays."""
    import pandas as pd

    n = len(baseline)
    parts, courses = [], []
    for number, scores in ((1, (baseline, end)), (2, None if course_2 is None else (course_2, course_2))):
        if scores is None:
            continue
        for visit, weeks, score in (("baseline", np.nan, scores[0]), ("end_of_infusion", 0.0, scores[1])):
            key = {"patient": np.arange(n), "course": number}
            parts.append(pd.DataFrame(key | {"visit": visit, "weeks": weeks, "nrs": score}))
        blank = dict.fromkeys(("site", "regimen_class", "sex", "age", "disease_duration_years", "year"))
        courses.append(pd.DataFrame({"patient": np.arange(n), "course": number, "baseline": scores[0], **blank}))
    return build(pd.concat(parts), pd.concat(courses))


@given(st.floats(2, 8), st.floats(0.5, 3), st.floats(-4, 1.5))
def test_mean_and_sd_before_truncation(mean, sd, z):
    part = truncnorm(z, np.inf, mean, sd)
    found = untruncated(part.mean(), part.std(), mean + z * sd)
    assert found == pytest.approx((mean, sd), rel=1e-4, abs=1e-4)


def test_baselines_unlike_the_upper_part_of_a_normal_distribution():
    # an exponential tail above the threshold has mean excess = SD: no normal distribution has
    assert np.isnan(untruncated(6.0, 2.0, 4.0)).all()
    assert np.isnan(untruncated(4.0, 1.0, 4.0)).all()
    found = regression_to_the_mean(cohort(*[(4, 3)] * 20, *[(9, 3)] * 2))
    assert found.problem
    assert found.falls["fall"].isna().all()


def test_the_fall_of_barnetts_formula():
    # sigma (1 - r) phi(z) / (1 - Phi(z)) with mu 60, sigma 15, cut-off 70 of Barnett et al.'s kind of example
    part = truncnorm((7 - 6) / 1.5, np.inf, 6, 1.5)
    baseline = part.ppf((np.arange(4000) + 0.5) / 4000)
    found = regression_to_the_mean(many(baseline, baseline), threshold=7, min_cell=1)
    z = (7 - 6) / 1.5
    expected = [1.5 * (1 - r) * norm.pdf(z) / norm.sf(z) for r in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert found.falls["fall"].tolist() == pytest.approx(expected, abs=0.05 + 1e-9)
    assert (found.usual_mean, found.usual_sd) == pytest.approx((6, 1.5), rel=0.01)
    assert found.falls.loc[found.falls["is_central"], "reliability"].tolist() == [0.7]
    within = [1.5 * (1 - r) ** 0.5 for r in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert found.falls["within_patient_sd"].tolist() == pytest.approx(within, abs=0.06)


def simulated(seed):
    """Two scores of many patients with reliability 0.7, where nothing happens in between."""
    random = np.random.default_rng(seed)
    level = random.normal(5, 0.91**0.5, 30_000)
    return (level + random.normal(0, 0.39**0.5, 30_000) for _ in range(2))


@pytest.mark.slow
def test_a_simulated_cohort_without_any_effect():
    first, second = simulated(3)
    came = (first >= 4.5) & (second >= 0)
    first, second = first[came], second[came]
    found = regression_to_the_mean(many(first, second), threshold=4.5)
    row = found.falls.iloc[2]
    assert row["reliability"] == 0.7
    assert row["fall"] == pytest.approx(found.observed_fall, abs=0.051)
    for rule, response in (("ge_2_points", first - second >= 2), ("ge_30_percent", first - second >= 0.3 * first)):
        assert row[rule] == pytest.approx(response.mean(), abs=0.009)


def test_whole_scores_are_taken_as_rounded():
    first, second = (np.round(score) for score in simulated(4))
    came = (first >= 4) & (second >= 0)
    first, second = first[came], second[came]
    found = regression_to_the_mean(many(first, second))
    assert found.threshold == 3.5
    row = found.falls.iloc[2]
    assert row["fall"] == pytest.approx(found.observed_fall, abs=0.03)
    for rule, response in (("ge_2_points", first - second >= 2), ("ge_30_percent", first - second >= 0.3 * first)):
        assert row[rule] == pytest.approx(response.mean(), abs=0.01)


def test_reliability_from_repeated_courses():
    random = np.random.default_rng(5)
    level = random.normal(6, 1.2, 200)
    first, second = level + random.normal(0, 0.8, 200), level + random.normal(0, 0.8, 200)
    found = regression_to_the_mean(many(first.clip(0, 10), first.clip(0, 10), second.clip(0, 10)))
    assert found.pairs == 200
    assert found.reliability == pytest.approx(np.corrcoef(first.clip(0, 10), second.clip(0, 10))[0, 1])
    assert found.reliability_low < 0.69 < found.reliability_high
    central = found.falls[found.falls["is_central"]]
    assert central["basis"].tolist() == ["estimated from repeated courses"]
    # unrelated baselines say nothing of the reliability: the assumed one stays the row to quote
    unrelated = regression_to_the_mean(many(first.clip(0, 10), first.clip(0, 10), np.roll(second, 1).clip(0, 10)))
    assert unrelated.reliability_low < 0
    assert unrelated.falls.loc[unrelated.falls["is_central"], "basis"].tolist() == ["assumed"]
    few = regression_to_the_mean(many(first[:29], first[:29], second[:29]))
    assert (few.pairs, np.isnan(few.reliability)) == (29, True)
    assert few.falls.loc[few.falls["is_central"], "basis"].tolist() == ["assumed"]


def test_the_threshold_shows_no_single_patient():
    rows = [(score, 3) for score in (1.5, 2.5, 4.2, 4.3, 4.4, 5, 6, 7, 8, 6.5, 7.5)]
    found = regression_to_the_mean(cohort(*rows))
    assert found.threshold == 4.4
    assert regression_to_the_mean(cohort(*rows), min_cell=1).threshold == 1.5
    assert regression_to_the_mean(cohort(*rows), threshold=2).threshold == 2


def test_few_patients_are_hidden():
    found = regression_to_the_mean(cohort(*[(8 - i / 3, 3) for i in range(9)], (None, 2)))
    assert found.hidden
    assert found.falls.empty
    assert np.isnan(found.baseline_mean)
    assert found.left_out["below"].tolist() == [5]
