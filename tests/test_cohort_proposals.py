"""The first look at an unknown table and the proposed map: sure, or ASK."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analysis.curation.cohort_check import WrongUse, checked_cohort, proposed_map

CLINICS = Path(__file__).with_name("data") / "clinics"


def test_the_dutch_table_is_asked_for_two_visits_and_the_day_of_the_export(tmp_path):
    file = tmp_path / "08b-dutch-excel-utf8.csv"
    shutil.copy(CLINICS / file.name, file)
    valid, words = checked_cohort(str(file))
    assert not valid
    assert "geslacht is sex" in words and "NRS_T0 is baseline" in words
    assert [line.split(":")[0].split()[-1] for line in words.split("\n") if "to ask" in line][:2] == [
        "NRS_T1",
        "NRS_T2",
    ]
    written, words = proposed_map(str(file), "")
    assert written and "3 answers are missing: lines 13, 22, 23 (ASK)" in words
    text = (tmp_path / "08b-dutch-excel-utf8.map.yml").read_text(encoding="utf-8")
    assert "codes: {m: male, v: female}" in text and "decimal: comma" in text and "dates: day-month-year" in text
    with pytest.raises(WrongUse, match="not overwritten"):
        proposed_map(str(file), "")
    assert "ASK waits for an answer" in checked_cohort(str(file), str(tmp_path / "08b-dutch-excel-utf8.map.yml"))[1]


def test_a_table_without_scores_names_the_missing_fact():
    valid, words = checked_cohort(str(CLINICS / "11-infusion-dates.csv"))
    assert not valid and "What is missing: a column with pain scores" in words
