"""Advice on how to correct the problems of a table, shared by the readers of evidence and cohorts.

Advice states the meaning of a column rather than rename a column or replace a value whose meaning could differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analysis.tabular.origin import Origin
from analysis.tabular.problems import listed, nearest, plain_name
from analysis.tabular.schema import Field

SAVE_AS_CSV = "in the spreadsheet choose Save as, “CSV UTF-8 (comma delimited)”"
SAVE_WORKBOOK_AGAIN = "open it in the spreadsheet and save it again as .xlsx without a password"
WRITE_PARQUET_AGAIN = "write the file again from its source, or save the table as CSV"
OLD_WORKBOOK = "save it as .xlsx without a password: this is the format of Excel before 2007, or it is encrypted"
DELETE_ROW = "delete this row"
DELETE_SPACES = "delete the spaces in it"
DELETE_SPACE = "delete the space"
DELETE_LINE = "delete this line; the separator is recognised without it"
REMOVE_LINE_BREAK = (
    "replace the line break (Alt+Enter in a spreadsheet) by a space or a semicolon; close the quotation mark"
)
CLOSE_QUOTATION = 'close it, or delete it; a quotation mark that belongs to the text is written twice: ""'
WRITE_CELL_AGAIN = "write the cell again, without the invisible character"
NAME_COLUMN = "delete the cells, or name the column"
ONE_OF_TWO_COLUMNS = "delete or rename one of the two columns"
WRITE_DECIMAL_POINT = "write all decimals with a point, as in 6.5"
LOOK_UP_DAY = "look the day up"
COMPUTE_FORMULA = "open the file in the spreadsheet and save it, or write the value"
UNMERGE_CELLS = "unmerge them (in Excel: Home, Merge & Center) and write the value into each cell"
ONE_SHEET = "save the sheet with the data as a file of its own, or let a map say what every sheet is (check --propose)"
SHOW_HIDDEN = "show them (clear the filter, or Unhide in the spreadsheet); delete what does not belong to the data"
SHOW_AS_NUMBER = "format the cells as plain numbers in the spreadsheet; then look whether the values are those meant"
CONVERT_SCALE = "let a map convert them (scale: 0 to 100); check --propose writes it"
KEEP_DIAGNOSES = "say in a map which values are CRPS (keep:); check --propose writes the map"
IDS_AS_TEXT = (
    "export the codes of the patients again from their source, as text with a letter before the number; removed digits "
    "are not in the file, so nobody can restore them here"
)
SPLIT_LONG_ROW = "look whether line ends are missing; save the table again, with one row per line"
WRITE_FEWER_COLUMNS = "write the file again with the columns of the format alone"
WRONG_COLUMN = "look whether the column contains what its name says; the first of these cells are listed"
SHORTEN_NAME = "give the column a short name"
SAVE_LARGE_WORKBOOK = "save the table as CSV or Parquet"
DELETE_COPY = "delete the row if it was copied by mistake, else give one of the two another name"
DELETE_COPY_OR_DISTINGUISH = (
    "delete the row if it was copied by mistake, else say in these columns how the two rows differ"
)

DELETE_ONE_FORM = "delete the columns of one of the two; data/cohorts/README.md shows both forms"

PLAIN_NUMBER = {"number": re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII), "integer": re.compile(r"[+-]?\d+", re.ASCII)}
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_MONTH = r"(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*\.?"
_DATE = re.compile(
    rf"\d{{1,2}}[-./ ]+({_MONTH}|\d{{1,2}})([-./ ]+\d{{2,4}})?|{_MONTH}[-./ ]\d{{1,4}}|\d{{4}}-\d\d-\d\d.*",
    re.IGNORECASE,
)
_NUMBER_BECAME_DATE = (
    "a spreadsheet may have turned the number into a date: format the cell as text and write the number again"
)
_OUT_OF_TEN = re.compile(r"(\d{1,2})\s*/\s*10")
_NUMBER_AND_WORDS = re.compile(r"([+-]?\d{1,15}(?:\.\d{1,15})?)\s*(?=/|%|[A-Za-z])")
_UNIT_OR_ERROR = re.compile(r"(mm|cm|mg|days?|weeks?|months?|years?)$|^#[A-Z\d/!?]+$")
NO_NUMBER = frozenset(
    ["na", "n/a", "n.a.", "nan", "none", "null", "-", "–", "?", ".", "nr", "not reported", "missing", "unknown"]
)
# Names that differ in one of these words measure different things, however similar their spelling.
_UNITS = frozenset("mm cm mg kg hour hours day days week weeks month months year years".split())
_SPELLING = 0.8


def write_number(text: str, field: Field, origin: Origin) -> str:
    """Return advice for a text that is not a number, or not a whole number."""
    bare = text.strip()
    whole = field.type == "integer"
    if PLAIN_NUMBER[field.type].fullmatch(bare):
        return f"delete the space before or after {bare}"
    if bare.lower() in NO_NUMBER:
        return f"leave the cell empty: an empty cell means {origin.empty_means}"
    if THOUSANDS.fullmatch(bare):
        point = bare.replace(",", ".")
        return f"write {bare.replace(',', '')} if the comma separates thousands, or {point} if it is a decimal comma"
    if DECIMAL_COMMA.fullmatch(bare):
        return _decimal_comma(bare.replace(",", "."), whole)
    if whole and re.fullmatch(r"[+-]?\d+\.0+", bare):
        return f"write {bare.split('.')[0]}"
    if re.fullmatch(r"[+-]?\d+\.\d+", bare):
        return "this column takes no decimals: look the number up"
    if bare.endswith("%"):
        unit = "" if field.unit == "percent" else f" if {field.name} is in percent, else look the number up"
        return f"write {bare[:-1].strip()} without the sign{unit}"
    if origin.private and is_vague_number(bare):
        return one_number(origin)
    if bare[0] in "<>=≤≥~":
        return "write the number alone; the sign before a P value has its own column, p_operator"
    if out_of_ten := _OUT_OF_TEN.fullmatch(bare):
        return f"write {out_of_ten[1]} alone if that is meant; {_NUMBER_BECAME_DATE}"
    if _DATE.fullmatch(bare):
        return _NUMBER_BECAME_DATE
    if re.fullmatch(r"[−–]\d+(\.\d+)?", bare):
        return f"write an ordinary minus sign: -{bare[1:]}"
    if bare.startswith("#"):
        return "a formula of the spreadsheet failed: write the number itself"
    if field.unit and any(unit not in field.unit for unit in _units(re.sub(r"[^a-z]+", "_", bare.lower()))):
        return f"write the number of {field.unit}; this cell names another unit"
    if match := _NUMBER_AND_WORDS.match(bare):
        unit = f" in {field.unit}" if field.unit else ""
        return f"write {match[1]} alone if that is the number{unit}{origin.remarks}"
    return f"write the number, or {origin.leave_empty}{origin.remarks}"


def names_nobody(text: str, allowed: Sequence[str] = ()) -> bool:
    """Return whether a refused cell can stand in a message: a number, a day, a word close to the allowed ones."""
    bare = text.strip()
    letters = re.findall(r"[^\W\d_]", _UNIT_OR_ERROR.sub("", bare))
    day = _DATE.fullmatch(bare) and not bare[:4].isdigit()
    return len(letters) <= 1 or bool(day) or bare.lower() in NO_NUMBER or nearest(bare, allowed) is not None


def is_vague_number(text: str) -> bool:
    """Return whether a text is a range or a bound, such as 7-8 or <1."""
    return text[0] in "<>=≤≥~" or bool(re.fullmatch(r"\d+\s*[-–]\s*\d+", text))


def one_number(origin: Origin) -> str:
    """Return advice for a range or a bound in a patient's cell."""
    return f"write one number, the one that the patient said, or {origin.leave_empty}; nobody else can choose it"


def _decimal_comma(point: str, whole: bool) -> str:
    if whole:
        return f"the comma is a decimal point ({point}), and this column takes no decimals: look the number up"
    return f"write {point} if that is meant: a spreadsheet with other regional settings writes a decimal comma"


def write_date(text: str) -> str:
    """Return advice for a text that is not a date written year-month-day."""
    ambiguous = re.search(r"\d[./]\d", text)
    return "write it in this form" + ("; decide which number is the day and which the month" if ambiguous else "")


def choose_word(word: str, allowed: Sequence[str], required: bool, origin: Origin) -> str:
    """Return advice for a word that is not one of a list."""
    begins = [other for other in allowed if plain_name(other).startswith(plain_name(word) + "_")]
    close = nearest(word, allowed) if not begins else begins[0] if len(begins) == 1 else None
    if close is not None:
        return f"write “{close}” if that is meant; allowed are {listed(allowed)}"
    return f"write one of {listed(begins or allowed)}" + ("" if required else f", or {origin.leave_empty}")


def fill_in_cell(field: Field, origin: Origin) -> str:
    """Return advice for an empty cell of a required column."""
    return f"{origin.fill_in} ({_meaning(field)})"


def look_up_value(field: Field, origin: Origin) -> str:
    """Return advice for a value below the minimum or above the maximum."""
    what_to_do = origin.look_up if field.required else origin.look_up_or_leave_empty
    return f"{what_to_do} ({_meaning(field)})"


def _meaning(field: Field) -> str:
    return field.description.rstrip(".")


def match_pattern(field: Field) -> str:
    """Return advice for a text that does not match the pattern of its column."""
    return f"write it in this form: {field.description}"


def missing_column(field: Field, names: Iterable[str], unknown: Iterable[str]) -> str:
    """Return advice for a missing column; `unknown` are the columns that are not in the dictionary."""
    close = misspelt(field.name, unknown)
    what_to_do = (
        f"name {close} like this if it contains" if close else "add it, or give this name to the column that contains"
    )
    return f"{what_to_do} exactly this: {_meaning(field)}. The file has {listed(names, 30)}"


def misspelt(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is probably a misspelling of `name` with the same unit, or None."""
    units = _units(name)
    return nearest(name, [candidate for candidate in candidates if _units(candidate) == units], _SPELLING)


def _units(name: str) -> set[str]:
    return _UNITS.intersection(plain_name(name).split("_"))


def foreign_key(value: str, known: Iterable[str], file: str) -> str:
    """Return advice for a value that is in no row of the table it refers to."""
    close = nearest(value, known)
    return f"add it to {file} first" + (f", or write “{close}” if that is meant" if close else "")


def row_width(cells: list[str], header: Sequence[str]) -> str:
    """Return advice for a row with more or fewer cells than the header."""
    if len(cells) > len(header):
        return (
            'a text with a comma needs quotation marks, as in "abstract, results"; decimals follow a point, as in 1.5; '
            "else delete the surplus cells"
        )
    last = header[len(cells) - 1]
    return f"add the missing cells; an empty one still needs its comma (the last one here is in the column {last})"


def rows_above_names(row: int) -> str:
    """Return advice for a table whose column names are in a later row."""
    return f"delete the rows above row {row}, where the names are"


def no_names(names: Sequence[str], origin: Origin) -> str:
    """Return advice for a table without column names."""
    return f"put this row above the data: {','.join(names)}{origin.guide}"


def later_score(names: Iterable[str]) -> str:
    """Return advice for a cohort file in the wide form without a score after the baseline."""
    return f"add nrs_end_of_infusion or nrs_week_4, …. The file has {listed(names, 30)}"


def add_score_column(name: str) -> str:
    """Return advice for an outcome of the wide form at a visit without a column of pain scores."""
    return f"add the column {name} with the pain scores of this visit; a cell is empty where the score is missing"


def name_visit(name: str) -> str:
    """Return advice for an outcome of the wide form whose name lacks the visit."""
    if name == "planned_week":
        return "delete the column: in the wide form the names of the score columns state the weeks"
    return f"name the visit at which it was measured: {name}_baseline, {name}_end_of_infusion or {name}_week_4, …"


def score_name(weeks: float | None, most_weeks: float) -> str:
    """Return advice for a column of the wide form whose name may mean a score; `weeks` from the name, if any."""
    if weeks == 0:
        return "name it nrs_end_of_infusion if it contains the score at the end of infusion"
    if weeks is not None and weeks <= most_weeks:
        return f"name it nrs_week_{weeks:g} if it contains the score {weeks:g} weeks after the end of infusion"
    return (
        "name it so if it contains such a score (nrs_week_4: 4 weeks after the end of infusion); "
        "if it contains something else, give it a name that does not begin with nrs"
    )


def missing_file(name: str, folder: str, similar: Sequence[str]) -> str:
    """Return advice for a missing file; `similar` are names of files that differ in capitals or ending."""
    if any(other.lower().endswith((".xlsx", ".xls", ".ods", ".numbers")) for other in similar):
        return f"{similar[0]} is in the folder: open it and {SAVE_AS_CSV}, with the name {name}"
    if similar:
        return f"{similar[0]} is in the folder: rename it to {name}"
    return f"put {name} back into {folder} (git checkout {name})"


def unlisted_file(dictionary: str, folder: str) -> str:
    """Return advice for a table that the dictionary does not list."""
    return f"describe it there ({dictionary}, under resources:), or move the file out of {folder}/"


def other_format(content_format: str, ending: str, origin: Origin) -> str:
    """Return advice for a file whose content does not agree with its ending."""
    if len(origin.endings) == 1:
        return f"open it in its program; {SAVE_AS_CSV}"
    if content_format == ".xlsx":
        return "if it is an Excel workbook, give it the ending .xlsx; else save it from its program as .xlsx or CSV"
    if content_format == ".parquet":
        return "give it the ending .parquet"
    if ending in (".xlsx", ".parquet"):
        return "if it is separated text, give it the ending .csv; else save it again from its program"
    return "save it from its program in one of these formats"
