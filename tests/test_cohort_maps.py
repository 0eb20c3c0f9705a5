"""Maps: the same patients from every shape give the same numbers; what must never happen stops the import."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from analysis import paths
from analysis.outcomes import cohort
from analysis.outcomes.cohort.clinic_file import mapped_table
from analysis.outcomes.cohort.due_visits import expected_scores
from analysis.outcomes.cohort.threshold import at_threshold
from analysis.tabular.mapping.map_problems import MapError
from analysis.tabular.problems import DataError

DATA = Path(__file__).with_name("data")
SAME_PATIENTS = [
    *("01-redcap-raw.csv", "03-castor.csv", "04-spss.sav", "07-excel-sheet-per-site.xlsx", "10-wide-dates.csv"),
    "12-infusions-dates-only.csv",
]


def map_of(name: str) -> Path:
    return DATA / "maps" / f"{Path(name).stem}.map.yml"


def loaded(name: str) -> cohort.Cohort:
    if name.endswith(".sav"):
        pytest.importorskip("pyreadstat")
    return cohort.load(DATA / "clinics" / name, map_of(name))


def responders(patients: cohort.Cohort) -> dict[str, tuple[int, int]]:
    """Return responders (30%) and patients with both scores, at the end of infusion and at week 4."""
    courses = expected_scores(patients, 4, 2)
    rates = at_threshold(courses, 30, follow_up_weeks=4, window_weeks=2, level=0.95, min_cell=5).rates
    complete = rates[rates["handling"] == "complete_cases"]
    return {row.visit: (int(row.responders), int(row.n)) for row in complete.itertuples()}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAME_PATIENTS)
def test_the_same_40_patients_give_the_same_rates(name):
    assert responders(loaded(name)) == {"end_of_infusion": (18, 40), "follow_up": (12, 37)}


def test_40_patients_that_other_software_computed():
    """At the end of infusion 22 of 37 (43 to 74%), four weeks later 9 of 25 (20 to 55%)."""
    patients = cohort.load(DATA / "clinics" / "40-hand.csv")
    assert responders(patients) == {"end_of_infusion": (22, 37), "follow_up": (9, 25)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "patients", "courses", "visits", "rates"),
    [
        ("08b-dutch-excel-utf8.csv", 40, 40, 120, {"end_of_infusion": (14, 40), "follow_up": (12, 37)}),
        ("11-diary.csv", 10, 10, 40, {"end_of_infusion": (6, 10), "follow_up": (6, 10)}),
        ("12-infusions-dates-only.csv", 40, 53, 156, {"end_of_infusion": (18, 40), "follow_up": (12, 37)}),
    ],
)
def test_other_shapes(name, patients, courses, visits, rates):
    found = loaded(name)
    assert found.courses["patient"].nunique() == patients
    assert (len(found.courses), len(found.visits)) == (courses, visits)
    assert responders(found) == rates


def test_what_became_what():
    changes = loaded("01-redcap-raw.csv").mapping.changes.set_index("what")
    assert changes.loc["rows", "became"] == "160 visits of 40 patients, 40 courses; 0 left out"
    assert changes.loc["nrs", "became"] == "146 scores; missing 14 (999: 11, -99: 3)"
    assert changes.loc["weeks", "became"].startswith("week 4: 3.3 to 5.1 (median 4.1); week 12: 10.6 to 14")
    assert changes.loc["sex", "became"] == "male 22, female 18"
    assert changes.loc["age", "became"] == "28 to 72 years; the date itself is dropped"
    assert changes.loc["bpi_interference", "became"] == "80 values; missing 80 (999: 80)"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "12-infusions-dates-only.csv",
            [
                ("end_of_infusion", "infusion", "starts a course; score asked after the infusion"),
                ("weeks", "from dates", "day of the export 2024-12-31; a visit without a date is refused"),
                (
                    "courses",
                    "from infusions",
                    "infusions within 14 days of the one before are one course; "
                    "baseline of a later course: last score within 14 days before it",
                ),
            ],
        ),
        (
            "10-wide-dates.csv",
            [
                (
                    "weeks",
                    "from dates",
                    "day of the export 2024-12-31; a visit without a date counts at its planned week; "
                    "told if more than 2 weeks from the plan",
                ),
                ("courses", "from single", ""),
            ],
        ),
        (
            "11-diary.csv",
            [
                ("end_of_infusion", "days 0 to 1 after the end", "at least 1 day"),
                ("follow_up", "days 25 to 31 after the end", "at least 4 days; planned week 4"),
                ("infusions", "11-infusion-dates.csv", "start in start, end in end"),
            ],
        ),
    ],
)
def test_a_report_tells_every_key_that_decides(name, lines, monkeypatch):
    told = []
    monkeypatch.setattr(paths, "record_mapping", lambda file, digest, lines: told.extend(lines))
    loaded(name)
    assert [line for line in lines if line not in told] == [], told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["01-redcap-raw.csv", "11-diary.csv", "12-infusions-dates-only.csv"])
def test_rows_are_used_or_left_out_with_a_reason(name):
    mapping = loaded(name).mapping
    expected = yaml.safe_load(map_of(name).read_text())["expect"]["rows_used"]
    assert mapping.rows - mapping.left_out["rows"].sum() == expected
    assert (mapping.left_out["reason"] != "").all()


def test_the_plan_and_the_day_of_the_export_survive():
    plan = loaded("01-redcap-raw.csv").plan
    assert (plan.weeks, str(plan.data_until)) == ((4.0, 12.0), "2024-12-31")


# --- what must never happen -------------------------------------------------------------------------------------------

HEADER = "id;visit;nrs;date;sex"
ROWS = [
    "A;pre;8;01-03-2024;m",
    "A;post;4;06-03-2024;m",
    "A;call;5;03-04-2024;m",
    "B;pre;7;20-03-2024;v",
    "B;post;3;25-03-2024;v",
    "B;call;99;24-04-2024;v",
]
MAP = """map: 1
made_for: {file: clinic.csv}
read: {form: csv, separator: semicolon, dates: day-month-year}
rows: visits
data_until: 2024-12-31
columns:
  id: {is: patient_id}
  visit: {is: visit}
  nrs: {is: nrs, scale: 0 to 10, meaning: average, missing: [99]}
  date: {is: date}
  sex: {is: sex, codes: {m: male, v: female}}
visits:
  pre: {visit: baseline}
  post: {visit: end_of_infusion}
  call: {visit: follow_up, planned_week: 4}
weeks: {from: dates, if_no_date: stop}
courses: {from: single}
"""


def imported(folder: Path, rows: list[str] = ROWS, text: str = MAP, header: str = HEADER) -> cohort.Cohort:
    (folder / "clinic.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (folder / "clinic.map.yml").write_text(text, encoding="utf-8")
    return cohort.load(folder / "clinic.csv", folder / "clinic.map.yml")


def refusal(folder: Path, rows: list[str] = ROWS, text: str = MAP, header: str = HEADER) -> str:
    with pytest.raises(DataError) as error:
        imported(folder, rows, text, header)
    return str(error.value)


def test_the_start_of_the_infusion_is_no_date_of_a_later_visit(tmp_path):
    text = MAP.replace("post: {visit: end_of_infusion}", "post: {visit: end_of_infusion, date_is: start_of_infusion}")
    assert "weeks count from the end of infusion" in refusal(tmp_path, text=text).lower()
    assert imported(tmp_path, text=MAP.replace("{visit: baseline}", "{visit: baseline, date_is: start_of_infusion}"))


def test_the_small_table_is_right(tmp_path):
    found = imported(tmp_path)
    assert found.visits["nrs"].fillna(-1).tolist() == [8, 4, 5, 7, 3, -1]
    assert found.visits["weeks"].fillna(-1).tolist() == [-1, 0, 4, -1, 0, 30 / 7]
    assert found.courses["sex"].tolist() == ["male", "female"]


def test_codes_with_spaces_around_them_are_counted(tmp_path):
    changes = imported(tmp_path, [ROWS[0].replace("pre", "pre "), *ROWS[1:]]).mapping.changes.set_index("what")
    assert changes.loc["visit", "source"] == "visit: pre: 2, post: 2, call: 2"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("nrs_worst", "nrs"), ("days_from_end", "weeks_from_end"), ("months_from_end", "weeks_from_end")],
)
def test_1_no_advice_crosses_units_measures_or_times(tmp_path, wrong, right):
    text = MAP.replace("{is: nrs,", f"{{is: {wrong},")
    words = refusal(tmp_path, text=text)
    assert f"write {right}, if" not in words.lower()


def test_3_damaged_identifiers_stop(tmp_path):
    for damaged in ("2.02E+11", "20240312345678901"):
        words = refusal(tmp_path, [row.replace("A;", f"{damaged};") for row in ROWS])
        assert "shortens numbers of more than 15 digits" in words
        assert damaged.lower() not in words.replace("as in 2.02E+11", "").lower()


@pytest.mark.parametrize("other", ["A\u200b", "A ", "A\u00ad"])
def test_6_identifiers_that_look_alike_stop(tmp_path, other):
    rows = [*ROWS[:2], ROWS[2].replace("A;", f"{other};"), *ROWS[3:]]
    assert "compare rows 2, 4" in refusal(tmp_path, rows)


def test_6_two_unicode_forms_of_a_letter_stop(tmp_path):
    rows = [row.replace("A;", "Zo\u00eb;") for row in ROWS]
    rows[2] = rows[2].replace("Zo\u00eb", "Zoe\u0308")
    assert "compare rows 2, 4" in refusal(tmp_path, rows)


def test_7_what_is_new_since_the_map_stops(tmp_path):
    assert "the map does not know: site" in refusal(tmp_path, [f"{row};x" for row in ROWS], header=f"{HEADER};site")
    rows = [*ROWS, "C;extra;5;01-05-2024;m"]
    assert "stands in no line of visits" in refusal(tmp_path, rows)
    words = refusal(tmp_path, [*ROWS[:5], ROWS[5].replace(";v", ";x")])
    assert "columns, sex, codes" in words and "has no meaning here" in words


def test_8_missing_codes_count_in_their_column_only(tmp_path):
    text = MAP.replace("  sex:", "  age: {is: age}\n  sex:")
    rows = [row.replace(";m", ";99;m").replace(";v", ";40;v") for row in ROWS]
    found = imported(tmp_path, rows, text, HEADER.replace("sex", "age;sex"))
    assert found.courses["age"].tolist() == [99, 40]
    assert found.visits["nrs"].isna().sum() == 1


def test_9_a_scale_is_stated_never_guessed(tmp_path):
    assert "a pain score has a scale" in refusal(tmp_path, text=MAP.replace(" scale: 0 to 10,", "")).lower()
    hundred = imported(tmp_path, text=MAP.replace("0 to 10,", "0 to 100,"))
    assert hundred.visits["nrs"].fillna(-1).round(3).tolist() == [0.8, 0.4, 0.5, 0.7, 0.3, -1]
    rows = [ROWS[0].replace(";8;", ";80;"), *ROWS[1:]]
    assert "1 cell holds 80 (row 2), which is outside scale 0 to 10" in refusal(tmp_path, rows)


EVENTS = """map: 1
read: {form: csv, separator: semicolon, dates: day-month-year}
rows: events
data_until: 2024-12-31
columns:
  id: {is: patient_id}
  visit: {is: visit}
  nrs: {is: nrs, scale: 0 to 10}
  date: {is: date}
visits:
  pre: {visit: baseline}
  infusion: {visit: end_of_infusion, starts_course: true, score_is: after}
  call: {visit: follow_up}
weeks: {from: dates}
courses:
  from: infusions
  same_course_within_days: 3
  baseline_of_later_courses: {last_score_within_days_before: 14, else: missing}
"""


def test_10_a_visit_belongs_to_the_infusion_before_it_and_no_baseline_is_carried_over(tmp_path):
    rows = [
        *("A;pre;8;01-01-2024", "A;infusion;4;05-01-2024", "A;call;5;02-02-2024"),
        *("A;infusion;3;01-06-2024", "A;call;6;29-06-2024"),
        *("B;pre;8;01-01-2024", "B;infusion;4;05-01-2024", "B;call;7;25-05-2024", "B;infusion;2;01-06-2024"),
    ]
    found = imported(tmp_path, rows, EVENTS, "id;visit;nrs;date")
    visits = found.visits[["patient", "course", "visit", "nrs"]].fillna(-1).values.tolist()
    assert visits == [
        *([0, 1, "baseline", 8], [0, 1, "end_of_infusion", 4], [0, 1, "follow_up", 5]),
        *([0, 2, "baseline", -1], [0, 2, "end_of_infusion", 3], [0, 2, "follow_up", 6]),
        *([1, 1, "baseline", 8], [1, 1, "end_of_infusion", 4], [1, 1, "follow_up", 7]),
        *([1, 2, "baseline", 7], [1, 2, "end_of_infusion", 2]),
    ]


def test_10_an_event_on_the_day_of_an_infusion_is_left_out_with_its_reason(tmp_path):
    rows = ["A;pre;8;01-01-2024", "A;infusion;4;05-01-2024", "A;call;5;05-01-2024", "A;call;6;02-02-2024"]
    left_out = imported(tmp_path, rows, EVENTS, "id;visit;nrs;date").mapping.left_out
    assert left_out.values.tolist() == [["event on the day of an infusion: before or after it?", 1]]


def test_11_no_identifier_birth_date_or_free_text_reaches_a_message(tmp_path):
    secret = "Jane Doe 1950-02-03"
    text = MAP.replace("  sex:", "  born: {is: birth_date}\n  remark: {is: not_used}\n  sex:")
    header = HEADER.replace("sex", "born;remark;sex")
    rows = [row.replace(";m", f";{secret};{secret};m").replace(";v", f";{secret};{secret};v") for row in ROWS]
    rows = [row.replace("A;", f"{secret};") for row in rows]
    rows[1] = rows[1].replace(";4;", f";{secret};")
    words = refusal(tmp_path, rows, text, header)
    assert "Jane" not in words and "1950" not in words
    assert "row 3" in words


def test_12_kept_and_left_out_rows_are_counted(tmp_path):
    text = MAP.replace("columns:", "keep:\n  - {column: dx, is: [CRPS]}\ncolumns:\n  dx: {is: not_used}", 1)
    rows = [f"{row};{'CRPS' if row[0] == 'A' else 'PHN'}" for row in ROWS]
    found = imported(tmp_path, rows, text, f"{HEADER};dx")
    assert found.courses["patient"].tolist() == [0]
    assert found.mapping.left_out.values.tolist() == [["dx is PHN", 3]]
    assert "occurs nowhere in dx" in refusal(tmp_path, rows, text.replace("[CRPS]", "[crps]"), f"{HEADER};dx")


# --- the file of the map ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rows: visits", "rows: visits\nrow: 1", "keys here are map, made_for"),
        ("is: patient_id", "is: ASK", "ASK waits for an answer"),
        ("id: {is: patient_id}", "id: {is: patient_id}\n  id: {is: date}", "'id' appears twice"),
        ("map: 1", "map: &a 1", "no anchors and aliases"),
        ("map: 1", "map: !!int 1", "no tags"),
        ("read:", "<<: {a: b}\nread:", "no merges"),
        ("data_until: 2024-12-31", "data_until: 31-12-2024", "data_until is a date, as in 2024-12-31"),
        ("visit: follow_up, planned_week: 4", "visit: later", "baseline, end_of_infusion, follow_up or not_used"),
        ("data_until: 2024-12-31", "data_until: 2024-04-20", "later than data_until"),
        ("columns:", "keep: CRPS\ncolumns:", "keep: has lines with keys and values"),
        (
            "missing: [99]",
            "missing: []",
            "1 cell holds 99 (row 7), which is outside scale 0 to 10 and not listed as missing",
        ),
    ],
)
def test_a_wrong_map_says_what_is_wrong(tmp_path, old, new, words):
    assert words.lower() in refusal(tmp_path, text=MAP.replace(old, new)).lower()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sex: {is: sex,", "sex: {is: sex, unit: months,", "columns, sex, unit\n    unit says nothing about sex"),
        ("nrs: {is: nrs,", "nrs: {is: nrs, unit: weeks,", "unit says nothing about nrs"),
        ("date: {is: date}", "date: {is: date, codes: {a: b}}", "codes says nothing about date"),
        ("{is: patient_id}", "{is: patient_id, missing: [0]}", "missing says nothing about patient_id"),
        ("sex: {is: sex,", "sex: {is: sex, scale: 0 to 10,", "scale says nothing about sex"),
        ("weeks: {from: dates,", "weeks: {from: planned_week,", "if_no_date counts with weeks, from: dates"),
        ("{from: single}", "{from: single, same_course_within_days: 3}", "counts with courses, from: infusions"),
        ("rows: visits", "rows: visits\nscores: {is: nrs, scale: 0 to 10}", "scores counts with rows: courses"),
        ("rows: visits", "rows: visits\ndate_missing: [x]", "date_missing counts with rows: courses"),
        ("form: csv", "form: csv, sheets: {a: used}", "sheets counts with read, form: xlsx"),
        ("pre: {visit: baseline}", "pre: {visit: baseline, score: nrs}", "score stands here with rows: courses"),
        ("pre: {visit: baseline}", "pre: {visit: baseline, score_is: after}", "score_is stands here with rows: events"),
    ],
)
def test_a_key_without_effect_is_refused(tmp_path, old, new, words):
    text = MAP.replace(old, new)
    assert text != MAP and words in refusal(tmp_path, text=text)


WIDE_MAP = """map: 1
read: {form: csv, separator: semicolon}
rows: courses
data_until: 2024-12-31
columns:
  id: {is: patient_id}
  dx: {is: not_used}
visits:
  - {visit: baseline, score: T0, eq5d_vas: Q0}
  - {visit: follow_up, planned_week: 4, score: T1, eq5d_vas: {column: Q1, missing: [99]}}
scores: {is: nrs, scale: 0 to 10, meaning: average, missing: []}
weeks: {from: planned_week}
courses: {from: single}
"""
WIDE_HEADER, WIDE_ROWS = "id;dx;T0;T1;Q0;Q1", ["A;CRPS;8;4;99;99", "B;CRPS;7;3;50;60", "C;PHN;77;oops;50;x"]


def test_missing_codes_of_a_wide_outcome_count_in_its_column_only(tmp_path):
    text = WIDE_MAP.replace("columns:", "keep:\n  - {column: dx, is: [CRPS]}\ncolumns:", 1)
    found = imported(tmp_path, WIDE_ROWS, text, WIDE_HEADER)
    assert found.visits["eq5d_vas"].fillna(-1).tolist() == [99, -1, 50, 60]  # rows left out are not read
    changes = found.mapping.changes.set_index("what")
    assert changes.loc["nrs", "became"] == "4 scores; missing 0" and changes.loc["left out", "source"] == "1"
    refused = refusal(tmp_path, WIDE_ROWS, WIDE_MAP, WIDE_HEADER)
    assert "1 cell of T0 holds 77 (row 4), which is outside scale 0 to 10" in refused and "oops" not in refused


def test_a_scale_fits_the_outcome(tmp_path):
    rows = [row.replace(";m", ";70;m").replace(";v", ";60;v") for row in ROWS]
    header = HEADER.replace("sex", "q;sex")
    text = MAP.replace("  sex:", "  q: {is: eq5d_vas, scale: 0 to 100}\n  sex:")
    assert imported(tmp_path, rows, text, header).visits["eq5d_vas"].tolist() == [70] * 3 + [60] * 3
    assert "scale says nothing about eq5d_vas" in refusal(tmp_path, rows, text.replace("0 to 100}", "0 to 10}"), header)


def test_rows_without_a_visit_describe_the_patient(tmp_path):
    """As the enrolment of a REDCap export with repeated forms."""
    text = MAP.replace("  pre: {", "  '': {visit: not_used}\n  pre: {")
    rows = [row[:-1] for row in ROWS] + ["A;;;;m", "B;;;;v"]
    found = imported(tmp_path, rows, text)
    assert found.courses["sex"].tolist() == ["male", "female"] and len(found.visits) == 6
    assert found.mapping.left_out.values.tolist() == [["no visit; its once-only fields describe the patient", 2]]
    assert found.mapping.changes.set_index("what").loc["nrs", "became"] == "5 scores; missing 1 (99: 1)"


def test_a_patient_on_two_sheets_stops(tmp_path):
    import openpyxl

    book = openpyxl.load_workbook(DATA / "clinics" / "07-excel-sheet-per-site.xlsx")
    book["Mainz"]["A2"] = book["Leiden"]["A2"].value
    book.save(tmp_path / "clinic.xlsx")
    with pytest.raises(MapError, match="1 code of patient_id on two sheets: one patient or two"):
        cohort.load(tmp_path / "clinic.xlsx", map_of("07-excel-sheet-per-site.xlsx"))


def test_values_are_texts(tmp_path):
    """`no`, `1e3`, `007` and a day keep their form: as codes they match the cells."""
    text = MAP.replace("pre: {", "no: {").replace("post: {", "007: {").replace("call: {", "1e3: {")
    rows = [row.replace("pre", "no").replace("post", "007").replace("call", "1e3") for row in ROWS]
    assert len(imported(tmp_path, rows, text).visits) == 6


def test_a_large_map_is_refused(tmp_path):
    assert "64,000 bytes" in refusal(tmp_path, text=MAP + "#" * 64_000)


def test_a_map_for_another_version_of_the_file_says_so(tmp_path):
    found = imported(tmp_path, text=MAP.replace("clinic.csv}", f"clinic.csv, sha256: {'0' * 64}}}"))
    assert "made for another version" in " ".join(found.warnings["rule"])


WIDE = """map: 1
read: {form: csv, dates: year-month-day}
rows: courses
data_until: 2024-04-01
columns:
  id: {is: patient_id}
visits:
  - {visit: baseline, score: a, date: d}
  - {visit: end_of_infusion, score: b}
  - {visit: follow_up, score: c, planned_week: 4}
scores: {is: nrs, scale: 0 to 10}
weeks: {from: planned_week}
courses: {from: single}
"""


def test_empty_visits_after_the_export_are_not_due(tmp_path):
    found = imported(tmp_path, ["A,8,2024-01-01,4,", "B,8,2024-03-20,4,"], WIDE, "id,a,d,b,c")
    assert found.visits["patient"].tolist() == [0, 0, 0, 1, 1]
    assert found.mapping.left_out["reason"].tolist() == ["visits planned after the export and therefore not due"]


def test_a_visit_after_the_export_with_another_outcome_is_retained(tmp_path):
    text = WIDE.replace("score: c,", "score: c, pcs: p,")
    found = imported(tmp_path, ["A,8,2024-01-01,4,,", "B,8,2024-03-20,4,,30"], text, "id,a,d,b,c,p")
    assert found.visits["pcs"].tolist()[-1] == 30
    assert found.mapping.left_out.empty


def test_visits_left_out_of_a_row_with_other_visits_leave_no_row_out(tmp_path):
    text = WIDE.replace("from: planned_week", "from: dates, if_no_date: left_out").replace(
        "score: b", "score: b, date: e"
    )
    text = text.replace("score: c,", "score: c, date: f,") + "expect: {rows_used: 2}\n"
    rows = [f"{patient},8,2024-01-01,4,2024-01-05,5," for patient in "AB"]
    found = imported(tmp_path, rows, text, "id,a,d,b,e,c,f")
    assert found.mapping.left_out["rows"].tolist() == [2]
    assert found.mapping.changes["became"].tolist()[0] == "4 visits of 2 patients, 2 courses; 0 left out"
    assert not found.warnings["rule"].str.contains("rows used").any()


def test_a_unit_of_time_counts_in_every_column_of_time(tmp_path):
    text = MAP.replace("  sex:", "  age: {is: age, unit: months}\n  sex:")
    rows = [row.replace(";m", ";540;m").replace(";v", ";60;v") for row in ROWS]
    found = imported(tmp_path, rows, text, HEADER.replace("sex", "age;sex"))
    assert found.courses["age"].tolist() == [45, 5]


def test_a_patient_without_a_diary_has_nobody_elses_description(tmp_path):
    text = """map: 1
read: {form: csv, separator: semicolon, dates: year-month-day}
rows: diary
data_until: 2024-12-31
second_file: {file: infusions.csv, patient_id: id, start_of_infusion: start, end_of_infusion: end}
columns:
  id: {is: patient_id}
  day: {is: date}
  nrs: {is: nrs, scale: 0 to 10}
  sex: {is: sex}
windows:
  - {visit: baseline, days_before_start: 3 to 1, least_days: 1}
  - {visit: end_of_infusion, days_after_end: 0 to 1, least_days: 1}
weeks: {from: planned_week}
courses: {from: single}
"""
    letters = ("Zo\u00eb", "Zoe\u0308")  # one name in two Unicode forms
    infusions = [f"{name};2024-01-10;2024-01-12" for name in (letters[1], "B")]
    (tmp_path / "infusions.csv").write_text("\n".join(["id;start;end", *infusions]) + "\n", encoding="utf-8")
    rows = [f"{letters[0]};2024-01-08;8;male", f"{letters[0]};2024-01-12;4;male"]
    found = imported(tmp_path, rows, text, "id;day;nrs;sex")
    assert found.visits["nrs"].fillna(-1).tolist() == [8, 4, -1, -1]
    assert found.courses["sex"].astype(object).where(found.courses["sex"].notna(), None).tolist() == ["male", None]


def test_spss_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(MapError, match=r"pip install '\.\[stata-spss\]'"):
        cohort.load(DATA / "clinics" / "04-spss.sav", map_of("04-spss.sav"))


def test_labels_of_spss_contradict_a_wrong_map(tmp_path):
    pytest.importorskip("pyreadstat")
    wrong = map_of("04-spss.sav").read_text().replace("1: male, 2: female", "1: female, 2: male")
    (tmp_path / "wrong.map.yml").write_text(wrong)
    with pytest.raises(MapError, match="The file labels 1 as man, and the map says female"):
        cohort.load(DATA / "clinics" / "04-spss.sav", tmp_path / "wrong.map.yml")


def test_labels_and_missing_values_of_stata_and_spss(tmp_path):
    """What the file declares needs no answer; a value of Stata such as .a is missing."""
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas as pd

    from analysis.curation.cohort_check import proposed_map

    table = pd.DataFrame({"pid": ["A", "B"], "sex": [1, 2], "p0": [8.0, 7], "p1": [4.0, 99], "p4": [5.0, 4]})
    names = ["Patient", "Sex", "NRS before", "NRS end of infusion", "NRS week 4"]
    labels = {"sex": {1: "Mann", 2: "Frau"}}
    pyreadstat.write_sav(
        table, tmp_path / "a.sav", "", names, variable_value_labels=labels, missing_ranges={"p1": [99]}
    )
    table["p1"] = pd.Series([4, "a"], dtype=object)
    pyreadstat.write_dta(
        table, tmp_path / "b.dta", column_labels=names, variable_value_labels=labels, missing_user_values={"p1": ["a"]}
    )
    for file in ("a.sav", "b.dta"):
        assert "1 answer is missing" in proposed_map(str(tmp_path / file), "")[1]
        use = tmp_path / f"{file[0]}.map.yml"
        use.write_text(use.read_text().replace("data_until: ASK", "data_until: 2024-12-31"))
        found = cohort.load(tmp_path / file, use)
        assert found.visits["nrs"].fillna(-1).tolist() == [8, 4, 5, 7, -1, 4]
        assert found.courses["sex"].tolist() == ["male", "female"]


def test_the_table_in_the_long_form_gives_the_same_cohort(tmp_path):
    from analysis.curation.cohort_check import checked_cohort

    source, out = DATA / "clinics" / "01-redcap-raw.csv", tmp_path / "long.csv"
    valid, words = checked_cohort(str(source), str(map_of("01-redcap-raw.csv")), str(out))
    assert valid, words
    direct, mapped = cohort.load(out), loaded("01-redcap-raw.csv")
    columns = ["patient", "course", "visit", "weeks", "nrs", "date", "planned_week", "bpi_interference"]
    assert direct.visits[columns].equals(mapped.visits[columns])
    assert mapped_table(source, source.read_bytes(), map_of("01-redcap-raw.csv"))[1].rows == 160
