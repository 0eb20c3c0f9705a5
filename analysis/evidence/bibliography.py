"""The bibliography (BibTeX): its keys, one entry for each study and review, and the same year everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from analysis.evidence.records import Tables
from analysis.tabular.problems import Problem, nearest

_YEAR = re.compile(r"^\s*year\s*=\s*[{\"]?(\d{4})", re.MULTILINE)
_CITED_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*(.*?),?\s*$", re.MULTILINE)
_ENTRY = re.compile(r"^[ \t]*@(\w+)\s*[{(]\s*([^,\s{}()]+)\s*,", re.MULTILINE)


def bibliography_keys(text: str, file: str) -> tuple[dict[str, int], list[Problem]]:
    """Return the keys of a BibTeX text with their line numbers, and its problems."""
    keys: dict[str, int] = {}
    problems: list[Problem] = []
    for key, start, _ in _entries(text):
        line = text.count("\n", 0, start) + 1
        if key in keys:
            rule = f"keys are unique; this one is also in line {keys[key]}"
            problems.append(Problem(file, line, "", key, rule, "delete or rename one of the two entries"))
        keys.setdefault(key, line)
    if not keys:
        advice = f"put {file} back as it was (git checkout)"
        problems.append(Problem(file, None, "", "", "the bibliography has entries", advice))
    return keys, problems


def bibliography_entries(text: str) -> dict[str, dict[str, str]]:
    """Return the fields of each entry of a BibTeX text by its key."""
    return {key: dict(_FIELD.findall(body)) for key, _, body in _entries(text)}


def one_reference_each(tables: Tables, keys: Mapping[str, int], file: str) -> Iterator[Problem]:
    """Yield a problem for each study or review without an entry in the bibliography, and for each unused entry."""
    if tables.words("studies", "study_id") is None or tables.words("reviews", "review_id") is None:
        return
    rows = {
        row[column]: (table, row, column)
        for table, column in (("studies", "study_id"), ("reviews", "review_id"))
        for row in tables[table][::-1]
    }
    rows.pop(None, None)
    for name, (table, row, column) in rows.items():
        if name not in keys:
            rule = f"every study and review has an entry in {file}"
            advice = f"add the paper to {file} with the key {name}: @article{{{name}, …}}"
            yield tables.problem(table, row, column, rule, advice)
    for key, line in keys.items():
        if key not in rows:
            close = nearest(key, rows)
            rule = "every key is a study of studies.csv or a review of reviews.csv"
            advice = "delete the entry, or add the study" + (f"; write {close} if that is meant" if close else "")
            yield Problem(file, line, "", key, rule, advice)


def one_year_each(tables: Tables, text: str, file: str) -> Iterator[Problem]:
    """Yield a problem for each study or review whose year differs from that of its citation or bibliography entry.

    The year is that of the first publication in any form; a citation such as `et al. 2014` prints the same one.
    """
    printed = {  # of a key that stands twice, which has its own message, the first
        key: int(year[1]) if (year := _YEAR.search(body)) else None for key, _, body in reversed(list(_entries(text)))
    }
    advice = "write the year of the first publication, online or printed, in all three places"
    for table, column in (("studies", "study_id"), ("reviews", "review_id")):
        for row in tables[table]:
            if row["year"] is None:
                continue
            cited = [int(year) for year in _CITED_YEAR.findall(row["citation"] or "")]
            if cited and row["year"] not in cited:
                rule = f"the citation has the year of first publication; it has {cited[0]}"
                yield tables.problem(table, row, "year", rule, advice)
            if printed.get(row[column], row["year"]) != row["year"]:
                rule = f"the entry in {file} has the same year; it has {printed[row[column]] or 'none'}"
                yield tables.problem(table, row, "year", rule, advice)


def _entries(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield key, place and text after the key of each entry; the text ends where the next entry begins."""
    matches = list(_ENTRY.finditer(text))
    for match, end in zip(matches, [*(following.start() for following in matches[1:]), len(text)], strict=True):
        if match[1].lower() not in ("comment", "string", "preamble"):
            yield match[2], match.start(), text[match.end() : end]
