"""Advice never changes the meaning of a number: who follows it word for word gets no other numbers without a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cohort_files import LONG, WIDE, without, write

from analysis.outcomes import cohort
from analysis.tabular.problems import DataError

RENAMED = [
    *(("nrs", name) for name in ("nrs_worst", "nrs_least", "nrs_change", "vas", "vas_mm", "nrs_max", "NRS")),
    *(("weeks_from_end", name) for name in ("days_from_end", "day_from_end", "months_from_end", "weeks_from_start")),
    *(("weeks_from_end", name) for name in ("week_from_end", "weeks_from_begin", "weeks")),
    *(("age", name) for name in ("age_months", "age_at_diagnosis")),
    *(("nrs_week_4", name) for name in ("nrs_day_4", "nrs_month_4", "nrs_fu4", "nrs_t4", "nrs_worst_week_4")),
    *(("nrs_end_of_infusion", name) for name in ("nrs_start_of_infusion", "nrs_end_of_study", "vas_end_of_infusion")),
]
CONVERTED = [("nrs", lambda x: f"{x}0"), ("nrs", lambda x: f"{x}/10"), ("nrs", lambda x: f"{x}0%")]
CONVERTED += [("nrs", lambda x: f"{x} mm"), ("nrs", lambda x: f"{x}-9"), ("nrs", lambda x: f"<{x}")]
CONVERTED += [("weeks_from_end", lambda x: f"{7 * int(x)} days" if x.isdigit() and x != "0" else x)]


def followed(lines: list[str], problems) -> list[str]:
    """Return the lines after following the advice: names and values that it says to write, whatever their condition."""
    header, *rows = [line.split(",") for line in lines]
    for problem in problems.itertuples():
        if (
            match := re.search(r"name (\S+) like this|rename (\S+) to (\S+)|write (\w+), if that", problem.advice)
        ) and (named := match[1] or match[2] or match[4]) in header:
            header[header.index(named)] = match[3] or problem.column
        if (match := re.match(r"write “?([\d.]+)”?", problem.advice)) and str(problem.row) != "<NA>":
            rows[problem.row - 2][header.index(problem.column)] = match[1]
    return [",".join(row) for row in [header, *rows]]


def outcome(path: Path) -> tuple[object, int]:
    """Return the scores and weeks of a file (None if it is refused), and its number of warnings about them."""
    try:
        found = cohort.load(path)
    except DataError:
        return None, 0
    told = found.warnings["column"].isin(["nrs", "weeks_from_end", ""]).sum()
    return found.visits[["nrs", "weeks"]].fillna(-1).round(6).values.tolist(), int(told)


def follow_until_it_is_valid(folder: Path, lines: list[str]) -> tuple[object, int]:
    for _ in range(3):
        path = write(folder, lines)
        try:
            cohort.load(path)
        except DataError as error:
            lines = followed(lines, error.problems)
        else:
            break
    return outcome(path)


@pytest.mark.slow
@pytest.mark.parametrize(("column", "name"), RENAMED)
def test_no_advice_takes_a_column_for_another(tmp_path, column, name):
    lines = next(lines for lines in (LONG, WIDE) if column in lines[0].split(","))
    lines = without(lines, "date")
    right = outcome(write(tmp_path, lines))[0]
    other = ["nrs", "nrs_week_4", "weeks_from_end", "age", "nrs_end_of_infusion"]
    assert right is not None and column in other
    header = [name if word == column else word for word in lines[0].split(",")]
    found, told = follow_until_it_is_valid(tmp_path, [",".join(header), *lines[1:]])
    unused = name not in ("NRS", "week_from_end")  # these alone differ in spelling, not in meaning
    assert found is None or told or not unused, f"{name} was taken for {column}"


@pytest.mark.parametrize(("column", "convert"), CONVERTED)
def test_no_advice_changes_the_value_of_a_number(tmp_path, column, convert):
    lines = without(LONG, "date")
    right, known = outcome(write(tmp_path, lines))
    place = lines[0].split(",").index(column)
    rows = [line.split(",") for line in lines[1:]]
    rows = [[convert(cell) if i == place and cell else cell for i, cell in enumerate(row)] for row in rows]
    found, told = follow_until_it_is_valid(tmp_path, [lines[0], *map(",".join, rows)])
    assert found is None or found == right or told > known


def test_advice_on_a_misspelt_name_is_followed(tmp_path):
    lines = without(LONG, "date")
    right = outcome(write(tmp_path, lines))
    assert (
        follow_until_it_is_valid(tmp_path, [lines[0].replace("weeks_from_end", "weeks_from_ned"), *lines[1:]]) == right
    )


def test_scores_in_millimetres_are_sent_to_a_map_not_to_empty_cells(tmp_path):
    names = "patient_id,nrs_baseline,nrs_end_of_infusion,nrs_week_4"
    rows = [f"P{n},{60 + n},{9 if n % 5 else 40},{80 if n < 3 else 4}" for n in range(30)]
    with pytest.raises(DataError) as error:
        cohort.load(write(tmp_path, "\n".join([names, *rows]) + "\n", "mm.csv"))
    found = error.value.problems.set_index("column")["advice"]
    assert found["nrs_baseline"].startswith("let a map convert them (scale: 0 to 100)")
    assert found[["nrs_week_4"]].str.startswith("look the value up").all(), "3 of 30 are no scale"
