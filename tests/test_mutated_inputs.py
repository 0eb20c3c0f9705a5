"""A small part of the mutated inputs: each is read or refused in words."""

from __future__ import annotations

import pytest
from mutated_inputs import try_all


@pytest.mark.slow
def test_mutated_inputs_are_read_or_refused_in_words():
    tried, failed = try_all(0.04)
    assert set(tried) == {"cohort CSV", "cohort Excel", "cohort Parquet", "evidence tables", "lists of reports"}
    assert sum(tried.values()) == 62
    assert failed == []
