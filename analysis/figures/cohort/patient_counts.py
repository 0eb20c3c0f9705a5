"""Who is in which number, and the responders of 100 patients treated, as squares."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.cohort_wording import FEW_PATIENTS, RULE_WORDS, step_use, step_words, without_words
from analysis.evidence.rowwise import each, values
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import canvas, clinic_frame, draw_square, fitting
from analysis.figures.style import PHONE, SMALL, style, text_width, write
from analysis.outcomes.cohort.response import Response
from analysis.wording import number_of_weeks, out_of, percent_pair, series, span_words, upper_first

_STEP, _BAR = 38.0, 11.0
_SQUARE, _ACROSS = 7.8, 10
_PARTS = ("response", "no_response", "no_score", "not_expected", "no_baseline", "not_judged")
_FACES = {
    "response": {"facecolor": LIGHT["ketamine"]},
    "no_response": {"facecolor": LIGHT["band"]},
    "no_score": {"facecolor": LIGHT["ground"], "edgecolor": LIGHT["unknown"], "hatch": "////", "linewidth": 0.5},
    "not_expected": {"facecolor": LIGHT["grid"], "edgecolor": LIGHT["unknown"], "linewidth": 0.5},
    "no_baseline": {"facecolor": LIGHT["ground"], "edgecolor": LIGHT["unknown"], "linewidth": 0.5},
}
_FACES["not_judged"] = _FACES["no_score"]


def patient_count_bars(result: Response) -> Figure:
    """Return the numbers of patients behind every rate, from all treated to those with every score."""
    weeks, window = result.follow_up_weeks, result.window_weeks
    caption = (
        f"{upper_first(number_of_weeks(weeks))} later: the score nearest to week {weeks:g} at weeks "
        f"{span_words(max(weeks - window, 0), weeks + window)}. Duration is counted for "
        "the responders at the end of infusion."
    )
    steps = result.steps
    first, last = steps["n"].iloc[0], steps["n"].iloc[-1]
    known = pd.notna(last) and not steps["hidden"].iloc[-1]
    title = f"{last:,} of {first:,} have all three scores" if known else "Who is in which number"
    frame = clinic_frame("who-counts", caption, result, "rates", title=title)
    if steps["n"].isna().iloc[0] or not steps["n"].iloc[0]:
        return frame.empty("Too few patients to say who is in which number.")
    responders = _responders(result)
    data = steps.assign(responders=[responders.get(step, pd.NA) for step in steps["step"]])
    with style():
        picture = frame.sheet(_STEP * len(steps) - 2)
        ax, most = canvas(picture), int(steps["n"].iloc[0])
        for number, row in enumerate(each(data)):
            y = _STEP * number
            lost = without_words(row, result.min_cell, result.follow_up_planned)
            room = PHONE - text_width(lost, SMALL) - 8 if lost else PHONE
            heading = fitting(step_words(row.step, result.follow_up_weeks), room, SMALL, "bold")
            write(picture, 0, y + 5, heading, SMALL, weight="bold")
            write(picture, PHONE, y + 5, lost, SMALL, color=LIGHT["harm"], ha="right")
            ax.add_patch(Rectangle((0, y + 11), PHONE, _BAR, facecolor=LIGHT["grid"], linewidth=0))
            if row.hidden:
                continue
            width = PHONE * int(row.n) / most
            ax.add_patch(Rectangle((0, y + 11), width, _BAR, facecolor=LIGHT["ketamine"], linewidth=0))
            inside = width > 34
            look = {"color": LIGHT["ground" if inside else "ink"], "ha": "right" if inside else "left"}
            write(picture, width - 4 if inside else width + 4, y + 16.5, f"{row.n:,}", SMALL, weight="bold", **look)
            below = step_use(row.step)
            if pd.notna(row.responders):
                below = f"responders: {out_of(row.responders, row.n)}{possible(result, row.step)}"
            write(picture, 0, y + 28, below, SMALL, color=LIGHT["muted"])
        return frame.figure(picture, data, _counts_alt(data, result.follow_up_weeks))


def responder_squares(result: Response) -> Figure:
    """Return the responders of 100 patients treated at both visits, with those who have no score.

    With fewer than 20 patients a square is one patient.
    """
    data = treated_shares(result)
    total = int(data["patients"].iloc[0]) if len(data) else 0
    few = total < FEW_PATIENTS
    whole = total if few else 100
    drawn = data[data["squares"].ne(0).fillna(True)]
    unjudged = not set(drawn["part"]) <= {"response", "no_response"}
    left = " Rates among patients with a score leave out the hatched and empty ones." if unjudged else ""
    hidden = f" few: fewer than {result.min_cell} patients." if data["squares"].isna().any() else ""
    caption = f"A square is one patient{'' if few else f' in 100, of all {total:,}'}.{left}{hidden}"
    respond = dict(values(data[data["part"] == "response"], "visit", "squares"))
    said = {"end_of_infusion": "respond"} | ({"follow_up": "later"} if result.follow_up_planned else {})
    title = ", ".join(
        [f"Of {whole} patients treated", *(f"{respond[visit]} {said[visit]}" for visit in said if visit in respond)]
    )
    frame = clinic_frame("squares", caption, result, "rates", title=title)
    if not len(data):
        return frame.empty("Too few patients have a score to show how many responded.")
    visits = list(dict.fromkeys(data["visit"]))
    high = _SQUARE * -(-whole // _ACROSS)
    names = {
        "end_of_infusion": "End of infusion",
        "follow_up": f"{upper_first(number_of_weeks(result.follow_up_weeks))} later",
    }
    with style():
        parts = [part for part in _PARTS if part in {*_PARTS[:2], *drawn["part"]}]
        picture = frame.sheet(high + 32 + 13 * len(parts))
        ax = canvas(picture)
        for place, visit in enumerate(visits):
            left = 14 + 126 * place
            write(picture, left, 6, names[visit], SMALL, weight="bold")
            _squares(ax, data[data["visit"] == visit], whole, left, 14)
        y = high + 24
        for place, heading in enumerate(("at the end", f"{result.follow_up_weeks:g} weeks")[: len(visits)]):
            write(picture, 198 + 50 * place, y, heading, SMALL, color=LIGHT["muted"], ha="right")
        for number, part in enumerate(parts):
            row = y + 12 + 13 * number
            draw_square(picture, ax, 0, row, _part_words(part, result.rule), _FACES[part])
            for place, visit in enumerate(visits):
                count = data[(data["visit"] == visit) & (data["part"] == part)]["squares"].iloc[0]
                write(picture, 198 + 50 * place, row, _square_words(count), SMALL, weight="bold", ha="right")
        return frame.figure(picture, data, _squares_alt(drawn, names, result.rule, whole))


def treated_shares(result: Response) -> pd.DataFrame:
    """Return the parts of all patients treated at each visit, of 100: visit, part, n, patients, squares.

    Squares are rounded by largest remainders, so that they add up; below 20 patients they are patients. Where a part
    without a rate has fewer than `min_cell` patients, all these parts are one, `not_judged`; n and squares are missing
    if that is too few as well.
    """
    steps = result.steps.set_index("step")
    rates = result.rates[(result.rates["rule"] == result.rule) & (result.rates["handling"] == "complete_cases")]
    rows = []
    for rate in each(rates):
        if rate.hidden or pd.isna(rate.rate) or pd.isna(steps.loc["table", "n"]) or pd.isna(steps.loc["baseline", "n"]):
            continue
        everybody, judged = int(steps.loc["table", "n"]), int(steps.loc["baseline", "n"])
        later = 0 if rate.visit == "end_of_infusion" else steps.loc["follow_up", "not_expected"]
        then = int(rate.n)
        rest = [] if pd.isna(later) else [judged - then - int(later), int(later), everybody - judged]
        if not rest or any(0 < count < result.min_cell for count in rest):
            rest = [0, 0, 0, everybody - then]
        counts = [int(rate.responders), then - int(rate.responders), *rest, *[0] * (4 - len(rest))]
        squares = counts if everybody < FEW_PATIENTS else _of_hundred(counts)
        for part, count, square in zip(_PARTS, counts, squares, strict=True):
            hidden = part == "not_judged" and 0 < count < result.min_cell
            shown = {"n": pd.NA, "squares": pd.NA} if hidden else {"n": count, "squares": square}
            rows.append({"visit": rate.visit, "part": part, "patients": everybody} | shown)
    table = pd.DataFrame(rows, columns=["visit", "part", "n", "patients", "squares"])
    return table.astype({"n": "Int64", "squares": "Int64"})


def _of_hundred(counts: list[int]) -> list[int]:
    exact = [100 * count / sum(counts) for count in counts]
    floors = [int(share) for share in exact]
    for place in sorted(range(len(counts)), key=lambda one: floors[one] - exact[one])[: 100 - sum(floors)]:
        floors[place] += 1
    return floors


def possible(result: Response, visit: str) -> str:
    """Return the lowest and the highest number of responders of all who can be judged: `; of all 295, 164 to 174`."""
    rates = result.rates[(result.rates["rule"] == result.rule) & (result.rates["visit"] == visit)]
    by = {row.handling: row for row in each(rates) if not row.hidden}
    low, high = by.get("non_responder_imputation"), by.get("responder_imputation")
    if low is None or high is None or low.responders == high.responders:
        return ""
    if low.n < FEW_PATIENTS:
        return f"; of all {low.n}, {low.responders} to {high.responders}"
    return f"; of 100 of all {low.n:,}, {percent_pair(low.rate, high.rate)}"


def _squares(ax: Axes, data: pd.DataFrame, whole: int, left: float, top: float) -> None:
    unsaid = whole - int(data["squares"].sum())  # of the part with a hidden number
    parts = [part for row in each(data) for part in [row.part] * (unsaid if pd.isna(row.squares) else row.squares)]
    for number, part in enumerate(parts):
        row, column = divmod(number, _ACROSS)
        place = (left + _SQUARE * column, top + _SQUARE * row)
        size = _SQUARE - 1.2
        ax.add_patch(Rectangle(place, size, size, **({"linewidth": 0} | _FACES[part])))


def _part_words(part: str, rule: str) -> str:
    words = {
        "no_response": "it did not",
        "no_score": "no score then",
        "not_expected": "no visit planned, or not due",
        "no_baseline": "no score before: not judged",
        "not_judged": "not judged: no score, or none due",
    }
    return RULE_WORDS[rule] if part == "response" else words[part]


def _square_words(squares: Any) -> str:
    return "few" if pd.isna(squares) else f"{squares}"


def _responders(result: Response) -> dict[str, int]:
    rates = result.rates[(result.rates["rule"] == result.rule) & (result.rates["handling"] == "complete_cases")]
    return {row.visit: row.responders for row in each(rates) if not row.hidden}


def _counts_alt(data: pd.DataFrame, weeks: float) -> str:
    parts = [f"{step_words(row.step, weeks)}: {row.n:,}" for row in each(data) if not row.hidden]
    return f"Numbers of patients. {'; '.join(parts)}."


def _squares_alt(drawn: pd.DataFrame, names: dict[str, str], rule: str, whole: int) -> str:
    parts = []
    for visit, rows in drawn.groupby("visit", sort=False):
        counts = [f"{_square_words(row.squares)} {_part_words(row.part, rule)}" for row in each(rows)]
        parts.append(f"{names[visit]}: {series(counts)}")
    return f"Of {whole} patients treated. {'. '.join(parts)}."
