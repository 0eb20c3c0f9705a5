"""The synthetic example: reproducible bytes, simulated from the rates named in its script."""

from __future__ import annotations

import runpy

import pytest

from analysis.outcomes import cohort


@pytest.fixture(scope="module")
def script(data_folder):
    return runpy.run_path(str(data_folder / "cohorts" / "make_synthetic_example.py"))


@pytest.fixture(scope="module")
def example(data_folder):
    return cohort.load(data_folder / "cohorts" / "synthetic-example.csv")


@pytest.fixture(scope="module")
def falls(example):
    """Fall of 2 or more points from the baseline of each visit with both scores."""
    visits = example.visits.merge(example.courses[["patient", "course", "baseline"]], on=["patient", "course"])
    both = visits.dropna(subset=["nrs", "baseline"])
    return both.assign(responder=both["baseline"] - both["nrs"] >= 2)


def test_made_again_it_has_the_same_bytes(script, data_folder):
    assert script["text"]().encode() == (data_folder / "cohorts" / "synthetic-example.csv").read_bytes()


def test_the_example_is_marked_as_synthetic(example, data_folder):
    assert example.synthetic
    assert "**synthetic**" in (data_folder / "cohorts" / "README.md").read_text(encoding="utf-8")


def test_sizes(example):
    assert example.courses["patient"].nunique() == 300
    assert list(example.courses["site"].cat.categories) == ["Site A", "Site B", "Site C", "Site D", "Site E"]
    assert example.courses["course"].value_counts().sort_index().tolist() == [300, 73, 26]
    assert sorted(example.courses["regimen_class"].unique()) == [
        "anesthetic",
        "subanesthetic_inpatient",
        "subanesthetic_outpatient",
    ]
    assert sorted(example.visits["weeks"].dropna().unique()) == [0, 4, 8, 12, 26]


def test_durations_go_through_the_published_shares(script):
    from math import exp

    def kept(weeks: float) -> float:
        return exp(-((weeks / script["SCALE"]) ** script["SHAPE"]))

    assert kept(4) == pytest.approx(48 / 62)
    assert kept(13) == pytest.approx(0.5)


def test_rates_follow_the_published_ones(falls, evidence):
    """Those seen are somewhat above what was drawn from, because patients without benefit are missed more often."""
    mangnus = evidence.responders[evidence.responders["arm_id"] == "mangnus2022_sket"]
    published = dict(zip(mangnus["weeks_from_end"], mangnus["percent_reported"] / 100, strict=True))
    seen = falls.groupby("weeks")["responder"].mean()
    assert seen[0] == pytest.approx(published[0], abs=0.04)
    assert published[4] <= seen[4] <= published[4] + 0.06
    assert 0.33 <= seen[12] <= 0.44
    assert seen.is_monotonic_decreasing
    assert falls["baseline"].mean() == pytest.approx(7.1, abs=0.2)


def test_baselines_of_one_patient_are_alike(example):
    courses = example.courses.pivot(index="patient", columns="course", values="baseline")
    assert courses[1].corr(courses[2]) == pytest.approx(0.6, abs=0.15)


def test_who_misses_a_visit_did_worse_before(example, falls):
    """Missing visits matter: courses without benefit at the end of infusion miss the score at 26 weeks more often."""
    end = falls[falls["weeks"] == 0].set_index(["patient", "course"])["responder"]
    last = falls[falls["weeks"] == 26].set_index(["patient", "course"]).index
    missed = ~end.index.isin(last)
    assert missed[~end.to_numpy()].mean() > missed[end.to_numpy()].mean() + 0.05


def test_the_guide_shows_files_that_load(data_folder, tmp_path):
    guide = (data_folder / "cohorts" / "README.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in guide.split("```csv\n")[1:]]
    loaded = []
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.csv"
        path.write_text(block, encoding="utf-8")
        loaded.append(cohort.load(path))
    long, wide = loaded
    assert long.courses.equals(wide.courses)
    assert long.visits["nrs"].dropna().tolist() == wide.visits["nrs"].dropna().tolist() == [8, 4, 5.5, 7]
