"""Adverse events, the evidence map and the dose scale."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.evidence.selection import Criteria, select
from analysis.outcomes import evidence_map, safety
from analysis.outcomes.context import controls

EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


@pytest.fixture(scope="module")
def events(evidence):
    return safety.events(select(evidence, EVERYTHING))


@pytest.fixture(scope="module")
def doses(evidence):
    return evidence_map.doses(select(evidence, EVERYTHING)).set_index("arm_id")


def test_counted_events(events):
    noppers = events[events["event"] == "hepatotoxicity"].iloc[0]
    assert (noppers["events"], noppers["n"], noppers["count_basis"]) == (3, 6, "reported")
    assert (noppers["ci_low"], noppers["ci_high"]) == pytest.approx((0.1876, 0.8124), abs=5e-5)


def test_zero_events_have_the_same_interval_as_others(events):
    lee = events[events["arm_id"] == "lee2025_ketamine"].iloc[0]
    assert (lee["events"], lee["n"], lee["ci_low"]) == (0, 52, 0)
    assert lee["ci_high"] == pytest.approx(1.959964**2 / (52 + 1.959964**2))  # Wilson's upper limit of 0 of n


def test_percentages_without_a_count_are_marked(events):
    by_arm = events[events["event"].str.startswith("mild to moderate psychomimetic")].set_index("arm_id")
    ketamine, placebo = by_arm.loc["sigtermans2009_ketamine"], by_arm.loc["sigtermans2009_placebo"]
    # 76% of 30: 23 (76.67, truncated); 18% of 30: no whole number, 5 (16.7) is the nearest, the printed rate stands
    assert (ketamine["events"], ketamine["count_basis"]) == (23, "derived_from_percent")
    assert (placebo["events"], placebo["count_basis"], placebo["rate"]) == (5, "nearest_to_percent", 0.18)


def test_mentions_without_a_number_have_no_rate(events):
    mentioned = events[events["count_basis"] == "no count"]
    assert mentioned["rate"].isna().all() and mentioned["ci_low"].isna().all()
    assert len(events) == len(mentioned) + events["rate"].notna().sum()


def test_controls_are_judged_by_arms(evidence):
    kinds = controls(evidence)
    assert kinds["sigtermans2009"] == kinds["schwartzman2009"] == "placebo-controlled"
    assert kinds["regimen357_nd"] == kinds["finch2009"] == "active comparison"
    assert kinds["mangnus2022"] == "uncontrolled"


def test_map_counts_rows_and_patients(evidence):
    table = evidence_map.studies(select(evidence)).set_index("study_id")
    assert table.loc["mangnus2022", ["n", "pain_scores", "responders", "durations"]].tolist() == [48, 2, 2, 2]
    assert table.loc["patil2012", ["n", "n_is"]].tolist() == [18, "with CRPS"]
    assert table.loc["sheehy2015", ["n", "n_is"]].tolist() == [63, "enrolled"]
    sizes = table["n"].dropna()
    assert sizes.is_monotonic_decreasing


def test_evidence_by_control_adds_up(evidence):
    selection = select(evidence)
    table = evidence_map.evidence_by_control(selection).set_index("control")
    assert table.loc["placebo-controlled", ["studies", "patients"]].tolist() == [2, 86]
    planned = (selection.evidence.studies["design"] == "rct_protocol").sum()
    assert table["studies"].sum() == len(selection.evidence.studies) - planned


def test_doses_by_hand(doses):
    # Kiefer 2008: 7 mg/kg/h, 24 h, 5 days, 70 kg
    assert doses.loc["kiefer2008_anesthetic", ["mg_per_h", "total_mg"]].tolist() == [490, 58_800]
    # Sigtermans: 22.2 mg/h/70kg for 4.2 days
    assert doses.loc["sigtermans2009_ketamine", "total_mg"] == pytest.approx(22.2 * 24 * 4.2)
    # Schwartzman: 0.35 mg/kg/h is 24.5 mg/h, below the printed cap of 25; 4 h on 10 days
    assert doses.loc["schwartzman2009_ketamine", ["mg_per_h", "total_mg"]].tolist() == pytest.approx([24.5, 980])
    # three regimens: 24.5 mg/h is above the printed cap of 24; 6 h on 3 days
    assert doses.loc["regimen357_nd_a", ["mg_per_h", "total_mg"]].tolist() == [24, 432]
    assert "printed cap of 24 mg/h" in doses.loc["regimen357_nd_a", "assumption"]
    # Kiefer 2008b: 500 mg a day, 24 h, 10 days
    assert doses.loc["kiefer2008b_sket", ["mg_per_h", "total_mg"]].tolist() == pytest.approx([500 / 24, 5000])
    # Goldberg 2005: 80 mg a day on 10 days; hours not printed, so a total but no rate
    assert np.isnan(doses.loc["goldberg2005_ketamine", "mg_per_h"])
    assert doses.loc["goldberg2005_ketamine", "total_mg"] == 800


def test_a_dose_that_cannot_be_converted_has_a_reason(doses):
    assert doses.loc["mangnus2022_sket", "not_comparable"] == "no total: hours a day not printed"
    assert doses.loc["lee2025_ketamine", "not_comparable"] == "dose not printed"
    assert doses.loc["ushida2002_all", "not_comparable"] == "not intravenous (topical)"
    silent = doses[doses["total_mg"].isna()]
    assert (silent["not_comparable"] != "").all()


def test_another_weight_scales_what_is_per_kilogram(evidence):
    half = evidence_map.doses(select(evidence), weight_kg=35).set_index("arm_id")
    assert half.loc["kiefer2008_anesthetic", "total_mg"] == 29_400
    assert half.loc["sigtermans2009_ketamine", "mg_per_h"] == pytest.approx(11.1)
    assert half.loc["goldberg2010_ketamine", "mg_per_h"] == 40
    assert half.loc["regimen357_nd_a", "mg_per_h"] == pytest.approx(12.25)
    with pytest.raises(ValueError, match="weight_kg is 0"):
        evidence_map.doses(select(evidence), weight_kg=0)


def test_an_unlabelled_dose_kind_is_stated(evidence):
    arms = evidence.arms.copy()
    arms.loc[arms["arm_id"] == "goldberg2010_ketamine", "dose_kind"] = np.nan
    table = evidence_map.doses(select(replace(evidence, arms=arms))).set_index("arm_id")
    assert table.loc["goldberg2010_ketamine", "assumption"] == "kind of dose not stated"


def test_several_counts_behind_a_percentage_give_the_nearest(evidence):
    table = evidence.adverse_events.copy()
    here = table["arm_id"] == "sigtermans2009_placebo"
    table.loc[here, ["n", "percent_reported"]] = [300, 27.0]  # 80 to 83 patients are printed as 27%
    found = safety.events(select(replace(evidence, adverse_events=table))).set_index("arm_id")
    row = found.loc["sigtermans2009_placebo"]
    assert (row["events"], row["count_basis"]) == (81, "derived_from_percent")
