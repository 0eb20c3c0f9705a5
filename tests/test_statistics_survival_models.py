"""Bands, parametric fits and the two-group test for interval-censored data, against R and published values."""

from itertools import combinations
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.survival import (
    DISTRIBUTIONS,
    UndeterminedError,
    bootstrap,
    fit_distribution,
    log_likelihood,
    npmle,
    quantile,
    survival_at,
    two_group_test,
)
from analysis.statistics.survival.distributions import STANDARD
from analysis.statistics.survival.group_test import MOST_TABLES, _tables
from analysis.statistics.survival.interval_data import innermost_intervals, innermost_intervals_each, unique_intervals
from analysis.statistics.survival.newton import maximise, maximise_each

REFERENCE = Path(__file__).parent / "reference" / "survival"
CASES = pd.read_csv(REFERENCE / "cases.csv")
COSMESIS = pd.read_csv(REFERENCE / "cosmesis.csv")
SURVREG = pd.read_csv(REFERENCE / "survreg.csv")
SURVREG_GROUP = pd.read_csv(REFERENCE / "survreg_group.csv")
INF = np.inf


def case(name):
    rows = CASES[CASES["case"] == name]
    return rows["lower"].to_numpy(), rows["upper"].to_numpy(), rows["weight"].to_numpy()


def had_the_benefit(name):
    lower, upper, weight = case(name)
    return tuple(column[upper > 0] for column in (lower, upper, weight))


# ---- parametric fits ------------------------------------------------------------------------------------------------


def test_the_list_of_fits_is_complete():
    names = ["cosmesis_radiotherapy", "cosmesis_chemotherapy", "heavy_ties", "weights", "milestones_several"]
    names += ["exact_and_right", "exact_and_interval", "intervals"]
    assert set(zip(SURVREG["case"], SURVREG["distribution"], strict=True)) == {
        (name, distribution) for name in names for distribution in DISTRIBUTIONS
    }
    assert set(zip(SURVREG_GROUP["case"], SURVREG_GROUP["distribution"], strict=True)) == {
        (name, distribution)
        for name in ("cosmesis_both", "exact_and_interval", "exact_and_right")
        for distribution in DISTRIBUTIONS
    }


def check_against_survreg(fit, expected):
    # demanded: 1e-6 relative, log-likelihood 1e-8; worst seen: 2e-10 and 5e-15
    found = fit.coefficients.set_index("term")
    assert found.loc["intercept", "estimate"] == pytest.approx(expected.intercept, rel=1e-8)
    assert found.loc["intercept", "se"] == pytest.approx(expected.intercept_se, rel=1e-8)
    assert fit.scale == pytest.approx(expected.scale, rel=1e-8)
    if expected.distribution != "exponential":
        assert found.loc["log_scale", "se"] == pytest.approx(expected.log_scale_se, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-10)
    assert fit.aic == pytest.approx(expected.aic, rel=1e-10)
    first = fit.medians.iloc[0]
    assert log(first["median"]) == pytest.approx(expected.log_median, rel=1e-8)
    assert log(first["high"] / first["low"]) / (2 * 1.959963984540054) == pytest.approx(
        expected.log_median_se, rel=1e-8
    )
    return found


@pytest.mark.parametrize("expected", list(SURVREG.itertuples()), ids=lambda row: f"{row.case}-{row.distribution}")
def test_fits_of_survreg(expected):
    fit = fit_distribution(*had_the_benefit(expected.case), expected.distribution)
    check_against_survreg(fit, expected)
    assert fit.time_ratio is None
    assert fit.survival_at(fit.medians.iloc[0]["median"]) == pytest.approx(0.5)


@pytest.mark.parametrize("expected", list(SURVREG_GROUP.itertuples()), ids=lambda row: f"{row.case}-{row.distribution}")
def test_time_ratios_of_survreg(expected):
    lower, upper, weight = case(expected.case)
    groups = COSMESIS["arm"] if expected.case == "cosmesis_both" else np.arange(1, len(lower) + 1) % 2 == 0
    fit = fit_distribution(lower, upper, weight, expected.distribution, groups)
    found = check_against_survreg(fit, expected)
    assert found.loc["group", "estimate"] == pytest.approx(expected.group, rel=1e-8)
    assert found.loc["group", "se"] == pytest.approx(expected.group_se, rel=1e-8)
    assert fit.time_ratio == pytest.approx(np.exp(expected.group))
    assert fit.time_ratio_low < fit.time_ratio < fit.time_ratio_high
    first, second = fit.medians["median"]
    assert second / first == pytest.approx(fit.time_ratio)
    assert fit.survival_at(second, second=True) == pytest.approx(0.5)


def test_the_second_group_alone_has_its_median():
    # turning the groups round turns the ratio round and leaves the rest
    one = fit_distribution(COSMESIS["lower"], COSMESIS["upper"], groups=COSMESIS["arm"])
    other = fit_distribution(COSMESIS["lower"], COSMESIS["upper"], groups=COSMESIS["arm"] == "radiotherapy")
    assert one.groups == ("radiotherapy", "radiotherapy_chemotherapy")
    assert other.time_ratio == pytest.approx(1 / one.time_ratio)
    assert other.p == pytest.approx(one.p)
    assert other.medians.iloc[0, 1:].tolist() == pytest.approx(one.medians.iloc[1, 1:].tolist())


def test_exponential_by_hand():
    # 4 ended in 3 + 5 + 5 + 2 weeks, 2 still going after 10: rate 4 / 35, standard error of its log 1 / 2
    fit = fit_distribution([3, 5, 2, 10], [3, 5, 2, INF], [1, 2, 1, 2], "exponential")
    assert fit.location() == pytest.approx(log(35 / 4))
    assert fit.coefficients.loc[0, "se"] == pytest.approx(0.5)
    assert fit.log_likelihood == pytest.approx(4 * log(4 / 35) - 4)
    assert fit.aic == pytest.approx(2 - 2 * fit.log_likelihood)


@pytest.mark.parametrize("distribution", ["lognormal", "loglogistic"])
def test_far_tails_mirror(distribution):
    # an interval far out has a probability that 1 - F would round to 0
    yes, no = np.array([True]), np.array([False])
    far = STANDARD[distribution].interval(np.array([40.0]), np.array([41.0]), yes, yes, no)
    mirrored = STANDARD[distribution].interval(np.array([-41.0]), np.array([-40.0]), yes, yes, no)
    assert far.value == pytest.approx(mirrored.value)
    assert far.by_low == pytest.approx(-mirrored.by_high)
    assert far.high_high == pytest.approx(mirrored.low_low)


def test_the_lowest_aic_is_that_of_weibull():
    fits = [fit_distribution(*had_the_benefit("intervals"), name) for name in DISTRIBUTIONS]
    assert min(fits, key=lambda fit: fit.aic).distribution == "weibull"
    assert all(fit.aic == 2 * len(fit.coefficients) - 2 * fit.log_likelihood for fit in fits)
    assert all(fit.time_ratio is None for fit in fits)


def test_one_milestone_determines_one_parameter_only():
    data = [0, 13], [13, INF], [7, 18]
    # 7 of 25 lost it by week 13: exp(-13 rate) = 18 / 25
    median = fit_distribution(*data, "exponential").medians.loc[0, "median"]
    assert median == pytest.approx(13 * log(2) / log(25 / 18))
    for name in ("weibull", "lognormal", "loglogistic"):
        with pytest.raises(UndeterminedError, match="don't determine"):
            fit_distribution(*data, name)


@pytest.mark.slow
@given(st.integers(0, 10_000), st.sampled_from(DISTRIBUTIONS), st.floats(0.01, 100))
def test_units_order_and_weights(seed, distribution, factor):
    random = np.random.default_rng(seed)
    time = random.weibull(1.5, 30) * 10
    lower, upper = np.floor(time), np.where(random.random(30) < 0.3, INF, np.ceil(time + 1))
    upper = np.where(random.random(30) < 0.3, np.maximum(lower, 1), upper)
    lower = np.where(upper == np.maximum(lower, 1), upper, lower)
    weight = random.integers(1, 4, 30)
    fit = fit_distribution(lower, upper, weight, distribution)
    order = random.permutation(30)
    again = np.repeat(order, weight[order])
    other = fit_distribution(lower[again] * factor, upper[again] * factor, None, distribution)
    assert other.scale == pytest.approx(fit.scale, rel=1e-6)
    assert other.medians["median"][0] == pytest.approx(factor * fit.medians["median"][0], rel=1e-6)
    assert other.coefficients["se"].to_numpy() == pytest.approx(fit.coefficients["se"].to_numpy(), rel=1e-6)
    exact = weight[lower == upper].sum()
    assert other.log_likelihood == pytest.approx(fit.log_likelihood - exact * log(factor), rel=1e-8)
    assert log_likelihood(npmle(lower, upper, weight), lower, upper, weight) >= fit.log_likelihood or exact


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: fit_distribution([1, 0], [2, 0]),
            ValueError,
            "element 2: upper = 0: a duration of 0 has no logarithm",
        ),
        (lambda: fit_distribution([1], [2], distribution="gamma"), ValueError, "distribution is 'gamma'"),
        (lambda: fit_distribution([1, 3], [2, 2]), ValueError, "element 2"),
        (lambda: fit_distribution([1], [2], level=95), ValueError, "level is 95"),
        (lambda: fit_distribution([1, 2], [2, 3], groups=["a"]), ValueError, "and groups has 1"),
        (lambda: fit_distribution([1, 2], [2, 3], groups=["a", None]), ValueError, r"groups, element 2, is None"),
        (lambda: fit_distribution([1, 2], [2, 3], groups=["a", "a"]), ValueError, "groups has 1 different values"),
        (lambda: fit_distribution([4, 5], [INF, INF]), UndeterminedError, "known to have ended"),
        (lambda: fit_distribution([0, 0], [4, 5]), UndeterminedError, "known to have lasted"),
        (lambda: fit_distribution([1, 1, 3], [2, 3, INF], groups=[0, 0, 1]), UndeterminedError, "of group 1"),
        (lambda: fit_distribution([5, 5], [5, 5]), UndeterminedError, "don't determine a weibull"),
        # 3.5 lies in all of them: the narrower the distribution around it, the better it fits
        (lambda: fit_distribution([1, 2, 3], [4, 5, INF]), UndeterminedError, "may have been equally long"),
        (lambda: fit_distribution([1, 2], [2, 3], groups=["a", "b"]), UndeterminedError, "equally long"),
        (lambda: fit_distribution([1], [np.nan]), ValueError, r"upper, element 1, is nan"),
    ],
)
def test_refusals_of_fits(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_an_exponential_fits_durations_that_may_be_equal():
    # one interval (1, 2]: exp(-r) - exp(-2r) is largest at r = log 2, whose median is 1
    assert fit_distribution([1], [2], distribution="exponential").medians["median"].iloc[0] == pytest.approx(1.0)


# ---- bands ----------------------------------------------------------------------------------------------------------


def test_draws_are_the_estimate_of_the_patients_drawn():
    lower, upper, weight = case("heavy_ties")
    found = bootstrap(lower, upper, weight, draws=30, seed=4)
    order = np.lexsort((upper, lower))
    counts = np.random.default_rng(4).multinomial(48, weight[order] / 48, size=30)
    for draw, count in enumerate(counts):
        table = npmle(lower[order], upper[order], count)
        mine = found.draw == draw
        assert found.left[mine].tolist() == table["left"].tolist()
        assert found.right[mine].tolist() == table["right"].tolist()
        assert found.probability[mine] == pytest.approx(table["probability"].to_numpy(), abs=1e-6)


@pytest.mark.slow
@given(st.integers(0, 1000), st.integers(1, 40), st.booleans())
def test_draws_solved_together_equal_draws_one_by_one(seed, n, on_weeks):
    random = np.random.default_rng(seed)
    time, width = random.weibull(1.3, n) * 20, random.exponential(4, n) * (random.random(n) < 0.8)
    time, width = (time.round(), width.round()) if on_weeks else (time, width)
    lower, upper = np.where(random.random(n) < 0.2, -INF, time), np.where(random.random(n) < 0.3, INF, time + width)
    observed = unique_intervals(lower, upper, np.ones(n))
    counts = random.multinomial(n, observed.weight / n, size=20)
    seen = []
    for rows, together in innermost_intervals_each(observed.lower, observed.upper, counts > 0):
        size = together.left.shape[1]
        masses = maximise_each(together.first, together.end, counts[rows], size, 1e-8)
        seen += rows.tolist()
        for place, row in enumerate(rows):
            drawn = counts[row] > 0
            alone = innermost_intervals(observed.lower[drawn], observed.upper[drawn])
            assert (alone.left.tolist(), alone.right.tolist()) == (
                together.left[place].tolist(),
                together.right[place].tolist(),
            )
            assert (alone.first.tolist(), alone.end.tolist()) == (
                together.first[place][drawn].tolist(),
                together.end[place][drawn].tolist(),
            )
            by_itself = maximise(alone.first, alone.end, counts[row][drawn], size, 1e-8)
            assert masses[place].tolist() == by_itself.tolist()  # to the last digit
    assert sorted(seen) == list(range(20))


def test_limits_at_each_time_are_percentiles_of_the_draws():
    lower, upper, weight = case("heavy_ties")
    found = bootstrap(lower, upper, weight, draws=50, seed=3)
    times = np.sort(np.concatenate([np.unique(found.left), np.unique(found.right[np.isfinite(found.right)]), [0.5, 3]]))
    bands = found.bands(times, 0.8)
    for row in bands.itertuples():
        ends = found.right > row.time
        lows, highs = (
            [found.probability[part & (found.draw == draw)].sum() for draw in range(50)]
            for part in (ends & (found.left >= row.time), ends)
        )
        assert row.band_low == pytest.approx(min(np.quantile(lows, 0.1), row.low), abs=1e-12)
        assert row.band_high == pytest.approx(max(np.quantile(highs, 0.9), row.high), abs=1e-12)


def test_bands_of_a_share_are_those_of_the_binomial():
    # 18 of 33 beyond week 13: the draws are binomial
    bands = bootstrap([0, 0, 13], [0, 13, INF], [8, 7, 18], draws=4000).bands([0, 5, 13])
    limits = np.quantile(np.random.default_rng(2).binomial(33, 18 / 33, 400_000) / 33, [0.025, 0.975])
    assert bands.loc[2, ["band_low", "band_high"]].to_numpy(float) == pytest.approx(limits, abs=0.5 / 33)
    # inside (0, 13] from the lower limit of losing all at once to the upper limit of losing all at the end
    assert bands.loc[1, "band_low"] == pytest.approx(bands.loc[2, "band_low"])
    assert bands.loc[1, "band_high"] == pytest.approx(bands.loc[0, "band_high"])
    assert list(bands.columns) == ["time", "low", "high", "band_low", "band_high"]


@pytest.mark.slow
def test_quantiles_of_the_draws():
    found = bootstrap([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], draws=2000)
    low, high, below, above = found.quantile(0.5)
    assert (low, high) == (3, 3)
    assert below in (1, 2)
    assert above in (4, 5)
    by_hand = []
    for draw in range(2000):
        mine = found.draw == draw
        table = pd.DataFrame({n: getattr(found, n)[mine] for n in ("left", "right", "probability")})
        by_hand.append(quantile(table, 0.5))
    lows, highs = np.sort(np.array(by_hand), axis=0).T
    assert (below, above) == (lows[int(0.025 * 1999)], highs[int(np.ceil(0.975 * 1999))])
    assert bootstrap([0, 13], [13, INF], [7, 18], draws=200).quantile(0.5)[3] == INF


@pytest.mark.slow
@given(st.integers(0, 1000), st.integers(2, 30), st.floats(0.5, 0.99))
def test_bands_bracket_and_fall(seed, n, level):
    random = np.random.default_rng(seed)
    time = random.integers(0, 12, n)
    lower = np.where(random.random(n) < 0.2, -INF, time)
    upper = np.where(random.random(n) < 0.3, INF, time + random.integers(0, 5, n))
    times = np.arange(0, 16)
    bands = bootstrap(lower, upper, draws=60, seed=seed).bands(times, level)
    assert (bands["band_low"] <= bands["low"]).all()
    assert (bands["high"] <= bands["band_high"]).all()
    assert (np.diff(bands[["band_low", "band_high"]], axis=0) <= 1e-12).all()
    assert bands["band_low"].min() >= 0
    assert bands["band_high"].max() <= 1
    expected = survival_at(npmle(lower, upper), times)
    assert bands[["low", "high"]].to_numpy() == pytest.approx(expected[["low", "high"]].to_numpy())
    same = bootstrap(lower, upper, draws=60, seed=seed).bands(times, level)
    pd.testing.assert_frame_equal(bands, same)


@pytest.mark.slow
def test_draws_are_solved_together(monkeypatch):
    solved = []

    def recorded(first, end, weight, size, tolerance):
        solved.append(len(weight))
        return maximise_each(first, end, weight, size, tolerance)

    monkeypatch.setattr("analysis.statistics.survival.bands.maximise_each", recorded)
    random = np.random.default_rng(8)
    time = random.weibull(1.3, 200) * 20
    lower = np.maximum(time - random.exponential(4, 200), 0)
    upper = np.where(random.random(200) < 0.2, INF, time + random.exponential(4, 200))
    bootstrap(lower, upper, draws=400)
    assert sum(solved) == 400
    assert len(solved) < 50


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bootstrap([1], [2], draws=0), "draws is 0"),
        (lambda: bootstrap([1, 2], [2, 3], [1, 1.5]), r"weights, element 2, is 1.5: must be a whole number"),
        (lambda: bootstrap([1, np.nan], [2, 3]), r"lower, element 2, is nan"),
        (lambda: bootstrap([1], [2], draws=2).bands([1], level=95), "level is 95"),
        (lambda: bootstrap([1], [2], draws=2).bands([1, np.nan]), r"times, element 2, is nan"),
        (lambda: bootstrap([1], [2], draws=2).quantile(0), "p is 0"),
    ],
)
def test_refusals_of_bands(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---- two groups -----------------------------------------------------------------------------------------------------


def test_breast_cosmesis_as_published():
    # Fay and Shaw 2010, J Stat Softw 36(2), ictest: U = 9.141846, Z = 2.6684 in size, p = 0.007622 (normal)
    found = two_group_test(COSMESIS["lower"], COSMESIS["upper"], COSMESIS["arm"])
    assert found.groups == ("radiotherapy", "radiotherapy_chemotherapy")
    assert found.patients == (46, 48)
    assert found.excess == pytest.approx(9.141846, abs=5e-7)
    assert found.z == pytest.approx(2.6684, abs=5e-5)
    assert found.p_normal == pytest.approx(0.007622, abs=5e-7)
    assert found.method == "monte_carlo"
    assert found.p == pytest.approx(0.0075, abs=0.001)
    assert two_group_test(COSMESIS["lower"], COSMESIS["upper"], COSMESIS["arm"]) == found


def by_enumeration(scores, second):
    # the same test without any grouping of equal scores
    scores = np.asarray(scores) - np.mean(scores)
    sums = [sum(scores[list(some)]) for some in combinations(range(len(scores)), len(second))]
    return np.mean(np.abs(sums) >= abs(scores[second].sum()) - 1e-9)


def test_logrank_scores_by_hand():
    # ended at 1, 2, 4, followed for 3: hazards 1/4, 1/3, 1/1; score = ended - cumulated hazard
    found = two_group_test([1, 2, 3, 4], [1, 2, INF, 4], [1, 1, 0, 0])
    scores = [1 - 1 / 4, 1 - 7 / 12, -7 / 12, 1 - 19 / 12]
    assert found.excess == pytest.approx(scores[0] + scores[1])
    assert found.variance == pytest.approx(2 * 2 / (4 * 3) * np.sum(np.square(scores)))
    assert found.method == "exact"
    assert found.p == pytest.approx(1 / 3) == pytest.approx(by_enumeration(scores, [0, 1]))


def test_finkelstein_scores_by_hand():
    # 2 in (0, 4], 1 in (4, 8], 1 beyond: S is 1, 1/2, 1/4, 0; score = (S log S before - S log S after) / mass
    found = two_group_test([0, 4, 8], [4, 8, INF], ["b", "a", "a"], [2, 1, 1], "finkelstein")
    first, second, last = 0.5 * log(2) / 0.5, (0.5 * log(0.5) - 0.25 * log(0.25)) / 0.25, log(0.25)
    assert 2 * first + second + last == pytest.approx(0)
    assert found.groups == ("a", "b")
    assert found.excess == pytest.approx(2 * first)
    assert found.p == pytest.approx(by_enumeration([first, first, second, last], [0, 1]))


@pytest.mark.parametrize("scores", ["sun", "finkelstein"])
def test_exact_and_monte_carlo_agree(scores, monkeypatch):
    lower, upper, weight = case("milestones_several")
    lower, upper = (np.repeat(column, weight.astype(int)) for column in (lower, upper))
    groups = np.arange(len(lower)) % 3 == 0
    exact = two_group_test(lower, upper, groups, scores=scores)
    assert exact.method == "exact"
    assert exact.draws is None
    monkeypatch.setattr("analysis.statistics.survival.group_test.MOST_TABLES", 0)
    drawn = two_group_test(lower, upper, groups, scores=scores)
    assert (drawn.method, drawn.draws, drawn.seed) == ("monte_carlo", 99_999, 1)
    assert drawn.p == pytest.approx(exact.p, abs=0.006)
    assert drawn.z == exact.z
    assert two_group_test(lower, upper, groups, scores=scores, seed=2).p != drawn.p


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans(), st.booleans()), min_size=4, max_size=9))
def test_exact_p_by_enumeration_and_symmetry(rows):
    lower = np.array([min(a, b) for a, b, _, _ in rows], float)
    upper = np.array([INF if beyond else max(a, b) for a, b, beyond, _ in rows], float)
    groups = np.array([g for *_, g in rows[:-2]] + [True, False])
    found = two_group_test(lower, upper, groups)
    assert found.method == "exact"
    one_each = [two_group_test(lower, upper, np.arange(len(rows)) == i).excess for i in range(len(rows))]
    assert sum(one_each) == pytest.approx(0, abs=1e-9)
    assert found.p == pytest.approx(by_enumeration(one_each, np.flatnonzero(groups)), abs=1e-9)
    turned = two_group_test(lower * 3, upper * 3, ~groups)
    assert turned.excess == pytest.approx(-found.excess, abs=1e-9)
    assert turned.p == pytest.approx(found.p, abs=1e-9)
    assert 0 < found.p <= 1


def test_equal_groups():
    found = two_group_test([0, 0, 13, 13], [13, 13, INF, INF], [0, 1, 0, 1], [7, 7, 18, 18])
    assert found.excess == pytest.approx(0)
    assert found.p == pytest.approx(1)
    nothing = two_group_test([13, 13], [INF, INF], [0, 1], [5, 6])
    assert (nothing.z, nothing.p) == (0, 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: two_group_test([1, 2], [2, 3], ["a", "a"]), "groups has 1 different values"),
        (lambda: two_group_test([1, 2, 3], [2, 3, 4], ["a", "b", "c"]), "groups has 3 different values"),
        (lambda: two_group_test([1, 2], [2, 3], ["a", None]), r"groups, element 2, is None"),
        (lambda: two_group_test([1, 2], [2, 3], ["a"]), "and groups has 1"),
        (lambda: two_group_test([1, 2], [2, 3], ["a", "b"], [1, 0]), "group b has no patients"),
        (lambda: two_group_test([1, 2], [2, 3], ["a", "b"], [1, 0.5]), r"weights, element 2, is 0.5: must be a whole"),
        (lambda: two_group_test([1, 2], [2, 3], ["a", "b"], scores="wmw"), "scores is 'wmw'"),
        (lambda: two_group_test([1, 2], [2, 3], ["a", "b"], draws=0), "draws is 0"),
        (lambda: two_group_test([1, 4], [2, 3], ["a", "b"]), "element 2"),
    ],
)
def test_refusals_of_the_test(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_assignments_are_counted_up_to_the_limit():
    # 2 of (a a a b b): none, one or two b
    assert _tables(np.array([3, 2]), 2) == 3
    # 10 of twenty different scores, 184,756 ways; of twenty-two more than the limit, of many far more
    assert _tables(np.ones(20, dtype=int), 10) == 184_756
    assert _tables(np.ones(22, dtype=int), 11) == MOST_TABLES + 1
    assert _tables(np.full(300, 1000), 150_000) == MOST_TABLES + 1
