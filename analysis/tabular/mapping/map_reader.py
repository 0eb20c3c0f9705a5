"""A map file to a `CohortMap`, with every problem of the file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from analysis.tabular.advice import misspelt
from analysis.tabular.mapping import map_keys
from analysis.tabular.mapping.cohort_map import CohortMap, ColumnUse, Reading, SecondFile, VisitUse, Window
from analysis.tabular.mapping.map_check import GUIDE, MapChecks
from analysis.tabular.mapping.map_keys import A_DATE, NOT_USED, PARTS, VISIT_NAMES
from analysis.tabular.mapping.map_problems import MapError, MapProblem, map_problem
from analysis.tabular.mapping.text_tree import read_text_tree
from analysis.tabular.plain_yaml import YamlError
from analysis.tabular.problems import listed, nearest
from analysis.tabular.schema import TableSchema

_DAYS = re.compile(r"(\d+) to (\d+)")


def read_map(content: bytes, file: str, schema: TableSchema) -> CohortMap:
    """Return the map in a file.

    Raises MapError with every problem: of the text, of keys and values, and each ASK that nobody has answered.
    """
    try:
        tree = read_text_tree(content)
    except YamlError as error:
        raise MapError([MapProblem(file, error.line, "", "", error.rule, error.advice)]) from None
    reader = _Reader(file, schema)
    if not isinstance(tree, dict):
        raise MapError([map_problem(file, (), "a map is a list of keys with values", GUIDE)])
    reader.asks(tree, ())
    reader.check_keys(tree)
    if not reader.problems:
        found = reader.map_of(tree, hashlib.sha256(content).hexdigest())
        if not reader.problems:
            return found
    raise MapError(reader.problems)


class _Reader(MapChecks):
    """Conversion of the text tree, which collects problems."""

    def map_of(self, tree: dict[str, Any], digest: str) -> CohortMap:
        """Return the map; its keys are known and their values have the right kind."""
        if tree["map"] != "1":
            self.wrong(("map",), "map: is the version of the format, 1", "write map: 1", str(tree["map"]))
        if tree["rows"] not in map_keys.ROW_FORMS:
            self.wrong(("rows",), f"rows is {listed(map_keys.ROW_FORMS, last=' or ')}", "write one of these")
        wide = tree["rows"] == "courses"
        visits = tuple(self._visit(name, use, wide) for name, use in self.lines(tree.get("visits", {})))
        weeks, courses = tree["weeks"], tree["courses"]
        later = courses.get("baseline_of_later_courses", {})
        second = tree.get("second_file")
        found = CohortMap(
            file=self.file,
            sha256=digest,
            made_for=dict(tree.get("made_for", {})),
            read=self._reading(tree["read"]),
            rows=str(tree["rows"]),
            data_until=self._day(tree["data_until"], ("data_until",)),
            columns=tuple(self._column(name, use) for name, use in tree["columns"].items()),
            visits=visits,
            scores=self._column("scores", tree.get("scores", {})),
            date_missing=self._texts(tree.get("date_missing", []), ("date_missing",)),
            weeks_from=str(weeks.get("from", "")),
            if_no_date=str(weeks.get("if_no_date", "stop")),
            far_from_plan=float(weeks["tell_if_far_from_plan"]) if "tell_if_far_from_plan" in weeks else None,
            courses_from=str(courses.get("from", "")),
            same_course_days=int(courses.get("same_course_within_days", 0)),
            baseline_days=int(later.get("last_score_within_days_before", 0)),
            keep=tuple(
                (str(line.get("column", "")), tuple(line.get("is", []))) for _, line in self.lines(tree.get("keep", []))
            ),
            second_file=SecondFile(*(str(second.get(key, "")) for key in PARTS["second_file"])) if second else None,
            windows=tuple(self._window(number, line) for number, line in self.lines(tree.get("windows", []))),
            add={key: str(value) for key, value in tree.get("add", {}).items()},
            expect={key: int(value) for key, value in tree.get("expect", {}).items()},
        )
        self.agree(found)
        return found

    def _column(self, name: str, use: Mapping[str, Any]) -> ColumnUse:
        keys = ("scores",) if name == "scores" else ("columns", name)
        role = str(use.get("is", "" if use else "nrs"))
        if role not in self.roles:
            close = misspelt(role, self.roles)
            # a near spelling may be another measure: the list is the advice, never a rename
            advice = f"write {close}, if that is its meaning" if close else f"write one of {listed(self.roles, 40)}"
            self.wrong((*keys, "is"), "is: says what the column is", advice, role)
        codes = use.get("codes", {})
        if not isinstance(codes, dict) or not all(isinstance(word, str) for word in codes.values()):
            self.wrong((*keys, "codes"), "codes: gives each code a meaning", "write {code: meaning, code: meaning}")
            codes = {}
        allowed = self.schema[role].enum if role in self.schema.names else ()
        for code, word in codes.items():
            if allowed and word not in (*allowed, NOT_USED):
                close = nearest(word, allowed)
                advice = f"write {close}" if close else f"write one of {listed(allowed)}"
                self.wrong((*keys, "codes", code), f"{role} is one of {listed(allowed)}", advice, word)
        for key in (key for key in use if role in self.schema.names and not self._fits(key, use[key], role)):
            self.wrong((*keys, key), f"{key} says nothing about {role}", f"delete it, or correct is:; {GUIDE}")
        if role == "nrs" and use and not use.get("scale"):
            self.wrong((*keys, "scale"), "a pain score has a scale", "write scale: 0 to 10 or scale: 0 to 100 (mm)")
        if role == "weeks_from_end" and not use.get("unit"):
            advice = "write unit: days, weeks, months or years"
            self.wrong((*keys, "unit"), "the time from the end of infusion has a unit", advice)
        words = {code: str(word) for code, word in codes.items()}
        missing = self._texts(use.get("missing", []), (*keys, "missing"))
        scale, unit, meaning = (str(use.get(key, "")) for key in ("scale", "unit", "meaning"))
        return ColumnUse(name, role, words, missing, scale, unit, meaning, use.get("must_be") == "empty")

    def _fits(self, key: str, value: Any, role: str) -> bool:
        """Return whether a key of a column has an effect on its role."""
        entry = self.schema[role]
        return {
            "codes": entry.type == "string" and role not in ("patient_id", "visit"),
            "missing": role not in ("patient_id", "visit"),
            "scale": entry.maximum == 10 or entry.maximum == map_keys.SCALES.get(str(value)),
            "unit": entry.unit in map_keys.UNITS,
            "meaning": role == "nrs",
            "same_id_on_two_sheets": role == "patient_id",
        }.get(key, True)

    def _visit(self, name: str, use: Mapping[str, Any], wide: bool) -> VisitUse:
        keys = ("visits", name)
        if "visit" not in use:
            self.wrong(keys, "a line of visits says which visit", "write visit: baseline, end_of_infusion or follow_up")
        if wide and "score" not in use:
            self.wrong((*keys, "score"), "with rows: courses a visit has a score column", "write score: and its name")
        if wide and use.get("visit") == NOT_USED:
            self.wrong((*keys, "visit"), "a line with a score column is a visit", "write not_used under columns")
        if "planned_week" in use and use.get("visit") != "follow_up":
            self.wrong((*keys, "planned_week"), "only a follow_up has a planned week", "delete planned_week here")
        week = float(use["planned_week"]) if "planned_week" in use else None
        if week == 0:
            self.wrong((*keys, "planned_week"), "planned_week is above 0", "week 0 is the visit end_of_infusion")
        return VisitUse(
            visit=str(use.get("visit", "")),
            planned_week=week,
            code="" if wide else str(name),
            score=str(use.get("score", "")),
            date=str(use.get("date", "")),
            outcomes={name: self._outcome(name, use[name], (*keys, name)) for name in self.outcomes if name in use},
            starts_course=use.get("starts_course") == "true",
            score_is=str(use.get("score_is", "")),
        )

    def _outcome(self, name: str, use: Any, keys: tuple[str, ...]) -> ColumnUse:
        if isinstance(use, dict) and set(use) <= {"column", "missing"} and isinstance(use.get("column"), str):
            return ColumnUse(str(use["column"]), name, missing=self._texts(use.get("missing", []), (*keys, "missing")))
        if not isinstance(use, str):
            self.wrong(keys, f"{name} is a column", "write its name, or {column: NAME, missing: [text, …]}")
        return ColumnUse(str(use), name)

    def _window(self, number: str, line: Mapping[str, Any]) -> Window:
        keys = ("windows", number)
        after = "days_after_end" in line
        text = str(line.get("days_after_end" if after else "days_before_start", ""))
        match = _DAYS.fullmatch(text)
        if not match or line.get("visit") not in VISIT_NAMES:
            self.wrong(keys, "a window has a visit and days, as in days_after_end: 25 to 31", GUIDE, text)
            return Window("baseline", False, 0, 0, 1)
        days = sorted((int(match[1]), int(match[2])))
        week = float(line["planned_week"]) if "planned_week" in line else None
        return Window(str(line["visit"]), after, *days, int(line.get("least_days", 1)), week)

    def _reading(self, read: Mapping[str, Any]) -> Reading:
        if "form" not in read:
            self.wrong(("read", "form"), "read: has the key form", f"write one of {listed(map_keys.FORMS)}")
        sheets = read.get("sheets", {})
        named = isinstance(sheets, dict)
        if not named:
            self.wrong(("read", "sheets"), "sheets: names every sheet", "write {Sheet1: used, Sheet2: not_used}")
        uses: dict[str, str] = {}
        for name, use in sheets.items() if named else ():
            if use in ("used", NOT_USED):
                uses[name] = "" if use == "used" else NOT_USED
            elif isinstance(use, dict) and set(use) == {"site"} and isinstance(use["site"], str):
                uses[name] = str(use["site"])
            else:
                advice = "write used, not_used or {site: NAME}"
                self.wrong(("read", "sheets", name), "a sheet is used, not used, or a site", advice)
        dates = str(read.get("dates", "year-month-day"))
        return Reading(
            str(read.get("form", "")),
            str(read.get("encoding", "utf-8")),
            map_keys.SEPARATORS.get(str(read.get("separator", "comma")), ","),
            read.get("decimal") == "comma",
            dates.split(" ")[0],
            " " in dates,
            max(int(read.get("header_row", "1")), 1),
            uses,
            read.get("user_missing", "as_declared") == "as_declared",
        )

    def _day(self, value: Any, keys: tuple[str, ...]) -> date:
        try:
            return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
        except ValueError:
            self.wrong(keys, f"{keys[-1]} is {A_DATE}, as in 2024-12-31", "write the day of the export", str(value))
            return date.min

    def _texts(self, value: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(map(str, value))
        self.wrong(keys, f"{keys[-1]} is a list", "write [first, second], or [] for none")
        return ()
