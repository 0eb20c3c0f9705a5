"""Outcomes other than pain, opioids and harms of a cohort."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort

from analysis.exhibit import plain
from analysis.figures.cohort import outcome_share_bars
from analysis.outcomes.cohort.other_outcomes import other_outcomes
from analysis.statistics.intervals import clopper_pearson, wilson
from analysis.tables import cohort as tables

PAIN = [(8, 4, {4: 5})] * 40


def with_values(before: list, after: list, name: str, count: int = 40):
    """Return patients with a measure at baseline and at week 4, repeated up to `count`."""
    whole = cohort(*PAIN[:count])
    values = np.full(len(whole.visits), np.nan)
    values[0::3] = np.resize(np.array(before, dtype=float), count)
    values[2::3] = np.resize(np.array(after, dtype=float), count)
    return dataclasses.replace(whole, visits=whole.visits.assign(**{name: values}), measures=(name,))


def test_pain_alone_gives_no_rows():
    found = other_outcomes(cohort(*PAIN))
    assert found.measures.empty and found.opioids.empty and found.harms.empty and not found.measured


def test_change_and_patients_improved_by_the_important_difference():
    # interference falls by 2, 1, 0 and rises by 1, ten patients each; a point matters
    found = other_outcomes(with_values([6, 6, 6, 6], [4, 5, 6, 7], "bpi_interference")).measures.iloc[0]
    assert found[["n", "before", "after", "change"]].tolist() == [40, 6, 5.5, -0.5]
    assert found[["improved", "unchanged", "worse"]].tolist() == [20, 10, 10]
    assert found[["share_low", "share_high"]].tolist() == pytest.approx(wilson(20, 40), abs=0.005)
    assert "Dworkin" in found["citation"]


def test_a_measure_without_an_important_difference_shows_its_change_only():
    found = other_outcomes(with_values([30, 20], [40, 26], "pseq"))
    row = found.measures.iloc[0]
    assert row["change"] == 8 and row[["improved", "unchanged", "worse"]].isna().all()
    notes = plain(tables.other_outcomes_table(found).notes)
    assert "No verified important difference, so the change alone: Self-efficacy." in notes
    assert outcome_share_bars(found).alt.startswith("No outcome other than pain")


def test_a_measure_that_nobody_has_twice_shows_no_share():
    table = tables.other_outcomes_table(other_outcomes(with_values([5], [np.nan], "bpi_interference")))
    assert table.data["n"].tolist() == [0]
    assert table.data[["improved_words", "worse_words"]].iloc[0].tolist() == ["–", "–"]


def test_a_scale_of_change_needs_the_later_score_only():
    found = other_outcomes(with_values([np.nan], [1, 2, 3, 6, 7], "pgic")).measures.iloc[0]
    assert found[["n", "improved", "unchanged", "worse"]].tolist() == [40, 16, 8, 16]
    assert pd.isna(found["change"])


def test_opioids_of_those_with_some_and_with_none_before():
    found = other_outcomes(with_values([60, 60, 60, 60, 0], [0, 30, 60, 90, 0], "omedd"))
    assert found.opioids.set_index("group").loc["some before", ["n", "none", "lower", "same", "higher"]].tolist() == [
        32, 8, 8, 8, 8,
    ]  # fmt: skip
    assert found.opioids.set_index("group").loc["none before", ["n", "none", "higher"]].tolist() == [8, 8, 0]
    assert found.measured == ("opioids",) and found.measures.empty


def test_harms_count_the_courses_that_were_asked():
    whole = cohort(*PAIN)
    events = ["nausea; dizziness", "none", "nausea", None] * 10
    courses = whole.courses.assign(adverse_events=pd.Categorical(events), infusion_stopped=["no"] * 30 + [None] * 10)
    found = other_outcomes(dataclasses.replace(whole, courses=courses)).harms.set_index("event")
    assert found.loc["any adverse event", ["courses", "asked"]].tolist() == [20, 30]
    assert found.loc["nausea", ["courses", "asked"]].tolist() == [20, 30]
    assert found.loc["dizziness", "courses"] == 10
    # 0 of 30: the exact upper limit
    assert found.loc["infusion stopped early", ["courses", "low", "high"]].tolist() == pytest.approx(
        [0, 0, clopper_pearson(0, 30)[1]], abs=0.005
    )
    assert found.loc["infusion stopped early", "high"] > 0.1


def test_few_patients_are_hidden_and_public_counts_rounded():
    few = other_outcomes(with_values([6, 6], [4, 7], "bpi_interference", count=4)).measures.iloc[0]
    assert few["hidden"] and pd.isna(few["improved"]) and pd.isna(few["change"])
    public = other_outcomes(with_values([6, 6], [4, 7], "bpi_interference", count=36), min_cell=10, release="public")
    assert public.measures.iloc[0][["n", "improved", "worse"]].tolist() == [35, 20, 20]


def test_the_picture_states_the_numbers():
    found = other_outcomes(with_values([6, 6, 6, 6], [4, 5, 6, 7], "bpi_interference"))
    assert "Pain interference: 20 improved, 10 unchanged, 10 worse of 40 patients" in outcome_share_bars(found).alt
