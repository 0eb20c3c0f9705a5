"""Context of every result row: equal to the result of three merges."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.evidence.selection import Criteria, select
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED, controls, looked_up, overall_bias, with_context

TABLES = ("pain_scores", "responders", "durations", "adverse_events")
OF_ARMS = ["arm_id", "label", "role", "route", "regimen_class", "selected_by_outcome"]
EVERYTHING = Criteria((), (), (), (), (), overlapping_studies=True, contained_arms=True)


def merged(selection, table):
    evidence = selection.evidence
    joined = (
        getattr(evidence, table)
        .merge(evidence.studies[["study_id", "citation"]], on="study_id", how="left", validate="many_to_one")
        .merge(evidence.arms[OF_ARMS], on="arm_id", how="left", validate="many_to_one")
        .merge(evidence.sources[["source_id", "access"]], on="source_id", how="left", validate="many_to_one")
    )
    joined["label"] = joined["label"].fillna("arm not stated")
    joined["regimen_class"] = joined["regimen_class"].fillna("not_stated")
    joined["control"] = joined["study_id"].map(controls(evidence)).astype("str")  # no rows would make it `object`
    joined["bias"] = joined["study_id"].map(overall_bias(evidence)).astype("str")
    return joined


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("criteria", [Criteria(), EVERYTHING, Criteria(studies=("nobody",))])
def test_context_equals_that_of_merges(evidence, table, criteria):
    selection = select(evidence, criteria)
    found, expected = with_context(selection, table), merged(selection, table)
    assert set(found.columns) == set(expected.columns)
    pd.testing.assert_frame_equal(found[expected.columns], expected)


def test_a_row_without_an_arm(evidence):
    responders = evidence.responders.copy()
    responders.loc[responders["study_id"] == "mangnus2022", "arm_id"] = np.nan
    found = with_context(select(replace(evidence, responders=responders)), "responders")
    row = found[found["study_id"] == "mangnus2022"].iloc[0]
    assert row["label"] == "arm not stated" and row["regimen_class"] == "not_stated" and pd.isna(row["role"])
    assert row["citation"].startswith("Mangnus") and row["control"] == UNCONTROLLED and row["access"] == "abstract"


def test_control_groups_by_the_arms_of_the_study(evidence):
    control = controls(evidence)
    assert control["sigtermans2009"] == PLACEBO and control["mangnus2022"] == UNCONTROLLED
    arms = evidence.arms.copy()
    arms.loc[arms["arm_id"] == "sigtermans2009_placebo", "role"] = "comparator"
    assert controls(replace(evidence, arms=arms))["sigtermans2009"] == ACTIVE


def test_a_randomised_trial_stays_controlled_whatever_is_selected(evidence):
    """Mangnus 2023 compares two regimens; a filter that leaves one of them does not change its design."""
    one_regimen = select(evidence, Criteria(regimen_classes=("subanesthetic_inpatient",)))
    assert one_regimen.evidence.arms["study_id"].tolist().count("mangnus2023") == 1
    assert controls(one_regimen.evidence)["mangnus2023"] == ACTIVE


def test_a_key_that_the_table_lacks_gives_a_missing_value():
    table = pd.DataFrame({"arm_id": ["a", "b"], "label": ["first", "second"]})
    found = looked_up(table, pd.Series(["b", np.nan, "c", "a"], name="arm_id", dtype="str"), ["label"])["label"]
    assert found[0] == "second" and found[3] == "first" and found.isna().tolist() == [False, True, True, False]
