"""Names of reports, which are the names of their folders: readable, and distinct on every file system."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from analysis.parameters import STRING_LIST, Notebook
from analysis.reporting.provenance import sha256, value_words

_MOST_BYTES, _MOST_VALUE_BYTES = 80, 48  # of a name, of one value in it
# Windows does not allow these as names of folders; it reads ¹ as 1
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
# letters and marks that show nothing: fillers, selectors of variants, the joiner of graphemes
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def folder_name(text: str) -> str:
    """Return the text as the name of a folder; empty if it has no letter or digit.

    Letters and digits of every script remain, in lower case and composed (NFC); hyphens stand between words. Other
    characters separate words, and those that show nothing (controls of direction, joiners) are left out.
    """
    shown = "".join(char for char in _INVISIBLE.sub("", text) if unicodedata.category(char) != "Cf")
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFC", shown).lower())
    kinds = ((char, unicodedata.category(char)[0]) for char in lower)
    words = "".join(char if kind in "LMN" else " " for char, kind in kinds).split(" ")
    # a mark needs a letter before it
    based = (itertools.dropwhile(lambda char: unicodedata.category(char)[0] == "M", word) for word in words)
    return "-".join(filter(None, map("".join, based)))


def name_problem(name: str) -> str:
    """Return why a text can't be the name of a report; empty if it can."""
    if not name or folder_name(name) != name:
        advice = f"; write {folder_name(name)!r}" if folder_name(name) else ""
        return f"only lower-case letters, digits and single hyphens{advice}."
    if len(name.encode()) > 2 * _MOST_BYTES:
        return f"longer than {2 * _MOST_BYTES} bytes; choose a shorter one."
    return "Windows does not allow a folder with this name; choose another." if _is_reserved(name) else ""


def _is_reserved(name: str) -> bool:
    return bool(_RESERVED.fullmatch(unicodedata.normalize("NFKC", name)))


def same_on_disk(name: str) -> str:
    """Return a text that is equal for names that some file system takes for the same folder."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def report_name(
    label: str, notebook: Notebook, overrides: dict[str, Any], always: tuple[str, ...] = (), more: Iterable[str] = ()
) -> str:
    """Return the name of the report's folder: label, values that differ from the defaults, more words.

    always: parameters whose value is named even if it is the default.
    """
    known = {parameter.name: parameter for parameter in notebook.parameters}
    words = [folder_name(label) or f"report-{_mark(label)}"]
    for key, value in overrides.items():
        if key == "title" or (value == notebook.defaults[key] and key not in always):
            continue
        text = Path(value).stem if key in notebook.files else value_words(value) or "all"
        word = folder_name(text) or _mark(text)
        words.append(word if known[key].type in ("str", STRING_LIST) and value else f"{folder_name(key)}-{word}")
    name = "-".join([*words, *more])
    if len(name.encode()) > _MOST_BYTES:
        return f"{_start(name, _MOST_BYTES - 9)}-{_mark(name)}"
    return f"{name}-report" if _is_reserved(name) else name


def _mark(text: str) -> str:
    return sha256(text.encode(errors="replace"))[:8]


def _start(name: str, most: int) -> str:
    return name.encode()[:most].decode(errors="ignore").rstrip("-")


def slugs(values: Iterable[str]) -> dict[str, str]:
    """Return a short name for each text, as `folder_name` makes it: distinct on every file system and not empty.

    Texts that would get the same name (or none) get the start of their SHA-256 at the end.
    """
    values = list(dict.fromkeys(values))
    plain = {value: _start(folder_name(value[:1000]), _MOST_VALUE_BYTES) for value in values}
    marked = {value: f"{plain[value]}-{_mark(value)}".lstrip("-") for value in values}
    often = Counter(same_on_disk(name) for name in plain.values())
    chosen = {
        value: name if name and often[same_on_disk(name)] == 1 else marked[value] for value, name in plain.items()
    }
    return chosen if len({same_on_disk(name) for name in chosen.values()}) == len(values) else marked


def repeated_names(names: Iterable[str]) -> list[str]:
    """Return a sentence for each folder that several reports would be written to."""
    written: dict[str, list[str]] = defaultdict(list)
    for name in names:
        written[same_on_disk(name)].append(name)
    problems = []
    for same in written.values():
        different = [repr(name) for name in dict.fromkeys(same)]
        if len(different) > 1:
            words = f"the reports {' and '.join(different)} would share a folder where capitals or forms of letters"
            problems.append(f"{words} are not distinguished; choose another `name`.")
        elif len(same) > 1:
            problems.append(f"{len(same)} reports would be written to {different[0]}; choose another `name`.")
    return problems
