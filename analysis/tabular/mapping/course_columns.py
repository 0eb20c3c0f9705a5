"""What describes a course (sex, age, site, regimen, treatment, harm) as texts of the long form."""

from __future__ import annotations

import numpy as np

from analysis.tabular.mapping.entries import Entries
from analysis.tabular.mapping.mapped_cells import MappedCells
from analysis.tabular.mapping.source_table import SHEET_SITE
from analysis.tabular.schema import TableSchema
from analysis.tabular.text_table import number_texts


def course_texts(cells: MappedCells, schema: TableSchema, entries: Entries) -> dict[str, list[str]]:
    """Return the texts of each column of level course, one for each entry; a birth date becomes the age."""
    use, table = cells.map, cells.source.table
    positions = entries.frame["row"].to_numpy(dtype=int)
    texts: dict[str, list[str]] = {}

    frame = entries.frame
    first_of_course = ~frame.duplicated(["patient", "course"]).to_numpy()

    def of_entries(words: list[str]) -> list[str]:
        stated = ["" if position < 0 else words[position] for position in positions]
        once = {line.patient: words[line.row] for line in entries.without_visit.itertuples() if words[line.row]}
        patients = zip(frame["patient"], first_of_course, stated, strict=True)
        return [text or (once.get(patient, "") if first else "") for patient, first, text in patients]

    for field in (field for field in schema.fields if field.level == "course"):
        column = use.role(field.name)
        if column is None:
            continue
        if field.type == "string":
            words = cells.words(column, field.enum)
        else:
            words = number_texts(cells.numbers(column, field))
        texts[field.name] = of_entries(words)
    if SHEET_SITE in table.names:
        texts["site"] = of_entries(table[SHEET_SITE].texts())
    birth = use.role("birth_date")
    if birth is not None:
        if "age" in texts:
            cells.problem(
                ("columns", birth.name), "age and birth_date are both in the map", "write not_used at one of them"
            )
        born = cells.days(birth.name, birth.missing, ("columns", birth.name))
        texts["age"] = _ages(cells, entries, born)
    for name, value in use.add.items():
        if name in texts:
            cells.problem(
                ("add", name), f"{name} is in the file too", "delete it under add:, or write not_used at the column"
            )
        if schema[name].enum and value not in schema[name].enum:
            cells.problem(("add", name), f"{name} is one of {', '.join(schema[name].enum)}", "write one of these")
        texts[name] = [value] * len(positions)
    return texts


def _ages(cells: MappedCells, entries: Entries, born: np.ndarray) -> list[str]:
    """Return the age in whole years at the first dated visit of the course; only the age is kept."""
    frame = entries.frame
    keys = list(zip(frame["patient"], frame["course"], strict=True))
    births = {
        patient: born[position]
        for patient, position in zip(frame["patient"], frame["row"], strict=True)
        if position >= 0 and not np.isnat(born[position])
    }
    described = entries.without_visit
    births |= {p: born[row] for p, row in zip(described["patient"], described["row"], strict=True)}
    begins: dict[tuple, np.datetime64] = {}
    for key, day in zip(keys, frame["date"].to_numpy("datetime64[D]"), strict=True):
        if not np.isnat(day):
            begins[key] = min(day, begins.get(key, day))
    ages = []
    for patient, course in keys:
        birth, begin = births.get(patient), begins.get((patient, course))
        ages.append("" if birth is None or begin is None else str(_whole_years(birth, begin)))
    if begins == {} and births:
        cells.problem(
            ("columns",),
            "an age from the birth date needs the date of a visit",
            "name a column that is date, or write not_used here",
        )
    return ages


def _whole_years(birth: np.datetime64, day: np.datetime64) -> int:
    one, other = birth.astype(object), day.astype(object)
    return other.year - one.year - ((other.month, other.day) < (one.month, one.day))
