"""Findings about a clinic's own patients: the numbers of the results, and no claims without results."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from cohort_page_samples import nobody, results
from cohort_samples import cohort

from analysis.exhibit import plain
from analysis.findings import cohort as findings
from analysis.outcomes.cohort import response, trajectories
from analysis.wording import half_up, percent


def test_responders_with_n_interval_and_rule():
    made = cohort(*[(8, 4, {4: 4})] * 6, *[(8, 4, {4: 8})] * 2, *[(8, 7, {})] * 2)
    told = findings.cohort_response_finding(response.response(made))
    # 8 of 10 and 6 of 8, Wilson's intervals
    assert told.sentence == (
        "**80% were responders at the end of infusion and 75% at 4 weeks** (8 of 10, 95% interval 49% to 94%; "
        "6 of 8, 41% to 93%; responder: pain fell by 30% or more). Counting everyone without a score as no responder: "
        "80% and 60% of all 10."
    )
    assert "Of 8 patients with both scores 6 stayed responders, 2 no longer were and 0 became responders" in told.detail
    assert "a change of −25 percentage points" in told.detail


def test_nothing_is_counted_twice_where_nobody_is_missing():
    told = findings.cohort_response_finding(response.response(cohort(*[(8, 4, {4: 4})] * 7)))
    assert told.sentence.startswith("**100% were responders at the end of infusion and 100% at 4 weeks**")
    assert "Counting everyone" not in told.sentence and "without a follow-up score" not in told.detail


def test_the_follow_up_is_called_by_its_week():
    told = findings.cohort_response_finding(
        response.response(cohort(*[(8, 4, {1: 4})] * 6), follow_up_weeks=1.0, window_weeks=0.5)
    )
    assert "and 100% at 1 week" in told.sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"never_changes": True}, "holds whatever became of the"),
        ({"never_changes": False, "low": 1, "high": 3}, "holds if 1 to 3 of the"),
        ({"never_changes": False, "low": None, "high": None}, "it holds for no number of responders"),
        ({"hidden": True}, ""),
    ],
)
def test_what_those_not_seen_could_change(change, words):
    whole = results().response
    told = findings.cohort_response_finding(
        dataclasses.replace(whole, tips=dataclasses.replace(whole.tips, **change))
    ).detail
    assert words in told
    assert ("without a follow-up score" in told) == bool(words)


def test_pain_below_baseline_with_the_interval_the_same_way_round():
    made = cohort(*[(8, 4, {}), (9, 6, {}), (7, 5, {})] * 5)
    told = findings.cohort_pain_finding(trajectories.trajectories(made))
    # changes −4, −3, −2 five times: mean −3, SD 0.845, n = 15, t = 2.145
    assert told.sentence == (
        "**Mean pain was 3.0 points below baseline at the end of infusion** (95% interval 2.5 to 3.5; 15 patients). "
        "Before, it was 8.0 on the 0–10 scale."
    )
    worse = findings.cohort_pain_finding(trajectories.trajectories(cohort(*[(5, 6, {}), (5, 8, {})] * 7)))
    assert "2.0 points above baseline" in worse.sentence and "95% interval 1.4 to 2.6" in worse.sentence


def test_duration_is_a_span_between_visits_or_beyond_the_last():
    whole = results().durations

    def told(**change):
        return findings.cohort_duration_finding(
            dataclasses.replace(whole, medians=whole.medians.assign(**change))
        ).sentence

    assert "had lost the benefit between weeks 4 and 12** (95% interval of the median: 4 to 26 weeks)" in told(
        median_low=4.0, median_high=12.0, limit_low=4.0, limit_high=26.0
    )
    assert "More than half of the" in told(median_low=26.0, median_high=np.inf, limit_low=8.0, limit_high=np.inf)
    assert "8 weeks or more" in told(median_low=26.0, median_high=np.inf, limit_low=8.0, limit_high=np.inf)
    assert "had lost the benefit by week 13" in told(median_low=13.0, median_high=13.0)
    assert "Too few patients" in told(median_low=np.nan, median_high=np.nan)


def test_first_and_next_courses_are_compared():
    whole = results().durations
    test = {"who": "initial_responders", "by": "course", "group_1": "first course", "group_2": "next course"}
    for p, words in ((0.49, "do not clearly differ (P = 0.490)"), (0.0004, "differ (P < 0.001)")):
        tests = pd.DataFrame([test | {"n_1": 9, "n_2": 8, "p_value": p, "method": "exact", "note": ""}])
        detail = findings.cohort_duration_finding(dataclasses.replace(whole, tests=tests)).detail
        assert f"The durations of first course and next course {words}." in detail


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("within", "**Within what published studies show** at the end of infusion"),
        ("above", "**Above what published studies show** at the end of infusion"),
        ("below", "**Below what published studies show** at the end of infusion"),
        ("can't be told apart", "**Too close to the edge of what published studies show to be told apart** at the end"),
        ("can't be judged", "This can't be judged: because."),
    ],
)
def test_position_of_the_clinic(verdict, words):
    compared = results().compared.iloc[:1].assign(verdict=verdict, why="because")
    told = findings.benchmark_finding(compared, "ge_30_percent")
    assert plain(told.sentence).startswith(plain(words)) and told.sentence.startswith(words)
    if verdict != "can't be judged":
        row = compared.iloc[0]
        assert f"{percent(row['estimate'])} here, 60% on average in 7 studies" in told.sentence
        assert "between 25% and 85%" in told.sentence


def test_published_numbers_lead_to_their_rows():
    compared = results().compared.iloc[:1].assign(verdict="within", why="", rows="durations-3 and durations-4")
    told = findings.benchmark_finding(compared, "ge_30_percent").sentence
    assert "[60%](#row-durations-3,row-durations-4) on average in [7 studies](#row-durations-3,row-durations-4)" in told


def test_only_the_chosen_rule_is_quoted():
    told = findings.benchmark_finding(results().compared, "ge_50_percent")
    assert told.sentence == "This can't be judged: no study counts responders in this way."


def test_who_is_missing():
    told = findings.cohort_missing_finding(results().people, 4.0)
    table = results().people.missing
    worst = table[table["visit"] != "baseline"].sort_values("share_observed").iloc[0]
    assert (
        f"**{percent(1 - worst['share_observed'])} of the courses have no score at week {worst['weeks']:g}**"
        in told.sentence
    )
    row = results().people.who_differs.set_index("measure").loc["baseline"]
    ends = sorted((row["low"], row["high"]) if row["difference"] > 0 else (-row["low"], -row["high"]))
    assert f"(95% interval {half_up(ends[0], 1)} to {half_up(ends[1], 1)})" in told.sentence, "the same way round"
    assert (
        f"{half_up(abs(row['difference']), 1)} points {'more' if row['difference'] > 0 else 'less'} pain"
        in told.sentence
    )


def test_limits_quantify_the_return_to_the_mean_and_name_invented_patients():
    told = findings.cohort_limits(results().limits)
    central = results().limits.falls.query("is_central").iloc[0]
    assert f"about {half_up(central['fall'], 1)} points" in told[1]
    assert f"{percent(central['ge_30_percent'])} would count as responders" in told[1]
    assert "no control group" in told[0] and not any("invented" in text for text in told)
    assert findings.cohort_limits(results().limits, synthetic=True)[0].startswith("These patients are invented")


def test_too_few_patients_give_no_number():
    few = nobody()
    answers = [
        findings.cohort_response_finding(few.response),
        findings.cohort_pain_finding(few.trajectories),
        findings.cohort_duration_finding(few.durations),
        findings.benchmark_finding(few.compared, "ge_30_percent"),
        findings.cohort_missing_finding(few.people, 4.0),
    ]
    for answer in answers:
        assert not any(character.isdigit() for character in answer.sentence.replace("4 weeks", "")), answer.sentence
    assert "cannot be computed here" in findings.cohort_limits(few.limits)[1]


def test_the_scope_names_the_file_and_the_part():
    made = dataclasses.make_dataclass("C", ["file"])("clinic.csv")
    assert findings.cohort_scope(made) == "File clinic.csv."
    assert findings.cohort_scope(made, ["Bern", "x" * 90], ["oral"], ["2024", "2023"]) == (
        f"File clinic.csv; sites: Bern and {'x' * 59}…; regimen: oral; years: 2024 and 2023."
    )
