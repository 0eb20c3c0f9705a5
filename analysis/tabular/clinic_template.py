"""An empty workbook for a clinic's patients, made from the dictionary: lists, limits, identifiers as text."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime

from analysis.tabular.excel import TEMPLATE_GUIDE, TEMPLATE_PROPERTY, TEMPLATE_SHEET
from analysis.tabular.schema import Field, TableSchema

_ROWS = 5_000
_LONGEST_LIST = 255  # characters of a list that Excel accepts in a validation
_EPOCH = (1980, 1, 1, 0, 0, 0)


def template_workbook(schema: TableSchema) -> bytes:
    """Return the workbook; the same dictionary gives the same bytes.

    Only the sheet Patients of the filled workbook is read: a custom document property marks it.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.properties.creator, book.properties.created = "ketamine-crps", datetime(2026, 1, 1)
    book.properties.modified = datetime(2026, 1, 1)
    book.custom_doc_props.append(StringProperty(name=TEMPLATE_PROPERTY, value="1"))
    patients = book.active
    patients.title = TEMPLATE_SHEET
    fields = [field for field in schema.fields if field.name != "course"]  # it would have to be filled in each row
    patients.append([field.name for field in fields])
    patients.freeze_panes = "B2"
    for place, field in enumerate(fields, start=1):
        letter = get_column_letter(place)
        patients[f"{letter}1"].font = Font(bold=True)
        patients.column_dimensions[letter].width = max(12, len(field.name) + 3)
        number_format = {"string": "@", "date": "yyyy-mm-dd"}.get(field.type, "General")
        patients.column_dimensions[letter].number_format = number_format
        for row in range(2, 202):
            patients[f"{letter}{row}"].number_format = number_format
        rule = _validation(field)
        if rule is not None:
            patients.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{_ROWS}")
    guide = book.create_sheet(TEMPLATE_GUIDE)
    guide.append(["One row a visit. An empty cell means that the value is missing. Only the sheet Patients is read."])
    guide.append(["Delete columns that you do not use, except patient_id, visit, weeks_from_end and nrs."])
    guide.append(["A patient treated again: add the column course, with 1, 2, … in every row."])
    guide.append([])
    guide.append(["column", "content", "unit", "needed"])
    for field in fields:
        guide.append([field.name, field.description, field.unit, "" if field.optional else "yes"])
    for letter, width in (("A", 26), ("B", 100), ("C", 12), ("D", 8)):
        guide.column_dimensions[letter].width = width
    for cell in guide["B"]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    out = io.BytesIO()
    book.save(out)
    return _same_bytes(out.getvalue())


def _validation(field: Field):
    from openpyxl.worksheet.datavalidation import DataValidation

    shown = {"showErrorMessage": True, "allow_blank": True, "errorTitle": field.title[:32]}
    listed = f'"{",".join(field.enum)}"'
    if field.enum and len(listed) <= _LONGEST_LIST:
        return DataValidation("list", formula1=listed, error="Choose a word of the list", **shown)
    if field.type in ("number", "integer") and field.minimum is not None:
        kind = "decimal" if field.type == "number" else "whole"
        error = f"{field.minimum:g} to {field.maximum:g} {field.unit}"
        limits = {"formula1": f"{field.minimum:g}", "formula2": f"{field.maximum:g}"}
        return DataValidation(kind, operator="between", error=error, **limits, **shown)
    if field.type == "date":
        low, high = (f"{(limit - date(1899, 12, 30)).days}" for limit in (field.minimum, field.maximum))
        error = "A day, as in 2024-03-05"
        return DataValidation("date", operator="between", formula1=low, formula2=high, error=error, **shown)
    return None


def _same_bytes(content: bytes) -> bytes:
    """Return the archive without the time at which it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-01-01T00:00:00Z", old.read(name))
            new.writestr(zipfile.ZipInfo(name, _EPOCH), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
