"""Scores, changes and differences against printed and hand-computed numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.evidence.selection import Criteria, select
from analysis.outcomes import trajectories

EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


@pytest.fixture(scope="module")
def scores(evidence):
    return trajectories.scores(select(evidence))


def row_of(table, arm_id, timepoint):
    found = table[(table["arm_id"] == arm_id) & (table["timepoint"] == timepoint)]
    assert len(found) == 1
    return found.iloc[0]


def test_mangnus_medians_and_estimated_sd(scores):
    # abstract: median 8 (IQR width 2) at baseline, 6 (4) at the end of infusion, 48 patients
    baseline = row_of(scores, "mangnus2022_sket", "T0 baseline")
    end = row_of(scores, "mangnus2022_sket", "T1 end of infusion")
    assert (baseline["value"], baseline["spread"], end["value"], end["spread"]) == (8, 2, 6, 4)
    assert end["sd"] == pytest.approx(3.057, abs=5e-4)
    assert "estimated" in end["sd_basis"] and np.isnan(end["ci_low"])
    assert pd.isna(baseline["weeks"]) and end["weeks"] == 0


def test_an_unlabelled_spread_is_read_both_ways(scores):
    # Sigtermans 2009: 2.68 ± 0.51, 30 patients
    row = row_of(scores, "sigtermans2009_ketamine", "end of week 1 (lowest score)")
    assert row["sd"] == 0.51
    assert row["sd_if_se"] == pytest.approx(0.51 * np.sqrt(30))
    assert row["ci_high"] - row["ci_low"] == pytest.approx(2 * 2.04523 * 0.51 / np.sqrt(30), rel=1e-5)
    assert row["ci_high_if_se"] - row["ci_low_if_se"] == pytest.approx(2 * 2.04523 * 0.51, rel=1e-5)


def test_a_reading_that_the_scale_forbids_is_not_shown(scores):
    # Cohen 2023: 7.08 ± 1.79 in 71; as an SE it would need an SD of 15.1, the scale allows 4.58
    row = row_of(scores, "cohen2023_all", "baseline")
    assert np.isnan(row["sd_if_se"]) and np.isnan(row["ci_low_if_se"])
    assert "15.1" in row["sd_basis"] and "4.6" in row["sd_basis"]


def test_spans_of_means_have_ends_and_no_value(scores):
    row = row_of(scores, "goldberg2010_ketamine", "under infusion")
    assert np.isnan(row["value"]) and (row["spread_low"], row["spread_high"]) == (3, 5)


def test_changes(evidence):
    table = trajectories.changes(select(evidence)).set_index("arm_id")
    patil = table.loc["patil2012_crps"]  # abstract: reduction 7.2, SE 0.51, 18 patients; t with 17 degrees is 2.1098
    assert patil["change"] == -7.2
    assert (patil["change_low"], patil["change_high"]) == pytest.approx((-7.2 - 1.07600, -7.2 + 1.07600), abs=1e-4)
    mangnus = table.loc["mangnus2022_sket"]
    assert (mangnus["change"], mangnus["basis"], mangnus["interval"]) == (-2, "difference of medians", "none")
    goldberg = table.loc["goldberg2010_ketamine"]  # 8 to 9 before, 3 to 5 under infusion
    assert (goldberg["change_low"], goldberg["change_high"], goldberg["interval"]) == (-6, -3, "span")
    assert "sigtermans2009_ketamine" not in table.index  # no baseline printed


def test_difference_between_arms_of_sigtermans(evidence):
    (row,) = trajectories.between_arms(select(evidence)).to_dict("records")
    assert row["difference"] == pytest.approx(2.68 - 5.45)
    assert row["control"] == "placebo-controlled"
    # SE reading: standard error sqrt(0.51^2 + 0.48^2) = 0.70036, Welch df 57.79, t = 2.0019
    assert row["ci_low_if_se"] == pytest.approx(-2.77 - 2.0019 * 0.70036, abs=1e-3)
    assert row["ci_high_if_sd"] == pytest.approx(-2.77 + 2.0019 * 0.70036 / np.sqrt(30), abs=1e-3)


def test_scores_on_0_to_100_are_brought_to_0_to_10(evidence):
    pain = evidence.pain_scores.copy()
    here = (pain["arm_id"] == "mangnus2022_sket") & (pain["phase"] == "end_of_infusion")
    pain.loc[here, ["scale_max", "value", "spread_low"]] = [100, 60.0, 40.0]
    row = row_of(
        trajectories.scores(select(replace(evidence, pain_scores=pain))), "mangnus2022_sket", "T1 end of infusion"
    )
    assert (row["value"], row["spread"]) == (6, 4)


def test_a_control_group_is_never_a_change_of_ketamine(evidence):
    everything = trajectories.changes(select(evidence, EVERYTHING))
    assert set(everything["role"]) == {"ketamine"}


def test_every_score_row_is_shown_as_score_or_change(evidence):
    selection = select(evidence, EVERYTHING)
    shown = set(trajectories.scores(selection)["row"])
    changes = trajectories.changes(selection)
    printed = (
        changes.loc[changes["basis"] == "mean change as printed", "rows"]
        .str.extract(r"pain_scores-(\d+)")[0]
        .astype(int)
    )
    assert sorted(shown | set(printed)) == sorted(evidence.pain_scores["row"])


def test_an_empty_selection_gives_empty_tables(evidence):
    nothing = select(evidence, Criteria(studies=("finch2009",), routes=()))
    assert trajectories.scores(nothing).empty
    assert trajectories.changes(nothing).empty
    assert trajectories.between_arms(nothing).empty


def test_the_words_of_an_interval_follow_its_level(evidence):
    table = trajectories.changes(select(evidence), level=0.995).set_index("arm_id")
    assert table.loc["patil2012_crps", "interval"] == "99.5% CI"
    assert table.loc["patil2012_crps", "change_low"] < -8.5
