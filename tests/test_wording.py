"""Words and number formats for readers."""

import ast
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis import cohort_wording, wording


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (62.5, 0, "63"),
        (0.125, 2, "0.13"),
        (-2.77, 1, "−2.8"),
        (-0.04, 1, "0.0"),
        (5.45, 1, "5.5"),
        (1.005, 2, "1.01"),
        (58800, 0, "58,800"),
    ],
)
def test_half_up_as_papers_round(value, decimals, text):
    assert wording.half_up(value, decimals) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.625, "63%"),
        (0, "0%"),
        (1, "100%"),
        (3 / 1034, "0.3%"),
        (0.996, "99.6%"),
        (0.005, "0.5%"),
        (0.0004, "<0.1%"),
        (0.99996, ">99.9%"),
    ],
)
def test_a_rate_above_zero_never_reads_as_zero(rate, text):
    assert wording.percent(rate) == text


def test_the_printed_percentage_wins_over_the_computed_one():
    row = SimpleNamespace(percent_reported=62.0, rate=0.625)
    assert wording.printed_percent(row) == "62%"
    assert wording.printed_percent(SimpleNamespace(percent_reported=26.7, rate=8 / 30)) == "26.7%"
    assert wording.printed_percent(SimpleNamespace(percent_reported=np.nan, rate=0.625)) == "63%"


def test_large_counts_have_a_comma():
    assert wording.out_of(322, 125_000) == "322 of 125,000"
    assert wording.counted(1_000_000, "row") == "1,000,000 rows"
    assert (wording.count_cell(999), wording.count_cell(1000)) == ("999", "1,000")


def test_marks_and_their_meaning():
    row = SimpleNamespace(count_basis="nearest_to_percent", access="lay")
    assert wording.marks(row) == "‡¶"
    assert wording.marks(SimpleNamespace(count_basis="reported", access="abstract")) == ""
    assert wording.marks(SimpleNamespace(count_basis=np.nan)) == ""
    assert wording.count_mark("inferred") == "†" and wording.source_mark("secondary") == "§"
    notes = wording.mark_notes(["Goldberg‡", "Correll†"])
    assert notes.startswith("† count derived") and "‡ no whole number" in notes and "§" not in notes


@pytest.mark.parametrize(
    ("value", "cell", "sentence", "time"),
    [
        (0, "0", "the end of infusion", "at the end of infusion"),
        (1, "1", "1 week", "at 1 week"),
        (4.345, "4.3", "4.3 weeks", "at 4.345 weeks"),
        (52.2, "52", "52 weeks", "at 52.2 weeks"),
        (np.nan, "–", "a time not stated", "time not stated"),
    ],
)
def test_weeks_in_a_column_in_a_sentence_and_as_a_time(value, cell, sentence, time):
    assert wording.weeks_cell(value) == cell
    assert wording.in_weeks(value) == sentence
    assert wording.time_words(value) == time


def test_a_level_and_the_interval_of_that_level():
    assert wording.percent_level(0.95) == "95%" and wording.percent_level(0.975) == "97.5%"
    assert wording.interval_words(0.9) == "90% interval"


def test_numbers_of_things():
    assert wording.counted(0, "study", "studies") == "no study"
    assert wording.counted(1, "study", "studies") == "1 study"
    assert wording.counted(2, "study", "studies") == "2 studies"
    assert wording.counted(2, "patient") == "2 patients"
    assert wording.count_cell(30.0) == "30" and wording.count_cell(np.nan) == "–"
    assert wording.of_them(0, 3) == "none of them" and wording.of_them(3, 3) == "all"
    assert wording.out_of(30.0, 48.0) == "30 of 48"
    assert wording.group_sizes(30, 30) == "30 patients in each group"
    assert wording.group_sizes(30, 28) == "30 and 28 patients"


def test_words():
    assert wording.series(["a"]) == "a"
    assert wording.series(["a", "b", "c"]) == "a, b and c"
    assert wording.series(["a", "b"], "or") == "a or b"
    assert (
        wording.number_text(4.0) == "4" and wording.number_text(-2.77) == "−2.8" and wording.number_text(-0.04) == "0"
    )
    assert wording.number_interval(-4.172, -1.368) == "−4.2 to −1.4"
    assert wording.percent_interval(0.48, 0.75) == "48% to 75%" and wording.percent_pair(0.48, 0.75) == "48 to 75"
    assert wording.p_text("<", 0.001) == "P < 0.001"
    assert wording.p_text("<", 0.00001) == "P < 0.00001"
    assert wording.short_citation("Cantu et al. (no date)") == "Cantu et al. (no date)"
    long = "Open-access prospective study 2021 (authors not visible)"
    assert wording.short_citation(long) == "Open-access prospective study 2021"
    assert cohort_wording.group_name("Clinic\nwith a long name", 12) == "Clinic with…"


def test_wording_imports_nothing_of_analysis():
    tree = ast.parse(Path(wording.__file__).read_text())
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert not [module for module in modules if module.startswith("analysis")]
