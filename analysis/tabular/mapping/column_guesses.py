"""What each column of an unknown table surely is, and what has to be asked, with the reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from analysis.tabular.mapping.first_look import FirstLook
from analysis.tabular.mapping.heading_words import (
    heading_role,
    is_date_heading,
    is_diagnosis_heading,
    is_free_text_heading,
    is_score_heading,
    plain_heading,
    word_meaning,
)
from analysis.tabular.mapping.map_keys import ASK, NOT_USED
from analysis.tabular.schema import TableSchema
from analysis.wording import counted

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_TIME_FROM_END = re.compile(r"(days?|weeks?|months?)_(?:from|since|after)_end(?:_of_infusion)?")
_MEANINGS = {
    "average": "avg average mean gemiddeld mittel moyenne medio",
    "worst": "worst max ergste staerkste pire peor",
    "least": "least min minste geringste moindre menor",
}
_BEFORE = "t0 v0 bl baseline basislinie nulmeting intake voor vor vorher before avant antes ausgangswert"
_CHANGE = "change verschil differenz difference delta diff veraenderung verandering cambio"
_WEEKS = re.compile(
    r"(?:^|_)(?:week|wk|w|woche|semaine|semana)_?(\d+)(?:_|$)"
    r"|(?:^|_)(\d+)_?(?:weeks?|weken|wochen|semaines|semanas)(?:_|$)"
)
_UNIT_WORDS = {
    "months": "month months mo maand maanden monat monate monaten mois mes meses mnd",
    "years": "year years yr jaar jaren jahr jahre jahren an ans annees ano anos y j",
    "days": "day days dag dagen tag tage jours dias",
    "weeks": "week weeks weken woche wochen semaines semanas",
}


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
    plain = plain_heading(text)
    words = set(plain.split("_"))
    if words & set(_BEFORE.split()):
        return "baseline", None, ""
    if "end_of_infusion" in plain or "einde_infuus" in plain or "infusionsende" in plain or "eoi" in words:
        return "end_of_infusion", None, ""
    if match := _WEEKS.search(plain):
        week = float(match[1] or match[2])
        if week:
            return "follow_up", week, ""
    return (
        ASK,
        None,
        "baseline, end_of_infusion, or follow_up with planned_week: which, and how many weeks after the infusion?",
    )


def is_change(name: str) -> bool:
    """Return whether a heading announces a difference of scores rather than a score."""
    return bool(set(plain_heading(name).split("_")) & set(_CHANGE.split()))


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
    counts = numbers_of(look, name)
    declared = look.source.declared_missing.get(name, frozenset())
    above = [value for value in counts if 10 < value <= 100 and not _looks_like_code(value)]
    unlikely = [value for value in counts if value > 100 or value < 0 or (_looks_like_code(value) and not above)]
    codes = [value for value in unlikely if f"{value:g}" not in declared]
    texts = _other_words(look, name)
    words = set(plain_heading(name).split("_"))
    says_mm = bool(words & {"vas", "mm", "eva"})
    scale = "0 to 10"
    remark = f"{counted(sum(counts.values()), 'number')}, {min(counts):g} to {max(counts):g}" if counts else "no number"
    if says_mm or above:
        scale, remark = ASK, f"{remark}: 0 to 10, or 0 to 100 (mm)?"
    missing: object = sorted(declared)
    if codes or texts:
        listed = [f"{value:g}" for value in codes] + texts
        missing = ASK
        remark += f"; does {' or '.join(listed[:4])} mean “not answered”? Then [{', '.join(listed[:4])}]"
    return scale, missing, remark


def _looks_like_code(value: float) -> bool:
    return f"{abs(value):g}" in ("88", "99", "77", "888", "999", "777", "9999") or value < 0


def _other_words(look: FirstLook, name: str) -> list[str]:
    """Return the texts of a number column that several cells have and that are no numbers."""
    column = look.source.table[name]
    words = column.words.to_pylist()
    counts = Counter(column.codes.tolist())
    found = [words[code].strip() for code, count in counts.items() if count > 1 and words[code].strip()]
    return [word for word in found if not _NUMBER.fullmatch(word)]


def _guess(look: FirstLook, name: str, schema: TableSchema) -> ColumnGuess:
    column = look.source.table[name]
    plain, role = plain_heading(name), heading_role(name)
    filled = int((~column.empty()).sum())
    if not filled:
        return ColumnGuess(name, {"is": NOT_USED, "must_be": "empty"}, "empty")
    if is_free_text_heading(name):
        return ColumnGuess(name, {"is": NOT_USED, "why": "free text may name a person"})
    if plain.endswith("_complete") or re.fullmatch(r".*___\d+", name) or is_diagnosis_heading(name):
        return ColumnGuess(name, {"is": NOT_USED})
    if match := _TIME_FROM_END.fullmatch(plain):
        unit = match[1].rstrip("s") + "s"
        return ColumnGuess(name, {"is": "weeks_from_end", "unit": unit}, f"sure: the heading says {unit} from the end")
    if re.search(r"(days|weeks|months)_(from|since|after)", plain):
        return ColumnGuess(
            name, {"is": ASK, "unit": ASK}, "counted from what, in which unit? Only the end of infusion counts"
        )
    if role == "sex":
        return _sex(look, name)
    if role in ("age", "disease_duration_years"):
        return _duration(look, name, role)
    if role == "regimen_class":
        return ColumnGuess(
            name, {"is": role, "codes": _ask_codes(look, name, schema[role].enum)}, "which class is each?"
        )
    if role == "date" or (is_date_heading(name) and role != "birth_date"):
        return ColumnGuess(name, {"is": "date"})
    if role in ("patient_id", "visit", "site", "birth_date", "course"):
        distinct = len({word for word in column.words.to_pylist() if word.strip()})
        why = f"sure: {counted(distinct, 'different value')} in {counted(filled, 'row')}"
        return ColumnGuess(name, {"is": role}, why if role == "patient_id" else "")
    if is_score_heading(name):
        if is_change(name):
            return ColumnGuess(name, {"is": NOT_USED}, "a change is no score; the score itself is needed")
        return ColumnGuess(name, {"is": "nrs", "meaning": score_meaning(name)})
    if role is not None:
        return ColumnGuess(name, {"is": role}, f"range {schema[role].minimum:g} to {schema[role].maximum:g}")
    return ColumnGuess(name, {"is": NOT_USED})


def _sex(look: FirstLook, name: str) -> ColumnGuess:
    codes = _codes(look, name)
    labels = look.source.value_labels.get(name, {})
    meanings = {code: word_meaning("sex", labels.get(code, code)) for code in codes}
    if len(codes) > 8:
        return ColumnGuess(name, {"is": ASK}, "too many different values for a sex")
    if all(meanings.values()):
        if all(code == word for code, word in meanings.items()):
            return ColumnGuess(name, {"is": "sex"}, "sure")
        return ColumnGuess(
            name, {"is": "sex", "codes": meanings}, "sure: " + ("labels of the file" if labels else "words")
        )
    asked = {code: word or ASK for code, word in meanings.items()}
    return ColumnGuess(name, {"is": "sex", "codes": asked}, "numbers without labels: male, female or other?")


def _duration(look: FirstLook, name: str, role: str) -> ColumnGuess:
    words = set(re.split(r"[^a-z]+", name.lower()))
    units = [unit for unit, forms in _UNIT_WORDS.items() if words & set(forms.split())]
    numbers = numbers_of(look, name)
    filled = int((~look.source.table[name].empty()).sum())
    if sum(numbers.values()) * 2 < filled:
        return ColumnGuess(name, {"is": ASK}, f"the cells are no numbers: {role}, birth_date or not_used?")
    if role == "age":
        return ColumnGuess(name, {"is": "age"}, f"{min(numbers):g} to {max(numbers):g}")
    unit = units[0] if len(units) == 1 else ASK
    return ColumnGuess(name, {"is": role, "unit": unit}, "" if unit != ASK else "days, weeks, months or years?")


def _ask_codes(look: FirstLook, name: str, allowed: tuple[str, ...]) -> dict[str, str]:
    return {code: code if code in allowed else ASK for code in _codes(look, name)[:30]}


def _codes(look: FirstLook, name: str) -> list[str]:
    """Return the different texts of a column, in order."""
    return sorted({word.strip() for word in look.source.table[name].words.to_pylist() if word.strip()})
