"""Selection: every row is either included or listed as left out."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence.selection import RESULT_TABLES, Criteria, select

EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


def reasons(selection, **where):
    rows = selection.left_out
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows["why"].tolist()


def test_default_synthesis(evidence):
    selection = select(evidence)
    studies = set(selection.evidence.studies["study_id"])
    assert {"mangnus2022", "sigtermans2009", "correll2004", "kiefer2008", "patil2012"} <= studies
    assert not {"dahan2011", "becerra2015", "kiefer2007", "finch2009", "corriger2022", "tankha2025"} & studies
    arms = set(selection.evidence.arms["arm_id"])
    assert "patil2012_crps" in arms and not {"patil2012_all", "patil2012_other"} & arms
    assert "cohen2023_all" in arms and not {"cohen2023_smp", "cohen2023_sip", "cohen2023_responders"} & arms
    assert "correll2004_course1" in arms and "correll2004_course2" not in arms


def test_reasons_are_sentences_with_names(evidence):
    selection = select(evidence)
    assert reasons(selection, table="studies", study_id="dahan2011") == [
        "shares patients, or probably does, with Sigtermans et al. 2009"
    ]
    assert reasons(selection, table="arms", arm_id="cohen2023_smp") == [
        "a subgroup of an arm that counts already (all patients)"
    ]
    assert reasons(selection, table="arms", arm_id="correll2004_course2") == [
        "patients of another arm treated again (first course, 10 to 50 mg/h)"
    ]
    assert reasons(selection, table="studies", study_id="tankha2025") == [
        "several pain conditions, CRPS patients not told apart"
    ]
    assert reasons(selection, table="responders", study_id="goldberg2005") == ["lay source"]


def test_placebo_follows_its_ketamine_arm(evidence):
    topical = select(evidence, Criteria(routes=("topical",)))
    assert "finch2009_healthy_limb" in set(topical.evidence.arms["arm_id"])
    assert "sigtermans2009_placebo" not in set(topical.evidence.arms["arm_id"])
    assert reasons(topical, arm_id="sigtermans2009_placebo", table="arms") == ["no ketamine arm of the study counts"]


def test_not_stated_is_a_word_one_can_ask_for(evidence):
    selection = select(evidence, Criteria(routes=("not_stated",)))
    assert "sorel2018" in set(selection.evidence.studies["study_id"])
    assert "mangnus2022" not in set(selection.evidence.studies["study_id"])


def test_a_stricter_run_leaves_secondary_accounts_out(evidence):
    strict = select(evidence, Criteria(access=("full_text", "abstract")))
    assert "crps_review_table" not in set(strict.evidence.responders["source_id"])
    assert reasons(strict, table="responders", study_id="kiefer2008") == ["secondary source"]


def test_everything_leaves_nothing_out(evidence):
    selection = select(evidence, EVERYTHING)
    assert selection.left_out.empty
    for table in ("studies", "arms", *RESULT_TABLES):
        pd.testing.assert_frame_equal(getattr(selection.evidence, table), getattr(evidence, table))


def test_a_subgroup_replaces_an_arm_that_is_left_out(evidence):
    mixed_too = select(evidence, Criteria(populations=("crps", "mixed")))
    arms = set(mixed_too.evidence.arms["arm_id"])
    assert "patil2012_all" in arms and "patil2012_crps" not in arms


words = st.sampled_from
criteria = st.builds(
    Criteria,
    studies=st.sampled_from([(), ("mangnus2022",), ("finch2009", "cohen2023"), ("dahan2011",)]),
    regimen_classes=st.sampled_from([(), ("anesthetic",), ("subanesthetic_inpatient", "not_stated")]),
    routes=st.sampled_from([(), ("iv",), ("topical", "oral")]),
    access=st.sampled_from([(), ("abstract",), ("abstract", "secondary", "full_text")]),
    populations=st.sampled_from([(), ("crps", "crps_1", "crps_2"), ("mixed",)]),
    overlapping_studies=st.booleans(),
    contained_arms=st.booleans(),
)


@pytest.mark.slow
@given(chosen=criteria)
def test_every_row_counts_or_is_listed_once_with_a_reason(evidence, chosen):
    selection = select(evidence, chosen)
    for table in ("studies", "arms", *RESULT_TABLES):
        kept = list(getattr(selection.evidence, table)["row"])
        left = list(selection.left_out_of(table)["row"])
        assert sorted(kept + left) == sorted(getattr(evidence, table)["row"])
    assert selection.left_out["why"].str.len().min() > 0 if len(selection.left_out) else True
    counted = selection.evidence
    assert set(counted.arms["study_id"]) == set(counted.studies["study_id"])
    for table in RESULT_TABLES:
        assert set(getattr(counted, table)["study_id"]) <= set(counted.studies["study_id"])


@pytest.mark.parametrize("name", ["studies", "arms", "responders"])
def test_the_input_is_left_as_it_was(evidence, name):
    before = getattr(evidence, name).copy()
    select(evidence, Criteria(studies=("mangnus2022",)))
    pd.testing.assert_frame_equal(getattr(evidence, name), before)
