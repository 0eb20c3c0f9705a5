"""The first look at an unknown table and the proposed map: sure, or ASK."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analysis.curation.cohort_check import WrongUse, checked_cohort, proposed_map
from analysis.tabular.mapping.map_text import ask_lines

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


def proposal(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    written, words = proposed_map(str(folder / name), "")
    assert written, words
    return (folder / name).with_suffix(".map.yml").read_text(encoding="utf-8")


def test_headings_in_five_languages(tmp_path):
    headings = [
        "Patienten-Nr.;Geschlecht;Krankheitsdauer (Monate);Ausgangswert NRS;NRS Infusionsende;NRS 4 Wochen",
        "Identifiant patient;Sexe;Durée de la maladie (mois);Douleur avant;Douleur fin de perfusion;Douleur 4 semaines",
        "ID paciente;Sexo;Duración de la enfermedad (meses);Dolor basal;Dolor fin de infusión;Dolor 4 semanas",
        "Patientnummer;Geslacht;Ziekteduur (maanden);Pijn voor;Pijn einde infuus;Pijn 4 weken",
        "Patient ID;Sex;Disease duration (months);Pain before;Pain end of infusion;Pain 4 weeks",
    ]
    for number, heading in enumerate(headings):
        text = proposal(tmp_path, f"{number}.csv", f"{heading}\nA;m;30;7,5;4,0;5,0\nB;f;24;8,0;3,5;6,0\n")
        assert ask_lines(text) == [13], text  # the day of the export
        assert "unit: months" in text and "planned_week: 4" in text and "decimal: comma" in text


def test_what_no_cell_settles_is_asked(tmp_path):
    text = proposal(tmp_path, "codes.csv", "patient_id,nrs_baseline,nrs_week_4,pcs_week_4\nA,8,n/a,999\nB,7-8,5,20\n")
    assert "missing: ASK}   # nrs_baseline: 1 number, 8 to 8; nrs_week_4: 1 number, 5 to 5; does n/a mean" in text
    assert "pcs_week_4: {column: pcs_week_4, missing: ASK}" in text or "pcs: {column: pcs_week_4, missing: ASK}" in text
    text = proposal(tmp_path, "vas-mm.csv", "patient_id,nrs_baseline,nrs_week_4\nA,8,5\nB,7,5\n")
    assert "scale: ASK" in text
    text = proposal(tmp_path, "visits.csv", "nr,T0,T1\nA,8,5\nB,7,5\n")
    assert "scores: {is: ASK" in text and "are T0, T1 pain scores?" in text
    dated = "patient_id,nrs_baseline,date_baseline,nrs_week_4,date_week_4\nA,8,2024-01-01,5,n/a\nB,7,2024-01-01,5,\n"
    assert "date_missing: ASK   # texts that mean “no date”: n/a?" in proposal(tmp_path, "dated.csv", dated)


def test_nothing_is_proposed_for_a_file_with_hidden_or_broken_rows(tmp_path):
    (tmp_path / "open.csv").write_text('patient_id,nrs_baseline,remarks\nA,8,"good\nB,7,ok\n', encoding="utf-8")
    written, words = proposed_map(str(tmp_path / "open.csv"), "")
    assert not written and "row 2" in words and "Nothing was written" in words
