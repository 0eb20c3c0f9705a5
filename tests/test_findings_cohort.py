"""Findings about a clinic's own patients: the numbers of the results, and no claims without results."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from cohort_page_samples import nobody, results
from cohort_samples import cohort

from analysis.findings import cohort as findings
from analysis.outcomes.cohort import people, response, run_charts, trajectories
from analysis.wording import percent


def test_responders_of_a_hundred_with_n_interval_and_rule():
    made = cohort(*[(8, 4, {4: 4})] * 18, *[(8, 4, {4: 8})] * 6, *[(8, 7, {})] * 6)
    told = findings.cohort_response_finding(response.response(made))
    # 24 of 30 and 18 of 24, Wilson's intervals
    assert told.sentence == (
        "**80 of 100 patients with a score responded** at the end of infusion (24 of 30; 95% interval 63 to 90) and "
        "**75 of 100** at 4 weeks (18 of 24; 55 to 88). Responder: pain fell by 30% or more."
    )
    assert "Of 24 patients with both scores 18 stayed responders, 6 no longer were and 0 became" in told.detail
    assert "a change of −25 percentage points" in told.detail


def test_a_rate_near_the_ends_is_not_rounded_to_all():
    told = findings.cohort_response_finding(response.response(cohort(*[(8, 4)] * 299, (8, 8))))
    assert told.sentence.startswith(
        "**99.7 of 100 patients with a score responded** at the end of infusion (299 of 300"
    )


def test_below_twenty_patients_numbers_stand_in_place_of_rates():
    told = findings.cohort_response_finding(response.response(cohort(*[(8, 4, {4: 4})] * 6, *[(8, 8, {4: 4})] * 6)))
    # Wilson's interval of 6 of 12: 25.4% to 74.6%
    assert told.sentence.startswith("**6 of 12 patients with a score responded** at the end of infusion (95% interval ")
    assert "3.0 to 9.0 of 12) and **12 of 12** at 4 weeks" in told.sentence
    assert "%" not in told.sentence.replace("95% interval", "").replace("30% or more", "")


def test_the_follow_up_is_called_by_its_week():
    told = findings.cohort_response_finding(
        response.response(cohort(*[(8, 4, {1: 4})] * 6), follow_up_weeks=1.0, window_weeks=0.5)
    )
    assert "**6 of 6** at 1 week" in told.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"never_changes": True}, "holds whatever became of the"),
        ({"never_changes": False, "low": 1, "high": 3}, "holds only if 1 to 3 of the"),
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


def test_duration_is_a_span_between_visits_or_beyond_the_last():
    whole = results().durations
    pain = trajectories.trajectories(cohort(*[(7, 3, {4: 4, 12: 5}), (9, 5, {4: 6, 12: 7})] * 10))

    def told(**change):
        medians = whole.medians.assign(**change)
        return findings.cohort_duration_finding(dataclasses.replace(whole, medians=medians), pain).sentence

    words = told(median_low=4.0, median_high=12.0, limit_low=4.0, limit_high=26.0)
    assert "had lost the benefit between weeks 4 and 12** (95% interval of the median: 4 to 26 weeks)." in words
    assert words.endswith("Mean pain was 8.0 before, 4.0 at the end and 6.0 after 12 weeks.")
    assert "More than half of the" in told(median_low=26.0, median_high=np.inf, limit_low=8.0, limit_high=np.inf)
    assert "8 weeks or more" in told(median_low=4.0, median_high=12.0, limit_low=8.0, limit_high=np.inf)
    assert "or more" not in told(median_low=4.0, median_high=12.0, limit_low=0.0, limit_high=np.inf), "says nothing"
    assert "had lost the benefit by week 13" in told(median_low=13.0, median_high=13.0)
    assert "Too few patients" in told(median_low=np.nan, median_high=np.nan)


def test_first_and_next_courses_are_compared():
    whole = results().durations
    test = {"who": "initial_responders", "by": "course", "group_1": "first course", "group_2": "next course"}
    for p, words in ((0.49, "do not clearly differ (P = 0.490)"), (0.0004, "differ (P < 0.001)")):
        tests = pd.DataFrame([test | {"n_1": 9, "n_2": 8, "p_value": p, "method": "exact", "note": ""}])
        detail = findings.cohort_duration_finding(
            dataclasses.replace(whole, tests=tests), results().trajectories
        ).detail
        assert f"The durations of first course and next course {words}." in detail


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("within", "**As expected from 7 studies** (pain fell by 30% or more, at the end of infusion: "),
        ("above", "**Higher than expected from 7 studies**"),
        ("below", "**Lower than expected from 7 studies**"),
    ],
)
def test_a_verdict_of_three_studies_or_more(verdict, words):
    row = results().compared.iloc[:1].assign(verdict=verdict, rows="")
    told = findings.benchmark_finding(row, results().chart)
    assert told.sentence.startswith(words)
    assert f"{percent(row['estimate'].iloc[0])} here, expected " in told.sentence


def test_without_a_verdict_only_a_clear_difference_is_named():
    row = results().compared.iloc[2:].assign(rows="", difference=0.2, difference_low=0.05, difference_high=0.35)
    told = findings.benchmark_finding(row, results().chart).sentence
    assert told.startswith("**Higher than in C** by 20 points (5 to 35; pain fell by 2 points or more, at week 4).")
    lower = row.assign(difference=-0.2, difference_low=-0.35, difference_high=-0.05)
    told = findings.benchmark_finding(lower, results().chart).sentence
    assert told.startswith("**Lower than in C** by 20 points (5 to 35;")
    unclear = row.assign(difference_low=-0.1, rows="responders-28")
    told = findings.benchmark_finding(unclear, results().chart).sentence
    assert told.startswith("**Not clearly different from published studies** that counted nearly the same way")
    assert "[1 number](#row-responders-28) from 1 study" in told
    assert (
        "No published study counted in this way"
        in findings.benchmark_finding(row.assign(alike=False), results().chart).sentence
    )


def test_a_change_over_time_needs_ten_quarters():
    compared, chart = results().compared, results().chart
    assert "**No signal of change** over 12 quarters." in findings.benchmark_finding(compared, chart).sentence
    beyond = findings.benchmark_finding(compared, dataclasses.replace(chart, outside=1)).sentence
    assert "**Signal of change** over 12 quarters: 1 quarter outside the limits of chance." in beyond
    few = run_charts.run_chart(cohort(*[(8, 4, {4: 4})] * 6, date="2024-01-01"))
    told = findings.benchmark_finding(compared, few).sentence
    assert "Change over time can't be judged: 1 quarter of 5 patients or more, 10 are needed." in told
    undated = run_charts.run_chart(cohort(*[(8, 4, {4: 4})] * 6))
    told = findings.benchmark_finding(compared, undated).sentence
    assert "no quarter of 5 patients or more with a date at baseline, 10 are needed." in told


def missing_words(whole) -> str:
    return findings.cohort_missing_finding(people.people(whole), response.response(whole)).sentence


@pytest.mark.slow
def test_who_is_missing_with_the_bounds():
    seen = [(8, 4, {4: 4})] * 30 + [(8, 8, {4: 8})] * 10
    told = missing_words(cohort(*seen, *[(8, 8, {4: None})] * 30, *[(8, 4, {4: None})] * 5))
    assert told == (
        "**35 of 75 patients have no score at 4 weeks**, and they had responded less often than the others "
        "(14% against 75%): 75 is probably too high. It would be 40 if none of the 35 responded, 87 if all did."
    )
    alike = missing_words(cohort(*seen, *[(8, 4, {4: None})] * 9))
    assert "; they had responded about as often as the others (9 of 9 against 75%). It would be 61" in alike


@pytest.mark.slow
def test_nobody_few_and_not_due_are_said_as_such():
    seen = [(8, 4, {4: 4})] * 40
    assert missing_words(cohort(*seen)) == "**Nobody: all 40 patients have a score at 4 weeks.**"
    assert (
        missing_words(cohort(*seen, (8, 4, {4: None}))) == "**Fewer than 5 of 41 patients** have no score at 4 weeks."
    )
    early, late = {"date": "2024-01-01"}, {"date": "2024-05-01"}
    rows = [{"baseline": 8, "end": 4, "later": {4: 4}, **early}] * 20 + [{"baseline": 8, "end": 4, **late}] * 6
    told = missing_words(cohort(*rows))
    assert told == "**Nobody: all 20 patients have a score at 4 weeks.** For 6 patients that visit is not due yet."
    own = missing_words(cohort(*[(8, 4, {3 + number: 5}) for number in range(30)]))
    assert own == (
        "**30 of 30 patients were seen again, at times of their own.** Fewer than 5 patients had a score near week 4; "
        "for the others no visit was planned then, so none of them is missing."
    )


def test_limits_quantify_the_return_to_the_mean_only_with_an_interval():
    few = findings.cohort_limits(results().limits)
    assert "no control group" in few[0] and not any("invented" in text for text in few)
    assert few[1] == "Patients come when pain is high, and high pain tends to fall by itself.", "below 150 patients"
    falls = results().limits.falls
    whole = dataclasses.replace(
        results().limits, n=150, fall_low=0.04, fall_high=0.2, share_low=0.05, share_high=0.15, observed_fall=2.7,
        falls=falls.assign(fall=0.1, ge_30_percent=0.1),
    )  # fmt: skip
    assert findings.cohort_limits(whole)[1].endswith(
        "That alone would make about 10 of 100 (5 to 15) responders, and 0.1 (0.0 to 0.2) of the 2.7 points."
    )
    assert findings.cohort_limits(dataclasses.replace(whole, synthetic=True))[0].startswith(
        "These patients are invented"
    )
    beside = findings.cohort_limits(whole, controls=9)
    assert not any("no control group" in text for text in beside) and "Control patients may differ" in beside[0]


def test_controls_stand_apart():
    rows = [{"baseline": 8, "end": end, "later": {4: 8}, "regimen_class": "control"} for end in (7, 6) * 10]
    made = cohort(*[(8, 4, {4: 4})] * 9, *rows)
    treated, controls = made.apart()
    assert [len(treated.courses), len(controls.courses)] == [9, 20]
    assert response.response(treated).steps["n"].iloc[0] == 9, "control patients are in no rate"
    card = findings.controls_card(response.response(controls), trajectories.trajectories(controls))
    words = card.cards[0].markdown_text()
    assert "Without ketamine: 20 patients" in words and "**0 of 100** responded at the end (0 of 20; 0 to 16)" in words
    assert "pain changed by −1.5 points (−1.7 to −1.3) at the end" in words


def test_a_short_page_says_why():
    assert findings.short_page(people.people(cohort(*[(8, 4)] * 12))).startswith("**12 patients are few.**")
    assert findings.short_page(people.people(cohort(*[(8, 4)] * 3))).startswith("**Fewer than 5 patients:**")
    assert not findings.short_page(people.people(cohort(*[(8, 4)] * 20)))


@pytest.mark.slow
def test_the_meeting_asks_about_those_without_a_score():
    early = {"date": "2024-01-01"}
    rows = [{"baseline": 8, "end": 4, "later": {4: 4}, **early}] * 20
    rows += [{"baseline": 8, "end": 4, "later": {4: None}, **early}] * 6 + [{"baseline": 8, "end": 4, **early}] * 7
    whole = cohort(*rows, *[{"end": 4, **early}] * 5)
    words = findings.meeting_card(whole, people.people(whole), response.response(whole)).cards[0].markdown_text()
    assert "Week 4: 12 patients without a visit, 6 patients with a visit but no score. Who asks them" in words
    assert "5 patients can’t be judged without a score before treatment." in words
    assert "sample.csv: 97 visits. Groups" in words.replace("\\", ""), "not its rows: some may be left out"
    public = findings.meeting_card(whole, people.people(whole, release="public", min_cell=10), response.response(whole))
    assert (
        "sample.csv: 95 visits. Groups below 10 patients are merged or hidden, and counts are rounded to 5."
        in public.cards[0].markdown_text().replace("\\", "")
    )


def test_too_few_patients_give_no_number():
    few = nobody()
    answers = [
        findings.cohort_response_finding(few.response),
        findings.cohort_duration_finding(few.durations, few.trajectories),
        findings.benchmark_finding(few.compared, few.chart),
        findings.cohort_missing_finding(few.people, few.response),
    ]
    for answer in answers:
        words = answer.sentence.replace("4 weeks", "").replace(
            "of 5 patients or more with a date at baseline, 10 are needed", ""
        )
        assert not any(character.isdigit() for character in words), answer.sentence
    assert answers[2].sentence.startswith("Too few patients have a score to be set beside published studies.")


def test_a_table_of_control_patients_alone_says_so():
    controls = cohort(*[{"baseline": 8, "end": 4, "later": {4: 5}, "regimen_class": "control"}] * 8)
    treated, _ = controls.apart()
    who = people.people(treated)
    assert findings.short_page(who).startswith("**Nobody was treated with ketamine:**")
    assert findings.cohort_scope(treated, who) == "File sample.csv"
    missing = findings.cohort_missing_finding(who, response.response(treated)).sentence
    assert missing == "Too few patients have a score at 4 weeks to say who is missing."


def test_the_scope_names_sizes_file_and_part():
    whole = cohort(*[{"baseline": 8, "end": 4, "site": "Bern", "date": "2024-01-01"}] * 6)
    who = people.people(whole)
    assert findings.cohort_scope(whole, who) == (
        "6 patients, 6 courses, 1 site · treated 2024 · data until 1 January 2024 · file sample.csv"
    )
    part = findings.cohort_scope(whole, who, ["Bern", "x" * 90], ["oral"], ["2024", "2023"])
    assert part.endswith(f" · only sites Bern and {'x' * 59}… · only regimen oral · only years 2024 and 2023")
