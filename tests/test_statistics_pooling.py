"""Pooling of estimates against metafor, properties, and refusals.

tests/reference/pooling/reference.R wrote the reference values; versions.txt names the versions. No R is needed here.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.pooling import leave_one_out, meta_regression, pool, subgroup

REFERENCE = Path(__file__).parent / "reference" / "pooling"
# Relative agreement asked for. Worst seen with metafor 3.8.1 over all cases, methods, adjustments and levels: 1.2e-12,
# but 3.8e-9 for the Q-profile limits and 6.4e-10 for meta-regression.
TOLERANCE = 1e-6
# A number this small against the unit of its case is zero up to rounding in R.
ZERO = 1e-9

CASES = {
    "bcg": 13,
    "normand1999": 9,
    "normand1999_smd": 9,
    "one_study": 1,
    "two_studies_alike": 2,
    "two_studies_apart": 2,
    "three_studies": 3,
    "homogeneous": 5,
    "identical": 4,
    "very_heterogeneous": 6,
    "heavy_ties": 8,
    "unequal_variances": 5,
    "tiny_units": 5,
    "large_level": 4,
    "borderline": 6,
}
METHODS = ("REML", "PM", "DL", "ML")
ADJUSTMENTS = ("hksj", "wald")
LEVELS = (0.9, 0.95, 0.99)
NUMBERS = (
    *("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_low", "tau2_high"),
    *("i2", "i2_low", "i2_high", "q", "q_p"),
)


@cache
def table(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def case(name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = table("cases")[table("cases")["case"] == name]
    return rows["estimate"].to_numpy(), rows["variance"].to_numpy()


def agrees(ours: float, theirs: float, unit: float, tolerance: float = TOLERANCE) -> bool:
    if math.isnan(theirs):
        return math.isnan(ours)
    return abs(ours - theirs) <= max(tolerance * abs(theirs), ZERO * unit)


def moderators() -> tuple[pd.DataFrame, dict[str, dict[str, pd.Series]]]:
    data = table("moderators")
    groups = {f"alloc{name}": (data["alloc"] == name).astype(float) for name in ("random", "systematic")}
    models = {"ablat": {"ablat": data["ablat"]}, "ablat_year": {"ablat": data["ablat"], "year": data["year"]}}
    return data, {**models, "alloc": groups}


def test_the_reference_covers_every_case_method_adjustment_and_level():
    assert table("cases").groupby("case").size().to_dict() == CASES
    wanted = {
        (name, method, adjust, level)
        for name, k in CASES.items()
        for method in METHODS
        for adjust in ADJUSTMENTS
        for level in LEVELS
        if k > 1 or adjust == "wald"
    }
    rows = table("pooled")
    assert {tuple(row) for row in rows[["case", "method", "adjust", "level"]].itertuples(index=False)} == wanted
    assert len(rows) == len(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", METHODS)
def test_pool_agrees_with_metafor(name, method):
    y, v = case(name)
    unit = max(float(np.ptp(y)), float(v.max()) ** 0.5)
    rows = table("pooled")
    for row in rows[(rows["case"] == name) & (rows["method"] == method)].itertuples():
        ours = pool(y, v, method, row.adjust, row.level)
        assert ours.k == row.k
        off = {
            column: (getattr(ours, column), getattr(row, column))
            for column in NUMBERS
            if not agrees(
                getattr(ours, column),
                getattr(row, column),
                {"t": unit**2}.get(column[0], 1.0 if column[0] in "iq" else unit),
            )
        }
        assert not off, (row.adjust, row.level, off)


def test_the_published_example_of_bcg_vaccine():
    # Viechtbauer 2010, J Stat Softw 36(3): REML, Wald: -0.7145 (SE 0.1798), tau² 0.3132, I² 92.22%
    pooled = pool(*case("bcg"), adjust="wald")
    assert (round(pooled.estimate, 4), round(pooled.se, 4), round(pooled.tau2, 4)) == (-0.7145, 0.1798, 0.3132)
    assert round(100 * pooled.i2, 2) == 92.22
    assert round(pooled.q, 3) == 152.233


def test_homogeneous_studies_have_no_variance_between_them():
    for method in METHODS:
        assert pool(*case("homogeneous"), method).tau2 == 0
        assert pool(*case("identical"), method).tau2 == 0


@pytest.mark.parametrize("adjust", ADJUSTMENTS)
def test_leave_one_out_agrees_with_metafor(adjust):
    data = table("moderators")
    ours = leave_one_out(data["estimate"], data["variance"], labels=list(data["year"]), adjust=adjust)
    assert ours["omitted"].tolist() == data["year"].tolist()
    rows = table("omissions")[table("omissions")["adjust"] == adjust]
    assert rows["step"].tolist() == list(range(1, 14))
    for row in rows.itertuples():
        for column in ("estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q", "q_p"):
            assert agrees(ours[column][row.step - 1], getattr(row, column), 1.0), (row.step, column)


@pytest.mark.parametrize("adjust", ADJUSTMENTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", ["ablat", "ablat_year", "alloc"])
def test_meta_regression_agrees_with_metafor(model, method, adjust):
    data, models = moderators()
    ours = meta_regression(data["estimate"], data["variance"], models[model], method, adjust)
    this = f"model == {model!r} and method == {method!r} and adjust == {adjust!r}"
    expected = table("coefficients").query(this).reset_index(drop=True)
    assert ours.coefficients["term"].tolist() == expected["term"].tolist()
    for column in ("estimate", "se", "statistic", "p", "ci_low", "ci_high"):
        assert ours.coefficients[column].to_numpy() == pytest.approx(expected[column].to_numpy(), rel=TOLERANCE)
    (row,) = table("regressions").query(this).itertuples()
    for column in ("tau2", "tau2_low", "tau2_high", "i2", "r2", "q", "q_p", "moderators_q", "moderators_p"):
        assert agrees(getattr(ours, column), getattr(row, column), 1.0), column
    if model == "ablat":
        expected = table("predictions").query(this.partition(" and ")[2]).reset_index(drop=True)
        predicted = ours.predict({"ablat": expected["ablat"]})
        for column in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
            assert predicted[column].to_numpy() == pytest.approx(expected[column].to_numpy(), rel=TOLERANCE), column


@pytest.mark.parametrize("adjust", ADJUSTMENTS)
@pytest.mark.parametrize("tau2", ["common", "separate"])
def test_subgroups_agree_with_metafor(tau2, adjust):
    data = table("moderators")
    ours = subgroup(data["estimate"], data["variance"], data["alloc"].tolist(), adjust=adjust, tau2=tau2)
    expected = table("subgroups").query("tau2_kind == @tau2 and adjust == @adjust").set_index("group")
    groups = ours.groups.set_index("group")
    assert groups["k"].to_dict() == {"random": 7, "alternate": 2, "systematic": 4}
    for column in ("estimate", "se", "ci_low", "ci_high", "tau2"):
        assert groups[column].loc[expected.index].to_numpy() == pytest.approx(
            expected[column].to_numpy(), rel=TOLERANCE
        )
    if tau2 == "common" or adjust == "wald":  # with its own tau² and hksj Welch's F, which metafor does not have
        assert ours.statistic == pytest.approx(expected["q_between"].iloc[0], rel=TOLERANCE)
        assert ours.p == pytest.approx(expected["p_between"].iloc[0], rel=TOLERANCE)


def test_separate_groups_with_hartung_knapp_errors_are_compared_by_welchs_f():
    # with equal variances Hartung-Knapp gives the mean and s / √k, so the test is Welch's analysis of variance
    parts = {"a": [-2.4, -1.1, -3.0, -2.2], "b": [0.3, -0.9, 1.7], "c": [-1.0, -4.4, -2.9, 0.2, -1.8]}
    y, labels = [v for part in parts.values() for v in part], [name for name, part in parts.items() for _ in part]
    ours = subgroup(y, [0.2] * len(y), labels, tau2="separate")
    expected = stats.f_oneway(*parts.values(), equal_var=False)
    assert (ours.statistic, ours.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (ours.df, ours.residual_df) == (2, pytest.approx(4.857164, abs=1e-6))  # R, oneway.test
    two = subgroup(y[:7], [0.2] * 7, labels[:7], tau2="separate")
    assert two.p == pytest.approx(stats.ttest_ind(parts["a"], parts["b"], equal_var=False).pvalue)
    assert two.test == "Welch's F, each group with its own tau²"


@pytest.mark.parametrize(
    ("y", "labels", "words"),
    [
        ([1, 1, 3, 4, 9], list("aabbb"), "because a standard error is 0"),
        ([1, 2, 3, 4, 9], list("abbbb"), "because a group has one study"),
    ],
)
def test_where_welchs_f_does_not_exist_the_common_tau2_is_tested(y, labels, words):
    ours = subgroup(y, [1] * 5, labels, tau2="separate")
    common = subgroup(y, [1] * 5, labels)
    assert (ours.p, ours.statistic, ours.residual_df, ours.tau2) == (common.p, common.statistic, 3, "common")
    assert 0 < ours.p < 1
    assert words in ours.test


def test_no_spread_around_the_fit():
    y, x = [0.1 + 0.7 * x for x in range(5)], range(5)
    pure = meta_regression(y, [0.04] * 5, {"dose": x})
    assert pure.coefficients["estimate"].tolist() == pytest.approx([0.1, 0.7])
    assert pure.coefficients["se"].tolist() == [0, 0]
    assert np.isnan([*pure.coefficients["p"], pure.moderators_q, pure.moderators_p]).all()
    # Wald: the standard error of the slope is 0.2 / √10
    assert f"{0.7 - 1.959964 * 0.2 / 10**0.5:.3g} to {0.7 + 1.959964 * 0.2 / 10**0.5:.3g}" in pure.note
    wider, wald = (meta_regression(y, [0.04] * 5, {"dose": x}, adjust=adjust) for adjust in ("hksj_or_wald", "wald"))
    pd.testing.assert_frame_equal(wider.coefficients, wald.coefficients)
    assert (wider.moderators_p, wider.moderators_by_f) == (wald.moderators_p, False)
    same = subgroup([2, 2, 5, 5], [1] * 4, list("aabb"))
    assert math.isnan(same.p)
    assert "no test" in same.test
    assert subgroup([2, 2, 5, 5], [1] * 4, list("aabb"), adjust="hksj_or_wald").p == pytest.approx(
        stats.chi2.sf(9, 1)  # (5 - 2)² / (1/2 + 1/2)
    )


@pytest.mark.slow
@given(st.data())
def test_the_wider_of_both_intervals(data):
    y, v = zip(*data.draw(studies), strict=True)
    method = data.draw(choices[0])
    knapp, wald, wider = (pool(y, v, method, adjust) for adjust in ("hksj", "wald", "hksj_or_wald"))
    widest = max(knapp, wald, key=lambda pooled: pooled.ci_high - pooled.ci_low)
    assert (wider.ci_low, wider.ci_high, wider.se) == (widest.ci_low, widest.ci_high, widest.se)
    assert wider.pi_high - wider.pi_low == max(part.pi_high - part.pi_low for part in (knapp, wald))
    assert ("which is given" in wider.note) == ("narrower" in knapp.note)
    spread = meta_regression(y, v, {"one": [1] * len(y)}, method, "hksj_or_wald", intercept=False)
    assert spread.coefficients["se"][0] == pytest.approx(wider.se, rel=1e-6, abs=1e-7)


def test_an_interval_without_width_names_that_of_wald():
    pooled = pool([0.1 + 0.2, 0.3, 0.3], [0.03, 0.03, 0.03])
    assert pooled.ci_low == pooled.ci_high
    assert "the Wald interval, 0.104 to 0.496" in pooled.note  # 0.3 ± 1.96 × 0.1
    assert pool([1e6 + 0.1, 1e6 + 0.1, 1e6 + 0.1], [1e-4] * 3).se == 0


def test_a_filtered_column_of_a_table_is_accepted():
    data = table("moderators")[lambda frame: frame["alloc"] != "systematic"]
    y, v = data["estimate"], data["variance"]
    assert pool(y, v) == pool(y.tolist(), v.tolist())
    assert subgroup(y, v, data["alloc"]).groups["group"].tolist() == ["random", "alternate"]
    assert leave_one_out(y, v, labels=data["year"])["omitted"].tolist() == data["year"].tolist()
    assert meta_regression(y, v, data[["ablat"]]).k == 9


def test_one_study_notes_its_limitations():
    pooled = pool([-2.1], [0.36])
    assert (pooled.estimate, pooled.se, pooled.k) == (-2.1, 0.6, 1)
    assert pooled.ci_low == pytest.approx(-2.1 - 1.959964 * 0.6, abs=1e-6)
    assert all(math.isnan(getattr(pooled, name)) for name in ("pi_low", "pi_high", "tau2", "i2", "tau2_high", "q_p"))
    assert pooled.adjust == "wald"
    assert "can't be known" in pooled.note


def test_notes():
    assert "Two studies" in pool([1, 9], [1, 1]).note
    assert "narrower" in pool(*case("homogeneous")).note
    assert pool(*case("bcg")).note == ""
    assert pool(*case("homogeneous"), adjust="wald").note == ""


studies = st.lists(
    st.tuples(st.floats(-20, 20), st.floats(0.01, 9)).map(lambda pair: (round(pair[0], 3), round(pair[1], 3))),
    min_size=2,
    max_size=9,
)
choices = (st.sampled_from(METHODS), st.sampled_from(ADJUSTMENTS))
LINEAR = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


@given(studies, st.randoms(use_true_random=False), *choices)
def test_order_does_not_matter(data, random, method, adjust):
    one = pool(*zip(*data, strict=True), method, adjust)
    places = list(range(len(data)))
    random.shuffle(places)
    two = pool(*zip(*(data[i] for i in places), strict=True), method, adjust)
    for name in NUMBERS:
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-7, abs=1e-7), name
    assert two.weights == pytest.approx([one.weights[i] for i in places], rel=1e-6)


@given(studies, st.sampled_from([-1000.0, -1.0, 0.001, 0.1, 7.0]), st.sampled_from([-100.0, 0.0, 3.5]), *choices)
def test_units_and_origin_carry_over(data, factor, shift, method, adjust):
    y, v = (np.array(part) for part in zip(*data, strict=True))
    one, two = pool(y, v, method, adjust), pool(factor * y + shift, factor**2 * v, method, adjust)
    size = abs(factor)
    low_high = dict(zip(LINEAR, LINEAR, strict=True))
    if factor < 0:
        low_high |= {"ci_low": "ci_high", "ci_high": "ci_low", "pi_low": "pi_high", "pi_high": "pi_low"}
    for name, other in low_high.items():
        expected = factor * getattr(one, name) + shift
        assert getattr(two, other) == pytest.approx(expected, rel=1e-7, abs=1e-6 * size), name
    for name in ("tau2", "tau2_low", "tau2_high"):
        assert getattr(two, name) == pytest.approx(size**2 * getattr(one, name), rel=1e-6, abs=1e-7 * size**2), name
    for name in ("i2", "i2_low", "i2_high", "q", "q_p"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-7), name


@given(studies, *choices)
def test_limits_bracket_and_weights_add_up(data, method, adjust):
    y, v = zip(*data, strict=True)
    pooled = pool(y, v, method, adjust)
    assert sum(pooled.weights) == pytest.approx(1)
    assert min(pooled.weights) > 0
    assert pooled.estimate == pytest.approx(np.dot(pooled.weights, y), abs=1e-9)
    assert min(y) - 1e-9 <= pooled.estimate <= max(y) + 1e-9
    assert pooled.pi_low <= pooled.ci_low <= pooled.estimate <= pooled.ci_high <= pooled.pi_high
    assert 0 <= pooled.i2_low <= pooled.i2_high <= 1
    assert 0 <= pooled.tau2_low <= pooled.tau2_high
    assert 0 <= pooled.i2 <= 1
    if method == "PM" and pooled.tau2_high > 0:
        assert pooled.tau2_low <= pooled.tau2 * (1 + 1e-9) <= pooled.tau2_high * (1 + 1e-9)
    wide = pool(y, v, method, adjust, level=0.99)
    assert wide.ci_low <= pooled.ci_low
    assert pooled.ci_high <= wide.ci_high


@pytest.mark.slow
@given(studies, st.sampled_from(["REML", "ML"]))
def test_no_tau2_has_a_higher_likelihood(data, method):
    y, v = (np.array(part) for part in zip(*data, strict=True))
    pooled = pool(y, v, method)

    def height(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = (w @ y) / w.sum()
        restricted = math.log(w.sum()) if method == "REML" else 0
        return 0.5 * (np.log(w).sum() - w @ (y - mean) ** 2 - restricted)

    top = height(pooled.tau2)
    assert all(height(tau2) <= top + 1e-9 for tau2 in [0, *np.geomspace(1e-6, 1e4, 300)])


@given(studies, *choices)
def test_a_study_of_huge_variance_hardly_changes_the_estimate(data, method, adjust):
    y, v = zip(*data, strict=True)
    one, two = pool(y, v, "DL", adjust), pool([*y, 0.0], [*v, 1e14], "DL", adjust)
    assert two.k == one.k + 1
    assert two.weights[-1] < 1e-9
    assert two.q == pytest.approx(one.q, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, math.nan], [1, 1]), "estimates, element 2, is nan"),
        (([1, 2], [1, math.inf]), "variances, element 2, is inf"),
        (([1, 2, 3], [1, 0.2, -0.5]), "variances, element 3, is -0.5"),
        (([1, 2], [0, 1]), "variances, element 1, is 0"),
        (([1, 2], [1]), "estimates has 2 elements and variances has 1"),
        (([], []), "estimates is empty"),
        (([1, "2"], [1, 1]), "estimates, element 2, is 2"),
        (([1, None], [1, 1]), "estimates, element 2, is None"),
        (([1, 2], [1, 1], "reml"), "method is 'reml'"),
        (([1, 2], [1, 1], "REML", "knha"), "adjust is 'knha'"),
        (([1, 2], [1, 1], "REML", "hksj", 95), "level is 95"),
    ],
)
def test_refusals_name_the_element(arguments, words):
    with pytest.raises(ValueError, match=words):
        pool(*arguments)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: leave_one_out([1], [1]), "estimates has 1 element"),
        (lambda: leave_one_out([1, 2], [1, -1]), "variances, element 2, is -1"),
        (lambda: leave_one_out([1, 2], [1, 1], labels=["a"]), "labels has 1"),
        (lambda: subgroup([1, 2], [1, 1], ["a", "a"]), "one group only, 'a'"),
        (lambda: subgroup([1, 2], [1, 1], ["a", None]), "labels, element 2, is None"),
        (lambda: subgroup([1, 2], [1, 1], ["a", "b"]), "at least 3"),
        (lambda: subgroup([1, 2], [1, 1], ["a", "b"], tau2="none"), "tau2 is 'none'"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], {"weeks": [1, 2]}), "moderator 'weeks' has 2"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], {"weeks": [4, 4, 4]}), "moderator 'weeks' does not vary"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], {"dose": [1, 2, math.nan]}), "moderator 'dose', element 3"),
        (
            lambda: meta_regression([1, 2, 3, 5], [1, 1, 1, 1], {"a": [1, 2, 3, 9], "b": [2, 4, 6, 18]}),
            "moderator 'b' follows from",
        ),
        (lambda: meta_regression([1, 2], [1, 1], {"dose": [1, 2]}), "at least 3"),
        (lambda: meta_regression([1, 2], [1, 1], {}), "moderators is empty"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], {1: [1, 2, 4], "1": [1, 5, 1]}), "moderator '1' appears twice"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], {"intercept": [1, 2, 4]}), "names the constant"),
        (
            lambda: meta_regression([1, 2, 3], [1, 1, 1], pd.DataFrame([[1, 1], [2, 5], [4, 1]], columns=["a", "a"])),
            "moderator 'a' appears twice",
        ),
        (
            lambda: meta_regression([1, 2, 3], [1, 1, 1], {"dose": [1, 2, 4]}).predict({"weeks": [1]}),
            r"the model needs \['dose'\]",
        ),
    ],
)
def test_refusals_of_groups_and_orders(call, words):
    with pytest.raises(ValueError, match=words):
        call()
