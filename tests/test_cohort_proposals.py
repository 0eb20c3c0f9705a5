"""The first look at an unknown table and the proposed map: sure, or ASK."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml

from analysis.curation.cohort_check import WrongUse, checked_cohort, proposed_map
from analysis.tabular.mapping.map_text import ask_lines

NAMES = ["patient_id", "nrs_baseline", "nrs_end_of_infusion", "nrs_week_4"]
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


@pytest.mark.parametrize(
    ("heading", "codes", "wanted"),
    [
        ("Geslacht", "mv", "{m: male, v: female}"),
        ("Geschlecht", "mw", "{m: male, w: female}"),
        ("Sexe", "hf", "{f: female, h: male}"),
        ("Sexo", "hm", "{h: ASK, m: ASK}"),  # hombre, mujer
        ("Sexo", "vm", "{m: ASK, v: ASK}"),  # varón, mujer
        ("Gender", "mv", "{m: ASK, v: ASK}"),
        ("Geschlecht", "mwd", "{d: ASK, m: male, w: female}"),
    ],
)
def test_a_letter_for_a_sex_counts_in_the_language_of_its_heading_alone(tmp_path, heading, codes, wanted):
    rows = "".join(f"P{row},{code},8,4\n" for row, code in enumerate(codes))
    assert f"codes: {wanted}" in proposal(tmp_path, "t.csv", f"patient_id,{heading},nrs_baseline,nrs_week_4\n{rows}")


def test_a_heading_with_two_times_is_asked(tmp_path):
    headings = {
        "nrs before infusion": "baseline",
        "Schmerz vor Entlassung": "ASK",
        "nrs 4 weeks after end of infusion": "follow_up",
        "nrs 1 month after end of infusion": "ASK",
        "nrs baseline week 4": "ASK",
        "nrs_end_of_infusion": "end_of_infusion",
        "nrs_end_of_infusion_2": "end_of_infusion",
    }
    text = proposal(tmp_path, "t.csv", f"patient_id,{','.join(headings)}\nA,8,7,6,5,4,3,2\n")
    found = {line["score"]: line["visit"] for line in yaml.safe_load(text)["visits"]}
    assert found == {**headings, "nrs_end_of_infusion": "ASK", "nrs_end_of_infusion_2": "ASK"}  # one of the two counts


def test_units_names_and_worst_scores_are_never_guessed(tmp_path):
    text = proposal(tmp_path, "t.csv", "patient_id,age_months,nrs_baseline,nrs_week_4\nA,95,8,5\nB,99,7,5\n")
    assert "age_months: {is: age, unit: months}" in text
    text = proposal(tmp_path, "u.csv", "nr,nrs_baseline,nrs_week_4\nA,8,5\nA,7,5\n")
    assert "sure" not in text and "2 rows, 1 different nr" in text
    text = proposal(tmp_path, "w.csv", "patient_id,nrs_worst_t0,nrs_avg_t0,nrs_avg_t4\nA,8,5,4\nB,7,5,4\n")
    assert text.count("score: ASK") == 3 and "scale: ASK" in text
    start = "patient_id,visit,weeks_from_start,nrs\nA,baseline,,8\nA,follow_up,5,4\n"
    text = proposal(tmp_path, "s.csv", start)
    assert "weeks_from_start: {is: ASK, unit: ASK}   # counted from what" in text and "weeks: {from: ASK}" in text
    short = "patient_id,nrs_baseline,date_baseline,nrs_week_4\nA,8,13/01/24,5\nB,7,14/01/24,5\n"
    assert "dates: ASK   # 2 dates with a year of two digits" in proposal(tmp_path, "y.csv", short)
    dx = "patient_id,diagnosis,nrs_baseline,nrs_week_4\n" + "".join(
        f"P{n},{'CRPS' if n else 'PHN'},8,5\n" for n in range(4)
    )
    assert "which values are CRPS, as in [a, b]? the file has CRPS: 3 and 1 rarer" in proposal(tmp_path, "d.csv", dx)


def test_sheets_with_other_columns_and_scores_shown_as_dates_are_never_left_out_in_silence(tmp_path):
    book = openpyxl.Workbook()
    for title, names in (("Utrecht", NAMES), ("Gent", NAMES[:-1]), ("Notes", ["see protocol"])):
        sheet = book.active if title == "Utrecht" else book.create_sheet()
        sheet.title = title
        sheet.append(names)
        for row in range(3 if len(names) > 1 else 0):
            sheet.append([f"{title}{row}", 8, 4, 5][: len(names)])
    book.save(tmp_path / "sites.xlsx")
    assert proposed_map(str(tmp_path / "sites.xlsx"), "")[0]
    use = tmp_path / "sites.map.yml"
    assert "sheets: {Utrecht: ASK, Gent: ASK, Notes: not_used}" in use.read_text(encoding="utf-8")
    for row in (2, 3, 4):
        book["Utrecht"].cell(row, 2).number_format = "yyyy-mm-dd"
    book.save(tmp_path / "sites.xlsx")
    answers = {"Utrecht: ASK, Gent: ASK": "Utrecht: used, Gent: not_used", "data_until: ASK": "data_until: 2024-12-31"}
    text = use.read_text(encoding="utf-8")
    for question, answer in answers.items():
        text = text.replace(question, answer)
    use.write_text(text, encoding="utf-8")
    words = checked_cohort(str(tmp_path / "sites.xlsx"), str(use))[1]
    assert "3 cells of nrs_baseline hold 1900-01-08, which is a date" in words and "plain numbers" in words
    assert "not answered" not in words


def test_two_columns_of_one_visit_are_refused_by_the_map(tmp_path):
    text = proposal(tmp_path, "t.csv", "patient_id,nrs_baseline,nrs_baseline_2,nrs_week_4\nA,8,7,5\n")
    text = text.replace("visit: ASK", "visit: baseline").replace("ASK", "2024-12-31")
    (tmp_path / "t.map.yml").write_text(text, encoding="utf-8")
    words = checked_cohort(str(tmp_path / "t.csv"), str(tmp_path / "t.map.yml"))[1]
    assert "one score at each visit; 2 lines are baseline" in words and "delete the row" not in words


def test_no_map_is_advised_where_the_file_comes_first(tmp_path):
    (tmp_path / "t.csv").write_text('patient_id,nrs_baseline,nrs_week_4\nA,8,"5\nB,7,4\n', encoding="utf-8")
    assert "--propose" not in checked_cohort(str(tmp_path / "t.csv"))[1]
    (tmp_path / "u.csv").write_text("patient_id,nrs_baseline,nrs_week_4\nA,80,5\n", encoding="utf-8")
    assert "--propose" in checked_cohort(str(tmp_path / "u.csv"))[1]


def test_a_comma_in_a_quoted_heading_is_no_separator(tmp_path):
    text = 'Record ID,Event Name,Visit date,"Average pain (NRS, last week)"\n'
    text += "".join(f"{n},Baseline,2024-01-0{n},8\n{n},Week 4,2024-02-0{n},5\n" for n in (1, 2, 3))
    found = proposal(tmp_path, "labels.csv", text)
    assert "'Average pain (NRS, last week)': {is: nrs, meaning: average" in found and "header_row" not in found


def test_cells_are_never_shown_as_names_of_columns(tmp_path):
    (tmp_path / "t.csv").write_text("Jane Doe,1950-02-03,8,4\nJohn Roe,1951-02-03,7,4\n", encoding="utf-8")
    for valid, words in (checked_cohort(str(tmp_path / "t.csv")), proposed_map(str(tmp_path / "t.csv"), "")):
        assert not valid and ("The names of columns are words" in words or "The first row contains" in words)
        assert "Jane" not in words and "1950" not in words


def test_repeated_forms_are_proposed_as_events_and_apply(tmp_path):
    rows = "".join(
        f"{n},,1,2024-01-0{n},8\n{n},infusion,,2024-01-1{n},4\n{n},call,,2024-02-1{n},5\n" for n in range(1, 7)
    )
    text = proposal(tmp_path, "r.csv", f"record_id,redcap_repeat_instrument,sex,contact_date,nrs\n{rows}")
    answers = {
        "data_until: ASK": "data_until: 2024-12-31",
        "instrument: {is: ASK": "instrument: {is: visit",
        "'': {visit: ASK": "'': {visit: baseline",
        "score_is: ASK": "score_is: after",
        "call: {visit: ASK": "call: {visit: follow_up",
        "within_days: ASK": "within_days: 14",
        "days_before: ASK": "days_before: 14",
        "1: ASK": "1: male",
    }
    for question, answer in answers.items():
        assert question in text
        text = text.replace(question, answer)
    (tmp_path / "r.map.yml").write_text(text, encoding="utf-8")
    valid, words = checked_cohort(str(tmp_path / "r.csv"), str(tmp_path / "r.map.yml"))
    assert valid and "baseline 6, end_of_infusion 6, follow_up 6" in words, words


def test_several_rows_of_a_patient_need_a_course_not_a_deleted_row(tmp_path):
    text = proposal(tmp_path, "t.csv", "patient_id,nrs_baseline,nrs_week_4\nA,8,5\nA,7,5\nB,7,5\n")
    assert "rows: courses   # 3 rows, 2 different patient_id: which column is the course" in text
    (tmp_path / "t.map.yml").write_text(text.replace("ASK", "2024-12-31"), encoding="utf-8")
    words = checked_cohort(str(tmp_path / "t.csv"), str(tmp_path / "t.map.yml"))[1]
    assert "1 row repeats a patient_id" in words and "Name the column that numbers the courses" in words
