"""A proposal as the text of a map, with a remark behind each line, and in words for the terminal."""

from __future__ import annotations

import re

from analysis.tabular.mapping.cohort_map import Reading
from analysis.tabular.mapping.first_look import FirstLook
from analysis.tabular.mapping.map_keys import ASK, NOT_USED, SEPARATORS
from analysis.tabular.mapping.proposal import Proposal
from analysis.tabular.problems import listed
from analysis.wording import counted

_PLAIN = re.compile(r"[^\W\d_][\w .()/-]*[\w)]|[^\W_]|\d+(?:\.\d+)?", re.UNICODE)
_ASKED = re.compile(r"(?<![\w'])ASK(?![\w'])")


def map_text(proposal: Proposal, digest: str, name: str, shown_path: str) -> str:
    """Return the text of the proposed map.

    digest: SHA-256 of the table. name: of the map. shown_path: the table as the user wrote it, for the command.
    """
    look = proposal.look
    reading = look.reading
    read: list[tuple[str, object, str]] = [("form", reading.form, "")]
    if reading.form == "csv":
        read += [_or_ask(look, "encoding", reading.encoding), ("separator", _separator(reading), "")]
    read.append(_or_ask(look, "decimal", "comma" if reading.decimal_comma else "point"))
    read.append(_or_ask(look, "dates", reading.date_order + (" hour:minute" if reading.with_time else "")))
    if reading.header_row > 1:
        read.append(("header_row", str(reading.header_row), "the rows above it are not read"))
    if look.sheets:
        read += [("sheets", dict(look.sheets), look.asks.get("sheets", "")), ("hidden", "stop", "")]
    made = {"file": look.file, "sha256": digest, "rows": str(len(look.source.table))}
    lines = ["map: 1", f"made_for: {_flow(made)}", "read:"]
    lines += [_line(f"  {key}: {_flow(value)}", remark) for key, value, remark in read]
    lines += [_line(f"rows: {proposal.rows}", proposal.rows_remark)]
    lines += [_line(f"data_until: {ASK}", "which day was the table exported? Visits due later are then not missing")]
    if proposal.diagnosis:
        remark = f"which values are CRPS, as in [a, b]? {proposal.diagnoses}. All? Then delete keep:"
        lines += ["keep:", _line(f"  - {_flow({'column': proposal.diagnosis, 'is': ASK})}", remark)]
    lines.append("columns:")
    lines += [_line(f"  {_key(column.name)}: {_flow(column.keys)}", column.remark) for column in proposal.columns]
    if proposal.rows == "diary":
        lines += _diary_lines()
    elif proposal.visits:
        lines.append("visits:")
        for visit in proposal.visits:
            start = "- " if proposal.rows == "courses" else f"{_key(visit.code)}: "
            lines.append(_line(f"  {start}{_flow(visit.keys)}", visit.remark))
    if proposal.scores:
        lines.append(_line(f"scores: {_flow(proposal.scores)}", proposal.scores_remark))
    if proposal.no_date:
        remark = f"texts that mean “no date”: {listed(dict.fromkeys(proposal.no_date), 4)}?"
        lines.append(_line(f"date_missing: {ASK}", remark))
    lines += [f"weeks: {_flow(proposal.weeks)}", f"courses: {_flow(proposal.courses)}"]
    count = len(ask_lines("\n".join(lines)))
    head = [
        f"# PROPOSED for {look.file}. Nothing was imported. Every value is read as text.",
        f"# Answer each ASK ({counted(count, 'line')}), then:",
        f"#   python -m analysis check --cohort {shown_path} --map {name}",
    ]
    return "\n".join([*head, *lines]) + "\n"


def ask_lines(text: str) -> list[int]:
    """Return the numbers of the lines of a map that have an ASK outside a remark."""
    lines = enumerate(text.split("\n"), start=1)
    return [number for number, line in lines if _ASKED.search(re.sub(r"(^|\s)#.*", "", line))]


def first_words(proposal: Proposal) -> list[str]:
    """Return what a file looks like, what is sure, what has to be asked and what is not used, one line each."""
    look, reading = proposal.look, proposal.look.reading
    form = {
        "visits": "one row a visit",
        "courses": "one row a patient",
        "events": "one row an event",
        "diary": "a diary",
    }
    shape = [f"{form.get(proposal.rows, 'rows of an unknown kind')} ({proposal.rows_remark.removeprefix('sure: ')})"]
    if reading.form == "csv":
        shape.append(f"{_separator(reading)}s as separators")
    shape.append(f"decimal {'comma' if reading.decimal_comma else 'point'}")
    shape.append(f"dates {'to ask' if 'dates' in look.asks else reading.date_order}")
    if reading.header_row > 1:
        shape.append(f"column names in row {reading.header_row}")
    sure, asked, unused = [], [], []
    for column in proposal.columns:
        if _asks(column.keys):
            asked.append(f"{column.name}: {column.remark}" if column.remark else column.name)
        elif column.role == NOT_USED:
            unused.append(column.name)
        else:
            unit = f" ({column.keys['unit']})" if "unit" in column.keys else ""
            sure.append((column.name if column.name == column.role else f"{column.name} is {column.role}") + unit)
    for visit in proposal.visits:
        place = str(visit.keys["score"]) if proposal.rows == "courses" else visit.code or "(empty)"
        if _asks(visit.keys):
            asked.append(f"{place}: {visit.remark}")
        else:
            week = f", week {visit.keys['planned_week']}" if "planned_week" in visit.keys else ""
            sure.append(f"{place} is {visit.keys['visit']}{week}")
    if _asks(proposal.scores):
        asked.append(f"scores: {proposal.scores_remark}")
    asked += look.asks.values()
    if proposal.diagnosis:
        asked.append(f"{proposal.diagnosis}: which values are CRPS? {proposal.diagnoses}")
    asked.append("day of the export?")
    lines = [f"It looks like: {'; '.join(shape)}."]
    lines += [f"  sure     {listed(sure, 20)}"] if sure else []
    lines += [f"  to ask   {question}" for question in asked]
    lines += [f"  not used {listed(unused, 20)}"] if unused else []
    return lines


def _or_ask(look: FirstLook, key: str, value: str) -> tuple[str, object, str]:
    """Return a key of `read` with its value and remark; ASK and the question where the file does not settle it."""
    return key, ASK if key in look.asks else value, look.asks.get(key, "")


def _separator(reading: Reading) -> str:
    return next(word for word, sign in SEPARATORS.items() if sign == reading.separator)


def _asks(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_asks, value.values()))
    return value == ASK


def _diary_lines() -> list[str]:
    second = {"file": ASK, "patient_id": ASK, "start_of_infusion": ASK, "end_of_infusion": ASK}
    windows = [
        {"visit": "baseline", "days_before_start": ASK, "least_days": ASK},
        {"visit": "end_of_infusion", "days_after_end": ASK, "least_days": ASK},
        {"visit": "follow_up", "days_after_end": ASK, "planned_week": ASK, "least_days": ASK},
    ]
    lines = [
        _line(
            f"second_file: {_flow(second)}", "the infusions, in a table beside the diary: file and names of its columns"
        )
    ]
    lines += ["windows:", *(f"  - {_flow(window)}" for window in windows)]
    lines[2] += "   # as in 7 to 1 before the start, 25 to 31 after the end"
    return lines


def _line(text: str, remark: str) -> str:
    return f"{text}   # {remark}" if remark else text


def _flow(value: object) -> str:
    """Return a value in YAML on one line; texts that YAML could read as another type are quoted."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(str(key))}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _key(str(value))


def _key(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else "'" + text.replace("'", "''") + "'"
