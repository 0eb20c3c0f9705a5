"""Turnbull's estimate against R's npsurv, published values, Kaplan-Meier and the conditions of a maximum."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.survival import interval_probabilities, log_likelihood, median, npmle, quantile, survival_at
from analysis.statistics.survival.newton import maximise

REFERENCE = Path(__file__).parent / "reference" / "survival"
CASES = pd.read_csv(REFERENCE / "cases.csv")
MASSES = pd.read_csv(REFERENCE / "npsurv_masses.csv")
FITS = pd.read_csv(REFERENCE / "npsurv_fits.csv").set_index("case")
SURVFIT = pd.read_csv(REFERENCE / "survfit.csv")
FLAT = ("intervals", "current_status")
BY_NPSURV = [
    *["cosmesis_radiotherapy", "cosmesis_chemotherapy", "cosmesis_both", "one_exact_among_intervals", "nested"],
    *["ends_that_touch", "heavy_ties", "weights", "milestones", "milestones_several", "exact_and_right"],
    *["exact_and_interval", "intervals", "intervals_grid", "current_status"],
]
# npsurv stops with an error on these
BY_HAND = {"all_right_censored": (13, np.inf), "one_exact": (6, 6), "single_interval": (2, 5)}
INF = np.inf


def case(name):
    rows = CASES[CASES["case"] == name]
    return rows["lower"].to_numpy(), rows["upper"].to_numpy(), rows["weight"].to_numpy()


def test_the_list_of_cases_is_complete():
    assert set(CASES["case"]) == {*BY_NPSURV, *BY_HAND}
    assert set(MASSES["case"]) == set(FITS.index) == set(BY_NPSURV)


@pytest.mark.parametrize("name", SURVFIT["case"].unique())
def test_falls_of_survfit(name):
    lower, upper, weight = case(name)
    table, theirs = npmle(lower, upper, weight), SURVFIT[SURVFIT["case"] == name]
    if name in FLAT:  # survfit stops early where the likelihood is flat
        masses = pd.DataFrame({"left": theirs["time"], "right": theirs["time"], "probability": theirs["jump"]})
        ours, other = (log_likelihood(falls, lower, upper, weight) for falls in (table, masses))
        assert other < ours < other + 0.05
        return
    for fall in theirs.itertuples():
        inside = (table["left"] <= fall.time) & (fall.time <= table["right"])
        assert table.loc[inside, "probability"].sum() == pytest.approx(fall.jump, abs=1e-3)


@pytest.mark.parametrize("name", BY_NPSURV)
def test_masses_and_likelihood_of_npsurv(name):
    # demanded: masses 1e-5, log-likelihood 1e-8 relative; worst seen: 3e-13 and 5e-15
    lower, upper, weight = case(name)
    table = npmle(lower, upper, weight)
    theirs = MASSES[(MASSES["case"] == name) & (MASSES["probability"] > 1e-9)]
    assert table[["left", "right"]].to_numpy().tolist() == theirs[["left", "right"]].to_numpy().tolist()
    assert table["probability"].to_numpy() == pytest.approx(theirs["probability"].to_numpy(), abs=1e-9)
    ours = log_likelihood(table, lower, upper, weight)
    assert ours == pytest.approx(FITS.loc[name, "log_likelihood"], rel=1e-10, abs=1e-12)
    if name != "exact_and_right":  # where times are tied npsurv reports another number than its masses give
        assert ours == pytest.approx(FITS.loc[name, "npsurv_ll"], rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("name", BY_HAND)
def test_cases_by_hand(name):
    table = npmle(*case(name))
    assert table.to_numpy().tolist() == [[*BY_HAND[name], 1.0]]
    assert log_likelihood(table, *case(name)) == 0


def test_breast_cosmesis_as_published():
    # Fay and Shaw 2010, J Stat Softw 36(2), summary of icfit; Finkelstein and Wolfe 1985
    alone, both = npmle(*case("cosmesis_radiotherapy")), npmle(*case("cosmesis_chemotherapy"))
    assert alone["probability"].round(4).tolist() == [0.0463, 0.0334, 0.0887, 0.0708, 0.0926, 0.0818, 0.1209, 0.4656]
    assert alone.iloc[-1]["left"] == 46
    assert median(alone) == (38, 40)
    assert both["probability"].round(4).tolist()[2:6] == [0.0692, 0.1454, 0.1411, 0.1157]
    assert median(both) == (19, 20)


@pytest.mark.parametrize("name", [*BY_NPSURV, *BY_HAND])
def test_conditions_of_the_maximum(name):
    # the derivative by the mass at any point is at most the total weight, and equal to it where there is mass
    lower, upper, weight = case(name)
    table = npmle(lower, upper, weight)
    chance = interval_probabilities(table, lower, upper)
    ends = np.unique(np.concatenate([lower, upper[np.isfinite(upper)]]))
    points = np.concatenate([ends, (ends[1:] + ends[:-1]) / 2, [ends[-1] + 1]])
    inside = np.where(lower == upper, points[:, None] == lower, (lower < points[:, None]) & (points[:, None] <= upper))
    assert (inside @ (weight / chance)).max() == pytest.approx(weight.sum(), rel=1e-9)
    for row in table.itertuples():
        point = row.right if np.isfinite(row.right) else ends[-1] + 1
        assert inside[list(points).index(point)] @ (weight / chance) == pytest.approx(weight.sum(), rel=1e-7)


def test_three_ways_to_lose_a_benefit_by_week_13():
    kept = ([13] * 18, [INF] * 18)
    had_it = npmle([0, 0, 13], [0, 13, INF], [8, 7, 18])
    assert had_it.to_numpy() == pytest.approx(np.array([[0, 0, 8 / 33], [0, 13, 7 / 33], [13, INF, 18 / 33]]))
    unknown = npmle([-INF] * 15 + kept[0], [13] * 15 + kept[1])
    assert unknown.to_numpy() == pytest.approx(np.array([[-INF, 13, 15 / 33], [13, INF, 18 / 33]]))
    # some never had it, some lost it, of some only one of the two is known: these side with those who never had it
    # and with those who lost it in proportion
    mixed = npmle([0, 0, -INF, 13], [0, 13, 13, INF], [8, 7, 5, 18])
    assert mixed["probability"].to_numpy() == pytest.approx(np.array([8 / 15 * 20, 7 / 15 * 20, 18]) / 38)
    assert mixed[["left", "right"]].to_numpy().tolist() == [[0, 0], [0, 13], [13, INF]]


def test_ends_at_the_same_time():
    # (1, 2] holds an exact 2, (2, 3] doesn't; right-censored at 2 says later than 2
    assert npmle([1, 2], [2, 2]).to_numpy().tolist() == [[2, 2, 1]]
    assert npmle([2, 2], [3, 2]).to_numpy().tolist() == [[2, 2, 0.5], [2, 3, 0.5]]
    assert npmle([1, 2], [2, 3]).to_numpy().tolist() == [[1, 2, 0.5], [2, 3, 0.5]]
    assert npmle([2, 2], [2, INF]).to_numpy().tolist() == [[2, 2, 0.5], [2, INF, 0.5]]
    assert npmle([-INF, 3], [INF, 4]).to_numpy().tolist() == [[3, 4, 1]]


def test_survival_is_a_range_inside_an_innermost_interval_only():
    table = npmle([0, 0, 13], [0, 13, INF], [8, 7, 18])
    found = survival_at(table, [-1, 0, 5, 13, 14])
    assert found["low"].to_numpy() == pytest.approx(np.array([33, 25, 18, 18, 0]) / 33)
    assert found["high"].to_numpy() == pytest.approx(np.array([33, 25, 25, 18, 18]) / 33)
    assert survival_at(npmle([3], [3]), 3)[["low", "high"]].to_numpy().tolist() == [[0, 0]]
    assert survival_at(npmle([3], [3]), 2.9)[["low", "high"]].to_numpy().tolist() == [[1, 1]]


def test_quantiles():
    table = npmle([0, 0, 13], [0, 13, INF], [8, 7, 18])
    assert quantile(table, 0.1) == (0, 0)
    assert quantile(table, 8 / 33) == (0, 0)
    assert quantile(table, 0.3) == (0, 13)
    assert median(table) == (13, INF)
    assert median(npmle([1, 2, 3], [1, 2, 3])) == (2, 2)


def test_likelihood_of_an_impossible_interval():
    assert log_likelihood(npmle([1], [2]), [3], [4]) == -INF
    assert interval_probabilities(npmle([1, 2], [2, 3]), [0, 1.5, 2, 2], [3, 3, 2, 3]).tolist() == [1, 0.5, 0, 0.5]


def kaplan_meier(times, ended):
    # one factor a time: those who ended then among those still followed
    survival, found = 1.0, {}
    for time in sorted({t for t, e in zip(times, ended, strict=True) if e}):
        at_risk = sum(t >= time for t in times)
        deaths = sum(t == time and e for t, e in zip(times, ended, strict=True))
        survival *= 1 - deaths / at_risk
        found[time] = survival
    return found


@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=40))
def test_exact_and_right_censored_data_give_kaplan_meier(patients):
    times, ended = zip(*patients, strict=True)
    table = npmle(times, [t if e else INF for t, e in patients])
    for time, survival in kaplan_meier(times, ended).items():
        found = survival_at(table, time).iloc[0]
        assert found["low"] == pytest.approx(survival, abs=1e-7)
        assert found["high"] == pytest.approx(survival, abs=1e-7)


@st.composite
def observations(draw, most=25):
    ends = st.integers(0, 12)
    rows = draw(st.lists(st.tuples(ends, ends, st.sampled_from("eirl"), st.integers(1, 4)), min_size=1, max_size=most))
    lower, upper = [], []
    for a, b, kind, _ in rows:
        low, high = min(a, b), max(a, b)
        lower.append({"e": low, "i": low, "r": low, "l": -INF}[kind])
        upper.append({"e": low, "i": high, "r": INF, "l": high}[kind])
    return np.array(lower, float), np.array(upper, float), np.array([row[3] for row in rows], float)


@pytest.mark.slow
@given(observations(), st.randoms(use_true_random=False))
def test_properties_of_the_estimate(data, random):
    lower, upper, weight = data
    table = npmle(lower, upper, weight)
    masses = table["probability"].to_numpy()
    assert masses.sum() == pytest.approx(1, abs=1e-12)
    assert (masses > 0).all()
    assert (table["left"].to_numpy() <= table["right"].to_numpy()).all()
    assert (table["right"].to_numpy()[:-1] <= table["left"].to_numpy()[1:]).all()

    curve = survival_at(table, np.arange(-1, 14, 0.5))
    for column in ("low", "high"):
        assert (np.diff(curve[column]) <= 1e-15).all()
        assert curve[column].between(0, 1).all()
    assert (curve["low"] <= curve["high"]).all()

    order = list(range(len(lower)))
    random.shuffle(order)
    shuffled = npmle(lower[order], upper[order], weight[order])
    assert shuffled.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-9)
    repeated = npmle(*(np.repeat(column, weight.astype(int)) for column in (lower, upper)))
    assert repeated.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-9)
    scaled = npmle(lower * 7, upper * 7, weight * 0.3)
    assert scaled.to_numpy() == pytest.approx(table.to_numpy() * [7, 7, 1], abs=1e-7)


@pytest.mark.slow
@given(observations(), st.integers(0, 10_000))
def test_no_other_masses_are_likelier(data, seed):
    table = npmle(*data)
    best = log_likelihood(table, *data)
    random = np.random.default_rng(seed)
    for size in (1e-4, 1e-2, 1):
        moved = table["probability"].to_numpy() * np.exp(size * random.normal(size=len(table)))
        assert log_likelihood(table.assign(probability=moved / moved.sum()), *data) <= best + 1e-9


@pytest.mark.slow
@given(observations())
def test_moving_probability_lowers_the_likelihood(data):
    lower, upper, weight = data
    table = npmle(*data)
    chance = interval_probabilities(table, lower, upper)
    best = log_likelihood(table, *data)
    for point in np.arange(0, 14, 0.5):
        inside = np.where(lower == upper, lower == point, (lower < point) & (point <= upper))
        for share in (1e-5, 1e-3, 0.1):
            assert weight @ np.log((1 - share) * chance + share * inside) <= best + 1e-9


def interval_probabilities_by_hand(table, lower, upper):
    left, right, probability = table.to_numpy().T
    found = []
    for low, high in zip(lower, upper, strict=True):
        point = (left == low) & (right == low)
        inside = point if low == high else (left >= low) & (right <= high) & ~point
        found.append(probability[inside].sum())
    return np.array(found)


@given(observations())
def test_interval_probabilities_by_hand(data):
    table = npmle(*data)
    by_hand = interval_probabilities_by_hand(table, *data[:2])
    assert interval_probabilities(table, *data[:2]) == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(30))
def test_weights_of_very_different_size(seed):
    # eight orders of magnitude: no row may lose all of its probability to rounding
    random = np.random.default_rng(seed)
    lower = np.floor(random.weibull(1.3, 80) * 20)
    upper = np.where(random.random(80) < 0.2, INF, lower + random.integers(0, 5, 80))
    weight = 10 ** random.uniform(-4, 4, 80)
    chance = interval_probabilities(npmle(lower, upper, weight), lower, upper)
    assert (chance > 0).all()
    for point in np.arange(0, 120, 0.5):
        inside = np.where(lower == upper, lower == point, (lower < point) & (point <= upper))
        assert inside @ (weight / chance) <= weight.sum() * (1 + 1e-7)


def test_equal_rows_are_merged_before_the_optimiser(monkeypatch):
    sizes = []

    def recorded(first, end, weight, size):
        sizes.append(len(weight))
        return maximise(first, end, weight, size)

    monkeypatch.setattr("analysis.statistics.survival.turnbull.maximise", recorded)
    random = np.random.default_rng(8)
    time = random.weibull(1.3, 1000) * 20
    lower = np.maximum(time - random.exponential(4, 1000), 0)
    upper = np.where(random.random(1000) < 0.2, INF, time + random.exponential(4, 1000))
    rows = np.append(np.arange(1000), random.integers(0, 1000, 99_000))
    table = npmle(lower, upper, np.bincount(rows))
    same = npmle(lower[rows], upper[rows])
    assert same.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-12)
    assert sizes == [len(set(zip(lower, upper, strict=True)))] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, np.nan], [2, 3]), r"lower, element 2, is nan"),
        (([1, 2], [2, None]), "upper, element 2, is None"),
        (([1, INF], [2, INF]), r"lower, element 2, is inf"),
        (([-INF], [-INF]), r"upper, element 1, is -inf"),
        (([1, 5, 3], [2, 4, 4]), "element 2: lower = 5 is above upper = 4"),
        (([1, 2], [2, 3], [1, -0.5]), r"weights, element 2, is -0.5"),
        (([1, 2], [2, 3], [np.nan, 1]), r"weights, element 1, is nan"),
        (([1, 2], [2, 3], [0, 0]), "weights add up to 0"),
        (([1, 2], [2]), "lower has 2 elements and upper has 1"),
        (([1, 2], [2, 3], [1]), "lower has 2 elements and weights has 1"),
        (([], []), "empty"),
        ((["long"], [2]), "lower, element [0-9], is [^:]+: must be a number"),
        (([[1]], [[2]]), r"lower, element 1, is \[1\]"),
    ],
)
def test_refusals_name_the_element(arguments, words):
    with pytest.raises(ValueError, match=words):
        npmle(*arguments)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quantile(npmle([1], [2]), 1), "p is 1"),
        (lambda: survival_at(npmle([1], [2]), [1, np.nan]), r"times, element 2, is nan"),
        (lambda: survival_at(pd.DataFrame({"left": [1]}), [1]), "table has no right"),
        (lambda: log_likelihood(npmle([1], [2]).iloc[:0], [1], [2]), "table has no rows"),
    ],
)
def test_refusals_of_tables_and_times(call, words):
    with pytest.raises(ValueError, match=words):
        call()
