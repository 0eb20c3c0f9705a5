"""The evidence with planted changes, and the words of the pages that are made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from analysis import evidence as tables
from analysis import findings, paths
from analysis.evidence import Evidence
from analysis.evidence.selection import Selection, select
from analysis.exhibit import plain
from analysis.exhibit.blocks import Bullets, Cards, Facts, IconRow, Paragraph, ShareBar
from analysis.outcomes.key_outcomes import key_outcomes

Change = tuple[str, str, dict[str, object]]  # table, row_id, values


def planted(evidence: Evidence, *changes: Change) -> Evidence:
    """Return the evidence with other values in some rows, named by row_id such as `reported_tests-43`."""
    for table, row_id, values in changes:
        frame = getattr(evidence, table).copy()
        chosen = frame["row"] == int(row_id.rpartition("-")[2])
        assert chosen.sum() == 1, row_id
        for column, value in values.items():
            frame.loc[chosen, column] = value
        evidence = replace(evidence, **{table: frame})
    return evidence


def page_words(evidence: Evidence) -> tuple[str, str, str, str]:
    """Return title, lead, summary of findings and cards of the first page, as text without links."""
    selection = select(evidence)
    outcomes = key_outcomes(selection)
    summary = findings.summary_of_findings(selection, outcomes).markdown_text()
    cards = "\n".join(texts_of(findings.first_page_cards(selection, outcomes)))
    title, lead = findings.page_title(selection, outcomes), findings.page_lead(selection, outcomes)
    return title, plain(lead), plain(summary), plain(cards)


@cache
def first_page() -> tuple[str, str, str, str]:
    """Return the words of the first page of the evidence report."""
    return page_words(tables.load(paths.DATA))


def texts_of(cards: Cards) -> Iterator[str]:
    """Yield every text of cards, each block or item as one text, without links."""
    for card in cards.cards:
        yield card.heading
        for block in card.blocks:
            match block:
                case Paragraph():
                    yield plain(block.markdown)
                case Bullets():
                    yield from map(plain, block.items)
                case IconRow():
                    yield from (f"{icons.lead} {icons.words}" for icons in block.icons)
                case ShareBar():
                    yield f"{block.label} {block.value}".strip()
                case Facts():
                    yield from (f"{name}: {plain(value)}" for name, value in block.pairs)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [part.strip() for part in re.split(r"(?<=[.?:!])\s+(?=[A-Z“])", text) if re.search(r"\w", part)]


def outcomes_of(selection: Selection) -> dict[str, object]:
    """Return the key outcomes by id; reviews by `review of ID`."""
    rows = key_outcomes(selection).itertuples()
    return {f"review of {row.outcome_id}" if row.review else row.outcome_id: row for row in rows}
