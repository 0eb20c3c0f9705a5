"""Responders of a cohort."""

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes.cohort.response import response
from analysis.statistics.intervals import newcombe_paired, wilson

# fall at the end of infusion, at four weeks: 50% 38%, 0% 0%, 57% 71%, none none, 80% missing, 30% 40%
TEN = [(8, 4, {4: 5}), (6, 6, {4: 6}), (7, 3, {4: 2}), (9, 9, {4: 9}), (5, 1), (10, 7, {4: 6})]
TEN += [(8, 3, {4: 7}), (4, None, {4: 2}), (0, 0, {4: 0}), (None, 1, {4: 1})]


def row(table, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_rates_by_hand():
    rates = response(cohort(*TEN)).rates
    assert len(rates) == 18
    end = row(rates, rule="ge_30_percent", visit="end_of_infusion", handling="complete_cases")
    assert end[["responders", "n"]].tolist() == [5, 7]
    assert [end["ci_low"], end["ci_high"]] == [0.36, 0.92] == pytest.approx(list(wilson(5, 7)), abs=0.005)
    imputed = row(rates, rule="ge_30_percent", visit="end_of_infusion", handling="non_responder_imputation")
    assert imputed[["responders", "n", "rate"]].tolist() == [5, 8, 0.63]
    later = row(rates, rule="ge_50_percent", visit="follow_up", handling="complete_cases")
    assert later[["responders", "n"]].tolist() == [2, 7]
    # 2 points judge a baseline of 0 too
    points = row(rates, rule="ge_2_points", visit="end_of_infusion", handling="complete_cases")
    assert points[["responders", "n"]].tolist() == [5, 8]


def test_the_flow_between_two_visits_by_hand():
    flow = row(response(cohort(*TEN)).flow, rule="ge_30_percent", handling="complete_cases")
    # kept: 1st, 3rd, 6th; lost: 7th; neither: 2nd, 4th
    assert flow[["n", "first", "second", "kept", "lost", "gained", "neither"]].tolist() == [6, 4, 3, 3, 1, 0, 2]
    low, high = newcombe_paired(3, 1, 0, 2)
    assert flow[["difference", "difference_low", "difference_high"]].tolist() == pytest.approx(
        [-1 / 6, -high, -low], abs=0.005
    )
    assert flow["p_value"] == 1
    imputed = row(response(cohort(*TEN)).flow, rule="ge_30_percent", handling="non_responder_imputation")
    # the 5th lost it for want of a score, the 8th gained it
    assert imputed[["n", "kept", "lost", "gained", "neither"]].tolist() == [8, 3, 2, 1, 2]


def test_the_tipping_point_counts_all_judged_at_the_end_of_infusion():
    found = response(cohort(*TEN, (8, 4), (8, 8)), min_cell=3)
    # six with both scores; missing later: the 5th and the 11th responders before, the 12th not
    assert (found.tips.n, found.tips.missing) == (9, 3)
    assert found.tipping[["missing_responders", "responders"]].values.tolist() == [[0, 3], [1, 4], [2, 5], [3, 6]]
    # with all three as responders: five kept, one lost, one gained
    assert found.tipping["difference"].iloc[3] == pytest.approx(0)


def test_mcnemars_exact_p():
    flow = response(cohort(*[(8, 4, {4: 8})] * 7, (8, 8, {4: 4}))).flow
    # 7 lost, 1 gained: 2 (1 + 8) / 256
    assert flow["p_value"].tolist() == [0.07] * 6 == pytest.approx([18 / 256] * 6, abs=0.0005)


def test_who_is_left_out_and_why():
    few = response(cohort(*TEN))
    assert few.left_out["n"].isna().all() and set(few.left_out["below"]) == {5}
    assert any(words.startswith("Fewer than 5 patients had a baseline below 2 points") for words in few.notes)
    found = response(cohort(*TEN), min_cell=1)
    told = found.left_out.set_index("why")["n"]
    assert told["baseline score missing"] == 1
    assert told["baseline pain is 0, of which no percentage can be taken"] == 1
    assert told["no follow-up score in the window"] == 1
    assert told["not both scores"] == 2
    assert any(words.startswith("1 patient had a baseline below 2 points") for words in found.notes)


def test_each_patient_counts_once_with_the_first_course():
    again = [{"patient": i, "course": 2, "baseline": 8, "end": 1, "later": {4: 1}} for i in range(6)]
    found = response(cohort(*[(8, 8, {4: 8})] * 6, *again))
    assert found.rates["responders"].max() == 0
    second = row(found.by_group, group="second course", visit="end_of_infusion", handling="complete_cases")
    assert second[["responders", "n"]].tolist() == [6, 6]


def test_groups_are_merged_by_patients_with_a_score():
    site = [{"baseline": 8, "end": 4, "later": {4: 4}, "site": "a"}] * 6
    site += [{"baseline": 8, "end": 8, "later": {4: 8}, "site": "b"}] * 5
    site += [{"baseline": 8, "end": 4, "site": "c"}] * 5
    found = response(cohort(*site)).by_group
    found = found[found["by"] == "site"]
    end = found[(found["visit"] == "end_of_infusion") & (found["handling"] == "complete_cases")]
    assert end[["group", "responders", "n"]].values.tolist() == [["a", 6, 6], ["b", 0, 5], ["c", 5, 5]]
    later = found[found["visit"] == "follow_up"].set_index(["group", "handling"])
    # no score of c at follow-up, so that c is put with b
    protected = "other (merged to protect small groups)"
    assert later.loc[(protected, "complete_cases"), ["responders", "n"]].tolist() == [0, 5]
    assert later.loc[(protected, "non_responder_imputation"), ["responders", "n"]].tolist() == [0, 10]
    assert later.loc[("a", "complete_cases"), ["responders", "n"]].tolist() == [6, 6]


def test_the_curve_by_hand():
    found = response(cohort(*TEN), min_cell=1).curve.set_index(["visit", "cutoff"])
    assert set(found.index.get_level_values("cutoff")) == set(range(0, 101, 10))
    # falls at the end of infusion: 0 0 30 50 57 62.5 80 percent; one of eight is missing
    for cutoff, events in ((0, 7), (10, 5), (30, 5), (40, 4), (50, 4), (60, 2), (70, 1), (80, 1), (90, 0)):
        now = found.loc[("end_of_infusion", cutoff)]
        assert now[["responders", "n_complete", "n_all"]].tolist() == [events, 7, 8]
        rates = now[["rate_complete", "rate_imputed"]].tolist()
        assert rates == pytest.approx([events / 7, events / 8], abs=0.005 + 1e-9)
    assert [found.loc[("end_of_infusion", 30), name] for name in ("low_imputed", "high_imputed")] == pytest.approx(
        list(wilson(5, 8)), abs=0.005
    )


def test_a_rise_counts_from_no_cutoff_on():
    curve = response(cohort(*[(5, 6)] * 5, *[(5, 5)] * 5)).curve
    assert curve.loc[(curve["visit"] == "end_of_infusion") & (curve["cutoff"] == 0), "responders"].tolist() == [5]


def test_few_complete_cases_are_hidden_and_the_imputed_rate_is_not():
    found = response(cohort(*[(8, 4)] * 9, *[(8, 4, {4: 4})] * 3))
    hidden = row(found.rates, rule="ge_30_percent", visit="follow_up", handling="complete_cases")
    assert bool(hidden["hidden"])
    assert hidden[["responders", "n", "rate", "ci_low", "ci_high"]].isna().all()
    imputed = row(found.rates, rule="ge_30_percent", visit="follow_up", handling="non_responder_imputation")
    assert imputed[["responders", "n"]].tolist() == [3, 12]
    assert found.tips.hidden
    assert found.tipping.empty


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="responder_rule is 'half'"):
        response(cohort((8, 4)), responder_rule="half")


SCORE = st.one_of(st.none(), st.integers(0, 10))
COURSES = st.lists(
    st.fixed_dictionaries(
        {"baseline": SCORE, "end": SCORE, "later": st.dictionaries(st.sampled_from([3, 4, 12]), SCORE)},
        optional={"site": st.sampled_from("abc")},
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.slow
@given(COURSES)
def test_properties(courses):
    found = response(cohort(*courses), min_cell=1)
    rates = found.rates.set_index(["rule", "visit", "handling"])
    for (rule, visit), part in found.rates.groupby(["rule", "visit"]):
        complete, imputed = (rates.loc[(rule, visit, h)] for h in ("complete_cases", "non_responder_imputation"))
        assert complete["responders"] == imputed["responders"]
        assert complete["n"] <= imputed["n"]
        assert not imputed["rate"] > complete["rate"]
        assert len(part) == 3
    flow = found.flow
    assert (flow["kept"] + flow["lost"] == flow["first"]).all()
    assert (flow["kept"] + flow["gained"] == flow["second"]).all()
    assert (flow[["kept", "lost", "gained", "neither"]].sum(axis=1) == flow["n"]).all()
    for _, curve in found.curve.groupby("visit"):
        assert (np.diff(curve["responders"].dropna().to_numpy(dtype=float)) <= 0).all()
    # the curve at 30% and 50% is the rule's rate
    for rule, cutoff in (("ge_30_percent", 30), ("ge_50_percent", 50)):
        for visit in ("end_of_infusion", "follow_up"):
            at = row(found.curve, visit=visit, cutoff=cutoff)
            if pd.notna(at["responders"]):  # nobody with a score: no rate
                assert at["responders"] == rates.loc[(rule, visit, "complete_cases"), "responders"]
    by_site = found.by_group[(found.by_group["by"] == "site") & (found.by_group["handling"] == "complete_cases")]
    for visit, part in by_site.groupby("visit"):
        assert part["responders"].sum() == rates.loc[("ge_30_percent", visit, "complete_cases"), "responders"]


@pytest.mark.slow
@given(COURSES)
def test_no_result_of_few_patients_is_shown(courses):
    found = response(cohort(*courses))
    for table, n in ((found.rates, "n"), (found.by_group, "n"), (found.flow, "n"), (found.curve, "n_complete")):
        shown = table.loc[~table["hidden"], n]
        assert ((shown == 0) | (shown >= 5)).all()
        assert table.loc[table["hidden"], n].isna().all()
