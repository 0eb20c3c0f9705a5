"""Synthesis over studies: results against the library and lme4, and results that must not be pooled."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis import tables
from analysis.evidence.selection import Criteria, select
from analysis.exhibit.cells import printed
from analysis.outcomes import responders, synthesis
from analysis.outcomes.context import PLACEBO
from analysis.outcomes.synthesis.duration_curves import UNREPORTED
from analysis.outcomes.synthesis.reasons import CONTAINED, CONTROLLED, SELECTED, SINGLE
from analysis.outcomes.synthesis.windows import WINDOWS, window
from analysis.paths import ROOT
from analysis.statistics import pooling
from analysis.statistics.pooling import bayes_pool, pool, pool_proportions

EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
SOON = "within a week of the end of infusion"
INF = np.inf


@pytest.fixture(scope="module")
def default(evidence):
    return select(evidence)


def placebo_arm(evidence, study_id):
    """The evidence with a placebo arm added to a study, which makes it placebo-controlled."""
    arm = evidence.arms[evidence.arms["study_id"] == study_id].iloc[[0]].copy()
    arm["arm_id"], arm["role"], arm["drug"], arm["label"] = f"{study_id}_placebo", "placebo", "placebo", "placebo"
    return replace(evidence, arms=pd.concat([evidence.arms, arm], ignore_index=True))


def test_windows_are_closed_above():
    assert [window(w) for w in (0, 1, 1.1, 8.7, 9.1, 26.1, 26.6, 400)] == [
        WINDOWS[i][1] for i in (0, 0, 1, 1, 2, 2, 3, 3)
    ]
    assert window(np.nan) == ""


def test_complete_relief_at_the_end_is_pooled_from_correll_and_domec(default):
    """25 of 33 (Correll 2004) and 25 of 65 (Domec 2004), abstracts."""
    found = synthesis.pooled_rates(default)
    group = found.groups[(found.groups["definition_class"] == "complete_relief") & (found.groups["window"] == SOON)]
    (row,) = group.itertuples()
    expected = pool_proportions([25, 25], [33, 65], adjust="t")
    assert (row.k, row.responders, row.patients) == (2, 50, 98)
    for name in ("ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q_p", "note"):
        assert getattr(row, name) == getattr(expected, name)
    assert row.rate == expected.estimate
    members = found.studies[
        (found.studies["window"] == SOON) & (found.studies["definition_class"] == "complete_relief")
    ]
    assert members["weight"].tolist() == list(expected.weights)
    assert "Two studies only" in row.note


@pytest.mark.slow
def test_every_rate_is_pooled_or_left_out_with_a_reason(evidence):
    for criteria in (Criteria(), EVERYTHING, Criteria(access=("full_text", "abstract")), Criteria(routes=("topical",))):
        selection = select(evidence, criteria)
        found = synthesis.pooled_rates(selection)
        rows = [int(part) for row in found.studies["row"] for part in str(row).split(", ")]
        assert sorted([*rows, *found.left_out["row"]]) == sorted(responders.rates(selection)["row"])
        assert len(found.left_out)
        assert (found.left_out["why"] != "").all()


@pytest.mark.slow
def test_definitions_windows_and_designs_are_not_mixed(default, evidence):
    found = synthesis.pooled_rates(default)
    for row in found.groups.itertuples():
        members = found.studies
        for key in ("control", "route", "definition_class", "window"):
            members = members[members[key] == getattr(row, key)]
        assert len(members) == row.k == members["study_id"].nunique()
        assert members["weight"].sum() == pytest.approx(1)
    # Domec with a placebo group: the two no longer stand in one number
    apart = synthesis.pooled_rates(select(placebo_arm(evidence, "domec2004")))
    soon = apart.groups[(apart.groups["definition_class"] == "complete_relief") & (apart.groups["window"] == SOON)]
    assert soon.empty
    left = apart.left_out[(apart.left_out["study_id"] == "domec2004") & (apart.left_out["weeks"] == 0)]
    assert left["control"].tolist() == [PLACEBO]
    assert left["why"].tolist() == ["the only study that counts this at this time"]


def test_rates_of_other_patients_are_left_out(evidence):
    left = synthesis.pooled_rates(select(evidence, EVERYTHING)).left_out.drop_duplicates(["arm_id", "why"])
    why = left.set_index("arm_id")["why"]
    assert why["lee2025_ketamine"] == SELECTED
    assert why["correll2004_course2"] == CONTAINED
    assert why["rasmussen2013_coma"] == SINGLE
    assert why["goebel2015_ketamine"] == "what counted as a response is not stated"
    assert "does not count patients" in set(why)


@pytest.mark.slow
def test_arms_of_one_study_are_combined(evidence):
    """Correll's 33 patients split into two arms of 20 and 13 give the same pooled rate as all together."""
    arms, rates = evidence.arms.copy(), evidence.responders.copy()
    whole = rates[(rates["arm_id"] == "correll2004_course1") & (rates["definition_class"] == "complete_relief")]
    at_end = whole.index[whole["weeks_from_end"] == 0][0]
    second = rates.loc[[at_end]].copy()
    rates.loc[at_end, ["responders", "n"]] = [16, 20]
    second[["arm_id", "responders", "n", "row"]] = ["correll2004_second", 9, 13, 9999]
    new_arm = arms[arms["arm_id"] == "correll2004_course1"].copy()
    new_arm["arm_id"] = "correll2004_second"
    split = replace(
        evidence,
        arms=pd.concat([arms, new_arm], ignore_index=True),
        responders=pd.concat([rates, second], ignore_index=True),
    )
    before, after = (synthesis.pooled_rates(select(e)) for e in (evidence, split))
    pd.testing.assert_frame_equal(before.groups.drop(columns="rows"), after.groups.drop(columns="rows"))
    assert after.groups["rows"].str.contains("9999").sum() == 1, "the pooled rate names the rows of both arms"
    joined = after.studies[after.studies["label"] == "2 arms taken together"]
    assert joined["responders"].tolist() == [25]
    assert joined["row"].tolist() == [f"{int(rates.loc[at_end, 'row'])}, 9999"]


def test_studies_that_share_patients_count_once(evidence):
    """Kiefer's 4 patients said to overlap with Goldberg 2010: one of the two leaves the group."""
    studies = evidence.studies.copy()
    for study, pooled in (("goldberg2010", "yes"), ("kiefer2008b", "no")):
        studies.loc[studies["study_id"] == study, ["overlap_group", "pool_in_overlap"]] = ["same patients", pooled]
    selection = select(replace(evidence, studies=studies), Criteria(overlapping_studies=True))
    found = synthesis.pooled_rates(selection)
    assert "kiefer2008b" in set(selection.evidence.studies["study_id"])
    assert "kiefer2008b" not in set(found.studies["study_id"])
    assert "goldberg2010" in set(found.studies["study_id"])
    why = found.left_out.set_index("study_id")["why"]
    assert why["kiefer2008b"] == "shares patients, or probably does, with Goldberg et al. 2010"


@pytest.mark.slow
def test_each_study_is_left_out_in_turn(default):
    found = synthesis.pooled_rates(default)
    rows = found.without[found.without["definition_class"] == "any_relief"].set_index("study_id")
    members = found.studies[found.studies["definition_class"] == "any_relief"]
    assert sorted(rows.index) == sorted(members["study_id"])
    for study in members["study_id"]:
        rest = members[members["study_id"] != study]
        expected = pool_proportions(rest["responders"].astype(int), rest["n"].astype(int), adjust="t")
        assert rows.loc[study, "rate"] == expected.estimate
        assert rows.loc[study, "ci_high"] == expected.ci_high
    # groups of two have nothing left to pool
    assert set(found.without["definition_class"]) == {"any_relief"}


def mean_changes(evidence, arms):
    """The evidence with nothing but printed mean changes at the end of infusion: arm -> value, SE, n."""
    template = evidence.pain_scores[evidence.pain_scores["arm_id"] == "patil2012_crps"].iloc[0]
    rows = []
    for i, (arm_id, (value, se, n)) in enumerate(arms.items()):
        study = evidence.arms.set_index("arm_id").loc[arm_id, "study_id"]
        rows.append(template.to_dict() | {"arm_id": arm_id, "study_id": study, "row": 900 + i})
        rows[-1] |= {"value": value, "spread_kind": "se", "spread_low": se, "n": n, "statistic": "mean_change"}
        rows[-1] |= {"weeks_from_end": 0.0}
    table = pd.DataFrame(rows).reindex(columns=evidence.pain_scores.columns)
    return replace(evidence, pain_scores=table.astype(evidence.pain_scores.dtypes))


@pytest.mark.slow
def test_changes_of_two_studies_are_pooled_by_reml_and_hartung_knapp(evidence):
    changes = {"correll2004_course1": (-3.0, 0.5, 33), "domec2004_ketamine": (-4.5, 0.4, 65)}
    found = synthesis.pooled_differences(select(mean_changes(evidence, changes)))
    (row,) = found.groups.itertuples()
    expected = pool([-3.0, -4.5], [0.25, 0.16])
    assert (row.kind, row.k, row.patients) == ("change since baseline", 2, 98)
    assert row.estimate == pytest.approx(expected.estimate, rel=1e-12)
    assert (row.ci_low, row.ci_high) == pytest.approx((expected.ci_low, expected.ci_high), rel=1e-12)
    assert found.studies["se"].tolist() == pytest.approx([0.5, 0.4])
    assert found.left_out.empty
    few = synthesis.few_study_intervals(synthesis.pooled_rates(select(evidence)), found)
    few = few[few["kind"].notna()]
    assert few["ci_low"].tolist() == pytest.approx([expected.ci_low, *bayes_pool([-3.0, -4.5], [0.25, 0.16])["ci_low"]])
    assert few[["k", "patients"]].to_numpy().tolist() == [[2, 98]] * 3
    assert set(few["rows"]) == {"pain_scores-900 and pain_scores-901"}
    table = tables.few_studies_table(few)
    lines = printed(table.data, table.columns)
    assert [line[0] for line in lines] == ["Change since baseline, points"] * 3
    assert lines[0][4] == "−3.8 (−13.3 to 5.7)"


def test_controlled_and_uncontrolled_changes_are_not_pooled(evidence):
    changes = {"correll2004_course1": (-3.0, 0.5, 33), "sigtermans2009_ketamine": (-4.5, 0.4, 30)}
    found = synthesis.pooled_differences(select(mean_changes(evidence, changes)))
    assert found.groups.empty
    assert set(found.left_out["why"]) == {"the only study that reports this at this time"}
    assert set(found.left_out["control"]) == {"uncontrolled", PLACEBO}


def test_changes_of_patients_who_count_elsewhere_are_not_pooled(evidence):
    changes = {"correll2004_course1": (-3.0, 0.5, 33), "cohen2023_smp": (-4.5, 0.4, 30), "cohen2023_all": (-4, 0.4, 71)}
    found = synthesis.pooled_differences(select(mean_changes(evidence, changes), EVERYTHING))
    assert found.groups[["k", "patients"]].values.tolist() == [[2, 104]]
    assert found.left_out[["arm_id", "why"]].values.tolist() == [["cohen2023_smp", CONTAINED]]


def test_what_has_no_standard_error_is_not_pooled(default):
    left = synthesis.pooled_differences(default).left_out.set_index(["study_id", "kind"])["why"]
    assert left["sigtermans2009", "ketamine minus control"] == "the printed ± may be an SE or an SD"
    assert "patients' own changes" in left["mangnus2022", "change since baseline"]
    assert left["goldberg2010", "change since baseline"] == "a span of several means, not one change"


@pytest.mark.slow
def test_the_retention_curve_agrees_with_glmer(default):
    """tests/reference/decline: the case `published` holds the counts of durations.csv when it was written."""
    cases = pd.read_csv(ROOT / "tests" / "reference" / "decline" / "cases.csv")
    counts = cases[cases["case"] == "published"]
    found = synthesis.benefit_retention(default)
    points = found.points[["weeks", "patients", "patients_treated"]].astype(float).to_numpy()
    assert sorted(map(tuple, points)) == sorted(map(tuple, counts[["weeks", "events", "n"]].to_numpy(float)))
    table = pd.read_csv(ROOT / "tests" / "reference" / "decline" / "coefficients.csv")
    a, b = table[(table["case"] == "published") & ~table["moderated"]]["estimate"]
    first, last = found.curve.iloc[0], found.curve.iloc[-1]
    assert (first["weeks"], last["weeks"]) == (0, pytest.approx(13))
    assert first["rate"] == pytest.approx(expit(a), rel=1e-5)
    assert last["rate"] == pytest.approx(expit(a + b * np.log(14)), rel=1e-5)
    assert found.half["omitted"].tolist() == ["", *sorted(found.points["study_id"].unique())]
    assert found.half["half_low"].iloc[0] == pytest.approx(10.09, abs=0.01)
    assert found.half["half_high"].iloc[0] == INF


@pytest.mark.slow
def test_the_curve_without_a_study_ignores_it(default, evidence):
    found = synthesis.benefit_retention(default)
    alone = synthesis.benefit_retention(
        select(evidence, Criteria(studies=tuple(s for s in evidence.studies["study_id"] if s != "correll2004")))
    )
    without = found.without[found.without["study_id"] == "correll2004"]
    assert without["rate"].to_numpy() == pytest.approx(alone.curve["rate"].to_numpy(), rel=1e-9)
    slope = found.half.set_index("omitted").loc["correll2004", "slope"]
    assert slope == alone.half["slope"].iloc[0] > 0


@pytest.mark.slow
def test_one_benefit_represents_an_arm_and_controlled_studies_are_left_out(default, evidence):
    found = synthesis.benefit_retention(default)
    correll = found.points[found.points["study_id"] == "correll2004"]
    assert correll["benefit"].unique().tolist() == ["pain_free"]
    why = found.left_out.set_index("arm_id")["why"]
    assert why["correll2004_course1"] == "another outcome of this arm is used (pain free)"
    assert why["lee2025_ketamine"] == SELECTED
    controlled = synthesis.benefit_retention(select(placebo_arm(evidence, "domec2004")))
    assert "domec2004" not in set(controlled.points["study_id"])
    assert controlled.left_out.set_index("arm_id").loc["domec2004_ketamine", "why"] == CONTROLLED


def test_without_a_curve_the_reason_is_stated(evidence):
    found = synthesis.benefit_retention(select(evidence, Criteria(studies=("mangnus2022", "domec2004"))))
    assert found.curve.empty and found.half.empty and found.without.empty
    assert "more studies than coefficients" in found.why
    nothing = synthesis.benefit_retention(select(evidence, Criteria(routes=("topical",))))
    assert nothing.why == "no study counts who still has the benefit"


@pytest.mark.slow
def test_regimens_are_compared_among_studies_that_state_theirs(default):
    found = synthesis.benefit_retention(default)
    table = found.regimens.set_index("regimen_class")
    assert table.index.tolist() == ["subanesthetic_inpatient", "anesthetic"]
    assert table.loc["anesthetic", "k"] == 1
    assert table.loc["anesthetic", "ci_low"] < 1 < table.loc["anesthetic", "ci_high"]
    points = found.points[found.points["regimen_class"] != "not_stated"]
    assert table["k"].sum() == points["study_id"].nunique()


def test_durations_of_kiefer_by_hand(default):
    """20 treated, 13 in complete remission at 13 weeks (a review table): 7 lost it or never had it by then."""
    found = synthesis.duration_curves(default)
    row = found.groups.set_index("regimen_class").loc["anesthetic"]
    assert row[["k", "patients", "still_going", "last_week"]].tolist() == [1, 20, 13, 13]
    assert (row["median_low"], row["median_high"]) == (13, INF)
    curve = found.curves[found.curves["regimen_class"] == "anesthetic"].set_index("weeks")
    assert curve.loc[13, ["low", "high"]].tolist() == pytest.approx([0.65, 0.65])
    # before the count nobody knows: from all (lost later) to 13 of 20 (never had it)
    assert curve.loc[6.5, ["low", "high"]].tolist() == pytest.approx([0.65, 1.0])
    # 13 of 20 drawn again: the percentiles of a binomial share
    low, high = curve.loc[13, ["band_low", "band_high"]]
    assert (low, high) == (pytest.approx(0.45, abs=0.051), pytest.approx(0.85, abs=0.051))


def test_durations_count_each_patient_once_and_leave_out_with_reason(evidence):
    selection = select(evidence, EVERYTHING)
    found = synthesis.duration_curves(selection)
    assert found.groups["patients"].sum() == found.patients["patients"].sum()
    per_arm = found.patients.groupby("arm_id")[["patients", "patients_treated"]].agg(
        {"patients": "sum", "patients_treated": "first"}
    )
    assert (per_arm["patients"] <= per_arm["patients_treated"]).all()
    assert (per_arm["patients"] == per_arm["patients_treated"]).all()
    why = found.left_out.groupby("arm_id")["why"].agg(set)
    assert why["lee2025_ketamine"] == {SELECTED}
    assert why["cohen2023_all"] == {"the regimen is not stated"}


def test_groups_with_unreported_durations_are_left_out(evidence):
    """Kiefer 2002 alone: only 2 of 6 patients have a reported duration."""
    found = synthesis.duration_curves(select(evidence, replace(EVERYTHING, studies=("kiefer2002",))))
    assert found.groups.empty
    assert set(found.left_out["why"]) == {UNREPORTED}
    assert found.left_out["patients"].sum() < found.left_out["patients_treated"].max()


def test_no_control_group_has_a_curve(evidence):
    found = synthesis.duration_curves(select(evidence, EVERYTHING))
    assert set(found.patients["role"]) == {"ketamine"}


def test_simulated_coverage_supports_students_t():
    table = synthesis.simulated_coverage().set_index(["k", "method"])
    assert table.loc[(3, "binomial-normal, Wald"), "coverage_low"] < 0.8
    assert table.index.get_level_values("k").unique().tolist() == [2, 3, 5, 10]
    lowest = table.xs("binomial-normal, t", level="method")["coverage_low"]
    # with tau 3 two or three studies are often each none or all: no interval, a miss
    assert (lowest > pd.Series({2: 0.88, 3: 0.915, 5: 0.925, 10: 0.925})).all()
    assert table.loc[(2, "binomial-normal, t"), "width"] > 0.9, "with two studies the interval says nothing"


def test_the_simulation_has_two_studies_and_tau_up_to_three():
    table = pd.read_csv(Path(pooling.__file__).with_name("coverage.csv"))
    assert len(table) == 4 * 4 * 3 * 4 and set(table["tau"]) == {0, 0.5, 1, 3}
    assert set(table["replicates"]) == {400, 2000}
    error = (table["coverage"] * (1 - table["coverage"]) / table["replicates"]) ** 0.5
    assert (table["monte_carlo_error"] - error).abs().max() < 1e-4


@pytest.mark.slow
def test_published_results_for_a_clinic(default):
    table = synthesis.published_results(default, "ge_2_points", 4.0)
    by_rule = table[~table["definition"].str.startswith("each study's own")].set_index("outcome")
    mangnus = by_rule.loc["ge_2_points at end_of_infusion"]
    assert (mangnus["k"], mangnus["studies"], mangnus["estimate"]) == (1, "Mangnus et al. 2021", 30 / 48)
    assert np.isnan(mangnus["pi_low"]) and mangnus["ci_low"] == pytest.approx(0.484, abs=0.001)
    assert by_rule.loc["ge_30_percent at follow_up", "studies"] == "Cohen et al. 2022"
    # Lee's patients may have been selected by their response
    assert not by_rule.index.str.startswith("ge_50_percent").any()
    curve = table[table["definition"].str.startswith("each study's own")]
    assert curve["outcome"].tolist() == ["ge_2_points at end_of_infusion", "ge_2_points at follow_up"]
    expected = synthesis.benefit_retention(default).model.curve([0, 4])
    assert curve["pi_high"].tolist() == expected["pi_high"].tolist()
    assert curve["k"].tolist() == [7, 7]


@pytest.mark.slow
def test_published_results_of_several_studies_are_pooled(evidence):
    rows = evidence.responders
    named = rows["definition_class"].replace("any_relief", "ge_50_percent")
    selection = select(replace(evidence, responders=rows.assign(definition_class=named)))
    expected = synthesis.pooled_rates(selection)
    (group,) = expected.groups[expected.groups["definition_class"] == "ge_50_percent"].itertuples()
    assert (group.k, group.window) == (4, SOON)
    found = synthesis.published_results(selection, "ge_2_points", 4.0)
    (row,) = found[found["outcome"] == "ge_50_percent at end_of_infusion"].itertuples()
    assert row.definition.endswith(SOON)
    assert (row.k, row.patients, row.estimate) == (4, group.patients, group.rate)
    for name in ("ci_low", "ci_high", "pi_low", "pi_high"):
        assert getattr(row, name) == getattr(group, name)
    members = expected.studies[expected.studies["definition_class"] == "ge_50_percent"]
    assert row.study_ids == tuple(members["study_id"])


@pytest.mark.slow
def test_no_published_result_after_the_last_count(default):
    late = synthesis.published_results(default, "ge_2_points", 30.0)
    curve = late[late["definition"].str.startswith("each study's own")]
    assert curve["outcome"].tolist() == ["ge_2_points at end_of_infusion"]
    with pytest.raises(ValueError, match="beyond the last count, at 13 weeks"):
        synthesis.benefit_retention(default).at(0, 30)
