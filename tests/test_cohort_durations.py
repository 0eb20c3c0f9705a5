"""Duration of benefit in a cohort."""

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes.cohort import durations as module
from analysis.outcomes.cohort.benefit import RATIO_COLUMNS, benefit_intervals, interval_counts
from analysis.outcomes.cohort.durations import durations
from analysis.statistics.survival import npmle, two_group_test

INF = np.inf


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Bands of fewer draws: these tests look at the estimates."""
    monkeypatch.setattr(module, "DRAWS_OF_ONE", (60, 20))
    monkeypatch.setattr(module, "DRAWS_OF_SEVERAL", (30, 10))


@pytest.mark.parametrize(
    ("course", "kind", "lower", "upper"),
    [
        ((8, 8, {4: 3}), "never", 0, 0),  # a later response is none of the infusion's end
        ((8, 4, {4: 4, 12: 8}), "ended", 4, 12),
        ((8, 4, {4: 7}), "ended", 0, 4),
        ((8, 4, {4: 4, 12: 5}), "ongoing", 12, INF),
        ((8, 4), "ongoing", 0, INF),
        ((8, 4, {4: None}), "ongoing", 0, INF),
        ((8, 4, {4: 4, 12: None, 26: 8}), "ended", 4, 26),  # a missing score widens the interval
        ((8, 4, {4: 4, 12: 7, 26: 3}), "ended", 4, 12),  # a new response doesn't lengthen it
        ((8, 4, {4: 8, 12: 8}), "ended", 0, 4),
        ((10, 7, {4: 7.0, 8: 7.1}), "ended", 4, 8),  # exactly 30% is a response
    ],
)
def test_the_visits_of_a_course_as_an_interval(course, kind, lower, upper):
    found = benefit_intervals(cohort(course), "ge_30_percent").iloc[0]
    assert (found["kind"], found["lower"], found["upper"]) == (kind, lower, upper)


@pytest.mark.parametrize("course", [(None, 4, {4: 3}), (8, None, {4: 3}), (0, 0, {4: 0})])
def test_courses_that_cannot_be_judged_have_no_interval(course):
    found = benefit_intervals(cohort(course), "ge_30_percent").iloc[0]
    assert pd.isna(found["kind"])
    assert np.isnan(found["lower"])


def test_regained_and_followed():
    found = benefit_intervals(cohort((8, 4, {4: 4, 12: 7, 26: 3}), (8, 4, {4: 4, 12: None})), "ge_30_percent")
    assert found["regained"].tolist() == [True, False]
    assert found["followed"].tolist() == [26, 4]


def test_equal_intervals_are_weights():
    found = interval_counts(np.array([0, 4, 0, 4.0]), np.array([0, INF, 0, 12.0]))
    assert found.values.tolist() == [[0, 0, 2], [4, 12, 1], [4, INF, 1]]


def test_many_intervals_are_rounded_to_days():
    days = np.arange(3000)
    lower, upper = days / 7 + 0.01, days / 7 + 0.01 + 4
    found = interval_counts(np.append(lower, [0, 0]), np.append(upper, [0, 0.01]))
    assert np.allclose(found["lower"] * 7, np.round(found["lower"] * 7))
    assert found["patients"].sum() == 3002
    assert ((found["lower"] < found["upper"]) | (found["upper"] == 0)).all()
    # a benefit that was there stays above 0
    assert found.loc[found["upper"] == 0, "patients"].tolist() == [1]
    assert (found.loc[found["upper"] > 0, "upper"] >= 1 / 7 - 1e-12).all()


MIXED = [(8, 8, {4: 8})] * 6 + [(8, 4, {4: 8})] * 5 + [(8, 4, {4: 4, 12: 8})] * 6 + [(8, 4, {4: 4, 12: 4})] * 7
LOWER, UPPER = [0] * 6 + [0] * 5 + [4] * 6 + [12] * 7, [0] * 6 + [4] * 5 + [12] * 6 + [INF] * 7


def test_curves_and_medians_are_those_of_turnbulls_estimate():
    found = durations(cohort(*MIXED))
    everybody = found.curves[(found.curves["who"] == "all") & (found.curves["by"] == "all")].set_index("time")
    # of 24: 6 never, 5 lost it by week 4, 6 by week 12
    assert everybody.loc[0, ["low", "high"]].tolist() == pytest.approx([18 / 24, 18 / 24])
    assert everybody.loc[4, ["low", "high"]].tolist() == [0.54, 0.54]  # 13 of 24
    assert everybody.loc[12, ["low", "high"]].tolist() == [0.29, 0.29]  # 7 of 24
    assert everybody.index.tolist() == [0, 4, 12, 52], "planned visits and the horizon alone"
    assert (everybody["band_low"] <= everybody["low"] + 1e-12).all()
    assert (everybody["band_high"] >= everybody["high"] - 1e-12).all()
    medians = found.medians.set_index(["who", "by"])
    assert medians.loc[("all", "all"), ["patients", "median_low", "median_high"]].tolist() == [24, 4, 12]
    assert medians.loc[("initial_responders", "all"), "patients"] == 18
    responders = found.curves[(found.curves["who"] == "initial_responders")].set_index("time")
    assert responders.loc[4, "low"] == 0.72
    counts = found.counts.set_index(["who", "by"]).loc[("all", "all")]
    assert counts[["never", "ended", "ongoing", "without_follow_up"]].tolist() == [6, 11, 7, 0]
    assert np.isnan(counts["median_followed"]), "a median of 7 patients"


def test_the_same_seed_gives_the_same_bands():
    patients = cohort(*MIXED)
    pd.testing.assert_frame_equal(durations(patients).curves, durations(patients).curves)
    other = durations(patients, seed=2).curves
    assert not other["band_low"].equals(durations(patients).curves["band_low"])


def test_draws_shrink_with_the_number_of_patients(monkeypatch):
    monkeypatch.setattr(module, "FEWER_BEYOND", 24)
    sites = [dict(zip(("baseline", "end", "later"), course, strict=False)) | {"site": "a"} for course in MIXED]
    sites += [course | {"site": "b"} for course in sites]
    draws = durations(cohort(*sites)).medians.set_index(["who", "by", "group"])["draws"]
    # 48 patients: 60 x 24 / 48; 36 responders: 60 x 24 / 36; 24 at a site: all 30
    assert draws[("all", "all", "all")] == 30
    assert draws[("initial_responders", "all", "all")] == 40
    assert draws[("all", "site", "a")] == 30


def test_two_sites_are_compared():
    sites = [dict(zip(("baseline", "end", "later"), course, strict=False)) | {"site": "a"} for course in MIXED]
    sites += [{"baseline": 8, "end": 4, "later": {4: 8}, "site": "b"}] * 10
    found = durations(cohort(*sites))
    test = found.tests[(found.tests["who"] == "all") & (found.tests["by"] == "site")].iloc[0]
    expected = two_group_test(LOWER + [0] * 10, UPPER + [4] * 10, ["a"] * 24 + ["b"] * 10)
    assert test[["group_1", "group_2", "n_1", "n_2", "method"]].tolist() == ["a", "b", 24, 10, expected.method]
    assert test["p_value"] == pytest.approx(expected.p, abs=0.0005)
    assert test[RATIO_COLUMNS].isna().all()  # some never had the benefit: no logarithm


@pytest.mark.slow
def test_durations_of_one_site_are_twice_those_of_the_other():
    def found(patients):
        ends = [(1, 4), (2, 4), (4, 8), (8, 13), (0, 2), (4, 13)] * 2  # still there, lost
        rows = [(site, x * kept, x * lost) for site, x in (("a", 1), ("b", 2)) for kept, lost in ends[:patients]]
        sites = [{"baseline": 8, "end": 4, "later": {kept: 4, lost: 8} if kept else {lost: 8}, "site": site}
                 for site, kept, lost in rows]  # fmt: skip
        tests = durations(cohort(*sites)).tests.set_index(["who", "by"])
        return tests.loc[("initial_responders", "site")]

    row = found(12)
    assert (row["time_ratio"], row["distribution"]) == (2, "Weibull")
    assert 1 < row["ratio_low"] < 2 < row["ratio_high"] < 4
    assert row["ratio_low"] * row["ratio_high"] == pytest.approx(4, rel=0.05)  # symmetric on the log scale, one decimal
    assert found(9)[RATIO_COLUMNS].isna().all()  # fewer than 2 x 5 patients at a site


def test_three_sites_and_merged_sites_are_not_tested():
    rows = [{"baseline": 8, "end": 4, "later": {4: 8}, "site": site} for site in "aaaaabbbbbcccccc"]
    assert durations(cohort(*rows)).tests.empty
    rows = [{"baseline": 8, "end": 4, "later": {4: 8}, "site": site} for site in "aaaaaabbbcc"]
    found = durations(cohort(*rows))
    assert found.tests.empty
    assert found.counts.loc[found.counts["by"] == "site", "merged"].tolist() == [False, True] * 2


def test_first_against_next_course():
    again = [{"patient": i, "course": 2, "baseline": 8, "end": 4, "later": {4: 8}} for i in range(6)]
    third = [{"patient": i, "course": 3, "baseline": 8, "end": 8} for i in range(6)]
    found = durations(cohort(*MIXED, *again, *third))
    counts = found.counts.set_index(["who", "by", "group"])
    assert counts.loc[("all", "course", "first course"), "patients"] == 24
    # the third course of a patient is no second opinion on the next one
    assert counts.loc[("all", "course", "next course"), ["patients", "never", "ended"]].tolist() == [6, 0, 6]
    test = found.tests[found.tests["by"] == "course"].iloc[0]
    assert "stand in both groups" in test["note"]
    medians = found.medians.set_index(["who", "by", "group"])
    same = ["median_low", "median_high", "limit_low", "limit_high", "draws"]
    assert medians.loc[("all", "course", "first course"), same].equals(medians.loc[("all", "all", "all"), same])


def test_what_is_left_out_and_noted():
    found = durations(cohort(*MIXED, (None, 4), (8, None), (0, 0), (8, 4, {4: 8, 12: 3})), min_cell=1)
    assert found.left_out.set_index("why")["n"].to_dict() == {
        "baseline score missing": 1,
        "no score at the end of infusion": 1,
        "baseline pain is 0, of which no percentage can be taken": 1,
    }
    assert any(words.startswith("1 patient responded again") for words in found.notes)


def test_few_patients_are_hidden():
    found = durations(cohort(*[(8, 4, {4: 8})] * 4))
    assert found.curves.empty
    assert found.counts[["patients", "never", "ended"]].isna().all(axis=None)
    assert found.medians[["patients", "median_low", "median_high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"horizon_weeks": 0}, "horizon_weeks is 0"), ({"responder_rule": "any"}, "responder_rule is 'any'")],
)
def test_refusals(arguments, words):
    with pytest.raises(ValueError, match=words):
        durations(cohort((8, 4)), **arguments)


LATER = st.dictionaries(st.sampled_from([2, 4, 9]), st.integers(0, 10))
COURSE = st.tuples(st.integers(1, 10), st.integers(0, 10), LATER)


@pytest.mark.slow
@given(st.lists(COURSE, min_size=1, max_size=20))
def test_weights_are_repetitions(rows):
    found = benefit_intervals(cohort(*rows), "ge_30_percent")
    known = interval_counts(found["lower"].to_numpy(), found["upper"].to_numpy())
    assert known["patients"].sum() == len(rows)
    once = npmle(found["lower"], found["upper"])
    put_together = npmle(known["lower"], known["upper"], known["patients"])
    pd.testing.assert_frame_equal(once, put_together)
    # an interval begins at 0 or at a visit with a response and ends at one without
    for (baseline, end, later), row in zip(rows, found.itertuples(), strict=True):
        falls = {week: baseline - score >= 0.3 * baseline - 1e-9 for week, score in {0: end, **later}.items()}
        assert falls[row.lower] == (row.kind != "never")
        if row.kind == "ended":
            assert not falls[row.upper]
        elif row.kind == "ongoing":
            assert all(falls.values())
            assert row.lower == max(falls)


def test_no_median_ends_on_the_day_of_a_single_patient():
    days = [
        {"baseline": 8, "end": 4, "later": {round(4 + number / 7, 5): 4, round(12 - number / 7, 5): 8}}
        for number in range(12)
    ]
    row = durations(cohort(*days)).medians.iloc[-1]
    assert (row["median_low"], row["median_high"]) == (5, 11)
