"""The checks of a map: known keys, values of the right kind, parts that agree with each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from analysis.tabular.mapping import map_keys
from analysis.tabular.mapping.cohort_map import CohortMap
from analysis.tabular.mapping.map_keys import A_LIST, A_NUMBER, A_WHOLE_NUMBER, ANY_TEXTS, ASK, NOT_USED, PARTS
from analysis.tabular.mapping.map_problems import MapProblem, map_problem
from analysis.tabular.problems import listed, nearest
from analysis.tabular.schema import TableSchema

BIRTH_DATE = "birth_date"
GUIDE = "data/cohorts/README.md lists all keys"
_NUMBER = re.compile(r"\d+(\.\d+)?")


class MapChecks:
    """Checks that collect the problems of a map."""

    def __init__(self, file: str, schema: TableSchema) -> None:
        self.file, self.schema = file, schema
        self.problems: list[MapProblem] = []
        self.roles = (*schema.names, BIRTH_DATE, NOT_USED)
        self.outcomes = tuple(field.name for field in schema.outcomes)

    def wrong(self, keys: Sequence[str], rule: str, advice: str, value: str = "") -> None:
        """Add a problem at the place to which the keys lead."""
        self.problems.append(map_problem(self.file, keys, rule, advice, value))

    def asks(self, value: Any, keys: tuple[str, ...]) -> None:
        """Add a problem for each ASK."""
        if isinstance(value, dict):
            for key, part in value.items():
                self.asks(part, (*keys, key))
        elif isinstance(value, list):
            for number, part in enumerate(value, start=1):
                self.asks(part, (*keys, str(number)))
        elif value == ASK:
            rule, advice = "ASK waits for an answer that the file does not give", "write the answer in place of ASK"
            self.problems.append(MapProblem(self.file, value.line, ", ".join(keys), "", rule, advice))

    def check_keys(self, tree: dict[str, Any]) -> None:
        """Add a problem for each unknown or missing key, and each value of the wrong kind."""
        self._known(tree, map_keys.TOP, ())
        for key in map_keys.REQUIRED:
            if key not in tree:
                self.wrong((key,), f"a map has the key {key}", GUIDE)
        for part in ("made_for", "read", "scores", "weeks", "courses", "second_file", "add", "expect"):
            if part in tree:
                self._part(tree[part], part, (part,))
        columns = tree.get("columns")
        if isinstance(columns, dict):
            for name, use in columns.items():
                self._part(use, "columns", ("columns", name))
        elif columns is not None:
            self.wrong(("columns",), "columns: has one line a column", "write NAME: {is: …} for each column")
        for part in ("visits", "keep", "windows"):
            if isinstance(tree.get(part), str) and tree[part] not in ("", ASK):
                advice = f"write {{key: value}} in each line; {GUIDE}"
                self.wrong((part,), f"{part}: has lines with keys and values", advice, tree[part])
        for name, use in self.lines(tree.get("visits", {})):
            self._part(use, "visits", ("visits", name), self.outcomes)
            if not isinstance(use, dict):
                continue
            if use.get("date_is") == "start_of_infusion" and use.get("visit") != "baseline":
                rule = "weeks count from the end of infusion, and its start is the date of a baseline at most"
                advice = "name the column with the date of this visit, or write date_is: visit if this date is its own"
                self.wrong(("visits", name, "date_is"), rule, advice, use["date_is"])
            self._visit_keys(str(tree.get("rows")), name, use)
        for part in ("keep", "windows"):
            for name, use in self.lines(tree.get(part, [])):
                self._part(use, part, (part, name))
        self._needs(tree)

    def _visit_keys(self, rows: str, name: str, use: dict[str, Any]) -> None:
        """Add a problem for each key of a visit that belongs to another form of the rows."""
        for form, keys in map_keys.VISIT_KEYS.items():
            keys = (*keys, *self.outcomes) if form == "courses" else keys
            for key in (key for key in keys if key in use and rows != form):
                self.wrong(("visits", name, key), f"{key} stands here with rows: {form} only", f"delete it; {GUIDE}")

    def _needs(self, tree: dict[str, Any]) -> None:
        """Add a problem for each key without effect, because of what stands elsewhere in the map."""

        def at(*keys: str) -> Any:
            part = tree
            for key in filter(None, keys):
                part = part.get(key) if isinstance(part, dict) else None
            return part

        for keys, (place, allowed) in map_keys.NEEDS.items():
            other = at(*place)
            if at(*keys) is not None and isinstance(other, str) and other != ASK and other not in allowed:
                where = ", ".join(filter(None, place))
                self.wrong(keys, f"{keys[-1]} counts with {where}: {' or '.join(allowed)}", f"delete it; {GUIDE}")

    def lines(self, value: Any) -> list[tuple[str, Any]]:
        """Return the named or numbered lines of a mapping or list."""
        if isinstance(value, dict):
            return list(value.items())
        return [(str(number), line) for number, line in enumerate(value, start=1)] if isinstance(value, list) else []

    def _known(self, part: dict[str, Any], allowed: Sequence[str], keys: tuple[str, ...]) -> None:
        for key in part:
            if key not in allowed:
                close = nearest(key, allowed)
                advice = f"write {close}" if close else "delete it"
                self.wrong((*keys, key), f"keys here are {listed(allowed, 40)}", f"{advice}; {GUIDE}")

    def _part(self, part: Any, name: str, keys: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
        kinds = PARTS[name]
        if not isinstance(part, dict):
            self.wrong(keys, f"this part contains {listed(kinds, 40)}", f"write {{key: value}}; {GUIDE}")
            return
        self._known(part, (*kinds, *more), keys)
        for key, value in part.items():
            if key in kinds and (kind := kinds[key]) is not ANY_TEXTS:
                self._kind(value, kind, (*keys, key))
        if "baseline_of_later_courses" in part:
            self._part(
                part["baseline_of_later_courses"], "baseline_of_later_courses", (*keys, "baseline_of_later_courses")
            )

    def _kind(self, value: Any, kind: Any, keys: tuple[str, ...]) -> None:
        if value == ASK:
            return  # `asks` has named it
        if isinstance(kind, tuple):
            if value not in kind:
                text = value if isinstance(value, str) else ""
                close = nearest(text, kind)
                advice = f"write {close if close else f'one of {listed(kind)}'}"
                self.wrong(keys, f"{keys[-1]} is {listed(kind, last=' or ')}", advice, text)
        elif kind == A_LIST:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                self.wrong(keys, f"{keys[-1]} is a list", "write [first, second], or [] for none")
        elif not isinstance(value, str):
            self.wrong(keys, f"{keys[-1]} is {kind}", f"write {kind}")
        elif (kind == A_NUMBER and not _NUMBER.fullmatch(value)) or (kind == A_WHOLE_NUMBER and not value.isdecimal()):
            self.wrong(keys, f"{keys[-1]} is {kind}", f"write {kind}, with digits", value)

    def agree(self, found: CohortMap) -> None:
        """Add the problems of parts that do not agree with each other."""
        roles = [column.role for column in found.columns if column.used]
        for role in sorted({role for role in roles if roles.count(role) > 1}):
            twice = [column.name for column in found.columns if column.role == role]
            advice = f"decide which of {listed(twice)} it is; write not_used for the others"
            self.wrong(("columns",), f"one column is {role}", advice)
        needed = {
            "visits": ("patient_id", "visit", "nrs"),
            "courses": ("patient_id",),
            "events": ("patient_id", "visit", "date", "nrs"),
            "diary": ("patient_id", "date", "nrs"),
        }.get(found.rows, ())
        for role in (role for role in needed if role not in roles):
            self.wrong(
                ("columns",), f"with rows: {found.rows} a column is {role}", f"write {{is: {role}}} at that column"
            )
        if found.rows == "courses" and not found.scores.scale:
            advice = "write scores: {is: nrs, scale: 0 to 10, meaning: average, missing: []}"
            self.wrong(("scores",), "with rows: courses the key scores says how pain was scored", advice)
        if found.rows == "courses" and not any(use.visit == "baseline" for use in found.visits):
            self.wrong(("visits",), "one visit is the baseline", "name its score column: {visit: baseline, score: …}")
        if found.rows == "courses":
            times = [(use.visit, use.planned_week) for use in found.visits]
            twice = (time for time in times if times.count(time) > 1 and time != ("follow_up", None))
            for visit, week in dict.fromkeys(twice):
                name = f"{visit} of week {week:g}" if week else visit
                rule = f"a course has one score at each visit; {times.count((visit, week))} lines are {name}"
                self.wrong(("visits",), rule, "leave the line of the score that counts; the other columns are not_used")
            of_visits = ("nrs", "visit", "date", "weeks_from_end", "planned_week", *self.outcomes)
            for column in (column for column in found.columns if column.role in of_visits):
                rule = f"with rows: courses a column that is {column.role} belongs to a visit"
                advice = f"name it at its line under visits, as in {{visit: baseline, {column.role}: {column.name}}}"
                advice = advice.replace("nrs:", "score:")
                self.wrong(("columns", column.name), rule, f"{advice}, and delete it here; or write not_used")
        if found.weeks_from == "dates" and found.rows == "visits" and "date" not in roles:
            self.wrong(
                ("weeks", "from"), "weeks from dates need a column that is date", "write {is: date} at that column"
            )
        if found.weeks_from == "column" and "weeks_from_end" not in roles:
            advice = "write {is: weeks_from_end, unit: days, weeks, months or years} at that column"
            self.wrong(("weeks", "from"), "weeks from a column need a column that is weeks_from_end", advice)
        if found.weeks_from == "planned_week":
            for use in (*found.visits, *found.windows):
                if use.visit == "follow_up" and use.planned_week is None:
                    rule = "weeks from the plan need planned_week at every follow_up"
                    self.wrong(("visits",), rule, "write planned_week: and the week, counted from the end of infusion")
        if found.courses_from == "infusions" and not any(use.starts_course for use in found.visits):
            self.wrong(
                ("visits",), "courses from infusions need an event with starts_course: true", "mark the infusion"
            )
        if found.courses_from == "column" and "course" not in roles:
            self.wrong(("courses", "from"), "courses from a column need one that is course", "write {is: course} there")
        if found.rows == "diary" and (found.second_file is None or not found.windows):
            rule = "a diary needs second_file (the infusions) and windows (the days of each visit)"
            self.wrong(("rows",), rule, GUIDE)
        for use in found.visits:
            if use.starts_course and not use.score_is:
                advice = "ask the clinic; write score_is: before or score_is: after"
                self.wrong(("visits", use.code), "an infusion's score was asked before or after it", advice)
