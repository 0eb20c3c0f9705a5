"""Check the keys of one entry of the list of reports."""

from __future__ import annotations

import re
from typing import Any

from analysis.parameters.registry import shown_value
from analysis.reporting.run import DEFAULT_FORMATS, FORMATS, TIMEOUT
from analysis.tabular.problems import nearest_word

NOT_SHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd-\uffff]")  # no page can show these


def unknown_keys(where: str, mapping: dict[str, Any], known: tuple[str, ...]) -> list[str]:
    """Return a sentence for each unknown key of a mapping."""
    return [
        f"{where}: no such key {shown_value(key)}{nearest_word(key, known)}. There are: {', '.join(known)}."
        for key in mapping
        if key not in known
    ]


def shown_texts(where: str, entry: dict[str, Any]) -> tuple[dict[str, Any], str, list[str]]:
    """Return an entry whose characters can all be shown, why its reports can't be built, and what is wrong.

    A character that no page can show, such as half of a pair of surrogates, costs the reports of the entry alone.
    """
    found: list[str] = []

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            found.extend(NOT_SHOWN.findall(value))
            return NOT_SHOWN.sub("�", value)
        if isinstance(value, list):
            return [clean(part) for part in value]
        return {clean(key): clean(part) for key, part in value.items()} if isinstance(value, dict) else value

    cleaned, problems = clean(entry), []
    for key in ("notebook", "name", "title", "group"):
        value = cleaned.get(key, "")
        if isinstance(value, str) or type(value) is int:
            cleaned |= {key: str(value)} if key in cleaned else {}
        else:
            problems.append(f"{where}: {key} {shown_value(value)} is no text; put it in quotes.")
    character = f"the character U+{ord(found[0]):04X} can't be shown" if found else ""
    return cleaned, f"{where}: {character}; write the text again" if found else "", problems


def checked_formats(where: str, written: Any) -> tuple[tuple[str, ...], list[str]]:
    """Return the formats of a report, and what is wrong."""
    words = written if isinstance(written, list) else [written]
    wrong = [word for word in words if word not in FORMATS]
    if wrong or not words:
        return DEFAULT_FORMATS, [f"{where}: formats {shown_value(written)} not allowed. Allowed: {', '.join(FORMATS)}."]
    return tuple(name for name in FORMATS if name in words), []


def checked_timeout(where: str, written: Any) -> tuple[float, list[str]]:
    """Return the seconds that the cells of a report may take, and what is wrong."""
    if isinstance(written, (int, float)) and not isinstance(written, bool) and 0 < written < float("inf"):
        return float(written), []
    return TIMEOUT, [f"{where}: timeout {shown_value(written)} not allowed. It is a number of seconds greater than 0."]
