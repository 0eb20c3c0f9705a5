"""The page of one patient: local, opt-in, and in no batch, index, manifest, cache or repository."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort_wording import group_name
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.one_patient import NOT_SEEN, SCORED, WITHOUT_SCORE, OnePatient, one_patient
from analysis.reporting import Refused
from analysis.reporting.page.html import escaping_templates, with_fonts
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.private_folder import write_for_user
from analysis.wording import half_up, number_text, series, upper_first

_PAGE = "patient.html"
_WIDE, _LEFT, _TOP, _HIGH = 250.0, 34.0, 14.0, 148.0
_SEX = {"female": "Woman", "male": "Man"}
_NUMBERS = ("one course", "two courses", "three courses", "four courses", "five courses")


def check_patient_folder(folder: Path) -> Path:
    """Return the absolute folder. Raises Refused for one below a git work tree or with the reports of a batch."""
    folder = folder.expanduser().resolve()
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            raise Refused([f"{folder} is below the git work tree {parent}. Choose a folder outside it, for --out."])
        if (parent / "manifest.json").exists():
            raise Refused([f"{parent} holds the reports of a batch. Choose another folder for --out."])
    return folder


def write_patient_page(cohort: Cohort, number: int, code: str, folder: Path) -> Path:
    """Write the page, readable by this user alone; return its path. Raises Refused and OSError."""
    path = check_patient_folder(folder) / _PAGE
    write_for_user(path, patient_html(cohort, one_patient(cohort, number), code).encode())
    return path


def patient_html(cohort: Cohort, patient: OnePatient, code: str) -> str:
    """Return the page. code: the patient's identifier, for its heading."""
    courses = [_course(patient, row) for row in patient.courses.itertuples()]
    return with_fonts(
        escaping_templates(TEMPLATE)
        .get_template("patient.html.j2")
        .render(
            code=code,
            count=_NUMBERS[len(courses) - 1] if len(courses) <= len(_NUMBERS) else f"{len(courses)} courses",
            about=_about(cohort, patient),
            courses=courses,
            strip=_strip(patient),
            rows=_rows(patient),
            threshold=half_up(patient.threshold_percent),
            band=f"{patient.band['n'].min()} to {patient.band['n'].max()} patients" if len(patient.band) else "",
            notes=_notes(patient, courses),
            ask=_ask(patient),
            file=cohort.file,
            mapped=cohort.mapping is not None,
        )
    )


def _about(cohort: Cohort, patient: OnePatient) -> str:
    first, last = patient.courses.iloc[0], patient.visits["date"].max()
    age = f"{half_up(first['age'])} at the first course" if pd.notna(first["age"]) else ""
    parts = [", ".join(filter(None, (_SEX.get(first["sex"], ""), age)))]
    parts += [group_name(first[name]) for name in ("site", "regimen_class") if pd.notna(first[name])]
    parts += [f"last visit in the table {_day(last)}"] if pd.notna(last) else []
    parts += ["check the name yourself: the table holds none"]
    parts += ["synthetic: this patient is invented"] if cohort.synthetic else []
    return " · ".join(filter(None, parts))


def _day(date: pd.Timestamp) -> str:
    return f"{date.day} {date:%B %Y}"


def _course(patient: OnePatient, row: Any) -> dict[str, Any]:
    visits = patient.visits[patient.visits["course"] == row.course]
    return {"number": int(row.course), "heading": upper_first(_answer(visits)), **_chart(patient, visits)}


def _answer(visits: pd.DataFrame) -> str:
    """Return what became of the benefit: `response for 8 to 12 weeks`."""
    scored = visits[(visits["state"] == SCORED) & visits["fall"].notna()]
    end, later = scored[scored["weeks"] == 0], scored[scored["weeks"] > 0]
    if end.empty:
        return "response at the end not known"
    if not end["responds"].iloc[0]:
        return "no response"
    lost = later[~later["responds"]]
    if lost.empty:
        return f"response to week {number_text(later['weeks'].max())}" if len(later) else "response, then not seen"
    upper = lost["weeks"].iloc[0]
    lower = later.loc[later["weeks"] < upper, "weeks"].max()
    return (
        f"response under {number_text(upper)} weeks"
        if np.isnan(lower)
        else (f"response for {number_text(lower)} to {number_text(upper)} weeks")
    )


def _chart(patient: OnePatient, visits: pd.DataFrame) -> dict[str, Any]:
    """Return the places of a course's points, band and ticks, in the units of the drawing."""
    last = max(float(visits["weeks"].max()), 1.0)

    def x(weeks: float) -> float:
        return _LEFT if np.isnan(weeks) else _LEFT + 22 + (_WIDE - _LEFT - 34) * (weeks / last) ** 0.5

    def y(score: float) -> float:
        return _TOP + _HIGH * (1 - score / 10)

    points = [
        {"x": x(v.weeks), "y": y(v.nrs), "text": number_text(v.nrs), "above": v.nrs < 9.5, "position": v.position}
        for v in visits.itertuples()
        if v.state == SCORED
    ]
    lines = [(a, b) for a, b in itertools.pairwise(points) if b["position"] == a["position"] + 1]
    missing = [
        {"x": x(v.weeks), "text": "?" if v.state == WITHOUT_SCORE else "–"}
        for v in visits.itertuples()
        if v.state != SCORED
    ]
    band = [(x(b.weeks), y(b.q1), y(b.q3)) for b in patient.band.itertuples()]
    outline = [(px, top) for px, _, top in band] + [(px, low) for px, low, _ in reversed(band)]
    start = visits.loc[visits["weeks"].isna(), "nrs"]
    level = None if start.isna().all() else y(float(start.iloc[0]) * (1 - patient.threshold_percent / 100))
    alt = ", ".join(f"{number_text(v.nrs) if v.state == SCORED else v.state} at {v.label}" for v in visits.itertuples())
    ticks, free = [], -np.inf
    for week in visits.loc[visits["weeks"] > 0, "weeks"]:
        if x(week) - free >= 18:
            ticks.append({"x": x(week), "text": number_text(week)})
            free = x(week)
    return {
        "points": points,
        "lines": lines,
        "missing": missing,
        "band": " ".join(f"{px:.1f},{py:.1f}" for px, py in outline),
        "level": level,
        "ticks": ticks,
        "scale": [{"y": y(score), "text": str(score)} for score in range(0, 11, 2)],
        "alt": f"Pain: {alt}",
        "before": x(np.nan),
        "end": x(0.0),
    }


def _strip(patient: OnePatient) -> dict[str, Any]:
    """Return the courses along the calendar; empty without dates."""
    spans = patient.visits.groupby("course")["date"].agg(["min", "max"]).dropna()
    if spans.empty:
        return {}
    first, last = spans["min"].min().year, spans["max"].max().year + 1
    begin, total = pd.Timestamp(first, 1, 1), (pd.Timestamp(last, 1, 1) - pd.Timestamp(first, 1, 1)).days

    def share(date: pd.Timestamp) -> float:
        return round(100 * (date - begin).days / total, 1)

    return {
        "courses": [
            {"left": share(row.min), "wide": max(share(row.max) - share(row.min), 0.6), "text": f"{n}. {row.min:%b %Y}"}
            for n, row in zip(spans.index, spans.itertuples(), strict=True)
        ],
        "years": [{"left": share(pd.Timestamp(year, 1, 1)), "text": year} for year in range(first, last)],
    }


def _rows(patient: OnePatient) -> list[dict[str, Any]]:
    names = {0: "before", 1: "end"}
    rows = []
    for position, visits in patient.visits.groupby("position"):
        week = visits["weeks"].iloc[0]
        cells = [
            {
                "score": number_text(v.nrs) if v.state == SCORED else "",
                "state": v.state if v.state != SCORED else "",
                "change": _change(v.fall),
                "responds": bool(v.responds),
                "date": "" if pd.isna(v.date) else f"{v.date:%Y-%m-%d}",
            }
            for v in visits.itertuples()
        ]
        rows.append({"name": names[position] if position in names else f"{number_text(week)} weeks", "cells": cells})
    return rows


def _change(fall: float) -> str:
    if np.isnan(fall):
        return ""
    percent = half_up(abs(fall))
    return "the same" if percent == "0" else f"{percent}% {'less' if fall > 0 else 'more'}"


def _notes(patient: OnePatient, courses: list[dict[str, Any]]) -> list[str]:
    notes = []
    if np.isfinite(patient.chance):
        basis = "from repeated courses" if "repeated" in patient.chance_basis else "if scores have a reliability of 0.7"
        falls = []
        for course, visits in patient.visits.groupby("course"):
            scores = visits.set_index("position")["nrs"]
            size = scores.get(0, np.nan) - scores.get(1, np.nan)
            if size > 0:
                more = "more than that" if size > patient.chance else "not"
                falls.append(f"the fall of {number_text(size)} points in course {course} is {more}")
        told = f" {upper_first('; '.join(falls))}." if falls else ""
        notes.append(
            "In this clinic two scores of one patient differ by chance alone by up to about "
            f"{half_up(patient.chance, 1)} points ({basis}).{told}"
        )
    for course in courses:
        visits = patient.visits[patient.visits["course"] == course["number"]]
        after = visits[(visits["weeks"] > 0) & (visits["state"] == SCORED)]
        lost = after[~after["responds"]]
        again = after[after["responds"] & (after["weeks"] > lost["weeks"].min())] if len(lost) else lost
        if course["heading"].startswith("Response for") and len(again):
            weeks = series([number_text(week) for week in again["weeks"]])
            notes.append(f"Course {course['number']}: at week {weeks} the score met the rule again.")
    notes.append("Earlier courses can't say whether another one will help.")
    return notes


def _ask(patient: OnePatient) -> list[str]:
    asked = []
    for course, visits in patient.visits.groupby("course"):
        gaps = [
            f"no visit at {v.label}" if v.state == NOT_SEEN else f"no score at {v.label}"
            for v in visits.itertuples()
            if v.state != SCORED
        ]
        asked += [f"Course {course}: {series(gaps)}."] if gaps else []
    asked.append("Not on this page: dose, opioids, side effects, function, the patient’s own judgement of change.")
    asked += ["Why was the next course given? The table does not say."] if len(patient.courses) > 1 else []
    return asked
