"""Disclosure control: merged groups and hidden cells; no hidden count can be computed."""

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.outcomes.cohort import disclosure
from analysis.outcomes.cohort.people import people


def groups(**sizes: int) -> pd.Categorical:
    return pd.Categorical([name for name, n in sizes.items() for _ in range(n)], categories=sorted(sizes))


def merged(min_cell: int = 5, **sizes: int) -> dict[str, int]:
    column = groups(**sizes)
    found = disclosure.merge_small(column, np.arange(len(column)), min_cell)
    counts = pd.Series(found).value_counts(sort=False)
    return {str(label): int(counts[label]) for label in found.categories}


def test_large_groups_stay():
    assert merged(a=5, b=9) == {"a": 5, "b": 9}


def test_small_groups_are_merged():
    assert merged(a=20, b=4, c=8, d=2) == {"a": 20, "c": 8, "other (fewer than 5 patients each)": 6}


def test_a_larger_group_joins_if_the_merged_group_is_still_small():
    assert merged(a=20, b=3, c=8) == {"a": 20, "other (merged to protect small groups)": 11}


def test_no_group_is_shown_if_that_takes_all():
    assert merged(a=20, b=3) == {"all (groups too small to be shown)": 23}
    assert merged(a=3, b=4) == {"all (groups too small to be shown)": 7}


def test_a_single_group_stays_and_empty_groups_go():
    assert merged(a=3) == {"a": 3}
    column = pd.Categorical(["a"] * 6, categories=["a", "b"])
    assert list(disclosure.merge_small(column, np.arange(6), 5).categories) == ["a"]


def test_patients_are_counted_not_rows():
    column = groups(a=10, b=10, c=10)
    found = disclosure.merge_small(column, np.repeat([0, 1, 2, 3, 4, 5], 5), 5)
    # a is two patients, b two, c two: ten rows each
    assert list(found.categories) == ["all (groups too small to be shown)"]


def test_min_cell_of_one_hides_nothing():
    assert merged(1, a=1, b=2) == {"a": 1, "b": 2}
    assert not disclosure.hidden_cells(np.array([[1, 2], [3, 1]]), 1).any()


@pytest.mark.parametrize("wrong", [0, -1, 2.5])
def test_an_impossible_min_cell_is_refused(wrong):
    with pytest.raises(ValueError, match="min_cell"):
        disclosure.check_min_cell(wrong)


def test_a_statistic_of_few_patients_is_hidden_and_zero_is_not():
    frame = pd.DataFrame({"n": pd.array([0, 1, 4, 5], dtype="Int64"), "mean": [np.nan, 1.0, 2.0, 3.0]})
    found = disclosure.hide_small(frame, "n", ["mean"], 5)
    assert found["hidden"].tolist() == [False, True, True, False]
    assert found["mean"].isna().tolist() == [True, True, True, False]
    assert found["n"].fillna(-1).tolist() == [0, -1, -1, 5]
    assert disclosure.shown_count(found["n"].iloc[1], 5) == "<5"
    assert disclosure.shown_count(12, 5) == "12"


def test_row_3_12_with_total_15_hides_both_and_a_second_row():
    """Rule 7: 15 less 12 would be the hidden 3, and each column's total less its shown cell."""
    assert disclosure.hidden_cells(np.array([[3, 12], [20, 30], [40, 50]]), 5).tolist() == [
        [True, True],
        [True, True],
        [False, False],
    ]


def test_a_hidden_cell_may_be_anything_over_min_cell_values():
    counts = np.array([[40, 3, 10], [20, 6, 30], [50, 60, 70]])
    hidden = disclosure.hidden_cells(counts, 5)
    assert hidden[0, 1]
    for cell in zip(*np.nonzero(hidden), strict=True):
        low, high = possible_values(counts, hidden, cell, 1)
        assert high - low >= 5


def test_a_table_without_a_safe_rectangle_is_hidden_completely():
    assert disclosure.hidden_cells(np.array([[10, 3], [20, 0]]), 5).all()
    assert disclosure.hidden_cells(np.full((20, 11), 3), 5).all(), "a large table is not examined"


def test_cross_table_counts_patients():
    rows, columns = groups(a=12, b=10), pd.Categorical(["x"] * 7 + ["y"] * 5 + ["x"] * 5 + ["y"] * 5)
    table = disclosure.cross_table(rows, columns, 5)
    assert table[["row", "column", "patients"]].values.tolist() == [
        ["a", "x", 7],
        ["a", "y", 5],
        ["b", "x", 5],
        ["b", "y", 5],
    ]
    assert disclosure.cross_table(rows, pd.Categorical(["x"] * 22), 5).empty


def possible_values(counts: np.ndarray, hidden: np.ndarray, cell: tuple[int, int], least: int) -> tuple[float, float]:
    """Return the range of a hidden cell for a reader who knows margins, shown cells and the minimum."""
    places = list(zip(*np.nonzero(hidden), strict=True))
    lines = [[float(place[axis] == i) for place in places] for axis in (0, 1) for i in range(counts.shape[axis])]
    sums = [*np.where(hidden, counts, 0).sum(axis=1), *np.where(hidden, counts, 0).sum(axis=0)]
    aim = [float(place == cell) for place in places]
    found = [
        linprog(np.array(aim) * sign, A_eq=lines, b_eq=sums, bounds=(least, None), method="highs") for sign in (1, -1)
    ]
    return found[0].fun, -found[1].fun


TABLES = st.integers(2, 4).flatmap(
    lambda rows: st.integers(2, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 9, 30]), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)


@pytest.mark.slow
@given(TABLES)
def test_no_hidden_cell_follows_from_the_margins(table):
    counts = np.array(table)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        return
    hidden = disclosure.hidden_cells(counts, 5)
    assert hidden[(counts > 0) & (counts < 5)].all()
    # a reader who knows that empty cells are shown
    least = int(counts[hidden].min() > 0) if hidden.any() else 0
    for cell in zip(*np.nonzero(hidden), strict=True):
        low, high = possible_values(counts, hidden, cell, least)
        assert hidden.all() or high - low >= 5 - 1e-6, (counts, hidden, cell)


@given(st.lists(st.integers(1, 12), min_size=2, max_size=8), st.integers(1, 6))
def test_every_group_shown_and_the_rest_beside_it_is_large_enough(sizes, min_cell):
    names = {f"g{i}": n for i, n in enumerate(sizes)}
    found = merged(min_cell, **names)
    assert sum(found.values()) == sum(sizes)
    if len(found) > 1:
        assert min(found.values()) >= min_cell
        made = [label for label in found if disclosure.is_merged(label, min_cell)]
        untouched = [label for label in found if label not in made]
        assert all(found[label] == names[label] for label in untouched)


def test_a_value_named_like_one_of_our_groups_is_in_quotation_marks():
    ours = ("not stated", "other (fewer than 5 patients each)", "other (fewer than 12 patients each)")
    ours += ("other (merged to protect small groups)", "all (groups too small to be shown)")
    for name in ours:
        assert disclosure.distinct_name(name) == f"“{name}”"
        assert disclosure.distinct_name(f"“{name}”") == f"““{name}””"
    for name in ("North", "nan", "Not stated", "other", "“North”", "1", "all sites"):
        assert disclosure.distinct_name(name) == name


def test_groups_of_a_value_named_like_ours_stay_apart():
    """A site that is named like our groups, beside patients without a site and a merged group."""
    names = ["not stated"] * 6 + [None] * 5 + ["other (fewer than 5 patients each)"] * 6 + ["A"] * 3 + ["B"] * 3
    made = cohort(*({"baseline": 7, "end": 3, "later": {4: 4}, "site": name} for name in names))
    groups = people(made).groups
    sites = groups[groups["by"] == "site"]
    assert dict(zip(sites["group"], sites["patients"], strict=True)) == {
        "“not stated”": 6,
        "“other (fewer than 5 patients each)”": 6,
        "not stated": 5,
        "other (fewer than 5 patients each)": 6,
    }
    assert sites.loc[sites["merged"], "group"].tolist() == ["other (fewer than 5 patients each)"]
