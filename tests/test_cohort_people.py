"""Characteristics of patients and missing scores."""

import pytest
from cohort_samples import cohort

from analysis.outcomes.cohort.people import people
from analysis.statistics.intervals import newcombe_independent

SIX = [(8, 4, {4: 5}), (6, 6, {4: 6}), (7, 3), (5, 1, {4: 1}), (4, 2, {4: None}), (9, 8, {4: 9})]


def test_sizes_and_groups():
    patients = cohort(
        *[{"baseline": 6, "end": 3, "site": "a", "sex": "female", "year": 2020} for _ in range(7)],
        *[{"baseline": 6, "end": 3, "site": "b", "sex": "male", "year": 2021} for _ in range(5)],
        *[{"patient": i, "course": 2, "baseline": 5, "site": "a", "sex": "female", "year": 2022} for i in range(5)],
    )
    found = people(patients)
    assert dict(zip(found.sizes["item"], found.sizes["n"], strict=True)) == {
        "patients": 12,
        "courses": 17,
        "patients with more than one course": 5,
        "visits": 29,
        "visits with a score": 29,
        "sites": 2,
        "regimens": 0,
    }
    groups = found.groups.set_index(["by", "group"])[["patients", "courses"]]
    assert groups.loc[("site", "a")].tolist() == [7, 12]
    assert groups.loc[("course_group", "second course")].tolist() == [5, 5]
    assert groups.loc[("year", "2020")].tolist() == [7, 7]
    assert groups.loc[("regimen_class", "not stated")].tolist() == [12, 17]
    assert found.groups.set_index(["by", "group"])["share"][("sex", "male")] == 0.42


def test_measures_of_first_courses():
    made = cohort(*SIX, {"patient": 0, "course": 2, "baseline": 0}, age=40)
    found = people(made, min_cell=1).measures.set_index("measure")
    # 4 5 6 7 8 9
    assert found.loc["baseline", ["n", "missing", "mean", "median", "q1", "q3"]].tolist() == [6, 0, 6.5, 6.5, 5.3, 7.8]
    assert found.loc["baseline", "sd"] == 1.9 == pytest.approx((17.5 / 5) ** 0.5, abs=0.05)
    assert found.loc["disease_duration_years", ["n", "missing"]].tolist() == [0, 6]


def test_missing_values_of_few_patients_are_hidden():
    found = people(cohort(*SIX[:3], age=40)).measures.set_index("measure")
    assert found["missing"].isna().all() and found["mean"].isna().all()


STATUSES = ["recorded", "empty", "no_row", "not_due", "unknown"]


def test_missing_scores_by_visit():
    found = people(cohort(*SIX, {"end": 3, "later": {4: 2}})).missing.set_index("label")
    assert found.loc["end of infusion", STATUSES].tolist() == [7, 0, 0, 0, 0]
    # one patient has no score at baseline, two have none at week 4: too few to be told apart, or counted
    for label, recorded in (("baseline", 6), ("week 4", 5)):
        assert found.loc[label, ["patients", "recorded"]].tolist() == [7, recorded]
        assert found.loc[label, [*STATUSES[1:], "together"]].isna().all()
    seen, absent = {"baseline": 8, "end": 3, "later": {4: 2}}, {"baseline": 8, "end": 3, "later": {4: None}}
    more = people(cohort(*[seen] * 9, *[{"baseline": 8, "end": 3}] * 4, *[absent] * 6))
    week = more.missing.set_index("label").loc["week 4"]
    assert week["together"] == 10 and week[STATUSES[1:]].isna().all()


def test_a_visit_of_few_patients_is_hidden():
    found = people(cohort(*SIX, (8, 4, {12: 3}))).missing.set_index("label").loc["week 12"]
    assert bool(found["hidden"])
    assert found[STATUSES].isna().all()


def test_who_is_missing_by_hand():
    with_score = [(8, 4, {4: 5})] * 4 + [(6, 6, {4: 6})] * 2
    without = [(9, 3)] * 2 + [(7, 7)] * 3 + [(5, None)]
    found = people(cohort(*with_score, *without), min_cell=1)
    table = found.who_is_missing.set_index("group")
    one, other = table.loc["with a follow-up score"], table.loc["without a follow-up score"]
    assert one[["patients", "baseline_n", "judged", "responders"]].tolist() == [6, 6, 6, 4]
    assert other[["patients", "baseline_n", "judged", "responders"]].tolist() == [6, 6, 5, 2]
    assert one["baseline_mean"] == 7.3
    differs = found.who_differs.set_index("measure")
    assert differs.loc["baseline", "difference"] == pytest.approx(44 / 6 - 44 / 6)
    response = differs.loc["response_end_of_infusion"]
    assert response["difference"] == -0.27
    assert [response["low"], response["high"]] == pytest.approx(list(newcombe_independent(2, 5, 4, 6)), abs=0.005)
    assert dict(zip(found.left_out["why"], found.left_out["n"], strict=True)) == {
        "response at the end of infusion can't be judged": 1
    }


def test_one_small_group_hides_both_since_the_total_is_shown():
    found = people(cohort(*[(8, 4, {4: 5})] * 8, (9, 3), (7, 7)))
    assert found.who_is_missing["hidden"].all()
    assert found.who_is_missing["baseline_mean"].isna().all()
    assert found.who_differs[["difference", "low", "high"]].isna().all(axis=None)


def test_few_patients_are_not_described():
    found = people(cohort((8, 4, {4: 5}), (7, 4)))
    assert found.sizes.loc[found.sizes["item"] == "patients", "n"].isna().all()
    assert found.measures["mean"].isna().all()
    assert found.groups["patients"].isna().all()
