"""Words, marks and dates of judgements and of the log that pages, tables and figures share."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

# Judgements of risk of bias, each with a shape and a letter, so that no meaning depends on colour.
BIAS_WORDS = {
    "low": "low risk of bias",
    "some_concerns": "some concerns",
    "moderate": "moderate risk of bias",
    "high": "high risk of bias",
    "serious": "serious risk of bias",
    "critical": "critical risk of bias",
    "no_information": "no information",
}
BIAS_MARKS = {
    "low": "○L",
    "some_concerns": "△C",
    "moderate": "△M",
    "high": "■H",
    "serious": "◆S",
    "critical": "■X",
    "no_information": "–N",
}
DOMAIN_WORDS = {
    "randomisation": "randomisation",
    "confounding": "confounding",
    "selection": "selection",
    "classification_of_interventions": "classification",
    "deviations": "deviations",
    "missing_data": "missing data",
    "measurement": "measurement",
    "selective_reporting": "reporting",
    "risk_of_bias": "risk of bias",
    "publication_bias": "publication bias",
    "upgrade": "reasons to rate up",
}
PROVISIONAL = "provisional: judged from abstracts by two readings, not yet by clinicians with the papers"
CERTAINTY_WORDS = {
    "high": "high",
    "moderate": "moderate",
    "low_to_moderate": "low to moderate",
    "low": "low",
    "very_low": "very low",
}


def bias_mark(judgement: object) -> str:
    """Return shape and letter of a judgement of risk of bias; empty if there is none."""
    return BIAS_MARKS.get(judgement, "") if isinstance(judgement, str) else ""


def bias_notes(judgements: Iterable[object]) -> str:
    """Return one line that explains the marks of these judgements of risk of bias; empty if there is none."""
    present = set(judgements)
    return "; ".join(f"{mark} {BIAS_WORDS[name]}" for name, mark in BIAS_MARKS.items() if name in present)


def bias_legend() -> str:
    """Return the line that explains every mark of risk of bias."""
    marks = "; ".join(f"{mark} {BIAS_WORDS[name].removesuffix(' risk of bias')}" for name, mark in BIAS_MARKS.items())
    return f"Risk of bias: {marks} (provisional)."


def date_words(day: str) -> str:
    """Return an ISO date as readers see it: `27 November 2026`."""
    date = pd.Timestamp(day)
    return f"{date.day} {date.month_name()} {date.year}"
