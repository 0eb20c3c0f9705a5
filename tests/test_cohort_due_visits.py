"""A visit is missing only if it was planned, was due and has no score."""

from __future__ import annotations

import dataclasses
from datetime import date

import pandas as pd
import pytest
from cohort_samples import cohort

from analysis.outcomes.cohort import people, response
from analysis.outcomes.cohort.due_visits import due_visits, expected_scores
from analysis.outcomes.cohort.planned import planned_visits

STATUSES = ["recorded", "empty", "no_row", "not_due", "unknown"]
EARLY, LATE = {"date": "2024-01-01"}, {"date": "2024-05-20"}


def row(later: dict, **more) -> dict:
    return {"baseline": 8, "end": 4, "later": later, **more}


def statuses(whole, label: str) -> list:
    return due_visits(whole, planned_visits(whole)).table.set_index("label").loc[label, STATUSES].tolist()


def test_due_is_counted_from_the_end_of_infusion_to_the_last_day():
    # the last dated visit is week 4 of the early patients: 2024-01-29; four weeks after 2024-01-15 is later
    soon = {"date": "2024-01-15"}
    whole = cohort(*[row({4: 3}, **EARLY)] * 6, row({}, **EARLY), row({4: None}, **EARLY), *[row({}, **soon)] * 2)
    assert due_visits(whole, planned_visits(whole)).until == pd.Timestamp("2024-01-29")
    assert statuses(whole, "week 4") == [6, 1, 1, 2, 0]
    on_the_day = dataclasses.replace(whole, plan=dataclasses.replace(whole.plan, data_until=date(2024, 2, 12)))
    assert statuses(on_the_day, "week 4") == [6, 1, 3, 0, 0], "due on the last day itself"


def test_without_dates_due_is_unknown():
    assert statuses(cohort(*[row({4: 3})] * 6, row({})), "week 4") == [6, 0, 0, 0, 1]
    mixed = cohort(*[row({4: 3}, **EARLY)] * 6, row({}))
    assert statuses(mixed, "week 4") == [6, 0, 0, 0, 1]


def test_the_end_is_taken_from_a_follow_up_visit_where_its_date_is_missing():
    whole = cohort(*[row({4: 3, 12: 3}, **EARLY)] * 6, {"baseline": 8, "later": {4: 3}, **EARLY})
    assert statuses(whole, "week 12") == [6, 0, 1, 0, 0]


@pytest.mark.slow
def test_patients_seen_at_their_own_times_are_all_seen():
    weeks = [3, 5, 7, 9, 11, 14, 17, 20, 23, 26]
    whole = cohort(*[row({weeks[number % 10]: 5}) for number in range(60)])
    due = due_visits(whole, planned_visits(whole))
    assert due.own_times
    assert due.table.set_index("label").loc["any follow-up", STATUSES].tolist() == [60, 0, 0, 0, 0]
    found = people.people(whole)
    assert found.own_times and not found.follow_up_planned
    assert not response.response(whole).follow_up_planned
    steps = response.response(whole).steps.set_index("step")
    # weeks 3 and 5 lie within 4 ± 2: twelve patients; of the others no score was expected
    assert steps.loc["follow_up", ["n", "of", "without", "not_expected"]].tolist() == [12, 12, 0, 48]


def test_a_week_that_few_were_seen_at_was_not_planned_for_all():
    whole = cohort(*[row({4: 5})] * 20, *[row({4: 5, 7: 5})] * 6)
    table = due_visits(whole, planned_visits(whole)).table.set_index("label")
    assert table["planned"].to_dict() == {
        "baseline": True, "end of infusion": True, "week 4": True, "week 7": False,
    }  # fmt: skip
    assert table.loc["week 7", ["recorded", "empty"]].tolist() == [6, 0]
    assert table.loc["week 7", STATUSES[2:]].isna().all()
    stated = dataclasses.replace(whole, plan=dataclasses.replace(whole.plan, weeks=(4.0, 7.0)))
    assert statuses(stated, "week 7") == [6, 0, 0, 0, 20]


def test_nobody_is_imputed_whose_visit_is_not_due():
    whole = cohort(*[row({4: 3}, **EARLY)] * 6, *[row({}, **EARLY)] * 2, *[row({}, **LATE)] * 5)
    assert expected_scores(whole)["not_expected"].tolist() == [False] * 8 + [True] * 5
    assert response.response(whole).follow_up_planned
    rates = response.response(whole).rates.query("rule == 'ge_30_percent'").set_index(["visit", "handling"])
    assert rates.loc[("follow_up", "non_responder_imputation"), ["responders", "n"]].tolist() == [6, 8]
    assert rates.loc[("follow_up", "responder_imputation"), ["responders", "n"]].tolist() == [8, 8]
    assert rates.loc[("end_of_infusion", "non_responder_imputation"), ["responders", "n"]].tolist() == [13, 13]


@pytest.mark.parametrize("weeks", [(), (4.0, 12.0)])
def test_planned_weeks_of_the_plan_come_first(weeks):
    whole = cohort(*[row({3.5: 5, 11: 5, 30: 6})] * 6)
    whole = dataclasses.replace(whole, plan=dataclasses.replace(whole.plan, weeks=weeks))
    found = planned_visits(whole)
    assert found.weeks == (weeks or (3.5, 11.0, 30.0))
    assert found.far == (6 if weeks else 0)
