"""What each column of an unknown table surely is, and what has to be asked, with the reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from analysis.tabular.advice import names_nobody
from analysis.tabular.mapping.first_look import DAY, FirstLook
from analysis.tabular.mapping.heading_words import (
    heading_role,
    heading_units,
    is_date_heading,
    is_diagnosis_heading,
    is_free_text_heading,
    is_repeat_heading,
    is_score_heading,
    plain_heading,
    says_millimetres,
    visit_meaning,
    word_meanings,
)
from analysis.tabular.mapping.map_keys import ASK, NOT_USED
from analysis.tabular.mapping.mapped_cells import FREQUENT
from analysis.tabular.problems import listed
from analysis.tabular.schema import Field, TableSchema
from analysis.wording import counted

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_TIME_FROM_END = re.compile(r"(days?|weeks?|months?)_(?:from|since|after)_end(?:_of_infusion)?")
_COUNTED_FROM = {"from", "since", "after", "nach", "seit", "na", "sinds", "apres", "depuis", "despues", "desde"}
_MEANINGS = {
    "average": "avg average mean gemiddeld mittel moyenne medio",
    "worst": "worst max ergste staerkste pire peor",
    "least": "least min minste geringste moindre menor",
}
_CHANGE = "change verschil differenz difference delta diff veraenderung verandering cambio"
_WEEKS = re.compile(
    r"(?:^|_)(?:week|wk|w|woche|semaine|semana)_?(\d+)(?:_|$)"
    r"|(?:^|_)(\d+)_?(?:weeks?|weken|wochen|semaines|semanas)(?:_|$)"
)


@dataclass
class ColumnGuess:
    """One line of `columns`: its keys in their order, and the remark behind it."""

    name: str
    keys: dict[str, object] = field(default_factory=dict)
    remark: str = ""

    @property
    def role(self) -> str:
        """The role, ASK or not_used."""
        return str(self.keys["is"])


def guess_columns(look: FirstLook, schema: TableSchema) -> list[ColumnGuess]:
    """Return a guess for each column: a role that heading and cells agree on, ASK, or not_used."""
    taken: set[str] = set()
    guesses = []
    for name in look.source.table.names:
        guess = _guess(look, name, schema)
        if guess.role in taken:
            guess = ColumnGuess(name, {"is": ASK}, f"{guess.role} is taken by another column: which one is it?")
        if guess.role not in (ASK, NOT_USED, "nrs", "date"):
            taken.add(guess.role)
        guesses.append(guess)
    return guesses


def visit_of(text: str) -> tuple[str, float | None, str]:
    """Return visit (or ASK), planned week and remark that a code or the end of a heading states."""
    plain, visit = plain_heading(text), visit_meaning(text)
    match = _WEEKS.search(plain)
    week = float(match[1] or match[2]) if match else 0
    timed = week or (heading_units(text) and re.search(r"[1-9]", plain))  # 1 month after the end of infusion
    if visit and not timed:
        return visit, None, ""
    if week and (not visit or (visit == "end_of_infusion" and _COUNTED_FROM & set(plain.split("_")))):
        return "follow_up", week, ""
    return (
        ASK,
        None,
        "baseline, end_of_infusion, or follow_up with planned_week: which, and how many weeks after the infusion?",
    )


def score_meaning(name: str) -> str:
    """Return average, worst or least if a heading says so, else not_stated."""
    words = set(plain_heading(name).split("_"))
    return next((meaning for meaning, forms in _MEANINGS.items() if words & set(forms.split())), "not_stated")


def numbers_of(look: FirstLook, name: str) -> Counter[float]:
    """Return how often each number occurs in a column."""
    column = look.source.table[name]
    counts: Counter[float] = Counter()
    words = column.words.to_pylist()
    for code, count in Counter(column.codes.tolist()).items():
        if _NUMBER.fullmatch(words[code].strip()):
            counts[float(words[code].strip().replace(",", "."))] += count
    return counts


def scale_of(look: FirstLook, name: str) -> tuple[str, object, str]:
    """Return scale, missing codes and remark of a score column; ASK where the cells do not settle them."""
    limits = look.source.limits.get(name)
    if limits in ((0, 10), (0, 100)):
        missing, remark = missing_of(look, name, *limits)
        return f"0 to {limits[1]:g}", missing, f"{remark}; limits of the dictionary"
    declared = look.source.declared_missing.get(name, ())
    other = (value for value in numbers_of(look, name) if f"{value:g}" not in declared)
    hundred = any(10 < value <= 100 and value not in (77, 88, 99) for value in other)
    missing, remark = missing_of(look, name, 0, 100 if hundred else 10)
    if hundred or says_millimetres(name) or says_millimetres(look.file):
        return ASK, missing, f"{remark}; 0 to 10, or 0 to 100 (mm)?"
    return "0 to 10", missing, remark


def missing_of(look: FirstLook, name: str, low: float, high: float) -> tuple[object, str]:
    """Return the missing codes of a column of numbers, ASK where only the clinic knows, and a remark on its cells."""
    declared = look.source.declared_missing.get(name, frozenset())
    words = [word for word in other_words(look, name) if word not in declared and not DAY.fullmatch(word)]
    counts = {value: count for value, count in numbers_of(look, name).items() if f"{value:g}" not in declared}
    inside = [value for value in counts if low <= value <= high]
    remark = counted(sum(counts[value] for value in inside), "number")
    remark += f", {min(inside):g} to {max(inside):g}" if inside else ""
    odd = [f"{value:g}" for value in counts if value not in inside] + words
    if odd:
        return ASK, f"{remark}; does {' or '.join(odd[:4])} mean “not answered”? Then [{', '.join(odd[:4])}]"
    return sorted(declared), remark


def other_words(look: FirstLook, name: str, expected: re.Pattern[str] = _NUMBER) -> list[str]:
    """Return the texts of a column that are not as expected and that name nobody, such as n/a."""
    column = look.source.table[name]
    words = [word.strip() for word in column.words.to_pylist()]
    counts = ((words[code], count) for code, count in Counter(column.codes.tolist()).items())
    other = [(word, count) for word, count in counts if word and not expected.fullmatch(word)]
    # a digit may be a value, as in 7-8 or <1
    return [word for word, count in other if count >= FREQUENT or (names_nobody(word) and not re.search(r"\d", word))]


def first_sentence(entry: Field) -> str:
    """Return what the format says about a column: what is measured, from which to which value."""
    return entry.description.split(". ")[0].rstrip(".")


def frequent_values(look: FirstLook, name: str) -> str:
    """Return the values of a column and their numbers of rows, without rare ones, which may be about one person."""
    counts = Counter(text.strip() or "(empty)" for text in look.source.table[name].texts()).most_common()
    frequent = [f"{text}: {count}" for text, count in counts if count >= FREQUENT]
    rare = f" and {len(counts) - len(frequent)} rarer" if len(frequent) < len(counts) else ""
    return f"{listed(frequent) or 'none'}{rare}"


def _guess(look: FirstLook, name: str, schema: TableSchema) -> ColumnGuess:
    column = look.source.table[name]
    plain = plain_heading(name)
    of_format = plain if plain in schema.names else None
    role = heading_role(name) or heading_role(look.source.labels.get(name, "")) or of_format
    filled = int((~column.empty()).sum())
    if not filled:
        return ColumnGuess(name, {"is": NOT_USED, "must_be": "empty"}, "empty")
    if is_free_text_heading(name):
        return ColumnGuess(name, {"is": NOT_USED, "why": "free text may name a person"})
    if is_repeat_heading(name):
        remark = "repeated forms: visit, if they are the visits or events of the patient; else not_used"
        return ColumnGuess(name, {"is": ASK}, remark)
    if plain.endswith("_complete") or re.fullmatch(r".*___\d+", name) or is_diagnosis_heading(name):
        return ColumnGuess(name, {"is": NOT_USED})
    if match := _TIME_FROM_END.fullmatch(plain):
        unit = match[1].rstrip("s") + "s"
        return ColumnGuess(name, {"is": "weeks_from_end", "unit": unit}, f"sure: the heading says {unit} from the end")
    if heading_units(name) and _COUNTED_FROM & set(plain.split("_")) and role is None and not is_score_heading(name):
        return ColumnGuess(
            name, {"is": ASK, "unit": ASK}, "counted from what, in which unit? Only the end of infusion counts"
        )
    if role in ("age", "disease_duration_years"):
        return _duration(look, name, role)
    if role == "date" or (is_date_heading(f"{name} {look.source.labels.get(name, '')}") and role != "birth_date"):
        words = other_words(look, name, DAY)
        remark = f"does {' or '.join(words[:4])} mean “no date”?" if words else ""
        return ColumnGuess(name, {"is": "date"} | ({"missing": ASK} if words else {}), remark)
    if role in ("patient_id", "visit", "site", "birth_date", "course"):
        distinct = len({word for word in column.words.to_pylist() if word.strip()})
        why = f"sure: {counted(distinct, 'different value')} in {counted(filled, 'row')}"
        return ColumnGuess(name, {"is": role}, why if role == "patient_id" else "")
    if role in (None, "nrs") and (is_score_heading(name) or is_score_heading(look.source.labels.get(name, ""))):
        if set(plain.split("_")) & set(_CHANGE.split()):
            return ColumnGuess(name, {"is": NOT_USED}, "a change is no score; the score itself is needed")
        return ColumnGuess(name, {"is": "nrs", "meaning": score_meaning(name)})
    if role and schema[role].enum:
        return _words(look, name, schema[role])
    if role and schema[role].type == "string":
        return ColumnGuess(name, {"is": role}, first_sentence(schema[role]))
    if role:
        missing, remark = missing_of(look, name, schema[role].minimum, schema[role].maximum)
        keys = {"is": role} | ({"missing": missing} if missing else {})
        return ColumnGuess(name, keys, f"{remark}; {first_sentence(schema[role])}")
    return ColumnGuess(name, {"is": NOT_USED})


def _words(look: FirstLook, name: str, entry: Field) -> ColumnGuess:
    """Return the guess for a column of words of the format, or of codes for them."""
    codes = _codes(look, name)
    labels = look.source.value_labels.get(name, {})
    said = word_meanings(entry.name, (labels.get(code, code) for code in codes), name)
    said |= {word: word for word in entry.enum}
    meanings = {code: said[labels.get(code, code)] for code in codes}
    if len(codes) > max(8, 3 * len(entry.enum)):  # a map would list them, whatever they are
        return ColumnGuess(name, {"is": ASK}, f"{entry.name}, or not_used? It has {len(codes)} different values")
    if all(code == word for code, word in meanings.items()):
        return ColumnGuess(name, {"is": entry.name}, "sure")
    if all(meanings.values()):
        return ColumnGuess(name, {"is": entry.name, "codes": meanings}, f"sure: {'labels' if labels else 'words'}")
    asked = {code: word or ASK for code, word in meanings.items()}
    return ColumnGuess(name, {"is": entry.name, "codes": asked}, f"which is each? {listed(entry.enum)}")


def _duration(look: FirstLook, name: str, role: str) -> ColumnGuess:
    units = heading_units(name)
    numbers = numbers_of(look, name)
    filled = int((~look.source.table[name].empty()).sum())
    if sum(numbers.values()) * 2 < filled:
        return ColumnGuess(name, {"is": ASK}, f"the cells are no numbers: {role}, birth_date or not_used?")
    if role == "age" and not units:
        return ColumnGuess(name, {"is": "age"}, f"{min(numbers):g} to {max(numbers):g}")
    unit = units[0] if len(units) == 1 else ASK
    return ColumnGuess(name, {"is": role, "unit": unit}, "" if unit != ASK else "days, weeks, months or years?")


def _codes(look: FirstLook, name: str) -> list[str]:
    """Return the different texts of a column, in order."""
    return sorted({word.strip() for word in look.source.table[name].words.to_pylist() if word.strip()})
