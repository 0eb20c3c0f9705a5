"""Durations: statements on one axis, milestones as disjoint patients."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence.selection import Criteria, select
from analysis.exhibit.places import places
from analysis.outcomes import durations

EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
ANY_SOURCE = Criteria(access=())
COLUMNS = ["patients", "weeks_low", "weeks_high", "kind", "includes_zero"]
INF = np.inf


def intervals_of(evidence, arm_id, criteria=None):
    table = durations.intervals(select(evidence, criteria or Criteria())).table
    return table.loc[table["arm_id"] == arm_id, COLUMNS].values.tolist()


def with_rows(evidence, arm_id, rows):
    """The evidence with the statements of one arm replaced: (benefit, statement, patients, treated, low, high)."""
    template = evidence.durations[evidence.durations["arm_id"] == arm_id].iloc[0]
    new = pd.DataFrame([template] * len(rows)).reset_index(drop=True)
    for i, (benefit, statement, patients, treated, low, high) in enumerate(rows):
        values = [benefit, statement, patients, treated, low, high, "patient_level", "reported", 1000 + i]
        names = ["benefit", "statement", "patients", "patients_treated", "weeks_low", "weeks_high", "level"]
        new.loc[i, [*names, "count_basis", "row"]] = values
    others = evidence.durations[evidence.durations["arm_id"] != arm_id]
    table = pd.concat([others, new.astype(others.dtypes)], ignore_index=True)
    return replace(evidence, durations=table)


def test_statements_of_the_evidence(evidence):
    table = durations.statements(select(evidence, EVERYTHING)).set_index("row")
    assert len(table) == len(evidence.durations)
    by_arm = table.set_index("arm_id")
    assert by_arm.loc["puchalski2016_ketamine", ["weeks_low", "weeks_high", "shown_as"]].tolist() == [
        6.5,
        10.9,
        "between",
    ]
    assert by_arm.loc["sigtermans2009_ketamine", "shown_as"] == "group statement"
    assert by_arm.loc["schwartzman2009_ketamine", "shown_as"] == "no weeks"
    assert by_arm.loc["kiefer2007_coma", ["weeks_low", "weeks_high", "shown_as"]].tolist() == [417.4, INF, "at least"]
    goebel = by_arm.loc["goebel2015_ketamine"]
    assert sorted(goebel["shown_as"]) == ["at least", "group average"]


def test_milestones_of_mangnus_split_the_48_patients(evidence):
    assert intervals_of(evidence, "mangnus2022_sket") == [
        [18, 0, 0, "exact", True],
        [7, 0, 4, "interval", False],
        [23, 4, INF, "right-censored", False],
    ]


def test_milestones_of_correll_with_and_without_the_lay_source(evidence):
    assert intervals_of(evidence, "correll2004_course1") == [
        [8, 0, 0, "exact", True],
        [7, 0, 13, "interval", False],
        [18, 13, INF, "right-censored", False],
    ]
    assert intervals_of(evidence, "correll2004_course1", ANY_SOURCE) == [
        [8, 0, 0, "exact", True],
        [7, 0, 13, "interval", False],
        [8, 13, 26.1, "interval", False],
        [10, 26.1, INF, "right-censored", False],
    ]


def test_a_single_milestone_leaves_the_rest_open_from_zero(evidence):
    assert intervals_of(evidence, "kiefer2008_anesthetic") == [
        [7, 0, 13, "interval", True],
        [13, 13, INF, "right-censored", False],
    ]


def test_patients_without_benefit_are_exact_zeros(evidence):
    assert intervals_of(evidence, "kiefer2008b_sket") == [[4, 0, 0, "exact", True]]
    # 15 failures are among the 40 of 65 that were not pain free at the end
    assert intervals_of(evidence, "domec2004_ketamine") == [
        [40, 0, 0, "exact", True],
        [25, 0, INF, "right-censored", False],
    ]


def test_none_before_a_later_first_milestone(evidence):
    changed = with_rows(
        evidence,
        "kiefer2008_anesthetic",
        [("any_relief", "none", 3, 20, 0.0, 0.0), ("complete_remission", "milestone", 13, 20, 13.0, np.nan)],
    )
    assert intervals_of(changed, "kiefer2008_anesthetic") == [
        [3, 0, 0, "exact", True],
        [4, 0, 13, "interval", True],
        [13, 13, INF, "right-censored", False],
    ]


def test_exact_and_between_statements_and_unreported_patients(evidence):
    changed = with_rows(
        evidence,
        "kiefer2008_anesthetic",
        [
            ("any_relief", "exact", 2, 20, 4.3, 4.3),
            ("any_relief", "range_of_patients", 5, 20, 6.0, 9.0),
            ("any_relief", "ongoing", 4, 20, 39.1, 156.5),
            ("any_relief", "ongoing", 1, 20, np.nan, np.nan),
        ],
    )
    assert intervals_of(changed, "kiefer2008_anesthetic") == [
        [2, 4.3, 4.3, "exact", False],
        [5, 6, 9, "interval", False],
        [4, 39.1, INF, "right-censored", False],
    ]
    left = durations.intervals(select(changed)).left_out
    left = left[left["arm_id"] == "kiefer2008_anesthetic"]
    assert sorted(left["why"]) == ["no duration is told of 9 of 20 treated patients", "no time given"]


def test_averages_are_never_patients(evidence):
    found = durations.intervals(select(evidence, EVERYTHING))
    left = found.left_out[found.left_out["shown_as"] == "group average"]
    assert set(left["why"]) == {"an average of the group, not durations of patients"}
    means = evidence.durations[evidence.durations["statement"].isin(["mean", "median"])]
    assert sorted(left["row"]) == sorted(means["row"])


def test_one_benefit_represents_an_arm(evidence):
    found = durations.intervals(select(evidence))
    assert set(found.table.loc[found.table["arm_id"] == "correll2004_course1", "benefit"]) == {"pain_free"}
    why = found.left_out.loc[found.left_out["arm_id"] == "correll2004_course1", "why"].tolist()
    assert "the milestones of pain free speak for this arm" in why


def test_derived_counts_stay_marked(evidence):
    table = durations.intervals(select(evidence)).table.set_index(["arm_id", "weeks_low", "weeks_high"])
    assert table.loc[("correll2004_course1", 0, 0), "count_basis"] == "reported"
    assert table.loc[("correll2004_course1", 0, 13), "count_basis"] == "derived_from_percent"
    assert table.loc[("goldberg2010_ketamine", 13, INF), "count_basis"] == "nearest_to_percent"


def test_every_statement_gives_patients_or_a_reason(evidence):
    selection = select(evidence, EVERYTHING)
    found = durations.intervals(selection)
    used = set()
    for words in found.table["rows"]:
        used |= {row for _, row in places(words)}
    told = found.left_out[found.left_out["statement"] != ""]
    assert used | set(told["row"]) == set(evidence.durations["row"])
    assert not used & set(told["row"])


def test_retained_benefit(evidence):
    table = durations.retained_benefit(select(evidence))
    correll = table[(table["arm_id"] == "correll2004_course1") & (table["benefit"] == "pain_free")]
    assert correll[["weeks", "patients", "patients_treated"]].values.tolist() == [[0, 25, 33], [13, 18, 33]]
    assert correll["rate"].tolist() == pytest.approx([25 / 33, 18 / 33])
    assert correll["percent_reported"].tolist() == [76, 54]
    assert not table["weeks"].isna().any()


@pytest.mark.slow
@given(
    treated=st.integers(1, 200),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    times=st.lists(st.integers(0, 300), min_size=5, max_size=5, unique=True),
)
def test_disjoint_patients_add_up_to_all_and_reproduce_the_milestones(evidence, treated, shares, times):
    counts = sorted((round(share * treated) for share in shares), reverse=True)
    times = sorted(times)[: len(counts)]
    rows = [("pain_free", "milestone", c, treated, float(t), np.nan) for c, t in zip(counts, times, strict=True)]
    changed = with_rows(evidence, "kiefer2008_anesthetic", rows)
    table = durations.intervals(select(changed)).table
    table = table[table["arm_id"] == "kiefer2008_anesthetic"]
    assert table["patients"].sum() == treated
    for time, count in zip(times, counts, strict=True):
        assert (
            table.loc[table["weeks_low"] >= time, "patients"].sum()
            - (table.loc[(table["weeks_high"] == time) & (table["weeks_low"] == time), "patients"].sum())
            == count
        )
