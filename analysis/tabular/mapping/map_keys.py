"""The keys of a map and their values: one table, from which every unknown key and value is refused."""

from __future__ import annotations

from typing import Any

ASK = "ASK"
NOT_USED = "not_used"
FORMS = ("csv", "xlsx", "sav", "dta", "parquet")
DATE_ORDERS = ("year-month-day", "day-month-year", "month-day-year")
DATES = (*DATE_ORDERS, *(f"{order} hour:minute" for order in DATE_ORDERS))
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
VISIT_NAMES = ("baseline", "end_of_infusion", "follow_up")
UNITS = {"days": 1 / 7, "weeks": 1.0, "months": 30.4375 / 7, "years": 365.25 / 7}  # in weeks
SCALES = {"0 to 10": 10, "0 to 100": 100}
MEANINGS = ("average", "worst", "least", "not_stated")

A_TEXT, A_NUMBER, A_WHOLE_NUMBER = "a text", "a number", "a whole number"
A_DATE, A_LIST, ANY_TEXTS = "a date", "a list of texts", "texts"
_COLUMN = {
    "is": A_TEXT,
    "codes": ANY_TEXTS,
    "missing": A_LIST,
    "scale": tuple(SCALES),
    "unit": tuple(UNITS),
    "must_be": ("empty",),
    "meaning": MEANINGS,
    "why": A_TEXT,
    "same_id_on_two_sheets": ("stop",),
}
_VISIT = {
    "visit": (*VISIT_NAMES, NOT_USED),
    "planned_week": A_NUMBER,
    "score": A_TEXT,
    "date": A_TEXT,
    "date_is": ("visit", "start_of_infusion"),
    "starts_course": ("true", "false"),
    "score_is": ("before", "after"),
}
# What each part of a map may contain: allowed words, or the kind of value; a dict is a part of its own.
PARTS: dict[str, dict[str, Any]] = {
    "made_for": {"file": A_TEXT, "sha256": A_TEXT, "rows": A_WHOLE_NUMBER},
    "read": {
        "form": FORMS,
        "encoding": A_TEXT,
        "separator": tuple(SEPARATORS),
        "decimal": ("point", "comma"),
        "dates": DATES,
        "header_row": A_WHOLE_NUMBER,
        "sheets": ANY_TEXTS,
        "hidden": ("stop",),
        "user_missing": ("as_declared", "as_values"),
        "value_labels": ("check",),
    },
    "columns": _COLUMN,
    "visits": _VISIT,
    "keep": {"column": A_TEXT, "is": A_LIST},
    "scores": {"is": ("nrs",), "meaning": MEANINGS, "scale": tuple(SCALES), "missing": A_LIST},
    "weeks": {
        "from": ("dates", "planned_week", "column"),
        "if_no_date": ("stop", "left_out", "planned_week"),
        "tell_if_far_from_plan": A_NUMBER,
    },
    "courses": {
        "from": ("single", "column", "infusions"),
        "same_course_within_days": A_WHOLE_NUMBER,
        "baseline_of_later_courses": ANY_TEXTS,
    },
    "baseline_of_later_courses": {"last_score_within_days_before": A_WHOLE_NUMBER, "else": ("missing",)},
    "second_file": {"file": A_TEXT, "patient_id": A_TEXT, "start_of_infusion": A_TEXT, "end_of_infusion": A_TEXT},
    "windows": {
        "visit": VISIT_NAMES,
        "days_before_start": A_TEXT,
        "days_after_end": A_TEXT,
        "planned_week": A_NUMBER,
        "least_days": A_WHOLE_NUMBER,
    },
    "add": {"site": A_TEXT, "regimen_class": A_TEXT},
    "expect": {"patients": A_WHOLE_NUMBER, "courses": A_WHOLE_NUMBER, "rows_used": A_WHOLE_NUMBER},
}
ROW_FORMS = ("visits", "courses", "events", "diary")
TOP = """map made_for read rows data_until keep columns visits scores date_missing weeks courses second_file
    windows add expect""".split()
# What a key needs elsewhere in the map; where that is not so, it would be ignored.
NEEDS: dict[tuple[str, ...], tuple[tuple[str, str], tuple[str, ...]]] = {
    ("scores",): (("rows", ""), ("courses",)),
    ("date_missing",): (("rows", ""), ("courses",)),
    ("second_file",): (("rows", ""), ("diary",)),
    ("windows",): (("rows", ""), ("diary",)),
    ("visits",): (("rows", ""), ("visits", "courses", "events")),
    ("read", "separator"): (("read", "form"), ("csv",)),
    ("read", "encoding"): (("read", "form"), ("csv", "sav", "dta")),
    ("read", "header_row"): (("read", "form"), ("csv", "xlsx")),
    ("read", "sheets"): (("read", "form"), ("xlsx",)),
    ("read", "user_missing"): (("read", "form"), ("sav", "dta")),
    ("read", "value_labels"): (("read", "form"), ("sav", "dta")),
    ("weeks", "if_no_date"): (("weeks", "from"), ("dates",)),
    ("weeks", "tell_if_far_from_plan"): (("weeks", "from"), ("dates", "column")),
    ("courses", "same_course_within_days"): (("courses", "from"), ("infusions",)),
    ("courses", "baseline_of_later_courses"): (("courses", "from"), ("infusions",)),
}
VISIT_KEYS = {"courses": ("score", "date"), "events": ("starts_course", "score_is")}  # by rows
REQUIRED = ("map", "read", "rows", "data_until", "columns", "weeks", "courses")
