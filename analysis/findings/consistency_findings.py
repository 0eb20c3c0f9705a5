"""Finding on the consistency of the printed numbers."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, shown_in
from analysis.exhibit.places import source_row
from analysis.outcomes.consistency import (
    CANNOT_BE,
    CANNOT_BE_CHECKED,
    FITS,
    FITS_BY_OTHER_ROUNDING,
    FITS_WITH_ANOTHER_N,
    questions,
)
from analysis.wording import counted, series

_TABLE = "tab-consistency"  # lists every check, or those that do not fit


def consistency_finding(checks: pd.DataFrame) -> Finding:
    """Return how many printed results can be checked and are consistent, from `outcomes.consistency.check`."""
    counts = checks["verdict"].value_counts()
    can = len(checks) - int(counts.get(CANNOT_BE_CHECKED, 0))
    question = "Do the printed numbers fit together?"
    if not can:
        return Finding(question, "Nothing that is printed here can be checked against anything else.")
    misfits_by_kind = [
        f"{shown_in(f'{number}', _TABLE)} {words}"
        for verdict, words in (
            (FITS_BY_OTHER_ROUNDING, "only if a percentage was cut off or rounded half to even"),
            (FITS_WITH_ANOTHER_N, "only with fewer patients than stated"),
            (CANNOT_BE, "not as printed"),
        )
        if (number := int(counts.get(verdict, 0)))
    ]
    rest = f"; {series(misfits_by_kind)}" if misfits_by_kind else ""
    fitting = shown_in(f"{int(counts.get(FITS, 0))} of {counted(can, 'number')}", _TABLE)
    sentence = f"**{fitting} that can be checked fit**{rest}."
    detail = (
        f"{shown_in(counted(len(checks) - can, 'number'), _TABLE)} cannot be checked, since nothing is printed beside "
        "them. A misfit is a question to the authors: patients may have been missing, scores averaged, or values "
        "read off a curve."
    )
    misfits = questions(checks)
    rows = tuple(source_row(row.table, row.row) for row in each(misfits))
    return Finding(question, sentence, tuple(dict.fromkeys(misfits["study_id"])), rows, detail)
