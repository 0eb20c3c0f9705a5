"""Numbers as readers see them."""

from types import SimpleNamespace

import numpy as np
import pytest

from analysis import wording


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(62.5, 0, "63"), (0.125, 2, "0.13"), (-2.77, 1, "−2.8"), (-0.04, 1, "0.0"), (5.45, 1, "5.5"), (1.005, 2, "1.01")],
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
def test_a_rate_that_is_not_zero_never_reads_as_zero(rate, text):
    assert wording.percent(rate) == text


def test_the_printed_percentage_wins_over_the_computed_one():
    row = SimpleNamespace(percent_reported=62.0, rate=0.625)
    assert wording.printed_percent(row) == "62%"
    assert wording.printed_percent(SimpleNamespace(percent_reported=26.7, rate=8 / 30)) == "26.7%"
    assert wording.printed_percent(SimpleNamespace(percent_reported=np.nan, rate=0.625)) == "63%"


def test_marks_and_their_meaning():
    row = SimpleNamespace(count_basis="nearest_to_percent", access="lay")
    assert wording.marks(row) == "‡¶"
    assert wording.marks(SimpleNamespace(count_basis="reported", access="abstract")) == ""
    notes = wording.mark_notes("Goldberg‡", "Correll†")
    assert notes.startswith("† count derived") and "‡ no whole number" in notes and "§" not in notes


def test_words():
    assert wording.count(0, "study", "studies") == "no study"
    assert wording.count(1, "study", "studies") == "1 study"
    assert wording.count(2, "study", "studies") == "2 studies"
    assert wording.series(["a"]) == "a"
    assert wording.series(["a", "b", "c"]) == "a, b and c"
    assert wording.series(["a", "b"], "or") == "a or b"
    assert wording.weeks(0) == "at the end of infusion"
    assert wording.weeks(1) == "at 1 week"
    assert wording.weeks(np.nan) == "time not stated"
    assert wording.interval(-4.172, -1.368) == "−4.2 to −1.4"
    assert wording.p_text("<", 0.001) == "P < 0.001"
    assert wording.p_text("<", 0.00001) == "P < 0.00001"
