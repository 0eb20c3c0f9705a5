"""Pooling of proportions against metafor and lme4, properties, and refusals.

tests/reference/pooling/reference.R wrote the reference values; versions.txt names the versions. No R is needed here.
"""

import math
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.special import expit

from analysis.statistics import random_intercept, study_quadrature
from analysis.statistics.intervals import clopper_pearson
from analysis.statistics.pooling import leave_one_out, pool_proportions
from analysis.statistics.random_intercept import fit_random_intercept
from analysis.statistics.study_quadrature import Counts

REFERENCE = Path(__file__).parent / "reference" / "pooling"
# Relative agreement asked for, and the worst seen with metafor 3.8.1 and lme4 1.1.31 over all cases below:
# 2.2e-5 for `glmm` (a prediction limit of 1e-6 in `very_heterogeneous`, where 25 nodes are few; its standard error
# differs by 3.0e-6, everything else by less), 1.3e-12 for `logit`, 1.1e-10 for `double_arcsine`.
TOLERANCES = {"glmm": 1e-4, "logit": 1e-6, "double_arcsine": 1e-6}
# lme4's limits of tau² are interpolated along the profile. Worst seen: 1.9e-4.
PROFILE_TOLERANCE = 1e-3
# where both are this small they are zero up to the precision of R's optimiser
ZERO = 1e-7

CASES = {
    "pritz1997": 14,
    "pain_like": 7,
    "zero_cells": 5,
    "full_cells": 5,
    "zero_and_full": 6,
    "two_studies": 2,
    "two_studies_alike": 2,
    "three_studies": 3,
    "homogeneous": 4,
    "very_heterogeneous": 6,
    "heavy_ties": 8,
    "single_patients": 6,
    "rare": 6,
    "large": 4,
    "flat_at_zero": 3,  # (26 - 23)² + (3 - 3.5)² + (2 - 4.5)² = 62 / 4: the likelihood is flat where tau² is 0
}
NUMBERS = (
    *("estimate", "ci_low", "ci_high", "pi_low", "pi_high", "estimate_logit", "se_logit"),
    *("tau2", "i2", "q", "q_p"),
)
LIMITS = ("ci_low", "ci_high", "pi_low", "pi_high")


@cache
def table(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def case(name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = table("counts")[table("counts")["case"] == name]
    return rows["events"].to_numpy(), rows["total"].to_numpy()


def agrees(ours: float, theirs: float, tolerance: float) -> bool:
    if math.isnan(theirs):
        return math.isnan(ours)
    return abs(ours - theirs) <= max(tolerance * abs(theirs), ZERO)


def test_the_reference_covers_every_case_model_adjustment_and_level():
    assert table("counts").groupby("case").size().to_dict() == CASES
    options = {("glmm", adjust, "ML") for adjust in ("wald", "t")}
    for model in ("logit", "double_arcsine"):
        options |= {(model, adjust, method) for adjust in ("hksj", "wald") for method in ("REML", "PM", "DL", "ML")}
    wanted = {(name, *option, level) for name in CASES for option in options for level in (0.9, 0.95, 0.99)}
    rows = table("proportions")
    found = {tuple(row) for row in rows[["case", "model", "adjust", "method", "level"]].itertuples(index=False)}
    assert found == wanted
    assert len(rows) == len(wanted)
    assert table("glmer")["case"].tolist() == list(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("model", TOLERANCES)
def test_pool_proportions_agrees_with_metafor(name, model):
    x, n = case(name)
    rows = table("proportions")
    for row in rows[(rows["case"] == name) & (rows["model"] == model)].itertuples():
        ours = pool_proportions(x, n, model, row.level, adjust=row.adjust, method=row.method)
        assert (ours.k, ours.method, ours.adjust, ours.level) == (row.k, row.method, row.adjust, row.level)
        off = {
            column: (getattr(ours, column), getattr(row, column))
            for column in NUMBERS
            if not agrees(getattr(ours, column), getattr(row, column), TOLERANCES[model])
        }
        assert not off, (row.adjust, row.method, row.level, off)


@pytest.mark.parametrize("name", CASES)
def test_the_binomial_normal_model_agrees_with_glmer(name):
    (row,) = table("glmer")[table("glmer")["case"] == name].itertuples()
    ours = pool_proportions(*case(name))
    for column in ("estimate_logit", "se_logit", "tau2"):
        assert agrees(getattr(ours, column), getattr(row, column), TOLERANCES["glmm"]), column


def test_limits_of_tau2_agree_with_the_profile_of_glmer():
    assert table("profiles")["case"].tolist() == ["pritz1997", "zero_and_full", "heavy_ties"]
    for row in table("profiles").itertuples():
        ours = pool_proportions(*case(row.case))
        assert ours.tau2_low == pytest.approx(row.tau2_low, rel=PROFILE_TOLERANCE)
        assert ours.tau2_high == pytest.approx(row.tau2_high, rel=PROFILE_TOLERANCE)


def test_without_limits_of_tau2_all_else_is_the_same():
    counts = case("pritz1997")
    whole, without = pool_proportions(*counts), pool_proportions(*counts, tau2_limits=False)
    unknown = {"tau2_low", "tau2_high", "i2_low", "i2_high"}
    for field in fields(whole):
        here, there = getattr(without, field.name), getattr(whole, field.name)
        assert (math.isnan(here) and there > 0) if field.name in unknown else here == there, field.name


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_default_number_of_nodes_is_enough(name):
    few, many = pool_proportions(*case(name)), pool_proportions(*case(name), nodes=160)
    for column in (*NUMBERS, "se"):  # worst seen: 2e-7, the standard error of `very_heterogeneous`
        assert getattr(few, column) == pytest.approx(getattr(many, column), rel=1e-6, abs=1e-9), column


# one study only between none and all: tau is 12 and the integrands are steps
STEPS = ([0, 18, 0, 20, 0, 0], [59, 56, 5, 20, 7, 36])


@pytest.mark.slow
@pytest.mark.parametrize(
    "counts",
    [case("zero_and_full"), case("three_studies"), case("pritz1997"), STEPS],
    ids=["cells", "3", "14", "steps"],
)
def test_the_estimates_maximise_an_independently_integrated_likelihood(counts):
    x, n = (np.array(part) for part in counts)
    found = pool_proportions(x, n)
    u = np.linspace(-9, 9, 200_001)

    def log_likelihood(mu: float, tau: float) -> float:
        eta = mu + tau * u
        log_rate, log_rest = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
        prior = stats.norm.logpdf(u)
        pairs = zip(x, n, strict=True)
        return sum(
            math.log(np.exp(events * log_rate + (size - events) * log_rest + prior).sum()) for events, size in pairs
        )

    mu, tau = found.estimate_logit, math.sqrt(found.tau2)
    top = log_likelihood(mu, tau)
    for step in (-0.02, 0.02):
        assert log_likelihood(mu + step, tau) < top
        assert log_likelihood(mu, tau + step) < top
    slope = (log_likelihood(mu + 1e-3, tau) - log_likelihood(mu - 1e-3, tau)) / 2e-3
    assert slope == pytest.approx(0, abs=1e-5)
    slope = (log_likelihood(mu, tau + 1e-3) - log_likelihood(mu, tau - 1e-3)) / 2e-3
    assert slope == pytest.approx(0, abs=1e-5)


def test_equal_studies_give_the_rate_of_all_patients():
    pooled = pool_proportions(*case("homogeneous"))
    assert pooled.tau2 == 0
    assert pooled.i2 == 0
    assert pooled.estimate == pytest.approx(51 / 101)
    assert pooled.se_logit == pytest.approx(math.sqrt(1 / 51 + 1 / 50))
    assert (pooled.pi_low, pooled.pi_high) == (pooled.ci_low, pooled.ci_high)


@pytest.mark.parametrize(("events", "edge"), [([0, 0, 0], 0), ([8, 14, 5], 1)])
def test_no_or_all_events_give_exact_limits_and_a_note(events, edge):
    pooled = pool_proportions(events, [8, 14, 5])
    assert pooled.estimate == edge
    assert (pooled.ci_low, pooled.ci_high) == clopper_pearson(sum(events), 27)
    assert pooled.estimate_logit == (math.inf if edge else -math.inf)
    assert all(math.isnan(getattr(pooled, name)) for name in ("se", "se_logit", "tau2", "i2", "pi_low", "pi_high"))
    assert "can't be known" in pooled.note
    assert ("No patient" if edge == 0 else "Every patient") in pooled.note
    for model in ("logit", "double_arcsine"):
        assert 0 <= pool_proportions(events, [8, 14, 5], model).ci_low <= 1


def test_each_study_none_or_all_has_no_estimate():
    pooled = pool_proportions([0, 14, 0], [8, 14, 5])
    assert math.isnan(pooled.estimate)
    assert pooled.tau2 == math.inf
    assert "none or all" in pooled.note
    pooled = pool_proportions([0, 1, 0], [1, 1, 1])
    assert math.isnan(pooled.tau2)
    assert "a single patient" in pooled.note


def test_one_study_and_two_note_their_limitations():
    pooled = pool_proportions([30], [48])
    assert pooled.estimate == pytest.approx(30 / 48)
    assert pooled.se_logit == pytest.approx(math.sqrt(1 / 30 + 1 / 18))
    assert math.isnan(pooled.tau2)
    assert math.isnan(pooled.pi_low)
    assert "One study" in pooled.note
    assert pool_proportions([30], [48], "logit").ci_low == pytest.approx(pooled.ci_low)
    assert math.isnan(pool_proportions([30], [48], "double_arcsine").pi_high)
    assert "Two studies" in pool_proportions([30, 4], [48, 9]).note


def test_corrected_cells_are_noted():
    assert "2 of 5 studies" in pool_proportions(*case("zero_cells"), "logit").note
    assert pool_proportions(*case("pain_like"), "logit", adjust="wald").note == ""


def test_standard_error_on_the_scale_of_probabilities():
    for model in ("glmm", "logit"):
        pooled = pool_proportions(*case("pritz1997"), model)
        assert pooled.se == pytest.approx(pooled.se_logit * pooled.estimate * (1 - pooled.estimate))
    turned = pool_proportions(*case("large"), "double_arcsine", adjust="wald")
    logit = pool_proportions(*case("large"), "logit", adjust="wald")
    assert turned.se == pytest.approx(logit.se, rel=0.02)
    assert math.isnan(turned.estimate_logit)


def test_leave_one_out_of_proportions():
    x, n = case("three_studies")
    out = leave_one_out(x, n, labels=["a", "b", "c"], using=pool_proportions)
    assert out["omitted"].tolist() == ["a", "b", "c"]
    assert out["estimate"][0] == pytest.approx(pool_proportions(x[1:], n[1:]).estimate)


counts = st.lists(
    st.integers(1, 71).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), min_size=2, max_size=8
)
models = st.sampled_from(list(TOLERANCES))


def usable(data: list[tuple[int, int]]) -> bool:
    """Not all cells 0 or full."""
    return any(0 < x < n for x, n in data)


@pytest.mark.slow
@given(counts.filter(usable), models)
def test_mirrored_events_mirror_the_result(data, model):
    x, n = (np.array(part) for part in zip(*data, strict=True))
    one, two = pool_proportions(x, n, model), pool_proportions(n - x, n, model)
    near = {"rel": 1e-5, "abs": 1e-6}
    assert two.estimate == pytest.approx(1 - one.estimate, **near)
    for low, high in (("ci_low", "ci_high"), ("pi_low", "pi_high")):
        assert getattr(two, low) == pytest.approx(1 - getattr(one, high), **near)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-5, abs=1e-7)
    assert two.q == pytest.approx(one.q, rel=1e-7, abs=1e-9)


@pytest.mark.slow
@given(counts.filter(usable), st.randoms(use_true_random=False), models)
def test_order_does_not_matter(data, random, model):
    one = pool_proportions(*zip(*data, strict=True), model)
    places = list(range(len(data)))
    random.shuffle(places)
    two = pool_proportions(*zip(*(data[i] for i in places), strict=True), model)
    for name in NUMBERS:
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-5, abs=1e-6, nan_ok=True), name
    assert two.weights == pytest.approx([one.weights[i] for i in places], rel=1e-5)


@pytest.mark.slow
@given(counts, models)
def test_limits_bracket_and_weights_add_up(data, model):
    pooled = pool_proportions(*zip(*data, strict=True), model)
    assert sum(pooled.weights) == pytest.approx(1)
    if math.isnan(pooled.estimate):
        assert "neither can be estimated" in pooled.note
        return
    assert 0 <= pooled.ci_low <= pooled.estimate <= pooled.ci_high <= 1
    if not math.isnan(pooled.pi_low):
        assert 0 <= pooled.pi_low <= pooled.ci_low
        assert pooled.ci_high <= pooled.pi_high <= 1
        assert 0 <= pooled.tau2_low <= pooled.tau2_high
        assert 0 <= pooled.i2 < 1
    if model == "glmm" and pooled.tau2 >= 0:
        assert pooled.tau2_low <= pooled.tau2 <= pooled.tau2_high


@pytest.mark.slow
@given(counts.filter(usable))
def test_t_limits_are_wider_than_wald_limits(data):
    x, n = zip(*data, strict=True)
    wald, t = pool_proportions(x, n), pool_proportions(x, n, adjust="t")
    assert t.estimate == wald.estimate
    assert t.ci_low <= wald.ci_low
    assert wald.ci_high <= t.ci_high


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 10], [4, 9]), "events, element 2, is 10: must be a whole number from 0 to its total, 9"),
        (([1, -1], [4, 9]), "events, element 2, is -1"),
        (([0.5, 1], [4, 9]), "events, element 1, is 0.5"),
        (([1, math.nan], [4, 9]), "events, element 2, is nan"),
        (([1, 2], [4, 0]), "totals, element 2, is 0"),
        (([1, 2], [4.5, 9]), "totals, element 1, is 4.5"),
        (([1, 2], [4, math.inf]), "totals, element 2, is inf"),
        (([1, 2, 3], [4, 9]), "events has 3 elements and totals has 2"),
        (([], []), "events is empty"),
        (([1, 2], [4, 9], "arcsine"), "model is 'arcsine'"),
        (([1, 2], [4, 9], "glmm", 1.0), "level is 1.0"),
    ],
)
def test_refusals_name_the_element(arguments, words):
    with pytest.raises(ValueError, match=words):
        pool_proportions(*arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"adjust": "hksj"}, "adjust is 'hksj': must be one of wald, t"),
        ({"model": "logit", "adjust": "t"}, "adjust is 't': must be one of hksj, wald"),
        ({"model": "logit", "method": "EB"}, "method is 'EB'"),
        ({"nodes": 1}, "nodes is 1"),
        ({"nodes": 2.5}, "nodes is 2.5"),
    ],
)
def test_refusals_of_options(options, words):
    with pytest.raises(ValueError, match=words):
        pool_proportions([1, 2], [4, 9], **options)


# lme4 with nAGQ = 100 and an independent likelihood; events and totals of studies with thousands of patients
LARGE_STUDIES = {
    "colditz_control": (
        (11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
        (139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854),
        {"estimate": (0.016, 0.0005), "ci_low": (0.0068, 5e-5), "ci_high": (0.037, 5e-4), "tau2": (2.50, 0.005)},
    ),
    "three_large": (
        (123, 1882, 9),
        (2025, 3291, 1037),
        {"estimate": (0.084, 0.0005), "ci_low": (0.009, 5e-4), "ci_high": (0.49, 0.005), "tau2": (4.30, 0.005)},
    ),
    "two_of_10000": ((1, 5000), (10000, 10000), {"estimate": (0.009, 0.0005), "tau2": (23.0, 0.05)}),
}


@pytest.mark.parametrize("name", LARGE_STUDIES)
def test_large_studies_reach_the_maximum(name):
    events, totals, expected = LARGE_STUDIES[name]
    pooled = pool_proportions(events, totals)
    for number, (value, tolerance) in expected.items():
        assert getattr(pooled, number) == pytest.approx(value, abs=tolerance), number


@given(
    st.lists(st.tuples(st.integers(1, 100_000), st.floats(0, 1)), min_size=1, max_size=8),
    st.floats(-30, 30),
    st.floats(0.001, 50),
)
@example([(12, 0.0)], 6.0, 1.0)  # Newton's steps alternate between both ends
def test_the_score_is_zero_at_every_mode(studies, fixed, tau):
    n = np.array([float(size) for size, _ in studies])
    x = np.array([float(round(share * size)) for size, share in studies])
    data = Counts.one_row_a_study(x, n)
    modes, width = study_quadrature._modes(data, np.full(len(n), fixed), tau)
    score = tau * (x - n * expit(fixed + tau * modes)) - modes
    assert np.abs(score * width**2).max() < 1e-6, "the remaining Newton step"


@pytest.mark.parametrize("seed", range(6))
def test_no_other_start_gives_a_higher_likelihood(seed):
    random = np.random.default_rng(seed)
    n = random.integers(5_000, 20_000, random.integers(2, 8)).astype(float)
    logits = random.normal(-2, 1) + random.choice([0.1, 0.5, 2.0]) * random.normal(size=len(n))
    data = Counts.one_row_a_study(random.binomial(n.astype(int), expit(logits)).astype(float), n)
    fitted = fit_random_intercept(data)

    def height(place):
        return random_intercept._moments(data, place[:1], abs(place[1]), study_quadrature.NODES).height

    for tau in (0.05, 0.5, 3.0):
        start = [fitted.beta[0], tau]
        found = optimize.minimize(lambda place: -height(place), start, method="Nelder-Mead")
        assert -found.fun <= fitted.log_likelihood + 1e-6


@pytest.mark.parametrize(
    ("events", "totals", "mean", "tau"),
    [
        ([4, 4, 36, 324, 6], [5, 6, 162, 1081, 15], -0.5783, 0.5156),
        ([2, 3, 20, 1, 9], [11, 4, 49, 4, 14], -0.2808, 0.2968),
    ],
)
def test_the_higher_of_two_maxima(events, totals, mean, tau):
    """The likelihood falls from tau = 0 and rises to a higher maximum; lme4 finds it (stress sets 773, 1584)."""
    ours = pool_proportions(events, totals, tau2_limits=False)
    assert (ours.estimate_logit, ours.tau2**0.5) == pytest.approx((mean, tau), abs=2e-3)
