"""A proposed map for an unknown table: every line is sure, or asks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from analysis.tabular.mapping.column_guesses import (
    ColumnGuess,
    first_sentence,
    frequent_values,
    guess_columns,
    missing_of,
    numbers_of,
    other_words,
    scale_of,
    score_meaning,
    visit_of,
)
from analysis.tabular.mapping.first_look import DAY, FirstLook
from analysis.tabular.mapping.heading_words import (
    is_date_heading,
    is_diagnosis_heading,
    is_repeat_heading,
    plain_heading,
)
from analysis.tabular.mapping.map_keys import ASK, NOT_USED, VISIT_NAMES
from analysis.tabular.problems import listed
from analysis.tabular.schema import TableSchema
from analysis.wording import counted

_VISIT_ALONE = re.compile(r"(t|v|tp|visite?|visita|timepoint|zeitpunkt|baseline|week|woche|semaine|semana)_?\d*")
_INFUSION = re.compile(r"infus|infuus|perfusion")
_DIARY_ROWS = 12  # rows a patient; more than any plan of visits


@dataclass
class VisitGuess:
    """One proposed line of `visits`: its code ("" with a row a course), keys and remark."""

    code: str
    keys: dict[str, object]
    remark: str = ""


@dataclass
class Proposal:
    """What the parts of the map say: form of the rows, columns, visits, and remarks."""

    look: FirstLook
    rows: str
    rows_remark: str
    columns: list[ColumnGuess]
    visits: list[VisitGuess] = field(default_factory=list)
    scores: dict[str, object] = field(default_factory=dict)
    scores_remark: str = ""
    no_date: list[str] = field(default_factory=list)  # texts in columns of days that may mean “no date”
    weeks: dict[str, object] = field(default_factory=dict)
    courses: dict[str, object] = field(default_factory=dict)
    diagnosis: str = ""
    diagnoses: str = ""  # its frequent values with their numbers of rows, in words
    no_score: bool = False  # no column is surely a pain score, so that no map can help

    def column(self, role: str) -> ColumnGuess | None:
        """Return the column with a role, or None."""
        return next((column for column in self.columns if column.role == role), None)


def propose(look: FirstLook, schema: TableSchema) -> Proposal:
    """Return the proposal for a table; schema: the long form."""
    columns = guess_columns(look, schema)
    table = look.source.table
    identifier = next((column for column in columns if column.role == "patient_id"), None)
    scores = [column for column in columns if column.role == "nrs"]
    dates = [column for column in columns if column.role == "date"]
    visit = next((column for column in columns if column.role == "visit"), None)
    if visit is None and len(scores) == 1:
        visit = next((column for column in columns if column.role == ASK and is_repeat_heading(column.name)), None)
    diagnosis = next((column.name for column in columns if is_diagnosis_heading(column.name)), "")
    sure = "sure: " if identifier else ""
    if identifier is None:
        identifier = columns[0]
        identifier.keys, identifier.remark = {"is": ASK}, "which column is patient_id, the code of the patient?"
    texts = [text.strip() for text in table[identifier.name].texts() if text.strip()]
    distinct, filled = len(set(texts)), len(texts)
    what = f"{counted(filled, 'row')}, {distinct} different {identifier.name}"
    unsure = [] if scores else _may_be_scores(look, columns)
    scores = scores or unsure
    proposal = Proposal(look, "courses", f"{sure}{what}", columns, diagnosis=diagnosis, no_score=not scores)
    if diagnosis:
        proposal.diagnoses = f"the file has {frequent_values(look, diagnosis)}"
    if visit is not None:
        proposal.rows = "visits"
        _long_visits(proposal, visit)
    elif filled > _DIARY_ROWS * distinct and dates:
        proposal.rows = "diary"
    elif filled > distinct and dates and len(scores) == 1:
        proposal.rows, proposal.rows_remark = ASK, f"{what}: visits, events or diary? No column surely names the visit"
    if proposal.rows == "courses":
        if filled > distinct and not any(column.role == "course" for column in columns):
            proposal.rows_remark = f"{what}: which column is the course (is: course)? Or does a row stand twice?"
        _wide_visits(proposal, scores, dates, schema)
        if unsure and proposal.scores:
            names = listed(column.name for column in unsure)
            proposal.scores["is"] = ASK
            proposal.scores_remark = f"are {names} pain scores? Then is: nrs; {proposal.scores_remark}"
    else:
        _one_of_several(scores)
        _one_of_several(dates)
        for column in (column for column in columns if column.role == "nrs"):
            scale, missing, remark = scale_of(look, column.name)
            column.keys |= {"scale": scale, "missing": missing}
            column.remark = remark
        for column in (column for column in columns if column.role == ASK and "meaning" in column.keys):
            scale, missing, remark = scale_of(look, column.name)
            column.keys |= {"scale": scale} | ({"missing": missing} if missing else {})
            column.remark += f"; {remark}"
    _times(proposal)
    return proposal


def _one_of_several(columns: list[ColumnGuess]) -> None:
    """Ask which of several columns counts."""
    if len(columns) > 1:
        for column in columns:
            column.remark = f"{column.role}, or not_used? One of {listed(other.name for other in columns)} counts"
            column.keys = {**column.keys, "is": ASK}


def _long_visits(proposal: Proposal, visit: ColumnGuess) -> None:
    texts = Counter(text.strip() for text in proposal.look.source.table[visit.name].texts())
    if alone := texts.pop("", 0):
        repeats = [other for other in proposal.columns if other is not visit and is_repeat_heading(other.name)]
        for column in repeats:
            column.keys, column.remark = {"is": NOT_USED}, f"{visit.name} names the visits"
        use = NOT_USED if repeats else ASK
        remark = f"{counted(alone, 'row')} without a visit: not_used, if they describe the patient"
        proposal.visits.append(VisitGuess("", {"visit": use}, remark))
    events = False
    for code, count in texts.items():
        if count < 2 and len(texts) > 12:
            continue
        labels = proposal.look.source.value_labels.get(visit.name, {})
        name, week, remark = visit_of(labels.get(code, code))
        if code in VISIT_NAMES:
            name, remark = code, ""
        keys: dict[str, object] = {"visit": name}
        if week is not None:
            keys["planned_week"] = f"{week:g}"
        if _INFUSION.search(plain_heading(code)) and name == ASK:
            events = True
            keys = {"visit": "end_of_infusion", "starts_course": "true", "score_is": ASK}
            remark = "was the score on the day of the infusion asked before or after it?"
        proposal.visits.append(VisitGuess(code, keys, f"{counted(count, 'row')}{'; ' + remark if remark else ''}"))
    if events and any("planned_week" in line.keys for line in proposal.visits):
        for line in (line for line in proposal.visits if "starts_course" in line.keys):
            line.keys, line.remark = {"visit": ASK}, "end_of_infusion?"
    elif events:
        proposal.rows, proposal.rows_remark = "events", f"{proposal.rows_remark}; {visit.name} names infusions"


def _outcomes_at_visits(proposal: Proposal, schema: TableSchema) -> None:
    """Put each other outcome, such as pcs_week_4, to the visit that its heading names; ask where it names none."""
    for column in list(proposal.columns):
        plain = plain_heading(column.name)
        names = (field.name for field in schema.outcomes)
        outcome = next((name for name in names if plain.startswith(f"{name}_") or column.role == name), None)
        if outcome is None:
            continue
        name, week, _ = visit_of(plain.removeprefix(outcome))
        wanted = (name, None if week is None else f"{week:g}")
        lines = [line for line in proposal.visits if (line.keys["visit"], line.keys.get("planned_week")) == wanted]
        if len(lines) == 1 and name != ASK and outcome not in lines[0].keys:
            low, high = schema[outcome].minimum, schema[outcome].maximum
            missing, remark = missing_of(proposal.look, column.name, low, high)
            lines[0].keys[outcome] = {"column": column.name, "missing": missing} if missing else column.name
            remark = remark if missing == ASK else first_sentence(schema[outcome])
            lines[0].remark += f"{'; ' if lines[0].remark else ''}{column.name}: {remark}"
            proposal.columns.remove(column)
        else:
            column.keys = {"is": ASK}
            column.remark = (
                f"at which visit? Write {outcome}: {column.name} at its line under visits, and delete this line; "
                "or not_used"
            )


def _wide_visits(proposal: Proposal, scores: list[ColumnGuess], dates: list[ColumnGuess], schema: TableSchema) -> None:
    look = proposal.look
    meanings = {score_meaning(column.name) for column in scores} - {"not_stated"}
    if len(meanings) > 1:
        for column in scores:
            column.keys = {"is": ASK}
            column.remark = (
                "worst, average or least pain: one counts; name its columns under visits and delete their lines here; "
                "write not_used at the others"
            )
        for visit in VISIT_NAMES:
            week = {"planned_week": ASK} if visit == "follow_up" else {}
            proposal.visits.append(VisitGuess("", {"visit": visit, "score": ASK, **week}, "or delete this line"))
        proposal.scores = {"is": "nrs", "meaning": ASK, "scale": ASK, "missing": ASK}
        return
    stems = {_stem(column.name): column for column in dates}
    left = list(dates)
    described = []
    for column in scores:
        name, week, remark = visit_of(column.name)
        if name == ASK:
            name, week, remark = visit_of(look.source.labels.get(column.name, ""))
        keys: dict[str, object] = {"visit": name, "score": column.name}
        day = stems.get(_stem(column.name))
        if day is not None:
            keys["date"] = day.name
            left.remove(day)
            proposal.no_date += other_words(look, day.name, DAY)
        if week is not None:
            keys["planned_week"] = f"{week:g}"
        proposal.visits.append(VisitGuess("", keys, remark))
        described.append(scale_of(look, column.name))
        proposal.columns.remove(column)
    for column in dates:
        if column not in left:
            proposal.columns.remove(column)
    _one_score_a_visit(proposal)
    _outcomes_at_visits(proposal, schema)
    base = next((line for line in proposal.visits if line.keys["visit"] == "baseline"), None)
    for column in left:
        if base is not None and "date" not in base.keys and len(left) == 1:
            base.keys |= {"date": column.name}
            if _INFUSION.search(plain_heading(column.name)):
                base.keys["date_is"] = "start_of_infusion"
            proposal.columns.remove(column)
        else:
            remark = "which visit's date? Name it under visits, and delete this line; or not_used"
            column.keys, column.remark = {"is": ASK}, remark
    if base is None and proposal.visits:
        proposal.visits[0].remark += " (one of them is the baseline)"
    if described:
        _scores_together(proposal, described)


def _one_score_a_visit(proposal: Proposal) -> None:
    """Ask where several columns have a score of one visit."""
    times = [(line.keys["visit"], line.keys.get("planned_week")) for line in proposal.visits]
    for line, time in zip(proposal.visits, times, strict=True):
        if time[0] != ASK and times.count(time) > 1:
            line.remark = f"{time[0]}, or another visit? {times.count(time)} columns say it: not_used at the others"
            line.keys["visit"] = ASK


def _scores_together(proposal: Proposal, described: list[tuple[str, object, str]]) -> None:
    scales, missing = {scale for scale, *_ in described}, [codes for _, codes, _ in described]
    asked = ASK in missing
    codes = sorted({code for part in missing if isinstance(part, list) for code in part})
    proposal.scores_remark = "; ".join(
        f"{line.keys['score']}: {words}" for line, (*_, words) in zip(proposal.visits, described, strict=True)
    )
    scale = ASK if len(scales) > 1 or ASK in scales else scales.pop()
    proposal.scores = {"is": "nrs", "meaning": "not_stated", "scale": scale, "missing": ASK if asked else codes}


def _stem(name: str) -> str:
    """Return a heading without what says that it is a score or a day, so that both belong to one visit."""
    words = re.split(r"_+", plain_heading(name))
    return "_".join(
        word for word in words if word not in ("nrs", "vas", "date", "datum", "d", "fecha", "pain", "schmerz", "pijn")
    )


def _may_be_scores(look: FirstLook, columns: list[ColumnGuess]) -> list[ColumnGuess]:
    """Return columns of numbers whose headings name visits alone, such as T0 and T1, and may be pain scores."""
    unknown = [c for c in columns if c.keys == {"is": NOT_USED}]
    visits = [c for c in unknown if _VISIT_ALONE.fullmatch(plain_heading(c.name)) or visit_of(c.name)[0] != ASK]
    numbers = [c for c in visits if min(numbers_of(look, c.name), default=-1) >= 0]
    for column in numbers if len(numbers) > 1 else ():
        column.keys = {"is": "nrs"}
    return numbers if len(numbers) > 1 else []


def _times(proposal: Proposal) -> None:
    """Say where weeks and courses come from."""
    follow_ups = [line for line in proposal.visits if line.keys["visit"] in ("follow_up", ASK)]
    if (column := proposal.column("weeks_from_end")) is not None:
        proposal.weeks = {"from": "column"}
        if proposal.column("date") is not None:
            column.remark = f"the heading says {column.keys['unit']}; the import compares them with the dates"
    elif any(column.role == ASK and "unit" in column.keys for column in proposal.columns):
        proposal.weeks = {"from": ASK}
    elif proposal.rows == "courses":
        dated = [line for line in proposal.visits if "date" in line.keys and line.keys["visit"] != "baseline"]
        complete = bool(dated) and len(dated) == len(proposal.visits) - 1
        proposal.weeks = {"from": "dates", "if_no_date": "planned_week"} if complete else {"from": "planned_week"}
        if complete:
            proposal.weeks["tell_if_far_from_plan"] = "2"
    elif any(is_date_heading(column.name) and column.role in ("date", ASK) for column in proposal.columns):
        proposal.weeks = {"from": "dates", "if_no_date": "stop"}
        if any("planned_week" in line.keys for line in follow_ups):
            proposal.weeks["tell_if_far_from_plan"] = "2"
    else:
        proposal.weeks = {"from": "planned_week"}
    if proposal.rows == "diary":
        proposal.weeks = {"from": "planned_week"}
    proposal.courses = {"from": "column" if proposal.column("course") else "single"}
    if proposal.rows == "events":
        later = {"last_score_within_days_before": ASK, "else": "missing"}
        proposal.courses = {"from": "infusions", "same_course_within_days": ASK, "baseline_of_later_courses": later}
