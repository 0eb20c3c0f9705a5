"""Few studies: Bayesian intervals, directions, readings of a ±, the next trial, and checks of the decline."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis import findings
from analysis.evidence.selection import Criteria, select
from analysis.outcomes import synthesis
from analysis.statistics.direction import direction_count
from analysis.statistics.next_trial import next_trial_probabilities
from analysis.statistics.survival import bootstrap


@pytest.fixture(scope="module")
def selection(evidence):
    return select(evidence)


@pytest.mark.slow
def test_every_pooled_rate_of_few_studies_has_three_intervals(selection):
    pooled = synthesis.pooled_rates(selection)
    few = synthesis.few_study_intervals(pooled, synthesis.pooled_differences(selection))
    assert len(few) == 3 * len(pooled.groups)  # each rests on four studies or fewer
    relief = few[few["definition_class"] == "any_relief"]
    assert relief["method"].tolist() == ["Student's t", "Bayesian", "Bayesian"]
    assert relief["tau_scale"].fillna(0).tolist() == [0, 0.5, 1]
    limits = (100 * relief[["ci_low", "ci_high"]]).round(1).to_numpy().tolist()
    assert limits == [[2.3, 99.7], [43.1, 89.1], [28.2, 91.3]]


def test_directions(selection):
    votes = synthesis.directions(selection).set_index("kind")
    against, since = votes.loc["ketamine minus control"], votes.loc["change since baseline"]
    assert (against["less_pain"], against["more_pain"], against["p"]) == (1, 0, 1)
    assert against["ci_low"] == pytest.approx(0.025)  # 1 of 1: 0.05 / 2
    assert (since["less_pain"], since["p"], since["without"]) == (3, pytest.approx(0.25), 0)  # 2 × 0.5³
    assert since["ci_low"] == pytest.approx(0.025 ** (1 / 3))


def test_vote_counting_by_hand():
    count = direction_count(8, 2)
    # (C(10,0) + C(10,1) + C(10,2)) / 2¹⁰ × 2; Clopper-Pearson limits of 8 of 10, R binom.test
    assert count.p == pytest.approx(2 * 56 / 1024)
    assert (count.ci_low, count.ci_high) == pytest.approx((0.4439045, 0.9747893), abs=1e-7)
    with pytest.raises(ValueError, match="no study with a direction"):
        direction_count(0, 0)


def test_the_standard_error_leads_in_sigtermans(selection, evidence):
    table = synthesis.spread_readings(selection, evidence).set_index("reading")
    # 2.77 / √((0.51² + 0.48²) / 2), and the same / √30
    assert table["standardised_difference"].round(2).to_dict() == {"sd": 5.59, "se": 1.02}
    assert table["leads"].to_dict() == {"sd": False, "se": True}
    assert table.loc["sd", "plausibility"] < 0.01 < 0.3 < table.loc["se", "plausibility"]
    assert table.loc["se", "se"] == pytest.approx(sqrt(0.51**2 + 0.48**2))
    assert table["known_sds"].tolist() == [5, 5]


def test_the_next_trial_of_the_evidence(selection, evidence):
    trial = synthesis.next_trial(selection, evidence)
    thirty = trial[trial["per_arm"] == 30]
    assert thirty["excludes_zero"].round(2).tolist() == [0.92, 0.90]
    assert thirty["excludes_line"].round(2).tolist() == [0.27, 0.29]
    readings = synthesis.spread_readings(selection, evidence)
    sentence = findings.next_trial_finding(trial, readings).sentence
    assert "so it is read as a standard error" in sentence
    assert "[90% to 92%]" in sentence and "[27% to 29%]" in sentence
    nothing = select(evidence, Criteria(studies=("mangnus2022",)))
    assert synthesis.next_trial(nothing, evidence).empty
    empty = findings.next_trial_finding(synthesis.next_trial(nothing, evidence), readings)
    assert empty.sentence.startswith("No controlled comparison")


def test_the_next_trial_in_closed_form():
    table = next_trial_probabilities(-3, 0, 0, 2, [8, 32, 10**8], -2)
    # known effect: power Φ(3 / (2 √(2/n)) - z); the line is 1 point away
    own = 2 * np.sqrt(2 / table["per_arm"])
    assert table["excludes_zero"].to_numpy() == pytest.approx(norm.cdf(3 / own - norm.ppf(0.975)))
    assert table["excludes_line"].to_numpy() == pytest.approx(norm.cdf(1 / own - norm.ppf(0.975)))
    huge = next_trial_probabilities(-3, 0.6, 0.8, 2, [10**8], -2)  # only the truth is uncertain, with SD 1
    assert huge["excludes_line"][0] == pytest.approx(norm.cdf(1), abs=1e-3)
    mirrored = next_trial_probabilities(3, 0.6, 0.8, 2, [20], 2)
    pd.testing.assert_frame_equal(mirrored, next_trial_probabilities(-3, 0.6, 0.8, 2, [20], -2))
    simulated = np.random.default_rng(1).normal(-3, sqrt(0.6**2 + 0.8**2 + 0.4), 200_000)  # 2² × 2/20
    share = np.mean(simulated + norm.ppf(0.975) * sqrt(0.4) < -2)
    assert mirrored["excludes_line"][0] == pytest.approx(share, abs=5e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sd": 0}, "sd is 0"),
        ({"line": 0}, "line is 0"),
        ({"per_arm": [1]}, "per_arm is 1"),
        ({"tau": -1}, "tau is -1"),
    ],
)
def test_the_next_trial_refuses(change, words):
    with pytest.raises(ValueError, match=words):
        next_trial_probabilities(**{"mean": -3, "se": 1, "tau": 0, "sd": 2, "per_arm": [30], "line": -2} | change)


@pytest.mark.slow
def test_checks_of_the_decline(selection):
    kept = synthesis.benefit_retention(selection)
    checks = synthesis.retention_checks(kept)
    joint, robust = checks.iloc[0], checks.iloc[1]
    assert joint["slope"] == robust["slope"] == kept.half["slope"][0]
    left = kept.half["slope"][1:]
    assert robust["se"] == pytest.approx(sqrt(6 / 7 * ((left - left.mean()) ** 2).sum()))
    assert robust["slope_high"] - robust["slope"] == pytest.approx(2.570582 * robust["se"])  # t, 5 degrees of freedom
    one = checks[checks["check"] == "one definition"].set_index("what")
    assert one["k"].to_dict() == {"complete remission": 1, "pain free": 2, "responder": 4}
    assert one["slope"].notna().to_dict() == {"complete remission": False, "pain free": False, "responder": True}
    none, every = (checks[checks["check"] == name].iloc[0] for name in ("none has it later", "all have it later"))
    assert none["what"] == every["what"] == "domec2004"
    assert none["slope"] < joint["slope"] < every["slope"]


def test_the_bootstrap_draws_studies_then_patients():
    # two studies that contradict each other: all patients lose the benefit by week 4, or none does until week 9
    ends = {"lower": [0, 9], "upper": [4, np.inf], "weights": [10, 10]}
    patients = bootstrap(**ends, draws=4000).bands([6])
    both = bootstrap(**ends, draws=4000, studies=["a", "b"]).bands([6])
    assert (both["band_low"][0], both["band_high"][0]) == (0, 1)  # a quarter of the draws has one study only
    assert 0.2 < patients["band_low"][0] < 0.4 < 0.6 < patients["band_high"][0] < 0.8
    one = bootstrap(**ends, draws=500, studies=["a", "a"]).bands([6])
    pd.testing.assert_frame_equal(one, bootstrap(**ends, draws=500).bands([6]), check_exact=False, atol=0.1)
    with pytest.raises(ValueError, match="studies, element 2, is None"):
        bootstrap(**ends, draws=5, studies=["a", None])
